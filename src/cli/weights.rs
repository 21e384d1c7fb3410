//! `dfab weights`

use std::io::{self, Write};

use crate::report::{Format, weights, write_line, write_pretty};
use crate::store::{Store, Timestamp, weights_document};

use super::args::WeightsArgs;
use super::context::Context;
use super::exit::{CliError, Exit};
use super::output_file::{self, write_file};

pub(super) fn run(context: &Context, args: &WeightsArgs) -> Result<Exit, CliError> {
    if let Some(file) = &args.output {
        output_file::check(file)?;
    }
    let store = Store::open_read_only(&context.settings.database)?;
    let mut text = Vec::new();
    match context.format_or(Format::Json) {
        Format::Table => {
            text.extend(
                weights::leaderboard(&store.leaderboard(None)?, context.display).into_bytes(),
            );
        }
        format => {
            let epoch = args
                .epoch
                .unwrap_or_else(|| Timestamp::now().unix_seconds());
            let document = weights_document(&context.settings.slug, epoch, &store.weights()?);
            match format {
                Format::Jsonl => write_line(&mut text, &document)?,
                _ => write_pretty(&mut text, &document)?,
            }
        }
    }
    match &args.output {
        Some(file) => write_file(file, &text)?,
        None => io::stdout().write_all(&text)?,
    }
    Ok(Exit::Success)
}

//! `dfab validate`

use std::io::{self, Write};

use crate::package::{self, Opened, PackageView};
use crate::report::validate::PackageTable;
use crate::report::{ArrayDocument, Format, write_line};

use super::args::ValidateArgs;
use super::context::Context;
use super::exit::{CliError, Exit};
use super::inputs::{self, Hotkeys};

pub(super) fn run(context: &Context, args: &ValidateArgs) -> Result<Exit, CliError> {
    let submissions = inputs::expand(context, &args.paths, &Hotkeys::default())?;
    let limits = context.package_limits();
    let out = &mut io::stdout().lock();
    let mut document = match context.format() {
        Format::Json => Some(ArrayDocument::begin(out, &[], "packages")?),
        Format::Table | Format::Jsonl => None,
    };
    let mut table = PackageTable::new(context.display);
    let (mut all_ok, mut unreadable) = (true, false);
    for submission in &submissions {
        let path = submission.package.as_str();
        let opened = package::open(&submission.path, &limits);
        let (view, error) = match &opened {
            Ok(Opened {
                package: Ok(package),
                ..
            }) => (PackageView::accepted(path, package), None),
            Ok(
                refused @ Opened {
                    package: Err(error),
                    ..
                },
            ) => (
                PackageView::refused(path, refused.artifact_hash(&limits), error),
                Some(error),
            ),
            Err(error) => (PackageView::refused(path, None, error), Some(error)),
        };
        unreadable |= opened.is_err();
        all_ok &= view.ok;
        match (context.format(), &mut document) {
            (Format::Jsonl, _) => write_line(out, &view)?,
            (_, Some(document)) => document.item(out, &view)?,
            (_, None) => table.add(&view, error),
        }
    }
    match document {
        Some(document) => document.end(out, &[])?,
        None if context.format() == Format::Table => out.write_all(table.text().as_bytes())?,
        None => {}
    }
    match unreadable {
        true => Ok(Exit::Failure),
        false => Ok(Exit::when(all_ok, args.leniency.exit_zero)),
    }
}

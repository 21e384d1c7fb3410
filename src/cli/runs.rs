//! `dfab runs`

use std::io::{self, Write};

use crate::report::{Format, runs as report, write_line, write_pretty};
use crate::store::{ItemState, RunOverview, RunState, Store, StoreError, Timestamp};

use super::args::RunsArgs;
use super::context::Context;
use super::exit::{CliError, Exit};

/// The name of the newest run.
const LAST: &str = "last";

pub(super) fn run(context: &Context, args: &RunsArgs) -> Result<Exit, CliError> {
    let store = Store::open_read_only(&context.settings.database)?;
    let text = match &args.run {
        None => list(context, &store, args.limit)?,
        Some(wanted) => one(context, &store, wanted)?,
    };
    io::stdout().write_all(&text)?;
    Ok(Exit::Success)
}

fn list(context: &Context, store: &Store, limit: usize) -> Result<Vec<u8>, CliError> {
    let now = Timestamp::now();
    // One more than is shown tells whether there are more.
    let mut ids = store.run_ids("", limit.saturating_add(1))?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let overviews: Result<Vec<RunOverview>, StoreError> = ids
        .iter()
        .filter_map(|id| store.run_overview(id, now).transpose())
        .collect();
    let overviews = overviews?;
    let mut text = Vec::new();
    match context.format() {
        Format::Table => {
            if overviews.is_empty() {
                context.say("there are no runs yet");
            }
            text = report::list(&overviews, context.display).into_bytes();
            if more {
                context.say("there are older runs: -n N lists more");
            }
        }
        Format::Json => write_pretty(&mut text, &report::ListDocument::of(&overviews))?,
        Format::Jsonl => {
            for overview in &overviews {
                write_line(&mut text, overview)?;
            }
        }
    }
    Ok(text)
}

fn one(context: &Context, store: &Store, wanted: &str) -> Result<Vec<u8>, CliError> {
    let id = find(store, wanted)?;
    let Some(overview) = store.run_overview(&id, Timestamp::now())? else {
        return Err(unknown(wanted));
    };
    let mut items = store.run_items(&id)?;
    if overview.state != RunState::Running {
        // Nobody works on it any more.
        for item in &mut items {
            if item.state == ItemState::Running {
                item.state = ItemState::Pending;
            }
        }
    }
    let causes = store.causes(&id)?;
    let shown = report::One {
        overview: &overview,
        items: &items,
        causes: &causes,
    };
    let mut text = Vec::new();
    match context.format() {
        Format::Table => {
            let database = context.settings.database.display().to_string();
            let all = context.display.verbose;
            text = shown.text(context.display, all, &database).into_bytes();
        }
        Format::Json => write_pretty(&mut text, &report::OneDocument::of(&shown))?,
        Format::Jsonl => {
            for item in &items {
                write_line(&mut text, item)?;
            }
        }
    }
    Ok(text)
}

/// The id of the one run whose id begins like this; `last` is the newest.
pub(super) fn find(store: &Store, wanted: &str) -> Result<String, CliError> {
    let beginning = if wanted == LAST { "" } else { wanted };
    let mut ids = store.run_ids(beginning, 2)?;
    match ids.len() {
        0 if wanted == LAST => Err(CliError::failure(anyhow::anyhow!("there are no runs yet"))),
        0 => Err(unknown(wanted)),
        1 => Ok(ids.remove(0)),
        _ if wanted == LAST => Ok(ids.remove(0)),
        _ if ids.iter().any(|id| id == wanted) => Ok(wanted.to_owned()),
        _ => Err(CliError::usage(format!(
            "more than one run has an id that begins with {wanted}"
        ))
        .hint("give more of it: `dfab runs` lists ids")),
    }
}

fn unknown(wanted: &str) -> CliError {
    CliError::usage(format!("there is no run whose id begins with {wanted}"))
        .hint("`dfab runs` lists the newest")
}

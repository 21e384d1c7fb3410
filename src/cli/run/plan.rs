//! `dfab run --dry-run`

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value;

use crate::pipeline::{Action, BatchOptions, Planned, Planner, Submission};
use crate::report::{ArrayDocument, Format, Paint, Table, count, escape, write_line};
use crate::store::{Store, StoreError};

use super::super::context::Context;
use super::super::executor::executor_name;
use super::super::exit::{CliError, Exit};
use super::super::output::Output;

const ACTIONS: [Action; 6] = [
    Action::Evaluate,
    Action::Redo,
    Action::Retry,
    Action::Reuse,
    Action::Refuse,
    Action::Fail,
];

/// Says what would be done with each package and why.
pub(super) fn show(
    context: &Context,
    submissions: &[Submission],
    options: &BatchOptions,
    exit_zero: bool,
) -> Result<Exit, CliError> {
    let store = match Store::open_untouched(&context.settings.database) {
        Ok(store) => Some(store),
        // It would be made.
        Err(StoreError::Missing { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let executor = executor_name(context);
    let settings = &context.settings;
    let mut planner = Planner::new(settings, executor, options, store.as_ref(), submissions)?;
    let mut out = Output::new();
    let mut table = Table::new(&["package", "hotkey", "would", "because"], context.display);
    let mut document = match context.format() {
        Format::Json => Some(ArrayDocument::begin(
            &mut out,
            &[("dry_run", Value::Bool(true))],
            "plan",
        )?),
        _ => None,
    };
    let mut counts: BTreeMap<&str, usize> = ACTIONS.map(|action| (action.name(), 0)).into();
    for submission in submissions {
        let planned = planner.plan(submission)?;
        *counts.entry(planned.action.name()).or_default() += 1;
        match (context.format(), &mut document) {
            (Format::Jsonl, _) => write_line(&mut out, &planned)?,
            (_, Some(document)) => document.item(&mut out, &planned)?,
            _ => add(&mut table, &planned),
        }
    }
    if let Some(document) = document {
        let mut summary =
            serde_json::Map::from_iter([("total".to_owned(), Value::from(submissions.len()))]);
        summary.extend(ACTIONS.map(|action| {
            let name = action.name();
            (name.to_owned(), Value::from(counts[name]))
        }));
        document.end(&mut out, &[("summary", Value::Object(summary))])?;
    } else if !table.is_empty() {
        out.write_all(table.text().as_bytes())?;
    }
    out.finish()?;
    context.say(&sentence(submissions.len(), &counts));
    if counts[Action::Fail.name()] > 0 {
        return Ok(Exit::Failure);
    }
    Ok(Exit::when(counts[Action::Refuse.name()] == 0, exit_zero))
}

fn add(table: &mut Table, planned: &Planned) {
    let paint = match planned.action {
        Action::Evaluate | Action::Redo => Paint::Plain,
        Action::Reuse => Paint::Faint,
        Action::Retry => Paint::Warning,
        Action::Refuse | Action::Fail => Paint::Bad,
    };
    table.row([
        (Paint::Plain, planned.package.as_str()),
        (Paint::Plain, escape::short(&planned.hotkey, 10).as_str()),
        (paint, planned.action.name()),
        (Paint::Plain, planned.reason.as_str()),
    ]);
}

fn sentence(total: usize, counts: &BTreeMap<&str, usize>) -> String {
    let parts: Vec<String> = ACTIONS
        .iter()
        .map(|action| (counts[action.name()], action.name()))
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| format!("{number} {name}"))
        .collect();
    let parts = match parts.is_empty() {
        true => "nothing to do".to_owned(),
        false => parts.join(", "),
    };
    format!("{}: {parts}; nothing was done", count(total, "package"))
}

//! `dfab config`

use std::io::{self, Write};

use serde_json::Value;

use crate::harness::Interpreter;
use crate::pipeline::chain;
use crate::report::{ArrayDocument, Format, Paint, Table, write_line};
use crate::settings::{Effective, Origin};

use super::context::Context;
use super::exit::{CliError, Exit};

pub(super) fn run(context: &Context) -> Result<Exit, CliError> {
    let rows = effective(context);
    let out = &mut io::stdout().lock();
    match context.format() {
        Format::Json => {
            let mut document = ArrayDocument::begin(out, &[], "settings")?;
            for row in &rows {
                document.item(out, row)?;
            }
            document.end(out, &[])?;
        }
        Format::Jsonl => {
            for row in &rows {
                write_line(out, row)?;
            }
        }
        Format::Table => {
            let mut table = Table::new(&["setting", "value", "origin"], context.display);
            for row in &rows {
                let origin = row.origin.to_string();
                let paint = match row.origin {
                    Origin::Default => Paint::Faint,
                    _ => Paint::Good,
                };
                table.row([
                    (Paint::Plain, row.name),
                    (Paint::Plain, shown(&row.value).as_str()),
                    (paint, origin.as_str()),
                ]);
            }
            out.write_all(table.text().as_bytes())?;
        }
    }
    Ok(Exit::Success)
}

/// The rows with the interpreter that `python` comes to, which only starting it can tell.
fn effective(context: &Context) -> Vec<Effective> {
    let mut rows = context.rows.clone();
    match Interpreter::resolve(&context.settings.python) {
        Ok(interpreter) => {
            for row in rows.iter_mut().filter(|row| row.name == "python") {
                row.value = Value::from(interpreter.executable.display().to_string());
            }
        }
        Err(error) => context.warn(&chain(&error)),
    }
    rows
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

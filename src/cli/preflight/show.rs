//! The answer, in the format asked for.

use std::io::{self, Write};

use crate::report::{ArrayDocument, Format, Paint, Table, write_line};

use super::super::context::Context;
use super::super::exit::CliError;
use super::{Check, Verdict};

pub(super) fn show(context: &Context, checks: &[Check]) -> Result<(), CliError> {
    let out = &mut io::stdout().lock();
    match context.format() {
        Format::Json => {
            let mut document = ArrayDocument::begin(out, &[], "checks")?;
            for check in checks {
                document.item(out, check)?;
            }
            document.end(out, &[])?;
        }
        Format::Jsonl => checks.iter().try_for_each(|check| write_line(out, check))?,
        Format::Table => {
            let mut table = Table::new(&["check", "", "detail"], context.display);
            for check in checks {
                let verdict = match check.verdict {
                    Verdict::Ok => (Paint::Good, "OK"),
                    Verdict::Warn => (Paint::Warning, "WARN"),
                    Verdict::Fail => (Paint::Bad, "FAIL"),
                };
                table.row([
                    (Paint::Plain, check.name.as_str()),
                    verdict,
                    (Paint::Plain, check.detail.as_str()),
                ]);
                if let Some(hint) = &check.hint {
                    let hint = format!("hint: {hint}");
                    table.row([
                        (Paint::Plain, ""),
                        (Paint::Plain, ""),
                        (Paint::Plain, &hint),
                    ]);
                }
            }
            out.write_all(table.text().as_bytes())?;
        }
    }
    Ok(())
}

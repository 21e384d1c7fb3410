//! `dfab preflight`

use std::io::{self, Write};

use serde::Serialize;

use crate::harness::{ExecutorError, Interpreter, Protection, sandbox};
use crate::report::{ArrayDocument, Format, Paint, Table, write_line};
use crate::settings::{ExecutorChoice, Origin};
use crate::store::Store;

use super::context::Context;
use super::executor;
use super::exit::{CliError, Exit};

mod containers;

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One line of the answer.
#[derive(Debug, Serialize)]
struct Check {
    name: String,
    verdict: Verdict,
    detail: String,
    hint: Option<String>,
}

impl Check {
    fn new(name: &str, verdict: Verdict, detail: impl Into<String>) -> Check {
        Check {
            name: name.to_owned(),
            verdict,
            detail: detail.into(),
            hint: None,
        }
    }

    fn has_failed(&self) -> bool {
        self.verdict == Verdict::Fail
    }

    fn failed(name: &str, error: &dyn std::error::Error, hint: Option<String>) -> Check {
        let detail = crate::pipeline::chain(error);
        Check {
            name: name.to_owned(),
            verdict: Verdict::Fail,
            detail,
            hint,
        }
    }
}

pub(super) fn run(context: &Context) -> Result<Exit, CliError> {
    let mut checks = Vec::new();
    harness_checks(context, &mut checks);
    checks.push(database(context));
    checks.push(workspaces());
    show(context, &checks)?;
    match checks.iter().any(Check::has_failed) {
        true => Ok(Exit::Failure),
        false => Ok(Exit::Success),
    }
}

fn harness_checks(context: &Context, checks: &mut Vec<Check>) {
    let chosen = context.settings.executor;
    // Containers bring a Python of their own, so this machine's does not matter.
    if let ExecutorChoice::Docker | ExecutorChoice::Broker = chosen {
        checks.push(Check::new("executor", Verdict::Ok, why(context)));
        if let Err(error) = executor::check_required(context) {
            let mut check = Check::new("required", Verdict::Fail, error.error.to_string());
            check.hint = error.hint;
            checks.push(check);
        }
        checks.extend(match chosen {
            ExecutorChoice::Docker => containers::docker(context),
            _ => containers::broker(context),
        });
        return;
    }
    let interpreter = match Interpreter::resolve(&context.settings.python) {
        Ok(interpreter) => interpreter,
        Err(error) => {
            checks.push(Check::failed("python", &error, error.hint()));
            checks.push(Check::new(
                "executor",
                Verdict::Warn,
                "not checked, nor what it isolates: without an interpreter it has nothing to start",
            ));
            return;
        }
    };
    checks.push(python(&interpreter));
    match executor::executor(context) {
        Ok(_) => checks.push(Check::new("executor", Verdict::Ok, why(context))),
        Err(error) => {
            let mut check = Check::new("executor", Verdict::Fail, error.error.to_string());
            check.hint = error.hint;
            checks.push(check);
        }
    }
    if chosen == ExecutorChoice::Sandbox {
        checks.extend(isolation(&interpreter, &context.settings.sandbox_require));
    }
}

/// Which executor is used, and which setting says so.
fn why(context: &Context) -> String {
    let row = |name: &str| context.rows.iter().find(|row| row.name == name);
    let set = |name: &str| row(name).filter(|row| row.origin != Origin::Default);
    let text = |value: &serde_json::Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    let chosen = row("executor").map_or_else(String::new, |row| text(&row.value));
    let because = ["executor", "docker_enabled"].into_iter().find_map(set);
    match because {
        Some(row) => format!(
            "{chosen}, for {} is {} ({})",
            row.name,
            text(&row.value),
            row.origin
        ),
        None => format!("{chosen}, the default"),
    }
}

/// The live service's version; another one may print other bytes for the same seed.
const SERVICE_PYTHON: &str = "3.12.";

fn python(interpreter: &Interpreter) -> Check {
    let Interpreter {
        executable,
        version,
        ..
    } = interpreter;
    let shown = format!("{} (CPython {version})", executable.display());
    if version.starts_with(SERVICE_PYTHON) {
        return Check::new("python", Verdict::Ok, shown);
    }
    let mut check = Check::new("python", Verdict::Warn, shown);
    check.hint = Some(version_hint("name a 3.12 in the setting python"));
    check
}

fn version_hint(step: &str) -> String {
    format!(
        "the live service runs CPython 3.12; another version may give a harness other results: {step}"
    )
}

/// Each protection of the sandbox, as a trial run on this machine found it. One that is required must be there.
fn isolation(interpreter: &Interpreter, required: &[String]) -> Vec<Check> {
    let protections = match sandbox::check(interpreter) {
        Ok(protections) => protections,
        Err(error) => return vec![sandbox_failure(&error)],
    };
    let mut checks: Vec<Check> = protections.iter().map(protection).collect();
    for name in required {
        if let Some((_, why)) = sandbox::unmet(std::slice::from_ref(name), &protections) {
            let mut check = Check::new(&format!("required: {}", spaced(name)), Verdict::Fail, why);
            check.hint = Some(
                "exec and run refuse to start here while sandbox_require (--require) names it"
                    .to_owned(),
            );
            checks.push(check);
        }
    }
    checks
}

fn protection(protection: &Protection) -> Check {
    let name = format!("sandbox: {}", spaced(&protection.name));
    match (&protection.means, &protection.missing) {
        (Some(means), _) => Check::new(&name, Verdict::Ok, means),
        (None, missing) => Check::new(&name, Verdict::Warn, missing.clone().unwrap_or_default()),
    }
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

fn sandbox_failure(error: &ExecutorError) -> Check {
    Check::failed("sandbox", error, error.hint())
}

/// Opens the database if there is one; makes none.
fn database(context: &Context) -> Check {
    let path = &context.settings.database;
    let shown = path.display().to_string();
    if path.exists() {
        return match Store::open_read_only(path) {
            Ok(_) => Check::new("database", Verdict::Ok, shown),
            Err(error) => Check::failed("database", &error, error.hint()),
        };
    }
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(std::path::Path::new("."));
    match tempfile::tempfile_in(folder) {
        Ok(_) => Check::new(
            "database",
            Verdict::Ok,
            format!("{shown} (will be made by the first run)"),
        ),
        Err(error) => Check::failed(
            "database",
            &error,
            Some(format!(
                "{} must be a folder you can write to",
                folder.display()
            )),
        ),
    }
}

/// Workspaces are laid out below the folder for temporary files.
fn workspaces() -> Check {
    let folder = std::env::temp_dir();
    match tempfile::tempdir() {
        Ok(_) => Check::new("workspaces", Verdict::Ok, folder.display().to_string()),
        Err(error) => Check::failed(
            "workspaces",
            &error,
            Some("set TMPDIR to a folder you can write to".to_owned()),
        ),
    }
}

fn show(context: &Context, checks: &[Check]) -> Result<(), CliError> {
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

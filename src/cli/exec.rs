//! `dfab exec`

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::files::write_atomically;
use crate::harness::{Cancel, Ending, Outcome, Protection};
use crate::package;
use crate::pipeline::{self, Evaluator, Execution, Submission};
use crate::report::{SCHEMA_VERSION, escape, write_pretty};

use super::args::ExecArgs;
use super::context::Context;
use super::executor::executor;
use super::exit::{CliError, Exit};
use super::interrupt;

/// `--report`: how the run ended, what it used and what was enforced.
#[derive(Serialize)]
struct ExecReport<'a> {
    schema_version: u32,
    package: &'a str,
    entrypoint: &'a str,
    executor: &'a str,
    outcome: &'a Ending,
    detail: Option<&'a str>,
    #[serde(flatten)]
    execution: Execution,
    dataset_bytes: usize,
    dataset_from: &'static str,
    enforced: &'a [Protection],
}

pub(super) fn run(context: &Context, args: &ExecArgs) -> Result<Exit, CliError> {
    let path = PathBuf::from(&args.path);
    let package = package::open(&path, &context.package_limits())?.package?;
    let executor = executor(context)?;
    let cancel = Cancel::default();
    interrupt::install(&cancel)?;
    let evaluator = Evaluator {
        settings: &context.settings,
        executor: executor.as_ref(),
        cancel,
    };
    let submission = Submission {
        path,
        package: args.path.clone(),
        hotkey: String::new(),
    };
    let workspace = pipeline::lay_out(&package, &args.path)?;
    let entrypoint = &package.entrypoint;
    let outcome = evaluator.execute(&submission, entrypoint, workspace.path())?;
    drop(workspace);
    if let Some(file) = &args.report {
        write_report(
            file,
            &ExecReport {
                schema_version: SCHEMA_VERSION,
                package: &args.path,
                entrypoint,
                executor: executor.name(),
                outcome: &outcome.ending,
                detail: outcome.detail.as_deref(),
                execution: Execution::from(&outcome),
                dataset_bytes: outcome.dataset_bytes().len(),
                dataset_from: if outcome.output_file.is_some() {
                    "file"
                } else {
                    "stdout"
                },
                enforced: &outcome.enforced,
            },
        )?;
    }
    show(context, &outcome)
}

/// The dataset to standard output, the harness's messages to standard error, its exit code as ours.
fn show(context: &Context, outcome: &Outcome) -> Result<Exit, CliError> {
    let messages = String::from_utf8_lossy(&outcome.stderr);
    io::stderr().write_all(escape::block(&messages).as_bytes())?;
    if outcome.output_file.is_some() && !outcome.stdout.is_empty() {
        context.say("the harness wrote its output file, so what it printed is not the dataset");
    }
    let dataset = outcome.dataset_bytes();
    match context.display.escape_stdout {
        true => {
            io::stdout().write_all(escape::block(&String::from_utf8_lossy(dataset)).as_bytes())?
        }
        false => io::stdout().write_all(dataset)?,
    }
    if let Some(detail) = &outcome.detail {
        context.complain(detail, None);
    }
    Ok(Exit::Harness(outcome.returncode.clamp(0, 255) as u8))
}

fn write_report(file: &Path, report: &ExecReport<'_>) -> Result<(), CliError> {
    let mut text = Vec::new();
    write_pretty(&mut text, report)?;
    write_atomically(file, &text).map_err(|error| {
        let error = anyhow::Error::from(error);
        CliError::failure(error.context(format!("cannot write {}", file.display())))
    })
}

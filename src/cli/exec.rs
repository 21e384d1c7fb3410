//! `dfab exec`

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::harness::workspace::sweep_workspaces;
use crate::harness::{Cancel, Ending, Outcome};
use crate::package;
use crate::pipeline::{self, Evaluator, Execution, Submission};
use crate::report::{SCHEMA_VERSION, escape, write_pretty};

use super::args::ExecArgs;
use super::context::Context;
use super::executor::executor;
use super::exit::{CliError, Exit};
use super::interrupt;
use super::output_file::{self, write_file};

/// `--report`: how the run ended, what it used and what was enforced.
#[derive(Serialize)]
struct ExecReport<'a> {
    schema_version: u32,
    package: &'a str,
    entrypoint: &'a str,
    executor: &'a str,
    /// As `ending` of the execution, which a record of `dfab run` has too.
    outcome: &'a Ending,
    detail: Option<&'a str>,
    #[serde(flatten)]
    execution: Execution,
    /// Null where a validator would find no dataset.
    dataset_bytes: Option<usize>,
    dataset_from: Option<&'static str>,
}

pub(super) fn run(context: &Context, args: &ExecArgs) -> Result<Exit, CliError> {
    if context.has_format() {
        return Err(
            CliError::usage("exec prints the dataset as it is, so --format means nothing")
                .hint("--report FILE writes the outcome as JSON"),
        );
    }
    if let Some(file) = &args.report {
        output_file::check(file)?;
    }
    let path = args.path.clone();
    let shown = escape::path(&path);
    let named = |error| CliError::from(error).about(&shown);
    let executor = executor(context)?;
    let cancel = Cancel::default();
    let evaluator = Evaluator {
        settings: &context.settings,
        executor: executor.as_ref(),
        cancel: cancel.clone(),
    };
    // Nothing that is made from here on may be left behind.
    let signals = interrupt::listen()?;
    // Before the package is read, so that isolation is ready when the package is.
    let workspace = evaluator.new_workspace(&shown)?;
    evaluator.expect(workspace.path());
    interrupt::follow(signals, &cancel)?;
    let package = package::open_files(&path, &context.package_limits()).map_err(named)?;
    let entrypoint = &package.entrypoint;
    context.detail(&format!(
        "executor {}, entrypoint {entrypoint}",
        executor.name()
    ));
    let submission = Submission {
        path,
        package: shown.clone(),
        hotkey: String::new(),
    };
    pipeline::lay_out(&package, workspace.path(), &shown)?;
    let outcome = evaluator.execute(&submission, entrypoint, workspace.path())?;
    drop(workspace);
    // What others left can wait until there is nothing else to do: the sandbox is still ending.
    sweep_workspaces();
    if let Some(file) = &args.report {
        let is_dataset = outcome.ending == Ending::Ok;
        let from = if outcome.output_file.is_some() {
            "file"
        } else {
            "stdout"
        };
        let report = ExecReport {
            schema_version: SCHEMA_VERSION,
            package: &shown,
            entrypoint,
            executor: executor.name(),
            outcome: &outcome.ending,
            detail: outcome.detail.as_deref(),
            execution: Execution::from(&outcome),
            dataset_bytes: is_dataset.then(|| outcome.dataset_bytes().len()),
            dataset_from: is_dataset.then_some(from),
        };
        write_report(file, &report)?;
    }
    show(context, &outcome)
}

/// The dataset to standard output, the harness's messages to standard error, its exit code as ours.
fn show(context: &Context, outcome: &Outcome) -> Result<Exit, CliError> {
    let messages = String::from_utf8_lossy(&outcome.stderr);
    io::stderr().write_all(escape::block(&messages).as_bytes())?;
    match outcome.ending {
        Ending::Ok => show_dataset(context, outcome)?,
        _ => show_what_was_printed(context, outcome)?,
    }
    if let Some(ending) = ending(outcome) {
        context.complain(&ending, None);
    }
    match (outcome.ending, outcome.returncode) {
        // The harness was content, but a validator finds no dataset.
        (Ending::BadOutput | Ending::OutputLimit, 0) => Ok(Exit::Unmet),
        (_, code) => Ok(Exit::Harness(code.clamp(0, 255) as u8)),
    }
}

fn show_dataset(context: &Context, outcome: &Outcome) -> Result<(), CliError> {
    if outcome.output_file.is_some() && !outcome.stdout.is_empty() {
        context.say("the harness wrote its output file, so what it printed is not the dataset");
    }
    let dataset = outcome.dataset_bytes();
    match context.display.escape_stdout {
        true => {
            io::stdout().write_all(escape::block(&String::from_utf8_lossy(dataset)).as_bytes())?;
        }
        false => io::stdout().write_all(dataset)?,
    }
    Ok(())
}

/// A failed run has no dataset: what it printed goes where its messages are, as much as a validator keeps of it.
fn show_what_was_printed(context: &Context, outcome: &Outcome) -> Result<(), CliError> {
    if outcome.stdout.is_empty() {
        return Ok(());
    }
    context.say("the run failed, so there is no dataset; the end of what it printed:");
    let mut printed = escape::block(&outcome.stdout_tail());
    if !printed.ends_with('\n') {
        printed.push('\n');
    }
    io::stderr().write_all(printed.as_bytes())?;
    Ok(())
}

/// How a run ended that left no dataset, where its exit code does not say it all.
fn ending(outcome: &Outcome) -> Option<String> {
    let text = match outcome.ending {
        Ending::Ok | Ending::Exit { .. } => return outcome.detail.clone(),
        Ending::Signal { number } => format!("the harness was killed by signal {number}"),
        Ending::TimeoutWall => {
            format!(
                "the harness was ended after {:.1} s (timeout_wall)",
                outcome.wall_seconds
            )
        }
        Ending::TimeoutCpu => "the harness used up its processor time (timeout_cpu)".to_owned(),
        Ending::Oom => "the harness used up its memory (oom)".to_owned(),
        Ending::OutputLimit => "the harness wrote too much (output_limit)".to_owned(),
        Ending::BadOutput => "the harness left no usable output (bad_output)".to_owned(),
    };
    match &outcome.detail {
        Some(detail) => Some(format!("{text}: {detail}")),
        None => Some(text),
    }
}

fn write_report(file: &Path, report: &ExecReport<'_>) -> Result<(), CliError> {
    let mut text = Vec::new();
    write_pretty(&mut text, report)?;
    write_file(file, &text)
}

//! `dfab run`

use std::io::{self, StdoutLock};
use std::num::NonZero;

use serde::Serialize;

use crate::harness::Cancel;
use crate::pipeline::{BatchError, Evaluator, Event, Submission, Summary, run_batch};
use crate::report::batch::{self, table};
use crate::report::{ArrayDocument, Format, Progress, write_line};
use crate::store::Store;

use super::args::RunArgs;
use super::context::Context;
use super::executor::executor;
use super::exit::{CliError, Exit};
use super::{inputs, interrupt};

pub(super) fn run(context: &Context, args: &RunArgs) -> Result<Exit, CliError> {
    let submissions = inputs::expand(&args.paths, &args.owner.hotkeys())?;
    let executor = executor(context)?;
    let mut store = Store::open(&context.settings.database)?;
    let cancel = Cancel::default();
    interrupt::install(&cancel)?;
    let evaluator = Evaluator {
        settings: &context.settings,
        executor: executor.as_ref(),
        cancel,
    };
    let mut reporter = Reporter::new(context, &submissions);
    let settings = serde_json::to_string(&context.rows).map_err(CliError::failure)?;
    let result = run_batch(
        &evaluator,
        &submissions,
        &mut store,
        &settings,
        jobs(args),
        &mut |event| reporter.take(&event),
    );
    reporter.close(&result)?;
    let summary = result?;
    if summary.errors > 0 {
        return Ok(Exit::Failure);
    }
    Ok(Exit::when(summary.failed == 0, args.leniency.exit_zero))
}

fn jobs(args: &RunArgs) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    args.jobs.map_or_else(cores, usize::from)
}

/// A package without a verdict, for the end of the JSON document.
#[derive(Serialize)]
struct MachineFailure {
    package: String,
    stage: &'static str,
    message: String,
    hint: Option<String>,
}

/// Turns events into output, in the format asked for.
struct Reporter<'a> {
    context: &'a Context,
    submissions: &'a [Submission],
    out: StdoutLock<'static>,
    document: Option<ArrayDocument>,
    failures: Vec<MachineFailure>,
    table: table::Batch,
    progress: Progress,
}

impl<'a> Reporter<'a> {
    fn new(context: &'a Context, submissions: &'a [Submission]) -> Reporter<'a> {
        Reporter {
            context,
            submissions,
            out: io::stdout().lock(),
            document: None,
            failures: Vec::new(),
            table: table::Batch::new(context.display, submissions.len()),
            progress: Progress::new(context.display.progress, submissions.len()),
        }
    }

    fn take(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::Started { run_id, .. } if self.context.format() == Format::Json => {
                let before = [("run_id", serde_json::Value::from(*run_id))];
                self.document = Some(ArrayDocument::begin(&mut self.out, &before, "submissions")?);
            }
            Event::ItemFinished { record, .. } => {
                let Reporter {
                    out,
                    document,
                    table,
                    progress,
                    context,
                    ..
                } = self;
                progress.suspend(|| match (context.format(), document) {
                    (Format::Jsonl, _) => write_line(out, record),
                    (_, Some(document)) => document.item(out, record),
                    (_, None) => {
                        table.add(record);
                        Ok(())
                    }
                })?;
                self.progress.advance(record.error.is_some());
            }
            Event::ItemFailed { index, error } => {
                let text = crate::pipeline::chain(*error);
                self.failures.push(MachineFailure {
                    package: self
                        .submissions
                        .get(*index)
                        .map(|one| one.package.clone())
                        .unwrap_or_default(),
                    stage: error.stage().name(),
                    message: text.clone(),
                    hint: error.hint(),
                });
                self.progress
                    .suspend(|| self.context.complain(&text, error.hint().as_deref()));
                self.progress.advance(true);
            }
            Event::Started { .. } | Event::StageEntered { .. } | Event::Finished { .. } => {}
        }
        Ok(())
    }

    /// Ends the output so that what was finished is a whole document even if the batch was not.
    fn close(mut self, result: &Result<Summary, BatchError>) -> Result<(), CliError> {
        self.progress.clear();
        let summary = result.as_ref().ok();
        if let Some(document) = self.document.take() {
            let value = serde_json::to_value(summary).map_err(CliError::failure)?;
            let failures = serde_json::to_value(&self.failures).map_err(CliError::failure)?;
            document.end(&mut self.out, &[("failures", failures), ("summary", value)])?;
        } else if self.context.format() == Format::Table {
            io::Write::write_all(&mut self.out, self.table.text().as_bytes())?;
        }
        if let Some(summary) = summary {
            let database = self.context.settings.database.display().to_string();
            self.context.say(&batch::sentence(summary, &database));
        }
        Ok(())
    }
}

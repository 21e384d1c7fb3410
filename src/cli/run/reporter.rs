//! Turns the events of a batch into output, in the format asked for.

use serde::Serialize;
use serde_json::Value;

use crate::pipeline::{
    BatchError, Event, ItemError, Kept, Stage, Submission, SubmissionRecord, Summary, chain,
};
use crate::report::batch::{sentence, table};
use crate::report::comparison::Totals;
use crate::report::{ArrayDocument, Format, Progress, write_line};

use super::super::context::Context;
use super::super::exit::CliError;
use super::super::output::Output;
use super::comparing::{ComparedRecord, Comparing};

/// A package without a verdict, for the end of the JSON document.
#[derive(Serialize)]
struct MachineFailure {
    package: String,
    stage: &'static str,
    message: String,
    hint: Option<String>,
}

/// Listens to a batch.
pub(super) struct Reporter<'a> {
    context: &'a Context,
    submissions: &'a [Submission],
    out: Output,
    document: Option<ArrayDocument>,
    failures: Vec<MachineFailure>,
    table: table::Batch,
    progress: Progress,
    comparing: Option<Comparing<'a>>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(
        context: &'a Context,
        submissions: &'a [Submission],
        comparing: Option<Comparing<'a>>,
    ) -> Reporter<'a> {
        Reporter {
            context,
            submissions,
            out: Output::new(),
            document: None,
            failures: Vec::new(),
            table: table::Batch::new(context.display, submissions.len()),
            progress: Progress::new(context.display.progress, submissions.len()),
            comparing,
        }
    }

    pub(super) fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { run_id, .. } => self.started(run_id),
            Event::StageEntered { index, stage } => {
                let text = format!("{}: {}", self.name(*index), stage.name());
                self.progress.suspend(|| self.context.detail(&text));
            }
            Event::ItemFinished {
                index,
                record,
                kept,
                ..
            } => self.finished(*index, record, *kept),
            Event::ItemFailed { index, error, .. } => self.failed(*index, error),
            Event::ItemInterrupted { .. } | Event::Finished { .. } => {}
        }
    }

    fn name(&self, index: usize) -> &'a str {
        self.submissions
            .get(index)
            .map_or("", |submission| &submission.package)
    }

    fn started(&mut self, run_id: &str) {
        if self.context.format() == Format::Json {
            let before = [("run_id", Value::from(run_id))];
            // Writing to an Output cannot fail: it keeps its error for the end.
            self.document = ArrayDocument::begin(&mut self.out, &before, "submissions").ok();
        }
    }

    fn finished(&mut self, index: usize, record: &SubmissionRecord, kept: Kept) {
        let comparison = self.comparing.as_mut();
        let comparison = comparison.map(|comparing| comparing.take(index, record));
        let item = ComparedRecord { record, comparison };
        let used = match kept {
            Kept::Reused => Some("reused".to_owned()),
            Kept::Stored | Kept::Nowhere => table::execution(record),
        };
        let detail = used.map(|used| format!("{}: {used}", self.name(index)));
        let Reporter {
            out,
            document,
            table,
            progress,
            context,
            ..
        } = self;
        progress.suspend(|| {
            if let Some(detail) = detail {
                context.detail(&detail);
            }
            for warning in record.unanswered() {
                context.warn(&warning);
            }
            // Writing to an Output cannot fail: it keeps its error for the end.
            let _ = match (context.format(), document) {
                (Format::Jsonl, _) => write_line(out, &item),
                (_, Some(document)) => document.item(out, &item),
                (_, None) => {
                    table.add(record);
                    Ok(())
                }
            };
        });
        progress.advance(record.error.is_some());
    }

    fn failed(&mut self, index: usize, error: &ItemError) {
        let message = chain(error);
        let hint = error.hint();
        self.progress
            .suspend(|| self.context.complain(&message, hint.as_deref()));
        self.progress.advance(true);
        let package = self.name(index).to_owned();
        if let Some(comparing) = &mut self.comparing {
            comparing.without_record(&package, &message);
        }
        self.failures.push(MachineFailure {
            package,
            stage: error.stage().name(),
            message,
            hint,
        });
    }

    /// A submission that was not even tried, for it has no package that can be used.
    pub(super) fn left_out(&mut self, package: &str, why: &str) {
        let message = format!("{package} cannot be evaluated: {why}");
        self.context.complain(&message, None);
        if let Some(comparing) = &mut self.comparing {
            comparing.without_record(package, why);
        }
        self.failures.push(MachineFailure {
            package: package.to_owned(),
            stage: Stage::Validate.name(),
            message,
            hint: None,
        });
    }

    /// Ends the output so that what was finished is a whole document even if the batch was not.
    pub(super) fn close(
        mut self,
        result: &Result<Summary, BatchError>,
    ) -> Result<Option<Totals>, CliError> {
        self.progress.clear();
        let summary = result.as_ref().ok();
        if let Some(document) = self.document.take() {
            let value = serde_json::to_value(summary).map_err(CliError::failure)?;
            let failures = serde_json::to_value(&self.failures).map_err(CliError::failure)?;
            let mut after = vec![("failures", failures), ("summary", value)];
            if let Some(comparing) = &self.comparing {
                let totals = serde_json::to_value(&comparing.totals).map_err(CliError::failure)?;
                after.push(("comparison", totals));
            }
            document.end(&mut self.out, &after)?;
        } else if self.context.format() == Format::Table {
            let mut text = self.table.text();
            let differences = self
                .comparing
                .as_ref()
                .map(|comparing| comparing.table.text());
            for differences in differences.iter().filter(|text| !text.is_empty()) {
                text.push_str(&format!("\n{differences}"));
            }
            std::io::Write::write_all(&mut self.out, text.as_bytes())?;
        }
        let written = self.out.finish();
        if let Some(summary) = summary {
            let database = self.context.settings.database.display().to_string();
            self.context.say(&sentence(summary, &database));
        }
        let totals = self.comparing.map(|comparing| comparing.totals);
        if let Some(totals) = &totals {
            self.context.say(&totals.sentence());
        }
        written.map(|()| totals)
    }
}

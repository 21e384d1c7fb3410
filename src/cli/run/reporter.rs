//! Turns the events of a batch into output, in the format asked for.

use serde::Serialize;
use serde_json::Value;

use crate::pipeline::{
    BatchError, Event, ItemError, Kept, Stage, Submission, SubmissionRecord, Summary, chain,
};
use crate::report::batch::{Tally, closing, sentence, table};
use crate::report::comparison::Totals;
use crate::report::{ArrayDocument, Format, Plan, Progress, ProgressMode, write_line};

use super::super::context::Context;
use super::super::exit::CliError;
use super::super::output::Output;
use super::comparing::{ComparedRecord, Comparing};
use super::page::PageReport;

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
    tally: Tally,
    page: Option<PageReport<'a>>,
    progress: Progress,
    comparing: Option<Comparing<'a>>,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(
        context: &'a Context,
        submissions: &'a [Submission],
        jobs: usize,
        page: Option<PageReport<'a>>,
        comparing: Option<Comparing<'a>>,
    ) -> Reporter<'a> {
        let plan = Plan {
            total: submissions.len(),
            jobs,
            limit: context.settings.evaluation_timeout,
        };
        Reporter {
            context,
            submissions,
            out: Output::new(),
            document: None,
            failures: Vec::new(),
            table: table::Batch::new(context.display, submissions.len()),
            tally: Tally::default(),
            page,
            progress: Progress::new(context.display, plan),
            comparing,
        }
    }

    pub(super) fn take(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { run_id, .. } => self.started(run_id),
            Event::StageEntered { index, stage } => self.entered(*index, *stage),
            Event::ItemPrepared { index } => self.progress.prepared(*index),
            Event::ItemFinished {
                index,
                record,
                kept,
                seconds,
            } => self.finished(*index, record, *kept, *seconds),
            Event::ItemFailed {
                index,
                error,
                seconds,
            } => self.failed(*index, error, *seconds),
            Event::ItemInterrupted { index } => self.progress.interrupted(*index),
            Event::Finished { .. } => {}
        }
    }

    fn name(&self, index: usize) -> &'a str {
        self.submissions
            .get(index)
            .map_or("", |submission| &submission.package)
    }

    fn started(&mut self, run_id: &str) {
        self.progress.started(run_id);
        if let Some(page) = &mut self.page {
            page.started(run_id);
        }
        if self.context.format() == Format::Json {
            let before = [("run_id", Value::from(run_id))];
            // Writing to an Output cannot fail: it keeps its error for the end.
            self.document = ArrayDocument::begin(&mut self.out, &before, "submissions").ok();
        }
    }

    fn entered(&mut self, index: usize, stage: Stage) {
        let package = self.name(index);
        self.progress.stage(index, package, stage);
        // Events say it already.
        if self.context.display.verbose && !self.sends_events() {
            let text = format!("{package}: {}", stage.name());
            self.progress.suspend(|| self.context.detail(&text));
        }
    }

    fn finished(&mut self, index: usize, record: &SubmissionRecord, kept: Kept, seconds: f64) {
        self.progress.finished(index, record, kept, seconds);
        let comparison = self.comparing.as_mut();
        let comparison = comparison.map(|comparing| comparing.take(index, record));
        let item = ComparedRecord { record, comparison };
        self.tally.add(index, record, kept, seconds);
        if let (Some(page), Some(submission)) = (&mut self.page, self.submissions.get(index)) {
            page.add(index, submission, record, kept, seconds);
        }
        let used = match kept {
            Kept::Reused => Some("reused".to_owned()),
            Kept::Stored | Kept::Nowhere => table::execution(record),
        };
        if let Some(used) = used.filter(|_| self.context.display.verbose) {
            let text = format!("{}: {used}", self.name(index));
            self.progress.suspend(|| self.context.detail(&text));
        }
        for mut warning in record.unanswered() {
            if kept == Kept::Reused {
                warning.push_str(" (--force asks again)");
            }
            self.progress.suspend(|| self.context.warn(&warning));
        }
        let Reporter {
            out,
            document,
            table,
            progress,
            context,
            ..
        } = self;
        // Writing to an Output cannot fail: it keeps its error for the end.
        let _ = match (context.format(), document) {
            (Format::Jsonl, _) => progress.suspend(|| write_line(out, &item)),
            (_, Some(document)) => progress.suspend(|| document.item(out, &item)),
            (_, None) => {
                table.add(record);
                Ok(())
            }
        };
    }

    fn failed(&mut self, index: usize, error: &ItemError, seconds: f64) {
        let package = self.name(index).to_owned();
        self.progress.failed(index, &package, error, seconds);
        self.tally.add_failure(index, &package, error);
        let message = chain(error);
        let hint = error.hint();
        // Events say it already.
        if !self.sends_events() {
            self.progress
                .suspend(|| self.context.complain(&message, hint.as_deref()));
        }
        if let (Some(page), Some(submission)) = (&mut self.page, self.submissions.get(index)) {
            page.add_failure(index, submission, &message, hint.as_deref());
        }
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

    fn sends_events(&self) -> bool {
        self.context.display.progress == ProgressMode::Events
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
        let summary = result.as_ref().ok();
        let elapsed = self.progress.elapsed();
        self.progress.end(summary);
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
        let total = self.submissions.len();
        self.context
            .show(&closing(&self.tally, total, elapsed, self.context.display));
        if let Some(summary) = summary {
            let database = self.context.settings.database.display().to_string();
            self.context.say(&sentence(summary, &database));
        }
        let totals = self.comparing.map(|comparing| comparing.totals);
        if let Some(totals) = &totals {
            self.context.say(&totals.sentence());
        }
        let page = match self.page {
            Some(page) => page.finish(result, &self.tally, elapsed),
            None => Ok(()),
        };
        written.and(page).map(|()| totals)
    }
}

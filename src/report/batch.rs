//! `dfab run`: a table of submissions, what can be said of all of them, and the same as a page.

mod cause;
mod closing;
pub mod page;
mod tally;

pub use cause::{Cause, Kind};
pub use closing::closing;
pub use tally::{Copy, Group, Listed, Tally, Top};

use crate::pipeline::Summary;

use super::table::count;

/// What happened, in one line.
pub fn sentence(summary: &Summary, database: &str) -> String {
    let mut text = format!(
        "{}: {} completed",
        count(summary.total, "package"),
        summary.completed
    );
    let counts = [
        (summary.refused, "refused"),
        (summary.rejected, "rejected by review"),
        (summary.plagiarized, "plagiarized"),
        (
            summary
                .failed
                .saturating_sub(summary.refused + summary.rejected + summary.plagiarized),
            "failed otherwise",
        ),
        (summary.stopped, "stopped on their way"),
        (summary.errors, "not evaluated"),
        (summary.reused, "reused"),
    ];
    for (number, what) in counts {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    text.push_str(&format!("; {} passed", summary.passed));
    if summary.stored > 0 {
        text.push_str(&format!("; results are in {database}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_results_are_is_said_only_if_there_are_any() {
        let mut summary = Summary {
            total: 2,
            failed: 1,
            refused: 1,
            errors: 1,
            ..Summary::default()
        };
        let text = sentence(&summary, "x.db");
        assert_eq!(
            text,
            "2 packages: 0 completed, 1 refused, 1 not evaluated; 0 passed"
        );
        (summary.completed, summary.stored) = (1, 1);
        assert!(sentence(&summary, "x.db").ends_with("; 0 passed; results are in x.db"));
    }
}

/// Text for people.
pub mod table {
    use crate::harness::Ending;
    use crate::judge::Judgement;
    use crate::pipeline::{ContainedIn, Neighbour, RecordStatus, SubmissionRecord};
    use crate::report::score::metrics_table;
    use crate::report::similarity::{containment_text, percent};
    use crate::report::{Display, Paint, Table, escape};
    use crate::similarity::Status;

    /// Longest error text shown; the whole one is in the database and in JSON.
    const ERROR_CHARACTERS: usize = 160;

    /// Longest hotkey shown: enough to tell keys apart.
    const HOTKEY_CHARACTERS: usize = 10;

    /// Stretches listed that are in common with an earlier one; the page and the record have more.
    const REGIONS: usize = 8;

    /// Longest submission id shown.
    const ID_CHARACTERS: usize = 12;

    /// A row per submission, then why some failed; a single one is shown with its metrics.
    pub struct Batch {
        display: Display,
        single: bool,
        table: Table,
        problems: String,
        details: String,
    }

    impl Batch {
        /// An empty table for `total` submissions.
        pub fn new(display: Display, total: usize) -> Batch {
            let columns = ["package", "hotkey", "status", ">score", ">conv.", "nearest"];
            Batch {
                display,
                single: total == 1,
                table: Table::new(&columns, display),
                problems: String::new(),
                details: String::new(),
            }
        }

        /// One more submission.
        pub fn add(&mut self, record: &SubmissionRecord) {
            let status = match (record.error.is_some(), record.passed) {
                (true, _) => (Paint::Bad, "failed"),
                (false, _) if record.status == RecordStatus::Pending => (Paint::Plain, "stopped"),
                (false, true) => (Paint::Good, "passed"),
                (false, false) => (Paint::Warning, "below the bar"),
            };
            let nearest = nearest(record.plagiarism.as_ref());
            self.table.row([
                (Paint::Plain, record.package.as_str()),
                (
                    Paint::Plain,
                    escape::short(&record.hotkey, HOTKEY_CHARACTERS).as_str(),
                ),
                status,
                (Paint::Plain, format!("{:.4}", record.score).as_str()),
                (Paint::Plain, record.conversation_count.to_string().as_str()),
                (nearest.0, nearest.1.as_str()),
            ]);
            if let Some(error) = &record.error {
                let label = Paint::Bad.text("failed", self.display.color);
                let package = escape::line(&record.package);
                let reason = escape::short(&reason(record, error), ERROR_CHARACTERS);
                self.problems
                    .push_str(&format!("{label} {package}: {reason}\n"));
            }
            if let Some(found) = contained(record) {
                let line = found_line(found);
                let label = Paint::Warning.text("look", self.display.color);
                let package = escape::line(&record.package);
                self.problems.push_str(&format!(
                    "{label} {package}: {line}; no score depends on it\n"
                ));
                if self.single {
                    self.problems.push_str(&containment_text(
                        &found.lines.at_most(REGIONS),
                        self.display,
                    ));
                }
            }
            if let (true, Some(judge)) = (self.single, &record.judge) {
                self.details = metrics_table(&record.metrics, self.display);
                self.details.push_str(&arithmetic(record, judge));
            }
        }

        /// The whole text, empty without submissions.
        pub fn text(&self) -> String {
            if self.table.is_empty() {
                return String::new();
            }
            let parts = [
                self.table.text(),
                self.problems.clone(),
                self.details.clone(),
            ];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join("\n")
        }
    }

    /// What a run used, for `-v`.
    pub fn execution(record: &SubmissionRecord) -> Option<String> {
        let execution = record.execution.as_ref()?;
        let mut text = format!(
            "exit {} after {:.2} s",
            execution.returncode, execution.duration_seconds
        );
        if let Some(seconds) = execution.cpu_seconds {
            text.push_str(&format!(", {seconds:.2} s of processor time"));
        }
        if let Some(bytes) = execution.peak_memory_bytes {
            text.push_str(&format!(
                ", {:.1} MiB of memory",
                bytes as f64 / (1 << 20) as f64
            ));
        }
        Some(text)
    }

    /// How the final score comes about.
    fn arithmetic(record: &SubmissionRecord, judge: &Judgement) -> String {
        let penalty = match record.plagiarism.as_ref().map(|near| near.status) {
            Some(Status::Plagiarized) => " × 0.2 for copied structure",
            Some(Status::NeedsLlmVerification) => " × 0.85 for similar structure",
            Some(Status::Clean) | None => "",
        };
        format!(
            "\nfinal score {:.4} = 0.85 × dataset {:.4}{penalty} + 0.15 × judge {:.4}\n",
            record.score,
            record.metrics.total(),
            judge.overall_score
        )
    }

    /// The error in a line, with the limit or signal that ended the run if one did.
    fn reason(record: &SubmissionRecord, error: &str) -> String {
        let line = error.trim_end().lines().next_back().unwrap_or_default();
        let Some(execution) = &record.execution else {
            return line.to_owned();
        };
        match (&execution.limit, execution.ending) {
            (Some(limit), _) => format!("{limit}: {line}"),
            (None, Ending::Signal { number }) => format!("signal {number}: {line}"),
            // Of a Python traceback the last line says most.
            (None, _) => line.to_owned(),
        }
    }

    /// The submission of another that most of it is found in, if somebody should look and the service's rule does not
    /// say so already.
    fn contained(record: &SubmissionRecord) -> Option<&ContainedIn> {
        let rule = record.plagiarism.as_ref().map(|near| near.status);
        let found = record.structure.as_ref()?.containment.as_ref()?;
        let is_news = rule != Some(Status::Plagiarized) && found.hotkey != record.hotkey;
        (is_news && found.lines.containment.is_notable()).then_some(found)
    }

    fn found_line(found: &ContainedIn) -> String {
        let shares = &found.lines.containment;
        let hotkey = escape::short(&found.hotkey, HOTKEY_CHARACTERS);
        let id = escape::short(&found.submission_id, ID_CHARACTERS);
        let other = format!("submission {id} of {hotkey}");
        match (shares.left, shares.right) {
            // Which of the two holds the other says more than which share is a little larger.
            (Some(left), Some(right)) if right > 2.0 * left => {
                format!("{} of {other} is found in it", percent(right))
            }
            (Some(left), _) => format!("{} of it is found in {other}", percent(left)),
            (None, Some(right)) => format!("{} of {other} is found in it", percent(right)),
            (None, None) => format!("parts of it are found in {other}"),
        }
    }

    fn nearest(near: Option<&Neighbour>) -> (Paint, String) {
        let Some(near) = near else {
            return (Paint::Faint, "-".to_owned());
        };
        let paint = match near.status {
            Status::Plagiarized => Paint::Bad,
            Status::NeedsLlmVerification => Paint::Warning,
            Status::Clean => Paint::Plain,
        };
        let hotkey = escape::short(&near.hotkey, HOTKEY_CHARACTERS);
        (paint, format!("{}% of {hotkey}", near.score))
    }
}

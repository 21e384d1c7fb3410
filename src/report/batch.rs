//! `dfab run`: a table of submissions and a sentence about all of them.

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
        (summary.errors, "not evaluated"),
    ];
    for (number, what) in counts {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    text.push_str(&format!(
        "; {} passed; results are in {database}",
        summary.passed
    ));
    text
}

/// Text for people.
pub mod table {
    use crate::pipeline::{Neighbour, SubmissionRecord};
    use crate::report::score::metrics_table;
    use crate::report::{Display, Paint, Table, escape};
    use crate::similarity::Status;

    /// Longest error text in a row; the whole one is in the database and in JSON.
    const ERROR_CHARACTERS: usize = 90;

    /// A row per submission; a single one is shown with its metrics.
    pub struct Batch {
        display: Display,
        single: bool,
        table: Table,
        details: String,
    }

    impl Batch {
        /// An empty table for `total` submissions.
        pub fn new(display: Display, total: usize) -> Batch {
            let columns = [
                "package", "hotkey", "status", ">score", ">conv.", "nearest", "error",
            ];
            Batch {
                display,
                single: total == 1,
                table: Table::new(&columns, display.color),
                details: String::new(),
            }
        }

        /// One more submission.
        pub fn add(&mut self, record: &SubmissionRecord) {
            let status = match (record.error.is_some(), record.passed) {
                (true, _) => (Paint::Bad, "failed"),
                (false, true) => (Paint::Good, "completed"),
                (false, false) => (Paint::Warning, "completed, below the bar"),
            };
            let error = error_text(record);
            self.table.row([
                (Paint::Plain, record.package.as_str()),
                (Paint::Plain, escape::short(&record.hotkey, 20).as_str()),
                status,
                (Paint::Plain, format!("{:.4}", record.score).as_str()),
                (Paint::Plain, record.conversation_count.to_string().as_str()),
                neighbour(record.plagiarism.as_ref()).as_cell(),
                (
                    Paint::Plain,
                    escape::short(&error, ERROR_CHARACTERS).as_str(),
                ),
            ]);
            if self.single && record.judge.is_some() {
                self.details = metrics_table(&record.metrics, self.display);
            }
        }

        /// The whole text.
        pub fn text(&self) -> String {
            match self.details.is_empty() {
                _ if self.table.is_empty() => String::new(),
                true => self.table.text(),
                false => format!("{}\n{}", self.table.text(), self.details),
            }
        }
    }

    /// The error in a line, with the limit that ended the run if one did.
    fn error_text(record: &SubmissionRecord) -> String {
        let error = record.error.as_deref().map(last_line).unwrap_or_default();
        match record
            .execution
            .as_ref()
            .and_then(|execution| execution.limit.as_deref())
        {
            Some(limit) => format!("{limit}: {error}"),
            None => error.to_owned(),
        }
    }

    /// The line of an error that says most: of a Python traceback the last.
    fn last_line(error: &str) -> &str {
        error.trim_end().lines().next_back().unwrap_or_default()
    }

    struct NeighbourCell(Paint, String);

    impl NeighbourCell {
        fn as_cell(&self) -> (Paint, &str) {
            (self.0, &self.1)
        }
    }

    fn neighbour(near: Option<&Neighbour>) -> NeighbourCell {
        let Some(near) = near else {
            return NeighbourCell(Paint::Faint, "-".to_owned());
        };
        let paint = match near.status {
            Status::Plagiarized => Paint::Bad,
            Status::NeedsLlmVerification => Paint::Warning,
            Status::Clean => Paint::Plain,
        };
        NeighbourCell(
            paint,
            format!("{}% of {}", near.score, escape::short(&near.hotkey, 16)),
        )
    }
}

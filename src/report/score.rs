//! `dfab score`: one item per dataset.

use serde::Serialize;

use crate::score::{Explanation, Metrics, Score};

use super::{Display, Paint, Table};

/// The published item.
#[derive(Debug, Serialize)]
pub struct ScoredDataset<'a> {
    /// As the caller named it; `-` for standard input.
    pub path: &'a str,
    /// SHA-256 of the decoded text.
    pub digest: &'a str,
    /// Verdict, score, counts, metrics, error.
    pub result: &'a Score,
    /// `--explain`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<&'a Explanation>,
}

/// Width of a metric's bar, in characters.
const BAR_CHARACTERS: usize = 20;

/// The verdicts of several datasets, a row each.
pub struct DatasetTable {
    table: Table,
}

impl DatasetTable {
    /// An empty one.
    pub fn new(display: Display) -> DatasetTable {
        let columns = [
            "dataset",
            "verdict",
            ">score",
            ">conversations",
            ">messages",
            ">bytes",
            "error",
        ];
        DatasetTable {
            table: Table::new(&columns, display),
        }
    }

    /// One more dataset.
    pub fn add(&mut self, dataset: &ScoredDataset<'_>) {
        let result = dataset.result;
        let verdict = match (result.passed, &result.error) {
            (true, _) => (Paint::Good, "passed"),
            (false, None) => (Paint::Warning, "below the bar"),
            (false, Some(_)) => (Paint::Bad, "failed"),
        };
        self.table.row([
            (Paint::Plain, dataset.path),
            verdict,
            (Paint::Plain, format!("{:.4}", result.score).as_str()),
            (Paint::Plain, result.conversation_count.to_string().as_str()),
            (Paint::Plain, result.total_messages.to_string().as_str()),
            (Paint::Plain, result.size_bytes.to_string().as_str()),
            (Paint::Plain, result.error.as_deref().unwrap_or("")),
        ]);
    }

    /// The whole text; empty without datasets.
    pub fn text(&self) -> String {
        if self.table.is_empty() {
            String::new()
        } else {
            self.table.text()
        }
    }
}

/// The nine metrics with their weights and what each adds to the score.
pub fn metrics_table(metrics: &Metrics, display: Display) -> String {
    let mut table = Table::new(
        &["metric", ">value", "", ">weight", ">points", ">lost"],
        display,
    );
    for (name, weight, value) in metrics.weighted() {
        let paint = match value {
            value if value >= 0.9 => Paint::Good,
            value if value >= 0.5 => Paint::Warning,
            _ => Paint::Bad,
        };
        table.row([
            (Paint::Plain, name.trim_end_matches("_score")),
            (Paint::Plain, format!("{value:.4}").as_str()),
            (paint, bar(value).as_str()),
            (Paint::Faint, format!("{weight:.2}").as_str()),
            (Paint::Plain, format!("{:.4}", weight * value).as_str()),
            (
                Paint::Plain,
                format!("{:.4}", weight * (1.0 - value)).as_str(),
            ),
        ]);
    }
    table.text()
}

/// `value` in 0 to 1 as a bar.
fn bar(value: f64) -> String {
    let filled = (value.clamp(0.0, 1.0) * BAR_CHARACTERS as f64).round() as usize;
    "█".repeat(filled) + &"░".repeat(BAR_CHARACTERS - filled.min(BAR_CHARACTERS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_value() {
        assert_eq!(bar(0.0), "░".repeat(20));
        assert_eq!(bar(0.5), "█".repeat(10) + &"░".repeat(10));
        assert_eq!(bar(1.0), "█".repeat(20));
        assert_eq!(bar(f64::NAN).chars().count(), 20);
    }
}

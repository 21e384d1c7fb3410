//! Text for people.

use serde_json::Value;

use super::Comparison;
use crate::report::{Display, Paint, Table, escape};

/// Rows that are shown; all are in JSON.
const MOST_ROWS: usize = 1000;
/// Characters of a value that are shown.
const VALUE_CHARACTERS: usize = 60;

/// A row for each field that differs.
pub struct Differences {
    table: Table,
    rows: usize,
}

impl Differences {
    /// An empty table.
    pub fn new(display: Display) -> Differences {
        Differences {
            table: Table::new(&["package", "field", "the service", "dfab"], display),
            rows: 0,
        }
    }

    /// What there is to say of one submission.
    pub fn add(&mut self, package: &str, comparison: &Comparison) {
        match comparison {
            Comparison::NotCompared { not_compared } => {
                self.row([package, "(not compared)", not_compared, ""]);
            }
            Comparison::Compared { differences, .. } => {
                for difference in differences {
                    let (stored, dfab) = (shown(&difference.stored), shown(&difference.dfab));
                    self.row([package, &difference.field, &stored, &dfab]);
                }
            }
        }
    }

    fn row(&mut self, cells: [&str; 4]) {
        self.rows += 1;
        if self.rows <= MOST_ROWS {
            let [package, field, stored, dfab] = cells;
            self.table.row([
                (Paint::Plain, package),
                (Paint::Plain, field),
                (Paint::Warning, stored),
                (Paint::Warning, dfab),
            ]);
        }
    }

    /// The whole text; empty if there is nothing to say.
    pub fn text(&self) -> String {
        if self.table.is_empty() {
            return String::new();
        }
        let mut text = self.table.text();
        if let more @ 1.. = self.rows.saturating_sub(MOST_ROWS) {
            text.push_str(&format!("and {more} more; --format json has all\n"));
        }
        text
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => escape::short(text, VALUE_CHARACTERS),
        other => escape::short(&other.to_string(), VALUE_CHARACTERS),
    }
}

//! `dfab run --compare`: where a record of ours differs from the one the live service stored.

mod differences;
pub mod table;

use serde::Serialize;
use serde_json::Value;

pub use differences::differences;

/// One field in which two records differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Its name, with dots for what is inside something else.
    pub field: String,
    /// What the service stored.
    pub stored: Value,
    /// What came out here.
    pub dfab: Value,
}

/// What comparing a submission came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Comparison {
    /// Both records were there.
    Compared {
        /// Nothing differs.
        equal: bool,
        /// What does, at most [`MOST_DIFFERENCES`].
        differences: Vec<Difference>,
    },
    /// One of them was not.
    NotCompared {
        /// Why.
        not_compared: String,
    },
}

/// More of one submission are not listed: its files alone could make any number.
pub const MOST_DIFFERENCES: usize = 100;

/// How many submissions came to what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Of which both records were there.
    pub compared: usize,
    /// Of those: the same.
    pub equal: usize,
    /// Of those: not the same.
    pub differing: usize,
    /// Of which one record was missing.
    pub not_compared: usize,
}

impl Totals {
    /// One more.
    pub fn count(&mut self, comparison: &Comparison) {
        match comparison {
            Comparison::NotCompared { .. } => self.not_compared += 1,
            Comparison::Compared { equal, .. } => {
                self.compared += 1;
                match equal {
                    true => self.equal += 1,
                    false => self.differing += 1,
                }
            }
        }
    }

    /// In one line.
    pub fn sentence(&self) -> String {
        let mut text = format!(
            "compared with the service: {} equal, {} differ",
            self.equal, self.differing
        );
        if self.not_compared > 0 {
            text.push_str(&format!(", {} not compared", self.not_compared));
        }
        text
    }
}

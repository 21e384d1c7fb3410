//! The local SQLite file: submissions in the live service's own table, and beside it what this
//! program needs to say who came when, what was tried and what came out.
//!
//! The table `submissions` is the service's, column for column, so that either program reads the
//! other's file. Everything else is ours and versioned in `dfab_schema`; a file that a newer
//! program has changed is refused. A result is durable once the call that stored it returns, each
//! result is one transaction, and two processes may use one file at the same time.
//!
//! Rows go in and come out as they are: what a submission is worth, which package is read when and
//! what the JSON columns hold is left to the callers.

mod arrivals;
mod artifacts;
mod error;
mod evaluations;
mod open;
mod queries;
mod rows;
mod runs;
mod time;
mod weights;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use arrivals::{Arrival, Candidate};
pub use artifacts::keep_artifact;
pub use error::StoreError;
pub use evaluations::{Evaluated, PastEvaluation};
pub use queries::{LeaderboardRow, Stats};
pub use rows::SubmissionRow;
pub use runs::{Failure, ItemState, NewItem, NewRun, Run, RunId, RunItem, RunItemId, RunOutcome};
pub use time::Timestamp;
pub use weights::weights_document;

/// An open database.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// False only for a file of the service's that was opened for reading and has no table of ours.
    has_own_tables: bool,
}

impl Store {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A transaction that holds the write lock from its first moment, so that it never finds out
    /// half-way that another process was faster.
    fn write(&mut self, doing: &'static str) -> Result<Transaction<'_>, StoreError> {
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(error::at(&self.path, doing))
    }
}

/// SQLite counts in signed 64 bits.
fn to_i64(what: &'static str, number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::TooLarge { what, number })
}

#[cfg(test)]
mod tests;

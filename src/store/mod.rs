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
mod beside;
mod error;
mod evaluations;
mod fingerprints;
mod identity;
mod lines;
mod open;
mod pages;
mod queries;
mod queue;
mod rows;
mod runs;
mod service;
mod time;
mod weights;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use beside::LyingStill;
use identity::Identity;

pub use arrivals::{Arrival, Candidate, Latest};
pub use artifacts::{artifact_path, keep_artifact, kept_submissions};
pub use error::StoreError;
pub use evaluations::{Evaluated, PastEvaluation, StoredEvaluation};
pub use fingerprints::{Fingerprint, StoredFingerprint};
pub use pages::{SubmissionSummary, Totals};
pub use queries::{LeaderboardRow, StoredSubmission};
pub use queue::{Claimed, NOT_EVALUATED, NewSubmission, Queued};
pub use rows::SubmissionRow;
pub use runs::{
    Blame, Cause, Failure, ItemState, LastTry, NewItem, NewRun, Origin, PackageOfARun, Run, RunId,
    RunItem, RunItemId, RunOutcome, RunOverview, RunState, Runner, Running, Settled,
};
pub use service::{ArtifactError, ServiceDatabase, ServiceSubmission, service_artifact};
pub use time::Timestamp;
pub use weights::weights_document;

/// An open database.
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// The file that was opened; another one may take its name later.
    identity: Identity,
    /// False only for a file of the service's that was opened for reading and has no table of ours.
    has_own_tables: bool,
    /// False for a file opened for reading that has not had the migration which seals fingerprints.
    has_seals: bool,
    /// False for a file opened for reading that has not had the migration which follows runs.
    has_progress: bool,
    /// False for a file opened for reading that has not had the migration which keeps lines.
    has_lines: bool,
    /// Set where the file is read without locks, because they would leave files behind.
    lying_still: Option<LyingStill>,
}

impl Store {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads. Of a file that is read without locks the answer counts only if nobody wrote meanwhile.
    fn read<T>(
        &self,
        doing: &'static str,
        query: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let found = query(&self.connection);
        if let Some(still) = &self.lying_still {
            still.check(&self.path)?;
        }
        found.map_err(error::at(&self.path, doing))
    }

    /// A transaction that holds the write lock from its first moment, so that it never finds out
    /// half-way that another process was faster.
    fn write(&mut self, doing: &'static str) -> Result<Write<'_>, StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(error::at(&self.path, doing))?;
        Ok(Write {
            transaction,
            path: &self.path,
            identity: self.identity,
            doing,
        })
    }
}

/// A change under way; dropped without [`Write::commit`], it never happened.
struct Write<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
    identity: Identity,
    doing: &'static str,
}

impl Write<'_> {
    /// Makes the change durable, and makes sure that it is in the file which has the path now: a
    /// file that was deleted or moved away takes commits as before, for nobody to find.
    fn commit(self) -> Result<(), StoreError> {
        let fail = error::at(self.path, self.doing);
        self.transaction.commit().map_err(fail)?;
        self.identity.check(self.path)
    }
}

#[cfg(test)]
mod tests;

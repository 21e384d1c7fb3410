//! What a batch tells its listeners.

use super::{ItemError, Submission, SubmissionRecord, Summary};

/// A step of the evaluation of one package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The package contract.
    Validate,
    /// The static review.
    Review,
    /// The harness runs.
    Execute,
    /// Its output is read as a dataset.
    Parse,
    /// The dataset is scored.
    Score,
    /// The package is compared with earlier ones.
    Similarity,
    /// Judgement and final score.
    Judge,
    /// The result is written to the database.
    Store,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Stage; 8] = [
        Stage::Validate,
        Stage::Review,
        Stage::Execute,
        Stage::Parse,
        Stage::Score,
        Stage::Similarity,
        Stage::Judge,
        Stage::Store,
    ];

    /// The name used on screen and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Validate => "validate",
            Stage::Review => "review",
            Stage::Execute => "execute",
            Stage::Parse => "parse",
            Stage::Score => "score",
            Stage::Similarity => "similarity",
            Stage::Judge => "judge",
            Stage::Store => "store",
        }
    }
}

/// Where the result of a finished package is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It was stored just now. A package that breaks the contract has no more stored of it than that.
    Stored,
    /// It is an earlier one, which was stored then.
    Reused,
    /// Nowhere: the package was stopped on its way.
    Nowhere,
}

/// Progress of a batch. `index` is the position in the given order.
///
/// Stages of different packages interleave as they happen; finished items come in the given order.
#[derive(Debug)]
pub enum Event<'a> {
    /// The batch begins.
    Started {
        /// Id of the run in the database.
        run_id: &'a str,
        /// Everything that will be evaluated.
        submissions: &'a [Submission],
    },
    /// A package enters a stage.
    StageEntered {
        /// Which package.
        index: usize,
        /// Which stage.
        stage: Stage,
    },
    /// All is done for a package that can be done before its turn, and it waits for that.
    ItemPrepared {
        /// Which package.
        index: usize,
    },
    /// A package went as far as it was asked to: usually it has its verdict, already stored.
    ItemFinished {
        /// Which package.
        index: usize,
        /// The verdict.
        record: &'a SubmissionRecord,
        /// Where the verdict is.
        kept: Kept,
        /// Seconds of work on it, without waiting for its turn.
        seconds: f64,
    },
    /// A package could not be evaluated, through no fault of its own.
    ItemFailed {
        /// Which package.
        index: usize,
        /// What went wrong on this machine.
        error: &'a ItemError,
        /// Seconds of work on it, without waiting for its turn.
        seconds: f64,
    },
    /// Work on a package was broken off because the batch is to end; another run begins it anew.
    ItemInterrupted {
        /// Which package.
        index: usize,
    },
    /// Everything that could be done is done.
    Finished {
        /// Counts by outcome.
        summary: &'a Summary,
    },
}

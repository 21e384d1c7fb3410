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
    /// A package has its verdict, already stored.
    ItemFinished {
        /// Which package.
        index: usize,
        /// The verdict.
        record: &'a SubmissionRecord,
    },
    /// A package could not be evaluated, through no fault of its own.
    ItemFailed {
        /// Which package.
        index: usize,
        /// What went wrong on this machine.
        error: &'a ItemError,
    },
    /// Everything that could be done is done.
    Finished {
        /// Counts by outcome.
        summary: &'a Summary,
    },
}

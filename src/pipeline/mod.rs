//! One package through every room, and many packages in order.
//!
//! [`Evaluator`] is the list of steps for one package: validate, review, execute, parse, score, similarity, judge.
//! The first five look at nothing but the package and may run for many packages at once ([`Evaluator::prepare`]);
//! the last two need what arrived before ([`Evaluator::conclude`]), so [`run_batch`] calls them one package after
//! the other, in the order given. That is why a result never depends on how many packages run at a time.
//!
//! Nothing here prints: progress leaves as [`Event`] values, results as [`SubmissionRecord`] values.

mod alone;
mod batch;
mod cache_key;
mod conclusion;
mod containment;
mod evaluate;
mod event;
mod item_error;
mod limits;
mod llm;
mod neighbours;
mod notes;
mod options;
mod plan;
mod record;
mod row;
mod turnstile;
mod workspace;

pub use alone::SettleError;
pub(crate) use batch::chain;
pub use batch::{BatchError, Listener, Summary, run_batch};
pub use containment::{Compared, ContainedIn, Structure};
pub use evaluate::{
    Alone, Concluded, Evaluated, Evaluator, Known, NoDataset, Prepared, Subject, Submitted, Task,
    Unfinished,
};
pub use event::{Event, Kept, Stage};
pub use item_error::ItemError;
pub use options::BatchOptions;
pub(crate) use plan::failed_last;
pub use plan::{Action, Planned, Planner};
pub use record::{Execution, Neighbour, RecordStatus, SubmissionRecord};
pub(crate) use workspace::{lay_out, place_in_memory};

use std::path::PathBuf;

/// One package to evaluate, as the caller named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Where the ZIP or folder is.
    pub path: PathBuf,
    /// How the caller wrote it; shown and stored as `package`.
    pub package: String,
    /// Whose submission it is.
    pub hotkey: String,
}

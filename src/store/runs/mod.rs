//! Runs and their progress: what was asked for, how far it got, what could not be done.

mod previous;
mod progress;
mod reading;
mod runner;

use serde::Serialize;

use super::Timestamp;

pub use previous::{LastTry, PackageOfARun};
pub use reading::{Cause, RunOverview};
pub use runner::Runner;

pub(super) use progress::{Change, set_item};

/// Id of one run.
pub type RunId = String;

/// A run that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// Its id, not used before.
    pub id: &'a str,
    /// The program's version.
    pub program_version: &'a str,
    /// The settings it runs with, as JSON, secrets masked.
    pub settings_json: &'a str,
    /// When it begins.
    pub started_at: Timestamp,
    /// Its packages, in the order given.
    pub items: &'a [NewItem<'a>],
    /// What was asked for and by whom.
    pub origin: &'a Origin,
}

/// What was asked for and by whom, so that a run can be recognised and gone on with.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The command as it can be typed again, without secrets.
    pub command: Option<String>,
    /// The folder it was typed in.
    pub folder: Option<String>,
    /// Packages at once.
    pub jobs: Option<usize>,
    /// The stage after which packages are stopped, if not the last.
    pub until: Option<&'static str>,
    /// The process that runs it.
    pub runner: Option<Runner>,
}

/// One package of a run that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewItem<'a> {
    /// Its path, as given.
    pub package: &'a str,
    /// Its absolute path.
    pub path: &'a std::path::Path,
    /// Whose it is.
    pub hotkey: &'a str,
}

/// One place in a run's list of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunItemId<'a> {
    /// The run's id.
    pub run: &'a str,
    /// From 0, in the order given.
    pub ordinal: usize,
}

/// A package that did not become a result.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// Which one.
    pub item: RunItemId<'a>,
    /// Its submission, if it got that far.
    pub submission_id: Option<&'a str>,
    /// Whose fault it is.
    pub blame: Blame,
    /// The step that failed, e.g. `validate` or `execute`.
    pub stage: &'a str,
    /// Why, without the names in it, so that like causes can be counted.
    pub cause: &'a str,
    /// Why, in full.
    pub message: &'a str,
    /// When work on it began, if that is known.
    pub started_at: Option<Timestamp>,
}

/// Whose fault it is that a package has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Its own: it breaks the contract, and has its verdict.
    Package,
    /// This machine's: another try may go better.
    Machine,
}

/// Work on a package that goes on.
#[derive(Debug, Clone, Copy)]
pub struct Running {
    /// Which one.
    pub ordinal: usize,
    /// What is being done.
    pub stage: &'static str,
    /// Since when.
    pub started_at: Timestamp,
}

/// A package whose result was not made by this run, or is not one yet.
#[derive(Debug, Clone, Copy)]
pub struct Settled<'a> {
    /// Which one.
    pub item: RunItemId<'a>,
    /// Its submission.
    pub submission_id: Option<&'a str>,
    /// The stored evaluation that was reported; none if it was stopped before its end.
    pub evaluation_id: Option<i64>,
    /// The last stage it went through.
    pub stage: &'a str,
    /// When work on it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunOutcome {
    /// Every package was dealt with.
    Finished,
    /// Somebody stopped it.
    Interrupted,
    /// It could not go on.
    Stopped,
}

/// What a run is doing, as far as can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Its process is at work.
    Running,
    /// Every package was dealt with.
    Finished,
    /// Somebody stopped it.
    Interrupted,
    /// It could not go on.
    Stopped,
    /// Its process is gone and could not say how it ended.
    Died,
}

/// How far a package got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemState {
    /// Not evaluated yet.
    Pending,
    /// Being evaluated, unless its run is over.
    Running,
    /// Its result is stored.
    Recorded,
    /// It breaks the package contract.
    Refused,
    /// This machine failed at it; its failure is stored.
    Failed,
    /// It went as far as it was asked to; its result is not stored.
    Stopped,
}

/// A run as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The version of the program that began it.
    pub program_version: String,
    /// The settings it ran with, as JSON.
    #[serde(skip)]
    pub settings_json: String,
    /// When it began, in [`Timestamp`]'s text form.
    pub started_at: String,
    /// When it ended; none while it runs, and for ever if it was killed.
    pub finished_at: Option<String>,
    /// How it ended.
    pub outcome: Option<RunOutcome>,
    /// What was typed, without secrets.
    pub command: Option<String>,
    /// Where.
    pub folder: Option<String>,
    /// Packages at once.
    pub jobs: Option<i64>,
    /// The stage after which packages were stopped, if not the last.
    pub until: Option<String>,
    /// The machine and the process that runs it.
    #[serde(flatten)]
    pub runner: Option<Runner>,
    /// When it last showed that it is alive.
    pub seen_at: Option<String>,
}

/// One package of a run as stored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunItem {
    /// From 0, in the order given.
    pub ordinal: usize,
    /// Its path, as given.
    pub package: String,
    /// Whose it is.
    pub hotkey: String,
    /// Its submission, once it has one.
    pub submission_id: Option<String>,
    /// How far it got.
    pub state: ItemState,
    /// What is being done, or was done last.
    pub stage: Option<String>,
    /// An earlier result was reported again.
    pub reused: bool,
    /// When work on it began.
    pub started_at: Option<String>,
    /// When it ended.
    pub finished_at: Option<String>,
    /// `completed` or `failed`: of its result, where there is one.
    pub status: Option<String>,
    /// Final score, where there is a result.
    pub score: Option<f64>,
    /// Final verdict, where there is a result.
    pub passed: Option<bool>,
    /// What is wrong with the package, or why there is no result.
    pub error: Option<String>,
    /// For the how manieth time this machine failed at it.
    pub attempt: Option<i64>,
}

impl RunOutcome {
    const ALL: [RunOutcome; 3] = [
        RunOutcome::Finished,
        RunOutcome::Interrupted,
        RunOutcome::Stopped,
    ];

    fn as_str(self) -> &'static str {
        match self {
            RunOutcome::Finished => "finished",
            RunOutcome::Interrupted => "interrupted",
            RunOutcome::Stopped => "stopped",
        }
    }
}

impl RunState {
    /// The word shown and printed.
    pub fn name(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Finished => "finished",
            RunState::Interrupted => "interrupted",
            RunState::Stopped => "stopped",
            RunState::Died => "died",
        }
    }
}

impl ItemState {
    const ALL: [ItemState; 6] = [
        ItemState::Pending,
        ItemState::Running,
        ItemState::Recorded,
        ItemState::Refused,
        ItemState::Failed,
        ItemState::Stopped,
    ];

    /// The word stored, shown and printed.
    pub fn name(self) -> &'static str {
        match self {
            ItemState::Pending => "pending",
            ItemState::Running => "running",
            ItemState::Recorded => "recorded",
            ItemState::Refused => "refused",
            ItemState::Failed => "failed",
            ItemState::Stopped => "stopped",
        }
    }

    /// The table's own check keeps other words out.
    fn of(word: &str) -> ItemState {
        let known = ItemState::ALL.into_iter();
        let mut found = known.filter(|state| state.name() == word);
        found.next().unwrap_or(ItemState::Pending)
    }
}

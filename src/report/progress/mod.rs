//! How far a batch is, on standard error: redrawn on a terminal, a line every few seconds elsewhere, or events as JSON
//! lines for a program that watches.
//!
//! What is known is one [`State`]; the three ways to show it look at it and at the clock. Nothing here fails: progress
//! that cannot be written is not worth a batch.

mod bar;
mod events;
mod lines;
mod state;
mod ticker;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::pipeline::{ItemError, Kept, Stage, SubmissionRecord, Summary};

use super::Display;
use super::display::ProgressMode;
use bar::Bar;
use events::Events;
use state::State;
use ticker::Ticker;

pub use events::{Level, message_line};
pub use state::Plan;

/// How often a plain line is written, and how often the event `progress`.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// Follows a batch and shows how far it is.
pub struct Progress {
    state: Shared,
    view: View,
}

/// What is known, looked at by whoever draws.
#[derive(Clone)]
struct Shared(Arc<Mutex<State>>);

enum View {
    Silent,
    Bar(Bar),
    Lines {
        /// Held for its end.
        _ticker: Ticker,
    },
    Events(Events),
}

impl Shared {
    /// A listener that panicked has left numbers, and numbers are all there is.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    /// Progress of what is planned.
    pub fn new(display: Display, plan: Plan) -> Progress {
        let state = Shared(Arc::new(Mutex::new(State::new(plan, Instant::now()))));
        let view = match display.progress {
            ProgressMode::Silent => View::Silent,
            ProgressMode::Bar => View::Bar(Bar::new(state.clone(), display.color_stderr)),
            ProgressMode::Lines => View::Lines {
                _ticker: lines::start(state.clone(), SAY_EVERY),
            },
            ProgressMode::Events => View::Events(Events::new(state.clone(), SAY_EVERY)),
        };
        Progress { state, view }
    }

    /// The batch has an id and begins.
    pub fn started(&self, run_id: &str) {
        let total = self.state.lock().total();
        self.tell(|events| events.started(run_id, total));
    }

    /// A package enters a stage.
    pub fn stage(&self, index: usize, package: &str, stage: Stage) {
        self.state
            .lock()
            .enter(index, package, stage, Instant::now());
        self.tell(|events| events.stage(index, package, stage));
    }

    /// All that can be done before its turn is done for a package.
    pub fn prepared(&self, index: usize) {
        self.state.lock().prepared(index, Instant::now());
    }

    /// A package went as far as it was to go, after so many seconds of work.
    pub fn finished(&self, index: usize, record: &SubmissionRecord, kept: Kept, seconds: f64) {
        self.state.lock().finished(index, record, kept);
        self.tell(|events| events.finished(index, record, kept, seconds));
    }

    /// A package could not be evaluated, after so many seconds of work.
    pub fn failed(&self, index: usize, package: &str, error: &ItemError, seconds: f64) {
        self.state.lock().failed(index);
        self.tell(|events| events.failed(index, package, error, seconds));
    }

    /// Work on a package was broken off; it is not done.
    pub fn interrupted(&self, index: usize) {
        self.state.lock().interrupted(index);
    }

    /// The batch is over; without a summary it could not end as it should. Nothing is shown any more.
    pub fn end(&self, summary: Option<&Summary>) {
        if let View::Bar(bar) = &self.view {
            bar.clear();
        }
        self.tell(|events| events.ended(summary));
    }

    /// Time since the batch began.
    pub fn elapsed(&self) -> Duration {
        self.state.lock().elapsed(Instant::now())
    }

    /// Writes to standard output or error without tearing what is drawn.
    pub fn suspend<R>(&self, write: impl FnOnce() -> R) -> R {
        match &self.view {
            View::Bar(bar) => bar.suspend(write),
            View::Silent | View::Lines { .. } | View::Events(_) => write(),
        }
    }

    fn tell(&self, tell: impl FnOnce(&Events)) {
        if let View::Events(events) = &self.view {
            tell(events);
        }
    }
}

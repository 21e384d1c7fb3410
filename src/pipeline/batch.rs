//! Many packages: prepared by several workers at once, concluded and stored one by one in the given order.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::harness::workspace::sweep_workspaces;
use crate::store::{NewItem, NewRun, Store, StoreError, Timestamp};

use super::conclusion::Conclusion;
use super::neighbours::Unstored;
use super::notes::Notes;
use super::turnstile::Turnstile;
use super::{
    BatchOptions, Evaluator, Event, ItemError, Kept, Known, Prepared, RecordStatus, Stage,
    Submission, SubmissionRecord, Task,
};

/// How many packages each worker may be ahead of the last one stored. Bounds the memory of a batch whose first
/// package is slow, and is enough that the workers never wait for a package of usual length.
const AHEAD_PER_WORKER: usize = 8;

/// Counts by outcome. Every package is in exactly one of `completed`, `failed`, `stopped` and `errors`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Packages given.
    pub total: usize,
    /// Evaluated without an error.
    pub completed: usize,
    /// Evaluated, with an error of the package's own.
    pub failed: usize,
    /// Nothing wrong with them when they were stopped where they were asked to stop.
    pub stopped: usize,
    /// Not evaluated: this machine failed.
    pub errors: usize,
    /// Of the completed and failed: an earlier result was reported again.
    pub reused: usize,
    /// Of the completed and failed: their result is in the database.
    pub stored: usize,
    /// Of the evaluated: passed.
    pub passed: usize,
    /// Of the failed: does not keep the package contract.
    pub refused: usize,
    /// Of the failed: the review rejected it.
    pub rejected: usize,
    /// Of the failed: copied structure.
    pub plagiarized: usize,
    /// Highest final score.
    pub best_score: f64,
}

impl Summary {
    pub(super) fn count(&mut self, record: &SubmissionRecord, kept: Kept) {
        match record.status {
            RecordStatus::Completed => self.completed += 1,
            RecordStatus::Failed => self.failed += 1,
            RecordStatus::Pending => self.stopped += 1,
        }
        self.reused += usize::from(kept == Kept::Reused);
        self.stored += usize::from(kept != Kept::Nowhere && record.id.is_some());
        self.passed += usize::from(record.passed);
        self.refused += usize::from(record.id.is_none());
        let review = record.static_review.as_ref();
        self.rejected += usize::from(review.is_some_and(|review| !review.accepted));
        let copied =
            |near: &super::Neighbour| near.status == crate::similarity::Status::Plagiarized;
        self.plagiarized += usize::from(record.plagiarism.as_ref().is_some_and(copied));
        self.best_score = self.best_score.max(record.score);
    }
}

/// Why a batch stopped before its end. What was finished is stored.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The user asked to stop.
    #[error("interrupted: {finished} of {total} packages are finished and stored")]
    Interrupted {
        /// Packages with a stored result.
        finished: usize,
        /// Packages given.
        total: usize,
    },
}

/// Takes events, in the thread that called [`run_batch`].
pub type Listener<'a> = dyn FnMut(Event<'_>) + 'a;

/// What workers tell the ordered half.
pub(super) enum Message {
    Entered(usize, Stage),
    /// With the seconds it took.
    Ready(usize, Result<Ready, ItemError>, f64),
}

/// A package that waits for its turn.
pub(super) enum Ready {
    Prepared(Prepared),
    /// The same, and its artifact could not be kept.
    Unkept(StoreError),
    /// It has a result already, or will have one when it is its turn.
    Known(Known),
}

/// Evaluates `submissions` with as many workers as the options say and stores each result before it is reported. A
/// result that is there already is reported again instead.
///
/// # Errors
/// Where the whole batch cannot go on; a package that cannot be evaluated is counted and the rest goes on.
pub fn run_batch(
    evaluator: &Evaluator<'_>,
    submissions: &[Submission],
    store: &mut Store,
    options: &BatchOptions,
    listen: &mut Listener<'_>,
) -> Result<Summary, BatchError> {
    sweep_workspaces();
    let results = Results::of(store, options)?;
    let run_id = begin(store, submissions, options)?;
    listen(Event::Started {
        run_id: &run_id,
        submissions,
    });
    let mut conclusion = Conclusion {
        evaluator,
        submissions,
        options,
        store,
        run_id,
        unstored: Unstored::default(),
        notes: Notes::new(),
        summary: Summary {
            total: submissions.len(),
            ..Summary::default()
        },
        listen,
    };
    let workers = options.jobs.clamp(1, submissions.len().max(1));
    let work = Work {
        evaluator,
        submissions,
        until: options.until,
        results,
        next: AtomicUsize::new(0),
        turnstile: Turnstile::new(workers * AHEAD_PER_WORKER),
    };
    let result = std::thread::scope(|scope| {
        let (send, receive) = channel();
        for _ in 0..workers {
            let send = send.clone();
            scope.spawn(|| work.prepare_all(send));
        }
        drop(send);
        let result = conclusion.follow(&receive, &work.turnstile);
        if result.is_err() {
            evaluator.cancel.cancel();
        }
        work.turnstile.open();
        result
    });
    conclusion.finish(result)
}

/// Stores the run and what it will evaluate. Ids sort by time.
fn begin(
    store: &mut Store,
    submissions: &[Submission],
    options: &BatchOptions,
) -> Result<String, StoreError> {
    let id = uuid::Uuid::now_v7().to_string();
    let paths: Vec<PathBuf> = submissions
        .iter()
        .map(|submission| absolute(&submission.path))
        .collect();
    let items: Vec<NewItem<'_>> = submissions
        .iter()
        .zip(&paths)
        .map(|(submission, path)| NewItem {
            package: &submission.package,
            path,
            hotkey: &submission.hotkey,
        })
        .collect();
    store.begin_run(&NewRun {
        id: &id,
        program_version: env!("CARGO_PKG_VERSION"),
        settings_json: &options.settings_json,
        started_at: Timestamp::now(),
        items: &items,
        origin: &options.origin,
    })?;
    Ok(id)
}

/// The path by which a package is known from run to run.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Results that need not be made again: those that are stored, and those of this batch to come.
struct Results {
    /// A connection for the workers, beside the one that writes.
    stored: Mutex<Store>,
    /// Submission ids of this batch, with the first place in it that is known.
    coming: Mutex<HashMap<String, usize>>,
}

impl Results {
    /// None where everything is to be made anew.
    fn of(store: &Store, options: &BatchOptions) -> Result<Option<Results>, StoreError> {
        if options.force || options.until != Stage::Store {
            return Ok(None);
        }
        Ok(Some(Results {
            stored: Mutex::new(Store::open_read_only(store.path())?),
            coming: Mutex::new(HashMap::new()),
        }))
    }

    /// Whether there is a result, or will be when it is this package's turn.
    fn know(&self, index: usize, known: &Known) -> bool {
        {
            let mut coming = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
            match coming.get_mut(&known.id) {
                Some(first) if *first < index => return true,
                Some(first) => *first = index,
                None => drop(coming.insert(known.id.clone(), index)),
            }
        }
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        // The ordered half looks again, and says what is wrong with the database.
        stored
            .has_reusable(&known.id, &known.package_key)
            .unwrap_or(false)
    }
}

/// What the workers share.
struct Work<'a> {
    evaluator: &'a Evaluator<'a>,
    submissions: &'a [Submission],
    until: Stage,
    results: Option<Results>,
    next: AtomicUsize,
    turnstile: Turnstile,
}

impl Work<'_> {
    /// One worker: takes the next package until there is none, or no more is to be begun.
    fn prepare_all(&self, send: Sender<Message>) {
        while !self.evaluator.cancel.is_cancelled() {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(submission) = self.submissions.get(index) else {
                return;
            };
            // From here on it has to be told what becomes of this one, also when all is to end: later ones may be
            // finished already and wait for it.
            self.turnstile.wait_for(index);
            let began = Instant::now();
            // The receiver is gone only when the batch is over: then nobody wants the message.
            let enter = |stage| drop(send.send(Message::Entered(index, stage)));
            let ready = self.make_ready(index, submission, &enter);
            let seconds = began.elapsed().as_secs_f64();
            if send.send(Message::Ready(index, ready, seconds)).is_err() {
                return;
            }
        }
    }

    fn make_ready(
        &self,
        index: usize,
        submission: &Submission,
        enter: &dyn Fn(Stage),
    ) -> Result<Ready, ItemError> {
        let submitted = match self.evaluator.open(submission, enter)? {
            Ok(submitted) => submitted,
            Err(refused) => return Ok(Ready::Prepared(Prepared::Refused(refused))),
        };
        let results = self.results.as_ref();
        if results.is_some_and(|results| results.know(index, &submitted.known)) {
            return Ok(Ready::Known(submitted.known));
        }
        let until = self.until;
        let task = Task { until, enter };
        let mut prepared = self.evaluator.prepare_until(submission, submitted, task);
        // Waiting for the disk is for the workers, too: the ordered half waits for the database only.
        if let Prepared::Evaluated(evaluated) = &mut prepared
            && until == Stage::Store
            && let Err(error) = evaluated.keep_artifact(self.evaluator.settings)
        {
            return Ok(Ready::Unkept(error));
        }
        Ok(Ready::Prepared(prepared))
    }
}

/// An error with its causes in one line. A cause that the text ends with already is not said twice.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}

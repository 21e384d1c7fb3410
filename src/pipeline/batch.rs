//! Many packages: prepared by several workers at once, concluded and stored one by one in the given order.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

use serde::Serialize;

use crate::store::{NewItem, NewRun, Store, StoreError, Timestamp};

use super::conclusion::Conclusion;
use super::turnstile::Turnstile;
use super::{Evaluator, Event, ItemError, Prepared, Stage, Submission, SubmissionRecord};

/// How many packages each worker may be ahead of the last one stored. Bounds the memory of a batch whose first
/// package is slow, and is enough that the workers never wait for a package of usual length.
const AHEAD_PER_WORKER: usize = 8;

/// Counts by outcome. Every package is in exactly one of `completed`, `failed` and `errors`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Packages given.
    pub total: usize,
    /// Evaluated without an error.
    pub completed: usize,
    /// Evaluated, with an error of the package's own.
    pub failed: usize,
    /// Not evaluated: this machine failed, or the batch was stopped.
    pub errors: usize,
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
    pub(super) fn count(&mut self, record: &SubmissionRecord) {
        match record.error {
            None => self.completed += 1,
            Some(_) => self.failed += 1,
        }
        self.passed += usize::from(record.passed);
        match &record.static_review {
            None => self.refused += 1,
            Some(review) => self.rejected += usize::from(!review.accepted),
        }
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
    Prepared(usize, Result<Prepared, ItemError>),
}

/// Evaluates `submissions` with `jobs` workers and stores each result before it is reported.
///
/// # Errors
/// Where the whole batch cannot go on; a package that cannot be evaluated is counted and the rest goes on.
pub fn run_batch(
    evaluator: &Evaluator<'_>,
    submissions: &[Submission],
    store: &mut Store,
    settings_json: &str,
    jobs: usize,
    listen: &mut Listener<'_>,
) -> Result<Summary, BatchError> {
    super::sweep_workspaces();
    let run_id = begin(store, submissions, settings_json)?;
    listen(Event::Started {
        run_id: &run_id,
        submissions,
    });
    let mut conclusion = Conclusion {
        evaluator,
        submissions,
        store,
        run_id,
        summary: Summary {
            total: submissions.len(),
            ..Summary::default()
        },
        listen,
    };
    let workers = jobs.clamp(1, submissions.len().max(1));
    let turnstile = Turnstile::new(workers * AHEAD_PER_WORKER);
    let next = AtomicUsize::new(0);
    let result = std::thread::scope(|scope| {
        let (send, receive) = channel();
        for _ in 0..workers {
            let send = send.clone();
            scope.spawn(|| prepare_all(evaluator, submissions, &next, &turnstile, send));
        }
        drop(send);
        let result = conclusion.follow(&receive, &turnstile);
        if result.is_err() {
            evaluator.cancel.cancel();
        }
        turnstile.open();
        result
    });
    conclusion.finish(result)
}

/// Stores the run and what it will evaluate. Ids sort by time.
fn begin(
    store: &mut Store,
    submissions: &[Submission],
    settings_json: &str,
) -> Result<String, StoreError> {
    let id = uuid::Uuid::now_v7().to_string();
    let items: Vec<NewItem<'_>> = submissions
        .iter()
        .map(|submission| NewItem {
            package: &submission.package,
            hotkey: &submission.hotkey,
        })
        .collect();
    store.begin_run(&NewRun {
        id: &id,
        program_version: env!("CARGO_PKG_VERSION"),
        settings_json,
        started_at: Timestamp::now(),
        items: &items,
    })?;
    Ok(id)
}

/// One worker: takes the next package until there is none.
fn prepare_all(
    evaluator: &Evaluator<'_>,
    submissions: &[Submission],
    next: &AtomicUsize,
    turnstile: &Turnstile,
    send: Sender<Message>,
) {
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(submission) = submissions.get(index) else {
            return;
        };
        turnstile.wait_for(index);
        if evaluator.cancel.is_cancelled() {
            return;
        }
        // The receiver is gone only when the batch is over: then nobody wants the message.
        let enter = |stage| drop(send.send(Message::Entered(index, stage)));
        let prepared = evaluator.prepare(submission, &enter);
        if send.send(Message::Prepared(index, prepared)).is_err() {
            return;
        }
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

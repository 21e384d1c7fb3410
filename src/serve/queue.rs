//! The workers that take submissions from the queue, in the order of arrival, and evaluate them.
//!
//! What waits stands in the database; a worker holds no more than the one it is at. A worker that is stopped puts it
//! back, and what a killed process was at is put back by the next one. Failures of this machine are tried again a few
//! times and are never held against the submission.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::harness::Cancel;
use crate::pipeline::{
    Evaluator, ItemError, Prepared, SettleError, Submission, SubmissionRecord, chain,
};
use crate::store::{Claimed, Store, StoreError, Timestamp, artifact_path};

use super::log::Log;

/// How often the queue is looked at without being told: another program may have put something there.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How long an idle worker sleeps at most before it looks whether it should stop.
const NAP: Duration = Duration::from_millis(250);

/// Tries of one submission, the first included, before it is given up.
const MOST_TRIES: u32 = 5;

/// Before the second try; twice as long before each further one.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// Tells workers that something waits.
#[derive(Default)]
pub(super) struct Bell {
    rings: Mutex<u64>,
    rung: Condvar,
}

impl Bell {
    pub(super) fn ring(&self) {
        *lock(&self.rings) += 1;
        self.rung.notify_all();
    }

    fn heard(&self) -> u64 {
        *lock(&self.rings)
    }

    /// Waits until it has rung since `heard`, but no longer than until `end` and not when asked to stop.
    fn wait(&self, heard: u64, end: Instant, cancel: &Cancel) {
        let mut rings = lock(&self.rings);
        while *rings == heard && !cancel.is_cancelled() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let woken = self.rung.wait_timeout(rings, left.min(NAP));
            rings = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Submissions that failed through this machine's fault and are to be tried again.
#[derive(Default)]
pub(super) struct Delayed(Mutex<HashMap<String, Delay>>);

struct Delay {
    tries: u32,
    until: Instant,
}

impl Delayed {
    /// Those whose time has not come.
    fn passed_over(&self, now: Instant) -> Vec<String> {
        let delayed = lock(&self.0);
        let early = delayed.iter().filter(|(_, delay)| delay.until > now);
        early.map(|(id, _)| id.clone()).collect()
    }

    /// When the next one's time comes.
    fn next(&self) -> Option<Instant> {
        let now = Instant::now();
        let delayed = lock(&self.0);
        delayed
            .values()
            .map(|delay| delay.until)
            .filter(|until| *until > now)
            .min()
    }

    /// Counts a failure; false if there have been enough.
    fn try_again(&self, id: &str) -> bool {
        let mut delayed = lock(&self.0);
        let delay = delayed.entry(id.to_owned()).or_insert(Delay {
            tries: 0,
            until: Instant::now(),
        });
        delay.tries += 1;
        if delay.tries >= MOST_TRIES {
            delayed.remove(id);
            return false;
        }
        delay.until = Instant::now() + FIRST_DELAY * 2_u32.pow(delay.tries - 1);
        true
    }

    fn forget(&self, id: &str) {
        lock(&self.0).remove(id);
    }
}

/// One worker.
pub(super) struct Worker<'a> {
    pub(super) evaluator: &'a Evaluator<'a>,
    pub(super) store: Store,
    pub(super) bell: &'a Bell,
    pub(super) delayed: &'a Delayed,
    pub(super) log: Log,
    /// One that could not be put back because the database failed.
    pub(super) stuck: Option<String>,
}

/// What became of one evaluation.
enum Ending {
    Done(Box<SubmissionRecord>),
    /// This program is being stopped.
    Stopped,
    /// This machine failed, and may not the next time.
    Again(String),
    /// This machine failed, and will again.
    Never(String),
}

impl Worker<'_> {
    /// Evaluates one submission after the other until asked to stop.
    pub(super) fn work(mut self) {
        let mut unlucky = 0;
        while !self.evaluator.cancel.is_cancelled() {
            let heard = self.bell.heard();
            let passed_over = self.delayed.passed_over(Instant::now());
            match self.next(&passed_over) {
                Ok(true) => unlucky = 0,
                Ok(false) => self.sleep(heard, LOOK_AGAIN),
                Err(error) => {
                    self.log.complain(&chain(&error));
                    unlucky = (unlucky + 1).min(5);
                    self.sleep(self.bell.heard(), FIRST_DELAY * 2_u32.pow(unlucky));
                }
            }
        }
    }

    /// Evaluates the next one; false if nothing waits.
    fn next(&mut self, passed_over: &[String]) -> Result<bool, StoreError> {
        if let Some(id) = &self.stuck {
            self.store.put_back(id)?;
            self.stuck = None;
        }
        let Some(claimed) = self.store.claim(passed_over, Timestamp::now())? else {
            return Ok(false);
        };
        let left = self.evaluate(&claimed);
        if left.is_err() {
            self.stuck = Some(claimed.id);
        }
        left.map(|()| true)
    }

    fn sleep(&self, heard: u64, longest: Duration) {
        let end = Instant::now() + longest;
        let end = self.delayed.next().map_or(end, |next| end.min(next));
        self.bell.wait(heard, end, &self.evaluator.cancel);
    }

    /// Evaluates one, and leaves the database in order whatever happens.
    fn evaluate(&mut self, claimed: &Claimed) -> Result<(), StoreError> {
        let begun = Instant::now();
        let id = &claimed.id;
        let attempt = catch_unwind(AssertUnwindSafe(|| self.attempt(claimed)));
        let ending = attempt.unwrap_or_else(|_| Ending::Never("this program failed".to_owned()));
        let seconds = begun.elapsed().as_secs_f64();
        match ending {
            Ending::Done(record) => {
                self.delayed.forget(id);
                for unanswered in record.unanswered() {
                    self.log.say(&unanswered);
                }
                let (status, score) = (record.status.name(), record.score);
                self.log.say(&format!(
                    "evaluated {id}: {status}, score {score:.4}, in {seconds:.2} s"
                ));
            }
            Ending::Stopped => {
                self.store.put_back(id)?;
                self.log.say(&format!(
                    "put {id} back: it is evaluated after the next start"
                ));
            }
            Ending::Again(why) if self.delayed.try_again(id) => {
                self.store.put_back(id)?;
                self.log
                    .complain(&format!("cannot evaluate {id}, will try again: {why}"));
            }
            Ending::Again(why) | Ending::Never(why) => {
                self.store.give_up(id, &why, Timestamp::now())?;
                self.log.complain(&format!("cannot evaluate {id}: {why}"));
            }
        }
        Ok(())
    }

    fn attempt(&mut self, claimed: &Claimed) -> Ending {
        let evaluator = self.evaluator;
        let submission = Submission {
            path: artifact_path(&evaluator.settings.artifact_root, &claimed.id),
            package: claimed.id.clone(),
            hotkey: claimed.hotkey.clone(),
        };
        let evaluated = match evaluator.prepare(&submission, &|_| {}) {
            Ok(Prepared::Evaluated(evaluated)) => evaluated,
            // It was checked when it came, so the limits have changed since.
            Ok(Prepared::Refused(refused)) => return Ending::Never(refused.to_string()),
            Ok(Prepared::Unfinished(unfinished)) if unfinished.error.interrupted() => {
                return Ending::Stopped;
            }
            Ok(Prepared::Unfinished(unfinished)) => return Ending::Again(chain(&unfinished.error)),
            Err(error) => return Ending::Never(chain(&error)),
        };
        if evaluated.id != claimed.id {
            return Ending::Never("the kept package is not the one that was sent".to_owned());
        }
        match evaluator.settle(&mut self.store, &submission, &evaluated, &claimed.filename) {
            Ok(record) => Ending::Done(Box::new(record)),
            Err(SettleError::Item(error)) if error.interrupted() => Ending::Stopped,
            // A model that does not answer now may later.
            Err(SettleError::Item(error @ ItemError::LanguageModel { .. })) => {
                Ending::Again(chain(&error))
            }
            Err(SettleError::Item(error)) => Ending::Never(chain(&error)),
            Err(SettleError::Store(error)) => Ending::Again(chain(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_tried_again_a_few_times_and_then_given_up() {
        let delayed = Delayed::default();
        for _ in 1..MOST_TRIES {
            assert!(delayed.try_again("a"));
            assert_eq!(delayed.passed_over(Instant::now()), ["a"]);
        }
        assert!(delayed.next().is_some());
        assert!(!delayed.try_again("a"));
        assert_eq!(delayed.passed_over(Instant::now()), [""; 0]);
        assert!(delayed.try_again("a"), "a new submission of it begins anew");
    }

    #[test]
    fn a_ring_before_the_wait_is_not_missed() {
        let bell = Bell::default();
        let heard = bell.heard();
        bell.ring();
        let far = Instant::now() + Duration::from_secs(3600);
        bell.wait(heard, far, &Cancel::default());
        let cancel = Cancel::default();
        cancel.cancel();
        bell.wait(bell.heard(), far, &cancel);
    }
}

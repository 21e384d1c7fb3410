//! What is known of a batch under way, and what follows for the rest of it.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::pipeline::{Kept, RecordStatus, Stage, SubmissionRecord};
use crate::report::escape;

/// Longest name kept of a running package.
const NAME_CHARACTERS: usize = 200;

/// Packages whose ends tell the rate: enough to be steady, few enough that packages which took no time (their results
/// were there already) are soon forgotten.
const RECENT: usize = 200;

/// A batch under way.
#[derive(Debug)]
pub(super) struct State {
    began: Instant,
    counts: Counts,
    /// Packages that workers are done with; a few of them wait for their turn.
    prepared: usize,
    recent: VecDeque<Ended>,
    /// When the first of the recent ones could have begun.
    recent_since: Instant,
    plan: Plan,
    running: BTreeMap<usize, Running>,
    /// Work on packages that wait for their turn.
    waiting: BTreeMap<usize, Duration>,
}

/// What is known of the work beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Packages given.
    pub total: usize,
    /// Packages at once.
    pub jobs: usize,
    /// No harness runs for longer.
    pub limit: Duration,
}

/// A package that workers are done with.
#[derive(Debug, Clone, Copy)]
struct Ended {
    at: Instant,
    worked: Duration,
}

/// Packages by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) total: usize,
    /// With a result, or known to get none.
    pub(super) done: usize,
    pub(super) passed: usize,
    pub(super) below: usize,
    /// Failed for a reason of their own.
    pub(super) failed: usize,
    /// Stopped where they were to stop.
    pub(super) stopped: usize,
    /// Not evaluated.
    pub(super) errors: usize,
    /// Of the done: with an earlier result.
    pub(super) reused: usize,
}

/// A package that is being worked on.
#[derive(Debug, Clone)]
pub(super) struct Running {
    /// Escaped, not too long.
    pub(super) name: String,
    pub(super) stage: Stage,
    /// Work before it waited for its turn.
    before: Duration,
    since: Instant,
}

/// How fast it goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pace {
    /// Packages per second, lately.
    pub(super) rate: f64,
    /// Until the last package; none where everything is done but the last few are being stored.
    pub(super) left: Option<Duration>,
}

impl Running {
    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        self.before + now.saturating_duration_since(self.since)
    }
}

impl State {
    pub(super) fn new(plan: Plan, now: Instant) -> State {
        State {
            began: now,
            plan,
            counts: Counts {
                total: plan.total,
                ..Counts::default()
            },
            prepared: 0,
            recent: VecDeque::new(),
            recent_since: now,
            running: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    pub(super) fn total(&self) -> usize {
        self.counts.total
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.began)
    }

    /// What is being worked on, in the given order.
    pub(super) fn running(&self) -> impl Iterator<Item = &Running> {
        self.running.values()
    }

    pub(super) fn enter(&mut self, index: usize, package: &str, stage: Stage, now: Instant) {
        if let Some(running) = self.running.get_mut(&index) {
            running.stage = stage;
            return;
        }
        let running = Running {
            name: escape::short(package, NAME_CHARACTERS),
            stage,
            before: self.waiting.remove(&index).unwrap_or_default(),
            since: now,
        };
        self.running.insert(index, running);
    }

    pub(super) fn prepared(&mut self, index: usize, now: Instant) {
        self.prepared += 1;
        let running = self.running.remove(&index);
        let worked = running
            .map(|running| running.elapsed(now))
            .unwrap_or_default();
        self.waiting.insert(index, worked);
        self.recent.push_back(Ended { at: now, worked });
        if self.recent.len() > RECENT
            && let Some(first) = self.recent.pop_front()
        {
            self.recent_since = first.at;
        }
    }

    pub(super) fn finished(&mut self, index: usize, record: &SubmissionRecord, kept: Kept) {
        let counts = &mut self.counts;
        match (record.status, record.passed) {
            (RecordStatus::Failed, _) => counts.failed += 1,
            (RecordStatus::Pending, _) => counts.stopped += 1,
            (RecordStatus::Completed, true) => counts.passed += 1,
            (RecordStatus::Completed, false) => counts.below += 1,
        }
        counts.reused += usize::from(kept == Kept::Reused);
        counts.done += 1;
        self.forget(index);
    }

    pub(super) fn failed(&mut self, index: usize) {
        self.counts.errors += 1;
        self.counts.done += 1;
        self.forget(index);
    }

    /// Work on it was broken off.
    pub(super) fn interrupted(&mut self, index: usize) {
        self.forget(index);
    }

    fn forget(&mut self, index: usize) {
        self.waiting.remove(&index);
        self.running.remove(&index);
    }

    /// None before the first package is done: nothing is known then. The longer nothing is done, the lower the rate.
    pub(super) fn pace(&self, now: Instant) -> Option<Pace> {
        if self.recent.is_empty() {
            return None;
        }
        let span = now
            .saturating_duration_since(self.recent_since)
            .as_secs_f64();
        let rate = self.recent.len() as f64 / span.max(1e-3);
        Some(Pace {
            rate,
            left: self.left(rate, now),
        })
    }

    /// As long as what is left would take at this rate, and no shorter than what is known of packages says: those that
    /// run already may be the long ones, of which few are done.
    fn left(&self, rate: f64, now: Instant) -> Option<Duration> {
        let left = self.counts.total.saturating_sub(self.prepared);
        if left == 0 {
            return None;
        }
        let rests = self
            .running()
            .map(|running| self.rest(running.elapsed(now)));
        let (sum, longest) = rests.fold((0.0, 0.0), |(sum, longest): (f64, f64), rest| {
            (sum + rest, longest.max(rest))
        });
        let not_begun = left.saturating_sub(self.running.len()) as f64;
        let work = sum + not_begun * self.rest(Duration::ZERO);
        let seconds = (left as f64 / rate)
            .max(work / self.plan.jobs.max(1) as f64)
            .max(longest);
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// How many more seconds a package takes that has taken so long: on average what those took that took longer. None
    /// has? Then as long again, but not beyond the limit.
    fn rest(&self, elapsed: Duration) -> f64 {
        let longer = self.recent.iter().map(|ended| ended.worked);
        let longer = longer.filter(|worked| *worked > elapsed);
        let (count, sum) = longer.fold((0u32, Duration::ZERO), |(count, sum), worked| {
            (count + 1, sum + (worked - elapsed))
        });
        match sum.checked_div(count) {
            Some(mean) => mean.as_secs_f64(),
            None => elapsed
                .min(self.plan.limit.saturating_sub(elapsed))
                .as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(total: usize) -> Plan {
        Plan {
            total,
            jobs: 2,
            limit: Duration::from_secs(100),
        }
    }

    fn after(now: Instant, seconds: u64) -> Instant {
        now + Duration::from_secs(seconds)
    }

    #[test]
    fn nothing_is_said_of_the_pace_before_something_is_done() {
        let now = Instant::now();
        assert_eq!(State::new(plan(5), now).pace(after(now, 9)), None);
    }

    #[test]
    fn time_left_follows_from_the_rate() {
        let now = Instant::now();
        let mut state = State::new(plan(10), now);
        for index in 0..4 {
            state.prepared(index, after(now, 2));
        }
        let pace = state.pace(after(now, 2)).unwrap();
        assert_eq!(pace.rate, 2.0);
        assert_eq!(pace.left, Some(Duration::from_secs(3)));
        // Nothing happens: what was promised is no longer true.
        let later = state.pace(after(now, 8)).unwrap();
        assert_eq!(later.left, Some(Duration::from_secs(12)));
    }

    #[test]
    fn packages_that_run_for_long_are_not_promised_to_end_at_once() {
        let now = Instant::now();
        let mut state = State::new(plan(101), now);
        for index in 0..100 {
            state.prepared(index, after(now, 1));
        }
        state.enter(100, "slow.zip", Stage::Execute, now);
        let left = |seconds| {
            state
                .pace(after(now, seconds))
                .unwrap()
                .left
                .unwrap()
                .as_secs()
        };
        // Nothing is known of such long ones: as long again, and then the limit ends it.
        assert_eq!([left(10), left(40), left(70), left(95)], [10, 40, 30, 5]);
    }

    #[test]
    fn packages_are_expected_to_take_what_others_took() {
        let now = Instant::now();
        let mut state = State::new(plan(4), now);
        for index in 0..4 {
            state.enter(
                index,
                "a.zip",
                Stage::Execute,
                after(now, 20 * (index as u64 / 2)),
            );
        }
        state.prepared(0, after(now, 20));
        state.prepared(1, after(now, 20));
        // The rate alone would promise 20 s all along.
        assert_eq!(
            state.pace(after(now, 20)).unwrap().left,
            Some(Duration::from_secs(20))
        );
        let left = state.pace(after(now, 35)).unwrap().left;
        assert_eq!(left, Some(Duration::from_secs(35)), "at the rate so far");
    }

    #[test]
    fn what_took_no_time_is_forgotten() {
        let now = Instant::now();
        let mut state = State::new(plan(10_000), now);
        for index in 0..5000 {
            state.prepared(index, now);
        }
        for index in 0..RECENT {
            state.prepared(5000 + index, after(now, 1 + index as u64));
        }
        let pace = state.pace(after(now, RECENT as u64)).unwrap();
        assert!((0.99..=1.01).contains(&pace.rate), "{pace:?}");
    }

    #[test]
    fn nothing_is_left_when_only_storing_is() {
        let now = Instant::now();
        let mut state = State::new(plan(1), now);
        state.prepared(0, after(now, 1));
        assert_eq!(state.pace(after(now, 2)).unwrap().left, None);
    }

    #[test]
    fn waiting_for_a_turn_is_no_work() {
        let now = Instant::now();
        let mut state = State::new(plan(1), now);
        state.enter(0, "a.zip", Stage::Validate, now);
        state.enter(0, "a.zip", Stage::Execute, after(now, 1));
        assert_eq!(
            state
                .running()
                .next()
                .unwrap()
                .elapsed(after(now, 2))
                .as_secs(),
            2
        );
        state.prepared(0, after(now, 3));
        assert_eq!(state.running().count(), 0);
        state.enter(0, "a.zip", Stage::Similarity, after(now, 60));
        let elapsed = state.running().next().unwrap().elapsed(after(now, 61));
        assert_eq!(elapsed.as_secs(), 4);
        state.failed(0);
        assert_eq!((state.counts().done, state.running().count()), (1, 0));
    }

    #[test]
    fn a_running_package_keeps_no_hostile_name() {
        let now = Instant::now();
        let mut state = State::new(plan(1), now);
        state.enter(
            0,
            &format!("a\u{1b}[2J{}", "x".repeat(1 << 20)),
            Stage::Review,
            now,
        );
        let name = &state.running().next().unwrap().name;
        assert!(name.starts_with("a\\x1b[2Jx"));
        assert_eq!(name.chars().count(), NAME_CHARACTERS);
    }
}

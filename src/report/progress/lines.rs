//! A plain line every few seconds, for logs.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::report::time::duration;

use super::Shared;
use super::state::State;
use super::ticker::Ticker;

/// A package that has run for so long is named.
const LONG: Duration = Duration::from_secs(10);

pub(super) fn start(state: Shared, every: Duration) -> Ticker {
    Ticker::start(every, move || {
        let line = line(&state.lock(), Instant::now());
        let _ = writeln!(io::stderr(), "{line}");
    })
}

fn line(state: &State, now: Instant) -> String {
    let counts = state.counts();
    let mut text = format!(
        "{}/{} packages, {} passed",
        counts.done, counts.total, counts.passed
    );
    for (number, what) in [
        (counts.below, "below the bar"),
        (counts.failed, "failed"),
        (counts.stopped, "stopped on their way"),
        (counts.errors, "not evaluated"),
        (counts.reused, "reused"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    if let Some(pace) = state.pace(now) {
        text.push_str(&format!(", {:.1}/s", pace.rate));
        if let Some(left) = pace.left {
            text.push_str(&format!(", about {} left", duration(left)));
        }
    }
    let longest = state.running().max_by_key(|running| running.elapsed(now));
    if let Some(running) = longest.filter(|running| running.elapsed(now) >= LONG) {
        let (stage, elapsed) = (running.stage.name(), duration(running.elapsed(now)));
        text.push_str(&format!(
            "; longest: {} in {stage}, {elapsed}",
            running.name
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Kept, Stage, SubmissionRecord};
    use crate::report::Plan;

    #[test]
    fn a_line_says_how_far_it_is_and_what_takes_long() {
        let now = Instant::now();
        let limit = Duration::from_secs(300);
        let plan = Plan {
            total: 40,
            jobs: 2,
            limit,
        };
        let mut state = State::new(plan, now);
        let after = |seconds| now + Duration::from_secs(seconds);
        assert_eq!(line(&state, after(1)), "0/40 packages, 0 passed");
        state.enter(0, "slow.zip", Stage::Validate, now);
        state.enter(0, "slow.zip", Stage::Execute, now);
        state.prepared(1, after(9));
        let record = SubmissionRecord::refused("5F", "a.zip", "a.zip", "empty".into());
        state.finished(1, &record, Kept::Stored);
        assert_eq!(
            line(&state, after(10)),
            "1/40 packages, 0 passed, 1 failed, 0.1/s, about 6 min 30 s left; longest: slow.zip in execute, 10 s"
        );
    }
}

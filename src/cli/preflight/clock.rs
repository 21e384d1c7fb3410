//! The clocks. Times are stored in UTC, so the time zone does not matter.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::store::{Store, Timestamp};

use super::super::context::Context;
use super::{Check, Verdict};

const NAME: &str = "clock";
/// 2025-01-01: this program is younger than that.
const EARLIEST: i64 = 1_735_689_600;
/// 2100-01-01.
const LATEST: i64 = 4_102_444_800;
/// What the two clocks may drift apart while one second is measured, in nanoseconds: far more than any correction that
/// a clock is kept right with.
const MOST_DRIFT: u128 = 500_000_000;
/// How long they are watched.
const WATCHED: Duration = Duration::from_millis(20);
/// What another machine's clock may be ahead of ours.
const AHEAD_SECONDS: i64 = 60;

/// Whether the time can be right: the year, the pace, and what is stored already.
pub(super) fn check(context: &Context) -> Check {
    let path = &context.settings.database;
    let newest = Store::open_read_only(path).and_then(|store| store.submissions(1));
    let newest = newest.ok().and_then(|rows| rows.into_iter().next());
    let newest = newest.and_then(|row| Timestamp::parse(&row.created_at));
    judged(now(), newest, drift())
}

/// Unlike [`Timestamp::now`], with the sign of a clock before 1970.
fn now() -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => seconds(since),
        Err(before) => -seconds(before.duration()),
    }
}

/// Nanoseconds by which the clock on the wall and the steady one went differently for a moment.
fn drift() -> u128 {
    let (wall, steady) = (SystemTime::now(), Instant::now());
    thread::sleep(WATCHED);
    let steady = steady.elapsed();
    match wall.elapsed() {
        Ok(wall) => wall.abs_diff(steady).as_nanos(),
        Err(back) => (back.duration() + steady).as_nanos(),
    }
}

fn judged(now: i64, newest: Option<Timestamp>, drift: u128) -> Check {
    let shown = Timestamp::from_unix_micros(now.saturating_mul(1_000_000));
    let detail = format!(
        "{} UTC",
        shown.to_string().split('.').next().unwrap_or_default()
    );
    if !(EARLIEST..LATEST).contains(&now) {
        return Check::new(NAME, Verdict::Fail, format!("{detail} cannot be right")).hint(
            "set the clock: results are stored with its time, and weights carry it as their epoch",
        );
    }
    if drift > MOST_DRIFT {
        return Check::new(NAME, Verdict::Warn, format!("{detail}, and it jumps"))
            .hint("see what sets it; times that were measured may be wrong");
    }
    match newest.map(Timestamp::unix_seconds) {
        Some(newest) if newest > now.saturating_add(AHEAD_SECONDS) => {
            let ahead = newest - now;
            Check::new(
                NAME,
                Verdict::Warn,
                format!("{detail}, and the newest submission came {ahead} s later"),
            )
            .hint("either this clock is behind, or the one that stored it was ahead")
        }
        _ => Check::new(NAME, Verdict::Ok, detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn a_clock_that_cannot_be_right_fails() {
        for now in [i64::MIN, -1, 0, EARLIEST - 1, LATEST, i64::MAX] {
            assert_eq!(judged(now, None, 0).verdict, Verdict::Fail, "{now}");
        }
        let right = judged(NOW, None, 0);
        assert_eq!(
            (right.verdict, right.detail.as_str()),
            (Verdict::Ok, "2027-01-15 08:00:00 UTC")
        );
    }

    #[test]
    fn a_clock_that_jumps_or_lags_is_warned_of() {
        assert_eq!(judged(NOW, None, MOST_DRIFT + 1).verdict, Verdict::Warn);
        let stored = |seconds: i64| Some(Timestamp::from_unix_micros(seconds * 1_000_000));
        assert_eq!(judged(NOW, stored(NOW + 60), 0).verdict, Verdict::Ok);
        assert_eq!(judged(NOW, stored(NOW + 61), 0).verdict, Verdict::Warn);
    }
}

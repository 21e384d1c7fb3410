//! What is running and how far all is, redrawn in place.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::report::Paint;
use crate::report::time::duration;

use super::Shared;
use super::state::{Counts, Running, State};

/// A short job shows nothing: a bar that flashes up tells nobody anything.
const BAR_AFTER: Duration = Duration::from_secs(1);

/// How often the clock moves on.
const TICK: Duration = Duration::from_millis(250);

/// Most packages shown.
const MOST_RUNNING: usize = 16;

/// Columns of the bar itself.
const BAR_COLUMNS: usize = 20;

/// A terminal that does not know its size.
const USUAL_SIZE: (usize, usize) = (80, 24);

/// Columns and rows to draw in.
type Size = (usize, usize);

/// The lines on the terminal.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new(state: Shared, color: bool) -> Bar {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let draw = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let now = Instant::now();
            let _ = out.write_str(&text(&state.lock(), now, size(), color));
        };
        // The library keeps lines apart and takes them away again; what stands in them is ours.
        if let Ok(style) = ProgressStyle::with_template("{lines}") {
            bar.set_style(style.with_key("lines", draw));
        }
        bar.enable_steady_tick(TICK);
        Bar(bar)
    }

    pub(super) fn clear(&self) {
        self.0.finish_and_clear();
    }

    pub(super) fn suspend<R>(&self, write: impl FnOnce() -> R) -> R {
        self.0.suspend(write)
    }
}

/// Asked each time, because windows change.
fn size() -> Size {
    match rustix::termios::tcgetwinsize(std::io::stderr()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => USUAL_SIZE,
    }
}

/// All lines, none of which wraps; nothing in the first moment.
fn text(state: &State, now: Instant, (columns, rows): Size, color: bool) -> String {
    if state.elapsed(now) < BAR_AFTER {
        return String::new();
    }
    // A line that fills the last column is continued in the next by some terminals.
    let columns = columns.saturating_sub(1);
    let mut text = totals(state, now, columns, color);
    let most = MOST_RUNNING.min(rows.saturating_sub(3));
    let running = state.running().count();
    for package in state.running().take(most) {
        let _ = write!(text, "\n{}", package_line(package, now, columns, color));
    }
    if running > most && most > 0 {
        let more = format!("  and {} more", running - most);
        let _ = write!(
            text,
            "\n{}",
            Paint::Faint.text(&end_of(&more, columns), color)
        );
    }
    text
}

/// What is said of the whole, as much of it as fits.
fn totals(state: &State, now: Instant, columns: usize, color: bool) -> String {
    let counts = state.counts();
    let pace = state.pace(now);
    let left = pace.and_then(|pace| pace.left);
    // What is dropped first where there is little room has the highest number.
    let mut parts = vec![(
        0,
        Paint::Strong,
        format!("{}/{}", counts.done, counts.total),
    )];
    parts.push((2, Paint::Good, format!("{} passed", counts.passed)));
    for (rank, paint, number, what) in [
        (4, Paint::Warning, counts.below, "below the bar"),
        (2, Paint::Bad, counts.failed, "failed"),
        (2, Paint::Plain, counts.stopped, "stopped on their way"),
        (1, Paint::Bad, counts.errors, "not evaluated"),
        (4, Paint::Faint, counts.reused, "reused"),
    ] {
        if number > 0 {
            parts.push((rank, paint, format!("{number} {what}")));
        }
    }
    if let Some(pace) = pace {
        parts.push((3, Paint::Plain, format!("{:.1}/s", pace.rate)));
    }
    let left = left.map(|left| format!("about {} left", duration(left)));
    parts.extend(left.map(|left| (1, Paint::Plain, left)));
    parts.push((5, Paint::Plain, bar(counts)));
    let width = |parts: &[(u8, Paint, String)]| -> usize {
        parts
            .iter()
            .map(|(_, _, text)| text.width() + 2)
            .sum::<usize>()
            .saturating_sub(2)
    };
    while width(&parts) > columns && parts.len() > 1 {
        let drop = parts.iter().map(|(rank, ..)| *rank).max().unwrap_or(0);
        parts.retain(|(rank, ..)| *rank != drop || *rank == 0);
    }
    // The bar is looked at first, though it is the least.
    parts.sort_by_key(|(rank, ..)| *rank != 5);
    let shown: Vec<String> = parts
        .iter()
        .map(|(_, paint, text)| paint.text(text, color))
        .collect();
    shown.join("  ")
}

fn bar(counts: Counts) -> String {
    let full = counts.done * BAR_COLUMNS / counts.total.max(1);
    let full = full.min(BAR_COLUMNS);
    format!("{}{}", "█".repeat(full), "░".repeat(BAR_COLUMNS - full))
}

fn package_line(package: &Running, now: Instant, columns: usize, color: bool) -> String {
    let stage = format!("  {:<10}", package.stage.name());
    let elapsed = format!(" {:>11}  ", duration(package.elapsed(now)));
    let room = columns.saturating_sub(stage.width() + elapsed.width());
    if room < 8 {
        return end_of(&package.name, columns);
    }
    let name = end_of(&package.name, room);
    format!("{stage}{}{name}", Paint::Faint.text(&elapsed, color))
}

/// The end of a name, which tells packages apart, in so many columns.
fn end_of(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut used = 1;
    let kept = text.char_indices().rev().take_while(|(_, character)| {
        used += character.width().unwrap_or(0);
        used <= columns
    });
    let start = kept.last().map_or(text.len(), |(place, _)| place);
    format!("…{}", text.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Kept, Stage, SubmissionRecord};
    use crate::report::Plan;

    fn state(now: Instant, running: usize) -> State {
        let limit = Duration::from_secs(300);
        let plan = Plan {
            total: 2000,
            jobs: 2,
            limit,
        };
        let mut state = State::new(plan, now);
        for index in 0..running {
            state.enter(
                index,
                &format!("archive/日本語/{index:04}.zip"),
                Stage::Execute,
                now,
            );
        }
        let record = SubmissionRecord::refused("5F", "a.zip", "a.zip", "empty".into());
        for index in running..running + 20 {
            state.prepared(index, now + Duration::from_secs(10));
            state.finished(index, &record, Kept::Stored);
        }
        state
    }

    #[test]
    fn a_wide_terminal_sees_everything() {
        let now = Instant::now();
        let shown = text(
            &state(now, 2),
            now + Duration::from_secs(10),
            (100, 24),
            false,
        );
        let expected = "░░░░░░░░░░░░░░░░░░░░  20/2000  0 passed  20 failed  2.0/s  about 16 min 30 s left\n  \
                        execute           10 s  archive/日本語/0000.zip\n  \
                        execute           10 s  archive/日本語/0001.zip";
        assert_eq!(shown, expected);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let now = Instant::now();
        let state = state(now, 40);
        for columns in 1..120 {
            for rows in [1, 3, 5, 24, 200] {
                let shown = text(
                    &state,
                    now + Duration::from_secs(10),
                    (columns, rows),
                    false,
                );
                let lines = shown.lines().count();
                assert!(lines <= rows.max(1), "{lines} lines of {rows}");
                for line in shown.lines().skip(1) {
                    assert!(line.width() < columns.max(2), "{columns}: {line}");
                }
            }
        }
    }

    #[test]
    fn little_room_is_kept_for_what_matters_most() {
        let now = Instant::now();
        let first = |columns| {
            let shown = text(
                &state(now, 1),
                now + Duration::from_secs(10),
                (columns, 24),
                false,
            );
            shown.lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(
            first(59),
            "20/2000  0 passed  20 failed  about 16 min 30 s left"
        );
        assert_eq!(first(40), "20/2000  about 16 min 30 s left");
        assert_eq!(first(12), "20/2000");
    }

    #[test]
    fn more_packages_than_rows_are_counted() {
        let now = Instant::now();
        let shown = text(
            &state(now, 40),
            now + Duration::from_secs(10),
            (80, 10),
            false,
        );
        assert_eq!(shown.lines().count(), 9);
        assert!(shown.ends_with("\n  and 33 more"), "{shown}");
    }

    #[test]
    fn a_short_job_shows_nothing() {
        let now = Instant::now();
        assert_eq!(text(&state(now, 2), now, (80, 24), false), "");
    }

    #[test]
    fn the_end_of_a_name_is_kept() {
        assert_eq!(end_of("archive/0001.zip", 9), "…0001.zip");
        assert_eq!(end_of("日本語", 4), "…語");
        assert_eq!(end_of("abc", 3), "abc");
        assert_eq!(end_of("abc", 0), "…");
    }
}

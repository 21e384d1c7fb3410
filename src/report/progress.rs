//! Progress of a batch on standard error: a bar on a terminal, a line every few seconds elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::display::ProgressMode;

/// A short job shows nothing: a bar that flashes up tells nobody anything.
const BAR_AFTER: Duration = Duration::from_secs(1);

/// How often a plain line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Counts finished packages and shows how far the batch is.
pub struct Progress {
    mode: ProgressMode,
    bar: ProgressBar,
    started: Instant,
    last_line: Instant,
    total: usize,
    done: usize,
    failed: usize,
}

impl Progress {
    /// Progress towards `total` packages.
    pub fn new(mode: ProgressMode, total: usize) -> Progress {
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::hidden());
        let template = "{bar:24} {pos}/{len} packages, {msg}{per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let now = Instant::now();
        Progress {
            mode,
            bar,
            started: now,
            last_line: now,
            total,
            done: 0,
            failed: 0,
        }
    }

    /// One more package is finished.
    pub fn advance(&mut self, failed: bool) {
        self.done += 1;
        self.failed += usize::from(failed);
        match self.mode {
            ProgressMode::Silent => {}
            ProgressMode::Bar => self.advance_bar(),
            ProgressMode::Lines if self.last_line.elapsed() >= LINE_EVERY => {
                self.last_line = Instant::now();
                eprintln!("{}", self.line());
            }
            ProgressMode::Lines => {}
        }
    }

    /// Takes the bar away so that something else can be written.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Writes to standard output or error without tearing the bar.
    pub fn suspend<R>(&self, write: impl FnOnce() -> R) -> R {
        self.bar.suspend(write)
    }

    fn advance_bar(&mut self) {
        if self.bar.is_hidden() && self.started.elapsed() >= BAR_AFTER {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        if self.failed > 0 {
            self.bar.set_message(format!("{} failed, ", self.failed));
        }
        self.bar.set_position(self.done as u64);
    }

    fn line(&self) -> String {
        let rate = self.done as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
        let left = (self.total - self.done.min(self.total)) as f64 / rate.max(1e-9);
        format!(
            "{}/{} packages, {} failed, {rate:.1}/s, {left:.0} s left",
            self.done, self.total, self.failed
        )
    }
}

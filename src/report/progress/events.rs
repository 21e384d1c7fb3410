//! Events as JSON lines. The shapes are described in `docs/formats.md`; fields are added, never renamed.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::pipeline::{ItemError, Kept, Stage, SubmissionRecord, Summary, chain};
use crate::report::SCHEMA_VERSION;

use super::Shared;
use super::state::{Counts, State};
use super::ticker::Ticker;

/// How much a message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Only with `-v`.
    Detail,
    /// Good to know.
    Info,
    /// The work goes on, but not quite as asked.
    Warning,
    /// Something failed.
    Error,
}

#[derive(Serialize)]
struct Line<'a> {
    schema_version: u32,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum What<'a> {
    Started {
        run_id: &'a str,
        total: usize,
    },
    Stage {
        index: usize,
        package: &'a str,
        stage: &'static str,
        elapsed_seconds: f64,
    },
    Finished {
        index: usize,
        package: &'a str,
        hotkey: &'a str,
        id: Option<&'a str>,
        status: &'static str,
        score: f64,
        passed: bool,
        error: Option<&'a str>,
        kept: &'static str,
        seconds: f64,
        done: usize,
        total: usize,
        elapsed_seconds: f64,
    },
    Failed {
        index: usize,
        package: &'a str,
        stage: &'static str,
        message: String,
        hint: Option<String>,
        seconds: f64,
        done: usize,
        total: usize,
        elapsed_seconds: f64,
    },
    Progress {
        done: usize,
        total: usize,
        passed: usize,
        below: usize,
        failed: usize,
        stopped: usize,
        errors: usize,
        reused: usize,
        running: usize,
        rate: Option<f64>,
        seconds_left: Option<f64>,
        elapsed_seconds: f64,
    },
    Ended {
        summary: Option<&'a Summary>,
        elapsed_seconds: f64,
    },
    Message {
        level: Level,
        text: &'a str,
        hint: Option<&'a str>,
    },
}

/// Writes events as they come, and `progress` every so often.
pub(super) struct Events {
    state: Shared,
    _ticker: Ticker,
}

/// Talk that is no event of a batch, as a line without its end.
pub fn message_line(level: Level, text: &str, hint: Option<&str>) -> String {
    line(What::Message { level, text, hint })
}

fn line(what: What<'_>) -> String {
    let line = Line {
        schema_version: SCHEMA_VERSION,
        what,
    };
    // Numbers that are not finite become null, and all keys are text.
    serde_json::to_string(&line).unwrap_or_default()
}

/// In one write, so that lines of two threads do not mix.
fn write(what: What<'_>) {
    let mut line = line(what);
    line.push('\n');
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Thousandths are as fine as anything here is measured.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

impl Events {
    pub(super) fn new(state: Shared, every: Duration) -> Events {
        let seen = state.clone();
        let ticker = Ticker::start(every, move || write(progress(&seen.lock(), Instant::now())));
        Events {
            state,
            _ticker: ticker,
        }
    }

    pub(super) fn started(&self, run_id: &str, total: usize) {
        write(What::Started { run_id, total });
    }

    pub(super) fn stage(&self, index: usize, package: &str, stage: Stage) {
        let (_, elapsed_seconds) = self.now();
        let stage = stage.name();
        write(What::Stage {
            index,
            package,
            stage,
            elapsed_seconds,
        });
    }

    pub(super) fn finished(
        &self,
        index: usize,
        record: &SubmissionRecord,
        kept: Kept,
        seconds: f64,
    ) {
        let (Counts { done, total, .. }, elapsed_seconds) = self.now();
        write(What::Finished {
            index,
            package: &record.package,
            hotkey: &record.hotkey,
            id: record.id.as_deref(),
            status: record.status.name(),
            score: record.score,
            passed: record.passed,
            error: record.error.as_deref(),
            kept: match kept {
                Kept::Stored => "stored",
                Kept::Reused => "reused",
                Kept::Nowhere => "nowhere",
            },
            seconds: rounded(seconds),
            done,
            total,
            elapsed_seconds,
        });
    }

    pub(super) fn failed(&self, index: usize, package: &str, error: &ItemError, seconds: f64) {
        let (Counts { done, total, .. }, elapsed_seconds) = self.now();
        write(What::Failed {
            index,
            package,
            stage: error.stage().name(),
            message: chain(error),
            hint: error.hint(),
            seconds: rounded(seconds),
            done,
            total,
            elapsed_seconds,
        });
    }

    pub(super) fn ended(&self, summary: Option<&Summary>) {
        let (_, elapsed_seconds) = self.now();
        write(What::Ended {
            summary,
            elapsed_seconds,
        });
    }

    fn now(&self) -> (Counts, f64) {
        let state = self.state.lock();
        (
            state.counts(),
            rounded(state.elapsed(Instant::now()).as_secs_f64()),
        )
    }
}

fn progress(state: &State, now: Instant) -> What<'static> {
    let Counts {
        total,
        done,
        passed,
        below,
        failed,
        stopped,
        errors,
        reused,
    } = state.counts();
    let pace = state.pace(now);
    let left = pace.and_then(|pace| pace.left);
    What::Progress {
        done,
        total,
        passed,
        below,
        failed,
        stopped,
        errors,
        reused,
        running: state.running().count(),
        rate: pace.map(|pace| rounded(pace.rate)),
        seconds_left: left.map(|left| rounded(left.as_secs_f64())),
        elapsed_seconds: rounded(state.elapsed(now).as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Plan;
    use serde_json::{Value, json};

    fn parsed(line: &str) -> Value {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn a_message_is_one_line_whatever_it_says() {
        let line = message_line(Level::Warning, "a\n\u{1b}[2J\u{2028}", Some("b"));
        assert_eq!(line.lines().count(), 1);
        let expected = json!({"schema_version": 1, "event": "message", "level": "warning",
            "text": "a\n\u{1b}[2J\u{2028}", "hint": "b"});
        assert_eq!(parsed(&line), expected);
    }

    #[test]
    fn what_is_not_known_yet_is_null() {
        let now = Instant::now();
        let limit = Duration::from_secs(300);
        let plan = Plan {
            total: 3,
            jobs: 2,
            limit,
        };
        let state = State::new(plan, now);
        let expected = json!({"schema_version": 1, "event": "progress", "done": 0, "total": 3,
            "passed": 0, "below": 0, "failed": 0, "stopped": 0, "errors": 0, "reused": 0, "running": 0, "rate": null,
            "seconds_left": null, "elapsed_seconds": 2.0});
        assert_eq!(
            parsed(&line(progress(&state, now + Duration::from_secs(2)))),
            expected
        );
    }
}

//! `dfab runs`: runs as a list, and one with its packages.

use serde::Serialize;

use crate::store::{Cause, ItemState, RunItem, RunOverview, RunState, Timestamp};

use super::{Display, Paint, SCHEMA_VERSION, Table, count, escape};

/// Fewest characters of an id shown.
const SHORTEST_ID: usize = 8;

/// Longest error shown; the whole one is in the database and in JSON.
const ERROR_CHARACTERS: usize = 120;

/// Packages shown whatever became of them; of a longer list those that are done with are left out.
const FEW: usize = 40;

/// `dfab runs --format json`.
#[derive(Serialize)]
pub struct ListDocument<'a> {
    schema_version: u32,
    runs: &'a [RunOverview],
}

impl<'a> ListDocument<'a> {
    /// The document of these runs.
    pub fn of(runs: &'a [RunOverview]) -> ListDocument<'a> {
        ListDocument {
            schema_version: SCHEMA_VERSION,
            runs,
        }
    }
}

/// A run and all that belongs to it.
pub struct One<'a> {
    /// The run with its counts.
    pub overview: &'a RunOverview,
    /// Its packages, in the order given.
    pub items: &'a [RunItem],
    /// Its failures, like with like.
    pub causes: &'a [Cause],
}

/// `dfab runs RUN --format json`.
#[derive(Serialize)]
pub struct OneDocument<'a> {
    schema_version: u32,
    run: &'a RunOverview,
    failures: &'a [Cause],
    items: &'a [RunItem],
}

impl<'a> OneDocument<'a> {
    /// The document of this run.
    pub fn of(one: &One<'a>) -> OneDocument<'a> {
        OneDocument {
            schema_version: SCHEMA_VERSION,
            run: one.overview,
            failures: one.causes,
            items: one.items,
        }
    }
}

/// A row per run, newest first. Ids are cut where they still tell these runs apart.
pub fn list(runs: &[RunOverview], display: Display) -> String {
    if runs.is_empty() {
        return String::new();
    }
    let columns = [
        "run",
        "began (UTC)",
        "state",
        ">packages",
        ">done",
        ">reused",
        ">refused",
        ">failed",
        ">took",
    ];
    let mut table = Table::new(&columns, display);
    let length = distinct(runs);
    for overview in runs {
        let done = overview.total - overview.open;
        let failed = match overview.failed {
            0 => Paint::Plain,
            _ => Paint::Bad,
        };
        table.row([
            (Paint::Plain, beginning(&overview.run.id, length)),
            (Paint::Plain, seconds_of(&overview.run.started_at)),
            (paint(overview.state), overview.state.name()),
            (Paint::Plain, overview.total.to_string().as_str()),
            (Paint::Plain, done.to_string().as_str()),
            (Paint::Plain, overview.reused.to_string().as_str()),
            (Paint::Plain, overview.refused.to_string().as_str()),
            (failed, overview.failed.to_string().as_str()),
            (Paint::Plain, took(overview).as_str()),
        ]);
    }
    table.text()
}

impl One<'_> {
    /// All about the run, for people.
    pub fn text(&self, display: Display, all: bool, database: &str) -> String {
        let parts = [
            self.head(display),
            self.causes(display),
            self.packages(display, all),
            self.next_steps(display, database),
        ];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("\n")
    }

    fn head(&self, display: Display) -> String {
        let RunOverview { run, state, .. } = self.overview;
        let mut lines = vec![("run", run.id.clone())];
        let mut what = Paint::text(paint(*state), state.name(), display.color);
        if let (RunState::Running | RunState::Died, Some(runner)) = (state, &run.runner) {
            what.push_str(&format!(
                ", process {} on {}",
                runner.pid,
                escape::line(&runner.host)
            ));
        }
        lines.push(("state", what));
        let mut when = seconds_of(&run.started_at).to_owned() + " UTC";
        let took = took(self.overview);
        if !took.is_empty() {
            when.push_str(&format!(", took {took}"));
        }
        lines.push(("began", when));
        if let Some(until) = &run.until {
            let text = format!("{}, so no result is stored", escape::line(until));
            lines.push(("until", text));
        }
        if let Some(command) = &run.command {
            lines.push(("command", escape::line(command)));
        }
        if let Some(folder) = &run.folder {
            lines.push(("in", escape::line(folder)));
        }
        lines.push(("dfab", escape::line(&run.program_version)));
        lines.push(("packages", self.counts()));
        let line = |(name, value): (&str, String)| format!("{name:9} {value}\n");
        lines.into_iter().map(line).collect()
    }

    fn counts(&self) -> String {
        let overview = self.overview;
        let mut text = format!(
            "{} of {} done",
            overview.total - overview.open,
            overview.total
        );
        for (number, what) in [
            (overview.recorded, "with a result"),
            (overview.reused, "of them reused"),
            (overview.stopped, "stopped on their way"),
            (overview.refused, "refused"),
            (overview.failed, "failed on this machine"),
        ] {
            if number > 0 {
                text.push_str(&format!(", {number} {what}"));
            }
        }
        text
    }

    fn causes(&self, display: Display) -> String {
        if self.causes.is_empty() {
            return String::new();
        }
        let mut table = Table::new(&[">times", "stage", "cause", "for example"], display);
        for cause in self.causes {
            let paint = if cause.of_machine {
                Paint::Bad
            } else {
                Paint::Warning
            };
            table.row([
                (Paint::Plain, cause.count.to_string().as_str()),
                (Paint::Plain, cause.stage.as_str()),
                (
                    paint,
                    escape::short(&cause.cause, ERROR_CHARACTERS).as_str(),
                ),
                (Paint::Plain, cause.example.as_str()),
            ]);
        }
        table.text()
    }

    fn packages(&self, display: Display, all: bool) -> String {
        let is_calm =
            |item: &&RunItem| matches!(item.state, ItemState::Recorded) && item.error.is_none();
        let all = all || self.items.len() <= FEW;
        let is_over = self.overview.state != RunState::Running;
        let columns = ["package", "hotkey", "state", ">score", ">took", "what"];
        let mut table = Table::new(&columns, display);
        let mut left_out = 0;
        for item in self.items {
            let waits = item.state == ItemState::Pending && item.stage.is_none();
            if !all && (is_calm(&item) || waits) {
                left_out += 1;
                continue;
            }
            let score = item
                .score
                .map_or(String::new(), |score| format!("{score:.4}"));
            let (paint, state) = state_of(item, is_over);
            table.row([
                (Paint::Plain, item.package.as_str()),
                (Paint::Plain, escape::short(&item.hotkey, 10).as_str()),
                (paint, state),
                (Paint::Plain, score.as_str()),
                (Paint::Plain, took_by(item).as_str()),
                (Paint::Plain, what(item).as_str()),
            ]);
        }
        let mut text = match table.is_empty() {
            true => String::new(),
            false => table.text(),
        };
        if left_out > 0 {
            let more = format!(
                "{} without anything to say left out; -v shows all\n",
                count(left_out, "package")
            );
            text.push_str(&more);
        }
        text
    }

    /// What to type to go on, where there is something left to do.
    fn next_steps(&self, display: Display, database: &str) -> String {
        let RunOverview { run, state, .. } = self.overview;
        let label = Paint::Good.text("hint:", display.color);
        let mut text = String::new();
        let is_over = *state != RunState::Running;
        if is_over
            && self.overview.open > 0
            && let Some(command) = &run.command
        {
            let command = escape::line(command);
            text.push_str(&format!("{label} to go on: {command}\n"));
        }
        if is_over && self.overview.failed > 0 {
            let database = match database {
                "dfab.sqlite3" => String::new(),
                other => format!(" --database {}", escape::line(other)),
            };
            text.push_str(&format!(
                "{label} to try again what this machine failed at: dfab run --retry-failed={}{database}\n",
                run.id
            ));
        }
        text
    }
}

fn paint(state: RunState) -> Paint {
    match state {
        RunState::Running => Paint::Strong,
        RunState::Finished => Paint::Good,
        RunState::Interrupted => Paint::Warning,
        RunState::Stopped | RunState::Died => Paint::Bad,
    }
}

/// What became of a package; what was under way in a run that is over was broken off.
fn state_of(item: &RunItem, is_over: bool) -> (Paint, &'static str) {
    match (item.state, item.status.as_deref(), item.passed) {
        (ItemState::Pending | ItemState::Running, ..) if is_over && item.stage.is_some() => {
            (Paint::Warning, "broken off")
        }
        (ItemState::Pending, ..) if is_over => (Paint::Faint, "not begun"),
        (ItemState::Pending, ..) => (Paint::Faint, "waits"),
        (ItemState::Running, ..) => (Paint::Strong, "running"),
        (ItemState::Recorded, Some("failed"), _) => (Paint::Bad, "failed"),
        (ItemState::Recorded, _, Some(true)) => (Paint::Good, "passed"),
        (ItemState::Recorded, _, Some(false)) => (Paint::Warning, "below the bar"),
        (ItemState::Recorded, _, None) => (Paint::Plain, "recorded"),
        (ItemState::Refused, ..) => (Paint::Bad, "refused"),
        (ItemState::Failed, ..) => (Paint::Bad, "no result"),
        (ItemState::Stopped, ..) => (Paint::Plain, "stopped"),
    }
}

fn what(item: &RunItem) -> String {
    let stage = item.stage.as_deref().unwrap_or_default();
    match item.state {
        ItemState::Running | ItemState::Pending if !stage.is_empty() => format!("stage {stage}"),
        ItemState::Stopped => format!("after {stage}"),
        ItemState::Failed => {
            let attempt = match item.attempt {
                Some(attempt) if attempt > 1 => format!(" (for the {attempt}. time)"),
                _ => String::new(),
            };
            let error = item.error.as_deref().unwrap_or_default();
            format!(
                "stage {stage}{attempt}: {}",
                escape::short(error, ERROR_CHARACTERS)
            )
        }
        _ => match &item.error {
            // Of a Python traceback the last line says most.
            Some(error) => {
                let line = error.trim_end().lines().next_back().unwrap_or_default();
                escape::short(line, ERROR_CHARACTERS)
            }
            None if item.reused => "reused".to_owned(),
            None => String::new(),
        },
    }
}

/// How many characters of their ids tell these runs apart.
fn distinct(runs: &[RunOverview]) -> usize {
    let mut ids: Vec<&str> = runs.iter().map(|one| one.run.id.as_str()).collect();
    ids.sort_unstable();
    let shared = ids.windows(2).map(|pair| {
        let same = pair[0].chars().zip(pair[1].chars());
        same.take_while(|(left, right)| left == right).count() + 1
    });
    shared.max().unwrap_or(0).max(SHORTEST_ID)
}

fn beginning(id: &str, length: usize) -> &str {
    id.char_indices()
        .nth(length)
        .map_or(id, |(end, _)| &id[..end])
}

/// A moment without its fraction.
fn seconds_of(moment: &str) -> &str {
    moment.split('.').next().unwrap_or(moment)
}

fn took(overview: &RunOverview) -> String {
    between(
        Some(&overview.run.started_at),
        overview.run.finished_at.as_ref(),
    )
}

fn took_by(item: &RunItem) -> String {
    between(item.started_at.as_ref(), item.finished_at.as_ref())
}

fn between(from: Option<&String>, to: Option<&String>) -> String {
    let moments = from
        .and_then(|from| Timestamp::parse(from))
        .zip(to.and_then(|to| Timestamp::parse(to)));
    moments.map_or(String::new(), |(from, to)| {
        duration(from.micros_until(to).max(0) as f64 / 1e6)
    })
}

/// Seconds as people say them.
fn duration(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..10 => format!("{seconds:.2} s"),
        10..120 => format!("{whole} s"),
        120..7200 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

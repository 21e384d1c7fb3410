//! Reading runs while they go and afterwards.

use rusqlite::types::FromSql;
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;

use crate::store::{Store, StoreError, Timestamp};

use super::{ItemState, Run, RunItem, RunOutcome, RunState, Runner};

/// A run whose process cannot be seen from here shows by its notes that it is alive. It writes one every few
/// seconds; only a long comparison keeps it from that.
const SILENCE_MICROS: i64 = 5 * 60 * 1_000_000;

/// A run with the number of packages in each state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunOverview {
    /// The run.
    #[serde(flatten)]
    pub run: Run,
    /// What it is doing.
    pub state: RunState,
    /// Packages given.
    pub total: usize,
    /// Not begun, or begun and not finished.
    pub open: usize,
    /// Their result is stored.
    pub recorded: usize,
    /// Of those: an earlier result was reported again.
    pub reused: usize,
    /// They break the package contract.
    pub refused: usize,
    /// This machine failed at them.
    pub failed: usize,
    /// Stopped where they were asked to stop.
    pub stopped: usize,
}

/// Like failures of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// The step.
    pub stage: String,
    /// Why.
    pub cause: String,
    /// This machine's fault, not the package's.
    pub of_machine: bool,
    /// How many packages.
    pub count: usize,
    /// The first of them.
    pub example: String,
    /// What was said of that one.
    pub message: String,
}

impl Run {
    /// What it is doing, as far as can be told at this moment.
    pub fn state(&self, now: Timestamp) -> RunState {
        match self.outcome {
            Some(RunOutcome::Finished) => return RunState::Finished,
            Some(RunOutcome::Interrupted) => return RunState::Interrupted,
            Some(RunOutcome::Stopped) => return RunState::Stopped,
            None => {}
        }
        let seen = self.seen_at.as_deref().and_then(Timestamp::parse);
        let is_fresh = || seen.is_some_and(|seen| seen.micros_until(now) < SILENCE_MICROS);
        let alive = self.runner.as_ref().and_then(Runner::is_alive);
        match alive.unwrap_or_else(is_fresh) {
            true => RunState::Running,
            false => RunState::Died,
        }
    }
}

impl Store {
    /// A run, if there is one of that id.
    ///
    /// # Errors
    /// The database fails.
    pub fn run(&self, id: &str) -> Result<Option<Run>, StoreError> {
        if !self.has_own_tables {
            return Ok(None);
        }
        self.read("reading a run", |connection| {
            connection
                .query_row("SELECT * FROM runs WHERE id = ?1", [id], read_run)
                .optional()
        })
    }

    /// The ids of the newest runs that begin with these characters, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub fn run_ids(&self, beginning: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        if !self.has_own_tables {
            return Ok(Vec::new());
        }
        let sql = "SELECT id FROM runs WHERE substr(id, 1, length(?1)) = ?1
                   ORDER BY started_at DESC, rowid DESC LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read("looking for a run", |connection| {
            let mut statement = connection.prepare(sql)?;
            statement
                .query_map((beginning, limit), |row| row.get("id"))?
                .collect()
        })
    }

    /// A run with the number of its packages in each state, if there is one of that id.
    ///
    /// # Errors
    /// The database fails.
    pub fn run_overview(
        &self,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<RunOverview>, StoreError> {
        let Some(run) = self.run(id)? else {
            return Ok(None);
        };
        let reused = if self.has_progress { "reused" } else { "0" };
        let sql = format!(
            "SELECT state, count(*) AS number, total({reused}) AS reused FROM run_items
             WHERE run_id = ?1 GROUP BY state"
        );
        let mut overview = RunOverview {
            state: run.state(now),
            run,
            total: 0,
            open: 0,
            recorded: 0,
            reused: 0,
            refused: 0,
            failed: 0,
            stopped: 0,
        };
        self.read("counting the packages of a run", |connection| {
            let mut statement = connection.prepare(&sql)?;
            let mut rows = statement.query([id])?;
            while let Some(row) = rows.next()? {
                let number = number(row, "number")?;
                overview.total += number;
                overview.reused += row.get::<_, f64>("reused")? as usize;
                *match ItemState::of(row.get_ref("state")?.as_str()?) {
                    ItemState::Pending | ItemState::Running => &mut overview.open,
                    ItemState::Recorded => &mut overview.recorded,
                    ItemState::Refused => &mut overview.refused,
                    ItemState::Failed => &mut overview.failed,
                    ItemState::Stopped => &mut overview.stopped,
                } += number;
            }
            Ok(())
        })?;
        Ok(Some(overview))
    }

    /// The packages of a run, in the order given, with what came of them; none if there is no such run.
    ///
    /// # Errors
    /// The database fails.
    pub fn run_items(&self, run: &str) -> Result<Vec<RunItem>, StoreError> {
        if !self.has_own_tables {
            return Ok(Vec::new());
        }
        // What is wrong with a package stands in its record; why there is none, among the failures.
        let sql = if self.has_progress {
            "SELECT run_items.*, evaluations.status, evaluations.score, evaluations.passed,
                coalesce(evaluations.record_json ->> '$.error', last.message) AS error,
                iif(run_items.state = 'failed', last.attempt, NULL) AS attempt
             FROM run_items
                LEFT JOIN evaluations ON evaluations.id = run_items.evaluation_id
                LEFT JOIN failures AS last ON last.id =
                    (SELECT max(id) FROM failures
                     WHERE failures.run_id = run_items.run_id AND failures.ordinal = run_items.ordinal)
             WHERE run_items.run_id = ?1 ORDER BY run_items.ordinal"
        } else {
            "SELECT * FROM run_items WHERE run_id = ?1 ORDER BY ordinal"
        };
        self.read("reading the packages of a run", |connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([run], read_item)?.collect()
        })
    }

    /// The failures of a run, like with like, the most frequent first.
    ///
    /// # Errors
    /// The database fails.
    pub fn causes(&self, run: &str) -> Result<Vec<Cause>, StoreError> {
        if !self.has_progress {
            return Ok(Vec::new());
        }
        // Of a group SQLite takes the other columns from the row with the smallest ordinal.
        let sql = "SELECT failures.stage, coalesce(cause, message) AS cause,
                state = 'failed' AS of_machine, count(*) AS number, min(ordinal) AS first,
                package, message
            FROM failures JOIN run_items USING (run_id, ordinal)
            WHERE run_id = ?1 GROUP BY 1, 2, 3 ORDER BY of_machine DESC, number DESC, first";
        self.read("reading the failures of a run", |connection| {
            let mut statement = connection.prepare(sql)?;
            let found = statement.query_map([run], |row| {
                Ok(Cause {
                    stage: row.get("stage")?,
                    cause: row.get("cause")?,
                    of_machine: row.get("of_machine")?,
                    count: number(row, "number")?,
                    example: row.get("package")?,
                    message: row.get("message")?,
                })
            })?;
            found.collect()
        })
    }

    /// Stage and message of each failure of a run, with the place of its package.
    ///
    /// # Errors
    /// The database fails.
    pub fn failures(&self, run: &str) -> Result<Vec<(usize, String, String)>, StoreError> {
        if !self.has_own_tables {
            return Ok(Vec::new());
        }
        let sql = "SELECT ordinal, stage, message FROM failures WHERE run_id = ?1
                   ORDER BY ordinal, id";
        let read = |row: &Row<'_>| {
            Ok((
                number(row, "ordinal")?,
                row.get("stage")?,
                row.get("message")?,
            ))
        };
        self.read("reading the failures of a run", |connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([run], read)?.collect()
        })
    }
}

fn number(row: &Row<'_>, column: &str) -> Result<usize, rusqlite::Error> {
    let number: i64 = row.get(column)?;
    usize::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, number))
}

/// A column that tables of earlier versions do not have.
fn later<T: FromSql>(row: &Row<'_>, column: &str) -> Result<Option<T>, rusqlite::Error> {
    match row.get(column) {
        Err(rusqlite::Error::InvalidColumnName(_)) => Ok(None),
        found => found,
    }
}

fn read_run(row: &Row<'_>) -> Result<Run, rusqlite::Error> {
    let outcome: Option<String> = row.get("outcome")?;
    let host: Option<String> = later(row, "host")?;
    let pid: Option<u32> = later(row, "pid")?;
    let process: Option<String> = later(row, "process")?;
    let runner = host.zip(pid).map(|(host, pid)| Runner {
        host,
        pid,
        process: process.unwrap_or_default(),
    });
    // The table's own check keeps other words out.
    let mut known = RunOutcome::ALL.into_iter();
    Ok(Run {
        id: row.get("id")?,
        program_version: row.get("program_version")?,
        settings_json: row.get("settings_json")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
        outcome: known.find(|known| outcome.as_deref() == Some(known.as_str())),
        command: later(row, "command")?,
        folder: later(row, "folder")?,
        jobs: later(row, "jobs")?,
        until: later(row, "until_stage")?,
        runner,
        seen_at: later(row, "seen_at")?,
    })
}

fn read_item(row: &Row<'_>) -> Result<RunItem, rusqlite::Error> {
    Ok(RunItem {
        ordinal: number(row, "ordinal")?,
        package: row.get("package")?,
        hotkey: row.get("hotkey")?,
        submission_id: row.get("submission_id")?,
        state: ItemState::of(row.get_ref("state")?.as_str()?),
        stage: later(row, "stage")?,
        reused: later(row, "reused")?.unwrap_or(false),
        started_at: later(row, "started_at")?,
        finished_at: later(row, "finished_at")?,
        status: later(row, "status")?,
        score: later(row, "score")?,
        passed: later(row, "passed")?,
        error: later(row, "error")?,
        attempt: later(row, "attempt")?,
    })
}

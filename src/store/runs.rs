//! Runs and their progress: what was asked for, how far it got, what could not be done.

use rusqlite::{OptionalExtension, Row, Transaction};
use serde::Serialize;

use super::error::at;
use super::{Store, StoreError, Timestamp};

/// Id of one run.
pub type RunId = String;

/// A run that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// Its id, not used before.
    pub id: &'a str,
    /// The program's version.
    pub program_version: &'a str,
    /// The settings it runs with, as JSON, secrets masked.
    pub settings_json: &'a str,
    /// When it begins.
    pub started_at: Timestamp,
    /// Its packages, in the order given.
    pub items: &'a [NewItem<'a>],
}

/// One package of a run that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewItem<'a> {
    /// Its path, as given.
    pub package: &'a str,
    /// Whose it is.
    pub hotkey: &'a str,
}

/// One place in a run's list of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunItemId<'a> {
    /// The run's id.
    pub run: &'a str,
    /// From 0, in the order given.
    pub ordinal: usize,
}

/// A package that did not become a result.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    /// Which one.
    pub item: RunItemId<'a>,
    /// Its submission, if it got that far.
    pub submission_id: Option<&'a str>,
    /// The step that failed, e.g. `package` or `harness`.
    pub stage: &'a str,
    /// Why.
    pub message: &'a str,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunOutcome {
    /// Every package was dealt with.
    Finished,
    /// Somebody stopped it.
    Interrupted,
    /// It could not go on.
    Stopped,
}

/// How far a package got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemState {
    /// Not evaluated yet.
    Pending,
    /// Its result is stored.
    Recorded,
    /// It has no result; its failure is stored.
    Failed,
}

/// A run as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The version of the program that began it.
    pub program_version: String,
    /// The settings it ran with, as JSON.
    pub settings_json: String,
    /// When it began, in [`Timestamp`]'s text form.
    pub started_at: String,
    /// When it ended; none while it runs, and for ever if it was killed.
    pub finished_at: Option<String>,
    /// How it ended.
    pub outcome: Option<RunOutcome>,
}

/// One package of a run as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunItem {
    /// From 0, in the order given.
    pub ordinal: usize,
    /// Its path, as given.
    pub package: String,
    /// Whose it is.
    pub hotkey: String,
    /// Its submission, once it has one.
    pub submission_id: Option<String>,
    /// How far it got.
    pub state: ItemState,
}

impl RunOutcome {
    fn as_str(self) -> &'static str {
        match self {
            RunOutcome::Finished => "finished",
            RunOutcome::Interrupted => "interrupted",
            RunOutcome::Stopped => "stopped",
        }
    }
}

impl ItemState {
    fn as_str(self) -> &'static str {
        match self {
            ItemState::Pending => "pending",
            ItemState::Recorded => "recorded",
            ItemState::Failed => "failed",
        }
    }
}

impl Store {
    /// Stores a run and its packages, all pending.
    ///
    /// # Errors
    /// A run of that id exists, or the database fails; then nothing is stored.
    pub fn begin_run(&mut self, run: &NewRun<'_>) -> Result<(), StoreError> {
        const DOING: &str = "beginning a run";
        let write = self.write(DOING)?;
        let transaction = &write.transaction;
        let fail = at(write.path, DOING);
        let sql = "INSERT INTO runs (id, program_version, settings_json, started_at)
                   VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING";
        let started_at = run.started_at.to_string();
        let values = (run.id, run.program_version, run.settings_json, started_at);
        if transaction.execute(sql, values).map_err(&fail)? == 0 {
            return Err(StoreError::RunExists {
                run: run.id.to_owned(),
            });
        }
        for (ordinal, item) in run.items.iter().enumerate() {
            transaction
                .prepare_cached(
                    "INSERT INTO run_items (run_id, ordinal, package, hotkey, state)
                     VALUES (?1, ?2, ?3, ?4, 'pending')",
                )
                .and_then(|mut insert| {
                    insert.execute((run.id, ordinal as i64, item.package, item.hotkey))
                })
                .map_err(&fail)?;
        }
        write.commit()
    }

    /// Stores that a package has no result, and why.
    ///
    /// # Errors
    /// The run does not have that package, or the database fails.
    pub fn record_failure(
        &mut self,
        failure: &Failure<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const DOING: &str = "recording a failure";
        let write = self.write(DOING)?;
        let id = failure.submission_id;
        set_item(
            &write.transaction,
            failure.item,
            Some(ItemState::Failed),
            id,
            at(write.path, DOING),
        )?;
        let ordinal = failure.item.ordinal as i64;
        let moment = now.to_string();
        write
            .transaction
            .execute(
                "INSERT INTO failures (run_id, ordinal, submission_id, stage, message, failed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (
                    failure.item.run,
                    ordinal,
                    id,
                    failure.stage,
                    failure.message,
                    moment,
                ),
            )
            .map_err(at(write.path, DOING))?;
        write.commit()
    }

    /// Stores how a run ended.
    ///
    /// # Errors
    /// The database fails.
    pub fn finish_run(
        &mut self,
        run: &str,
        outcome: RunOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const DOING: &str = "ending a run";
        let write = self.write(DOING)?;
        write
            .transaction
            .execute(
                "UPDATE runs SET finished_at = ?2, outcome = ?3 WHERE id = ?1",
                (run, now.to_string(), outcome.as_str()),
            )
            .map_err(at(write.path, DOING))?;
        write.commit()
    }

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

    /// The packages of a run, in the order given; none if there is no such run.
    ///
    /// # Errors
    /// The database fails.
    pub fn run_items(&self, run: &str) -> Result<Vec<RunItem>, StoreError> {
        if !self.has_own_tables {
            return Ok(Vec::new());
        }
        let sql = "SELECT * FROM run_items WHERE run_id = ?1 ORDER BY ordinal";
        self.read("reading the packages of a run", |connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([run], read_item)?.collect()
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
        let read = |row: &Row<'_>| Ok((ordinal(row)?, row.get("stage")?, row.get("message")?));
        self.read("reading the failures of a run", |connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([run], read)?.collect()
        })
    }
}

/// Notes how far a package got and which submission it became, each if it is known.
pub(super) fn set_item(
    transaction: &Transaction<'_>,
    item: RunItemId<'_>,
    state: Option<ItemState>,
    submission_id: Option<&str>,
    fail: impl Fn(rusqlite::Error) -> StoreError,
) -> Result<(), StoreError> {
    // No run has a place beyond what SQLite counts to.
    let ordinal = i64::try_from(item.ordinal).unwrap_or(i64::MAX);
    let changed = transaction
        .prepare_cached(
            "UPDATE run_items
             SET state = coalesce(?3, state), submission_id = coalesce(?4, submission_id)
             WHERE run_id = ?1 AND ordinal = ?2",
        )
        .and_then(|mut update| {
            update.execute((
                item.run,
                ordinal,
                state.map(ItemState::as_str),
                submission_id,
            ))
        })
        .map_err(fail)?;
    if changed == 0 {
        let run = item.run.to_owned();
        return Err(StoreError::UnknownItem {
            run,
            ordinal: item.ordinal,
        });
    }
    Ok(())
}

fn ordinal(row: &Row<'_>) -> Result<usize, rusqlite::Error> {
    let ordinal: i64 = row.get("ordinal")?;
    usize::try_from(ordinal).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, ordinal))
}

fn read_run(row: &Row<'_>) -> Result<Run, rusqlite::Error> {
    let outcome: Option<String> = row.get("outcome")?;
    let known = [
        RunOutcome::Finished,
        RunOutcome::Interrupted,
        RunOutcome::Stopped,
    ];
    Ok(Run {
        id: row.get("id")?,
        program_version: row.get("program_version")?,
        settings_json: row.get("settings_json")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
        // The table's own check keeps other words out.
        outcome: known
            .into_iter()
            .find(|known| outcome.as_deref() == Some(known.as_str())),
    })
}

fn read_item(row: &Row<'_>) -> Result<RunItem, rusqlite::Error> {
    let state: String = row.get("state")?;
    Ok(RunItem {
        ordinal: ordinal(row)?,
        package: row.get("package")?,
        hotkey: row.get("hotkey")?,
        submission_id: row.get("submission_id")?,
        // As above: three words are possible.
        state: match state.as_str() {
            "recorded" => ItemState::Recorded,
            "failed" => ItemState::Failed,
            _ => ItemState::Pending,
        },
    })
}

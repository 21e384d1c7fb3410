//! Writing how far a run is.
//!
//! What a run must not lose, results and failures, is durable when the call returns. What only tells a
//! reader how far it is need not be: such notes are committed without waiting for the disk.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{ToSql, Transaction};

use crate::store::error::at;
use crate::store::{Store, StoreError, Timestamp};

use super::{Blame, Failure, ItemState, NewRun, RunItemId, RunOutcome, Running, Settled};

/// A path as it is stored: text where it is text, bytes where it is not.
pub(super) struct StoredPath<'a>(pub(super) &'a Path);

impl ToSql for StoredPath<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        let bytes = self.0.as_os_str().as_bytes();
        let value = match self.0.to_str() {
            Some(_) => ValueRef::Text(bytes),
            None => ValueRef::Blob(bytes),
        };
        Ok(rusqlite::types::ToSqlOutput::Borrowed(value))
    }
}

/// What becomes of a package of a run. What is not known stays as it is.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::store) struct Change<'a> {
    pub(in crate::store) state: Option<ItemState>,
    pub(in crate::store) submission_id: Option<&'a str>,
    pub(in crate::store) stage: Option<&'a str>,
    pub(in crate::store) reused: bool,
    pub(in crate::store) evaluation_id: Option<i64>,
    pub(in crate::store) started_at: Option<Timestamp>,
    pub(in crate::store) finished_at: Option<Timestamp>,
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
        let sql = "INSERT INTO runs (id, program_version, settings_json, started_at, seen_at,
                                     command, folder, jobs, until_stage, host, pid, process)
                   VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                   ON CONFLICT (id) DO NOTHING";
        let origin = run.origin;
        let runner = origin.runner.as_ref();
        let values = (
            run.id,
            run.program_version,
            run.settings_json,
            run.started_at.to_string(),
            &origin.command,
            &origin.folder,
            origin.jobs.and_then(|jobs| i64::try_from(jobs).ok()),
            origin.until,
            runner.map(|runner| &runner.host),
            runner.map(|runner| runner.pid),
            runner.map(|runner| &runner.process),
        );
        if transaction.execute(sql, values).map_err(&fail)? == 0 {
            return Err(StoreError::RunExists {
                run: run.id.to_owned(),
            });
        }
        let sql = "INSERT INTO run_items (run_id, ordinal, package, path, hotkey, state)
                   VALUES (?1, ?2, ?3, ?4, ?5, 'pending')";
        let mut insert = transaction.prepare(sql).map_err(&fail)?;
        for (ordinal, item) in run.items.iter().enumerate() {
            let path = StoredPath(item.path);
            insert
                .execute((run.id, ordinal as i64, item.package, path, item.hotkey))
                .map_err(&fail)?;
        }
        drop(insert);
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
        let fail = at(write.path, DOING);
        let state = match failure.blame {
            Blame::Package => ItemState::Refused,
            Blame::Machine => ItemState::Failed,
        };
        let change = Change {
            state: Some(state),
            submission_id: failure.submission_id,
            stage: Some(failure.stage),
            started_at: failure.started_at,
            finished_at: Some(now),
            ..Change::default()
        };
        set_item(&write.transaction, failure.item, &change, &fail)?;
        // How often this machine has failed at this package, this time included. A verdict needs no
        // second try, and so no path to find it by.
        let sql = "INSERT INTO failures
                (run_id, ordinal, submission_id, stage, cause, message, failed_at, path, hotkey, attempt)
            SELECT run_id, ordinal, submission_id, ?3, ?4, ?5, ?6,
                iif(?7, path, NULL), iif(?7, hotkey, NULL),
                1 + (SELECT count(*) FROM failures AS earlier
                     WHERE ?7 AND earlier.path = run_items.path AND earlier.hotkey = run_items.hotkey)
            FROM run_items WHERE run_id = ?1 AND ordinal = ?2";
        let values = (
            failure.item.run,
            failure.item.ordinal as i64,
            failure.stage,
            failure.cause,
            failure.message,
            now.to_string(),
            failure.blame == Blame::Machine,
        );
        write
            .transaction
            .prepare_cached(sql)
            .and_then(|mut insert| insert.execute(values))
            .map_err(&fail)?;
        write.commit()
    }

    /// Notes that a run is alive, and what it is working on, without waiting for the disk.
    ///
    /// # Errors
    /// The database fails.
    pub fn note_progress(
        &mut self,
        run: &str,
        running: &[Running],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const DOING: &str = "noting progress";
        self.relaxed(DOING, |transaction, fail| {
            transaction
                .prepare_cached("UPDATE runs SET seen_at = ?2 WHERE id = ?1")
                .and_then(|mut update| update.execute((run, now.to_string())))
                .map_err(fail)?;
            for item in running {
                let change = Change {
                    state: Some(ItemState::Running),
                    stage: Some(item.stage),
                    started_at: Some(item.started_at),
                    ..Change::default()
                };
                let ordinal = item.ordinal;
                set_item(transaction, RunItemId { run, ordinal }, &change, fail)?;
            }
            Ok(())
        })
    }

    /// Notes that a package is done with although nothing of it had to be stored: its result is an
    /// earlier one, or it was not to have one. Does not wait for the disk.
    ///
    /// # Errors
    /// The run does not have that package, or the database fails.
    pub fn note_settled(&mut self, settled: &Settled<'_>) -> Result<(), StoreError> {
        let reused = settled.evaluation_id.is_some();
        let state = match reused {
            true => ItemState::Recorded,
            false => ItemState::Stopped,
        };
        let change = Change {
            state: Some(state),
            submission_id: settled.submission_id,
            stage: Some(settled.stage),
            reused,
            evaluation_id: settled.evaluation_id,
            started_at: Some(settled.started_at),
            finished_at: Some(settled.finished_at),
        };
        self.relaxed("noting progress", |transaction, fail| {
            set_item(transaction, settled.item, &change, fail)
        })
    }

    /// Stores how a run ended. What it was working on is pending again.
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
        let fail = at(write.path, DOING);
        let sql = "UPDATE runs SET finished_at = ?2, seen_at = ?2, outcome = ?3 WHERE id = ?1";
        let values = (run, now.to_string(), outcome.as_str());
        write.transaction.execute(sql, values).map_err(&fail)?;
        let sql = "UPDATE run_items SET state = 'pending' WHERE run_id = ?1 AND state = 'running'";
        write.transaction.execute(sql, [run]).map_err(&fail)?;
        write.commit()
    }

    /// A change that may be gone after a power cut, but is there after anything else. It costs no wait
    /// for the disk.
    fn relaxed(
        &mut self,
        doing: &'static str,
        change: impl FnOnce(
            &Transaction<'_>,
            &dyn Fn(rusqlite::Error) -> StoreError,
        ) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.set_synchronous("NORMAL", doing)?;
        let written = (|| {
            let write = self.write(doing)?;
            let fail = at(write.path, doing);
            change(&write.transaction, &fail)?;
            write.commit()
        })();
        self.set_synchronous("FULL", doing)?;
        written
    }

    fn set_synchronous(&self, level: &str, doing: &'static str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(&format!("PRAGMA synchronous = {level}"))
            .and_then(|mut pragma| pragma.execute([]))
            .map_err(at(&self.path, doing))?;
        Ok(())
    }
}

/// Notes what became of a package of a run.
pub(in crate::store) fn set_item(
    transaction: &Transaction<'_>,
    item: RunItemId<'_>,
    change: &Change<'_>,
    fail: impl Fn(rusqlite::Error) -> StoreError,
) -> Result<(), StoreError> {
    // No run has a place beyond what SQLite counts to.
    let ordinal = i64::try_from(item.ordinal).unwrap_or(i64::MAX);
    let changed = transaction
        .prepare_cached(
            "UPDATE run_items
             SET state = coalesce(?3, state), submission_id = coalesce(?4, submission_id),
                 stage = coalesce(?5, stage), reused = max(?6, reused),
                 evaluation_id = coalesce(?7, evaluation_id),
                 started_at = coalesce(?8, started_at), finished_at = coalesce(?9, finished_at)
             WHERE run_id = ?1 AND ordinal = ?2",
        )
        .and_then(|mut update| {
            update.execute((
                item.run,
                ordinal,
                change.state.map(ItemState::name),
                change.submission_id,
                change.stage,
                change.reused,
                change.evaluation_id,
                change.started_at.map(|moment| moment.to_string()),
                change.finished_at.map(|moment| moment.to_string()),
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

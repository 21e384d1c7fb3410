//! Submissions that wait for their evaluation.
//!
//! The queue is no table of its own: it is the rows of `submissions` that are `pending`, in the order of arrival, so
//! that the service sees them as its own and nothing has to be kept in step. A submission takes its place and its
//! fingerprint in the transaction that queues it. Whatever is evaluated first, who is compared with whom is settled.

use rusqlite::OptionalExtension;

use super::arrivals::arrive;
use super::error::of_submission;
use super::fingerprints::{Fingerprint, put_fingerprint};
use super::{Store, StoreError, SubmissionRow, Timestamp, rows};

/// How the error of a submission begins that this machine could not evaluate. Such a row is no verdict: the same
/// package handed in again is queued again.
pub const NOT_EVALUATED: &str = "could not be evaluated on this machine: ";

/// A checked package that asks to be evaluated.
#[derive(Debug, Clone, Copy)]
pub struct NewSubmission<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whose it is.
    pub hotkey: &'a str,
    /// SHA-256 of the package.
    pub artifact_hash: &'a str,
    /// The name it was sent under; empty if it had none.
    pub filename: &'a str,
    /// What it is compared by.
    pub fingerprint: Fingerprint<'a>,
}

/// What became of a submission that was handed in.
#[derive(Debug, Clone, PartialEq)]
pub enum Queued {
    /// It waits now.
    Pending(SubmissionRow),
    /// It was here before; this is how it stands.
    Known(SubmissionRow),
    /// Too many wait already. Nothing is stored.
    Full,
}

/// A submission taken from the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub hotkey: String,
    /// The name it was sent under; empty if it had none.
    pub filename: String,
}

impl Store {
    /// Queues a submission unless it is known; at most `limit` wait or run at a time. Durable when this returns.
    ///
    /// # Errors
    /// The database fails; then nothing is queued.
    pub fn queue(
        &mut self,
        new: &NewSubmission<'_>,
        limit: u64,
        now: Timestamp,
    ) -> Result<Queued, StoreError> {
        const DOING: &str = "queueing a submission";
        let write = self.write(DOING)?;
        let transaction = &write.transaction;
        let fail = of_submission(write.path, DOING, new.id);
        let known = rows::find(transaction, new.id).map_err(&fail)?;
        if let Some(known) = known.filter(|row| !was_given_up(row)) {
            return Ok(Queued::Known(known));
        }
        let waiting: i64 = transaction
            .query_row(
                "SELECT count(*) AS n FROM submissions WHERE status IN ('pending', 'running')",
                [],
                |row| row.get("n"),
            )
            .map_err(&fail)?;
        if u64::try_from(waiting).unwrap_or(0) >= limit {
            return Ok(Queued::Full);
        }
        let created_at = arrive(transaction, new.id, new.hotkey, now).map_err(&fail)?;
        let row = SubmissionRow {
            id: new.id.to_owned(),
            hotkey: new.hotkey.to_owned(),
            code_hash: new.artifact_hash.to_owned(),
            artifact_hash: new.artifact_hash.to_owned(),
            filename: new.filename.to_owned(),
            status: "pending".to_owned(),
            created_at: created_at.clone(),
            updated_at: now.to_string(),
            ..SubmissionRow::default()
        };
        rows::put(transaction, &row, &created_at, &fail)?;
        put_fingerprint(transaction, new.id, new.fingerprint).map_err(&fail)?;
        write.commit()?;
        Ok(Queued::Pending(row))
    }

    /// Takes the first that waits, besides those to be passed over, and marks it as running.
    ///
    /// # Errors
    /// The database fails.
    pub fn claim(
        &mut self,
        passed_over: &[String],
        now: Timestamp,
    ) -> Result<Option<Claimed>, StoreError> {
        const DOING: &str = "taking a submission from the queue";
        let sql = "SELECT id, submissions.hotkey, coalesce(filename, '') AS filename
                   FROM submissions JOIN arrivals ON arrivals.submission_id = submissions.id
                   WHERE status = 'pending' AND id NOT IN (SELECT value FROM json_each(?1))
                   ORDER BY arrivals.sequence LIMIT 1";
        let passed_over = serde_json::json!(passed_over).to_string();
        let write = self.write(DOING)?;
        let fail = super::error::at(write.path, DOING);
        let found = write
            .transaction
            .prepare_cached(sql)
            .and_then(|mut statement| {
                let read = |row: &rusqlite::Row<'_>| {
                    Ok(Claimed {
                        id: row.get("id")?,
                        hotkey: row.get("hotkey")?,
                        filename: row.get("filename")?,
                    })
                };
                statement.query_row([&passed_over], read).optional()
            })
            .map_err(&fail)?;
        let Some(claimed) = found else {
            return Ok(None);
        };
        let sql = "UPDATE submissions SET status = 'running', updated_at = ?2 WHERE id = ?1";
        write
            .transaction
            .execute(sql, (&claimed.id, now.to_string()))
            .map_err(&fail)?;
        write.commit()?;
        Ok(Some(claimed))
    }

    /// Puts one that was taken back to where it was.
    ///
    /// # Errors
    /// The database fails.
    pub fn put_back(&mut self, id: &str) -> Result<(), StoreError> {
        let sql = "UPDATE submissions SET status = 'pending' WHERE id = ?1 AND status = 'running'";
        self.change("putting a submission back", sql, (id,))?;
        Ok(())
    }

    /// Puts everything back that somebody took and did not finish. Only for whoever knows that nobody is at it.
    ///
    /// # Errors
    /// The database fails.
    pub fn put_all_back(&mut self) -> Result<usize, StoreError> {
        let sql = "UPDATE submissions SET status = 'pending' WHERE status = 'running'";
        self.change("putting submissions back", sql, ())
    }

    /// Ends the wait of a submission that this machine cannot evaluate, and says why. That is no result: it is not in
    /// the history, and the same package may be queued again.
    ///
    /// # Errors
    /// The database fails.
    pub fn give_up(&mut self, id: &str, why: &str, now: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE submissions SET status = 'failed', error = ?2, updated_at = ?3
                   WHERE id = ?1 AND status IN ('pending', 'running')";
        let error = format!("{NOT_EVALUATED}{why}");
        self.change("giving a submission up", sql, (id, error, now.to_string()))?;
        Ok(())
    }

    /// Whether handing the package in again would queue nothing.
    ///
    /// # Errors
    /// The database fails.
    pub fn is_settled(&self, id: &str) -> Result<bool, StoreError> {
        let found = self.submission(id)?;
        Ok(found.is_some_and(|row| !was_given_up(&row)))
    }

    /// Those that wait and have no fingerprint yet, in their order: the service queued them.
    ///
    /// # Errors
    /// The database fails.
    pub fn waiting_without_fingerprint(&self) -> Result<Vec<String>, StoreError> {
        let sql =
            "SELECT id FROM submissions JOIN arrivals ON arrivals.submission_id = submissions.id
                   WHERE status = 'pending' AND id NOT IN (SELECT submission_id FROM fingerprints)
                   ORDER BY arrivals.sequence";
        self.read("listing what waits", |connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([], |row| row.get("id"))?.collect()
        })
    }

    /// How many wait or run.
    ///
    /// # Errors
    /// The database fails.
    pub fn waiting(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) AS n FROM submissions WHERE status IN ('pending', 'running')";
        self.read("counting what waits", |connection| {
            connection.query_row(sql, [], |row| row.get::<_, i64>("n"))
        })
        .map(|count| u64::try_from(count).unwrap_or(0))
    }

    fn change(
        &mut self,
        doing: &'static str,
        sql: &str,
        values: impl rusqlite::Params,
    ) -> Result<usize, StoreError> {
        let write = self.write(doing)?;
        let changed = write
            .transaction
            .execute(sql, values)
            .map_err(super::error::at(write.path, doing))?;
        write.commit()?;
        Ok(changed)
    }
}

fn was_given_up(row: &SubmissionRow) -> bool {
    row.status == "failed"
        && row
            .error
            .as_deref()
            .is_some_and(|error| error.starts_with(NOT_EVALUATED))
}

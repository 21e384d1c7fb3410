//! Results: the current row of each submission, and every evaluation there ever was.

use rusqlite::{Row, Transaction};
use serde::Serialize;

use crate::similarity::Sequence;

use super::arrivals::arrive;
use super::error::of_submission;
use super::fingerprints::put_fingerprint;
use super::runs::set_item;
use super::{ItemState, RunItemId, Store, StoreError, SubmissionRow, Timestamp, rows};

/// A finished evaluation, ready to be stored.
#[derive(Debug, Clone, Copy)]
pub struct Evaluated<'a> {
    /// The package of the run it belongs to; none outside runs.
    pub item: Option<RunItemId<'a>>,
    /// The submission as it stands now.
    pub row: &'a SubmissionRow,
    /// What it is compared by; none if its source does not parse.
    pub sequence: Option<&'a Sequence>,
    /// What the result depends on, hashed: artifact, settings, program version and, as the result
    /// names its neighbour, the neighbours. Equal keys mean equal results.
    pub cache_key: &'a str,
    /// The result as it was reported, as JSON.
    pub record_json: &'a str,
}

/// An evaluation from the history.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PastEvaluation {
    /// The submission.
    pub submission_id: String,
    /// The run; none outside runs, and for results that the service wrote.
    pub run_id: Option<String>,
    /// `completed` or `failed`.
    pub status: String,
    /// Final score.
    pub score: f64,
    /// Final verdict.
    pub passed: bool,
    /// The result as it was reported, as JSON; none for results that the service wrote.
    pub record_json: Option<String>,
    /// The submission's row of then, as JSON, once a later evaluation has taken its place.
    pub row_json: Option<String>,
    /// When, in [`Timestamp`]'s text form.
    pub evaluated_at: String,
}

impl Store {
    /// Stores a finished evaluation, all of it or nothing, durable when this returns: the
    /// submission's row (a first arrival keeps its place and `created_at`; an earlier result moves
    /// to the history), what it is compared by, a line of history, and the run's progress.
    ///
    /// # Errors
    /// A score that is not finite, a value beyond what the database holds
    /// ([`StoreError::is_about_submission`]), a package the run does not have, or the database fails.
    pub fn record(&mut self, evaluated: &Evaluated<'_>) -> Result<(), StoreError> {
        const DOING: &str = "recording a result";
        let row = evaluated.row;
        let write = self.write(DOING)?;
        let transaction = &write.transaction;
        let fail = of_submission(write.path, DOING, &row.id);
        let now = Timestamp::parse(&row.updated_at).unwrap_or_else(Timestamp::now);
        let created_at = arrive(transaction, &row.id, &row.hotkey, now).map_err(&fail)?;
        keep_replaced(transaction, &row.id).map_err(&fail)?;
        rows::put(transaction, row, &created_at, &fail)?;
        put_fingerprint(transaction, &row.id, evaluated.sequence).map_err(&fail)?;
        if let Some(item) = evaluated.item {
            set_item(
                transaction,
                item,
                Some(ItemState::Recorded),
                Some(&row.id),
                &fail,
            )?;
        }
        insert(transaction, evaluated).map_err(&fail)?;
        write.commit()
    }

    /// Every evaluation of a submission, oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub fn evaluations(&self, submission_id: &str) -> Result<Vec<PastEvaluation>, StoreError> {
        if !self.has_own_tables {
            return Ok(Vec::new());
        }
        let sql = "SELECT * FROM evaluations WHERE submission_id = ?1 ORDER BY id";
        self.read("reading the history of a submission", |connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([submission_id], read)?.collect()
        })
    }
}

fn insert(transaction: &Transaction<'_>, evaluated: &Evaluated<'_>) -> Result<(), rusqlite::Error> {
    let row = evaluated.row;
    let run = evaluated.item.map(|item| item.run);
    transaction
        .prepare_cached(
            "INSERT INTO evaluations (submission_id, run_id, cache_key, status, score, passed,
                                      record_json, evaluated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            &row.id,
            run,
            evaluated.cache_key,
            &row.status,
            row.score,
            row.passed,
            evaluated.record_json,
            &row.updated_at,
        ))?;
    Ok(())
}

/// Before a finished row is replaced: puts it with the evaluation it belongs to. A row that none
/// belongs to was written by the service, and becomes a line of history of its own.
fn keep_replaced(
    transaction: &Transaction<'_>,
    submission_id: &str,
) -> Result<(), rusqlite::Error> {
    let Some(old) = rows::find(transaction, submission_id)?.filter(SubmissionRow::is_finished)
    else {
        return Ok(());
    };
    let json = serde_json::to_string(&old)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let changed = transaction.execute(
        "UPDATE evaluations SET row_json = ?3 WHERE id =
             (SELECT id FROM evaluations WHERE submission_id = ?1 AND evaluated_at = ?2
              AND row_json IS NULL ORDER BY id DESC LIMIT 1)",
        (submission_id, &old.updated_at, &json),
    )?;
    if changed == 0 {
        transaction.execute(
            "INSERT INTO evaluations (submission_id, status, score, passed, row_json, evaluated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                submission_id,
                &old.status,
                old.score,
                old.passed,
                &json,
                &old.updated_at,
            ),
        )?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<PastEvaluation, rusqlite::Error> {
    Ok(PastEvaluation {
        submission_id: row.get("submission_id")?,
        run_id: row.get("run_id")?,
        status: row.get("status")?,
        score: row.get("score")?,
        passed: row.get("passed")?,
        record_json: row.get("record_json")?,
        row_json: row.get("row_json")?,
        evaluated_at: row.get("evaluated_at")?,
    })
}

//! Results: the current row of each submission, and every evaluation there ever was.

use rusqlite::{OptionalExtension, Row, Transaction};
use serde::Serialize;

use super::arrivals::{Latest, arrive, came_next};
use super::error::of_submission;
use super::fingerprints::{Fingerprint, put_fingerprint};
use super::runs::{Change, set_item};
use super::{ItemState, RunItemId, Store, StoreError, SubmissionRow, Timestamp, rows};

/// A finished evaluation, ready to be stored.
#[derive(Debug, Clone, Copy)]
pub struct Evaluated<'a> {
    /// The package of the run it belongs to; none outside runs.
    pub item: Option<RunItemId<'a>>,
    /// The submission as it stands now.
    pub row: &'a SubmissionRow,
    /// What it is compared by.
    pub fingerprint: Fingerprint<'a>,
    /// What the result depends on, hashed: artifact, settings, program version and, as the result
    /// names its neighbour, the neighbours. Equal keys mean equal results.
    pub cache_key: &'a str,
    /// The same without the neighbours.
    pub package_key: &'a str,
    /// What came out before it was compared with its neighbours, as JSON.
    pub prepared_json: &'a str,
    /// The result as it was reported, as JSON.
    pub record_json: &'a str,
    /// The newest arrival when its neighbours were looked for; none if it does not matter.
    pub compared_up_to: Option<Latest>,
    /// When work on it began; none if that is not known.
    pub started_at: Option<Timestamp>,
    /// It was made without running the harness again.
    pub reused: bool,
}

impl<'a> Evaluated<'a> {
    /// An evaluation of which nothing is known but the row it has become.
    pub fn of(row: &'a SubmissionRow) -> Evaluated<'a> {
        Evaluated {
            item: None,
            row,
            fingerprint: Fingerprint::None,
            cache_key: "",
            package_key: "",
            prepared_json: "null",
            record_json: "{}",
            compared_up_to: None,
            started_at: None,
            reused: false,
        }
    }
}

/// An evaluation that may be reported again.
#[derive(Debug, Clone)]
pub struct StoredEvaluation {
    /// Its id.
    pub id: i64,
    /// As in [`Evaluated`].
    pub cache_key: String,
    /// As in [`Evaluated`].
    pub prepared_json: String,
    /// As in [`Evaluated`].
    pub record_json: String,
    /// The submission's row of then.
    pub row: SubmissionRow,
    /// That row is the one in `submissions`, and no evaluation has come since.
    pub stands: bool,
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
    /// ([`StoreError::is_about_submission`]), a package the run does not have, another submission that
    /// came between ([`StoreError::Overtaken`]), or the database fails.
    pub fn record(&mut self, evaluated: &Evaluated<'_>) -> Result<(), StoreError> {
        const DOING: &str = "recording a result";
        let row = evaluated.row;
        let write = self.write(DOING)?;
        let transaction = &write.transaction;
        let fail = of_submission(write.path, DOING, &row.id);
        let now = Timestamp::parse(&row.updated_at).unwrap_or_else(Timestamp::now);
        let created_at = arrive(transaction, &row.id, &row.hotkey, now).map_err(&fail)?;
        if let Some(latest) = evaluated.compared_up_to
            && !came_next(transaction, &row.id, latest).map_err(&fail)?
        {
            return Err(StoreError::Overtaken {
                submission_id: row.id.clone(),
            });
        }
        keep_replaced(transaction, &row.id).map_err(&fail)?;
        rows::put(transaction, row, &created_at, &fail)?;
        put_fingerprint(transaction, &row.id, evaluated.fingerprint).map_err(&fail)?;
        let evaluation_id = insert(transaction, evaluated).map_err(&fail)?;
        if let Some(item) = evaluated.item {
            let change = Change {
                state: Some(ItemState::Recorded),
                submission_id: Some(&row.id),
                stage: Some("store"),
                reused: evaluated.reused,
                evaluation_id: Some(evaluation_id),
                started_at: evaluated.started_at,
                finished_at: Some(now),
            };
            set_item(transaction, item, &change, &fail)?;
        }
        write.commit()
    }

    /// The newest evaluation of a submission that rests on the same things, if what was stored of it is
    /// still all there.
    ///
    /// # Errors
    /// The database fails.
    pub fn reusable(
        &self,
        submission_id: &str,
        package_key: &str,
    ) -> Result<Option<StoredEvaluation>, StoreError> {
        let Some(found) = self.find_reusable(submission_id, package_key)? else {
            return Ok(None);
        };
        let row = match &found.row_json {
            // What this program stored as JSON it can read, unless somebody has changed it.
            Some(json) => serde_json::from_str(json).ok(),
            None => self.submission(submission_id)?,
        };
        Ok(row.map(|row| StoredEvaluation {
            id: found.id,
            cache_key: found.cache_key,
            prepared_json: found.prepared_json,
            record_json: found.record_json,
            row,
            stands: found.stands,
        }))
    }

    /// The record behind what stands of a submission, as JSON; None where this program stored none.
    ///
    /// # Errors
    /// The database fails.
    pub fn standing_record(&self, submission_id: &str) -> Result<Option<String>, StoreError> {
        if !self.has_own_tables {
            return Ok(None);
        }
        let sql = "SELECT record_json FROM evaluations JOIN submissions
                ON submissions.id = submission_id AND updated_at = evaluated_at
            WHERE submission_id = ?1 ORDER BY evaluations.id DESC LIMIT 1";
        let found = self.read("reading a record", |connection| {
            connection
                .prepare_cached(sql)?
                .query_row([submission_id], |row| row.get("record_json"))
                .optional()
        })?;
        Ok(found.flatten())
    }

    /// Whether there is such an evaluation.
    ///
    /// # Errors
    /// The database fails.
    pub fn has_reusable(&self, submission_id: &str, package_key: &str) -> Result<bool, StoreError> {
        Ok(self.find_reusable(submission_id, package_key)?.is_some())
    }

    fn find_reusable(
        &self,
        submission_id: &str,
        package_key: &str,
    ) -> Result<Option<Found>, StoreError> {
        if !self.has_progress {
            return Ok(None);
        }
        // The row of the newest evaluation stands in `submissions`, that of an earlier one beside it.
        // Where neither holds, another program has written over the row.
        let sql = "SELECT id, cache_key, prepared_json, record_json, row_json,
                NOT EXISTS (SELECT 1 FROM evaluations AS later
                            WHERE later.submission_id = ?1 AND later.id > evaluations.id)
                AND EXISTS (SELECT 1 FROM submissions
                            WHERE submissions.id = ?1 AND updated_at = evaluated_at) AS stands
            FROM evaluations
            WHERE submission_id = ?1 AND package_key = ?2
                AND prepared_json IS NOT NULL AND record_json IS NOT NULL
                AND (row_json IS NOT NULL OR stands)
            ORDER BY id DESC LIMIT 1";
        self.read("looking for an earlier result", |connection| {
            connection
                .prepare_cached(sql)?
                .query_row((submission_id, package_key), Found::read)
                .optional()
        })
    }

    /// Whether a submission was ever evaluated, with whatever settings.
    ///
    /// # Errors
    /// The database fails.
    pub fn was_evaluated(&self, submission_id: &str) -> Result<bool, StoreError> {
        if !self.has_own_tables {
            return Ok(false);
        }
        let sql = "SELECT 1 FROM evaluations WHERE submission_id = ?1";
        self.read("reading the history of a submission", |connection| {
            connection.prepare_cached(sql)?.exists([submission_id])
        })
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

/// An evaluation that may be reported again, without the row of `submissions`.
struct Found {
    id: i64,
    cache_key: String,
    prepared_json: String,
    record_json: String,
    row_json: Option<String>,
    stands: bool,
}

impl Found {
    fn read(row: &Row<'_>) -> Result<Found, rusqlite::Error> {
        Ok(Found {
            id: row.get("id")?,
            cache_key: row.get("cache_key")?,
            prepared_json: row.get("prepared_json")?,
            record_json: row.get("record_json")?,
            row_json: row.get("row_json")?,
            stands: row.get("stands")?,
        })
    }
}

fn insert(
    transaction: &Transaction<'_>,
    evaluated: &Evaluated<'_>,
) -> Result<i64, rusqlite::Error> {
    let row = evaluated.row;
    let run = evaluated.item.map(|item| item.run);
    transaction
        .prepare_cached(
            "INSERT INTO evaluations (submission_id, run_id, cache_key, status, score, passed,
                                      record_json, evaluated_at, package_key, prepared_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .insert((
            &row.id,
            run,
            evaluated.cache_key,
            &row.status,
            row.score,
            row.passed,
            evaluated.record_json,
            &row.updated_at,
            evaluated.package_key,
            evaluated.prepared_json,
        ))
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

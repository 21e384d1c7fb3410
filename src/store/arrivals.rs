//! Who came when, and therefore who is compared with whom.
//!
//! Arrival order is a sequence of its own, not a clock. A batch takes places in the order its
//! packages were given, also for one that has no result because this machine failed: neighbours
//! must depend neither on which evaluation ends first nor on a second try. A row that the service writes takes its place by a
//! trigger as it is written; rows from before this program knew the file came in the order of
//! their `created_at`.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::settings::{OwnHistory, Window};
use crate::similarity::Sequence;

use super::error::of_submission;
use super::fingerprints::{self, Fingerprint, put_fingerprint};
use super::runs::{Change, set_item};
use super::{RunItemId, Store, StoreError, Timestamp};

/// A submission that takes its place in a run without a result.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Its place in the run's list, from 0.
    pub ordinal: usize,
    /// Its id.
    pub submission_id: &'a str,
    /// Whose it is.
    pub hotkey: &'a str,
    /// What it is compared by.
    pub fingerprint: Fingerprint<'a>,
}

/// The newest arrival and the newest evaluation at some moment; none if there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    arrival: Option<i64>,
    evaluation: Option<i64>,
}

/// An earlier submission that a new one is compared with.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its id.
    pub submission_id: String,
    /// Whose it is.
    pub hotkey: String,
    /// What it is compared by.
    pub sequence: Sequence,
}

impl Store {
    /// Gives submissions of a run their places in the order of arrival, and keeps what they are
    /// compared by. A submission that has arrived before keeps its first place.
    ///
    /// # Errors
    /// An ordinal the run does not have, or the database fails; then nothing is reserved.
    pub fn reserve(
        &mut self,
        run: &str,
        arrivals: &[Arrival<'_>],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const DOING: &str = "reserving places for submissions";
        let write = self.write(DOING)?;
        for arrival in arrivals {
            let (id, hotkey) = (arrival.submission_id, arrival.hotkey);
            let fail = of_submission(write.path, DOING, id);
            arrive(&write.transaction, id, hotkey, now).map_err(&fail)?;
            put_fingerprint(&write.transaction, id, arrival.fingerprint).map_err(&fail)?;
            let item = RunItemId {
                run,
                ordinal: arrival.ordinal,
            };
            let change = Change {
                submission_id: Some(id),
                ..Change::default()
            };
            set_item(&write.transaction, item, &change, &fail)?;
        }
        write.commit()
    }

    /// The newest arrival. Taken before [`Store::candidates`], it shows to [`Store::record`] whether
    /// they are still all.
    ///
    /// # Errors
    /// The database fails.
    pub fn latest_arrival(&self) -> Result<Latest, StoreError> {
        let sql = "SELECT (SELECT max(sequence) FROM arrivals) AS arrival,
                          (SELECT max(id) FROM evaluations) AS evaluation";
        self.read("looking for the newest submission", |connection| {
            connection.prepare_cached(sql)?.query_row([], |row| {
                Ok(Latest {
                    arrival: row.get("arrival")?,
                    evaluation: row.get("evaluation")?,
                })
            })
        })
    }

    /// Whether a submission has its place in the order of arrival.
    ///
    /// # Errors
    /// The database fails.
    pub fn has_arrived(&self, submission_id: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM arrivals WHERE submission_id = ?1";
        self.read("looking for a submission", |connection| {
            connection.prepare_cached(sql)?.exists([submission_id])
        })
    }

    /// Submissions that arrived before the given one (before now, if it has not arrived), newest
    /// first. The window counts every submission whatever its status, so those without a sequence
    /// use up a place but are left out; an excluded own history is not counted at all.
    ///
    /// # Errors
    /// The database fails, or holds a fingerprint that cannot be believed: leaving it out would
    /// change who is whose neighbour.
    pub fn candidates(
        &self,
        submission_id: &str,
        hotkey: &str,
        window: Window,
        own: OwnHistory,
    ) -> Result<Vec<Candidate>, StoreError> {
        // Without our tables nothing has a fingerprint, so there is nobody to compare with.
        if !self.has_own_tables {
            return Ok(Vec::new());
        }
        let limit = match window {
            // SQLite reads a negative limit as none.
            Window::All => -1,
            Window::Last(count) => i64::try_from(count).unwrap_or(i64::MAX),
        };
        let sql = "WITH counted AS (
                SELECT sequence AS place, submission_id, hotkey FROM arrivals
                WHERE sequence < coalesce(
                        (SELECT sequence FROM arrivals WHERE submission_id = ?1),
                        9223372036854775807)
                    AND (?2 OR hotkey <> ?3)
                ORDER BY sequence DESC LIMIT ?4
            )
            SELECT counted.submission_id, counted.hotkey, fingerprints.sequence AS fingerprint,
                fingerprints.format, fingerprints.digest
            FROM counted JOIN fingerprints USING (submission_id)
            ORDER BY counted.place DESC";
        let include_own = own == OwnHistory::Include;
        let found = self.read("looking for neighbours", |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let rows =
                statement.query_map(params![submission_id, include_own, hotkey, limit], |row| {
                    let id: String = row.get("submission_id")?;
                    let hotkey: String = row.get("hotkey")?;
                    // Read at once: the bytes of a whole history at a time would be too many.
                    let read = fingerprints::read(row, &id)?;
                    Ok((id, hotkey, read))
                })?;
            rows.collect::<Result<Vec<_>, _>>()
        })?;
        let mut candidates = Vec::with_capacity(found.len());
        for (submission_id, hotkey, read) in found {
            match read {
                Some(Some(sequence)) => candidates.push(Candidate {
                    submission_id,
                    hotkey,
                    sequence,
                }),
                Some(None) => {}
                None => {
                    return Err(StoreError::UnreadableFingerprint {
                        path: self.path.clone(),
                        submission_id,
                    });
                }
            }
        }
        Ok(candidates)
    }
}

/// Gives a submission a place if it has none, and says when it first arrived. Moments grow with
/// places, by a microsecond if the clock does not, so that a program that orders by `created_at`
/// sees the same order.
pub(super) fn arrive(
    transaction: &Transaction<'_>,
    submission_id: &str,
    hotkey: &str,
    now: Timestamp,
) -> Result<String, rusqlite::Error> {
    let sql = "SELECT arrived_at FROM arrivals WHERE submission_id = ?1";
    let known = transaction
        .prepare_cached(sql)?
        .query_row([submission_id], |row| row.get::<_, String>("arrived_at"))
        .optional()?;
    if let Some(arrived_at) = known {
        return Ok(arrived_at);
    }
    let moment = match last_arrival(transaction)? {
        Some(last) if last >= now => last.next(),
        _ => now,
    }
    .to_string();
    transaction
        .prepare_cached(
            "INSERT INTO arrivals (submission_id, hotkey, arrived_at) VALUES (?1, ?2, ?3)",
        )?
        .execute((submission_id, hotkey, &moment))?;
    Ok(moment)
}

/// Whether a submission came right after the one that was the newest then, or had come before it.
pub(super) fn came_next(
    transaction: &Transaction<'_>,
    submission_id: &str,
    latest: Latest,
) -> Result<bool, rusqlite::Error> {
    let sql = "SELECT NOT EXISTS (
            SELECT 1 FROM arrivals WHERE sequence > ?2
                AND sequence < (SELECT sequence FROM arrivals WHERE submission_id = ?1))
        AND NOT EXISTS (SELECT 1 FROM evaluations WHERE submission_id = ?1 AND id > ?3) AS next";
    let (arrival, evaluation) = (latest.arrival.unwrap_or(0), latest.evaluation.unwrap_or(0));
    transaction
        .prepare_cached(sql)?
        .query_row((submission_id, arrival, evaluation), |row| row.get("next"))
}

fn last_arrival(connection: &Connection) -> Result<Option<Timestamp>, rusqlite::Error> {
    let sql = "SELECT arrived_at FROM arrivals ORDER BY sequence DESC LIMIT 1";
    let text = connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get::<_, String>("arrived_at"))
        .optional()?;
    Ok(text.and_then(|text| Timestamp::parse(&text)))
}

//! What is asked of the stored submissions.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, Row};
use serde::Serialize;

use super::{Store, StoreError, SubmissionRow, rows};

/// The best completed result of one hotkey.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeaderboardRow {
    /// From 1.
    pub rank: usize,
    /// The miner's key.
    pub hotkey: String,
    /// Final score.
    pub score: f64,
    /// The submission; its row may hold a later and lower result.
    pub submission_id: String,
    /// Conversations of its dataset.
    pub conversation_count: u64,
    /// Messages of its dataset.
    pub total_messages: u64,
}

/// Whose a stored submission is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSubmission {
    /// Its id, which is also the name of its folder among the artifacts.
    pub submission_id: String,
    /// The miner's key.
    pub hotkey: String,
}

impl Store {
    /// Every submission with a row, in the order of arrival, without what is stored of it.
    ///
    /// # Errors
    /// The database fails.
    pub fn stored_submissions(&self) -> Result<Vec<StoredSubmission>, StoreError> {
        let (place, join) = if self.has_own_tables {
            let join = "LEFT JOIN arrivals ON arrivals.submission_id = submissions.id";
            ("arrivals.sequence, ", join)
        } else {
            ("", "")
        };
        let sql = format!(
            "SELECT submissions.id, submissions.hotkey FROM submissions {join}
             ORDER BY {place}submissions.created_at, submissions.rowid"
        );
        self.read("listing submissions", |connection| {
            let mut statement = connection.prepare(&sql)?;
            let found = statement.query_map([], |row| {
                Ok(StoredSubmission {
                    submission_id: row.get("id")?,
                    hotkey: row.get("hotkey")?,
                })
            })?;
            found.collect()
        })
    }

    /// The best completed score of each hotkey, highest first, of equals the one that arrived
    /// first; at most `limit` rows. Every result that is stored counts, also one whose package was
    /// evaluated again since: the rows of `submissions`, where the service's stand too, and the
    /// history, where those are that rows have replaced.
    ///
    /// # Errors
    /// The database fails.
    pub fn leaderboard(&self, limit: Option<usize>) -> Result<Vec<LeaderboardRow>, StoreError> {
        self.read("reading the leaderboard", |connection| {
            best_of_each(connection, self.has_own_tables, limit.unwrap_or(usize::MAX))
        })
    }

    /// The best completed score of each hotkey, if it is positive.
    ///
    /// # Errors
    /// The database fails.
    pub fn weights(&self) -> Result<BTreeMap<String, f64>, StoreError> {
        let all = self.leaderboard(None)?;
        Ok(all
            .into_iter()
            .filter(|row| row.score > 0.0)
            .map(|row| (row.hotkey, row.score))
            .collect())
    }

    /// A submission, if there is one of that id.
    ///
    /// # Errors
    /// The database fails.
    pub fn submission(&self, id: &str) -> Result<Option<SubmissionRow>, StoreError> {
        self.read("reading a submission", |connection| {
            rows::find(connection, id)
        })
    }

    /// The newest submissions, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub fn submissions(&self, limit: usize) -> Result<Vec<SubmissionRow>, StoreError> {
        let columns = rows::COLUMNS
            .map(|column| format!("submissions.{column}"))
            .join(", ");
        let (place, join) = if self.has_own_tables {
            let join = "LEFT JOIN arrivals ON arrivals.submission_id = submissions.id";
            ("arrivals.sequence DESC, ", join)
        } else {
            ("", "")
        };
        let sql = format!(
            "SELECT {columns} FROM submissions {join}
             ORDER BY {place}submissions.created_at DESC, submissions.rowid DESC LIMIT ?1"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read("listing submissions", |connection| {
            let mut statement = connection.prepare(&sql)?;
            statement.query_map([limit], SubmissionRow::read)?.collect()
        })
    }
}

/// Of a file without our tables there are only the service's rows. Of equals the first to arrive
/// comes first; of the results of one submission its row, for its counts are at hand.
const ROWS_ONLY: &str = "
    SELECT id AS submission_id, hotkey, score, NULL AS evaluation, conversation_count, total_messages
    FROM submissions
    WHERE status = 'completed' AND score IS NOT NULL
    ORDER BY score DESC, created_at, rowid";
const ROWS_AND_HISTORY: &str = "
    SELECT submission_id, results.hotkey, score, evaluation, conversation_count, total_messages
    FROM (
        SELECT id AS submission_id, hotkey, score, NULL AS evaluation,
               conversation_count, total_messages, created_at, rowid AS place_in_table
        FROM submissions
        WHERE status = 'completed' AND score IS NOT NULL
        UNION ALL
        SELECT submission_id, arrivals.hotkey, score, evaluations.id, NULL, NULL,
               arrivals.arrived_at, NULL
        FROM evaluations JOIN arrivals USING (submission_id)
        WHERE status = 'completed'
    ) AS results
    LEFT JOIN arrivals USING (submission_id)
    ORDER BY score DESC, arrivals.sequence, created_at, evaluation, place_in_table";

fn best_of_each(
    connection: &Connection,
    has_own_tables: bool,
    limit: usize,
) -> Result<Vec<LeaderboardRow>, rusqlite::Error> {
    let sql = if has_own_tables {
        ROWS_AND_HISTORY
    } else {
        ROWS_ONLY
    };
    let mut statement = connection.prepare(sql)?;
    let mut found = statement.query([])?;
    let mut seen = HashSet::new();
    let mut leaderboard = Vec::new();
    while leaderboard.len() < limit {
        let Some(row) = found.next()? else {
            break;
        };
        let hotkey: String = row.get("hotkey")?;
        let score: f64 = row.get("score")?;
        // This program stores finite scores only; another might not.
        if !score.is_finite() || !seen.insert(hotkey.clone()) {
            continue;
        }
        let evaluation: Option<i64> = row.get("evaluation")?;
        let (conversation_count, total_messages) = match evaluation {
            None => counts(row)?,
            Some(id) => counts_of_evaluation(connection, id)?,
        };
        leaderboard.push(LeaderboardRow {
            rank: leaderboard.len() + 1,
            hotkey,
            score,
            submission_id: row.get("submission_id")?,
            conversation_count,
            total_messages,
        });
    }
    Ok(leaderboard)
}

/// Conversations and messages; of what another program wrote, none where there is no number.
fn counts(row: &Row<'_>) -> Result<(u64, u64), rusqlite::Error> {
    let count = |column| -> Result<u64, rusqlite::Error> {
        let count: Option<i64> = row.get(column)?;
        Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
    };
    Ok((count("conversation_count")?, count("total_messages")?))
}

/// The counts of a result that is in the history only: they stand in what is kept of it.
fn counts_of_evaluation(connection: &Connection, id: i64) -> Result<(u64, u64), rusqlite::Error> {
    let sql = "SELECT kept ->> '$.conversation_count' AS conversation_count,
                      kept ->> '$.total_messages' AS total_messages
               FROM (SELECT coalesce(row_json, record_json) AS kept
                     FROM evaluations WHERE id = ?1)";
    connection.prepare_cached(sql)?.query_row([id], counts)
}

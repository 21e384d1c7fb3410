//! What is asked of the stored submissions.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, Row};
use serde::Serialize;

use super::{Store, StoreError, SubmissionRow, rows};

/// The best completed submission of one hotkey.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeaderboardRow {
    /// From 1.
    pub rank: usize,
    /// The miner's key.
    pub hotkey: String,
    /// Final score.
    pub score: f64,
    /// The submission.
    pub submission_id: String,
    /// Conversations of its dataset.
    pub conversation_count: u64,
    /// Messages of its dataset.
    pub total_messages: u64,
}

impl Store {
    /// The best completed score of each hotkey, highest first, of equals the one that arrived
    /// first; at most `limit` rows.
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

/// Of equals the first to arrive comes first. A file without our tables has the service's clock only.
const BY_CREATION: &str = "
    SELECT id AS submission_id, hotkey, score, conversation_count, total_messages
    FROM submissions
    WHERE status = 'completed' AND score IS NOT NULL
    ORDER BY score DESC, created_at, rowid";
const BY_ARRIVAL: &str = "
    SELECT submissions.id AS submission_id, submissions.hotkey, score, conversation_count,
           total_messages
    FROM submissions LEFT JOIN arrivals ON arrivals.submission_id = submissions.id
    WHERE status = 'completed' AND score IS NOT NULL
    ORDER BY score DESC, arrivals.sequence, created_at, submissions.rowid";

fn best_of_each(
    connection: &Connection,
    has_own_tables: bool,
    limit: usize,
) -> Result<Vec<LeaderboardRow>, rusqlite::Error> {
    let sql = if has_own_tables {
        BY_ARRIVAL
    } else {
        BY_CREATION
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
        let (conversation_count, total_messages) = counts(row)?;
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

//! What is asked of the stored submissions.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::error::at;
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
        let fail = at(&self.path, "reading the leaderboard");
        let (place, join) = if self.has_own_tables {
            let join = "LEFT JOIN arrivals ON arrivals.submission_id = submissions.id";
            ("arrivals.sequence, ", join)
        } else {
            ("", "")
        };
        let sql = format!(
            "SELECT submissions.id, submissions.hotkey, score, conversation_count, total_messages
             FROM submissions {join}
             WHERE status = 'completed' AND score IS NOT NULL
             ORDER BY score DESC, {place}created_at, submissions.rowid"
        );
        let mut statement = self.connection.prepare(&sql).map_err(&fail)?;
        let mut found = statement.query([]).map_err(&fail)?;
        let mut seen = HashSet::new();
        let mut leaderboard = Vec::new();
        while leaderboard.len() < limit.unwrap_or(usize::MAX) {
            let Some(row) = found.next().map_err(&fail)? else {
                break;
            };
            let hotkey: String = row.get("hotkey").map_err(&fail)?;
            let score: f64 = row.get("score").map_err(&fail)?;
            // This program stores finite scores only; another might not.
            if !score.is_finite() || !seen.insert(hotkey.clone()) {
                continue;
            }
            let count = |column| -> Result<u64, StoreError> {
                let count: Option<i64> = row.get(column).map_err(&fail)?;
                Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
            };
            leaderboard.push(LeaderboardRow {
                rank: leaderboard.len() + 1,
                hotkey,
                score,
                submission_id: row.get("id").map_err(&fail)?,
                conversation_count: count("conversation_count")?,
                total_messages: count("total_messages")?,
            });
        }
        Ok(leaderboard)
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
        rows::find(&self.connection, id).map_err(at(&self.path, "reading a submission"))
    }

    /// The newest submissions, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub fn submissions(&self, limit: usize) -> Result<Vec<SubmissionRow>, StoreError> {
        let fail = at(&self.path, "listing submissions");
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
        let mut statement = self.connection.prepare(&sql).map_err(&fail)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = statement
            .query_map([limit], SubmissionRow::read)
            .map_err(&fail)?;
        found.collect::<Result<_, _>>().map_err(&fail)
    }
}

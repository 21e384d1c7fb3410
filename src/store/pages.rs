//! What lists and summaries ask of the database, without the long columns.

use rusqlite::{Connection, OptionalExtension, Row};

use super::{Store, StoreError, SubmissionRow, rows};

/// A submission without its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmissionSummary {
    /// Its id.
    pub id: String,
    /// The miner's key.
    pub hotkey: String,
    /// SHA-256 of the package.
    pub code_hash: String,
    /// The same; none in rows of an early service's.
    pub artifact_hash: Option<String>,
    /// `pending`, `running`, `completed` or `failed`.
    pub status: String,
    /// Final score, finite.
    pub score: f64,
    /// Final verdict.
    pub passed: bool,
    /// Conversations of the dataset.
    pub conversation_count: u64,
    /// Messages of the dataset.
    pub total_messages: u64,
    /// Why the submission failed.
    pub error: Option<String>,
    /// When it arrived, in [`super::Timestamp`]'s text form.
    pub created_at: String,
}

/// Counts over everything stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Submissions of any status.
    pub submissions: u64,
    /// Those that are completed.
    pub completed: u64,
    /// Those that wait or run.
    pub waiting: u64,
    /// Hotkeys with a submission.
    pub hotkeys: u64,
}

const SUMMARY: &str =
    "submissions.id, submissions.hotkey, code_hash, artifact_hash, status, score, passed,
    conversation_count, total_messages, error, created_at";

impl Store {
    /// A number that changes whenever another connection changes the database, and only then.
    ///
    /// # Errors
    /// The database fails.
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.read("looking for changes", |connection| {
            connection
                .prepare_cached("PRAGMA data_version")?
                .query_row([], |row| row.get("data_version"))
        })
    }

    /// The newest submissions without their texts, newest first, at most `limit`.
    ///
    /// # Errors
    /// The database fails.
    pub fn summaries(&self, limit: u32) -> Result<Vec<SubmissionSummary>, StoreError> {
        // From the arrivals, whose order is at hand: every row of `submissions` has its place there.
        let sql = format!(
            "SELECT {SUMMARY} FROM arrivals CROSS JOIN submissions ON submissions.id = arrivals.submission_id
             ORDER BY arrivals.sequence DESC LIMIT ?1"
        );
        self.read("listing submissions", |connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            statement
                .query_map([limit], SubmissionSummary::read)?
                .collect()
        })
    }

    /// The best submission of a hotkey by its present rows, of equals the newest.
    ///
    /// # Errors
    /// The database fails.
    pub fn best_of(&self, hotkey: &str) -> Result<Option<SubmissionRow>, StoreError> {
        self.read(
            "reading a hotkey's submission",
            |connection| match best_id(connection, hotkey)? {
                Some(id) => rows::find(connection, &id),
                None => Ok(None),
            },
        )
    }

    /// The lines kept of a submission's dataset, if there is one of that id.
    ///
    /// # Errors
    /// The database fails.
    pub fn sample(&self, id: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT coalesce(sample_jsonl, '') AS sample FROM submissions WHERE id = ?1";
        self.read("reading a sample", |connection| {
            connection
                .prepare_cached(sql)?
                .query_row([id], |row| row.get("sample"))
                .optional()
        })
    }

    /// Counts over everything stored.
    ///
    /// # Errors
    /// The database fails.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        let sql = "SELECT count(*) AS submissions,
                          count(*) FILTER (WHERE status = 'completed') AS completed,
                          count(*) FILTER (WHERE status IN ('pending', 'running')) AS waiting,
                          count(DISTINCT hotkey) AS hotkeys
                   FROM submissions";
        self.read("counting submissions", |connection| {
            connection.prepare_cached(sql)?.query_row([], |row| {
                let count = |column| -> Result<u64, rusqlite::Error> {
                    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
                };
                Ok(Totals {
                    submissions: count("submissions")?,
                    completed: count("completed")?,
                    waiting: count("waiting")?,
                    hotkeys: count("hotkeys")?,
                })
            })
        })
    }
}

fn best_id(connection: &Connection, hotkey: &str) -> Result<Option<String>, rusqlite::Error> {
    let sql =
        "SELECT id FROM submissions LEFT JOIN arrivals ON arrivals.submission_id = submissions.id
               WHERE submissions.hotkey = ?1
               ORDER BY score DESC, arrivals.sequence DESC, created_at DESC LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row([hotkey], |row| row.get("id"))
        .optional()
}

impl SubmissionSummary {
    fn read(row: &Row<'_>) -> Result<SubmissionSummary, rusqlite::Error> {
        let count = |column| -> Result<u64, rusqlite::Error> {
            let count: Option<i64> = row.get(column)?;
            Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
        };
        let score: Option<f64> = row.get("score")?;
        Ok(SubmissionSummary {
            id: row.get("id")?,
            hotkey: row.get("hotkey")?,
            code_hash: row.get("code_hash")?,
            artifact_hash: row.get("artifact_hash")?,
            status: row.get("status")?,
            // Another program might have stored an infinity, for which JSON has no word.
            score: score.filter(|score| score.is_finite()).unwrap_or(0.0),
            passed: row.get::<_, Option<bool>>("passed")?.unwrap_or(false),
            conversation_count: count("conversation_count")?,
            total_messages: count("total_messages")?,
            error: row.get("error")?,
            created_at: row.get("created_at")?,
        })
    }
}

impl From<&SubmissionRow> for SubmissionSummary {
    fn from(row: &SubmissionRow) -> SubmissionSummary {
        let artifact_hash = Some(&row.artifact_hash).filter(|hash| !hash.is_empty());
        SubmissionSummary {
            id: row.id.clone(),
            hotkey: row.hotkey.clone(),
            code_hash: row.code_hash.clone(),
            artifact_hash: artifact_hash.cloned(),
            status: row.status.clone(),
            score: if row.score.is_finite() {
                row.score
            } else {
                0.0
            },
            passed: row.passed,
            conversation_count: row.conversation_count,
            total_messages: row.total_messages,
            error: row.error.clone(),
            created_at: row.created_at.clone(),
        }
    }
}

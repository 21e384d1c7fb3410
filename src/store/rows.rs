//! The row of `submissions`: the service's columns, in its order.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// The service's columns, in its order.
pub(super) const COLUMNS: [&str; 23] = [
    "id",
    "hotkey",
    "code_hash",
    "artifact_hash",
    "filename",
    "artifact_json",
    "static_review_json",
    "judge_json",
    "plagiarism_json",
    "sample_jsonl",
    "status",
    "score",
    "passed",
    "conversation_count",
    "total_messages",
    "size_bytes",
    "metrics_json",
    "violations_json",
    "stdout",
    "stderr",
    "error",
    "created_at",
    "updated_at",
];

/// A row of `submissions`. Text that the service left null reads as empty where it is not optional
/// here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SubmissionRow {
    /// First 32 hexadecimal digits of the SHA-256 of `hotkey:artifact_hash`.
    pub id: String,
    /// The miner's key.
    pub hotkey: String,
    /// The same as `artifact_hash`.
    pub code_hash: String,
    /// SHA-256 of the package, lower-case hexadecimal.
    pub artifact_hash: String,
    /// The package's file name.
    pub filename: String,
    /// What is known of the package, as JSON.
    pub artifact_json: String,
    /// The review report, as JSON.
    pub static_review_json: Option<String>,
    /// The judgement, as JSON.
    pub judge_json: Option<String>,
    /// The nearest neighbour, as JSON.
    pub plagiarism_json: Option<String>,
    /// The first lines of the dataset. They can be all of it, so copies share them.
    pub sample_jsonl: Arc<str>,
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
    /// UTF-8 length of the dataset.
    pub size_bytes: u64,
    /// Result, execution and the rest, as JSON.
    pub metrics_json: String,
    /// Flattened review findings, as JSON.
    pub violations_json: String,
    /// The end of the harness's standard output.
    pub stdout: String,
    /// The end of the harness's standard error.
    pub stderr: String,
    /// Why the submission failed.
    pub error: Option<String>,
    /// When it first arrived, in [`super::Timestamp`]'s text form. The store sets this.
    pub created_at: String,
    /// When this row was made, in the same form.
    pub updated_at: String,
}

impl SubmissionRow {
    pub(super) fn read(row: &Row<'_>) -> Result<SubmissionRow, rusqlite::Error> {
        let text = |column| -> Result<String, rusqlite::Error> {
            Ok(row.get::<_, Option<String>>(column)?.unwrap_or_default())
        };
        // Whatever wrote a count below zero did not count; there is no better reading than none.
        let count = |column| -> Result<u64, rusqlite::Error> {
            let count: Option<i64> = row.get(column)?;
            Ok(u64::try_from(count.unwrap_or(0)).unwrap_or(0))
        };
        Ok(SubmissionRow {
            id: text("id")?,
            hotkey: text("hotkey")?,
            code_hash: text("code_hash")?,
            artifact_hash: text("artifact_hash")?,
            filename: text("filename")?,
            artifact_json: text("artifact_json")?,
            static_review_json: row.get("static_review_json")?,
            judge_json: row.get("judge_json")?,
            plagiarism_json: row.get("plagiarism_json")?,
            sample_jsonl: row
                .get::<_, Option<Arc<str>>>("sample_jsonl")?
                .unwrap_or_default(),
            status: text("status")?,
            score: row.get::<_, Option<f64>>("score")?.unwrap_or(0.0),
            passed: row.get::<_, Option<bool>>("passed")?.unwrap_or(false),
            conversation_count: count("conversation_count")?,
            total_messages: count("total_messages")?,
            size_bytes: count("size_bytes")?,
            metrics_json: text("metrics_json")?,
            violations_json: text("violations_json")?,
            stdout: text("stdout")?,
            stderr: text("stderr")?,
            error: row.get("error")?,
            created_at: text("created_at")?,
            updated_at: text("updated_at")?,
        })
    }

    /// Whether an evaluation has ended in this row.
    pub(super) fn is_finished(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "failed")
    }
}

/// The row of a submission as it is stored now.
pub(super) fn find(
    connection: &Connection,
    id: &str,
) -> Result<Option<SubmissionRow>, rusqlite::Error> {
    let sql = format!(
        "SELECT {} FROM submissions WHERE id = ?1",
        COLUMNS.join(", ")
    );
    connection
        .query_row(&sql, [id], SubmissionRow::read)
        .optional()
}

/// Puts a row in place of the one with its id, which keeps its `created_at`; a new one gets the
/// given.
pub(super) fn put(
    connection: &Connection,
    row: &SubmissionRow,
    created_at: &str,
    fail: impl Fn(rusqlite::Error) -> StoreError,
) -> Result<(), StoreError> {
    if !row.score.is_finite() {
        let submission_id = row.id.clone();
        return Err(StoreError::NotFinite {
            submission_id,
            score: row.score,
        });
    }
    // SQLite counts in signed 64 bits.
    let number = |what, number| {
        i64::try_from(number).map_err(|_| StoreError::TooLarge {
            submission_id: row.id.clone(),
            what,
            number,
        })
    };
    let set: Vec<String> = COLUMNS
        .iter()
        .filter(|column| !matches!(**column, "id" | "created_at"))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let values: Vec<String> = COLUMNS.iter().map(|column| format!(":{column}")).collect();
    let sql = format!(
        "INSERT INTO submissions ({}) VALUES ({}) ON CONFLICT (id) DO UPDATE SET {}",
        COLUMNS.join(", "),
        values.join(", "),
        set.join(", ")
    );
    let mut statement = connection.prepare_cached(&sql).map_err(&fail)?;
    statement
        .execute(named_params! {
            ":id": row.id,
            ":hotkey": row.hotkey,
            ":code_hash": row.code_hash,
            ":artifact_hash": row.artifact_hash,
            ":filename": row.filename,
            ":artifact_json": row.artifact_json,
            ":static_review_json": row.static_review_json,
            ":judge_json": row.judge_json,
            ":plagiarism_json": row.plagiarism_json,
            ":sample_jsonl": row.sample_jsonl,
            ":status": row.status,
            ":score": row.score,
            ":passed": row.passed,
            ":conversation_count": number("conversation_count", row.conversation_count)?,
            ":total_messages": number("total_messages", row.total_messages)?,
            ":size_bytes": number("size_bytes", row.size_bytes)?,
            ":metrics_json": row.metrics_json,
            ":violations_json": row.violations_json,
            ":stdout": row.stdout,
            ":stderr": row.stderr,
            ":error": row.error,
            ":created_at": created_at,
            ":updated_at": row.updated_at,
        })
        .map_err(fail)?;
    Ok(())
}

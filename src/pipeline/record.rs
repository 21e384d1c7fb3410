//! The published result of one submission.

use serde::{Deserialize, Serialize};

use crate::harness::{Ending, Outcome, Protection};
use crate::judge::Judgement;
use crate::judge::llm::{Audit, Heard};
use crate::review::{FlatViolation, Review};
use crate::score::{Metrics, Score};
use crate::similarity::Status;

use super::Structure;

/// Where an evaluation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordStatus {
    /// Stopped on its way, before anything was found wrong with it.
    Pending,
    /// Evaluated without an error (which says nothing about the score).
    Completed,
    /// Something about the package, its run or its dataset is wrong: see `error`.
    Failed,
}

impl RecordStatus {
    /// The word stored in the database.
    pub fn name(self) -> &'static str {
        match self {
            RecordStatus::Pending => "pending",
            RecordStatus::Completed => "completed",
            RecordStatus::Failed => "failed",
        }
    }
}

/// How the harness ended and what it used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Exit code; 128 + n for signal n, 124 for a time limit, 137 for out of memory.
    pub returncode: i32,
    /// A time limit (wall clock or CPU) ended it.
    pub timed_out: bool,
    /// Wall-clock seconds.
    pub duration_seconds: f64,
    /// The limit that ended it (`timeout_wall`, `timeout_cpu`, `oom`, `output_limit`), null if none did.
    pub limit: Option<String>,
    /// CPU seconds of the whole process group, null where they cannot be known.
    pub cpu_seconds: Option<f64>,
    /// Largest memory use seen, in bytes, null where it cannot be known.
    pub peak_memory_bytes: Option<u64>,
    /// The way it ended: its class, with the code of an exit and the number of a signal.
    pub ending: Ending,
    /// What was enforced by which means, and what could not be.
    pub enforced: Vec<Protection>,
}

impl From<&Outcome> for Execution {
    fn from(outcome: &Outcome) -> Execution {
        let limit = match outcome.ending {
            Ending::TimeoutWall => Some("timeout_wall"),
            Ending::TimeoutCpu => Some("timeout_cpu"),
            Ending::Oom => Some("oom"),
            Ending::OutputLimit => Some("output_limit"),
            Ending::Ok | Ending::Exit { .. } | Ending::Signal { .. } | Ending::BadOutput => None,
        };
        Execution {
            returncode: outcome.returncode,
            timed_out: matches!(outcome.ending, Ending::TimeoutWall | Ending::TimeoutCpu),
            duration_seconds: outcome.wall_seconds,
            limit: limit.map(str::to_owned),
            cpu_seconds: outcome.cpu_seconds,
            peak_memory_bytes: outcome.peak_memory_bytes,
            ending: outcome.ending,
            enforced: outcome.enforced.clone(),
        }
    }
}

/// The nearest earlier submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Id of the earlier submission.
    pub submission_id: String,
    /// Whose it is.
    pub hotkey: String,
    /// Percent of structure shared, 0 to 100.
    pub score: u32,
    /// What the live service's thresholds make of the score, or a language model's audit.
    pub status: Status,
    /// A language model's audit of the two packages, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub llm: Option<Heard<Audit>>,
}

/// One submission's result: the item of `dfab run --format json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubmissionRecord {
    /// Submission id; null for a package that was refused (the live service answers its upload with an error and
    /// keeps no submission).
    pub id: Option<String>,
    /// Whose submission it is.
    pub hotkey: String,
    /// The package as the caller named it.
    pub package: String,
    /// Its file name.
    pub filename: String,
    /// SHA-256 of the ZIP; null for a refused package.
    pub artifact_hash: Option<String>,
    /// Completed or failed.
    pub status: RecordStatus,
    /// Final score, 0 to 1.
    pub score: f64,
    /// Whether it passes.
    pub passed: bool,
    /// Conversations in the dataset.
    pub conversation_count: usize,
    /// Messages in the dataset.
    pub total_messages: usize,
    /// Bytes of the decoded dataset.
    pub size_bytes: u64,
    /// What went wrong with the package or dataset; null if nothing did.
    pub error: Option<String>,
    /// The nine metrics.
    pub metrics: Metrics,
    /// The static review; null for a refused package.
    pub static_review: Option<Review>,
    /// The judgement; null where there was no dataset to judge.
    pub judge: Option<Judgement>,
    /// The nearest earlier submission; null where there was nothing to compare.
    pub plagiarism: Option<Neighbour>,
    /// How much of it is found in an earlier submission; null where there was nothing to compare, and in records from
    /// before this was looked at.
    #[serde(default)]
    pub structure: Option<Structure>,
    /// All findings of the review, with their files.
    pub violations: Vec<FlatViolation>,
    /// How the harness ended; null if it was not run.
    pub execution: Option<Execution>,
}

impl SubmissionRecord {
    /// The record of a package that does not keep the contract.
    pub fn refused(hotkey: &str, package: &str, filename: &str, error: String) -> SubmissionRecord {
        SubmissionRecord {
            id: None,
            hotkey: hotkey.to_owned(),
            package: package.to_owned(),
            filename: filename.to_owned(),
            artifact_hash: None,
            status: RecordStatus::Failed,
            score: 0.0,
            passed: false,
            conversation_count: 0,
            total_messages: 0,
            size_bytes: 0,
            error: Some(error),
            metrics: Metrics::default(),
            static_review: None,
            judge: None,
            plagiarism: None,
            structure: None,
            violations: Vec::new(),
            execution: None,
        }
    }

    /// The numeric part of the record, in the shape the database keeps.
    pub fn result(&self) -> Score {
        Score {
            passed: self.passed,
            score: self.score,
            conversation_count: self.conversation_count,
            total_messages: self.total_messages,
            size_bytes: self.size_bytes,
            metrics: self.metrics,
            error: self.error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A stored record that is reported again must be the one that was stored.
        #[test]
        fn numbers_come_back_from_json_to_the_last_bit(number in proptest::num::f64::NORMAL, tenths in 0u32..100_000) {
            for score in [number, f64::from(tenths) / 100_000.0, 0.1 + f64::from(tenths) / 3.0] {
                let mut record = SubmissionRecord::refused("5A", "a.zip", "a.zip", "no".into());
                record.score = score;
                record.metrics.quality_score = score;
                let text = serde_json::to_string(&record).unwrap();
                let back: SubmissionRecord = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(back, record);
            }
        }
    }
}

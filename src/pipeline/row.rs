//! A record as the row the live service would keep of it.

use std::sync::Arc;

use serde::Serialize;

use crate::judge::Judgement;
use serde_json::value::RawValue;

use crate::package::{FileView, Package};
use crate::review::{FlatViolation, Review};
use crate::score::Score;
use crate::store::{SubmissionRow, Timestamp};

use super::{Neighbour, SubmissionRecord};

/// `metrics_json`: everything about an evaluation in one object, as the live service's dashboards read it.
#[derive(Serialize)]
struct StoredMetrics<'a> {
    result: Score,
    execution: Option<StoredExecution<'a>>,
    violations: &'a [FlatViolation],
    static_review: Option<&'a Review>,
    judge: Option<&'a Judgement>,
    plagiarism: Option<&'a Neighbour>,
}

#[derive(Serialize)]
struct StoredExecution<'a> {
    stdout: &'a str,
    stderr: &'a str,
    returncode: i32,
    duration_seconds: f64,
    timed_out: bool,
}

/// `artifact_json`: what the package holds.
#[derive(Serialize)]
struct StoredArtifact<'a> {
    artifact_hash: &'a str,
    entrypoint: &'a str,
    files: Vec<FileView<'a>>,
    manifest: Option<Box<RawValue>>,
}

/// Text a run left behind.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Logs<'a> {
    pub(super) stdout: &'a str,
    pub(super) stderr: &'a str,
    pub(super) sample_jsonl: Option<&'a Arc<str>>,
}

/// What a package holds, as it is stored.
pub(super) fn artifact_json(package: &Package) -> String {
    json(&StoredArtifact {
        artifact_hash: &package.artifact_hash,
        entrypoint: &package.entrypoint,
        files: package.files_view(),
        manifest: RawValue::from_string(package.manifest_json.clone()).ok(),
    })
}

/// The row of `record`, which is of a submission.
pub(super) fn row(
    id: &str,
    record: &SubmissionRecord,
    artifact_json: String,
    logs: Logs<'_>,
) -> SubmissionRow {
    let artifact_hash = record.artifact_hash.clone().unwrap_or_default();
    let metrics = StoredMetrics {
        result: record.result(),
        execution: record.execution.as_ref().map(|execution| StoredExecution {
            stdout: logs.stdout,
            stderr: logs.stderr,
            returncode: execution.returncode,
            duration_seconds: execution.duration_seconds,
            timed_out: execution.timed_out,
        }),
        violations: &record.violations,
        static_review: record.static_review.as_ref(),
        judge: record.judge.as_ref(),
        plagiarism: record.plagiarism.as_ref(),
    };
    let now = Timestamp::now();
    SubmissionRow {
        id: id.to_owned(),
        hotkey: record.hotkey.clone(),
        code_hash: artifact_hash.clone(),
        artifact_hash,
        filename: record.filename.clone(),
        artifact_json,
        static_review_json: record.static_review.as_ref().map(json),
        judge_json: record.judge.as_ref().map(json),
        plagiarism_json: record.plagiarism.as_ref().map(json),
        sample_jsonl: logs.sample_jsonl.cloned().unwrap_or_default(),
        status: record.status.name().to_owned(),
        score: record.score,
        passed: record.passed,
        conversation_count: record.conversation_count as u64,
        total_messages: record.total_messages as u64,
        size_bytes: record.size_bytes,
        metrics_json: json(&metrics),
        violations_json: json(&record.violations),
        stdout: logs.stdout.to_owned(),
        stderr: logs.stderr.to_owned(),
        error: record.error.clone(),
        created_at: now.to_string(),
        updated_at: now.to_string(),
    }
}

/// Our own types have text keys and finite numbers only, so writing them as JSON cannot fail.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| unreachable!("a record is JSON: {error}"))
}

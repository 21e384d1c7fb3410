//! The shapes of the answers. What is serialised is what `/openapi.json` describes: both come from these types.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::settings::Settings;
use crate::store::{LeaderboardRow, SubmissionRow, SubmissionSummary};

/// JSON that is written already.
pub(super) struct JsonBytes(pub(super) Bytes);

impl IntoResponse for JsonBytes {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, kind)], self.0).into_response()
    }
}

/// A value as JSON.
pub(super) fn json(value: &impl Serialize) -> JsonBytes {
    JsonBytes(written(value).into())
}

/// Our own types have text keys and finite numbers only, so writing them as JSON cannot fail.
pub(super) fn written(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|error| unreachable!("an answer is JSON: {error}"))
}

/// How far a submission is.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code)]
pub(super) enum Status {
    Pending,
    Running,
    Completed,
    Failed,
}

/// A submission without its details.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Submission {
    /// Its id.
    id: String,
    /// The miner's key.
    hotkey: String,
    /// SHA-256 of the package.
    code_hash: String,
    /// How far it is.
    #[schema(value_type = Status)]
    status: String,
    /// Final score, from 0 to 1.
    score: f64,
    /// Final verdict.
    passed: bool,
    /// Conversations of the dataset.
    conversation_count: u64,
    /// Messages of the dataset.
    total_messages: u64,
    /// SHA-256 of the package.
    #[schema(required)]
    artifact_hash: Option<String>,
    /// Why it failed.
    #[schema(required)]
    error: Option<String>,
}

impl From<SubmissionSummary> for Submission {
    fn from(summary: SubmissionSummary) -> Submission {
        Submission {
            id: summary.id,
            hotkey: summary.hotkey,
            code_hash: summary.code_hash,
            status: summary.status,
            score: summary.score,
            passed: summary.passed,
            conversation_count: summary.conversation_count,
            total_messages: summary.total_messages,
            artifact_hash: summary.artifact_hash,
            error: summary.error,
        }
    }
}

/// A submission with everything known of it. Before its evaluation the objects and lists are empty.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SubmissionDetail {
    #[serde(flatten)]
    submission: Submission,
    /// The name the package was sent under.
    #[schema(required)]
    filename: Option<String>,
    /// Result, execution and the rest in one object.
    #[schema(value_type = Object)]
    metrics: Box<RawValue>,
    /// Findings of the review, with their files.
    #[schema(value_type = Vec<Object>)]
    violations: Box<RawValue>,
    /// The end of the harness's standard output.
    stdout: String,
    /// The end of the harness's standard error.
    stderr: String,
    /// The review report.
    #[schema(required, value_type = Option<Object>)]
    static_review: Option<Box<RawValue>>,
    /// The judgement.
    #[schema(required, value_type = Option<Object>)]
    judge: Option<Box<RawValue>>,
    /// The nearest earlier submission.
    #[schema(required, value_type = Option<Object>)]
    plagiarism: Option<Box<RawValue>>,
}

/// The evaluation of a submission.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Report {
    /// The submission.
    submission_id: String,
    /// Result, execution and the rest in one object.
    #[schema(value_type = Object)]
    metrics: Box<RawValue>,
    /// The review report.
    #[schema(required, value_type = Option<Object>)]
    static_review: Option<Box<RawValue>>,
    /// The judgement.
    #[schema(required, value_type = Option<Object>)]
    judge: Option<Box<RawValue>>,
    /// The nearest earlier submission.
    #[schema(required, value_type = Option<Object>)]
    plagiarism: Option<Box<RawValue>>,
    /// Findings of the review, with their files.
    #[schema(value_type = Vec<Object>)]
    violations: Box<RawValue>,
}

impl From<SubmissionRow> for SubmissionDetail {
    fn from(row: SubmissionRow) -> SubmissionDetail {
        let parts = Parts::of(&row);
        SubmissionDetail {
            submission: Submission::from(SubmissionSummary::from(&row)),
            filename: Some(row.filename).filter(|name| !name.is_empty()),
            metrics: parts.metrics,
            violations: parts.violations,
            stdout: row.stdout,
            stderr: row.stderr,
            static_review: parts.static_review,
            judge: parts.judge,
            plagiarism: parts.plagiarism,
        }
    }
}

impl From<SubmissionRow> for Report {
    fn from(row: SubmissionRow) -> Report {
        let parts = Parts::of(&row);
        Report {
            submission_id: row.id,
            metrics: parts.metrics,
            static_review: parts.static_review,
            judge: parts.judge,
            plagiarism: parts.plagiarism,
            violations: parts.violations,
        }
    }
}

/// The JSON columns of a row.
struct Parts {
    metrics: Box<RawValue>,
    violations: Box<RawValue>,
    static_review: Option<Box<RawValue>>,
    judge: Option<Box<RawValue>>,
    plagiarism: Option<Box<RawValue>>,
}

impl Parts {
    fn of(row: &SubmissionRow) -> Parts {
        let is_evaluated = !matches!(row.status.as_str(), "pending" | "running");
        // What is not known yet is empty, what does not exist is null.
        let object = |column: &Option<String>| match column.as_deref().and_then(stored) {
            None if is_evaluated => None,
            known => Some(known.unwrap_or_else(|| raw("{}"))),
        };
        Parts {
            metrics: stored(&row.metrics_json).unwrap_or_else(|| raw("{}")),
            violations: stored(&row.violations_json).unwrap_or_else(|| raw("[]")),
            static_review: object(&row.static_review_json),
            judge: object(&row.judge_json),
            plagiarism: object(&row.plagiarism_json),
        }
    }
}

/// A column's JSON as it stands there; none if it is null, empty, or no JSON (another program may have written it).
fn stored(column: &str) -> Option<Box<RawValue>> {
    let value: Box<RawValue> = serde_json::from_str(column).ok()?;
    (value.get() != "null").then_some(value)
}

fn raw(text: &str) -> Box<RawValue> {
    serde_json::from_str(text).unwrap_or_else(|error| unreachable!("it is JSON: {error}"))
}

/// The first lines of a submission's dataset.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Samples {
    /// The submission.
    pub(super) submission_id: String,
    /// JSON lines.
    pub(super) jsonl: String,
}

/// One hotkey's place.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Leader {
    /// From 1.
    rank: u64,
    /// The miner's key.
    hotkey: String,
    /// Final score of its best submission.
    score: f64,
    /// That submission.
    submission_id: String,
    /// Conversations of its dataset.
    conversation_count: u64,
    /// Messages of its dataset.
    total_messages: u64,
}

impl From<LeaderboardRow> for Leader {
    fn from(row: LeaderboardRow) -> Leader {
        Leader {
            rank: row.rank as u64,
            hotkey: row.hotkey,
            score: row.score,
            submission_id: row.submission_id,
            conversation_count: row.conversation_count,
            total_messages: row.total_messages,
        }
    }
}

/// The best score of each hotkey.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Weights {
    /// Positive scores by hotkey.
    pub(super) weights: BTreeMap<String, f64>,
}

/// The weights as the platform reads them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InternalWeights {
    /// The challenge.
    pub(super) challenge_slug: String,
    /// Unix seconds.
    pub(super) epoch: i64,
    /// Positive scores by hotkey.
    pub(super) weights: BTreeMap<String, f64>,
}

/// What this server does.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServerStatus {
    /// The challenge.
    pub(super) slug: String,
    /// `ok`.
    pub(super) status: &'static str,
    /// Whether submissions are evaluated.
    pub(super) evaluation_enabled: bool,
    /// Whether the public submission routes are open.
    pub(super) upload_enabled: bool,
    /// Submissions of any status.
    pub(super) total_submissions: u64,
}

/// Counts.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stats {
    /// Submissions of any status.
    pub(super) total_submissions: u64,
    /// Completed submissions.
    pub(super) completed_submissions: u64,
    /// Hotkeys with a submission.
    pub(super) active_miners: u64,
    /// The highest score of a completed submission, 0 if there is none.
    pub(super) best_score: f64,
}

/// What a dataset has to look like.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DatasetShape {
    /// Name of the shape.
    schema: &'static str,
    /// Fewest conversations.
    min_conversations: u64,
    /// Most conversations.
    max_conversations: u64,
    /// Fields of a conversation.
    required_fields: [&'static str; 4],
    /// Roles of a message.
    roles: [&'static str; 5],
}

impl From<&Settings> for DatasetShape {
    fn from(settings: &Settings) -> DatasetShape {
        DatasetShape {
            schema: "agentic-coding-conversation-jsonl",
            min_conversations: settings.min_conversations as u64,
            max_conversations: settings.max_conversations as u64,
            required_fields: ["task", "tools", "messages", "final"],
            roles: ["system", "user", "assistant", "tool", "function"],
        }
    }
}

/// Earlier datasets: none are published here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DatasetHistory {
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    pub(super) history: [(); 0],
}

/// Who agrees on the dataset: this server alone.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DatasetConsensus {
    /// `local`.
    pub(super) status: &'static str,
    /// 1.
    pub(super) validator_count: u32,
    /// 1.
    pub(super) agreement_level: f64,
}

/// What a harness printed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Logs {
    /// The end of its standard output.
    pub(super) stdout: String,
    /// The end of its standard error.
    pub(super) stderr: String,
}

/// Which package a hotkey is judged by.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Code {
    /// The submission.
    pub(super) submission_id: String,
    /// SHA-256 of its package.
    #[schema(required)]
    pub(super) artifact_hash: Option<String>,
}

/// That this server is up.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`.
    pub(super) status: &'static str,
    /// The challenge.
    pub(super) slug: String,
    /// Its version.
    pub(super) version: String,
}

/// What this server speaks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Version {
    /// Version of these routes.
    pub(super) api_version: &'static str,
    /// Version of the challenge.
    pub(super) challenge_version: String,
    /// Version of the platform's kit whose routes these are.
    pub(super) sdk_version: &'static str,
    /// What can be asked of it.
    pub(super) capabilities: Vec<&'static str>,
}

//! The best submission of a hotkey.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;

use crate::serve::answers::{Code, Logs, SubmissionDetail, json};
use crate::serve::fault::{Detail, Fault, StoreFaults};
use crate::serve::state::App;
use crate::store::SubmissionRow;

use super::{Answer, Segment};

/// A hotkey's submission with the best score, of equals the newest.
#[utoipa::path(get, path = "/agent/{hotkey}", tag = "agents",
    params(("hotkey" = String, Path, description = "The miner's key")),
    responses(
        (status = 200, body = SubmissionDetail),
        (status = 404, description = "It has none", body = Detail),
        StoreFaults,
    ))]
pub(super) async fn agent(State(app): State<Arc<App>>, hotkey: Segment) -> Answer {
    Ok(json(&SubmissionDetail::from(find(&app, hotkey).await?)).into_response())
}

/// What that submission's harness printed.
#[utoipa::path(get, path = "/agent/{hotkey}/logs", tag = "agents",
    params(("hotkey" = String, Path, description = "The miner's key")),
    responses(
        (status = 200, body = Logs),
        (status = 404, description = "It has none", body = Detail),
        StoreFaults,
    ))]
pub(super) async fn logs(State(app): State<Arc<App>>, hotkey: Segment) -> Answer {
    let row = find(&app, hotkey).await?;
    let logs = Logs {
        stdout: row.stdout,
        stderr: row.stderr,
    };
    Ok(json(&logs).into_response())
}

/// Which package that submission is.
#[utoipa::path(get, path = "/agent/{hotkey}/code", tag = "agents",
    params(("hotkey" = String, Path, description = "The miner's key")),
    responses(
        (status = 200, body = Code),
        (status = 404, description = "It has none", body = Detail),
        StoreFaults,
    ))]
pub(super) async fn code(State(app): State<Arc<App>>, hotkey: Segment) -> Answer {
    let row = find(&app, hotkey).await?;
    let code = Code {
        submission_id: row.id,
        artifact_hash: Some(row.artifact_hash).filter(|hash| !hash.is_empty()),
    };
    Ok(json(&code).into_response())
}

async fn find(app: &App, Segment(hotkey): Segment) -> Result<SubmissionRow, Fault> {
    let found = app
        .readers
        .with(move |store| store.best_of(&hotkey))
        .await?;
    found.ok_or(Fault::NotFound("agent not found"))
}

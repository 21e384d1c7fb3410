//! Looking at one submission, or at the newest.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;

use crate::serve::answers::{self, JsonBytes, Report, Samples, SubmissionDetail, json};
use crate::serve::fault::{Detail, Fault, StoreFaults};
use crate::serve::state::App;
use crate::store::SubmissionRow;

use super::{Answer, Segment};

const UNKNOWN: Fault = Fault::NotFound("submission not found");

/// The newest 100 submissions, newest first.
#[utoipa::path(get, path = "/submissions", tag = "submissions", responses(
    (status = 200, body = Vec<answers::Submission>),
    StoreFaults,
))]
pub(super) async fn list(State(app): State<Arc<App>>) -> Answer {
    Ok(JsonBytes(app.kept.submissions.get().await?).into_response())
}

/// A submission with its details.
#[utoipa::path(get, path = "/submissions/{submission_id}", tag = "submissions",
    params(("submission_id" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = SubmissionDetail),
        (status = 404, description = "There is none of that id", body = Detail),
        StoreFaults,
    ))]
pub(super) async fn detail(State(app): State<Arc<App>>, id: Segment) -> Answer {
    Ok(json(&SubmissionDetail::from(find(&app, id).await?)).into_response())
}

/// The same, under the route of dashboards.
#[utoipa::path(get, path = "/results/{submission_id}", tag = "submissions",
    params(("submission_id" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = SubmissionDetail),
        (status = 404, description = "There is none of that id", body = Detail),
        StoreFaults,
    ))]
pub(super) async fn result(State(app): State<Arc<App>>, id: Segment) -> Answer {
    Ok(json(&SubmissionDetail::from(find(&app, id).await?)).into_response())
}

/// The evaluation of a submission.
#[utoipa::path(get, path = "/v1/submissions/{submission_id}/report", tag = "submissions",
    params(("submission_id" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = Report),
        (status = 404, description = "There is none of that id", body = Detail),
        StoreFaults,
    ))]
pub(super) async fn report(State(app): State<Arc<App>>, id: Segment) -> Answer {
    Ok(json(&Report::from(find(&app, id).await?)).into_response())
}

/// The first lines of a submission's dataset.
#[utoipa::path(get, path = "/v1/submissions/{submission_id}/samples", tag = "submissions",
    params(("submission_id" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = Samples),
        (status = 404, description = "There is none of that id", body = Detail),
        StoreFaults,
    ))]
pub(super) async fn samples(State(app): State<Arc<App>>, Segment(id): Segment) -> Answer {
    let asked = id.clone();
    let found = app.readers.with(move |store| store.sample(&asked)).await?;
    let samples = Samples {
        submission_id: id,
        jsonl: found.ok_or(UNKNOWN)?,
    };
    Ok(json(&samples).into_response())
}

async fn find(app: &App, Segment(id): Segment) -> Result<SubmissionRow, Fault> {
    let found = app.readers.with(move |store| store.submission(&id)).await?;
    found.ok_or(UNKNOWN)
}

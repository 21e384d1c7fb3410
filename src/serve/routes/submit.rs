//! Handing a package in.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::IntoResponse;

use crate::serve::answers::{Submission, json};
use crate::serve::fault::{Detail, Fault, StoreFaults, UploadFaults};
use crate::serve::state::App;
use crate::serve::upload::{self, SubmissionRequest};
use crate::serve::{answers, intake};
use crate::store::SubmissionSummary;

use super::Answer;

/// The ZIP itself.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code)]
pub(super) struct ZipBody(Vec<u8>);

/// A form with the package in one of three fields.
#[derive(utoipa::ToSchema)]
#[allow(dead_code)]
pub(super) struct SubmissionForm {
    /// The ZIP.
    #[schema(value_type = String, format = Binary, required = false)]
    file: Option<Vec<u8>>,
    /// The ZIP, under another name.
    #[schema(value_type = String, format = Binary, required = false)]
    package: Option<Vec<u8>>,
    /// The ZIP, under another name.
    #[schema(value_type = String, format = Binary, required = false)]
    artifact: Option<Vec<u8>>,
    /// The miner's key.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 128)]
    hotkey: Option<String>,
}

/// Hand in a package.
///
/// Answers at once; the evaluation follows in the order of arrival. A package that was handed in before is answered
/// with how it stands.
#[utoipa::path(
    post, path = "/submit", tag = "submissions",
    params(
        ("hotkey" = Option<String>, Query, description = "The miner's key, 1 to 128 characters, for a body that does not name it"),
        ("x-miner-hotkey" = Option<String>, Header, description = "The same"),
        ("x-platform-verified-hotkey" = Option<String>, Header, description = "The same"),
        ("x-submission-filename" = Option<String>, Header, description = "The file name of such a body, which ends with .zip and has at most 256 characters"),
    ),
    request_body(content(
        (SubmissionRequest = "application/json"),
        (SubmissionForm = "multipart/form-data"),
        (ZipBody = "application/zip"),
    )),
    responses(
        (status = 200, body = answers::Submission),
        (status = 404, description = "These routes are closed", body = Detail),
        UploadFaults, StoreFaults,
    ),
)]
pub(super) async fn submit(State(app): State<Arc<App>>, request: Request) -> Answer {
    take(&app, request).await
}

/// Hand in a package, under the route of version 1.
#[utoipa::path(
    post, path = "/v1/submissions", tag = "submissions",
    params(
        ("hotkey" = Option<String>, Query, description = "The miner's key, 1 to 128 characters, for a body that does not name it"),
        ("x-miner-hotkey" = Option<String>, Header, description = "The same"),
        ("x-platform-verified-hotkey" = Option<String>, Header, description = "The same"),
        ("x-submission-filename" = Option<String>, Header, description = "The file name of such a body, which ends with .zip and has at most 256 characters"),
    ),
    request_body(content(
        (SubmissionRequest = "application/json"),
        (SubmissionForm = "multipart/form-data"),
        (ZipBody = "application/zip"),
    )),
    responses(
        (status = 200, body = answers::Submission),
        (status = 404, description = "These routes are closed", body = Detail),
        UploadFaults, StoreFaults,
    ),
)]
pub(super) async fn submit_v1(State(app): State<Arc<App>>, request: Request) -> Answer {
    take(&app, request).await
}

async fn take(app: &App, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    if !app.settings.public_submissions_enabled {
        upload::discard(app, body).await;
        return Err(Fault::NotFound("submission route disabled"));
    }
    let upload = upload::public(app, parts, body).await?;
    let row = intake::submit(app, upload).await?;
    Ok(json(&Submission::from(SubmissionSummary::from(&row))).into_response())
}

//! For the platform alone.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;

use crate::serve::answers::{self, InternalWeights, Submission, json};
use crate::serve::fault::{Detail, StoreFaults, UploadFaults};
use crate::serve::state::App;
use crate::serve::{auth, intake, upload};
use crate::store::{SubmissionSummary, Timestamp};

use super::Answer;

/// The weights as the platform reads them.
#[utoipa::path(get, path = "/internal/v1/get_weights", operation_id = "internal_get_weights", tag = "internal",
    params(("x-platform-challenge-slug" = String, Header, description = "The challenge that is meant")),
    responses(
        (status = 200, body = InternalWeights),
        (status = 401, description = "Another token", body = Detail),
        (status = 403, description = "Another challenge", body = Detail),
        StoreFaults,
    ),
    security(("bearer" = [])))]
pub(super) async fn get_weights(State(app): State<Arc<App>>, headers: HeaderMap) -> Answer {
    auth::admit(&app, &headers).await?;
    let weights = app.readers.with(|store| store.weights()).await?;
    let answer = InternalWeights {
        challenge_slug: app.settings.slug.clone(),
        epoch: Timestamp::now().unix_seconds(),
        weights,
    };
    Ok(json(&answer).into_response())
}

/// A package that the platform hands on.
#[utoipa::path(post, path = "/internal/v1/bridge/submissions", tag = "internal",
    params(
        ("x-platform-challenge-slug" = String, Header, description = "The challenge that is meant"),
        ("x-platform-verified-hotkey" = String, Header, description = "The miner's key", min_length = 1, max_length = 128),
        ("x-submission-filename" = Option<String>, Header, description = "The package's file name", max_length = 256, pattern = r"^$|\.[zZ][iI][pP]$"),
    ),
    request_body(content = super::submit::ZipBody, content_type = "application/zip"),
    responses(
        (status = 200, body = answers::Submission),
        (status = 401, description = "Another token", body = Detail),
        (status = 403, description = "Another challenge", body = Detail),
        (status = 413, description = "The package is too large", body = Detail),
        UploadFaults, StoreFaults,
    ),
    security(("bearer" = [])))]
pub(super) async fn bridge(State(app): State<Arc<App>>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    if let Err(fault) = auth::admit(&app, &parts.headers).await {
        upload::discard(&app, body).await;
        return Err(fault);
    }
    let upload = upload::bridged(&app, &parts.headers, body).await?;
    let row = intake::submit(&app, upload).await?;
    Ok(json(&Submission::from(SubmissionSummary::from(&row))).into_response())
}

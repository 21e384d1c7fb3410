//! What stands where: scores, counts, and what this server is.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::serve::answers::{
    DatasetConsensus, DatasetHistory, DatasetShape, Health, JsonBytes, Leader, ServerStatus, Stats,
    Version, Weights, json,
};
use crate::serve::fault::StoreFaults;
use crate::serve::state::App;

use super::Answer;

/// The best submission of each hotkey, highest score first, at most 100.
#[utoipa::path(get, path = "/leaderboard", tag = "overview", responses(
    (status = 200, body = Vec<Leader>), StoreFaults))]
pub(super) async fn leaderboard(State(app): State<Arc<App>>) -> Answer {
    Ok(JsonBytes(app.kept.leaderboard.get().await?).into_response())
}

/// The best score of each hotkey, if it is positive.
#[utoipa::path(get, path = "/get_weights", tag = "overview", responses(
    (status = 200, body = Weights), StoreFaults))]
pub(super) async fn get_weights(State(app): State<Arc<App>>) -> Answer {
    Ok(JsonBytes(app.kept.weights.get().await?).into_response())
}

/// What this server does.
#[utoipa::path(get, path = "/status", tag = "overview", responses(
    (status = 200, body = ServerStatus), StoreFaults))]
pub(super) async fn status(State(app): State<Arc<App>>) -> Answer {
    Ok(JsonBytes(app.kept.status.get().await?).into_response())
}

/// Counts.
#[utoipa::path(get, path = "/stats", tag = "overview", responses(
    (status = 200, body = Stats), StoreFaults))]
pub(super) async fn stats(State(app): State<Arc<App>>) -> Answer {
    Ok(JsonBytes(app.kept.stats.get().await?).into_response())
}

/// What a dataset has to look like.
#[utoipa::path(get, path = "/dataset", tag = "dataset", responses((status = 200, body = DatasetShape)))]
pub(super) async fn dataset(State(app): State<Arc<App>>) -> Response {
    json(&DatasetShape::from(&*app.settings)).into_response()
}

/// Earlier datasets: none are published here.
#[utoipa::path(get, path = "/dataset/history", tag = "dataset", responses((status = 200, body = DatasetHistory)))]
pub(super) async fn dataset_history() -> Response {
    json(&DatasetHistory { history: [] }).into_response()
}

/// Who agrees on the dataset: this server alone.
#[utoipa::path(get, path = "/dataset/consensus", tag = "dataset", responses((status = 200, body = DatasetConsensus)))]
pub(super) async fn dataset_consensus() -> Response {
    json(&DatasetConsensus {
        status: "local",
        validator_count: 1,
        agreement_level: 1.0,
    })
    .into_response()
}

/// That this server is up. It asks nobody, the database neither.
#[utoipa::path(get, path = "/health", tag = "server", responses((status = 200, body = Health)))]
pub(super) async fn health(State(app): State<Arc<App>>) -> Response {
    json(&Health {
        status: "ok",
        slug: app.settings.slug.clone(),
        version: app.settings.version.clone(),
    })
    .into_response()
}

/// What this server speaks.
#[utoipa::path(get, path = "/version", tag = "server", responses((status = 200, body = Version)))]
pub(super) async fn version(State(app): State<Arc<App>>) -> Response {
    let mut capabilities = vec![
        "get_weights",
        "proxy_routes",
        "sqlite",
        "zip_harness",
        "ast_similarity",
        "plagiarism_detection",
    ];
    if app.settings.docker_enabled {
        capabilities.push("docker_executor");
    }
    json(&Version {
        api_version: "1.0",
        challenge_version: app.settings.version.clone(),
        sdk_version: "1.0.0",
        capabilities,
    })
    .into_response()
}

/// This description.
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses((status = 200, body = Object)))]
pub(super) async fn describe(State(app): State<Arc<App>>) -> Response {
    JsonBytes(app.openapi.clone()).into_response()
}

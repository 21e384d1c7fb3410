//! The routes. Each handler says in its attribute what `/openapi.json` says of it.

mod agents;
mod internal;
mod overview;
mod pages;
mod submissions;
mod submit;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::settings::Settings;

use super::fault::Fault;
use super::state::App;
use super::{headers, openapi};

/// What a handler answers.
type Answer = Result<Response, Fault>;

/// Every route, and their description.
fn all() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(pages::home))
        .routes(routes!(pages::view))
        .routes(routes!(submit::submit))
        .routes(routes!(submit::submit_v1))
        .routes(routes!(submissions::list))
        .routes(routes!(submissions::detail))
        .routes(routes!(submissions::result))
        .routes(routes!(submissions::report))
        .routes(routes!(submissions::samples))
        .routes(routes!(agents::agent))
        .routes(routes!(agents::logs))
        .routes(routes!(agents::code))
        .routes(routes!(overview::leaderboard))
        .routes(routes!(overview::get_weights))
        .routes(routes!(overview::status))
        .routes(routes!(overview::stats))
        .routes(routes!(overview::dataset))
        .routes(routes!(overview::dataset_history))
        .routes(routes!(overview::dataset_consensus))
        .routes(routes!(overview::health))
        .routes(routes!(overview::version))
        .routes(routes!(overview::describe))
        .routes(routes!(internal::get_weights))
        .routes(routes!(internal::bridge))
}

/// The description of every route.
pub(super) fn description(settings: &Settings) -> serde_json::Value {
    openapi::complete(all().into_openapi(), settings)
}

/// Every route, ready to serve.
pub(super) fn router(app: Arc<App>) -> Router {
    let (router, _) = all().split_for_parts();
    router
        .fallback(async || Fault::NotFound("Not Found"))
        .method_not_allowed_fallback(async || Fault::WrongMethod)
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&app),
            headers::around,
        ))
        .with_state(app)
}

/// A segment of the path, percent-decoded. One that is no UTF-8 names nothing we have.
struct Segment(String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Segment, Fault> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) => Ok(Segment(text)),
            Err(_) => Err(Fault::NotFound("Not Found")),
        }
    }
}

//! What every answer carries: an id, and what browsers must not do with it. And its line in the log.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

use super::connections::Peer;
use super::fault::Cause;
use super::state::App;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MOST_ID_BYTES: usize = 64;
const MOST_PATH_CHARS: usize = 300;

/// For whatever is no page: nothing in it is ever loaded or run.
const NOTHING: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Around every route.
pub(super) async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(request.headers());
    let line = of_request(&request);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(NOTHING));
    headers.insert(REQUEST_ID, id.clone());
    let id = id.to_str().unwrap_or_default();
    if let Some(Cause(cause)) = response.extensions().get::<Cause>() {
        app.log.complain(&format!("{cause} (request {id})"));
    }
    let status = response.status().as_u16();
    let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
    app.log
        .say(&format!("{line} {status} {milliseconds:.1} ms {id}"));
    response
}

/// The caller's id if it is a plain one, so that logs can be joined; else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let plain = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        (1..=MOST_ID_BYTES).contains(&bytes.len()) && bytes.iter().all(is_plain)
    };
    match headers.get(REQUEST_ID).filter(plain) {
        Some(given) => given.clone(),
        None => {
            let id = Uuid::now_v7().simple().to_string();
            HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("none"))
        }
    }
}

/// What the log says of a request. Of headers and bodies nothing, and of a query only that there is one: any of these
/// may hold a secret.
fn of_request(request: &Request) -> String {
    let peer = request.extensions().get::<Peer>();
    let peer = peer.map_or_else(|| "-".to_owned(), |Peer(address)| address.to_string());
    let uri = request.uri();
    let query = if uri.query().is_some() { "?…" } else { "" };
    let path: String = uri.path().chars().take(MOST_PATH_CHARS).collect();
    format!("{peer} {} {path}{query}", request.method())
}

//! From a request to a package somebody wants evaluated: three kinds of bodies, and the checks in the order in which
//! the service makes them.

mod body;
mod form;
mod json;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::Deserialize;

pub(super) use body::discard;
use body::{Received, Share, receive};
pub(super) use json::{DIRECT, SubmissionRequest};

use super::fault::{Fault, Problem};
use super::state::App;

const MAX_HOTKEY_CHARS: usize = 128;
const MAX_FILENAME_CHARS: usize = 256;
const MAX_SIGNATURE_CHARS: usize = 512;

/// What a body may have besides the package: names of fields, boundaries, the other fields.
const ENVELOPE_BYTES: u64 = 64 * 1024;

/// A package somebody wants evaluated. Nothing of it has been looked into.
#[derive(Debug)]
pub(super) struct Upload {
    /// Whose it is, 1 to 128 characters.
    pub(super) hotkey: String,
    /// The name it was sent under; empty if it had none. A text and never a path.
    pub(super) filename: String,
    /// The ZIP, within the limit of size.
    pub(super) artifact: Vec<u8>,
    /// Its share of the memory of all uploads, for as long as it is kept.
    #[allow(dead_code)]
    pub(super) share: Share,
}

/// `?hotkey=`
#[derive(Debug, Default, Deserialize)]
pub(super) struct HotkeyQuery {
    hotkey: Option<String>,
}

/// The kinds of bodies.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Json,
    Form,
    Raw,
}

impl Kind {
    fn of(headers: &HeaderMap) -> Kind {
        let value = headers.get(header::CONTENT_TYPE);
        let value = value
            .map(|value| value.as_bytes().to_ascii_lowercase())
            .unwrap_or_default();
        let kind = value
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default()
            .trim_ascii();
        match kind {
            b"application/json" => Kind::Json,
            b"multipart/form-data" => Kind::Form,
            kind if kind.starts_with(b"application/") && kind.ends_with(b"+json") => Kind::Json,
            _ => Kind::Raw,
        }
    }
}

/// A submission of one of the public routes.
///
/// # Errors
/// The first check that fails.
pub(super) async fn public(
    app: &App,
    mut parts: Parts,
    body: axum::body::Body,
) -> Result<Upload, Fault> {
    let limit = app.settings.max_submission_size_bytes;
    match Kind::of(&parts.headers) {
        Kind::Json => {
            // Base64, and room for whoever escapes each slash in it.
            let most = limit.saturating_mul(2).saturating_add(ENVELOPE_BYTES);
            let received = receive(app, body, most).await?.or_refused()?;
            let decoded = tokio::task::spawn_blocking(move || {
                let (body, share) = received.into_parts();
                json::upload(&body, limit).map(|upload| Upload { share, ..upload })
            });
            match decoded.await {
                Ok(upload) => upload,
                Err(panic) => Err(Fault::Internal(panic.to_string())),
            }
        }
        Kind::Form => {
            let hotkey = hotkey_beside(&mut parts).await;
            let most = limit.saturating_add(ENVELOPE_BYTES);
            let received = receive(app, body, most).await?.or_refused()?;
            form::upload(&parts.headers, received, hotkey, limit).await
        }
        Kind::Raw => {
            let hotkey = hotkey_beside(&mut parts).await;
            raw(
                app,
                &parts.headers,
                hotkey,
                body,
                Fault::Refused(too_large()),
            )
            .await
        }
    }
}

/// A submission that the platform hands on. The caller has been let in.
///
/// # Errors
/// The first check that fails.
pub(super) async fn bridged(
    app: &App,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Upload, Fault> {
    let hotkey = text_of(headers, "x-platform-verified-hotkey");
    raw(app, headers, hotkey, body, Fault::TooLarge).await
}

/// A body that is the ZIP itself.
async fn raw(
    app: &App,
    headers: &HeaderMap,
    hotkey: Option<(&'static str, String)>,
    body: axum::body::Body,
    oversize: Fault,
) -> Result<Upload, Fault> {
    let limit = app.settings.max_submission_size_bytes;
    let checked = checked_hotkey(hotkey).and_then(|hotkey| {
        let filename = text_of(headers, "x-submission-filename").map(|(_, name)| name);
        let filename = checked_filename("header", "x-submission-filename", filename)?;
        Ok((hotkey, filename))
    });
    let (hotkey, filename) = match checked {
        Ok(checked) => checked,
        Err(fault) => {
            discard(app, body).await;
            return Err(fault);
        }
    };
    match receive(app, body, limit).await? {
        None => Err(oversize),
        Some(received) => {
            let (artifact, share) = received.into_parts();
            Ok(Upload {
                hotkey,
                filename,
                artifact,
                share,
            })
        }
    }
}

/// The hotkey as headers or the query have it, and where it was found.
async fn hotkey_beside(parts: &mut Parts) -> Option<(&'static str, String)> {
    let in_headers = ["x-miner-hotkey", "x-platform-verified-hotkey"];
    let found = in_headers
        .into_iter()
        .find_map(|name| text_of(&parts.headers, name));
    match found {
        Some(found) => Some(found),
        None => {
            // A query that cannot be read names nobody.
            let query = Query::<HotkeyQuery>::from_request_parts(parts, &())
                .await
                .ok()?;
            let hotkey = query.0.hotkey.filter(|hotkey| !hotkey.is_empty())?;
            Some(("?hotkey", hotkey))
        }
    }
}

/// A header that is not empty, as text; bytes that are no UTF-8 are read as Latin-1.
fn text_of(headers: &HeaderMap, name: &'static str) -> Option<(&'static str, String)> {
    let bytes = headers.get(name)?.as_bytes();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    (!text.is_empty()).then_some((name, text))
}

fn checked_hotkey(hotkey: Option<(&'static str, String)>) -> Result<String, Fault> {
    let (place, hotkey) = hotkey.ok_or_else(|| Fault::Refused("missing hotkey".into()))?;
    let (part, field) = match place.strip_prefix('?') {
        Some(field) => ("query", field),
        None => ("header", place),
    };
    check_length(part, field, &hotkey, MAX_HOTKEY_CHARS)
        .map_err(|problem| Fault::Malformed(vec![problem]))?;
    Ok(hotkey)
}

fn checked_filename(part: &str, field: &str, filename: Option<String>) -> Result<String, Fault> {
    let filename = filename.unwrap_or_default();
    check_length(part, field, &filename, MAX_FILENAME_CHARS)
        .map_err(|problem| Fault::Malformed(vec![problem]))?;
    check_zip_name(&filename)?;
    Ok(filename)
}

/// A name that is given has to be a ZIP's.
fn check_zip_name(filename: &str) -> Result<(), Fault> {
    if filename.is_empty() || filename.to_lowercase().ends_with(".zip") {
        return Ok(());
    }
    Err(Fault::Refused(
        "submission filename must end with .zip".into(),
    ))
}

fn check_length(part: &str, field: &str, text: &str, most: usize) -> Result<(), Problem> {
    if text.chars().count() <= most {
        return Ok(());
    }
    let msg = format!("String should have at most {most} characters");
    Err(Problem::of(part, field, msg, "string_too_long"))
}

fn too_large() -> String {
    "submission too large".into()
}

/// A body that may have been too large.
trait OrRefused {
    fn or_refused(self) -> Result<Received, Fault>;
}

impl OrRefused for Option<Received> {
    fn or_refused(self) -> Result<Received, Fault> {
        self.ok_or_else(|| Fault::Refused(too_large()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_content_type_tells_the_kinds_apart() {
        for (value, kind) in [
            ("application/json", Kind::Json),
            ("Application/JSON; charset=utf-8", Kind::Json),
            ("application/problem+json", Kind::Json),
            ("multipart/form-data; boundary=x", Kind::Form),
            ("application/zip", Kind::Raw),
            ("application/octet-stream", Kind::Raw),
            ("text/plain", Kind::Raw),
            ("", Kind::Raw),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(Kind::of(&headers), kind, "{value}");
        }
        assert_eq!(Kind::of(&HeaderMap::new()), Kind::Raw);
    }

    #[test]
    fn headers_are_text_whatever_their_bytes() {
        let mut headers = HeaderMap::new();
        for (bytes, text) in [
            (&b"5F"[..], Some("5F")),
            ("é".as_bytes(), Some("é")),
            (b"\xe9", Some("é")),
            (b"", None),
        ] {
            headers.insert("x-miner-hotkey", HeaderValue::from_bytes(bytes).unwrap());
            let found = text_of(&headers, "x-miner-hotkey").map(|(_, text)| text);
            assert_eq!(found.as_deref(), text);
        }
    }

    #[test]
    fn a_name_of_a_zip_may_be_in_any_case_or_missing() {
        for name in ["a.zip", "A.ZIP", ".zip", "", "../../x.Zip"] {
            assert!(check_zip_name(name).is_ok(), "{name}");
        }
        for name in ["a.tar", "zip", "a.zip ", "a.zip.exe"] {
            assert!(check_zip_name(name).is_err(), "{name}");
        }
    }
}

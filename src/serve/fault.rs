//! Every answer that is not the one asked for.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoResponses, ToSchema};

use crate::pipeline::chain;
use crate::store::StoreError;

use super::answers::json;

/// Seconds after which it makes sense to ask again.
const RETRY_SOON: u64 = 2;
const RETRY_FULL: u64 = 30;

/// Why a request is not done. What the caller may know is in the answer, the rest in the log.
#[derive(Debug)]
pub(super) enum Fault {
    /// The submission is not one: 400.
    Refused(String),
    /// A token is wanted and was not given, or is another: 401.
    WrongToken,
    /// The caller means another challenge: 403.
    WrongSlug,
    /// No such thing: 404.
    NotFound(&'static str),
    /// There is such a path, for other methods: 405.
    WrongMethod,
    /// The body did not come in time: 408.
    TooSlow,
    /// The body is too large: 413.
    TooLarge,
    /// The request does not have the shape that is wanted: 422.
    Malformed(Vec<Problem>),
    /// Too many submissions wait: 429.
    QueueFull,
    /// There is no token that a caller could have: 503.
    NoToken,
    /// More requests than can be dealt with: 503.
    Busy,
    /// The database failed: 503 where it is only busy, else 500.
    Store(StoreError),
    /// This program failed: 500.
    Internal(String),
}

/// What the log should know of an answer, and the caller should not.
#[derive(Debug, Clone)]
pub(super) struct Cause(pub(super) String);

/// An answer that says why.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Detail {
    /// What stands in the way.
    detail: String,
}

/// An answer to a request of the wrong shape.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problems {
    /// Every field at fault.
    detail: Vec<Problem>,
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Where it is: `body`, `query` or `header`, then names and indices.
    #[schema(value_type = Vec<Value>)]
    loc: Vec<Value>,
    /// What is wrong, for people.
    msg: String,
    /// What is wrong, for programs.
    r#type: &'static str,
}

impl Problem {
    /// A field of a part of the request.
    pub(super) fn of(part: &str, field: &str, msg: impl Into<String>, kind: &'static str) -> Self {
        Problem {
            loc: vec![part.into(), field.into()],
            msg: msg.into(),
            r#type: kind,
        }
    }

    /// The body as a whole, or a byte of it.
    pub(super) fn of_body(at: Option<usize>, msg: impl Into<String>, kind: &'static str) -> Self {
        let mut loc = vec![Value::from("body")];
        loc.extend(at.map(Value::from));
        Problem {
            loc,
            msg: msg.into(),
            r#type: kind,
        }
    }
}

/// What any route may answer that asks the database.
#[derive(IntoResponses)]
#[allow(dead_code)]
pub(super) enum StoreFaults {
    /// The database failed; the log says why.
    #[response(status = 500)]
    Failed(Detail),
    /// The database is busy; ask again.
    #[response(status = 503)]
    Busy(Detail),
}

/// What an upload may be answered besides.
#[derive(IntoResponses)]
#[allow(dead_code)]
pub(super) enum UploadFaults {
    /// It is no submission; `detail` says why.
    #[response(status = 400)]
    Refused(Detail),
    /// The body did not come in time.
    #[response(status = 408)]
    TooSlow(Detail),
    /// A field has the wrong type or length.
    #[response(status = 422)]
    Malformed(Problems),
    /// Too many submissions wait; `Retry-After` says when to try again.
    #[response(status = 429)]
    QueueFull(Detail),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Fault {
        Fault::Store(error)
    }
}

impl Fault {
    fn status(&self) -> StatusCode {
        match self {
            Fault::Refused(_) => StatusCode::BAD_REQUEST,
            Fault::WrongToken => StatusCode::UNAUTHORIZED,
            Fault::WrongSlug => StatusCode::FORBIDDEN,
            Fault::NotFound(_) => StatusCode::NOT_FOUND,
            Fault::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Fault::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Fault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Fault::Malformed(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Fault::QueueFull => StatusCode::TOO_MANY_REQUESTS,
            Fault::NoToken | Fault::Busy | Fault::Store(StoreError::Locked { .. }) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Fault::Store(_) | Fault::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn detail(&self) -> &str {
        match self {
            Fault::Refused(why) => why,
            Fault::WrongToken => "invalid bearer token",
            Fault::WrongSlug => "invalid challenge slug",
            Fault::NotFound(what) => what,
            Fault::WrongMethod => "Method Not Allowed",
            Fault::TooSlow => "the request body took too long",
            Fault::TooLarge => "submission too large",
            Fault::Malformed(_) => "",
            Fault::QueueFull => "too many submissions are waiting",
            Fault::NoToken => "internal token is not configured",
            Fault::Busy | Fault::Store(StoreError::Locked { .. }) => "the server is busy",
            Fault::Store(_) | Fault::Internal(_) => "internal error",
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Fault::QueueFull => Some(RETRY_FULL),
            Fault::Busy | Fault::Store(StoreError::Locked { .. }) => Some(RETRY_SOON),
            _ => None,
        }
    }

    fn cause(&self) -> Option<String> {
        match self {
            Fault::Store(error) => Some(chain(error)),
            Fault::Internal(why) => Some(why.clone()),
            _ => None,
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = match &self {
            Fault::Malformed(problems) => json(&Problems {
                detail: problems.clone(),
            }),
            other => json(&Detail {
                detail: other.detail().to_owned(),
            }),
        };
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Fault::WrongToken = self {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Fault::TooSlow = self {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(cause) = self.cause() {
            response.extensions_mut().insert(Cause(cause));
        }
        response
    }
}

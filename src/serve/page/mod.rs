//! Pages for people: an overview, and one submission. Made here, without scripts, and nothing of what a miner chose
//! gets into them unescaped.

mod findings;
mod home;
mod samples;
mod submission;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::report::html::{Page, Tone, badge, content_security_policy, line};

pub(super) use findings::read_sources;
pub(super) use home::home;
pub(super) use submission::{Shown, submission};

/// Longest hotkey or name in a table.
const SHORT_CHARACTERS: usize = 48;

/// Characters of an id or hash that tell it from others at a glance.
const ID_CHARACTERS: usize = 12;

/// A page as an answer.
pub(super) struct PageBytes(pub(super) axum::body::Bytes);

impl IntoResponse for PageBytes {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        // What only a header can forbid: being shown inside another page.
        let policy = format!("{}; frame-ancestors 'none'", content_security_policy());
        let mut response = ([(header::CONTENT_TYPE, kind)], self.0).into_response();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// The page for a submission that there is not.
pub(super) fn unknown() -> Response {
    let page = Page {
        title: "No such submission",
        lead: html! { "There is no submission of that id here." },
        links: &[("../", "Overview")],
    };
    let page = page.whole(&html! {});
    (StatusCode::NOT_FOUND, PageBytes(page.into())).into_response()
}

/// How far a submission is, in colour.
fn status(status: &str, passed: bool) -> Markup {
    let tone = match (status, passed) {
        ("completed", true) => Tone::Good,
        ("completed", false) => Tone::Warning,
        ("failed", _) => Tone::Bad,
        _ => Tone::Plain,
    };
    badge(tone, status)
}

/// A link to a submission, shown by the beginning of its id; text alone if the id is no id of ours.
fn link(prefix: &str, id: &str) -> Markup {
    let is_plain =
        !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_plain {
        return line(id, ID_CHARACTERS);
    }
    let short: String = id.chars().take(ID_CHARACTERS).collect();
    html! { a.mono href={ (prefix) (id) } title=(id) { (short) } }
}

/// A moment as people read it: without its fraction, and saying that it is UTC.
fn moment(text: &str) -> Markup {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    html! { (line(whole, 32)) " UTC" }
}

fn score(score: f64) -> Markup {
    html! { (format!("{score:.4}")) }
}

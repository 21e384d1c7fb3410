//! One POST after the other, bounded in time and size.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Response;

use super::{BrokerError, TokenSource};
use crate::settings::Secret;

/// Bytes of an answer that is no success which go into the error.
const MAX_SAID: usize = 500;
/// Stands for the token in what a broker says.
const MASK: &str = "********";

/// The way to a broker. Clones share it.
#[derive(Clone)]
pub(super) struct Http {
    /// Without a slash at its end.
    base: String,
    shown: String,
    slug: String,
    token: Arc<TokenSource>,
}

impl Http {
    pub(super) fn new(url: &str, slug: &str, token: TokenSource) -> Http {
        Http {
            base: url.trim_end_matches('/').to_owned(),
            shown: without_secrets(url),
            slug: slug.to_owned(),
            token: Arc::new(token),
        }
    }

    /// The address as it may be shown.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Sends a JSON body and returns the body of a successful answer.
    pub(super) fn post(
        &self,
        path: &str,
        body: &[u8],
        patience: Duration,
        most_bytes: u64,
    ) -> Result<Vec<u8>, BrokerError> {
        let token = self.token()?;
        let url = format!("{}{path}", self.base);
        let sent = agent(patience)
            .post(&url)
            .header("Authorization", format!("Bearer {}", token.expose()))
            .header("X-Platform-Challenge-Slug", &self.slug)
            .header("Content-Type", "application/json")
            .send(body);
        let response = sent.map_err(|error| match error {
            ureq::Error::Timeout(_) => BrokerError::Late { patience },
            error => BrokerError::Unreachable {
                url: self.shown.clone(),
                why: clean(&error.to_string(), &token),
            },
        })?;
        let status = response.status().as_u16();
        match status {
            200..=299 => read(response, most_bytes, patience, &token),
            401 | 403 => Err(BrokerError::Refused { status }),
            _ => {
                let body = read(response, 64 * 1024, patience, &token).unwrap_or_default();
                let said = clean(&String::from_utf8_lossy(&body), &token);
                Err(BrokerError::Status { status, said })
            }
        }
    }

    /// Somebody else's text without the token.
    pub(super) fn mask(&self, text: &str) -> String {
        match self.token() {
            Ok(token) => clean(text, &token),
            Err(_) => "it is not shown, for the token cannot be looked for in it".to_owned(),
        }
    }

    fn token(&self) -> Result<Secret, BrokerError> {
        let token = (self.token)()
            .map_err(|why| BrokerError::Token { why })?
            .ok_or(BrokerError::NoToken)?;
        // What a header cannot carry would be refused further down, with the value in the error.
        match token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(token),
            false => Err(BrokerError::Token {
                why: "it has characters that a header cannot carry".to_owned(),
            }),
        }
    }
}

/// A fresh one each time: the time limit is for one exchange, and connections that idle for as long
/// as a harness runs would only break. Redirects are not followed and no proxy is used: the token
/// goes to the address that was set and nowhere else.
fn agent(patience: Duration) -> Agent {
    Agent::config_builder()
        .timeout_global(Some(patience))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("dfab/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// Reads a body of at most so many bytes; one more is too many.
fn read(
    response: Response<ureq::Body>,
    most_bytes: u64,
    patience: Duration,
    token: &Secret,
) -> Result<Vec<u8>, BrokerError> {
    let mut bytes = Vec::new();
    let body = response.into_body();
    let promised = body.content_length();
    body.into_with_config()
        .limit(u64::MAX)
        .reader()
        .take(most_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::TimedOut => BrokerError::Late { patience },
            _ if is_timeout(&error) => BrokerError::Late { patience },
            _ => BrokerError::Cut {
                why: clean(&error.to_string(), token),
            },
        })?;
    if bytes.len() as u64 > most_bytes {
        return Err(BrokerError::TooLarge { limit: most_bytes });
    }
    match promised {
        Some(promised) if promised != bytes.len() as u64 => Err(BrokerError::Cut {
            why: format!("{} of {promised} bytes", bytes.len()),
        }),
        _ => Ok(bytes),
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<ureq::Error>())
        .is_some_and(|inner| matches!(inner, ureq::Error::Timeout(_)))
}

/// Somebody else's text, short, and without the token should it be repeated there.
fn clean(text: &str, token: &Secret) -> String {
    let text = text.replace(token.expose(), MASK);
    let text = text.trim();
    match text.char_indices().nth(MAX_SAID) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// An address without user, password, query and fragment.
fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    match scheme {
        "" => format!("{host}{path}"),
        scheme => format!("{scheme}://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        for (url, shown) in [
            ("http://broker:8082", "http://broker:8082"),
            ("https://u:p@broker/a?k=s#f", "https://broker/a"),
            ("https://u:p/w@broker", "https://u:p/w@broker"),
        ] {
            assert_eq!(without_secrets(url), shown);
        }
    }

    #[test]
    fn a_token_that_is_repeated_is_masked_before_the_text_is_cut() {
        let token = Secret::new("s3cret");
        let text = format!("{}s3cret", "x".repeat(MAX_SAID - 3));
        let shown = clean(&text, &token);
        assert!(shown.ends_with("***…") && !shown.contains("s3c"), "{shown}");
    }
}

//! One POST after the other, bounded in time and size.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::Agent;
use ureq::http::Response;

use super::{BrokerError, TokenSource};
use crate::settings::{Secret, mask_url};

/// Bytes of an answer that is no success which go into the error.
const MAX_SAID: usize = 500;
/// Stands for the token in what a broker says.
const MASK: &str = "********";
/// Characters of the shortest token that is looked for in what a harness may have printed.
const LEAST_SOUGHT: usize = 8;

/// The way to a broker. Clones share it.
#[derive(Clone)]
pub(super) struct Http {
    /// Without a slash at its end.
    base: String,
    shown: String,
    slug: String,
    token: Arc<TokenSource>,
    /// Every one that was ever sent: a file may hold another one by the time an answer is read.
    sent: Arc<Mutex<Vec<Secret>>>,
}

impl Http {
    pub(super) fn new(url: &str, slug: &str, token: TokenSource) -> Http {
        Http {
            base: url.trim_end_matches('/').to_owned(),
            shown: mask_url(url),
            slug: slug.to_owned(),
            token: Arc::new(token),
            sent: Arc::default(),
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
        self.remember(&token);
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
                why: self.mask(&error.to_string().replace(&self.base, &self.shown)),
            },
        })?;
        let status = response.status().as_u16();
        match status {
            200..=299 => self.read(response, most_bytes, patience),
            401 | 403 => Err(BrokerError::Refused { status }),
            _ => {
                let body = self.read(response, 64 * 1024, patience).unwrap_or_default();
                let said = self.mask(&String::from_utf8_lossy(&body));
                Err(BrokerError::Status { status, said })
            }
        }
    }

    /// The beginning of somebody else's text, without any token.
    pub(super) fn mask(&self, text: &str) -> String {
        clean(text, &self.sent())
    }

    /// All of what a broker passes on, without any token. One of a few characters is not looked for: it would be
    /// found by accident.
    pub(super) fn without_tokens(&self, mut text: String) -> String {
        for token in self.sent() {
            let token = token.expose();
            if token.len() >= LEAST_SOUGHT && text.contains(token) {
                text = text.replace(token, MASK);
            }
        }
        text
    }

    /// Reads a body of at most so many bytes; one more is too many.
    fn read(
        &self,
        response: Response<ureq::Body>,
        most_bytes: u64,
        patience: Duration,
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
                    why: self.mask(&error.to_string()),
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

    fn sent(&self) -> Vec<Secret> {
        let sent = self.sent.lock();
        sent.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, token: &Secret) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if !sent.contains(token) {
            sent.push(token.clone());
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

fn is_timeout(error: &std::io::Error) -> bool {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<ureq::Error>())
        .is_some_and(|inner| matches!(inner, ureq::Error::Timeout(_)))
}

/// Somebody else's text, short, and without the tokens should they be repeated there.
fn clean(text: &str, tokens: &[Secret]) -> String {
    let mut text = text.to_owned();
    for token in tokens {
        text = text.replace(token.expose(), MASK);
    }
    let text = text.trim();
    match text.char_indices().nth(MAX_SAID) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_is_repeated_is_masked_before_the_text_is_cut() {
        let token = Secret::new("s3cret");
        let text = format!("{}s3cret", "x".repeat(MAX_SAID - 3));
        let shown = clean(&text, &[token]);
        assert!(shown.ends_with("***…") && !shown.contains("s3c"), "{shown}");
    }
}

//! One question to one endpoint, bounded in time and size.

use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::Agent;
use ureq::http::Response;

use super::{LlmError, TICK, short};
use crate::harness::Cancel;
use crate::settings::mask_url;

/// Room for a long answer of a talkative model; what is asked for takes a thousandth of it.
const MAX_ANSWER: usize = 1 << 20;
/// Characters of foreign text that go into an error.
const MAX_SAID: usize = 300;
/// Shorter values in a URL keep no secret, and masking every `1` would make errors unreadable.
const SHORTEST_SECRET: usize = 4;
/// Stands for a secret that somebody repeats to us.
const MASK: &str = "********";

/// A chat endpoint.
pub(super) struct Endpoint {
    exchange: Arc<Exchange>,
}

impl Endpoint {
    pub(super) fn new(url: &str, patience: Duration) -> Endpoint {
        let exchange = Exchange {
            url: url.to_owned(),
            shown: mask_url(url),
            secrets: secrets(url),
            patience,
        };
        Endpoint {
            exchange: Arc::new(exchange),
        }
    }

    /// The address as it may be shown.
    pub(super) fn shown(&self) -> &str {
        &self.exchange.shown
    }

    /// Somebody else's text: short, on one line, and without the secrets of the URL.
    pub(super) fn clean(&self, text: &str) -> String {
        self.exchange.clean(text)
    }

    /// Sends a JSON body and returns the body of a successful answer. The exchange has a thread of its own, so that an
    /// interruption need not wait for the endpoint; one that is given up ends by its own time limit.
    pub(super) fn post(&self, body: Vec<u8>, cancel: &Cancel) -> Result<Vec<u8>, LlmError> {
        if cancel.is_cancelled() {
            return Err(LlmError::Interrupted);
        }
        let exchange = Arc::clone(&self.exchange);
        let (send, receive) = mpsc::channel();
        let failed = |why: String| LlmError::Unreachable {
            url: self.shown().to_owned(),
            why,
        };
        std::thread::Builder::new()
            .name("llm".to_owned())
            .spawn(move || {
                // Nobody listens after an interruption.
                let _ = send.send(exchange.post(&body));
            })
            .map_err(|error| failed(format!("no thread can be started: {error}")))?;
        loop {
            match receive.recv_timeout(TICK) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => {
                    return Err(LlmError::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(failed("the thread that asked is gone".to_owned()));
                }
            }
        }
    }
}

struct Exchange {
    url: String,
    shown: String,
    /// What must not be shown, longest first.
    secrets: Vec<String>,
    patience: Duration,
}

impl Exchange {
    fn post(&self, body: &[u8]) -> Result<Vec<u8>, LlmError> {
        let sent = agent(self.patience)
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("Accept", "application/json")
            .send(body);
        let response = sent.map_err(|error| match error {
            ureq::Error::Timeout(_) => self.late(),
            error => LlmError::Unreachable {
                url: self.shown.clone(),
                why: self.clean(&error.to_string()),
            },
        })?;
        let status = response.status().as_u16();
        match status {
            200..=299 => self.read(response, MAX_ANSWER),
            300..=399 => Err(LlmError::Redirected { status }),
            _ => {
                let body = self.read(response, 64 << 10).unwrap_or_default();
                let said = self.clean(&String::from_utf8_lossy(&body));
                Err(LlmError::Status { status, said })
            }
        }
    }

    /// Reads a body of at most so many bytes; one more is too many.
    fn read(&self, response: Response<ureq::Body>, limit: usize) -> Result<Vec<u8>, LlmError> {
        let mut bytes = Vec::new();
        let body = response.into_body();
        let promised = body.content_length();
        body.into_with_config()
            .limit(u64::MAX)
            .reader()
            .take(limit as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| match is_timeout(&error) {
                true => self.late(),
                false => LlmError::Cut {
                    why: self.clean(&error.to_string()),
                },
            })?;
        if bytes.len() > limit {
            return Err(LlmError::TooLarge { limit });
        }
        match promised {
            Some(promised) if promised != bytes.len() as u64 => Err(LlmError::Cut {
                why: format!("{} of {promised} bytes", bytes.len()),
            }),
            _ => Ok(bytes),
        }
    }

    fn late(&self) -> LlmError {
        LlmError::Late {
            patience: self.patience,
        }
    }

    fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, MASK);
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        short(&words.join(" "), MAX_SAID)
    }
}

/// A fresh one each time: questions are minutes apart, and a connection that idled so long would only break. Redirects
/// are not followed and no proxy is used: a miner's code and the URL's password go to the address that was set and
/// nowhere else.
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
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    error.kind() == std::io::ErrorKind::TimedOut || matches!(inner, Some(ureq::Error::Timeout(_)))
}

/// What in a URL may be secret, as it stands there and as a header carries it; longest first, so that a part never
/// leaves the rest of the whole behind.
fn secrets(url: &str) -> Vec<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let authority = rest.split('/').next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    let password = user.split_once(':').map_or("", |(_, password)| password);
    let values = query
        .split('&')
        .map(|part| part.split_once('=').map_or(part, |(_, value)| value));
    let mut secrets: Vec<String> = [user, password, query, fragment]
        .into_iter()
        .chain(values)
        .map(str::to_owned)
        .chain([BASE64_STANDARD.encode(user)])
        .filter(|secret| secret.len() >= SHORTEST_SECRET)
        .collect();
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_hides_is_not_repeated() {
        let url = "https://miner:hunter22@llm:1/api/chat?v=1&api_key=sk-123456#frag-9";
        let endpoint = Endpoint::new(url, Duration::from_secs(1));
        let shown = endpoint.clean(&format!(
            "no {url}: Basic {} key sk-123456 hunter22 frag-9\nv=1",
            BASE64_STANDARD.encode("miner:hunter22")
        ));
        for secret in ["hunter22", "sk-123456", "frag-9", "bWluZXI6"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.ends_with("v=1") && !shown.contains('\n'), "{shown}");
        assert!(!endpoint.shown().contains("hunter22"));
    }
}

//! A language model's word on a submission: its opinion as a second judge, and its audit of a near copy.
//!
//! One question is one POST to the chat endpoint of the settings. What a miner wrote goes into it as fenced, capped
//! data (`fence`); what comes back is bounded, and read strictly (`reply`, `opinion`, `audit`). A question that fails is
//! asked again, after a delay that doubles. What a failure means is left to the caller: by default the heuristic stands.
//!
//! Answers are the one part of an evaluation that two machines need not agree on. The questions are the same bytes for
//! the same submission.

mod audit;
mod error;
mod fence;
mod http;
mod opinion;
mod question;
mod reply;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::harness::Cancel;
use crate::settings::Settings;

use http::Endpoint;

pub use audit::Audit;
pub use error::LlmError;
pub use opinion::Opinion;
pub use question::{AuditQuestion, JudgeQuestion};

/// How long is waited before a question is asked again; the second wait is twice as long, and so on.
const FIRST_DELAY: Duration = Duration::from_millis(500);
/// Doubling ends here: with many retries the waits would soon be days.
const LONGEST_DELAY: Duration = Duration::from_secs(60);
/// How often a wait looks at the cancel flag.
const TICK: Duration = Duration::from_millis(20);

/// An answer, or why there is none. In JSON it is the answer's own object, or one with `error`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Heard<T> {
    /// No answer that could be used.
    Failed {
        /// Why.
        error: String,
    },
    /// The answer.
    Answer(T),
}

impl<T> Heard<T> {
    /// Why there is no answer.
    pub fn error(&self) -> Option<&str> {
        match self {
            Heard::Failed { error } => Some(error),
            Heard::Answer(_) => None,
        }
    }
}

/// Asks the language model of the settings.
pub struct LlmClient {
    endpoint: Endpoint,
    model: String,
    retries: u32,
    first_delay: Duration,
}

impl LlmClient {
    /// The client for these settings, whether or not they switch it on.
    pub fn new(settings: &Settings) -> LlmClient {
        LlmClient {
            endpoint: Endpoint::new(&settings.llm_endpoint, settings.llm_timeout),
            model: settings.llm_model.clone(),
            retries: settings.llm_max_retries,
            first_delay: FIRST_DELAY,
        }
    }

    /// The endpoint as it may be shown.
    pub fn shown(&self) -> &str {
        self.endpoint.shown()
    }

    /// Asks for an opinion on a dataset and the code that made it.
    ///
    /// # Errors
    /// No answer that can be used, or the user asked to stop.
    pub fn judge(
        &self,
        question: &JudgeQuestion<'_>,
        cancel: &Cancel,
    ) -> Result<Opinion, LlmError> {
        self.ask(&question.text(), cancel, opinion::read)
    }

    /// Asks whether one package copies another.
    ///
    /// # Errors
    /// No answer that can be used, or the user asked to stop.
    pub fn audit(&self, question: &AuditQuestion<'_>, cancel: &Cancel) -> Result<Audit, LlmError> {
        self.ask(&question.text(), cancel, audit::read)
    }

    /// Asks something that any model can answer, once.
    ///
    /// # Errors
    /// No answer that can be used, or the user asked to stop.
    pub fn probe(&self, cancel: &Cancel) -> Result<(), LlmError> {
        let text = "Answer with this JSON object and nothing else: {\"ready\": true}";
        self.attempt(text, cancel, &|_| Ok(()))
    }

    fn ask<T>(
        &self,
        text: &str,
        cancel: &Cancel,
        read: impl Fn(Map<String, Value>) -> Result<T, String>,
    ) -> Result<T, LlmError> {
        let mut delay = self.first_delay;
        let mut retries = self.retries;
        loop {
            match self.attempt(text, cancel, &read) {
                Err(error) if retries > 0 && error.may_pass() => {}
                ended => return ended,
            }
            retries -= 1;
            wait(delay, cancel)?;
            delay = delay.saturating_mul(2).min(LONGEST_DELAY);
        }
    }

    fn attempt<T>(
        &self,
        text: &str,
        cancel: &Cancel,
        read: &impl Fn(Map<String, Value>) -> Result<T, String>,
    ) -> Result<T, LlmError> {
        let body = serde_json::json!({
            "model": self.model,
            "stream": false,
            "messages": [{"role": "user", "content": text}],
        });
        let bytes = self.endpoint.post(body.to_string().into_bytes(), cancel)?;
        reply::object(&bytes)
            .and_then(read)
            .map_err(|why| LlmError::Answer {
                why: self.endpoint.clean(&why),
            })
    }
}

/// Waits, but not longer than the user wants to.
fn wait(delay: Duration, cancel: &Cancel) -> Result<(), LlmError> {
    let begun = Instant::now();
    while begun.elapsed() < delay {
        if cancel.is_cancelled() {
            return Err(LlmError::Interrupted);
        }
        std::thread::sleep(TICK.min(delay));
    }
    Ok(())
}

/// At most so many characters, with an ellipsis if there were more.
fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;

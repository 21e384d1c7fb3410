//! What can go wrong between us and a language model.

use std::time::Duration;

/// Why there is no answer. No text in it holds what the endpoint's URL may hide.
#[derive(Debug, thiserror::Error)]
pub enum LlmError {
    /// The user asked to stop.
    #[error("interrupted while the language model was asked")]
    Interrupted,

    /// No connection, or one that broke before an answer began.
    #[error("the language model at {url} cannot be reached: {why}")]
    Unreachable {
        /// Its address.
        url: String,
        /// The system's answer.
        why: String,
    },

    /// No answer, or not all of it, in time.
    #[error("the language model has not answered in {} s", patience.as_secs_f64())]
    Late {
        /// How long was waited.
        patience: Duration,
    },

    /// It sends us elsewhere, and the question goes to the address that was set only.
    #[error(
        "the language model's endpoint answered with status {status}, a redirection, which is not followed"
    )]
    Redirected {
        /// The HTTP status.
        status: u16,
    },

    /// Another status than success.
    #[error(
        "the language model's endpoint answered with status {status}{}",
        and(said)
    )]
    Status {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        said: String,
    },

    /// The answer stopped before its end.
    #[error("the language model's answer breaks off: {why}")]
    Cut {
        /// How that was noticed.
        why: String,
    },

    /// The answer is larger than any that was asked for.
    #[error("the language model's answer is larger than {limit} bytes")]
    TooLarge {
        /// What would have been read.
        limit: usize,
    },

    /// It answered, but not what was asked: no JSON, a refusal, wrong types.
    #[error("the language model's answer cannot be used: {why}")]
    Answer {
        /// What is wrong with it.
        why: String,
    },

    /// There is nothing to show it.
    #[error("the nearest package cannot be shown to the language model: {why}")]
    NothingToCompare {
        /// Why not.
        why: String,
    },
}

fn and(said: &str) -> String {
    match said.is_empty() {
        true => String::new(),
        false => format!(": {said}"),
    }
}

impl LlmError {
    /// Whether the same question may well be answered the next time.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Interrupted | Self::Redirected { .. } | Self::NothingToCompare { .. } => false,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Unreachable { .. }
            | Self::Late { .. }
            | Self::Cut { .. }
            | Self::TooLarge { .. }
            | Self::Answer { .. } => true,
        }
    }

    /// A next step for people.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Interrupted => return None,
            Self::Unreachable { .. } => "look at llm_endpoint, and whether the model's server runs",
            Self::Late { .. } => {
                "give it more time with llm_timeout_seconds, or use a smaller llm_model"
            }
            Self::Redirected { .. } => "set llm_endpoint to the address it redirects to",
            Self::Status { .. } => {
                "look at llm_endpoint and llm_model: is this a chat endpoint, and does it have the model?"
            }
            Self::Cut { .. } => "see what the model's server says in its own log",
            Self::TooLarge { .. } | Self::Answer { .. } => {
                "try another llm_model: this one does not keep to the answer it is asked for"
            }
            Self::NothingToCompare { .. } => {
                "packages are kept below artifact_root: is it the folder that belongs to this database?"
            }
        };
        Some(text.to_owned())
    }
}

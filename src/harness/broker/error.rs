//! What can go wrong between us and a broker.

use std::time::Duration;

/// A failure of the broker, or of the way to it. No text in it holds the token.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// There is no token to show.
    #[error("no token for the container broker is set")]
    NoToken,

    /// There is one, and it cannot be read or sent.
    #[error("the container broker's token cannot be used: {why}")]
    Token {
        /// What is wrong with it.
        why: String,
    },

    /// No connection, or one that broke before an answer began.
    #[error("the container broker at {url} cannot be reached: {why}")]
    Unreachable {
        /// Its address.
        url: String,
        /// The system's answer.
        why: String,
    },

    /// No answer, or not all of it, in time.
    #[error("the container broker has not answered in {} s", patience.as_secs())]
    Late {
        /// How long was waited.
        patience: Duration,
    },

    /// It does not know the token, or does not let us do this.
    #[error("the container broker refuses the token (status {status})")]
    Refused {
        /// 401 or 403.
        status: u16,
    },

    /// Another status than success.
    #[error("the container broker answered with status {status}{}", and(said))]
    Status {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        said: String,
    },

    /// The answer stopped before its end.
    #[error("the container broker's answer breaks off: {why}")]
    Cut {
        /// How that was noticed.
        why: String,
    },

    /// The answer is larger than any run within the limits can make it.
    #[error("the container broker's answer is larger than {limit} bytes")]
    TooLarge {
        /// What would have been read.
        limit: u64,
    },

    /// The answer is not JSON.
    #[error("the container broker's answer is not JSON: {why}")]
    NotJson {
        /// What the reader found.
        why: String,
    },

    /// The answer is JSON of another shape.
    #[error("the container broker's answer is not what it should be: {why}")]
    Shape {
        /// What is wrong with it.
        why: String,
    },

    /// Part of what the harness printed is missing.
    #[error("the container broker passed on only the {kept} of what the harness printed")]
    Shortened {
        /// What is left: beginning or end.
        kept: &'static str,
    },
}

fn and(said: &str) -> String {
    match said.is_empty() {
        true => String::new(),
        false => format!(": {said}"),
    }
}

impl BrokerError {
    /// A next step for people.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoToken => {
                "set DATA_FABRICATION_DOCKER_BROKER_TOKEN, or docker_broker_token_file to the file that holds it"
            }
            Self::Token { .. } => {
                "look at docker_broker_token and docker_broker_token_file: one line of printable ASCII is expected"
            }
            Self::Unreachable { .. } => {
                "look at docker_broker_url and whether the broker runs, or use --executor sandbox"
            }
            Self::Late { .. } => {
                "the broker should end a run at its time limit; see whether it and its engine are well"
            }
            Self::Refused { .. } => {
                "look at docker_broker_token, docker_broker_token_file and slug: they must be those the broker knows"
            }
            Self::TooLarge { .. } => "the broker should bound what it passes on of stderr",
            Self::Shortened { .. } => {
                "let the broker pass on all of stdout: a dataset that is cut is not the harness's"
            }
            Self::Status { .. } | Self::Cut { .. } | Self::NotJson { .. } | Self::Shape { .. } => {
                "see whether docker_broker_url is the broker's address, and what the broker's own log says"
            }
        };
        Some(text.to_owned())
    }
}

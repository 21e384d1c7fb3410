//! Dataset text to typed conversations.
//!
//! A dataset is JSONL: one agentic coding conversation per line. This room decodes the bytes, cuts
//! lines as Python does, reads each as Python's `json.loads` would and checks it in the live
//! service's order. What a conversation is worth is the score's business.

mod conversation;
mod error;
pub mod json;
#[cfg(test)]
mod tests;

pub use conversation::{Conversation, FunctionCall, Message, Role, ToolCall};
pub use error::{LineError, SchemaError};

use crate::text::{is_blank, splitlines};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// A dataset that passed the schema.
#[derive(Debug, Clone)]
pub struct Dataset {
    conversations: Vec<Conversation>,
    size_bytes: u64,
    digest: String,
}

impl Dataset {
    /// Reads and checks every line.
    ///
    /// # Errors
    /// The first problem in line order, in the live service's words.
    pub fn parse(text: &str) -> Result<Dataset, SchemaError> {
        if is_blank(text) {
            return Err(SchemaError::Empty);
        }
        let lines: Vec<(usize, &str)> = (1..)
            .zip(splitlines(text))
            .filter(|(_, line)| !is_blank(line))
            .collect();
        let checked: Vec<Result<Conversation, SchemaError>> = lines
            .into_par_iter()
            .map(|(number, line)| conversation(number, line))
            .collect();
        Ok(Dataset {
            conversations: checked.into_iter().collect::<Result<_, _>>()?,
            size_bytes: text.len() as u64,
            digest: digest(text),
        })
    }

    /// The conversations in line order; never empty.
    pub fn conversations(&self) -> &[Conversation] {
        &self.conversations
    }

    /// UTF-8 length of the decoded text.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// SHA-256 of the decoded text, lower-case hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn conversation(number: usize, line: &str) -> Result<Conversation, SchemaError> {
    json::read(line)
        .map_err(LineError::from)
        .and_then(|value| Conversation::check(number, value))
        .map_err(|cause| SchemaError::Line {
            line: number,
            cause,
        })
}

/// SHA-256 of a decoded text, lower-case hex: a dataset's identity.
pub fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Bytes as the service decodes them: UTF-8 with U+FFFD replacement.
pub fn decode(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first `limit` non-blank lines, joined by `\n`: what is kept of a dataset for display.
pub fn sample(text: &str, limit: usize) -> String {
    let lines: Vec<&str> = splitlines(text)
        .filter(|line| !is_blank(line))
        .take(limit)
        .collect();
    lines.join("\n")
}

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
use std::borrow::Cow;

/// Bytes of lines that are parsed side by side before the next are looked at. A parsed line can
/// take many times its bytes and an error ends it all, so not too many; each batch waits for its
/// slowest line, so not too few.
const BATCH_BYTES: usize = 4 << 20;
/// Lines likewise: the shortest are a byte long, and each takes hundreds when parsed.
const BATCH_LINES: usize = 8192;

/// A dataset that passed the schema.
#[derive(Debug, Clone)]
pub struct Dataset {
    count: usize,
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
        Dataset::parse_keeping(text, usize::MAX)
    }

    /// As [`Dataset::parse`], for a caller who has no use for more than `most` conversations: if
    /// there are more, all are checked and counted and none is kept, so that memory is bounded by
    /// those that can be scored.
    ///
    /// # Errors
    /// As [`Dataset::parse`].
    pub fn parse_keeping(text: &str, most: usize) -> Result<Dataset, SchemaError> {
        let (dataset, digest) = rayon::join(|| Dataset::parse_lines(text, most), || digest(text));
        dataset.map(|dataset| Dataset { digest, ..dataset })
    }

    /// Everything but the digest.
    fn parse_lines(text: &str, most: usize) -> Result<Dataset, SchemaError> {
        let mut lines = (1..)
            .zip(splitlines(text))
            .filter(|(_, line)| !is_blank(line));
        let mut dataset = Dataset {
            count: 0,
            conversations: Vec::new(),
            size_bytes: text.len() as u64,
            digest: String::new(),
        };
        loop {
            let batch = next_batch(&mut lines);
            if batch.is_empty() {
                break;
            }
            let checked: Vec<Result<Conversation, SchemaError>> = batch
                .into_par_iter()
                .map(|(number, line)| conversation(number, line))
                .collect();
            dataset.count += checked.len();
            let is_kept = dataset.count <= most;
            if is_kept {
                // Exactly: room for twice as many would be several megabytes of nothing.
                dataset.conversations.reserve_exact(checked.len());
            } else {
                dataset.conversations = Vec::new();
            }
            // In line order, whoever finished first: the first error is the one that counts.
            for conversation in checked {
                let conversation = conversation?;
                if is_kept {
                    dataset.conversations.push(conversation);
                }
            }
        }
        if dataset.count == 0 {
            return Err(SchemaError::Empty);
        }
        Ok(dataset)
    }

    /// How many conversations there are, kept or not; never 0.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The conversations in line order; empty only where more than could be kept were read.
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

/// The next lines to parse: at least one, if there is one, and no more than fit a batch.
fn next_batch<'t>(lines: &mut impl Iterator<Item = (usize, &'t str)>) -> Vec<(usize, &'t str)> {
    let mut batch = Vec::new();
    let mut bytes = 0;
    while bytes < BATCH_BYTES && batch.len() < BATCH_LINES {
        let Some((number, line)) = lines.next() else {
            break;
        };
        bytes += line.len();
        batch.push((number, line));
    }
    batch
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

/// Bytes as the service decodes them: UTF-8 with U+FFFD replacement. Text that is UTF-8 is not
/// copied.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The first `limit` non-blank lines, joined by `\n`: what is kept of a dataset for display.
pub fn sample(text: &str, limit: usize) -> String {
    let lines: Vec<&str> = splitlines(text)
        .filter(|line| !is_blank(line))
        .take(limit)
        .collect();
    lines.join("\n")
}

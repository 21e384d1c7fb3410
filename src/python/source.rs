//! Source text: decoding, and byte offsets to lines and columns.

use std::cell::Cell;

/// Bytes as the service reads them: UTF-8 with U+FFFD replacement, `\r\n` and `\r` read as `\n`.
pub fn decode(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.into_owned()
    }
}

/// Bytes an ordinary line has, its end included, so that room is found at once.
const BYTES_PER_LINE: usize = 32;

/// Where the lines of a source start.
pub(crate) struct Lines<'a> {
    source: &'a str,
    starts: Vec<u32>,
    /// Line of the last question; the next is mostly about the same or the one after.
    last: Cell<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let after_newlines = memchr::memchr_iter(b'\n', source.as_bytes());
        let mut starts = Vec::with_capacity(source.len() / BYTES_PER_LINE + 1);
        starts.push(0);
        starts.extend(after_newlines.map(|index| index as u32 + 1));
        Lines {
            source,
            starts,
            last: Cell::new(1),
        }
    }

    pub(crate) fn source(&self) -> &'a str {
        self.source
    }

    /// 1-based line and 0-based column in UTF-8 bytes.
    pub(crate) fn position(&self, offset: usize) -> (u32, u32) {
        let offset = offset as u32;
        let line = self.line(offset);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        (line as u32, offset - start)
    }

    fn line(&self, offset: u32) -> usize {
        let begins = |line: usize| {
            self.starts
                .get(line - 1)
                .is_some_and(|start| *start <= offset)
        };
        let ends = |line: usize| self.starts.get(line).is_none_or(|next| offset < *next);
        let last = self.last.get();
        let near = [last, last + 1]
            .into_iter()
            .find(|line| begins(*line) && ends(*line));
        let line = near.unwrap_or_else(|| self.starts.partition_point(|start| *start <= offset));
        self.last.set(line);
        line
    }
}

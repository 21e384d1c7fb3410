//! The rules by which CPython 3.12 cuts an f-string into constants and fields.
//!
//! Both readings share them: at the top, neighbouring texts merge and empty ones go; in a format
//! specification every text token stays as it was cut, the empty ones included.

use super::literals::{Literal, decode_text};
use std::borrow::Cow;

/// A part of a formatted string.
pub(crate) enum Piece<Field> {
    /// Where it starts, and its value.
    Text(usize, String),
    /// A replacement field.
    Field(Field),
}

/// Texts beside each other become one; what is empty then disappears.
pub(crate) fn merge<Field>(pieces: Vec<Piece<Field>>) -> Vec<Piece<Field>> {
    let mut merged: Vec<Piece<Field>> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match (piece, merged.last_mut()) {
            (Piece::Text(_, text), _) if text.is_empty() => {}
            (Piece::Text(_, text), Some(Piece::Text(_, before))) => before.push_str(&text),
            (piece, _) => merged.push(piece),
        }
    }
    merged
}

/// Pieces of one format specification, as CPython's tokenizer cuts them.
///
/// Outside a field it produces a text token up to the next brace, and an empty one where a brace
/// follows at once: before the closing brace, and before `{{`. A single `{` there is the exception.
pub(crate) struct SpecPieces<Field> {
    pieces: Vec<Piece<Field>>,
    /// The last text token ended at a brace, so that no other is due before the next field or the end.
    at_brace: bool,
}

impl<Field> SpecPieces<Field> {
    pub(crate) fn new() -> Self {
        SpecPieces {
            pieces: Vec::new(),
            at_brace: false,
        }
    }

    /// Literal text of the specification as it stands in the source; `false` if an escape is malformed.
    ///
    /// A newline inside single quotes ends the text, as it ends CPython's token.
    #[must_use]
    pub(crate) fn text(&mut self, start: usize, raw: &str, triple_quoted: bool) -> bool {
        let line = if triple_quoted { None } else { first_line(raw) };
        let mut start = start;
        let mut rest = line.unwrap_or(raw);
        self.at_brace = false;
        // A token ends after `\N{...}`, whose brace looks like the end of the field.
        while let Some(end) = named_escape_end(rest) {
            let (token, after) = rest.split_at(end);
            if !self.push(start, token) {
                return false;
            }
            start += end;
            rest = after;
        }
        if rest.is_empty() && line.is_none() {
            return true;
        }
        self.at_brace = true;
        self.push(start, rest)
    }

    /// A field of the specification; `raw` is its source, braces included.
    pub(crate) fn field(&mut self, start: usize, raw: &str, field: Field) {
        if !self.at_brace && raw.starts_with("{{") {
            self.pieces.push(Piece::Text(start, String::new()));
        }
        self.pieces.push(Piece::Field(field));
        self.at_brace = false;
    }

    /// Every piece; `end` is where the specification stops.
    pub(crate) fn finish(mut self, end: usize) -> Vec<Piece<Field>> {
        if !self.at_brace {
            self.pieces.push(Piece::Text(end, String::new()));
        }
        if let [Piece::Text(_, only)] = self.pieces.as_slice()
            && only.is_empty()
        {
            self.pieces.clear();
        }
        self.pieces
    }

    fn push(&mut self, start: usize, raw: &str) -> bool {
        // Escapes are read here even where the string is raw.
        let Some(value) = decode_text(raw, Literal::TEXT) else {
            return false;
        };
        self.pieces.push(Piece::Text(start, value.into_owned()));
        true
    }
}

/// The value of literal text of an f-string outside its fields: doubled braces are one.
pub(crate) fn literal_text(raw: &str, literal: Literal) -> Option<String> {
    let mut single = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['{', '}', '\\']) {
        single.push_str(&rest[..at]);
        rest = &rest[at..];
        // A named escape keeps its braces; another backslash keeps what it escapes, except a brace.
        let taken = if literal.raw || !rest.starts_with('\\') {
            1
        } else if let Some(end) = named_escape_at_start(rest) {
            end
        } else if rest.starts_with(r"\\") {
            2
        } else {
            1
        };
        single.push_str(&rest[..taken]);
        let doubled = rest.starts_with("{{") || rest.starts_with("}}");
        rest = &rest[if doubled { 2 } else { taken }..];
    }
    single.push_str(rest);
    decode_text(&single, literal).map(Cow::into_owned)
}

/// What a field with `=` shows of itself: its source, without the comments in it.
///
/// CPython 3.12 takes every `#` for the start of a comment, even inside a string.
pub(crate) fn debug_text(source: &str) -> String {
    let lines: Vec<&str> = source
        .split('\n')
        .map(|line| line.split('#').next().unwrap_or_default())
        .collect();
    lines.join("\n")
}

/// What stands before the first newline that no backslash hides; `None` if there is none.
fn first_line(text: &str) -> Option<&str> {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'\n' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    text.get(..end)
}

/// Where the first `\N{...}` of `text` ends.
fn named_escape_end(text: &str) -> Option<usize> {
    let mut rest = text;
    loop {
        rest = &rest[rest.find('\\')?..];
        if rest.starts_with(NAMED_ESCAPE) {
            return Some(text.len() - rest.len() + named_escape_at_start(rest)?);
        }
        let mut chars = rest.chars();
        chars.next();
        chars.next()?;
        rest = chars.as_str();
    }
}

const NAMED_ESCAPE: &str = r"\N{";

/// Where the `\N{...}` ends with which `text` starts. Looks no further than its end, so that asking
/// at every backslash of a literal stays linear.
fn named_escape_at_start(text: &str) -> Option<usize> {
    let name = text.strip_prefix(NAMED_ESCAPE)?;
    Some(NAMED_ESCAPE.len() + name.find('}')? + 1)
}

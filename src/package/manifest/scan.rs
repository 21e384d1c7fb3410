//! YAML 1.1 text to tokens, accepting what PyYAML's scanner accepts.
//!
//! The live service reads manifests with PyYAML, and published YAML parsers differ from it in what
//! they accept (version 1.2 syntax, tabs, the characters a plain scalar may hold). So this follows
//! its rules: at most one line and 1024 characters for a key without `?`, no tabs between tokens,
//! NEL and the Unicode separators as line breaks.

use std::collections::BTreeMap;

use super::super::error::{ManifestFault, ManifestTrouble};
use super::MAX_DEPTH;

mod scalar;
mod token;

/// Longest distance, in characters, between the start of a simple key and its `:`.
const MAX_SIMPLE_KEY: usize = 1024;
/// What [`Scanner::peek`] gives after the end; a NUL cannot be in the text itself.
const END: char = '\0';

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// `%YAML` with its major version.
    VersionDirective(u32),
    OtherDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    Scalar {
        text: String,
        is_plain: bool,
    },
    StreamEnd,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// From 1.
    pub line: usize,
    pub kind: Kind,
}

/// Scans the whole text.
pub(super) fn tokens(text: &str, limit: usize) -> Result<Vec<Token>, ManifestTrouble> {
    let mut scanner = Scanner::new(text)?;
    while !scanner.is_done {
        scanner.fetch()?;
        // Nesting past the parser's bound would also make keeping track of keys slow.
        if scanner.flow_level > MAX_DEPTH as i64 || scanner.indents.len() > MAX_DEPTH {
            let fault = ManifestFault::TooDeep { limit: MAX_DEPTH };
            return Err(ManifestTrouble {
                line: scanner.line + 1,
                fault,
            });
        }
        if scanner.tokens.len() > limit {
            let fault = ManifestFault::Explosion {
                limit,
                unit: "tokens",
            };
            return Err(ManifestTrouble {
                line: scanner.line + 1,
                fault,
            });
        }
    }
    Ok(scanner.finish())
}

/// Something that turns out to be a key if a `:` follows soon.
struct SimpleKey {
    token: usize,
    is_required: bool,
    index: usize,
    line: usize,
    column: i64,
}

struct Scanner {
    text: Vec<char>,
    index: usize,
    /// From 0.
    line: usize,
    column: i64,
    flow_level: i64,
    indent: i64,
    indents: Vec<i64>,
    may_be_key: bool,
    keys: BTreeMap<i64, SimpleKey>,
    tokens: Vec<Token>,
    /// Tokens that belong before an already scanned one: its index, and whether a mapping starts.
    inserts: Vec<(usize, bool, usize)>,
    is_done: bool,
}

type Scanned<T> = Result<T, ManifestTrouble>;

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_break_or_end(c: char) -> bool {
    c == END || is_break(c)
}

/// White space, line break or end: what must follow an indicator.
fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_break_or_end(c)
}

fn is_printable(c: char) -> bool {
    matches!(c,
        '\t' | '\n' | '\r' | ' '..='~' | '\u{85}' | '\u{a0}'..='\u{d7ff}'
        | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

impl Scanner {
    fn new(text: &str) -> Scanned<Self> {
        let text: Vec<char> = text.chars().collect();
        let scanner = Self {
            index: 0,
            line: 0,
            column: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            may_be_key: true,
            keys: BTreeMap::new(),
            tokens: Vec::new(),
            inserts: Vec::new(),
            is_done: false,
            text,
        };
        if let Some(at) = scanner.text.iter().position(|&c| !is_printable(c)) {
            let line = 1 + scanner.text.iter().take(at).filter(|&&c| c == '\n').count();
            let code = scanner.text.get(at).map_or(0, |&c| u32::from(c));
            let fault = ManifestFault::Syntax(format!("the character U+{code:04X} is not allowed"));
            return Err(ManifestTrouble { line, fault });
        }
        Ok(scanner)
    }

    /// Puts the late tokens (`Key`, `BlockMappingStart`) where they belong.
    fn finish(mut self) -> Vec<Token> {
        // Keys are recognised out of order, but at most one belongs before any token.
        self.inserts.sort_by_key(|(at, ..)| *at);
        let mut inserts = self.inserts.into_iter().peekable();
        let mut tokens = Vec::with_capacity(self.tokens.len() + 2 * inserts.len());
        for (index, token) in self.tokens.into_iter().enumerate() {
            while let Some((_, starts_mapping, line)) = inserts.next_if(|(at, ..)| *at == index) {
                if starts_mapping {
                    tokens.push(Token {
                        line,
                        kind: Kind::BlockMappingStart,
                    });
                }
                tokens.push(Token {
                    line,
                    kind: Kind::Key,
                });
            }
            tokens.push(token);
        }
        tokens
    }

    fn peek(&self) -> char {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> char {
        self.text.get(self.index + ahead).copied().unwrap_or(END)
    }

    fn forward(&mut self, count: usize) {
        for _ in 0..count {
            let Some(&c) = self.text.get(self.index) else {
                return;
            };
            self.index += 1;
            if c == '\r' && self.peek() == '\n' {
                self.column += 1;
            } else if is_break(c) {
                self.line += 1;
                self.column = 0;
            } else if c != '\u{feff}' {
                self.column += 1;
            }
        }
    }

    fn error<T>(&self, text: impl Into<String>) -> Scanned<T> {
        self.error_at(self.line, text)
    }

    fn error_at<T>(&self, line: usize, text: impl Into<String>) -> Scanned<T> {
        Err(ManifestTrouble {
            line: line + 1,
            fault: ManifestFault::Syntax(text.into()),
        })
    }

    fn push(&mut self, kind: Kind) {
        self.tokens.push(Token {
            line: self.line + 1,
            kind,
        });
    }

    fn push_single(&mut self, kind: Kind) {
        self.push(kind);
        self.forward(1);
    }

    fn in_flow(&self) -> bool {
        self.flow_level != 0
    }

    fn fetch(&mut self) -> Scanned<()> {
        self.skip_to_next_token();
        self.drop_stale_keys()?;
        self.unwind_indent(self.column);
        let next_is_gap = is_gap(self.peek_at(1));
        match self.peek() {
            END if self.index >= self.text.len() => self.fetch_end(),
            '%' if self.column == 0 => self.fetch_directive(),
            '-' | '.' if self.column == 0 && self.at_document_marker() => self.fetch_marker(),
            '[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            '{' => self.fetch_flow_start(Kind::FlowMappingStart),
            ']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            '}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            ',' => self.fetch_flow_entry(),
            '-' if next_is_gap => self.fetch_block_entry(),
            '?' if self.in_flow() || next_is_gap => self.fetch_key(),
            ':' if self.in_flow() || next_is_gap => self.fetch_value(),
            '*' => self.fetch_anchor(true),
            '&' => self.fetch_anchor(false),
            '!' => self.refuse_tag(),
            style @ ('|' | '>') if !self.in_flow() => self.fetch_block_scalar(style == '>'),
            quote @ ('\'' | '"') => self.fetch_quoted(quote),
            c if self.starts_plain(c) => self.fetch_plain(),
            '\t' => self.error("a tab cannot start a token; indent with spaces"),
            c => self.error(format!("the character {c:?} cannot start any token")),
        }
    }

    fn starts_plain(&self, c: char) -> bool {
        let is_indicator = is_gap(c)
            || matches!(
                c,
                '-' | '?'
                    | ':'
                    | ','
                    | '['
                    | ']'
                    | '{'
                    | '}'
                    | '#'
                    | '&'
                    | '*'
                    | '!'
                    | '|'
                    | '>'
                    | '\''
                    | '"'
                    | '%'
                    | '@'
                    | '`'
            );
        !is_indicator
            || (!is_gap(self.peek_at(1))
                && (c == '-' || (!self.in_flow() && matches!(c, '?' | ':'))))
    }

    fn at_document_marker(&self) -> bool {
        let first = self.peek();
        matches!(first, '-' | '.')
            && self.peek_at(1) == first
            && self.peek_at(2) == first
            && is_gap(self.peek_at(3))
    }

    fn skip_to_next_token(&mut self) {
        if self.index == 0 && self.peek() == '\u{feff}' {
            self.forward(1);
        }
        loop {
            self.skip_spaces();
            self.skip_comment();
            if self.scan_break().is_none() {
                return;
            }
            if !self.in_flow() {
                self.may_be_key = true;
            }
        }
    }

    fn skip_spaces(&mut self) {
        while self.peek() == ' ' {
            self.forward(1);
        }
    }

    fn skip_comment(&mut self) {
        if self.peek() == '#' {
            while !is_break_or_end(self.peek()) {
                self.forward(1);
            }
        }
    }

    /// Takes one line break; all but the Unicode separators read as a line feed.
    fn scan_break(&mut self) -> Option<char> {
        let c = self.peek();
        if !is_break(c) {
            return None;
        }
        let is_pair = c == '\r' && self.peek_at(1) == '\n';
        self.forward(if is_pair { 2 } else { 1 });
        Some(if matches!(c, '\u{2028}' | '\u{2029}') {
            c
        } else {
            '\n'
        })
    }

    // Simple keys and indentation.

    fn drop_stale_keys(&mut self) -> Scanned<()> {
        let (line, index) = (self.line, self.index);
        let is_stale = |key: &SimpleKey| key.line != line || index - key.index > MAX_SIMPLE_KEY;
        if let Some(key) = self
            .keys
            .values()
            .find(|key| is_stale(key) && key.is_required)
        {
            return self.error_at(key.line, "expected ':' after a key, on the same line");
        }
        self.keys.retain(|_, key| !is_stale(key));
        Ok(())
    }

    fn save_key(&mut self) -> Scanned<()> {
        let is_required = !self.in_flow() && self.indent == self.column;
        if self.may_be_key {
            self.remove_key()?;
            let key = SimpleKey {
                token: self.tokens.len(),
                is_required,
                index: self.index,
                line: self.line,
                column: self.column,
            };
            self.keys.insert(self.flow_level, key);
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Scanned<()> {
        match self.keys.remove(&self.flow_level) {
            Some(key) if key.is_required => self.error_at(key.line, "expected ':' after a key"),
            _ => Ok(()),
        }
    }

    fn unwind_indent(&mut self, column: i64) {
        while !self.in_flow() && self.indent > column {
            self.indent = self.indents.pop().unwrap_or(-1);
            self.push(Kind::BlockEnd);
        }
    }

    fn add_indent(&mut self, column: i64) -> bool {
        let is_deeper = self.indent < column;
        if is_deeper {
            self.indents.push(self.indent);
            self.indent = column;
        }
        is_deeper
    }
}

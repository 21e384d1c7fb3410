//! The reader: one pass, an explicit stack, CPython's messages and positions.

use super::number;
use super::object::Object;
use super::value::Value;
use crate::text::{PyStr, PyStrBuilder};

/// How many arrays and objects may be open at once. CPython's own bound lies near it and depends
/// on how it was called; ours does not.
pub const MAX_DEPTH: usize = 1000;

/// Why a text is not JSON, and where: worded as CPython words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: line 1 column {} (char {position})", .position + 1)]
pub struct JsonError {
    /// What was wrong.
    pub reason: String,
    /// Where, in code points from the start of the line.
    pub position: usize,
}

/// Reads one value that must fill the whole line.
///
/// # Errors
/// The first thing Python's `json.loads` would refuse, a nesting deeper than [`MAX_DEPTH`], or an
/// integer too long for Python to convert.
pub fn read(line: &str) -> Result<Value, JsonError> {
    Reader {
        text: line,
        bytes: line.as_bytes(),
        at: 0,
    }
    .document()
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    /// Byte offset of the next unread character.
    at: usize,
}

/// A container still being read.
enum Open {
    List(Vec<Value>),
    Object(Object, PyStr),
}

/// A value, or the start of a container that has members to read first.
enum Started {
    Value(Value),
    Open(Open),
}

impl Reader<'_> {
    fn document(mut self) -> Result<Value, JsonError> {
        if self.text.starts_with('\u{feff}') {
            return Err(self.error("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0));
        }
        self.skip_space();
        let mut stack = Vec::new();
        let value = loop {
            let mut value = match self.start(stack.len())? {
                Started::Open(open) => {
                    stack.push(open);
                    continue;
                }
                Started::Value(value) => value,
            };
            let complete = loop {
                let Some(open) = stack.pop() else {
                    break Some(value);
                };
                match self.attach(open, value)? {
                    Started::Open(open) => {
                        stack.push(open);
                        break None;
                    }
                    Started::Value(closed) => value = closed,
                }
            };
            if let Some(value) = complete {
                break value;
            }
        };
        self.skip_space();
        if self.at < self.bytes.len() {
            return Err(self.error("Extra data", self.at));
        }
        Ok(value)
    }

    /// Reads a scalar, an empty container, or a container up to its first member's value.
    fn start(&mut self, depth: usize) -> Result<Started, JsonError> {
        let opening = self.peek();
        if !matches!(opening, Some(b'{' | b'[')) {
            return self.scalar().map(Started::Value);
        }
        if depth == MAX_DEPTH {
            let reason = format!("Nested too deeply (more than {MAX_DEPTH} arrays and objects)");
            return Err(self.error(reason, self.at));
        }
        self.at += 1;
        self.skip_space();
        match (opening, self.peek()) {
            (Some(b'{'), Some(b'}')) => {
                self.at += 1;
                Ok(Started::Value(Value::Object(Object::default())))
            }
            (Some(b'{'), _) => {
                let key = self.key()?;
                Ok(Started::Open(Open::Object(Object::default(), key)))
            }
            (_, Some(b']')) => {
                self.at += 1;
                Ok(Started::Value(Value::List(Vec::new())))
            }
            _ => Ok(Started::Open(Open::List(Vec::new()))),
        }
    }

    /// Adds a member to its container and reads on to the next member's value or the end.
    fn attach(&mut self, open: Open, value: Value) -> Result<Started, JsonError> {
        self.skip_space();
        let next = self.peek();
        match open {
            Open::List(mut items) => {
                items.push(value);
                match next {
                    Some(b']') => {
                        self.at += 1;
                        items.shrink_to_fit();
                        Ok(Started::Value(Value::List(items)))
                    }
                    Some(b',') => {
                        self.at += 1;
                        self.skip_space();
                        Ok(Started::Open(Open::List(items)))
                    }
                    _ => Err(self.error("Expecting ',' delimiter", self.at)),
                }
            }
            Open::Object(mut members, key) => {
                // Replaces the value of a repeated key and keeps its place, as a dict does.
                members.insert(key, value);
                match next {
                    Some(b'}') => {
                        self.at += 1;
                        // Most objects are small, and a new one has room for several members.
                        members.shrink_to_fit();
                        Ok(Started::Value(Value::Object(members)))
                    }
                    Some(b',') => {
                        self.at += 1;
                        self.skip_space();
                        let key = self.key()?;
                        Ok(Started::Open(Open::Object(members, key)))
                    }
                    _ => Err(self.error("Expecting ',' delimiter", self.at)),
                }
            }
        }
    }

    /// A key, its colon, and the space up to the value.
    fn key(&mut self) -> Result<PyStr, JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("Expecting property name enclosed in double quotes", self.at));
        }
        let key = self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.error("Expecting ':' delimiter", self.at));
        }
        self.at += 1;
        self.skip_space();
        Ok(key)
    }

    fn scalar(&mut self) -> Result<Value, JsonError> {
        const WORDS: [(&str, Value); 6] = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
        ];
        if self.peek() == Some(b'"') {
            return self.string().map(Value::Str);
        }
        for (word, value) in WORDS {
            if self.rest().starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.number()
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`, as much of it as there is.
    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        let mut end = start + usize::from(self.peek() == Some(b'-'));
        let whole = self.digits_from(end);
        if whole == 0 {
            return Err(self.error("Expecting value", start));
        }
        // After a leading zero the number is over; what follows is somebody else's error.
        end += if self.bytes.get(end) == Some(&b'0') {
            1
        } else {
            whole
        };
        let int_end = end;
        if self.bytes.get(end) == Some(&b'.') {
            end += match self.digits_from(end + 1) {
                0 => 0,
                digits => 1 + digits,
            };
        }
        if matches!(self.bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.bytes.get(end + 1), Some(b'+' | b'-')));
            end += match self.digits_from(end + 1 + sign) {
                0 => 0,
                digits => 1 + sign + digits,
            };
        }
        self.at = end;
        let token = self.text.get(start..end).unwrap_or_default();
        if end > int_end {
            return Ok(Value::Float(number::float(token)));
        }
        number::int(token).map(Value::Int).map_err(|digits| {
            let limit = number::MAX_INT_DIGITS;
            self.error(
                format!("Integer of {digits} digits exceeds the limit of {limit}"),
                start,
            )
        })
    }

    fn digits_from(&self, from: usize) -> usize {
        let tail = self.bytes.get(from..).unwrap_or_default();
        tail.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// A string, from its opening quote to just after the closing one.
    fn string(&mut self) -> Result<PyStr, JsonError> {
        let begin = self.at;
        self.at += 1;
        // Most strings have nothing to unescape and are copied in one piece.
        let length = self.rest().iter().position(|&byte| is_special(byte));
        if let Some(end) = length.map(|length| self.at + length)
            && self.bytes.get(end) == Some(&b'"')
        {
            let text = self.text.get(self.at..end).unwrap_or_default();
            self.at = end + 1;
            return Ok(PyStr::from(text));
        }
        let mut out = PyStrBuilder::default();
        loop {
            let plain = self.at;
            let rest = self.rest();
            let length = rest.iter().position(|&byte| is_special(byte));
            self.at += length.unwrap_or(rest.len());
            out.push_str(self.text.get(plain..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out.finish());
                }
                Some(b'\\') => self.escape(begin, &mut out)?,
                Some(_) => return Err(self.error("Invalid control character at", self.at)),
                None => return Err(self.error("Unterminated string starting at", begin)),
            }
        }
    }

    fn escape(&mut self, begin: usize, out: &mut PyStrBuilder) -> Result<(), JsonError> {
        let backslash = self.at;
        let Some(&kind) = self.bytes.get(backslash + 1) else {
            return Err(self.error("Unterminated string starting at", begin));
        };
        self.at += 2;
        match kind {
            b'"' | b'\\' | b'/' => out.push_char(char::from(kind)),
            b'b' => out.push_char('\u{8}'),
            b'f' => out.push_char('\u{c}'),
            b'n' => out.push_char('\n'),
            b'r' => out.push_char('\r'),
            b't' => out.push_char('\t'),
            b'u' => {
                let first = self.hex4()?;
                out.push(self.join_surrogates(first)?);
            }
            _ => return Err(self.error("Invalid \\escape", backslash)),
        }
        Ok(())
    }

    /// Joins a high surrogate with a low one escaped right behind it; alone, either stays itself.
    fn join_surrogates(&mut self, first: u32) -> Result<u32, JsonError> {
        if !(0xd800..0xdc00).contains(&first) || !self.rest().starts_with(b"\\u") {
            return Ok(first);
        }
        let after_first = self.at;
        self.at += 2;
        let second = self.hex4()?;
        if (0xdc00..0xe000).contains(&second) {
            return Ok(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
        self.at = after_first;
        Ok(first)
    }

    /// The four hexadecimal digits of an escape whose `\u` was just read.
    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self.bytes.get(self.at..self.at + 4).unwrap_or_default();
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let value = digits
            .iter()
            .try_fold(0, |value, byte| Some(value << 4 | digit(byte)?));
        match value {
            // CPython calls an escape that ends the text invalid, not the string unterminated.
            Some(value) if digits.len() == 4 && self.at + 4 < self.bytes.len() => {
                self.at += 4;
                Ok(value)
            }
            _ => Err(self.error("Invalid \\uXXXX escape", self.at - 1)),
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// An error at a byte offset, reported in code points.
    fn error(&self, reason: impl Into<String>, offset: usize) -> JsonError {
        let before = self.bytes.get(..offset).unwrap_or(self.bytes);
        let position = before.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
        JsonError {
            reason: reason.into(),
            position,
        }
    }
}

/// Whether a byte ends a stretch of plain text in a string: the quote, an escape, or what must be one.
fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

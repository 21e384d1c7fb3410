//! Text that may hold lone surrogates, as a Python `str` can.

use super::{is_space, lower, repr};
use std::borrow::Borrow;
use std::fmt;

/// A Python string: any sequence of code points, lone surrogates included.
///
/// Held as UTF-8 in which a surrogate takes the three bytes its number would (what is called
/// WTF-8), so text without surrogates is plain UTF-8 and equal bytes mean equal strings.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct PyStr {
    bytes: Box<[u8]>,
}

impl PyStr {
    /// Bytes the caller knows to be ASCII.
    pub(super) fn from_ascii(bytes: Vec<u8>) -> PyStr {
        PyStr {
            bytes: bytes.into(),
        }
    }

    /// The bytes: UTF-8, lone surrogates encoded like any other code point.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, unless it holds a lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// Whether there are no code points at all; white space counts as content.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Python's `len`: the number of code points.
    pub fn len(&self) -> usize {
        self.bytes
            .iter()
            .filter(|&&byte| byte & 0xc0 != 0x80)
            .count()
    }

    /// The code points in order.
    pub fn code_points(&self) -> CodePoints<'_> {
        CodePoints { bytes: &self.bytes }
    }

    /// Python's `str.lower()`.
    pub fn lower(&self) -> PyStr {
        lower::lower(self)
    }

    /// Python's `str.split()`: the pieces between white space, none of them empty.
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = CodePoints { bytes: &self.bytes };
        std::iter::from_fn(move || {
            let (start, tail) = loop {
                let before = rest.bytes;
                if !is_space(rest.next()?) {
                    break (before, rest.bytes);
                }
            };
            rest.bytes = tail;
            loop {
                let end = rest.bytes;
                match rest.next() {
                    Some(code_point) if !is_space(code_point) => {}
                    _ => return start.get(..start.len() - end.len()),
                }
            }
        })
    }

    /// Python's `repr`: quoted and escaped.
    pub fn repr(&self) -> String {
        let mut out = String::with_capacity(self.bytes.len() + 2);
        self.push_repr(&mut out);
        out
    }

    /// Appends Python's `repr` to a text.
    pub fn push_repr(&self, out: &mut String) {
        repr::push_repr(out, self);
    }
}

/// The code points of a [`PyStr`].
#[derive(Clone)]
pub struct CodePoints<'a> {
    bytes: &'a [u8],
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (&lead, rest) = self.bytes.split_first()?;
        let (mut value, following) = match lead {
            0..=0x7f => (u32::from(lead), 0),
            0x80..=0xdf => (u32::from(lead & 0x1f), 1),
            0xe0..=0xef => (u32::from(lead & 0x0f), 2),
            0xf0..=0xff => (u32::from(lead & 0x07), 3),
        };
        let (tail, rest) = rest.split_at(following.min(rest.len()));
        for byte in tail {
            value = value << 6 | u32::from(byte & 0x3f);
        }
        self.bytes = rest;
        Some(value)
    }
}

impl Borrow<[u8]> for PyStr {
    fn borrow(&self) -> &[u8] {
        &self.bytes
    }
}

impl From<&str> for PyStr {
    fn from(text: &str) -> Self {
        PyStr {
            bytes: text.as_bytes().into(),
        }
    }
}

impl From<String> for PyStr {
    fn from(text: String) -> Self {
        PyStr {
            bytes: text.into_bytes().into(),
        }
    }
}

impl PartialEq<str> for PyStr {
    fn eq(&self, other: &str) -> bool {
        &*self.bytes == other.as_bytes()
    }
}

impl PartialEq<&str> for PyStr {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl fmt::Debug for PyStr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr())
    }
}

impl FromIterator<u32> for PyStr {
    /// Code points over U+10FFFF become U+FFFD.
    fn from_iter<I: IntoIterator<Item = u32>>(code_points: I) -> Self {
        let mut builder = PyStrBuilder::default();
        for code_point in code_points {
            builder.push(code_point);
        }
        builder.finish()
    }
}

/// Collects a [`PyStr`] piece by piece.
#[derive(Default)]
pub struct PyStrBuilder {
    bytes: Vec<u8>,
}

impl PyStrBuilder {
    /// Appends plain text.
    pub fn push_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends one character.
    pub fn push_char(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    /// Appends one code point, which may be a surrogate.
    pub fn push(&mut self, code_point: u32) {
        match char::from_u32(code_point) {
            Some(c) => self.push_char(c),
            None if (0xd800..0xe000).contains(&code_point) => self.bytes.extend([
                0xed,
                0x80 | (code_point >> 6 & 0x3f) as u8,
                0x80 | (code_point & 0x3f) as u8,
            ]),
            None => self.push_char(char::REPLACEMENT_CHARACTER),
        }
    }

    /// The collected string.
    pub fn finish(self) -> PyStr {
        PyStr {
            bytes: self.bytes.into(),
        }
    }
}

//! Values of string literals: prefixes, quotes and escapes.

use super::unicode;
use std::borrow::Cow;

/// How a literal's escapes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Literal {
    pub(crate) raw: bool,
    pub(crate) bytes: bool,
}

impl Literal {
    pub(crate) const TEXT: Literal = Literal {
        raw: false,
        bytes: false,
    };
}

/// The value of `body`, the text between a literal's quotes; `None` for a malformed escape.
///
/// A lone surrogate, which a Rust string cannot hold, becomes U+FFFD.
pub(crate) fn decode_text(body: &str, literal: Literal) -> Option<Cow<'_, str>> {
    if literal.raw || !body.contains('\\') {
        return Some(Cow::Borrowed(body));
    }
    let mut value = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(backslash) = rest.find('\\') {
        value.push_str(&rest[..backslash]);
        rest = escape(&rest[backslash + 1..], literal, &mut value)?;
    }
    value.push_str(rest);
    Some(Cow::Owned(value))
}

/// Reads the escape whose backslash has just been passed; returns what follows it.
fn escape<'a>(rest: &'a str, literal: Literal, value: &mut String) -> Option<&'a str> {
    let mut chars = rest.chars();
    let Some(first) = chars.next() else {
        // `f"\{x}"`: the backslash stands before a field and is a character of its own.
        value.push('\\');
        return Some(rest);
    };
    let after = chars.as_str();
    let simple = match first {
        '\n' => return Some(after),
        '\\' | '\'' | '"' => first,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '0'..='7' => return octal(rest, value),
        'x' => return hexadecimal(after, 2, value),
        'u' if !literal.bytes => return hexadecimal(after, 4, value),
        'U' if !literal.bytes => return hexadecimal(after, 8, value),
        'N' if !literal.bytes => return named(after, value),
        other => {
            value.push('\\');
            other
        }
    };
    value.push(simple);
    Some(after)
}

fn octal<'a>(rest: &'a str, value: &mut String) -> Option<&'a str> {
    let digits = rest
        .bytes()
        .take(3)
        .take_while(|byte| (b'0'..=b'7').contains(byte))
        .count();
    let code = u32::from_str_radix(&rest[..digits], 8).ok()?;
    value.push(char::from_u32(code)?);
    Some(&rest[digits..])
}

fn hexadecimal<'a>(rest: &'a str, digits: usize, value: &mut String) -> Option<&'a str> {
    let text = rest.get(..digits)?;
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let code = u32::from_str_radix(text, 16).ok()?;
    let is_surrogate = (0xD800..=0xDFFF).contains(&code);
    value.push(if is_surrogate {
        char::REPLACEMENT_CHARACTER
    } else {
        char::from_u32(code)?
    });
    Some(&rest[digits..])
}

fn named<'a>(rest: &'a str, value: &mut String) -> Option<&'a str> {
    let (name, after) = rest.strip_prefix('{')?.split_once('}')?;
    value.push(character(name)?);
    Some(after)
}

/// Aliases of Unicode that came after 15.0, which CPython 3.12 does not know.
const NEWER_ALIASES: [&str; 1] = ["MENDE KIKAKUI SYLLABLE M172 MBO"];

/// The character CPython 3.12 knows by this name: letters of either case, except in the names that are
/// computed from a code point or a syllable.
fn character(name: &str) -> Option<char> {
    let c = unicode_names2::character(name)?;
    let upper = name.to_ascii_uppercase();
    let is_computed =
        upper.starts_with("CJK UNIFIED IDEOGRAPH-") || upper.starts_with("HANGUL SYLLABLE ");
    // The table's hash now and then leads to a character whose name is only the beginning.
    let goes_on = unicode_names2::name(c).map(|found| found.to_string());
    let goes_on = goes_on.is_some_and(|found| upper != found && upper.starts_with(&found));
    let is_known = !unicode::is_newly_named(c)
        && (!is_computed || upper == name)
        && !goes_on
        && !NEWER_ALIASES.contains(&&*upper);
    is_known.then_some(c)
}

/// The first `\N{name}` of a literal that names no character.
pub(crate) fn unknown_name(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(backslash) = rest.find('\\') {
        let after = &rest[backslash + 1..];
        let named = after
            .strip_prefix("N{")
            .and_then(|name| name.split_once('}'));
        if let Some((name, _)) = named
            && character(name).is_none()
        {
            return Some(name);
        }
        let mut chars = after.chars();
        chars.next();
        rest = chars.as_str();
    }
    None
}

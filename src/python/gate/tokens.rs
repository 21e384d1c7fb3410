//! What single tokens, or two in a row, may not be.

use super::{error, literals};
use crate::python::SyntaxError;
use crate::python::source::Lines;
use crate::python::unicode;
use ruff_python_ast::StringFlags;
use ruff_python_ast::str_prefix::AnyStringPrefix;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::Ranged;

/// CPython's limit on the digits of a decimal integer.
const MAX_DIGITS: usize = 4300;

pub(super) fn check(lines: &Lines<'_>, tokens: &[Token]) -> Result<(), SyntaxError> {
    let source = lines.source();
    // Most sources need no look at any text.
    let is_ascii = source.is_ascii();
    let has_names = source.contains("\\N");
    let mut after_yield = false;
    let mut number_end = None;
    for token in tokens {
        let kind = token.kind();
        if kind.is_trivia() {
            continue;
        }
        let (start, end) = (token.start().to_usize(), token.end().to_usize());
        let text = || source.get(start..end).unwrap_or("");
        if number_end == Some(start) && cannot_touch_number(kind) {
            return Err(error(
                lines,
                start,
                "expected a space between a number and a word",
            ));
        }
        match kind {
            TokenKind::Name if !is_ascii => identifier(text()),
            TokenKind::Int if end - start > MAX_DIGITS => integer(text()),
            TokenKind::String | TokenKind::FStringMiddle if has_names => {
                named_escapes(text(), token)
            }
            _ if after_yield && cannot_follow_yield(kind) => {
                Err("expected a value, or nothing, after `yield`".to_owned())
            }
            _ => Ok(()),
        }
        .map_err(|message| error(lines, start, &message))?;
        after_yield = kind == TokenKind::Yield;
        let is_number = matches!(kind, TokenKind::Int | TokenKind::Float | TokenKind::Complex);
        number_end = is_number.then_some(end);
    }
    Ok(())
}

fn identifier(text: &str) -> Result<(), String> {
    match text.chars().find(|c| unicode::is_new_in_identifiers(*c)) {
        Some(c) => Err(format!("invalid character U+{:04X}", u32::from(c))),
        None => Ok(()),
    }
}

fn integer(text: &str) -> Result<(), String> {
    let is_decimal = !text.starts_with('0');
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if is_decimal && digits > MAX_DIGITS {
        return Err(format!(
            "decimal integer has {digits} digits, more than {MAX_DIGITS}"
        ));
    }
    Ok(())
}

/// The parser knows more character names than CPython 3.12, and reads them with less care.
fn named_escapes(text: &str, token: &Token) -> Result<(), String> {
    let Some(flags) = token.string_flags() else {
        return Ok(());
    };
    let is_raw = flags.is_raw_string();
    let is_bytes = matches!(flags.prefix(), AnyStringPrefix::Bytes(_));
    if is_raw || is_bytes || !text.contains("\\N") {
        return Ok(());
    }
    match literals::unknown_name(text) {
        Some(name) => Err(format!("unknown Unicode character name `{name}`")),
        None => Ok(()),
    }
}

/// `1if x else y` is deprecated and still allowed, but only for the words that go on with an expression.
fn cannot_touch_number(kind: TokenKind) -> bool {
    use TokenKind as T;
    let is_word = kind.is_keyword() || kind == T::Name;
    let goes_on = matches!(
        kind,
        T::And | T::Else | T::For | T::If | T::In | T::Is | T::Or | T::Not
    );
    is_word && !goes_on
}

/// Operators that only stand between operands, so that `yield` would have to be one.
fn cannot_follow_yield(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::Comma
            | T::Slash
            | T::DoubleSlash
            | T::Percent
            | T::At
            | T::Vbar
            | T::Amper
            | T::CircumFlex
            | T::LeftShift
            | T::RightShift
            | T::Less
            | T::Greater
            | T::EqEqual
            | T::NotEqual
            | T::LessEqual
            | T::GreaterEqual
            | T::DoubleStar
            | T::Dot
            | T::And
            | T::Or
            | T::In
            | T::Is
            | T::If
            | T::For
            | T::Async
    )
}

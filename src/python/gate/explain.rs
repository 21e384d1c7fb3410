//! What a refusal says. The parser names what it expected at one place; brackets that do not match,
//! Python 2's statements and old octal numbers are better named for what they are.

use super::error;
use crate::python::SyntaxError;
use crate::python::source::Lines;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::Ranged;

/// The refusal for an error the parser found at byte `offset`.
pub(super) fn explain(
    lines: &Lines<'_>,
    tokens: &[Token],
    offset: usize,
    message: &str,
) -> SyntaxError {
    brackets(lines, tokens, offset)
        .or_else(|| old_statement(lines, tokens, offset))
        .or_else(|| old_octal(lines, offset))
        .unwrap_or_else(|| error(lines, offset, reworded(message)))
}

/// The parser names the rule that is broken; what was expected is easier to act on.
fn reworded(message: &str) -> &str {
    if message.starts_with("Simple statements must be separated") {
        "expected an operator, a newline or `;`"
    } else {
        message
    }
}

/// A closing bracket at or before the error that closes nothing or something else, or an opening
/// one on an earlier line that nothing closes.
fn brackets(lines: &Lines<'_>, tokens: &[Token], offset: usize) -> Option<SyntaxError> {
    let mut open: Vec<(usize, char, char)> = Vec::new();
    let mut open_at_error = None;
    for token in tokens {
        let start = token.start().to_usize();
        if start >= offset && open_at_error.is_none() {
            open_at_error = Some(open.clone());
        }
        if let Some((opening, closing)) = opened(token.kind()) {
            open.push((start, opening, closing));
        } else if let Some(closing) = closed(token.kind()) {
            match open.pop() {
                Some((_, _, wanted)) if wanted == closing => {}
                _ if start > offset => break,
                Some((at, opening, _)) => {
                    let message = format!(
                        "`{closing}` does not match `{opening}`{}",
                        line_of(lines, at, start)
                    );
                    return Some(error(lines, start, &message));
                }
                None => {
                    return Some(error(lines, start, &format!("unmatched `{closing}`")));
                }
            }
        }
    }
    let (at, opening, _) = open_at_error.unwrap_or_else(|| open.clone()).pop()?;
    let never_closed = open.iter().any(|(start, ..)| *start == at);
    let on_earlier_line = lines.position(at).0 < lines.position(offset).0;
    (never_closed && on_earlier_line)
        .then(|| error(lines, at, &format!("`{opening}` was never closed")))
}

/// On which line a bracket was opened, if that is not the line at hand.
fn line_of(lines: &Lines<'_>, opening: usize, here: usize) -> String {
    let (line, _) = lines.position(opening);
    match line == lines.position(here).0 {
        true => String::new(),
        false => format!(" on line {line}"),
    }
}

fn opened(kind: TokenKind) -> Option<(char, char)> {
    match kind {
        TokenKind::Lpar => Some(('(', ')')),
        TokenKind::Lsqb => Some(('[', ']')),
        TokenKind::Lbrace => Some(('{', '}')),
        _ => None,
    }
}

fn closed(kind: TokenKind) -> Option<char> {
    match kind {
        TokenKind::Rpar => Some(')'),
        TokenKind::Rsqb => Some(']'),
        TokenKind::Rbrace => Some('}'),
        _ => None,
    }
}

/// `print x` and `exec x`: the error is where the second word begins.
fn old_statement(lines: &Lines<'_>, tokens: &[Token], offset: usize) -> Option<SyntaxError> {
    let at = tokens.partition_point(|token| token.start().to_usize() < offset);
    let word = tokens[..at].last()?;
    let starts_statement = tokens[..at - 1].last().is_none_or(|before| {
        use TokenKind as T;
        matches!(
            before.kind(),
            T::Newline
                | T::NonLogicalNewline
                | T::Indent
                | T::Dedent
                | T::Semi
                | T::Colon
                | T::Comment
        )
    });
    let name = lines
        .source()
        .get(word.start().to_usize()..word.end().to_usize())?;
    let is_old = matches!(name, "print" | "exec") && starts_statement;
    is_old.then(|| {
        let message = format!("`{name}` is a function in Python 3: expected `(` after it");
        error(lines, word.start().to_usize(), &message)
    })
}

fn old_octal(lines: &Lines<'_>, offset: usize) -> Option<SyntaxError> {
    let number = lines.source().get(offset..)?.strip_prefix('0')?;
    number.starts_with(|c: char| c.is_ascii_digit()).then(|| {
        error(
            lines,
            offset,
            "a decimal number cannot begin with 0; an octal one begins with 0o",
        )
    })
}

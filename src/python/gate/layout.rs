//! Characters and indentation.

use super::error;
use crate::python::SyntaxError;
use crate::python::source::Lines;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::Ranged;

/// CPython's limit: the indent stack has a hundred places, the first for column 0.
const MAX_INDENTS: usize = 99;

/// A byte order mark has been decoded away by nobody, and NUL is nowhere allowed, not even in a comment.
pub(super) fn characters(lines: &Lines<'_>) -> Result<(), SyntaxError> {
    let source = lines.source();
    if source.len() > i32::MAX as usize {
        return Err(error(lines, 0, "source is larger than 2 GiB"));
    }
    if let Some(offset) = source.find('\0') {
        return Err(error(lines, offset, "source contains a null byte"));
    }
    if source.starts_with('\u{feff}') {
        return Err(error(lines, 0, "invalid non-printable character U+FEFF"));
    }
    Ok(())
}

/// Where a line's text starts, counting a tab as up to eight columns, and as one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Indent {
    wide: usize,
    narrow: usize,
}

/// Indents must compare the same way whatever a tab is worth, and not nest too deeply.
pub(super) fn indentation(lines: &Lines<'_>, tokens: &[Token]) -> Result<(), SyntaxError> {
    let source = lines.source();
    let mut open = vec![Indent { wide: 0, narrow: 0 }];
    let mut at_line_start = true;
    let mut line_start = 0;
    for token in tokens {
        let start = token.start().to_usize();
        match token.kind() {
            TokenKind::Newline => {
                at_line_start = true;
                line_start = token.end().to_usize();
            }
            TokenKind::NonLogicalNewline if at_line_start => line_start = token.end().to_usize(),
            TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::Indent
            | TokenKind::Dedent
            | TokenKind::EndOfFile => {}
            _ if at_line_start => {
                at_line_start = false;
                let indent = measure(source.get(line_start..start).unwrap_or(""));
                step(&mut open, indent).map_err(|message| error(lines, start, message))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn step(open: &mut Vec<Indent>, indent: Indent) -> Result<(), &'static str> {
    const MIXED: &str = "inconsistent use of tabs and spaces in indentation";
    let top = |open: &[Indent]| {
        open.last()
            .copied()
            .unwrap_or(Indent { wide: 0, narrow: 0 })
    };
    if indent.wide > top(open).wide {
        if indent.narrow <= top(open).narrow {
            return Err(MIXED);
        }
        if open.len() > MAX_INDENTS {
            return Err("more than 99 levels of indentation");
        }
        open.push(indent);
        return Ok(());
    }
    while open.len() > 1 && indent.wide < top(open).wide {
        open.pop();
    }
    if indent == top(open) {
        Ok(())
    } else {
        Err(MIXED)
    }
}

/// A form feed starts the count anew; a line joined by a backslash counts as its first part does.
fn measure(blank: &str) -> Indent {
    let mut indent = Indent { wide: 0, narrow: 0 };
    for byte in blank.bytes() {
        match byte {
            b' ' => {
                indent.wide += 1;
                indent.narrow += 1;
            }
            b'\t' => {
                indent.wide = (indent.wide / 8 + 1) * 8;
                indent.narrow += 1;
            }
            b'\x0c' => indent = Indent { wide: 0, narrow: 0 },
            b'\\' if indent.wide > 0 => {
                return Indent {
                    narrow: indent.wide,
                    ..indent
                };
            }
            _ => {}
        }
    }
    indent
}

//! Lines and white space as Python sees them.

/// Whether Python's `str.isspace` holds for this code point: Unicode White_Space plus U+001C–U+001F.
pub fn is_space(code_point: u32) -> bool {
    match code_point {
        0x09..=0x0d | 0x1c..=0x20 => true,
        0..=0x7f => false,
        _ => char::from_u32(code_point).is_some_and(char::is_whitespace),
    }
}

/// Whether Python's `text.strip()` would be empty.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| is_space(c as u32))
}

fn is_line_end(c: char) -> bool {
    matches!(
        c,
        '\n' | '\r'
            | '\u{b}'
            | '\u{c}'
            | '\u{1c}'
            | '\u{1d}'
            | '\u{1e}'
            | '\u{85}'
            | '\u{2028}'
            | '\u{2029}'
    )
}

/// The first character that ends a line, and where it is. Looks at bytes: few texts have many that
/// could begin such a character and do not.
fn first_line_end(text: &str) -> Option<(usize, char)> {
    // The first bytes of the characters above, those beyond ASCII being U+0085, U+2028 and U+2029.
    let may_begin = |&byte: &u8| matches!(byte, 0x0a..=0x0d | 0x1c..=0x1e | 0xc2 | 0xe2);
    let mut from = 0;
    loop {
        let rest = text.as_bytes().get(from..)?;
        let at = from + rest.iter().position(may_begin)?;
        let c = text.get(at..)?.chars().next()?;
        if is_line_end(c) {
            return Some((at, c));
        }
        from = at + c.len_utf8();
    }
}

/// The lines of a text as Python's `str.splitlines()` cuts them, without their ends.
///
/// Besides `\n`, `\r` and `\r\n` a line ends at `\v`, `\f`, U+001C–U+001E, U+0085, U+2028 and
/// U+2029. An end at the very end of the text does not start another line, so the empty text has
/// no lines at all.
pub fn splitlines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((at, end)) = first_line_end(rest) else {
            return Some(std::mem::take(&mut rest));
        };
        let (line, tail) = rest.split_at(at);
        rest = tail
            .strip_prefix("\r\n")
            .unwrap_or_else(|| &tail[end.len_utf8()..]);
        Some(line)
    })
}

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
        let Some((at, end)) = rest.char_indices().find(|&(_, c)| is_line_end(c)) else {
            return Some(std::mem::take(&mut rest));
        };
        let (line, tail) = rest.split_at(at);
        rest = tail
            .strip_prefix("\r\n")
            .unwrap_or_else(|| &tail[end.len_utf8()..]);
        Some(line)
    })
}

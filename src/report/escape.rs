//! Makes foreign text harmless on a terminal.
//!
//! A miner chooses file names, error texts and everything a harness prints. Raw control characters in them could
//! retitle a window, clear the screen, write to the clipboard or hide text, and bidirectional controls could make a
//! line read as something else. They are shown as escapes instead.

use std::fmt::Write as _;
use std::path::Path;

/// `text` on one line: every control or invisible formatting character becomes a visible escape.
pub fn line(text: &str) -> String {
    escaped(text, |_| false)
}

/// `text` with its line ends and tabs kept, everything else as in [`line`].
pub fn block(text: &str) -> String {
    escaped(text, is_kept_in_block)
}

/// At most `characters` of `text` on one line, with an ellipsis if it was cut.
pub fn short(text: &str, characters: usize) -> String {
    let shown = line(text);
    if shown.chars().count() <= characters {
        return shown;
    }
    let mut cut: String = shown.chars().take(characters.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// A path as text: what is not UTF-8 in it becomes a visible escape, so that two such paths stay two.
pub fn path(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        shown.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// A stretch of text that is shown as it is, or an escape in place of one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Harmless.
    Plain(&'a str),
    /// What stands for a character that is not shown.
    Escape(String),
}

/// [`line`] in pieces, for a reader who is to tell an escape from the same letters in the text.
pub fn line_pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    pieces(text, |_| false)
}

/// [`block`] in pieces.
pub fn block_pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    pieces(text, is_kept_in_block)
}

fn is_kept_in_block(character: char) -> bool {
    matches!(character, '\n' | '\t')
}

fn escaped(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for piece in pieces(text, keep) {
        match piece {
            Piece::Plain(plain) => shown.push_str(plain),
            Piece::Escape(escape) => shown.push_str(&escape),
        }
    }
    shown
}

fn pieces(text: &str, keep: impl Fn(char) -> bool) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let is_odd = |character| !keep(character) && is_odd(character);
        if is_odd(first) {
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            return Some(Piece::Escape(escape_of(first)));
        }
        let (plain, after) = rest.split_at(rest.find(is_odd).unwrap_or(rest.len()));
        rest = after;
        Some(Piece::Plain(plain))
    })
}

fn is_odd(character: char) -> bool {
    character.is_control() || is_formatting(character)
}

fn escape_of(character: char) -> String {
    let code = u32::from(character);
    match character {
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        _ => match code {
            0..=0xff => format!("\\x{code:02x}"),
            0x100..=0xffff => format!("\\u{code:04x}"),
            _ => format!("\\U{code:08x}"),
        },
    }
}

/// Characters without a shape of their own that change how the text around them is read: line and paragraph
/// separators, bidirectional controls, zero-width characters, byte order mark, tags.
fn is_formatting(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn terminal_sequences_become_visible() {
        assert_eq!(
            line("a\u{1b}[2Jb\u{9b}31m\u{7f}"),
            "a\\x1b[2Jb\\x9b31m\\x7f"
        );
        assert_eq!(line("one\ntwo\r\tthree"), "one\\ntwo\\r\\tthree");
    }

    #[test]
    fn text_cannot_be_reordered_or_hidden() {
        assert_eq!(
            line("a\u{202e}b\u{200b}c\u{e0041}"),
            "a\\u202eb\\u200bc\\U000e0041"
        );
    }

    #[test]
    fn a_block_keeps_its_lines() {
        assert_eq!(block("a\n\tb\u{1b}c\r\n"), "a\n\tb\\x1bc\\r\n");
    }

    #[test]
    fn an_escape_differs_from_the_same_letters() {
        let found: Vec<Piece<'_>> = line_pieces("\\x1b\u{1b}a").collect();
        let expected = [
            Piece::Plain("\\x1b"),
            Piece::Escape("\\x1b".into()),
            Piece::Plain("a"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn ordinary_text_of_any_script_is_untouched() {
        assert_eq!(line("naïve 日本語 😀 é"), "naïve 日本語 😀 é");
    }

    #[test]
    fn long_text_is_cut_with_an_ellipsis() {
        assert_eq!(short("abcdef", 4), "abc…");
        assert_eq!(short("abcd", 4), "abcd");
    }

    #[test]
    fn a_path_that_is_not_text_is_shown_with_its_bytes() {
        use std::os::unix::ffi::OsStrExt;
        let shown = |bytes| path(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert_eq!(shown(b"a/\xff\xfe.jsonl"), "a/\\xff\\xfe.jsonl");
        assert_eq!(shown("a/é.jsonl".as_bytes()), "a/é.jsonl");
    }

    proptest! {
        #[test]
        fn no_control_character_survives(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(|c| c.is_control() || is_formatting(c)));
        }
    }
}

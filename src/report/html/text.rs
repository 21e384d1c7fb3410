//! Text that somebody else chose.

use maud::{Markup, html};

use crate::report::escape::{self, Piece};

/// Longest name shown: enough for a path that a person still reads.
pub const NAME_CHARACTERS: usize = 120;

/// Of a shortened text, the share of what is kept that is its end. Names differ at the end more often than not.
const END_SHARE: usize = 3;

/// A name or path on one line: kept apart from the direction of what surrounds it, its middle left out if it is long.
pub fn name(text: &str) -> Markup {
    line(text, NAME_CHARACTERS)
}

/// At most `characters` of `text` on one line, its middle left out if it is longer.
pub fn line(text: &str, characters: usize) -> Markup {
    match shorten(text, characters) {
        None => html! { bdi { (pieces(escape::line_pieces(text))) } },
        Some(Shortened { start, end, length }) => html! {
            bdi title={ "shortened: " (length) " characters" } {
                (pieces(escape::line_pieces(start))) "…" (pieces(escape::line_pieces(end)))
            }
        },
    }
}

/// All of `text` with its line ends; whoever calls this has bounded it.
pub fn block(text: &str) -> Markup {
    pieces(escape::block_pieces(text))
}

/// An escape is set apart from the same letters in the text.
fn pieces<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Markup {
    html! {
        @for piece in pieces {
            @match piece {
                Piece::Plain(plain) => (plain),
                Piece::Escape(escape) => i.esc { (escape) },
            }
        }
    }
}

/// What is shown of a text that is too long.
struct Shortened<'a> {
    start: &'a str,
    end: &'a str,
    length: usize,
}

fn shorten(text: &str, characters: usize) -> Option<Shortened<'_>> {
    // Most texts are short: their bytes alone say so.
    if text.len() <= characters {
        return None;
    }
    let length = text.chars().count();
    if length <= characters {
        return None;
    }
    let kept = characters.saturating_sub(1);
    let at_end = kept / END_SHARE;
    let place = |index| {
        text.char_indices()
            .nth(index)
            .map_or(text.len(), |(place, _)| place)
    };
    let (start, _) = text.split_at(place(kept - at_end));
    let (_, end) = text.split_at(place(length - at_end));
    Some(Shortened { start, end, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_is_text() {
        let shown = name("</script><b a=\"1\" c='2'>&amp;").into_string();
        let expected = "<bdi>&lt;/script&gt;&lt;b a=&quot;1&quot; c='2'&gt;&amp;amp;</bdi>";
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_is_invisible_is_seen_and_told_from_its_own_letters() {
        let shown = name("a\u{202e}b\0\\x00").into_string();
        let expected = "<bdi>a<i class=\"esc\">\\u202e</i>b<i class=\"esc\">\\x00</i>\\x00</bdi>";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_block_keeps_its_lines_only() {
        let shown = block("a\n\tb\r\u{1b}[31m").into_string();
        let expected = "a\n\tb<i class=\"esc\">\\r</i><i class=\"esc\">\\x1b</i>[31m";
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_name_of_a_megabyte_is_shortened_in_its_middle() {
        let long = format!("start{}end", "é".repeat(1 << 20));
        let shown = name(&long).into_string();
        assert!(shown.len() < 400, "{}", shown.len());
        assert!(shown.contains(">startéé") && shown.ends_with("ééend</bdi>"));
        assert!(shown.contains("shortened: 1048584 characters"));
    }

    #[test]
    fn a_text_of_just_the_length_is_whole() {
        assert_eq!(line("éééé", 4).into_string(), "<bdi>éééé</bdi>");
        assert!(line("ééééé", 4).into_string().contains(">éé…é<"));
        assert!(line("abc", 0).into_string().contains(">…<"));
    }
}

//! What a program printed.

use maud::{Markup, html};

use super::text;

/// One stream.
#[derive(Debug, Clone, Copy)]
pub struct Log<'a> {
    /// What it is, our own words.
    pub title: &'a str,
    /// All of it, or what was kept of it.
    pub text: &'a str,
    /// Characters shown, from the end: that is where programs say why they stopped.
    pub characters: usize,
    /// Open from the start.
    pub is_open: bool,
}

/// A folded block, nothing for an empty stream. Terminal sequences are shown, not obeyed.
pub fn log(log: &Log<'_>) -> Markup {
    let Log {
        title,
        text,
        characters,
        is_open,
    } = *log;
    if text.is_empty() {
        return html! {};
    }
    let (left_out, shown) = end(text, characters);
    html! {
        details.log open[is_open] {
            summary {
                (title)
                @if left_out > 0 { " " small { "the last " (characters) " characters; " (left_out) " before are left out" } }
            }
            pre tabindex="0" { (text::block(shown)) }
        }
    }
}

/// The last `characters`, and how many are before.
fn end(text: &str, characters: usize) -> (usize, &str) {
    let left_out = text.chars().count().saturating_sub(characters);
    let place = text
        .char_indices()
        .nth(left_out)
        .map_or(text.len(), |(place, _)| place);
    (left_out, text.split_at(place).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, characters: usize) -> String {
        log(&Log {
            title: "stderr",
            text,
            characters,
            is_open: false,
        })
        .into_string()
    }

    #[test]
    fn a_log_cannot_leave_its_block() {
        let text = shown("</pre><script>alert(1)</script>\u{1b}[2J\u{202e}", 100);
        assert!(text.contains("&lt;/pre&gt;&lt;script&gt;"), "{text}");
        assert!(
            text.contains("\\x1b</i>[2J<i class=\"esc\">\\u202e"),
            "{text}"
        );
    }

    #[test]
    fn the_end_of_a_long_log_is_shown_and_the_rest_counted() {
        let text = shown(&format!("{}end", "é".repeat(10)), 4);
        assert!(text.contains("<pre tabindex=\"0\">éend</pre>"), "{text}");
        assert!(
            text.contains("the last 4 characters; 9 before are left out"),
            "{text}"
        );
    }

    #[test]
    fn an_empty_log_takes_no_room() {
        assert_eq!(shown("", 4), "");
    }
}

//! A word in a coloured frame.

use maud::{Markup, html};

use super::text;

/// What a word says. The colour repeats it; the word alone is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Accepted, passed.
    Good,
    /// Worth a look.
    Warning,
    /// Refused, failed.
    Bad,
    /// Neither.
    Plain,
}

impl Tone {
    /// The class of the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Warning => "warn",
            Tone::Bad => "bad",
            Tone::Plain => "plain",
        }
    }
}

/// Longest word shown.
const BADGE_CHARACTERS: usize = 40;

/// `word` as a badge.
pub fn badge(tone: Tone, word: &str) -> Markup {
    html! { span.badge.(tone.class()) { (text::line(word, BADGE_CHARACTERS)) } }
}

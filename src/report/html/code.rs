//! Lines of source with their numbers.

use maud::{Markup, html};

use super::{Tone, text};

/// Longest line shown.
const LINE_CHARACTERS: usize = 300;

/// Kinds of regions the style tells apart; more begin again with the first.
const REGION_COLORS: usize = 6;

/// Why a line stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Something was found there.
    Finding(Tone),
    /// Part of the region with this number.
    Region(usize),
}

impl Mark {
    fn class(self) -> String {
        match self {
            Mark::Finding(tone) => format!("hit {}", tone.class()),
            Mark::Region(number) => format!("region r{}", number % REGION_COLORS),
        }
    }
}

/// One line.
#[derive(Debug, Clone)]
pub struct CodeLine<'a> {
    /// From 1.
    pub number: usize,
    /// Without its line end.
    pub text: &'a str,
    /// If it stands out.
    pub mark: Option<Mark>,
    /// What a link can lead to: ours, never taken from a package.
    pub id: Option<String>,
    /// A word about it, shown below.
    pub note: Option<Markup>,
}

impl<'a> CodeLine<'a> {
    /// A line that does not stand out.
    pub fn new(number: usize, text: &'a str) -> CodeLine<'a> {
        CodeLine {
            number,
            text,
            mark: None,
            id: None,
            note: None,
        }
    }
}

/// The lines, in the order given; where numbers are left out between two, so is said. Numbers are not copied along.
pub fn excerpt<'a>(title: &str, lines: impl IntoIterator<Item = CodeLine<'a>>) -> Markup {
    let mut last = None;
    html! {
        pre.code tabindex="0" role="region" aria-label=(title) {
            @for CodeLine { number, text, mark, id, note } in lines {
                @let has_gap = last.replace(number).is_some_and(|last| number > last + 1);
                @if has_gap { span.gap { "⋯" } "\n" }
                span class=[mark.map(Mark::class)] id=[id] data-n=(number) {
                    (text::line(text, LINE_CHARACTERS))
                } "\n"
                @if let Some(note) = note { span.note { (note) } "\n" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_shows_its_number_mark_and_note() {
        let mut line = CodeLine::new(7, "eval(x)");
        line.mark = Some(Mark::Finding(Tone::Bad));
        line.note = Some(html! { "runs text" });
        let shown = excerpt("a.py", [line]).into_string();
        let expected = "<pre class=\"code\" tabindex=\"0\" role=\"region\" aria-label=\"a.py\">\
             <span class=\"hit bad\" data-n=\"7\"><bdi>eval(x)</bdi></span>\n<span class=\"note\">runs text</span>\n</pre>";
        assert_eq!(shown, expected);
    }

    #[test]
    fn lines_left_out_leave_a_gap() {
        let lines = [1, 2, 9].map(|number| CodeLine::new(number, "x"));
        assert_eq!(excerpt("a.py", lines).into_string().matches("⋯").count(), 1);
    }

    #[test]
    fn source_cannot_become_markup_or_reorder_itself() {
        let shown = excerpt("\"><b>", [CodeLine::new(1, "'</pre>\u{202e}\"")]).into_string();
        assert!(
            shown.contains("aria-label=\"&quot;&gt;&lt;b&gt;\""),
            "{shown}"
        );
        assert!(
            shown.contains("'&lt;/pre&gt;<i class=\"esc\">\\u202e</i>&quot;"),
            "{shown}"
        );
    }

    #[test]
    fn regions_beyond_the_colours_begin_again() {
        assert_eq!(Mark::Region(6).class(), Mark::Region(0).class());
        assert_ne!(Mark::Region(1).class(), Mark::Region(0).class());
    }
}

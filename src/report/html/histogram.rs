//! How often values fall where.

use maud::{Markup, html};

/// Equal steps from `from` to `to`, and how many values each holds.
#[derive(Debug, Clone, Copy)]
pub struct Histogram<'a> {
    /// What is counted, for the heading and for screen readers.
    pub title: &'a str,
    /// Where the first step begins.
    pub from: f64,
    /// Where the last step ends.
    pub to: f64,
    /// Values in each step.
    pub counts: &'a [u64],
    /// A value to draw a line at, with its name.
    pub line: Option<(f64, &'a str)>,
}

/// Units of the drawing; the page scales them.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 180.0;
/// Room above for numbers, below for the scale.
const TOP: f64 = 24.0;
const BOTTOM: f64 = 22.0;
/// Names along the scale.
const TICKS: usize = 5;
/// More steps than this leave no room for numbers.
const MOST_NUMBERED: usize = 24;

/// The drawing, with its numbers in words for those who do not see it.
pub fn histogram(histogram: &Histogram<'_>) -> Markup {
    let Histogram {
        title,
        from,
        to,
        counts,
        line,
    } = *histogram;
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = WIDTH / counts.len().max(1) as f64;
    let room = HEIGHT - TOP - BOTTOM;
    let base = HEIGHT - BOTTOM;
    let across = |value: f64| (value - from) / (to - from) * WIDTH;
    let is_numbered = counts.len() <= MOST_NUMBERED;
    html! {
        svg.histogram role="img" viewBox={ "-12 0 " (WIDTH + 24.0) " " (HEIGHT) } aria-label=(in_words(histogram)) {
            title { (title) }
            @for (index, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                // A single value among thousands is still seen. Where there is little room only the highest are numbered.
                @let tall = (count as f64 / most * room).max(2.0);
                @let left = index as f64 * step;
                rect x=(short(left + 1.0)) y=(short(base - tall)) width=(short((step - 2.0).max(0.5))) height=(short(tall)) {}
                @if is_numbered {
                    text class=[(count as f64 != most).then_some("few")] x=(short(left + step / 2.0)) y=(short(base - tall - 4.0)) text-anchor="middle" { (count) }
                }
            }
            path.axis d={ "M0 " (base) "H" (WIDTH) } {}
            @if let Some((value, name)) = line.filter(|(value, _)| (from..=to).contains(value)) {
                path.line d={ "M" (short(across(value))) " " (TOP - 10.0) "V" (base) } {}
                text x=(short(across(value) + 4.0)) y=(TOP - 14.0 + 4.0) { (name) }
            }
            @for tick in 0..=TICKS {
                @let value = from + (to - from) * tick as f64 / TICKS as f64;
                text.tick x=(short(across(value))) y=(HEIGHT - 5.0) text-anchor="middle" { (label(value)) }
            }
        }
    }
}

fn in_words(histogram: &Histogram<'_>) -> String {
    let Histogram {
        title,
        from,
        to,
        counts,
        ..
    } = *histogram;
    let step = (to - from) / counts.len().max(1) as f64;
    let mut words = format!("{title}:");
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let low = from + step * index as f64;
        words.push_str(&format!(
            " {count} from {} to {},",
            label(low),
            label(low + step)
        ));
    }
    words.trim_end_matches([',', ':']).to_owned()
}

/// A value of the scale without needless zeros.
fn label(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn short(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(counts: &[u64]) -> String {
        let line = Some((0.5, "pass"));
        histogram(&Histogram {
            title: "Scores",
            from: 0.0,
            to: 1.0,
            counts,
            line,
        })
        .into_string()
    }

    #[test]
    fn only_what_holds_something_is_drawn_and_said() {
        let shown = drawn(&[0, 3, 0, 1]);
        assert_eq!(shown.matches("<rect").count(), 2);
        assert!(
            shown.contains("aria-label=\"Scores: 3 from 0.25 to 0.5, 1 from 0.75 to 1\""),
            "{shown}"
        );
    }

    #[test]
    fn one_among_thousands_is_still_seen() {
        assert!(drawn(&[1, 100_000]).contains("height=\"2.0\""));
    }

    #[test]
    fn nothing_is_no_fault() {
        assert!(drawn(&[]).contains("aria-label=\"Scores\""));
        assert!(!drawn(&[0, 0]).contains("<rect"));
    }
}

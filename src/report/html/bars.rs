//! Values between 0 and 1 as bars, with the number beside them.

use maud::{Markup, html};

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar<'a> {
    /// What is measured, our own word.
    pub label: &'a str,
    /// From 0 to 1. What lies outside is drawn as the nearer end, and its number says what it is.
    pub value: f64,
    /// A word of ours about it, such as its weight.
    pub note: Option<&'a str>,
}

/// Bars below each other, as a list of terms. The number is text, so the drawing is hidden from screen readers.
pub fn bars<'a>(bars: impl IntoIterator<Item = Bar<'a>>) -> Markup {
    html! {
        dl.bars {
            @for Bar { label, value, note } in bars {
                div {
                    dt { (label) @if let Some(note) = note { " " small { (note) } } }
                    dd {
                        svg aria-hidden="true" { rect width={ (percent(value)) "%" } height="100%" {} }
                        (format!("{value:.3}"))
                    }
                }
            }
        }
    }
}

/// With one digit after the point: bars are no finer on any screen.
fn percent(value: f64) -> String {
    let part = if value.is_nan() {
        0.0
    } else {
        value.clamp(0.0, 1.0)
    };
    format!("{:.1}", part * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_value() {
        let shown = bars([Bar {
            label: "format",
            value: 0.8125,
            note: Some("weight 0.10"),
        }]);
        let expected = "<dl class=\"bars\"><div><dt>format <small>weight 0.10</small></dt>\
             <dd><svg aria-hidden=\"true\"><rect width=\"81.2%\" height=\"100%\"></rect></svg>0.812</dd></div></dl>";
        assert_eq!(shown.into_string(), expected);
    }

    #[test]
    fn values_beyond_the_scale_stay_inside_the_drawing() {
        for (value, width) in [
            (f64::NAN, "0.0"),
            (-3.0, "0.0"),
            (7.0, "100.0"),
            (f64::INFINITY, "100.0"),
        ] {
            let shown = bars([Bar {
                label: "x",
                value,
                note: None,
            }])
            .into_string();
            assert!(shown.contains(&format!("width=\"{width}%\"")), "{shown}");
        }
    }
}

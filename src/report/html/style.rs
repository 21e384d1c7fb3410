//! The style of all pages, in one piece.

/// Colours first, then what uses them, then what screen size and paper change.
pub(super) const STYLE: &str = concat!(
    "\n",
    include_str!("style/colors.css"),
    include_str!("style/base.css"),
    include_str!("style/parts.css"),
    include_str!("style/pair.css"),
    include_str!("style/narrow.css"),
    include_str!("style/print.css"),
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The custom properties of one block: `--name: #rrggbb;`.
    fn colors(block: &str) -> BTreeMap<&str, [f64; 3]> {
        let lines = block
            .lines()
            .filter_map(|line| line.trim().strip_prefix("--"));
        let pairs = lines.filter_map(|line| line.trim_end_matches(';').split_once(": #"));
        pairs
            .map(|(name, hex)| {
                let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
                (name, [part(0), part(2), part(4)])
            })
            .collect()
    }

    /// WCAG 2.2, relative luminance.
    fn luminance(color: [f64; 3]) -> f64 {
        let linear = color.map(|part| {
            let part = part / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }

    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_can_be_read_in_light_and_dark() {
        let (light, dark) = include_str!("style/colors.css")
            .split_once("@media")
            .unwrap();
        for (mode, block) in [("light", light), ("dark", dark)] {
            let colors = colors(block);
            let check = |text: &str, ground: &str, least: f64| {
                let found = contrast(colors[text], colors[ground]);
                assert!(
                    found >= least,
                    "{mode}: {text} on {ground} is {found:.2}, not {least}"
                );
            };
            for ground in ["ground", "raised"] {
                for text in ["text", "faint", "link", "good", "warn", "bad"] {
                    check(text, ground, 4.5);
                }
                // Shapes and focus frames need less.
                check("bar", ground, 3.0);
                check("link", ground, 3.0);
            }
            for tone in ["good", "warn", "bad"] {
                check(tone, &format!("{tone}-ground"), 4.5);
                check("text", &format!("{tone}-ground"), 4.5);
            }
            for number in 0..6 {
                check("text", &format!("region-{number}"), 4.5);
                check("faint", &format!("region-{number}"), 4.5);
            }
        }
    }

    #[test]
    fn nothing_is_fetched_and_nothing_ends_the_style_early() {
        for word in ["url(", "@import", "</", "expression"] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}

//! What a submission has in common with one that came before it, on a page.

use maud::{Markup, html};

use crate::report::html::{Narrow, Table, Tone, badge, line};
use crate::similarity::{ContainmentLines, FileLines};

use super::percent;

/// Stretches listed. A record holds more.
const MAX_REGIONS: usize = 30;

/// Longest file name shown.
const FILE_CHARACTERS: usize = 60;

/// The shares and the lines in common with `other`, where somebody should look; else nothing.
pub fn contained(found: &ContainmentLines, other: &Markup) -> Markup {
    let shares = &found.containment;
    if !shares.is_notable() {
        return Markup::default();
    }
    html! {
        h3 { "Found in an earlier one" }
        p {
            (badge(Tone::Warning, "worth a look")) " "
            @if let Some(share) = shares.left { (percent(share)) " of it is found in " }
            @else { "Parts of it are found in " }
            (other)
            @if let Some(share) = shares.right { ", and " (percent(share)) " of that one in it" }
            ": wherever it stands, whatever the names. No score depends on this."
        }
        (lines_in_common(found))
    }
}

/// The largest stretches in common, in the order of their lines.
fn lines_in_common(found: &ContainmentLines) -> Markup {
    let found = found.at_most(MAX_REGIONS);
    let further = found.regions_omitted;
    let mut table = Table::new(
        "Lines in common",
        Narrow::Stack,
        &["here", "there", ">nodes"],
    );
    for region in found.regions.iter().flatten() {
        table.row([
            lines(&region.left),
            region.right.as_ref().map_or(html! { "-" }, lines),
            html! { (region.matched_nodes) },
        ]);
    }
    html! {
        @if !table.is_empty() { (table.markup()) }
        @if further > 0 { p { (further) " more, smaller, are not shown." } }
    }
}

fn lines(side: &FileLines) -> Markup {
    html! { (line(&side.file, FILE_CHARACTERS)) ":" (side.first_line) "–" (side.last_line) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similarity::{CommonLines, Containment};

    fn found(share: f64, regions: usize) -> ContainmentLines {
        let lines = |file: &str, at: usize| FileLines {
            file: file.to_owned(),
            first_line: at as u32 * 10 + 1,
            last_line: at as u32 * 10 + 9,
        };
        let regions = (0..regions).map(|at| CommonLines {
            left: lines("<a>.py", at),
            right: (at % 2 == 0).then(|| lines("b.py", at)),
            matched_nodes: 100 + at,
        });
        ContainmentLines {
            regions: Some(regions.collect()),
            regions_omitted: 3,
            ..ContainmentLines::without(Containment {
                left: Some(share),
                right: None,
                matched_nodes: 40,
            })
        }
    }

    #[test]
    fn little_in_common_is_not_worth_a_word() {
        assert_eq!(contained(&found(0.01, 2), &html! { "x" }).into_string(), "");
    }

    #[test]
    fn the_largest_stretches_are_listed_in_their_order_and_the_rest_counted() {
        let shown = contained(&found(0.871, MAX_REGIONS + 2), &html! { b { "x" } }).into_string();
        for part in [
            "87 % of it is found in <b>x</b>: wherever",
            "&lt;a&gt;.py</bdi>:21–29",
            "b.py</bdi>:21–29",
            "5 more, smaller",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
        // The first two are the smallest.
        assert!(!shown.contains(":1–9") && !shown.contains(":11–19"));
        let (first, last) = (shown.find(":21–29"), shown.find(":311–319"));
        assert!(first < last && last.is_some(), "{shown}");
    }
}

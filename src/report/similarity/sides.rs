//! One pair of `dfab similarity --html`: two sources side by side, what agrees marked on both.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::report::html::{self, CodeLine, Mark, Narrow, Table, excerpt, fold, name};
use crate::similarity::{Alignment, Comparison, Region};

use super::page::verdict;
use super::percent;

/// Files in which nothing agrees, named.
const MAX_OTHER_FILES: usize = 20;
/// Regions listed of a pair.
const MAX_REGIONS: usize = 200;
/// Lines shown around a region.
const AROUND: usize = 3;
/// Lines shown of a side, at first: fewer where these are very long.
const MAX_SIDE_LINES: usize = 2000;
const MIN_SIDE_LINES: usize = 60;
/// Bytes of a pair's section.
const MAX_SECTION_BYTES: usize = 1 << 20;

/// One source of a pair.
#[derive(Debug)]
pub struct Side<'a> {
    /// Files in the order of the places of its structure: path and text.
    pub files: Vec<(&'a str, &'a str)>,
}

/// Both sources of a pair, lined up.
#[derive(Debug)]
pub struct Sides<'a> {
    /// On the left.
    pub left: Side<'a>,
    /// On the right.
    pub right: Side<'a>,
    /// How they line up.
    pub alignment: Alignment,
    /// What one has of the other wherever it stands, in the order of the left, where that calls for a look.
    pub contained: Vec<Region>,
}

impl Sides<'_> {
    /// What is marked on both sides: what lines up, or what is in common wherever it stands, if that is more.
    fn marked(&self) -> Marked<'_> {
        let nodes = |regions: &[Region]| -> usize {
            regions.iter().map(|region| region.matched_items).sum()
        };
        match &self.alignment {
            Alignment::Aligned { regions, .. } if nodes(regions) >= nodes(&self.contained) => {
                Marked::LinedUp(regions)
            }
            Alignment::TooLarge { .. } if self.contained.is_empty() => Marked::TooLarge,
            _ => Marked::Contained(&self.contained),
        }
    }
}

/// What is shown of two sources side by side.
enum Marked<'s> {
    LinedUp(&'s [Region]),
    Contained(&'s [Region]),
    TooLarge,
}

/// The section of one pair, whose place among the highest is `rank`, from 0; none if no lines agree. Without `sides`
/// it says why not.
pub fn pair_section(
    rank: usize,
    comparison: &Comparison<'_>,
    sides: Result<&Sides<'_>, &str>,
) -> Option<String> {
    if let Ok(sides) = sides
        && let Marked::LinedUp([]) = sides.marked()
    {
        return None;
    }
    let mut lines = MAX_SIDE_LINES;
    loop {
        let shown = pair_section_of(rank, comparison, sides, lines).into_string();
        if shown.len() <= MAX_SECTION_BYTES || lines <= MIN_SIDE_LINES {
            return Some(shown);
        }
        // Lines full of what has to be escaped are long.
        lines = (lines / 4).max(MIN_SIDE_LINES);
    }
}

fn pair_section_of(
    rank: usize,
    comparison: &Comparison<'_>,
    sides: Result<&Sides<'_>, &str>,
    max_lines: usize,
) -> Markup {
    let number = rank + 1;
    let id = format!("pair-{number}");
    html! {
        section id=(id) aria-labelledby={ (id) "-h" } {
            h3 id={ (id) "-h" } {
                (number) ". " (name(comparison.left)) " ~ " (name(comparison.right)) " "
                (verdict(comparison.status))
            }
            p {
                @if let Some(own) = comparison.own_score { "own score " (own) ", " }
                "score " (comparison.score)
                @if let Ok(Sides { alignment: Alignment::Aligned { regions, matched_items }, .. }) = sides {
                    ", " (crate::report::count(regions.len(), "region")) " of agreeing lines, "
                    (matched_items) " nodes in common"
                }
                "."
            }
            @if let Some(found) = comparison.structure.map(|shared| shared.containment).filter(|found| found.is_notable()) {
                p {
                    "Found in the other, wherever it stands and whatever the names: "
                    (share(found.left)) " of the left, " (share(found.right)) " of the right."
                }
            }
            @match sides {
                Err(why) => p { "Its sources cannot be shown: " (html::line(why, 400)) },
                Ok(sides) => @match sides.marked() {
                    Marked::TooLarge => p { "The two are too large to line up." },
                    Marked::LinedUp(regions) => {
                        (side_by_side(number, &sides.left, &sides.right, regions, max_lines))
                    },
                    Marked::Contained(regions) => {
                        p { "More is in common than lines up: marked is all of it, in the order of the left." }
                        (side_by_side(number, &sides.left, &sides.right, regions, max_lines))
                    },
                },
            }
        }
    }
}

fn side_by_side(
    pair: usize,
    left: &Side<'_>,
    right: &Side<'_>,
    regions: &[Region],
    max_lines: usize,
) -> Markup {
    let further = regions.len().saturating_sub(MAX_REGIONS);
    let regions = regions.get(..MAX_REGIONS).unwrap_or(regions);
    let indexed: Vec<(usize, &Region)> = regions.iter().enumerate().collect();
    let mut room = Room {
        left: [max_lines; 2],
        cut: 0,
    };
    let groups = indexed.chunk_by(|(_, one), (_, next)| {
        one.left.source == next.left.source && one.right.source == next.right.source
    });
    let groups: Vec<Markup> = groups
        .map(|group| {
            html! {
                div.pair {
                    div { (file_part(Hand::Left, pair, left, group, &mut room)) }
                    div { (file_part(Hand::Right, pair, right, group, &mut room)) }
                }
            }
        })
        .collect();
    html! {
        (region_list(pair, regions, left, right))
        @for group in &groups { (group) }
        @if room.cut > 0 { p { (room.cut) " more lines are not shown." } }
        @if further > 0 { p { (further) " more regions are not shown." } }
        (other_files("on the left", left, regions.iter().map(|region| region.left.source)))
        (other_files("on the right", right, regions.iter().map(|region| region.right.source)))
    }
}

/// Lines that may still be shown, on the left and on the right, and how many were not.
struct Room {
    left: [usize; 2],
    cut: usize,
}

/// Which side of a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hand {
    Left,
    Right,
}

impl Hand {
    fn range(self, region: &Region) -> crate::similarity::LineRange {
        match self {
            Hand::Left => region.left,
            Hand::Right => region.right,
        }
    }

    fn other(self) -> Hand {
        match self {
            Hand::Left => Hand::Right,
            Hand::Right => Hand::Left,
        }
    }

    /// What a link leads to: a region's first line.
    fn id(self, pair: usize, region: usize) -> String {
        let hand = match self {
            Hand::Left => "left",
            Hand::Right => "right",
        };
        format!("pair-{pair}-{hand}-{}", region + 1)
    }
}

fn file_name<'a>(side: &Side<'a>, source: usize) -> &'a str {
    side.files.get(source).map_or("", |&(path, _)| path)
}

fn lines_of(hand: Hand, region: &Region) -> String {
    let range = hand.range(region);
    format!("{}–{}", range.first_line, range.last_line)
}

fn region_list(pair: usize, regions: &[Region], left: &Side<'_>, right: &Side<'_>) -> Markup {
    let mut table = Table::new(
        "Regions that agree",
        Narrow::Scroll,
        &[">region", "left", "right", ">nodes"],
    );
    for (index, region) in regions.iter().enumerate() {
        let link = |hand: Hand, side: &Side<'_>| {
            html! {
                a href={ "#" (hand.id(pair, index)) } {
                    (html::line(file_name(side, hand.range(region).source), 60)) ":" (lines_of(hand, region))
                }
            }
        };
        table.row([
            html! { (index + 1) },
            link(Hand::Left, left),
            link(Hand::Right, right),
            html! { (region.matched_items) },
        ]);
    }
    fold(
        html! { (crate::report::count(regions.len(), "region")) },
        table.markup(),
        regions.len() <= 12,
    )
}

/// The file of one side that some regions are in.
fn file_part(
    hand: Hand,
    pair: usize,
    side: &Side<'_>,
    regions: &[(usize, &Region)],
    room: &mut Room,
) -> Markup {
    let file = regions
        .first()
        .map_or(0, |(_, region)| hand.range(region).source);
    let (path, text) = side.files.get(file).copied().unwrap_or_default();
    let lines: Vec<&str> = text.split('\n').collect();
    let wanted = wanted_lines(hand, regions, &lines);
    let left = &mut room.left[usize::from(hand == Hand::Right)];
    let shown = wanted.len().min(*left);
    *left -= shown;
    room.cut += wanted.len() - shown;
    let shown = wanted.into_iter().take(shown).map(|number| {
        let text = lines.get(number - 1).copied().unwrap_or("");
        code_line(hand, pair, number, text, regions)
    });
    html! {
        h4 { (name(path)) }
        (excerpt(path, shown))
    }
}

fn other_files(where_: &str, side: &Side<'_>, agreeing: impl Iterator<Item = usize>) -> Markup {
    let agreeing: BTreeSet<usize> = agreeing.collect();
    let others: Vec<&str> = (0..side.files.len())
        .filter(|file| !agreeing.contains(file))
        .map(|file| file_name(side, file))
        .collect();
    let further = others.len().saturating_sub(MAX_OTHER_FILES);
    html! {
        @if !others.is_empty() {
            p {
                small {
                    "Nothing agrees " (where_) " in "
                    @for (index, other) in others.iter().take(MAX_OTHER_FILES).enumerate() {
                        @if index > 0 { ", " }
                        (name(other))
                    }
                    @if further > 0 { " and " (further) " more" }
                    "."
                }
            }
        }
    }
}

/// Which lines of a file are shown, from 1.
fn wanted_lines(hand: Hand, regions: &[(usize, &Region)], lines: &[&str]) -> BTreeSet<usize> {
    // What follows the last line end is no line.
    let count = lines.len() - usize::from(lines.last() == Some(&""));
    let mut wanted = BTreeSet::new();
    for (_, region) in regions {
        let range = hand.range(region);
        let first = (range.first_line as usize).saturating_sub(AROUND).max(1);
        let last = (range.last_line as usize + AROUND).min(count);
        wanted.extend(first..=last);
    }
    wanted
}

fn code_line<'a>(
    hand: Hand,
    pair: usize,
    number: usize,
    text: &'a str,
    regions: &[(usize, &Region)],
) -> CodeLine<'a> {
    let holds = |region: &Region| {
        let range = hand.range(region);
        (range.first_line as usize..=range.last_line as usize).contains(&number)
    };
    let mut line = CodeLine::new(number, text);
    line.mark = regions
        .iter()
        .find(|(_, region)| holds(region))
        .map(|&(index, _)| Mark::Region(index));
    let starting: Vec<(usize, &Region)> = regions
        .iter()
        .copied()
        .filter(|(_, region)| hand.range(region).first_line as usize == number)
        .collect();
    if !starting.is_empty() {
        line.note = Some(html! {
            @for (index, region) in starting {
                a id=(hand.id(pair, index)) href={ "#" (hand.other().id(pair, index)) } {
                    "region " (index + 1) ": lines " (lines_of(hand.other(), region)) " on the other side"
                }
                " "
            }
        });
    }
    line
}

fn share(share: Option<f64>) -> String {
    share.map_or("nothing to say".to_owned(), percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similarity::{LineRange, Status};

    fn range(first_line: u32, last_line: u32) -> LineRange {
        LineRange {
            source: 0,
            first_line,
            last_line,
        }
    }

    fn region(left: (u32, u32), right: (u32, u32)) -> Region {
        Region {
            left: range(left.0, left.1),
            right: range(right.0, right.1),
            matched_items: 20,
        }
    }

    fn comparison() -> Comparison<'static> {
        Comparison {
            left: "<a>\u{202e}.zip",
            right: "b.zip",
            score: 98,
            own_score: None,
            structure: None,
            status: Status::Plagiarized,
        }
    }

    fn sides<'a>(left: &'a str, right: &'a str, regions: Vec<Region>) -> Sides<'a> {
        let side = |text| Side {
            files: vec![("<x>.py", text), ("other.py", "")],
        };
        Sides {
            left: side(left),
            right: side(right),
            alignment: Alignment::Aligned {
                matched_items: 20,
                regions,
            },
            contained: Vec::new(),
        }
    }

    #[test]
    fn a_region_is_marked_and_linked_on_both_sides() {
        let sides = sides("a\n<b>\nc\n", "z\ny\nx\nw\n", vec![region((2, 3), (1, 2))]);
        let shown = pair_section(0, &comparison(), Ok(&sides)).expect("a section");
        for part in [
            "<span class=\"region r0\" data-n=\"2\"><bdi>&lt;b&gt;</bdi></span>",
            "<span data-n=\"3\"><bdi>x</bdi></span>",
            "<a id=\"pair-1-left-1\" href=\"#pair-1-right-1\">",
            "<a id=\"pair-1-right-1\" href=\"#pair-1-left-1\">",
            "Nothing agrees on the left in <bdi>other.py</bdi>",
            "&lt;a&gt;<i class=\"esc\">\\u202e</i>.zip",
            "&lt;x&gt;.py",
        ] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
        let targets: Vec<&str> = shown
            .split("href=\"#")
            .skip(1)
            .filter_map(|after| after.split('"').next())
            .collect();
        assert_eq!(targets.len(), 4);
        for target in targets {
            assert!(shown.contains(&format!("id=\"{target}\"")), "{target}");
        }
    }

    #[test]
    fn files_that_agree_stand_side_by_side() {
        let mut sides = sides("a\n", "b\n", vec![region((1, 1), (1, 1)); 2]);
        let Alignment::Aligned { regions, .. } = &mut sides.alignment else {
            panic!("not aligned");
        };
        regions[1].right.source = 1;
        let shown = pair_section(0, &comparison(), Ok(&sides)).expect("a section");
        assert_eq!(shown.matches("<div class=\"pair\">").count(), 2);
        assert_eq!(shown.matches("<h4>").count(), 4);
    }

    #[test]
    fn what_is_in_common_wherever_it_stands_is_shown_where_it_is_more() {
        let mut sides = sides("a\nb\n", "x\ny\n", vec![region((1, 1), (1, 1))]);
        sides.contained = vec![region((1, 1), (2, 2)), region((2, 2), (1, 1))];
        let shown = pair_section(0, &comparison(), Ok(&sides)).expect("a section");
        assert!(shown.contains("More is in common than lines up"));
        assert!(shown.contains("<a id=\"pair-1-right-2\""), "{shown}");
        // Also where nothing lines up, or too much would have to be tried.
        sides.alignment = Alignment::TooLarge { cells: 2, limit: 1 };
        let shown = pair_section(0, &comparison(), Ok(&sides)).expect("a section");
        assert!(shown.contains("<a id=\"pair-1-right-2\""), "{shown}");
    }

    #[test]
    fn a_pair_in_which_no_lines_agree_has_no_section() {
        assert_eq!(
            pair_section(0, &comparison(), Ok(&sides("a", "b", vec![]))),
            None
        );
    }

    #[test]
    fn of_a_long_file_only_lines_around_regions_are_shown() {
        let text: String = (1..=1000).map(|line| format!("line {line}\n")).collect();
        let sides = sides(&text, &text, vec![region((500, 510), (1, 11))]);
        let shown = pair_section(0, &comparison(), Ok(&sides)).expect("a section");
        assert!(shown.contains("<bdi>line 497</bdi>") && shown.contains("<bdi>line 513</bdi>"));
        assert!(!shown.contains("<bdi>line 496</bdi>"));
    }

    #[test]
    fn lines_made_to_be_long_do_not_make_the_page_long() {
        let text = format!("{}\n", "\u{202e}".repeat(4000)).repeat(3000);
        let sides = sides(&text, &text, vec![region((1, 3000), (1, 3000))]);
        let shown = pair_section(0, &comparison(), Ok(&sides)).expect("a section");
        assert!(shown.len() < 3 << 20, "{}", shown.len());
        assert!(shown.contains("more lines are not shown"));
    }

    #[test]
    fn a_pair_without_sources_says_why() {
        let shown = pair_section(1, &comparison(), Err("it is <gone>")).expect("a section");
        assert!(shown.contains("it is &lt;gone&gt;") && shown.contains("id=\"pair-2\""));
    }
}

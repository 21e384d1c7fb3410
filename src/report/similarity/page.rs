//! The page of `dfab similarity --html`: pairs, clusters, and the highest pairs side by side.
//!
//! Its size is bounded whatever is compared: of every list the first are shown and the rest counted, of sources the
//! agreeing lines with a few around them.

use std::collections::HashMap;
use std::fmt::Write as _;

use maud::{Markup, html};

use crate::report::html::{self, Fact, Narrow, Table, Tone, badge, facts, name, section};
use crate::similarity::{BASE_RUN, Comparison, SimilarityReport, Status};

use super::{Ignored, greater};

/// Pairs listed.
const MAX_PAIRS: usize = 500;
/// Clusters listed, and names of each.
const MAX_CLUSTERS: usize = 100;
const MAX_MEMBERS: usize = 50;
/// What was left out of the comparison, listed.
const MAX_LEFT_OUT: usize = 50;

/// What the page says beside the pairs.
#[derive(Debug)]
pub struct Page<'a> {
    /// The report.
    pub report: &'a SimilarityReport<'a>,
    /// How many sources were compared.
    pub compared: usize,
    /// Of them old ones, which were not compared with one another.
    pub old: usize,
    /// Pairs below this score are left out.
    pub min_score: u32,
    /// Clusters are made from this score on.
    pub cluster_threshold: u32,
    /// What was taken out as base code, where there was a base.
    pub ignored: Option<&'a [Ignored]>,
    /// Why something was left out.
    pub left_out: &'a [String],
}

/// A pair that was to be shown side by side.
#[derive(Debug)]
pub struct Section {
    /// Its positions.
    pub pair: (u32, u32),
    /// As [`pair_section`] made it for its place among the sections, if it did.
    pub shown: Option<String>,
}

/// The page with its sections, in their order.
pub fn whole_page(page: &Page<'_>, sections: &[Section]) -> String {
    let report = page.report;
    let has_sections = sections.iter().any(|section| section.shown.is_some());
    let title = format!(
        "Similarity of {}",
        crate::report::count(page.compared, "source")
    );
    let links: Vec<(&str, &str)> = [
        ("#clusters", "Clusters", report.clusters().len() > 0),
        ("#pairs", "Pairs", true),
        ("#side-by-side", "Side by side", has_sections),
        ("#base", "Base code", page.ignored.is_some()),
        ("#left-out", "Left out", !page.left_out.is_empty()),
    ]
    .into_iter()
    .filter(|&(_, _, is_there)| is_there)
    .map(|(target, name, _)| (target, name))
    .collect();
    let frame = html::Page {
        title: &title,
        lead: lead(page),
        links: &links,
    };
    let mut text = frame.begin();
    // Writing to a String cannot fail.
    let _ = write!(text, "{}", summary(page).into_string());
    if report.clusters().len() > 0 {
        text.push_str(&section("clusters", "Clusters", clusters(page)).into_string());
    }
    text.push_str(&section("pairs", "Pairs", pairs(report, sections)).into_string());
    if has_sections {
        let heading = html! {
            p { "The same colour on both sides is what agrees; a region's link leads to the other side. Names and
                 constants may differ: structure is what is compared." }
        };
        text.push_str("<section id=\"side-by-side\" aria-labelledby=\"side-by-side-h\"><h2 id=\"side-by-side-h\">Side by side</h2>");
        text.push_str(&heading.into_string());
        for shown in sections.iter().filter_map(|section| section.shown.as_ref()) {
            text.push_str(shown);
        }
        text.push_str("</section>");
    }
    if let Some(ignored) = page.ignored {
        text.push_str(&section("base", "Base code", base(ignored)).into_string());
    }
    if !page.left_out.is_empty() {
        text.push_str(&section("left-out", "Left out", left_out(page.left_out)).into_string());
    }
    text.push_str(&html::Page::end());
    text
}

fn lead(page: &Page<'_>) -> Markup {
    html! {
        "97 and more of 100 is plagiarized, 30 and more needs a look, less is clean. A score is where to look, not a
         verdict on a person."
        @if page.report.has_containment() {
            " Contained is how much of one is found in the other, wherever it stands and whatever the names; it decides
             nothing."
        }
        @if page.ignored.is_some() {
            " The own score is over what is left without the base code, and decides; the score is the live service's
             number, over everything."
        }
    }
}

fn summary(page: &Page<'_>) -> Markup {
    let report = page.report;
    let of = |status| report.with_status(status).count().to_string();
    let mut all = vec![Fact::new("compared", html! { (page.compared) })];
    if page.old > 0 {
        all.push(Fact::new(
            "of them old",
            html! { (page.old) ", not compared with one another" },
        ));
    }
    all.push(Fact::new(
        "pairs",
        html! {
            (report.pairs().len())
            @if page.min_score > 0 { " from " (page.min_score) " on" }
        },
    ));
    all.push(Fact::new(
        "plagiarized",
        html! { (of(Status::Plagiarized)) },
    ));
    all.push(Fact::new(
        "needs a look",
        html! { (of(Status::NeedsLlmVerification)) },
    ));
    all.push(Fact::new(
        "clusters",
        html! {
            (report.clusters().len()) " from " (page.cluster_threshold) " on"
        },
    ));
    if !page.left_out.is_empty() {
        all.push(Fact::new("left out", html! { (page.left_out.len()) }));
    }
    facts(all)
}

fn clusters(page: &Page<'_>) -> Markup {
    let all = page.report.clusters();
    let further = all.len().saturating_sub(MAX_CLUSTERS);
    html! {
        p { "Each hangs together by pairs that score " (page.cluster_threshold) " or more." }
        ol {
            @for members in all.take(MAX_CLUSTERS) {
                @let unnamed = members.len().saturating_sub(MAX_MEMBERS);
                li {
                    (members.len()) " sources: "
                    @for (index, member) in members.iter().take(MAX_MEMBERS).enumerate() {
                        @if index > 0 { ", " }
                        (name(member))
                    }
                    @if unnamed > 0 { " and " (unnamed) " more" }
                }
            }
        }
        @if further > 0 { p { (further) " more clusters are not shown." } }
    }
}

/// The pairs, highest first; those with a section lead to it. Then those that only the second view finds.
fn pairs(report: &SimilarityReport<'_>, sections: &[Section]) -> Markup {
    let ranks: HashMap<(u32, u32), usize> = sections
        .iter()
        .enumerate()
        .map(|(rank, section)| (section.pair, rank))
        .collect();
    let agreeing = |left: u32, right: u32| {
        let rank = ranks.get(&(left, right)).copied();
        match rank.and_then(|rank| Some((rank, sections.get(rank)?.shown.is_some()))) {
            Some((rank, true)) => html! { a href={ "#pair-" (rank + 1) } { "side by side" } },
            Some((_, false)) => html! { "none long enough" },
            None => html! { "not shown" },
        }
    };
    let scores: &[&str] = match report.has_base() {
        true => &[">own score", ">score"],
        false => &[">score"],
    };
    let contained: &[&str] = match report.has_containment() {
        true => &[">contained"],
        false => &[],
    };
    let rest = ["verdict", "left", "right", "agreeing lines"];
    let columns = [scores, contained, &rest].concat();
    let listed = |caption: &str| Table::new(caption, Narrow::Stack, &columns);

    let mut table = listed("Pairs, the highest score first");
    let order = report.highest_first();
    let further = order.len().saturating_sub(MAX_PAIRS);
    for at in order.into_iter().take(MAX_PAIRS) {
        if let (Some(at), Some(pair)) = (report.pairs().get(at), report.comparison(at)) {
            table.row(pair_row(&pair, agreeing(at.left, at.right)));
        }
    }
    let mut unlisted = listed("Pairs that score too low, one of which is found in the other");
    let unlisted_further =
        (report.contained_only().count() + report.contained_omitted()).saturating_sub(MAX_PAIRS);
    for (at, pair) in report.contained_only_at().take(MAX_PAIRS) {
        unlisted.row(pair_row(&pair, agreeing(at.left, at.right)));
    }
    html! {
        @if table.is_empty() { p { "There are no pairs to show." } } @else { (table.markup()) }
        @if further > 0 { p { (further) " more pairs, no higher, are not shown; --csv and --format json list all." } }
        @if !unlisted.is_empty() {
            h3 { "Scored too low, and one is found in the other all the same" }
            (unlisted.markup())
            @if unlisted_further > 0 { p { (unlisted_further) " more are not shown; a lower --min lists all." } }
        }
    }
}

fn pair_row(pair: &Comparison<'_>, lines: Markup) -> Vec<Markup> {
    let own = pair.own_score.map(|score| html! { (score) });
    let mut cells: Vec<Markup> = own.into_iter().chain([html! { (pair.score) }]).collect();
    cells.extend(pair.structure.map(|shared| {
        let share = greater(&shared.containment);
        match shared.containment.is_notable() {
            true => html! { strong { (share) } },
            false => html! { (share) },
        }
    }));
    cells.extend([
        verdict(pair.status),
        name(pair.left),
        name(pair.right),
        lines,
    ]);
    cells
}

/// A verdict as a badge.
pub(super) fn verdict(status: Status) -> Markup {
    match status {
        Status::Plagiarized => badge(Tone::Bad, "plagiarized"),
        Status::NeedsLlmVerification => badge(Tone::Warning, "needs a look"),
        Status::Clean => badge(Tone::Good, "clean"),
    }
}

fn base(ignored: &[Ignored]) -> Markup {
    let mut most: Vec<&Ignored> = ignored.iter().filter(|one| one.items > 0).collect();
    most.sort_by_key(|one| std::cmp::Reverse(one.items));
    let further = most.len().saturating_sub(MAX_PAIRS);
    let mut table = Table::new(
        "What was taken out as base code",
        Narrow::Stack,
        &["source", ">nodes of the base", ">of"],
    );
    for one in most.iter().take(MAX_PAIRS) {
        table.row([name(&one.path), html! { (one.items) }, html! { (one.of) }]);
    }
    html! {
        p { "A node is base code if it stands in a run of " (BASE_RUN) " that stands in the base too, names as one." }
        @if most.is_empty() { p { "No source holds any of the base." } } @else { (table.markup()) }
        @if further > 0 { p { (further) " more sources, with no more of the base, are not shown." } }
    }
}

fn left_out(messages: &[String]) -> Markup {
    let further = messages.len().saturating_sub(MAX_LEFT_OUT);
    html! {
        ul { @for message in messages.iter().take(MAX_LEFT_OUT) { li { (html::line(message, 400)) } } }
        @if further > 0 { p { (further) " more are not shown." } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::similarity::{Comparing, Corpus, Sequence};

    #[test]
    fn a_page_counts_what_it_does_not_show() {
        let names: Vec<String> = (0..60).map(|name| format!("n{name}")).collect();
        let sequences = vec![Sequence::default(); 60];
        let corpus = Corpus::new(&sequences.iter().collect::<Vec<_>>());
        let report = Comparing::all(&corpus).pairs(&names, 0, 97);
        let left_out = vec!["bad.py: it is <b>".to_owned(); 51];
        let page = Page {
            report: &report,
            compared: 60,
            old: 0,
            min_score: 0,
            cluster_threshold: 97,
            ignored: None,
            left_out: &left_out,
        };
        let text = whole_page(&page, &[]);
        for part in [
            "1270 more pairs",
            "and 10 more",
            "1 more are not shown",
            "it is &lt;b&gt;",
        ] {
            assert!(text.contains(part), "{part}");
        }
        assert!(!text.contains("Side by side"));
    }
}

//! What is said of the batch as a whole.

use maud::{Markup, html};
use serde_json::Value;

use crate::report::batch::cause::Kind;
use crate::report::batch::tally::{Listed, Tally};
use crate::report::count;
use crate::report::html::{
    Bar, Fact, Histogram, Narrow, Table, Tone, badge, bars, facts, histogram, line, name, section,
};
use crate::report::time::{duration, seconds};
use crate::settings::{Effective, Origin};

use super::details::readable;
use super::{About, folded};

/// Entries shown of each list.
const LISTED: usize = 10;
const CAUSES: usize = 50;

/// Longest name where several stand in one cell.
const NAME_CHARACTERS: usize = 60;

/// Longest hotkey where a column of them stands beside names.
const HOTKEY_CHARACTERS: usize = 24;

/// Longest value of a setting.
const VALUE_CHARACTERS: usize = 200;

/// The least score that passes.
const BAR: f64 = 0.5;

/// Settings that decide what a result is. All others are about where things are and how fast they go.
const DECIDING: [&str; 21] = [
    "max_submission_size_bytes",
    "max_output_size_bytes",
    "max_zip_files",
    "max_zip_uncompressed_bytes",
    "min_conversations",
    "max_conversations",
    "evaluation_timeout_seconds",
    "runner_seed",
    "runner_output_filename",
    "similarity_window",
    "similarity_own_history",
    "executor",
    "python",
    "sandbox_memory",
    "sandbox_tmp",
    "sandbox_pids",
    "sandbox_open_files",
    "sandbox_cpu_seconds",
    "llm_judge_enabled",
    "llm_plagiarism_enabled",
    "llm_model",
];

/// Below the heading.
pub(super) fn lead(about: &About<'_>) -> Markup {
    html! {
        p { "Run " span.mono { (name(about.run_id)) } ", " (about.outcome) ", begun " (to_the_second(about.started_at)) " UTC" }
    }
}

/// A moment without the fraction of its second.
fn to_the_second(moment: &str) -> &str {
    moment
        .split_once('.')
        .map_or(moment, |(seconds, _)| seconds)
}

/// The parts there are.
pub(super) fn links(tally: &Tally) -> Vec<(&'static str, &'static str)> {
    let parts = [
        ("#outcomes", "Outcomes", true),
        ("#scores", "Scores", tally.judged > 0),
        ("#failures", "Failures", !tally.causes().is_empty()),
        ("#clones", "Likely clones", tally.copies.count > 0),
        ("#slowest", "Slowest", tally.finished > 1),
        ("#packages", "Packages", true),
        ("#settings", "Settings", true),
    ];
    parts
        .into_iter()
        .filter(|part| part.2)
        .map(|(target, name, _)| (target, name))
        .collect()
}

/// Everything before the packages.
pub(super) fn sections(about: &About<'_>, tally: &Tally) -> Markup {
    html! {
        (outcomes(about, tally))
        @if tally.judged > 0 { (scores(tally)) }
        @if !tally.causes().is_empty() { (failures(tally)) }
        @if tally.copies.count > 0 { (clones(tally)) }
        @if tally.finished > 1 { (slowest(tally)) }
    }
}

fn outcomes(about: &About<'_>, tally: &Tally) -> Markup {
    let left = about.total.saturating_sub(tally.finished + tally.errors);
    let rows = [
        (Tone::Good, "passed", tally.passed),
        (Tone::Warning, "below the bar", tally.below),
        (
            Tone::Bad,
            "refused by the contract",
            tally.failed_by(Kind::Refused),
        ),
        (
            Tone::Bad,
            "rejected by review",
            tally.failed_by(Kind::Rejected),
        ),
        (Tone::Bad, "harness failed", tally.failed_by(Kind::Harness)),
        (
            Tone::Bad,
            "no valid dataset",
            tally.failed_by(Kind::Dataset),
        ),
        (Tone::Bad, "copied structure", tally.failed_by(Kind::Copied)),
        (Tone::Plain, "stopped on their way", tally.stopped),
        (Tone::Bad, "not evaluated", tally.failed_by(Kind::Machine)),
        (Tone::Plain, "not begun or not finished", left),
    ];
    // Results that were there already took no work.
    let worked = tally.finished.saturating_sub(tally.reused);
    let rate = worked as f64 / about.elapsed.as_secs_f64().max(1e-3);
    let about = [
        Fact::new(
            "packages",
            html! { (about.total) @if tally.reused > 0 { ", " (tally.reused) " of them reused" } },
        ),
        Fact::new(
            "took",
            html! { (duration(about.elapsed)) ", " (format!("{rate:.1}")) " per second" },
        ),
        Fact::new("at once", html! { (about.jobs) }),
        Fact::new("executor", html! { (line(about.executor, 80)) }),
        Fact::new("database", name(about.database)),
        Fact::new("program", html! { "dfab " (env!("CARGO_PKG_VERSION")) }),
    ];
    section(
        "outcomes",
        "Outcomes",
        html! {
            ul.outcomes {
                @for (tone, word, number) in rows.into_iter().filter(|row| row.2 > 0) {
                    li { b { (number) } " " (badge(tone, word)) }
                }
            }
            (facts(about))
        },
    )
}

fn scores(tally: &Tally) -> Markup {
    let drawing = Histogram {
        title: "Final scores",
        from: 0.0,
        to: 1.0,
        counts: &tally.scores,
        line: Some((BAR, "pass")),
    };
    let mean = tally.mean_metrics().unwrap_or_default();
    let notes = mean.map(|(_, weight, _)| format!("× {weight:.2}"));
    let mean = mean.iter().zip(&notes).map(|((name, _, value), note)| Bar {
        label: readable(name),
        value: *value,
        note: Some(note),
    });
    let mut best = Table::new(
        "Best packages",
        Narrow::Scroll,
        &["package", "hotkey", ">score"],
    );
    for listed in tally.best.entries().iter().take(LISTED) {
        best.row([
            link(listed),
            line(&listed.hotkey, HOTKEY_CHARACTERS),
            html! { (format!("{:.4}", listed.what)) },
        ]);
    }
    section(
        "scores",
        "Scores",
        html! {
            p { "Of " (count(tally.judged, "package")) " whose dataset was judged" }
            (histogram(&drawing))
            h3 { "The nine metrics on average, with their weights" }
            (bars(mean))
            h3 { "Best" }
            (best.markup())
        },
    )
}

fn failures(tally: &Tally) -> Markup {
    let columns = ["cause", ">packages", "kind", "first", "next step"];
    let mut table = Table::new("Failures by cause", Narrow::Stack, &columns);
    let causes = tally.causes();
    for (cause, group) in causes.iter().take(CAUSES) {
        table.row([
            line(&cause.text, VALUE_CHARACTERS),
            html! { (group.count) },
            badge(Tone::Bad, cause.kind.name()),
            html! {
                @for (place, (index, package)) in group.first.iter().enumerate() {
                    @if place > 0 { ", " }
                    a href={ "#p" (index) } { (line(package, NAME_CHARACTERS)) }
                }
                @if group.count > group.first.len() { ", …" }
            },
            step(&cause.next_step),
        ]);
    }
    let left = causes.len().saturating_sub(CAUSES);
    section(
        "failures",
        "Failures by cause",
        html! {
            (table.markup())
            @if left > 0 { p { "and " (left) " more causes" } }
            @if tally.other_causes > 0 { p { (tally.other_causes) " packages failed for causes that are not told apart" } }
        },
    )
}

/// Commands in a next step are set apart.
fn step(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (line(part, VALUE_CHARACTERS)) } } @else { (line(part, VALUE_CHARACTERS)) }
        }
    }
}

fn clones(tally: &Tally) -> Markup {
    let columns = ["package", "hotkey", ">structure", "same as", "of"];
    let mut table = Table::new("Likely clones", Narrow::Stack, &columns);
    for listed in tally.copies.entries() {
        let of = &listed.what.of_hotkey;
        table.row([
            link(listed),
            name(&listed.hotkey),
            html! { (listed.what.percent) "%" },
            html! { span.mono { (name(&listed.what.of)) } },
            html! { @if *of == listed.hotkey { "the same hotkey" } @else { (name(of)) } },
        ]);
    }
    let left = tally
        .copies
        .count
        .saturating_sub(tally.copies.entries().len());
    section(
        "clones",
        "Likely clones",
        html! {
            p { (tally.copies.count) " taken for copies of an earlier submission; "
                (tally.similar) " more share 30 to 96% of their structure with one" }
            (table.markup())
            @if left > 0 { p { "and " (left) " more" } }
        },
    )
}

fn slowest(tally: &Tally) -> Markup {
    let mut table = Table::new(
        "Slowest packages",
        Narrow::Scroll,
        &["package", "hotkey", ">took"],
    );
    for listed in tally.slowest.entries().iter().take(LISTED) {
        table.row([
            link(listed),
            line(&listed.hotkey, HOTKEY_CHARACTERS),
            html! { (seconds(listed.what)) },
        ]);
    }
    section("slowest", "Slowest", table.markup())
}

fn link<T>(listed: &Listed<T>) -> Markup {
    html! { a href={ "#p" (listed.index) } { (name(&listed.package)) } }
}

/// What decides results and what somebody has set; the others folded away.
pub(super) fn settings(about: &About<'_>) -> Markup {
    let matters = |row: &&Effective| row.origin != Origin::Default || DECIDING.contains(&row.name);
    let (first, rest): (Vec<_>, Vec<_>) = about.settings.iter().partition(matters);
    section(
        "settings",
        "Settings that mattered",
        html! {
            (settings_table("Settings that mattered", &first))
            @if !rest.is_empty() { (folded("All others", settings_table("All other settings", &rest))) }
        },
    )
}

fn settings_table(caption: &str, rows: &[&Effective]) -> Markup {
    let mut table = Table::new(caption, Narrow::Stack, &["setting", "value", "from"]);
    for row in rows {
        let value = match &row.value {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let origin = line(&row.origin.to_string(), VALUE_CHARACTERS);
        table.row([html! { (row.name) }, line(&value, VALUE_CHARACTERS), origin]);
    }
    table.markup()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_deciding_setting_is_one() {
        let known: Vec<&str> = crate::settings::descriptions()
            .iter()
            .map(|row| row.name)
            .collect();
        for name in DECIDING {
            assert!(known.contains(&name), "{name}");
        }
    }
}

//! The end of a batch of several packages: what happened, and what somebody may want to do about it.

use std::time::Duration;

use indexmap::IndexMap;

use crate::report::table::count;
use crate::report::time::{duration, seconds};
use crate::report::{Display, Paint, Table, escape};

use super::cause::Kind;
use super::tally::{Listed, Tally};

/// Entries of a list that are shown; the page and the database have the others.
const SHOWN: usize = 5;

/// Causes shown.
const CAUSES_SHOWN: usize = 12;

/// What a shorter batch took is of no interest.
const LONG: Duration = Duration::from_secs(10);

/// A package that took less is not called slow.
const SLOW_SECONDS: f64 = 1.0;

/// Longest name in these tables.
const NAME_CHARACTERS: usize = 48;

/// Longest hotkey shown.
const HOTKEY_CHARACTERS: usize = 10;

/// The closing tables for standard error, empty for a single package. `elapsed` is the time of the whole batch.
pub fn closing(tally: &Tally, total: usize, elapsed: Duration, display: Display) -> String {
    if total < 2 {
        return String::new();
    }
    let display = display.on_stderr();
    let parts = [
        outcomes(tally, total, elapsed, display),
        slowest(tally, elapsed, display),
        copies(tally, display),
        failures(tally, display),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("\n{}\n", parts.join("\n"))
}

fn outcomes(tally: &Tally, total: usize, elapsed: Duration, display: Display) -> String {
    let mut table = Table::new(&["outcome", ">packages"], display);
    let left = total.saturating_sub(tally.finished + tally.errors);
    let rows = [
        (Paint::Good, "passed", tally.passed),
        (Paint::Warning, "below the bar", tally.below),
        (
            Paint::Bad,
            "refused by the contract",
            tally.failed_by(Kind::Refused),
        ),
        (
            Paint::Bad,
            "rejected by review",
            tally.failed_by(Kind::Rejected),
        ),
        (Paint::Bad, "harness failed", tally.failed_by(Kind::Harness)),
        (
            Paint::Bad,
            "no valid dataset",
            tally.failed_by(Kind::Dataset),
        ),
        (
            Paint::Bad,
            "copied structure",
            tally.failed_by(Kind::Copied),
        ),
        (Paint::Plain, "stopped on their way", tally.stopped),
        (Paint::Bad, "not evaluated", tally.failed_by(Kind::Machine)),
        (Paint::Warning, "not begun or not finished", left),
    ];
    for (paint, outcome, number) in rows {
        if number > 0 {
            table.row([
                (paint, outcome),
                (Paint::Plain, number.to_string().as_str()),
            ]);
        }
    }
    let mut text = table.text();
    if tally.reused > 0 {
        text.push_str(&format!("{} of them reused\n", tally.reused));
    }
    if elapsed >= LONG {
        // Results that were there already took no work.
        let worked = tally.finished.saturating_sub(tally.reused);
        let rate = worked as f64 / elapsed.as_secs_f64();
        let span = duration(elapsed);
        text.push_str(&format!("in {span}, {rate:.1} packages per second\n"));
    }
    text
}

fn slowest(tally: &Tally, elapsed: Duration, display: Display) -> String {
    if elapsed < LONG {
        return String::new();
    }
    let slow = |listed: &&Listed<f64>| listed.what >= SLOW_SECONDS;
    let mut table = Table::new(&["slowest", ">took"], display);
    for listed in tally.slowest.entries().iter().filter(slow).take(SHOWN) {
        table.row([
            (Paint::Plain, name(&listed.package).as_str()),
            (Paint::Plain, seconds(listed.what).as_str()),
        ]);
    }
    if table.is_empty() {
        String::new()
    } else {
        table.text()
    }
}

fn copies(tally: &Tally, display: Display) -> String {
    let columns = [
        "likely clone",
        "hotkey",
        ">structure",
        "of submission",
        "of hotkey",
    ];
    let mut table = Table::new(&columns, display);
    for listed in tally.copies.entries().iter().take(SHOWN) {
        let own = listed.hotkey == listed.what.of_hotkey;
        let of = match own {
            true => "the same".to_owned(),
            false => short(&listed.what.of_hotkey),
        };
        table.row([
            (Paint::Plain, name(&listed.package).as_str()),
            (Paint::Plain, short(&listed.hotkey).as_str()),
            (Paint::Bad, format!("{}%", listed.what.percent).as_str()),
            (Paint::Plain, short(&listed.what.of).as_str()),
            (if own { Paint::Faint } else { Paint::Plain }, of.as_str()),
        ]);
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "{}{}",
        table.text(),
        more(tally.copies.count, SHOWN, "clone")
    )
}

fn failures(tally: &Tally, display: Display) -> String {
    let causes = tally.causes();
    let mut table = Table::new(&[">failed", "cause", "first"], display);
    // Each step once, however many causes it is for.
    let mut steps: IndexMap<(&str, &str), ()> = IndexMap::new();
    for (cause, group) in causes.iter().take(CAUSES_SHOWN) {
        let first = group.first.first().map(|(_, package)| name(package));
        let text = format!("{}: {}", cause.kind.name(), cause.text);
        table.row([
            (Paint::Bad, group.count.to_string().as_str()),
            (Paint::Plain, text.as_str()),
            (Paint::Plain, first.unwrap_or_default().as_str()),
        ]);
        steps.insert((cause.kind.name(), &cause.next_step), ());
    }
    if table.is_empty() {
        return String::new();
    }
    let mut next = Table::new(&["if", "next step"], display);
    for (kind, step) in steps.keys() {
        next.row([(Paint::Plain, *kind), (Paint::Good, *step)]);
    }
    let more = more(causes.len(), CAUSES_SHOWN, "cause");
    format!("{}{more}\n{}", table.text(), next.text())
}

fn more(number: usize, shown: usize, thing: &str) -> String {
    match number.saturating_sub(shown) {
        0 => String::new(),
        left => format!("and {}\n", count(left, &format!("more {thing}"))),
    }
}

/// The end of a path tells packages apart.
fn name(package: &str) -> String {
    let shown = escape::line(package);
    let length = shown.chars().count();
    if length <= NAME_CHARACTERS {
        return shown;
    }
    let end: String = shown.chars().skip(length + 1 - NAME_CHARACTERS).collect();
    format!("…{end}")
}

fn short(hotkey: &str) -> String {
    escape::short(hotkey, HOTKEY_CHARACTERS)
}

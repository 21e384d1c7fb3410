//! The line of each package, and the choice of which are shown.

use maud::{Markup, html};

use crate::pipeline::{RecordStatus, SubmissionRecord};
use crate::report::batch::tally::Tally;
use crate::report::html::{Tone, badge, line, name};
use crate::similarity::Status;

use super::FailureView;

/// Longest hotkey in a line: details have more of it.
const HOTKEY_CHARACTERS: usize = 14;

/// What became of a package, as the class that the choice goes by, its badge's tone, and its word.
pub(super) fn outcome(record: &SubmissionRecord) -> (&'static str, Tone, &'static str) {
    let copied = record
        .plagiarism
        .as_ref()
        .is_some_and(|near| near.status == Status::Plagiarized);
    match (record.error.is_some(), record.passed) {
        (true, _) if copied => ("bad", Tone::Bad, "copied"),
        (true, _) => match &record.static_review {
            None => ("bad", Tone::Bad, "refused"),
            Some(review) if !review.accepted => ("bad", Tone::Bad, "rejected"),
            Some(_) => ("bad", Tone::Bad, "failed"),
        },
        (false, _) if record.status == RecordStatus::Pending => ("stop", Tone::Plain, "stopped"),
        (false, true) => ("good", Tone::Good, "passed"),
        (false, false) => ("warn", Tone::Warning, "below the bar"),
    }
}

/// A package that opens to its details, or has none.
pub(super) fn row(index: usize, record: &SubmissionRecord, details: Option<Markup>) -> Markup {
    let (class, tone, word) = outcome(record);
    let cells = html! {
        span.pk { (name(&record.package)) }
        span.hk { (line(&record.hotkey, HOTKEY_CHARACTERS)) }
        span { (badge(tone, word)) }
        span.sc { (format!("{:.4}", record.score)) }
        span.nn {
            @if let Some(near) = &record.plagiarism {
                (near.score) "% of "
                @if near.hotkey == record.hotkey { "the same hotkey" } @else { (line(&near.hotkey, HOTKEY_CHARACTERS)) }
            }
        }
    };
    folding(index, class, cells, details)
}

/// A package without a result.
pub(super) fn failure(index: usize, view: &FailureView<'_>) -> Markup {
    let cells = html! {
        span.pk { (name(view.package)) }
        span.hk { (line(view.hotkey, HOTKEY_CHARACTERS)) }
        span { (badge(Tone::Bad, "not evaluated")) }
        span.sc {} span.nn {}
    };
    let details = html! {
        p { (line(view.message, 2000)) }
        @if let Some(hint) = view.hint { p { "Next step: " (line(hint, 500)) } }
    };
    folding(index, "none", cells, Some(details))
}

fn folding(index: usize, class: &str, cells: Markup, details: Option<Markup>) -> Markup {
    match details {
        Some(details) => html! {
            details.package.(class) id={ "p" (index) } {
                summary.cells { (cells) }
                div.inside { (details) }
            }
        },
        None => html! { div.package.(class) id={ "p" (index) } { div.cells { (cells) } } },
    }
}

/// What the columns are. Each line says the same in its words, so this is only for the eye.
pub(super) fn head() -> Markup {
    html! {
        div.cells.head aria-hidden="true" {
            span { "package" } span { "hotkey" } span { "outcome" } span.sc { "score" } span { "nearest" }
        }
    }
}

/// Buttons that work without a script: the style hides what is not chosen.
pub(super) fn filter(tally: &Tally, total: usize) -> Markup {
    let failed = tally
        .finished
        .saturating_sub(tally.passed + tally.below + tally.stopped);
    let choices = [
        ("all", "all", total),
        ("good", "passed", tally.passed),
        ("warn", "below the bar", tally.below),
        ("bad", "failed", failed),
        ("stop", "stopped on their way", tally.stopped),
        ("none", "not evaluated", tally.errors),
    ];
    html! {
        fieldset.filter {
            legend.unseen { "Which packages are shown" }
            @for (class, word, number) in choices.into_iter().filter(|(class, _, number)| *class == "all" || *number > 0) {
                input type="radio" name="show" id={ "show-" (class) } checked[class == "all"];
                label for={ "show-" (class) } { (word) " " (number) }
            }
        }
    }
}

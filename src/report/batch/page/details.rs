//! Everything about one package.

use maud::{Markup, html};

use crate::harness::Ending;
use crate::judge::Judgement;
use crate::judge::llm::Heard;
use crate::pipeline::{Execution, Kept, Neighbour, SubmissionRecord};
use crate::report::html::{Bar, Fact, Log, Tone, badge, bars, facts, line, log, name};
use crate::report::similarity::contained;
use crate::report::table::count;
use crate::report::time::seconds;
use crate::similarity::Status;

use super::PackageView;
use super::findings::findings;

/// Longest error shown. The contract keeps 2000 characters of a harness's last words.
const ERROR_CHARACTERS: usize = 2000;

/// Longest sentence of a judge.
const REASONING_CHARACTERS: usize = 600;

/// Says where on the page a submission is.
pub(super) type Places<'a> = dyn Fn(&str) -> Option<usize> + 'a;

/// The details, `log_characters` of each stream at most.
pub(super) fn details(
    view: &PackageView<'_>,
    log_characters: usize,
    places: &Places<'_>,
) -> Markup {
    let record = view.record;
    html! {
        @if let Some(error) = &record.error {
            (log(&Log { title: "Why it failed", text: error, characters: ERROR_CHARACTERS, is_open: true }))
        }
        @if let Some(judge) = &record.judge { (score(record, judge)) }
        @if let Some(near) = &record.plagiarism { (neighbour(record, near, places)) }
        @if let Some(found) = record.structure.as_ref().and_then(|one| one.containment.as_ref()) {
            (contained(&found.lines, &submission(record, &found.submission_id, &found.hotkey, places)))
        }
        (findings(record, view.source))
        @if let Some(execution) = &record.execution { (run(execution)) }
        (logs(view, log_characters))
        h3 { "Package" }
        (facts(identity(view)))
    }
}

fn score(record: &SubmissionRecord, judge: &Judgement) -> Markup {
    // The weights are said once, above all packages.
    let metrics = record.metrics.weighted();
    let metrics = metrics.iter().map(|(name, _, value)| Bar {
        label: readable(name),
        value: *value,
        note: None,
    });
    let judged = format!(
        "Quality {:.3}, completeness {:.3}, anti-cheat {:.3}. ",
        judge.quality_score, judge.completeness_score, judge.anti_cheat_score
    );
    html! {
        h3 { "Dataset " (format!("{:.4}", record.metrics.total())) }
        (bars(metrics))
        h3 { "Judge " (format!("{:.4}", judge.overall_score)) }
        p {
            (judged) (line(&judge.reasoning, REASONING_CHARACTERS))
            @if judge.llm_used { " " small { "A language model took part." } }
        }
        p {
            "Final score " (format!("{:.4}", record.score)) " = 0.85 × " (format!("{:.4}", record.metrics.total()))
            (penalty(record)) " + 0.15 × " (format!("{:.4}", judge.overall_score))
        }
    }
}

/// A metric's name without what all of them end in.
pub(super) fn readable(metric: &str) -> &str {
    match metric.trim_end_matches("_score") {
        "function_call" => "function call",
        "coding_relevance" => "coding relevance",
        short => short,
    }
}

fn penalty(record: &SubmissionRecord) -> &'static str {
    match record.plagiarism.as_ref().map(|near| near.status) {
        Some(Status::Plagiarized) => " × 0.2 (copied structure)",
        Some(Status::NeedsLlmVerification) => " × 0.85 (similar structure)",
        Some(Status::Clean) | None => "",
    }
}

fn neighbour(record: &SubmissionRecord, near: &Neighbour, places: &Places<'_>) -> Markup {
    let (tone, word) = match near.status {
        Status::Plagiarized => (Tone::Bad, "copied structure"),
        Status::NeedsLlmVerification => (Tone::Warning, "similar structure"),
        Status::Clean => (Tone::Good, "own structure"),
    };
    html! {
        h3 { "Nearest neighbour" }
        p {
            (badge(tone, word)) " " (near.score) "% of the structure is that of "
            (submission(record, &near.submission_id, &near.hotkey, places))
        }
        @match &near.llm {
            Some(Heard::Answer(audit)) => p {
                "A language model takes it " @if !audit.is_plagiarism { "not " } "for a copy, confidence "
                (format!("{:.2}", audit.confidence)) ": " (line(&audit.reasoning, REASONING_CHARACTERS))
            },
            Some(Heard::Failed { error }) => p {
                "A language model was asked and gave no answer: " (line(error, REASONING_CHARACTERS))
            },
            None => {},
        }
    }
}

/// An earlier submission by its name, which leads to it where it is on the page.
fn submission(record: &SubmissionRecord, id: &str, hotkey: &str, places: &Places<'_>) -> Markup {
    html! {
        "submission "
        @match places(id) {
            Some(index) => a href={ "#p" (index) } { (name(id)) },
            None => (name(id)),
        }
        " of "
        @if hotkey == record.hotkey { "the same hotkey" } @else { (name(hotkey)) }
    }
}

fn run(execution: &Execution) -> Markup {
    let ending = match execution.ending {
        Ending::Ok => "exit 0".to_owned(),
        Ending::Exit { code } => format!("exit {code}"),
        Ending::Signal { number } => format!("signal {number}"),
        Ending::TimeoutWall => "time limit".to_owned(),
        Ending::TimeoutCpu => "processor time limit".to_owned(),
        Ending::Oom => "memory limit".to_owned(),
        Ending::OutputLimit => "output limit".to_owned(),
        Ending::BadOutput => "output path is no plain file".to_owned(),
    };
    let mut rows = vec![
        Fact::new("ended", html! { (ending) }),
        Fact::new("time", html! { (seconds(execution.duration_seconds)) }),
    ];
    if let Some(used) = execution.cpu_seconds {
        rows.push(Fact::new("processor time", html! { (seconds(used)) }));
    }
    if let Some(bytes) = execution.peak_memory_bytes {
        rows.push(Fact::new("memory", html! { (mebibytes(bytes)) }));
    }
    let missing = execution
        .enforced
        .iter()
        .filter(|protection| protection.means.is_none());
    let missing: Vec<&str> = missing.map(|protection| protection.name.as_str()).collect();
    if !missing.is_empty() {
        rows.push(Fact::new(
            "not enforced",
            html! { (line(&missing.join(", "), 500)) },
        ));
    }
    html! { h3 { "Harness" } (facts(rows)) }
}

fn logs(view: &PackageView<'_>, characters: usize) -> Markup {
    match &view.logs {
        Ok((stdout, stderr)) => html! {
            (log(&Log { title: "Standard output", text: stdout, characters, is_open: false }))
            (log(&Log { title: "Standard error", text: stderr, characters, is_open: false }))
        },
        Err(reason) => {
            html! { p { "What the harness printed is not shown: " (line(reason, 500)) } }
        }
    }
}

fn identity(view: &PackageView<'_>) -> Vec<Fact> {
    let record = view.record;
    let mut rows = vec![Fact::new("hotkey", name(&record.hotkey))];
    if let Some(id) = &record.id {
        rows.push(Fact::new("submission", html! { span.mono { (name(id)) } }));
    }
    if let Some(hash) = &record.artifact_hash {
        rows.push(Fact::new("SHA-256", html! { span.mono { (name(hash)) } }));
    }
    let result = match view.kept {
        Kept::Stored => "made in this run",
        Kept::Reused => "made in an earlier run",
        Kept::Nowhere => "not stored",
    };
    rows.push(Fact::new("result", html! { (result) }));
    rows.push(Fact::new("time spent", html! { (seconds(view.seconds)) }));
    if let Some(review) = &record.static_review {
        let lines: usize = review.files.iter().map(|file| file.line_count).sum();
        let files = count(review.files.len(), "Python file");
        rows.push(Fact::new(
            "code",
            html! { (files) ", " (count(lines, "line")) },
        ));
    }
    if record.size_bytes > 0 {
        rows.push(Fact::new(
            "dataset",
            html! {
                (count(record.conversation_count, "conversation")) ", "
                (count(record.total_messages, "message")) ", " (mebibytes(record.size_bytes))
            },
        ));
    }
    rows
}

fn mebibytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

//! One submission, with everything that is known of it.

use maud::{Markup, html};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::pipeline::{ContainedIn, Structure};
use crate::report::html::{
    Bar, Fact, Log, Page, Tone, badge, bars, block, facts, line, log, name, section,
};
use crate::report::similarity::contained;
use crate::store::SubmissionRow;

use super::findings::{self, Finding, Sources};
use super::samples::samples;
use super::{link, moment, score, status};

/// Characters of a log on the page; the JSON routes have all of it.
const LOG_CHARACTERS: usize = 20_000;
const TEXT_CHARACTERS: usize = 2_000;

/// The nine metrics, and what each counts for.
const METRICS: [(&str, &str, &str); 9] = [
    ("format_score", "format", "weight 0.10"),
    ("quality_score", "quality", "weight 0.25"),
    ("originality_score", "originality", "weight 0.15"),
    ("agentic_score", "agentic", "weight 0.15"),
    ("reasoning_score", "reasoning", "weight 0.10"),
    ("function_call_score", "function calls", "weight 0.10"),
    ("coding_relevance_score", "coding relevance", "weight 0.08"),
    ("verifiability_score", "verifiability", "weight 0.05"),
    ("diversity_score", "diversity", "weight 0.02"),
];

const JUDGED: [(&str, &str); 4] = [
    ("overall_score", "overall"),
    ("quality_score", "quality"),
    ("completeness_score", "completeness"),
    ("anti_cheat_score", "anti-cheat"),
];

/// A submission, read as far as a page needs it. What another program wrote differently reads as missing.
pub(in crate::serve) struct Shown {
    row: SubmissionRow,
    metrics: Value,
    judge: Value,
    neighbour: Option<Neighbour>,
    contained: Option<ContainedIn>,
    findings: Vec<Finding>,
    advisories: Vec<Finding>,
}

/// What the service's own columns have no place for.
#[derive(Deserialize)]
struct Record {
    structure: Option<Structure>,
}

#[derive(Deserialize)]
struct Neighbour {
    submission_id: String,
    hotkey: String,
    score: f64,
    status: String,
    /// A language model's audit.
    #[serde(default)]
    llm: Value,
}

impl Shown {
    /// `record` is what this program stored of it as JSON, if it did.
    pub(in crate::serve) fn of(row: SubmissionRow, record: Option<&str>) -> Shown {
        let record: Option<Record> = stored(record);
        let review: Value = stored(row.static_review_json.as_deref()).unwrap_or_default();
        let advisories = review.get("advisories").cloned().unwrap_or_default();
        Shown {
            metrics: stored(Some(&row.metrics_json)).unwrap_or_default(),
            judge: stored(row.judge_json.as_deref()).unwrap_or_default(),
            neighbour: stored(row.plagiarism_json.as_deref()),
            contained: record.and_then(|record| record.structure?.containment),
            findings: stored(Some(&row.violations_json)).unwrap_or_default(),
            advisories: serde_json::from_value(advisories).unwrap_or_default(),
            row,
        }
    }

    /// Everything that stands in some line of the package.
    pub(in crate::serve) fn placed(&self) -> Vec<Finding> {
        self.findings
            .iter()
            .chain(&self.advisories)
            .cloned()
            .collect()
    }
}

fn stored<T: DeserializeOwned>(column: Option<&str>) -> Option<T> {
    serde_json::from_str(column?).ok()
}

/// The page.
pub(in crate::serve) fn submission(shown: &Shown, sources: &Sources) -> String {
    let row = &shown.row;
    let is_finished = matches!(row.status.as_str(), "completed" | "failed");
    let title: String = row.id.chars().take(super::ID_CHARACTERS).collect();
    let page = Page {
        title: &format!("Submission {title}"),
        lead: html! {
            (status(&row.status, row.passed)) " "
            @if row.status == "completed" { (if row.passed { "and passed, " } else { "but not passed, " }) }
            "by " (name(&row.hotkey))
        },
        links: &[
            ("../", "Overview"),
            ("#metrics", "Metrics"),
            ("#findings", "Findings"),
            ("#neighbour", "Neighbour"),
            ("#logs", "Logs"),
            ("#samples", "Samples"),
        ],
    };
    let content = html! {
        (summary(row))
        @if !is_finished { p { "It has not been evaluated yet; look again later." } }
        (section("metrics", "Metrics", metrics(shown)))
        (section("findings", "Findings", html! {
            (findings::findings(&shown.findings, sources))
            @if !shown.advisories.is_empty() {
                h3 { "Advisories, which change nothing" }
                (findings::findings(&shown.advisories, sources))
            }
        }))
        (section("neighbour", "Nearest neighbour", html! {
            (neighbour(shown.neighbour.as_ref()))
            @if let Some(found) = &shown.contained {
                (contained(&found.lines, &html! {
                    "submission " (link("", &found.submission_id)) " of " (name(&found.hotkey))
                }))
            }
        }))
        (section("logs", "Logs", logs(shown)))
        (section("samples", "Samples", samples(&row.sample_jsonl)))
    };
    page.whole(&content)
}

fn summary(row: &SubmissionRow) -> Markup {
    let mut known = vec![
        Fact::new("score", score(row.score)),
        Fact::new("conversations", html! { (row.conversation_count) }),
        Fact::new("messages", html! { (row.total_messages) }),
        Fact::new("dataset", html! { (row.size_bytes) " bytes" }),
        Fact::new("arrived", moment(&row.created_at)),
        Fact::new("changed", moment(&row.updated_at)),
    ];
    if !row.filename.is_empty() {
        known.push(Fact::new("sent as", name(&row.filename)));
    }
    known.push(Fact::new(
        "package",
        html! { span.mono { (line(&row.artifact_hash, 64)) } },
    ));
    known.push(Fact::new("id", html! { span.mono { (line(&row.id, 64)) } }));
    html! {
        (facts(known))
        @if let Some(error) = &row.error {
            h3 { (badge(Tone::Bad, "error")) }
            pre tabindex="0" { (block(&cut(error, TEXT_CHARACTERS))) }
        }
    }
}

fn metrics(shown: &Shown) -> Markup {
    let known = shown
        .metrics
        .pointer("/result/metrics")
        .filter(|known| known.is_object());
    let judged = shown.judge.is_object() && shown.judge.get("overall_score").is_some();
    html! {
        @match known {
            Some(known) => (bars(METRICS.map(|(field, label, note)| Bar {
                label,
                value: number(known, field),
                note: Some(note),
            }))),
            None => p { "None yet." },
        }
        @if judged {
            h3 { "Judgement" }
            (bars(JUDGED.map(|(field, label)| Bar {
                label,
                value: number(&shown.judge, field),
                note: None,
            })))
            @if let Some(reasoning) = shown.judge.get("reasoning").and_then(Value::as_str) {
                p { (line(reasoning, TEXT_CHARACTERS)) }
            }
        }
    }
}

fn number(object: &Value, field: &str) -> f64 {
    object.get(field).and_then(Value::as_f64).unwrap_or(0.0)
}

fn neighbour(neighbour: Option<&Neighbour>) -> Markup {
    let Some(near) = neighbour else {
        return html! { p { "None: there was no score to penalise, or nothing to compare with." } };
    };
    let tone = match near.status.as_str() {
        "plagiarized" => Tone::Bad,
        "clean" => Tone::Good,
        _ => Tone::Warning,
    };
    html! {
        (bars([Bar { label: "structure shared", value: near.score / 100.0, note: None }]))
        (facts([
            Fact::new("verdict", badge(tone, &near.status)),
            Fact::new("submission", link("", &near.submission_id)),
            Fact::new("hotkey", name(&near.hotkey)),
        ]))
        @if let Some(is_plagiarism) = near.llm.get("is_plagiarism").and_then(Value::as_bool) {
            p {
                "A language model " (if is_plagiarism { "calls it a copy" } else { "does not call it a copy" })
                ", confidence " (format!("{:.2}", number(&near.llm, "confidence"))) ". "
                @if let Some(reasoning) = near.llm.get("reasoning").and_then(Value::as_str) {
                    (line(reasoning, TEXT_CHARACTERS))
                }
            }
        }
    }
}

fn logs(shown: &Shown) -> Markup {
    let row = &shown.row;
    let execution = shown
        .metrics
        .get("execution")
        .filter(|execution| execution.is_object());
    let stream = |title, text| {
        log(&Log {
            title,
            text,
            characters: LOG_CHARACTERS,
            is_open: false,
        })
    };
    html! {
        @if let Some(execution) = execution {
            (facts([
                Fact::new("exit code", html! { (number(execution, "returncode")) }),
                Fact::new("duration", html! { (format!("{:.2} s", number(execution, "duration_seconds"))) }),
                Fact::new("timed out", html! {
                    (if execution.get("timed_out") == Some(&Value::Bool(true)) { "yes" } else { "no" })
                }),
            ]))
        } @else {
            p { "The harness was not run." }
        }
        @if execution.is_some() && row.stdout.is_empty() && row.stderr.is_empty() { p { "It printed nothing." } }
        (stream("Standard output", &row.stdout))
        (stream("Standard error", &row.stderr))
    }
}

/// The beginning of a text, and whether that is all.
fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

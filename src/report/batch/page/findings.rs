//! What the review found, with the lines it was found in.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::pipeline::SubmissionRecord;
use crate::report::html::{CodeLine, Mark, Tone, badge, excerpt, line, name};
use crate::report::table::count;
use crate::review::{Advisory, FileReview, Review, Severity};

/// Findings shown of one package, and advisories.
const MOST_FINDINGS: usize = 20;
const MOST_ADVISORIES: usize = 20;

/// Lines shown before and after one that something was found in.
const AROUND: usize = 1;

/// Longest text of a finding.
const TEXT_CHARACTERS: usize = 300;

/// Gives the text of a file of the package.
type Source<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Something found in a line, or in the file as a whole.
struct Found<'a> {
    severity: Severity,
    text: &'a str,
    message: Option<&'a str>,
    line: Option<usize>,
}

/// All of a package's findings that are shown, and how many are not.
pub(super) fn findings(record: &SubmissionRecord, source: &Source<'_>) -> Markup {
    let Some(review) = &record.static_review else {
        return html! {};
    };
    let total = listed(review) + review.violations_omitted;
    if total == 0 && review.advisories.is_empty() {
        return html! { h3 { "Findings" } p { "none" } };
    }
    let mut room = MOST_FINDINGS;
    html! {
        @if total > 0 {
            h3 { (count(total, "finding")) }
            @for file in &review.files {
                (file_findings(file, &mut room, source))
            }
            @if total > MOST_FINDINGS { p { "and " (total - MOST_FINDINGS) " more" } }
        }
        @if !review.advisories.is_empty() { (advisories(&review.advisories)) }
    }
}

fn listed(review: &Review) -> usize {
    let of = |file: &FileReview| file.violations.len() + file.suspicious_patterns.len();
    review.files.iter().map(of).sum()
}

fn file_findings(file: &FileReview, room: &mut usize, source: &Source<'_>) -> Markup {
    let violations = file.violations.iter().map(|violation| Found {
        severity: violation.severity,
        text: &violation.pattern,
        message: violation.message.as_deref(),
        line: violation.line.map(|line| line as usize),
    });
    // They reject like critical ones, whatever they are called in lists.
    let suspicious = file.suspicious_patterns.iter().map(|pattern| Found {
        severity: Severity::Critical,
        text: pattern,
        message: Some("in the text of the file"),
        line: None,
    });
    let found: Vec<Found<'_>> = violations.chain(suspicious).take(*room).collect();
    *room -= found.len();
    if found.is_empty() {
        return html! {};
    }
    let (placed, whole): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|found| found.line.is_some());
    html! {
        p { code { (name(&file.path)) } }
        @for found in &whole { p { (words(found)) } }
        @if !placed.is_empty() {
            @match source(&file.path) {
                Some(text) => (code(&file.path, &text, &placed)),
                None => @for found in &placed {
                    p { "line " (found.line.unwrap_or_default()) ": " (words(found)) }
                },
            }
        }
    }
}

fn words(found: &Found<'_>) -> Markup {
    html! {
        (badge(tone(found.severity), found.severity.as_str())) " " (line(found.text, TEXT_CHARACTERS))
        @if let Some(message) = found.message { ": " (line(message, TEXT_CHARACTERS)) }
    }
}

fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Bad,
        Severity::Warning => Tone::Warning,
        Severity::Info => Tone::Plain,
    }
}

/// The lines of the findings and those around them, each once.
fn code(path: &str, text: &str, found: &[Found<'_>]) -> Markup {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut by_line: BTreeMap<usize, Vec<&Found<'_>>> = BTreeMap::new();
    for found in found {
        let Some(line) = found.line else { continue };
        for near in line.saturating_sub(AROUND).max(1)..=line.saturating_add(AROUND) {
            by_line.entry(near).or_default();
        }
        by_line.entry(line).or_default().push(found);
    }
    let lines = text.split('\n').enumerate().filter_map(|(index, text)| {
        let number = index + 1;
        let here = by_line.get(&number)?;
        let mut line = CodeLine::new(number, text);
        let worst = here.iter().map(|found| found.severity).min();
        line.mark = worst.map(|severity| Mark::Finding(tone(severity)));
        line.note = worst.map(|_| html! { @for found in here { (words(found)) " " } });
        Some(line)
    });
    excerpt(
        &format!("Lines of {}", crate::report::escape::short(path, 200)),
        lines,
    )
}

fn advisories(advisories: &[Advisory]) -> Markup {
    html! {
        h3 { (count(advisories.len(), "advisory note")) }
        p { small { "They change no verdict." } }
        ul {
            @for advisory in advisories.iter().take(MOST_ADVISORIES) {
                li {
                    (badge(tone(advisory.severity), advisory.severity.as_str())) " "
                    code { (name(&advisory.file)) @if let Some(line) = advisory.line { ":" (line) } } " "
                    (line(&advisory.message, TEXT_CHARACTERS))
                }
            }
        }
        @if advisories.len() > MOST_ADVISORIES { p { "and " (advisories.len() - MOST_ADVISORIES) " more" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::{Source, review};

    fn shown(source: &str) -> String {
        let reviewed = review(&[Source {
            path: "a.py",
            bytes: source.as_bytes(),
        }]);
        let mut record = SubmissionRecord::refused("5F", "a.zip", "a.zip", "x".into());
        record.static_review = Some(reviewed.review);
        findings(&record, &|_| Some(source.to_owned())).into_string()
    }

    #[test]
    fn a_finding_is_shown_in_its_line_with_those_around() {
        let text = shown("a = 1\r\nb = 2\rexec('<b>')\nc = 3\nd = 4\n");
        assert!(
            text.contains(
                "<span class=\"hit bad\" data-n=\"3\"><bdi>exec('&lt;b&gt;')</bdi></span>"
            ),
            "{text}"
        );
        for (number, is_shown) in [(1, false), (2, true), (4, true), (5, false)] {
            assert_eq!(
                text.contains(&format!("data-n=\"{number}\"")),
                is_shown,
                "line {number}"
            );
        }
    }

    #[test]
    fn many_findings_are_counted() {
        let text = shown(&"eval('1')\n".repeat(50));
        assert!(text.contains("50 findings"), "{text}");
        assert_eq!(text.matches("hit bad").count(), MOST_FINDINGS);
        assert!(text.contains("and 30 more"));
    }

    #[test]
    fn suspicious_text_is_shown_without_a_line() {
        let text = shown("# /etc/passwd\n");
        assert!(
            text.contains("<bdi>/etc/passwd</bdi>: <bdi>in the text of the file</bdi>"),
            "{text}"
        );
    }
}

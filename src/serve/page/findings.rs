//! What the review found, with the lines it was found in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use maud::{Markup, html};
use serde::Deserialize;

use crate::package::{self, PackageLimits};
use crate::report::html::{CodeLine, Mark, Tone, badge, excerpt, line, name};

/// Findings shown; a package may have thousands.
const MOST_FINDINGS: usize = 100;
/// Lines shown before and after a finding.
const AROUND: usize = 2;
/// Bytes of one file that are looked into.
const MOST_SOURCE_BYTES: usize = 1 << 20;

/// A finding as it is stored; of the service's rows, too.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::serve) struct Finding {
    #[serde(default)]
    file: String,
    /// The service's word for it; our advisories have `message`.
    #[serde(default, alias = "message")]
    pattern: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    line: Option<usize>,
}

/// Lines of the files that something was found in.
pub(in crate::serve) type Sources = BTreeMap<String, Vec<String>>;

/// Reads the files that findings are in from a kept package; none if it is not there any more.
pub(in crate::serve) fn read_sources(
    kept: &Path,
    limits: &PackageLimits,
    findings: &[Finding],
) -> Sources {
    let wanted: BTreeSet<&str> = shown(findings)
        .filter(|finding| finding.line.is_some())
        .map(|finding| finding.file.as_str())
        .collect();
    if wanted.is_empty() {
        return Sources::new();
    }
    let opened = package::open(kept, limits)
        .ok()
        .and_then(|opened| opened.package.ok());
    let files = opened.map(|package| package.files).unwrap_or_default();
    let files = files
        .iter()
        .filter(|file| wanted.contains(file.path.as_str()));
    let lines = files.map(|file| {
        let start = file
            .content
            .get(..MOST_SOURCE_BYTES)
            .unwrap_or(&file.content);
        let text = String::from_utf8_lossy(start)
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        (
            file.path.clone(),
            text.split('\n').map(str::to_owned).collect(),
        )
    });
    lines.collect()
}

fn shown(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().take(MOST_FINDINGS)
}

/// Findings by file, in the order of the files.
pub(super) fn findings(findings: &[Finding], sources: &Sources) -> Markup {
    if findings.is_empty() {
        return html! { p { "None." } };
    }
    let mut files: Vec<(&str, Vec<&Finding>)> = Vec::new();
    for finding in shown(findings) {
        match files.last_mut() {
            Some((file, of_file)) if *file == finding.file => of_file.push(finding),
            _ => files.push((&finding.file, vec![finding])),
        }
    }
    let left_out = findings.len().saturating_sub(MOST_FINDINGS);
    html! {
        @for (file, of_file) in &files {
            h3 { (name(file)) }
            @let lines = sources.get(*file).map(Vec::as_slice).unwrap_or_default();
            @let (placed, others) = split(of_file, lines);
            @if !others.is_empty() {
                ul {
                    @for finding in others {
                        li {
                            (what(finding))
                            @if let Some(line) = finding.line { ", line " (line) }
                        }
                    }
                }
            }
            @if !placed.is_empty() { (code(file, &placed, lines)) }
        }
        @if left_out > 0 { p { (left_out) " more are not shown here." } }
    }
}

/// Those whose line is at hand, and the others.
fn split<'a>(
    findings: &[&'a Finding],
    lines: &[String],
) -> (BTreeMap<usize, Vec<&'a Finding>>, Vec<&'a Finding>) {
    let mut placed: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    let mut others = Vec::new();
    for finding in findings {
        match finding.line.filter(|line| (1..=lines.len()).contains(line)) {
            Some(line) => placed.entry(line).or_default().push(finding),
            None => others.push(*finding),
        }
    }
    (placed, others)
}

fn code(file: &str, placed: &BTreeMap<usize, Vec<&Finding>>, lines: &[String]) -> Markup {
    let near = |line: &usize| line.saturating_sub(AROUND).max(1)..=line.saturating_add(AROUND);
    let numbers: BTreeSet<usize> = placed.keys().flat_map(near).collect();
    let lines = numbers.into_iter().filter_map(|number| {
        let mut line = CodeLine::new(number, lines.get(number - 1)?);
        if let Some(here) = placed.get(&number) {
            let tones = here.iter().map(|finding| tone(&finding.severity));
            line.mark = tones.max_by_key(|tone| weight(*tone)).map(Mark::Finding);
            line.note = Some(html! { @for finding in here { (what(finding)) " " } });
        }
        Some(line)
    });
    // A label is text of the page: as long as a name may be.
    let title: String = file.chars().take(80).collect();
    excerpt(&format!("Lines of {title}"), lines)
}

fn what(finding: &Finding) -> Markup {
    html! { (badge(tone(&finding.severity), &finding.severity)) " " (line(&finding.pattern, 200)) }
}

fn tone(severity: &str) -> Tone {
    match severity {
        "critical" => Tone::Bad,
        "warning" => Tone::Warning,
        _ => Tone::Plain,
    }
}

fn weight(tone: Tone) -> u8 {
    match tone {
        Tone::Bad => 2,
        Tone::Warning => 1,
        Tone::Good | Tone::Plain => 0,
    }
}

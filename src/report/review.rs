//! `dfab review`: one item per package, its findings, and the rules.

use std::fmt::Write as _;

use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::package::ErrorView;
use crate::review::{Effect, Review, Rule, Severity};
use crate::similarity::ContainmentLines;

use super::similarity::containment_text;
use super::table::count;
use super::{Display, Paint, Table, escape};

/// The published item.
#[derive(Debug, Serialize)]
pub struct Reviewed<'a> {
    path: &'a str,
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    structure: Option<Structure>,
}

/// What was found of a package in others. No verdict depends on it.
#[derive(Debug, Serialize)]
pub struct Structure {
    /// With how many others it was compared.
    pub compared: usize,
    /// The other with the greatest share in common; null if none has anything, or the package is not Python.
    pub containment: Option<ContainedIn>,
}

/// Another package and what it has in common: `left` is the reviewed one, `right` the other.
#[derive(Debug, Serialize)]
pub struct ContainedIn {
    /// The other package as the caller named it.
    pub path: String,
    /// Shares, and lines where they are worth a look.
    #[serde(flatten)]
    pub lines: ContainmentLines,
}

/// What came of a review.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Verdict {
    Reviewed(Review),
    /// The package does not keep the contract or cannot be read, so there is nothing to review.
    Refused {
        error: ErrorView,
        accepted: bool,
    },
}

impl<'a> Reviewed<'a> {
    /// A package that was reviewed.
    pub fn accepted_or_not(path: &'a str, review: Review) -> Reviewed<'a> {
        Reviewed {
            path,
            verdict: Verdict::Reviewed(review),
            structure: None,
        }
    }

    /// With what was found of it in others, if that was looked for.
    pub fn beside(self, structure: Option<Structure>) -> Reviewed<'a> {
        Reviewed { structure, ..self }
    }

    /// A package that does not keep the contract.
    pub fn refused(path: &'a str, error: ErrorView) -> Reviewed<'a> {
        Reviewed {
            path,
            verdict: Verdict::Refused {
                error,
                accepted: false,
            },
            structure: None,
        }
    }

    /// Whether a service would run it.
    pub fn is_accepted(&self) -> bool {
        matches!(&self.verdict, Verdict::Reviewed(review) if review.accepted)
    }
}

fn paint(severity: Severity) -> Paint {
    match severity {
        Severity::Critical => Paint::Bad,
        Severity::Warning => Paint::Warning,
        Severity::Info => Paint::Faint,
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Violation => "violation",
        Effect::Suspicious => "suspicious",
        Effect::Advisory => "advisory",
    }
}

/// The verdict on one package and its findings, a line each.
pub fn table(reviewed: &Reviewed<'_>, display: Display) -> String {
    let color = display.color;
    let mut text = String::new();
    let path = escape::line(reviewed.path);
    // Writing to a String cannot fail.
    let review = match &reviewed.verdict {
        Verdict::Reviewed(review) => review,
        Verdict::Refused { error, .. } => {
            let refused = Paint::Bad.text("refused", color);
            let message = escape::line(&error.message);
            let _ = writeln!(text, "{path}: {refused}, {message} [{}]", error.code);
            return text;
        }
    };
    let verdict = match review.accepted {
        true => Paint::Good.text("accepted", color),
        false => Paint::Bad.text("rejected", color),
    };
    let advisories = match review.advisories.len() {
        1 => "1 advisory".to_owned(),
        several => format!("{several} advisories"),
    };
    let _ = writeln!(
        text,
        "{path}: {verdict}, {}, {} critical, {}, {} suspicious, {advisories}",
        count(review.files.len(), "Python file"),
        review.critical_count,
        count(review.warning_count, "warning"),
        review.suspicious_count,
    );
    text.push_str(&findings(review, display));
    text.push_str(&excerpts(review, display));
    if review.violations_omitted > 0 {
        let _ = writeln!(text, "  and {} more, not listed", review.violations_omitted);
    }
    if let Some(structure) = &reviewed.structure {
        text.push_str(&structure_text(structure, display));
    }
    if display.verbose {
        text.push_str(&symbols(review, display));
    }
    text
}

/// In which other package most was found, and where.
fn structure_text(structure: &Structure, display: Display) -> String {
    let Some(found) = &structure.containment else {
        let why = match structure.compared {
            0 => "it was compared with no other",
            _ => "nothing of it is found in the others",
        };
        return format!("  {why}\n");
    };
    let paint = match found.lines.containment.is_notable() {
        true => Paint::Warning,
        false => Paint::Faint,
    };
    let most = format!("most of it is found in {}", escape::line(&found.path));
    let text = containment_text(&found.lines, display);
    format!("  {}\n{text}", paint.text(&most, display.color))
}

/// What is in each file, for `-v`.
fn symbols(review: &Review, display: Display) -> String {
    let columns = ["  file", ">lines", ">functions", "imports", "structure"];
    let mut table = Table::new(&columns, display);
    for file in &review.files {
        let hash = file
            .structure_hash
            .as_deref()
            .and_then(|hash| hash.get(..12));
        table.row([
            (Paint::Plain, format!("  {}", file.path).as_str()),
            (Paint::Plain, file.line_count.to_string().as_str()),
            (Paint::Plain, file.functions.len().to_string().as_str()),
            (Paint::Plain, file.imports.join(" ").as_str()),
            (Paint::Faint, hash.unwrap_or("-")),
        ]);
    }
    format!("{}  harness {}\n", table.text(), review.harness_hash)
}

fn findings(review: &Review, display: Display) -> String {
    let mut table = Table::new(&["  place", "severity", "finding", ""], display);
    let mut any = false;
    for file in &review.files {
        for violation in &file.violations {
            any = true;
            // With an excerpt, the message stands below its line.
            let message = match violation.excerpt {
                Some(_) => None,
                None => violation.message.as_deref(),
            };
            table.row([
                (
                    Paint::Plain,
                    place(&file.path, violation.line, violation.column).as_str(),
                ),
                (paint(violation.severity), violation.severity.as_str()),
                (Paint::Plain, violation.pattern.as_str()),
                (Paint::Plain, message.unwrap_or("")),
            ]);
        }
        for pattern in &file.suspicious_patterns {
            any = true;
            table.row([
                (Paint::Plain, place(&file.path, None, None).as_str()),
                (Paint::Bad, "suspicious"),
                (Paint::Plain, pattern.as_str()),
                (Paint::Plain, ""),
            ]);
        }
    }
    for advisory in &review.advisories {
        any = true;
        table.row([
            (
                Paint::Plain,
                place(&advisory.file, advisory.line, advisory.column).as_str(),
            ),
            (Paint::Faint, "advisory"),
            (Paint::Plain, advisory.rule.as_str()),
            (Paint::Plain, advisory.message.as_str()),
        ]);
    }
    if any { table.text() } else { String::new() }
}

/// The lines of syntax errors, each with a caret below its place.
fn excerpts(review: &Review, display: Display) -> String {
    let mut text = String::new();
    let errors = review.files.iter().flat_map(|file| {
        let violations = file.violations.iter();
        violations.map(move |violation| (&file.path, violation))
    });
    for (path, violation) in errors {
        let (Some(excerpt), Some(message)) = (&violation.excerpt, &violation.message) else {
            continue;
        };
        // A tab is a blank here, so that the caret stands where it belongs.
        let shown = |part: &str| escape::line(&part.replace('\t', " "));
        let before: String = excerpt.text.chars().take(excerpt.caret).collect();
        let after: String = excerpt.text.chars().skip(excerpt.caret).collect();
        let (before, after) = (shown(&before), shown(&after));
        let margin = " ".repeat(before.width());
        let caret = Paint::Bad.text("^", display.color);
        let place = place(&escape::line(path), violation.line, violation.column);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "\n{place}\n    {before}{after}\n    {margin}{caret} {}",
            escape::line(message)
        );
    }
    text
}

/// `file:line:column`, both from 1 as editors count.
fn place(file: &str, line: Option<u32>, column: Option<u32>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!("  {file}:{line}:{}", column.saturating_add(1)),
        (Some(line), None) => format!("  {file}:{line}"),
        (None, _) => format!("  {file}"),
    }
}

/// Every rule, one line each.
pub fn rules_table(rules: &[Rule], display: Display) -> String {
    let mut table = Table::new(&["rule", "kind", "severity", "what it finds"], display);
    for rule in rules {
        table.row([
            (Paint::Plain, rule.id),
            (Paint::Faint, effect(rule.effect)),
            (paint(rule.severity), rule.severity.as_str()),
            (Paint::Plain, rule.summary),
        ]);
    }
    table.text()
}

/// One rule with its explanation and example.
pub fn explain_rule(rule: &Rule, display: Display) -> String {
    let severity = paint(rule.severity).text(rule.severity.as_str(), display.color);
    let example: Vec<String> = rule
        .example
        .lines()
        .map(|line| format!("    {line}"))
        .collect();
    format!(
        "{} ({}, {severity})\n{}\n\n{}\n\nExample:\n{}\n",
        rule.id,
        effect(rule.effect),
        rule.summary,
        rule.explanation,
        example.join("\n")
    )
}

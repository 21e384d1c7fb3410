//! What a review says: findings, per file and in sum.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Among violations: rejects the harness.
    Critical,
    /// Counts, but rejects nothing.
    Warning,
    /// Only shown.
    Info,
}

impl Severity {
    /// As it is written in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// A rule of the live service that a file breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// What was found, as the service writes it.
    pub pattern: String,
    /// How much it weighs.
    pub severity: Severity,
    /// 1-based.
    pub line: Option<u32>,
    /// 0-based, in UTF-8 bytes.
    pub column: Option<u32>,
    /// For `syntax_error`: what was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// For `syntax_error`: the line it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
}

/// A line of source, or the part of a long one around a place in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// Without its line end; `…` stands where it was cut.
    pub text: String,
    /// Where in `text` the place is, in characters from 0.
    pub caret: usize,
}

/// Characters shown before and after a place in a line.
const EXCERPT_CHARS: usize = 60;

impl Excerpt {
    /// The line (1-based) around a column (0-based, UTF-8 bytes).
    pub(super) fn of(source: &str, line: u32, column: u32) -> Option<Excerpt> {
        let text = source.split('\n').nth((line as usize).checked_sub(1)?)?;
        let (before, after) = text.split_at_checked(column as usize)?;
        let start = before.char_indices().rev().nth(EXCERPT_CHARS - 1);
        let end = after.char_indices().nth(EXCERPT_CHARS);
        let (kept, cut) = match start {
            Some((at, _)) if at > 0 => (&before[at..], "…"),
            _ => (before, ""),
        };
        let after = match end {
            Some((at, _)) => format!("{}…", &after[..at]),
            None => after.to_owned(),
        };
        Some(Excerpt {
            caret: cut.chars().count() + kept.chars().count(),
            text: format!("{cut}{kept}{after}"),
        })
    }
}

/// The findings in one Python file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReview {
    /// Relative to the workspace.
    pub path: String,
    /// Hash of the file's structure sequence; null if it does not parse.
    pub structure_hash: Option<String>,
    /// Names of all functions, sorted, duplicates kept.
    pub functions: Vec<String>,
    /// Imported modules, sorted, each once.
    pub imports: Vec<String>,
    /// In the order of the tree; not all of them where [`Review::violations_omitted`] is not 0.
    pub violations: Vec<Violation>,
    /// In the order of the rules.
    pub suspicious_patterns: Vec<String>,
    /// Lines as Python's `str.splitlines` counts them.
    pub line_count: usize,
}

/// Something the live service does not look for. Never changes the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisory {
    /// Identifier of the rule.
    pub rule: String,
    /// How much it matters to a reader.
    pub severity: Severity,
    /// Relative to the workspace.
    pub file: String,
    /// 1-based; null for a whole file and for the count of findings left out.
    pub line: Option<u32>,
    /// 0-based, in UTF-8 bytes.
    pub column: Option<u32>,
    /// What was found here.
    pub message: String,
}

/// The findings in a workspace, and the verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Python files, by path segments.
    pub files: Vec<FileReview>,
    /// Critical violations of all files.
    pub critical_count: usize,
    /// Violations of severity warning of all files.
    pub warning_count: usize,
    /// Suspicious patterns of all files.
    pub suspicious_count: usize,
    /// Identity of the reviewed code's structure.
    pub harness_hash: String,
    /// No critical violation and nothing suspicious.
    pub accepted: bool,
    /// Violations that are counted but not listed, because the files before had enough of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub violations_omitted: usize,
    /// By file, then by place.
    #[serde(default)]
    pub advisories: Vec<Advisory>,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How many violations there are, by severity.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    critical: usize,
    warning: usize,
    info: usize,
}

impl Counts {
    pub(super) fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Critical => self.critical += 1,
            Severity::Warning => self.warning += 1,
            Severity::Info => self.info += 1,
        }
    }

    pub(super) fn add_all(&mut self, other: Counts) {
        self.critical += other.critical;
        self.warning += other.warning;
        self.info += other.info;
    }

    pub(super) fn total(self) -> usize {
        self.critical + self.warning + self.info
    }
}

/// A violation or suspicious pattern with its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlatViolation {
    /// Relative to the workspace.
    pub file: String,
    /// What was found.
    pub pattern: String,
    /// How much it weighs.
    pub severity: Severity,
    /// 1-based; null for suspicious text.
    pub line: Option<u32>,
    /// 0-based, in UTF-8 bytes; null for suspicious text.
    pub column: Option<u32>,
}

impl Review {
    /// Adds up the files' findings; `counts` are of all violations, listed or not.
    pub(super) fn of(files: Vec<FileReview>, counts: Counts, advisories: Vec<Advisory>) -> Review {
        let listed: usize = files.iter().map(|file| file.violations.len()).sum();
        let suspicious_count = files
            .iter()
            .map(|file| file.suspicious_patterns.len())
            .sum();
        Review {
            critical_count: counts.critical,
            warning_count: counts.warning,
            suspicious_count,
            harness_hash: harness_hash(&files),
            accepted: counts.critical == 0 && suspicious_count == 0,
            violations_omitted: counts.total().saturating_sub(listed),
            advisories,
            files,
        }
    }

    /// All listed violations in one list, each file's suspicious patterns after its own violations.
    pub fn flat_violations(&self) -> Vec<FlatViolation> {
        self.files
            .iter()
            .flat_map(FileReview::flat_violations)
            .collect()
    }
}

impl FileReview {
    fn flat_violations(&self) -> impl Iterator<Item = FlatViolation> + '_ {
        let violations = self.violations.iter().map(|violation| FlatViolation {
            file: self.path.clone(),
            pattern: violation.pattern.clone(),
            severity: violation.severity,
            line: violation.line,
            column: violation.column,
        });
        let suspicious = self
            .suspicious_patterns
            .iter()
            .map(|pattern| FlatViolation {
                file: self.path.clone(),
                pattern: pattern.clone(),
                severity: Severity::Warning,
                line: None,
                column: None,
            });
        violations.chain(suspicious)
    }
}

/// SHA-256 of the lines `path:structure_hash:functions`, an absent hash empty, functions joined by
/// commas.
fn harness_hash(files: &[FileReview]) -> String {
    let mut hash = Sha256::new();
    for (position, file) in files.iter().enumerate() {
        if position > 0 {
            hash.update("\n");
        }
        let structure = file.structure_hash.as_deref().unwrap_or("");
        hash.update(format!("{}:{structure}:", file.path));
        for (position, function) in file.functions.iter().enumerate() {
            if position > 0 {
                hash.update(",");
            }
            hash.update(function);
        }
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

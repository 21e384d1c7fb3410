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
    /// In the order of the tree.
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
    /// By file, then by place.
    #[serde(default)]
    pub advisories: Vec<Advisory>,
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
    /// Adds up the files' findings.
    pub(super) fn of(files: Vec<FileReview>, advisories: Vec<Advisory>) -> Review {
        let count = |severity| {
            let violations = files.iter().flat_map(|file| &file.violations);
            violations
                .filter(|violation| violation.severity == severity)
                .count()
        };
        let critical_count = count(Severity::Critical);
        let warning_count = count(Severity::Warning);
        let suspicious_count = files
            .iter()
            .map(|file| file.suspicious_patterns.len())
            .sum();
        Review {
            critical_count,
            warning_count,
            suspicious_count,
            harness_hash: harness_hash(&files),
            accepted: critical_count == 0 && suspicious_count == 0,
            advisories,
            files,
        }
    }

    /// All violations in one list, each file's suspicious patterns after its own violations.
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
    let lines: Vec<String> = files
        .iter()
        .map(|file| {
            let hash = file.structure_hash.as_deref().unwrap_or("");
            format!("{}:{hash}:{}", file.path, file.functions.join(","))
        })
        .collect();
    let digest = Sha256::digest(lines.join("\n"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

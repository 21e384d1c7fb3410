//! The table of rules. Each entry is one rule: what it is called, what it weighs, what it says and
//! how it looks.
//!
//! Rules of the live service decide the verdict and come first; advisories only inform.

mod advice;
mod data;
mod execution;
mod modules;
mod obfuscation;
mod paths;
mod service;

use super::base64::has_large_blob;
use super::dotted::Call;
use super::finding::{Advisory, Severity};
use super::resolve::Names;
use crate::python::Tree;
pub(super) use advice::{advisories_of_data, advisories_of_parts, advisories_of_tree};
use serde::Serialize;
use std::sync::LazyLock;

/// What breaking a rule leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// A violation, as in the live service: counts, and rejects the harness if critical.
    Violation,
    /// Suspicious text, as in the live service: rejects the harness.
    Suspicious,
    /// A note that never changes the verdict.
    Advisory,
}

/// A rule of the review.
#[derive(Debug, Clone, Serialize)]
pub struct Rule {
    /// Identifier, in lower case with hyphens.
    pub id: &'static str,
    /// What a finding is reported as. (Suspicious text is reported as a warning, and rejects all
    /// the same.)
    pub severity: Severity,
    /// What a finding leads to.
    pub effect: Effect,
    /// One line.
    pub summary: &'static str,
    /// Why it matters and what is looked for.
    pub explanation: &'static str,
    /// A source (or data file) that breaks the rule; `…` stands for much more of the same.
    pub example: &'static str,
    #[serde(skip)]
    check: Check,
}

/// How a rule looks.
#[derive(Debug, Clone, Copy)]
enum Check {
    /// The source does not parse.
    Parse,
    /// Calls whose whole dotted name is one of these.
    CalledNames(&'static [&'static str]),
    /// Calls whose dotted name begins and ends with one of these pairs.
    CalledPairs(&'static [(&'static str, &'static str)]),
    /// The text occurs anywhere in the source.
    Text(&'static str),
    /// The source holds a large base64 blob.
    Blob,
    /// Calls that mean one of these paths, however it is reached; a trailing `*` is a prefix.
    Calls(&'static [&'static str]),
    /// Imports of these modules or of anything below them.
    Imports(&'static [&'static str]),
    /// Calls the service objects to, in a file that does not parse.
    Unparsed,
    /// Looks at a parsed file.
    File(fn(&File<'_>, &mut Findings<'_>)),
    /// Looks at a file that is not Python, and at text constants.
    Data(fn(&str, &[u8]) -> Option<String>),
}

/// A parsed file, as advisory rules see it.
struct File<'a> {
    source: &'a str,
    tree: &'a Tree,
    /// Whether the tree is of the whole file, and not of what could be read of it.
    parses: bool,
    names: Names<'a>,
    /// Every call with the paths its callee may mean and whether the service objects to it.
    calls: Vec<ResolvedCall>,
}

/// A call and what it may mean.
struct ResolvedCall {
    call: Call,
    meanings: Vec<String>,
    is_violation: bool,
}

/// Where one rule's findings in one file go: so many are kept, the rest are counted.
struct Findings<'a> {
    rule: &'a Rule,
    path: &'a str,
    found: Vec<Advisory>,
    left_out: usize,
}

/// Every rule, the live service's first.
pub fn rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        [
            service::RULES,
            execution::RULES,
            modules::RULES,
            paths::RULES,
            obfuscation::RULES,
            data::RULES,
        ]
        .concat()
    });
    &RULES
}

/// The rule with this identifier.
pub fn rule(id: &str) -> Option<&'static Rule> {
    rules().iter().find(|rule| rule.id == id)
}

/// The service's rule against calling this name.
pub(super) fn of_called_name(name: &str) -> Option<&'static Rule> {
    service::RULES.iter().find(|rule| match rule.check {
        Check::CalledNames(names) => names.contains(&name),
        _ => false,
    })
}

/// The service's rule against calling `first.….last`.
pub(super) fn of_called_pair(first: &str, last: &str) -> Option<&'static Rule> {
    service::RULES.iter().find(|rule| match rule.check {
        Check::CalledPairs(pairs) => pairs.contains(&(first, last)),
        _ => false,
    })
}

/// The service's suspicious patterns in a source, in the order of the rules.
pub(super) fn suspicious_text(source: &str) -> Vec<String> {
    let pattern = |rule: &Rule| match rule.check {
        Check::Text(text) => source.contains(text).then_some(text),
        Check::Blob => has_large_blob(source).then_some("large_base64_blob"),
        _ => None,
    };
    service::RULES
        .iter()
        .filter_map(pattern)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;

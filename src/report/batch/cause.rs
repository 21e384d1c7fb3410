//! Why a package has no good result, told so that equal causes are equal.
//!
//! A thousand failures are a handful of causes. Error texts name entries, lines and packages; here those are left out,
//! and each kind of cause comes with what to do next.

use crate::harness::Ending;
use crate::pipeline::{ItemError, SubmissionRecord, chain};
use crate::report::escape;
use crate::review::Severity;
use crate::similarity::Status;

/// Longest cause kept: the rest of a line tells a reader nothing more.
const CAUSE_CHARACTERS: usize = 120;

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// This machine could not evaluate the package.
    Machine,
    /// The package contract.
    Refused,
    /// The static review.
    Rejected,
    /// The harness ended badly.
    Harness,
    /// What it printed is no dataset, or one of the wrong size.
    Dataset,
    /// Its structure is an earlier one's.
    Copied,
}

/// One cause. Equal for all packages that fail alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cause {
    /// What kind.
    pub kind: Kind,
    /// In a line, escaped.
    pub text: String,
    /// What to do about it.
    pub next_step: String,
}

impl Kind {
    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Machine => "not evaluated",
            Kind::Refused => "refused",
            Kind::Rejected => "rejected by review",
            Kind::Harness => "harness failed",
            Kind::Dataset => "no valid dataset",
            Kind::Copied => "copied",
        }
    }

    fn next_step(self) -> &'static str {
        match self {
            Kind::Machine => "see `dfab preflight`, then run it again",
            Kind::Refused => "`dfab validate PACKAGE` names the entry",
            Kind::Rejected => "`dfab review PACKAGE` shows the lines",
            Kind::Harness => "`dfab exec PACKAGE` runs it alone and shows what it prints",
            Kind::Dataset => "`dfab exec PACKAGE | dfab score -` names the line",
            Kind::Copied => "`dfab similarity PACKAGE OTHER --regions` shows the parts",
        }
    }
}

impl Cause {
    /// Why a submission failed; none if it did not.
    pub fn of(record: &SubmissionRecord) -> Option<Cause> {
        let error = record.error.as_deref()?;
        let copied = record
            .plagiarism
            .as_ref()
            .is_some_and(|near| near.status == Status::Plagiarized);
        let (kind, text) = match (&record.static_review, &record.execution) {
            (None, _) => (Kind::Refused, contract(error)),
            (Some(review), None) if !review.accepted => (Kind::Rejected, finding(record)),
            (Some(_), Some(execution)) if execution.ending != Ending::Ok => {
                (Kind::Harness, ending(execution.ending, error))
            }
            _ if copied => (Kind::Copied, error.to_owned()),
            _ => (Kind::Dataset, without_line(error).to_owned()),
        };
        Some(Cause::new(kind, &text, None))
    }

    /// Why a package has no result.
    pub fn of_machine(error: &ItemError) -> Cause {
        let stage = error.stage().name();
        let text = match std::error::Error::source(error) {
            Some(source) => format!("{stage}: {}", chain(source)),
            None => format!("{stage}: {}", without_names(&error.to_string())),
        };
        // What is missing is the package, and nothing of the machine's.
        let without_hint = match error {
            ItemError::Unreadable(_) => Some("is the path right, and may it be read?".to_owned()),
            _ => None,
        };
        Cause::new(Kind::Machine, &text, error.hint().or(without_hint))
    }

    fn new(kind: Kind, text: &str, next_step: Option<String>) -> Cause {
        Cause {
            kind,
            text: escape::short(text, CAUSE_CHARACTERS),
            next_step: next_step.unwrap_or_else(|| kind.next_step().to_owned()),
        }
    }
}

/// A message of the contract without the entry it is about: three end in one, others quote it.
fn contract(error: &str) -> String {
    for message in [
        "unsafe ZIP path",
        "symlinks are not allowed",
        "file extension is not allowed",
    ] {
        if error.starts_with(message) {
            return message.to_owned();
        }
    }
    without_names(error)
}

/// What is in quotation marks becomes `…`.
fn without_names(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        let Some(end) = end_of_quoted(after) else {
            break;
        };
        shown.push_str(before);
        shown.push('…');
        rest = after.get(end + 1..).unwrap_or_default();
    }
    shown + rest
}

/// Where the quotation mark is that ends a name, which may hold escaped ones.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.char_indices()
        .find(|&(_, character)| {
            let ends = character == '"' && !is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            ends
        })
        .map(|(place, _)| place)
}

/// The first thing that alone would have rejected it.
fn finding(record: &SubmissionRecord) -> String {
    let files = record.static_review.iter().flat_map(|review| &review.files);
    let mut suspicious = None;
    for file in files {
        let critical = file
            .violations
            .iter()
            .find(|violation| violation.severity == Severity::Critical);
        if let Some(violation) = critical {
            return violation.pattern.clone();
        }
        suspicious = suspicious.or(file.suspicious_patterns.first());
    }
    suspicious.map_or_else(
        || "findings not listed".to_owned(),
        |found| format!("text: {found}"),
    )
}

/// How the harness ended; of a Python traceback the last line says most.
fn ending(ending: Ending, error: &str) -> String {
    let last = error.trim_end().lines().next_back().unwrap_or_default();
    match ending {
        Ending::Ok => last.to_owned(),
        Ending::Exit { code } => format!("exit {code}: {last}"),
        Ending::Signal { number } => format!("killed by signal {number}"),
        Ending::TimeoutWall => "time limit".to_owned(),
        Ending::TimeoutCpu => "processor time limit".to_owned(),
        Ending::Oom => "memory limit".to_owned(),
        Ending::OutputLimit => "output limit".to_owned(),
        Ending::BadOutput => "output path is no plain file".to_owned(),
    }
}

/// `line 7: cause` without the line.
fn without_line(error: &str) -> &str {
    let numbered = error
        .strip_prefix("line ")
        .and_then(|rest| rest.split_once(": "));
    match numbered {
        Some((number, cause)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            // What is wrong with a JSON text differs in each.
            cause
                .split_once("invalid JSON")
                .map_or(cause, |_| "invalid JSON")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(error: &str) -> SubmissionRecord {
        SubmissionRecord::refused("5F", "a.zip", "a.zip", error.to_owned())
    }

    fn text(error: &str) -> String {
        Cause::of(&refused(error)).unwrap().text
    }

    #[test]
    fn packages_refused_for_the_same_reason_have_one_cause() {
        let one = Cause::of(&refused("file extension is not allowed: run.sh"));
        assert_eq!(
            one,
            Cause::of(&refused("file extension is not allowed: a: b.exe"))
        );
        assert_eq!(one.unwrap().kind, Kind::Refused);
        assert_eq!(
            text("entry \"a\\\"b.py\": CRC mismatch"),
            "entry …: CRC mismatch"
        );
        assert_eq!(text("ends \"in the middle"), "ends \"in the middle");
    }

    #[test]
    fn of_a_package_that_is_not_there_the_path_is_doubted_and_not_the_machine() {
        let missing = crate::package::PackageError::Io {
            path: "a.zip".into(),
            source: std::io::ErrorKind::NotFound.into(),
        };
        let cause = Cause::of_machine(&ItemError::Unreadable(missing));
        assert_eq!(cause.next_step, "is the path right, and may it be read?");
    }

    #[test]
    fn the_place_in_a_dataset_is_no_part_of_the_cause() {
        assert_eq!(
            without_line("line 12: messages must be a list"),
            "messages must be a list"
        );
        assert_eq!(
            without_line("line 3: invalid JSON: expected value"),
            "invalid JSON"
        );
        assert_eq!(without_line("dataset is empty"), "dataset is empty");
        assert_eq!(without_line("line x: y"), "line x: y");
    }

    #[test]
    fn the_last_line_of_a_traceback_is_the_cause() {
        let error = "Traceback (most recent call last):\n  File \"h.py\"\nKeyError: 'x'\n";
        assert_eq!(
            ending(Ending::Exit { code: 1 }, error),
            "exit 1: KeyError: 'x'"
        );
        assert_eq!(ending(Ending::TimeoutWall, error), "time limit");
    }

    #[test]
    fn a_cause_is_one_harmless_line() {
        let shown = text(&format!("a\u{1b}[2J\n{}", "b".repeat(1000)));
        assert!(shown.starts_with("a\\x1b[2J\\nb"), "{shown}");
        assert_eq!(shown.chars().count(), CAUSE_CHARACTERS);
    }

    #[test]
    fn machine_failures_with_different_packages_are_one_cause() {
        let cause = |package: &str| {
            let source = std::io::Error::from_raw_os_error(28);
            Cause::of_machine(&ItemError::Workspace {
                package: package.to_owned(),
                source,
            })
        };
        assert_eq!(cause("a.zip"), cause("b.zip"));
        assert!(
            cause("a.zip").text.starts_with("execute: No space left"),
            "{:?}",
            cause("a.zip")
        );
        assert!(cause("a.zip").next_step.contains("TMPDIR"));
    }
}

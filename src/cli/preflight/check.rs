//! One line of the answer.

use serde::Serialize;

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One line of the answer.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) verdict: Verdict,
    pub(super) detail: String,
    pub(super) hint: Option<String>,
}

impl Check {
    pub(super) fn new(name: &str, verdict: Verdict, detail: impl Into<String>) -> Check {
        Check {
            name: name.to_owned(),
            verdict,
            detail: detail.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Check {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn has_failed(&self) -> bool {
        self.verdict == Verdict::Fail
    }

    pub(super) fn failed(name: &str, error: &dyn std::error::Error, hint: Option<String>) -> Check {
        let detail = crate::pipeline::chain(error);
        Check {
            name: name.to_owned(),
            verdict: Verdict::Fail,
            detail,
            hint,
        }
    }
}

/// Bytes for people: one decimal of the largest unit that fits.
pub(super) fn size(bytes: u64) -> String {
    for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift {
            return format!("{:.1} {unit}", bytes as f64 / (1_u64 << shift) as f64);
        }
    }
    format!("{bytes} bytes")
}

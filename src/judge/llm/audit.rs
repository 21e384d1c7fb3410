//! The model's audit of a package that is near another.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{reply, short};

/// From this confidence on the model's word makes a copy (the live service's rule).
const CONVINCING: f64 = 0.75;
/// Characters of the model's reasoning that are kept.
const MAX_REASONING: usize = 4000;
/// Bytes of the model's notes, as JSON, that are kept.
const MAX_NOTES: usize = 64 << 10;

/// A language model's verdict on a pair of packages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Whether it takes the later one for a copy.
    pub is_plagiarism: bool,
    /// How sure it is, in [0, 1].
    pub confidence: f64,
    /// Why.
    pub reasoning: String,
    /// Its notes: whatever it thought worth listing.
    pub audit: Map<String, Value>,
}

impl Audit {
    /// Whether it is sure enough for the package to count as plagiarized.
    pub fn convicts(&self) -> bool {
        self.is_plagiarism && self.confidence >= CONVINCING
    }
}

/// Reads an answer. It can cost a miner most of a score, so it must be whole: nothing is clamped or filled in.
pub(super) fn read(mut object: Map<String, Value>) -> Result<Audit, String> {
    let is_plagiarism = match object.get("is_plagiarism") {
        Some(Value::Bool(verdict)) => *verdict,
        _ => return Err("is_plagiarism is not true or false".to_owned()),
    };
    let confidence = reply::number(&object, "confidence")?
        .filter(|confidence| (0.0..=1.0).contains(confidence))
        .ok_or("confidence is not a number from 0 to 1")?;
    let reasoning = reply::text(&object, "reasoning")?
        .map(str::trim)
        .filter(|reasoning| !reasoning.is_empty())
        .map(|reasoning| short(reasoning, MAX_REASONING))
        .ok_or("it gives no reasoning")?;
    let Some(Value::Object(audit)) = object.remove("audit") else {
        return Err("audit is not an object".to_owned());
    };
    let length = serde_json::to_string(&audit).map_or(usize::MAX, |notes| notes.len());
    if length > MAX_NOTES {
        return Err(format!("its audit is longer than {MAX_NOTES} bytes"));
    }
    Ok(Audit {
        is_plagiarism,
        confidence,
        reasoning,
        audit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(value: Value) -> Result<Audit, String> {
        read(value.as_object().cloned().unwrap())
    }

    fn with(key: &str, value: Value) -> Value {
        let mut whole =
            json!({"is_plagiarism": true, "confidence": 0.8, "reasoning": "same", "audit": {}});
        match value {
            Value::Null => drop(whole.as_object_mut().unwrap().remove(key)),
            value => whole[key] = value,
        }
        whole
    }

    #[test]
    fn three_quarters_convict_and_less_does_not() {
        for (verdict, confidence, convicts) in [
            (true, 0.75, true),
            (true, 1.0, true),
            (true, 0.749_999, false),
            (false, 1.0, false),
        ] {
            let mut value = with("confidence", json!(confidence));
            value["is_plagiarism"] = json!(verdict);
            assert_eq!(answer(value).unwrap().convicts(), convicts);
        }
    }

    #[test]
    fn an_answer_that_is_not_whole_is_refused() {
        assert!(answer(with("", Value::Null)).is_ok());
        for (key, value) in [
            ("is_plagiarism", Value::Null),
            ("is_plagiarism", json!("true")),
            ("is_plagiarism", json!(1)),
            ("confidence", Value::Null),
            ("confidence", json!(1.01)),
            ("confidence", json!(-0.01)),
            ("confidence", json!("0.9")),
            ("reasoning", Value::Null),
            ("reasoning", json!("  ")),
            ("reasoning", json!(["same"])),
            ("audit", Value::Null),
            ("audit", json!("none")),
            ("audit", json!([])),
            ("audit", json!({"notes": "x".repeat(MAX_NOTES)})),
        ] {
            assert!(answer(with(key, value.clone())).is_err(), "{key}: {value}");
        }
    }
}

//! Field by field, with the allowances two programs need: numbers to 1e-9, words that are each program's own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Comparison, Difference, MOST_DIFFERENCES};
use crate::pipeline::SubmissionRecord;

/// What scores and metrics may differ by.
const TOLERANCE: f64 = 1e-9;
/// Characters of a text that are repeated in a difference.
const MAX_TEXT: usize = 2000;
/// Files of a stored review that are looked at; a package has fewer.
const MAX_FILES: usize = 10_000;

/// Compares a record with the columns the service stored of the submission.
pub fn differences(record: &SubmissionRecord, stored: &Map<String, Value>) -> Comparison {
    let column = |name: &str| stored.get(name).unwrap_or(&Value::Null);
    if let Some(status @ ("pending" | "running")) = column("status").as_str() {
        return Comparison::NotCompared {
            not_compared: format!("the service has no result yet: its status is {status}"),
        };
    }
    let mut found = Found::default();
    found.add("id", column("id").clone(), json!(record.id));
    found.add("hotkey", column("hotkey").clone(), json!(record.hotkey));
    // Older services did not keep it.
    if !column("artifact_hash").is_null() {
        let hash = json!(record.artifact_hash);
        found.add("artifact_hash", column("artifact_hash").clone(), hash);
    }
    found.add("status", column("status").clone(), json!(record.status));
    found.add("score", column("score").clone(), json!(record.score));
    found.add("passed", boolean(column("passed")), json!(record.passed));
    for (name, ours) in [
        ("conversation_count", record.conversation_count as u64),
        ("total_messages", record.total_messages as u64),
        ("size_bytes", record.size_bytes),
    ] {
        found.add(name, column(name).clone(), json!(ours));
    }
    found.errors(column("error"), record);

    let metrics = parsed(column("metrics_json"));
    let result = metrics
        .get("result")
        .and_then(|result| result.get("metrics"));
    let ours = json!(record.metrics);
    for (name, ours) in ours.as_object().into_iter().flatten() {
        // A submission that failed early has none, which is as good as 0.
        let stored = result.and_then(|metrics| metrics.get(name));
        let stored = stored.cloned().unwrap_or(json!(0.0));
        found.add(&format!("metrics.{name}"), stored, ours.clone());
    }
    if let Value::String(text) = &metrics {
        found.add("metrics_json", json!(text), json!("JSON"));
    }
    // Either column may be null where `metrics_json` has the same object.
    let object = |name: &str, inside: &str| match parsed(column(name)) {
        Value::Null => metrics.get(inside).cloned().unwrap_or(Value::Null),
        object => object,
    };
    found.reviews(&object("static_review_json", "static_review"), record);
    found.neighbours(&object("plagiarism_json", "plagiarism"), record);
    found.finish()
}

/// The JSON in a column; its text where it is none.
fn parsed(column: &Value) -> Value {
    match column.as_str() {
        Some(text) => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        None => column.clone(),
    }
}

/// SQLite has no booleans: services store 0 and 1.
fn boolean(column: &Value) -> Value {
    match column.as_i64() {
        Some(0) => json!(false),
        Some(1) => json!(true),
        _ => column.clone(),
    }
}

#[derive(Default)]
struct Found {
    differences: Vec<Difference>,
    left_out: usize,
}

impl Found {
    fn add(&mut self, field: &str, stored: Value, dfab: Value) {
        if same(&stored, &dfab) {
            return;
        }
        if self.differences.len() >= MOST_DIFFERENCES {
            self.left_out += 1;
            return;
        }
        self.differences.push(Difference {
            field: short(field),
            stored: shown(stored),
            dfab: shown(dfab),
        });
    }

    /// Texts of the harness's own differ by paths and interpreters, and why JSON cannot be read is said by each program
    /// in its own words: of the first the last line counts, of the second all but the reason.
    fn errors(&mut self, stored: &Value, record: &SubmissionRecord) {
        let run_failed = record
            .execution
            .as_ref()
            .is_some_and(|execution| execution.returncode != 0);
        let core = |text: &str| -> String {
            let text = text
                .split_once("invalid JSON: ")
                .map_or(text, |(before, _)| before);
            let last = text.trim_end().lines().next_back().unwrap_or_default();
            match run_failed {
                true => last.to_owned(),
                false => text.to_owned(),
            }
        };
        let alike = match (stored.as_str(), &record.error) {
            (Some(stored), Some(ours)) => core(stored) == core(ours),
            // No error is stored as null or as nothing.
            (stored, ours) => stored.unwrap_or_default() == ours.as_deref().unwrap_or_default(),
        };
        let is_text = matches!(stored, Value::Null | Value::String(_));
        if !(alike && is_text) {
            self.add("error", stored.clone(), json!(record.error));
        }
    }

    fn reviews(&mut self, stored: &Value, record: &SubmissionRecord) {
        let review = record.static_review.as_ref();
        let theirs = stored.get("harness_hash").cloned().unwrap_or(Value::Null);
        let ours = json!(review.map(|review| &review.harness_hash));
        self.add("static_review.harness_hash", theirs, ours);
        // Without them the hash above speaks for all: it is made of theirs.
        let Some(files) = stored.get("files").and_then(Value::as_array) else {
            return;
        };
        let mut hashes: BTreeMap<&str, (Value, Value)> = BTreeMap::new();
        let absent = || json!("(no such file)");
        for file in files.iter().take(MAX_FILES) {
            if let Some(path) = file.get("path").and_then(Value::as_str) {
                let hash = file.get("structure_hash").cloned().unwrap_or(Value::Null);
                hashes.insert(path, (hash, absent()));
            }
        }
        for file in review.into_iter().flat_map(|review| &review.files) {
            let entry = hashes.entry(&file.path);
            entry.or_insert_with(|| (absent(), absent())).1 = json!(file.structure_hash);
        }
        for (path, (theirs, ours)) in hashes {
            self.add(
                &format!("static_review.{path}.structure_hash"),
                theirs,
                ours,
            );
        }
    }

    fn neighbours(&mut self, stored: &Value, record: &SubmissionRecord) {
        let ours = json!(record.plagiarism);
        if stored.is_null() || ours.is_null() || !stored.is_object() {
            return self.add("plagiarism", stored.clone(), ours);
        }
        for name in ["submission_id", "hotkey", "score", "status"] {
            let of = |object: &Value| object.get(name).cloned().unwrap_or(Value::Null);
            self.add(&format!("plagiarism.{name}"), of(stored), of(&ours));
        }
    }

    fn finish(mut self) -> Comparison {
        if self.left_out > 0 {
            self.differences.push(Difference {
                field: format!("({} more)", self.left_out),
                stored: Value::Null,
                dfab: Value::Null,
            });
        }
        Comparison::Compared {
            equal: self.differences.is_empty(),
            differences: self.differences,
        }
    }
}

/// Numbers to the tolerance, whether written as whole ones or not; everything else exactly.
fn same(stored: &Value, dfab: &Value) -> bool {
    match (stored.as_f64(), dfab.as_f64()) {
        (Some(stored), Some(dfab)) => (stored - dfab).abs() <= TOLERANCE,
        _ => stored == dfab,
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A value of bounded length.
fn shown(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(short(&text)),
        Value::Array(_) | Value::Object(_) => {
            let text = value.to_string();
            match text.len() > MAX_TEXT {
                true => Value::String(short(&text)),
                false => value,
            }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> SubmissionRecord {
        SubmissionRecord {
            id: Some("i".to_owned()),
            score: 0.5,
            ..SubmissionRecord::refused("k", "p", "f", "line 3: invalid JSON: ours".to_owned())
        }
    }

    fn stored() -> Map<String, Value> {
        let columns = json!({
            "id": "i", "hotkey": "k", "artifact_hash": null, "status": "failed", "score": 0.5 + 1e-10, "passed": 0,
            "conversation_count": 0, "total_messages": 0.0, "size_bytes": 0,
            "error": "line 3: invalid JSON: theirs",
            "metrics_json": "{\"result\": {\"metrics\": {\"format_score\": 0}}}",
            "static_review_json": null, "plagiarism_json": null,
        });
        columns.as_object().cloned().unwrap()
    }

    fn fields(stored: &Map<String, Value>) -> Vec<String> {
        match differences(&record(), stored) {
            Comparison::Compared { equal, differences } => {
                assert_eq!(equal, differences.is_empty());
                differences.into_iter().map(|one| one.field).collect()
            }
            Comparison::NotCompared { .. } => panic!("not compared"),
        }
    }

    #[test]
    fn what_each_program_says_in_its_own_way_is_no_difference() {
        assert_eq!(fields(&stored()), Vec::<String>::new());
    }

    #[test]
    fn every_field_that_differs_is_named() {
        for (column, value, field) in [
            ("id", json!("j"), "id"),
            ("hotkey", json!(null), "hotkey"),
            ("artifact_hash", json!("ab"), "artifact_hash"),
            ("status", json!("completed"), "status"),
            ("status", json!(7), "status"),
            ("score", json!(0.5 + 1e-8), "score"),
            ("score", json!("0.5"), "score"),
            ("passed", json!(1), "passed"),
            ("passed", json!(2), "passed"),
            ("total_messages", json!(1), "total_messages"),
            ("size_bytes", json!(null), "size_bytes"),
            ("error", json!("line 4: invalid JSON: ours"), "error"),
            ("error", json!(null), "error"),
            ("error", json!(0), "error"),
            (
                "metrics_json",
                json!("{\"result\": {\"metrics\": {\"quality_score\": 0.1}}}"),
                "metrics.quality_score",
            ),
            ("metrics_json", json!("{\"result\": NaN}"), "metrics_json"),
            (
                "static_review_json",
                json!("{\"harness_hash\": \"ab\"}"),
                "static_review.harness_hash",
            ),
            (
                "static_review_json",
                json!("{\"files\": [{\"path\": \"a.py\"}]}"),
                "static_review.a.py.structure_hash",
            ),
            ("plagiarism_json", json!("{\"score\": 1}"), "plagiarism"),
            ("plagiarism_json", json!("[]"), "plagiarism"),
        ] {
            let mut stored = stored();
            stored.insert(column.to_owned(), value);
            assert_eq!(fields(&stored), [field]);
        }
    }

    #[test]
    fn a_stored_record_of_any_size_gives_a_bounded_answer() {
        let files: Vec<Value> = (0..20_000)
            .map(|n| json!({"path": format!("{n}.py"), "structure_hash": "x"}))
            .collect();
        let mut stored = stored();
        stored.insert(
            "static_review_json".to_owned(),
            json!(json!({"files": files}).to_string()),
        );
        stored.insert("error".to_owned(), json!("e".repeat(1 << 20)));
        let fields = fields(&stored);
        assert_eq!(fields.len(), MOST_DIFFERENCES + 1);
        assert_eq!(fields[MOST_DIFFERENCES], "(9901 more)");
        let whole = serde_json::to_string(&differences(&record(), &stored)).unwrap();
        assert!(whole.len() < 100_000, "{}", whole.len());
    }

    #[test]
    fn a_submission_that_the_service_has_not_finished_is_not_compared() {
        let mut stored = stored();
        stored.insert("status".to_owned(), json!("running"));
        assert!(matches!(
            differences(&record(), &stored),
            Comparison::NotCompared { .. }
        ));
    }
}

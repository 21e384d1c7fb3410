//! Packages in order of arrival get the live service's harness hashes and nearest neighbours.

use dfab::review::{Source, package_sequence, review};
use dfab::similarity::{Sequence, nearest, status};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Submissions before one that are compared with it, by default.
const WINDOW: usize = 50;

fn parity() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity")
}

fn json_file(path: &str) -> Vec<Value> {
    serde_json::from_slice(&std::fs::read(parity().join(path)).unwrap()).unwrap()
}

fn unzipped(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

/// An earlier submission: its record and sequence.
struct Earlier {
    record: Value,
    sequence: Option<Sequence>,
}

fn neighbour(sequence: &Sequence, earlier: &[Earlier]) -> Value {
    let newest_first = earlier.iter().rev().take(WINDOW);
    let comparable: Vec<_> = newest_first
        .filter_map(|one| Some((&one.record, one.sequence.as_ref()?)))
        .collect();
    let sequences: Vec<_> = comparable.iter().map(|(_, sequence)| *sequence).collect();
    let Some((index, score)) = nearest(sequence, &sequences) else {
        return Value::Null;
    };
    json!({
        "submission_id": comparable[index].0["submission_id"],
        "hotkey": comparable[index].0["hotkey"],
        "score": score,
        "status": status(score),
    })
}

#[test]
fn hashes_and_neighbours_equal_the_services() {
    let records = json_file("packages.expected.json");
    assert_eq!(json_file("packages/order.json").len(), records.len());
    let mut earlier: Vec<Earlier> = Vec::new();
    let mut compared = 0;
    for record in records {
        let name = record["package"].as_str().unwrap();
        let files = unzipped(&parity().join("packages").join(name));
        let sources: Vec<_> = files
            .iter()
            .map(|(path, bytes)| Source { path, bytes })
            .collect();
        let reviewed = review(&sources);
        assert_eq!(
            reviewed.review.harness_hash, record["harness_hash"],
            "{name}"
        );
        assert_eq!(reviewed.review.accepted, record["accepted"], "{name}");
        let mut violations = serde_json::to_value(reviewed.review.flat_violations()).unwrap();
        for violation in violations.as_array_mut().unwrap() {
            if violation["pattern"] == "syntax_error" {
                violation["line"] = Value::Null;
                violation["column"] = Value::Null;
            }
        }
        assert_eq!(violations, record["violations"], "{name}");
        let sequence = package_sequence(&reviewed, &sources);
        // Runs that fail or are rejected are not compared themselves, though others are with them.
        if let (Some(sequence), Value::Object(_)) = (&sequence, &record["plagiarism"]) {
            assert_eq!(
                neighbour(sequence, &earlier),
                record["plagiarism"],
                "{name}"
            );
            compared += 1;
        }
        earlier.push(Earlier { record, sequence });
    }
    assert_eq!(compared, 11);
}

//! The review of a workspace equals the live service's, finding by finding.

use dfab::review::{Source, Violation, package_sequence, review};
use dfab::similarity::Sequence;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn parity() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/review")
}

/// Path and bytes of every file below a folder.
fn files(folder: &Path, prefix: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path(), &format!("{path}/")));
        } else {
            found.push((path, std::fs::read(entry.path()).unwrap()));
        }
    }
    found
}

fn sources(files: &[(String, Vec<u8>)]) -> Vec<Source<'_>> {
    files
        .iter()
        .map(|(path, bytes)| Source { path, bytes })
        .collect()
}

/// A violation as the service lists it; where a syntax error is said to be is our own.
fn listed(violation: &Violation) -> Value {
    match &*violation.pattern {
        "syntax_error" => json!({"pattern": "syntax_error", "severity": violation.severity}),
        _ => serde_json::to_value(violation).unwrap(),
    }
}

#[test]
fn every_file_and_the_verdict_equal_the_services() {
    let text = std::fs::read_to_string(parity().join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let files = files(&parity().join("tree"), "");
    let reviewed = review(&sources(&files));
    let found = &reviewed.review;
    let expected_files = expected["files"].as_object().unwrap();
    let paths: Vec<_> = found.files.iter().map(|file| &file.path).collect();
    assert_eq!(paths.len(), expected_files.len());
    for file in &found.files {
        let violations: Vec<_> = file.violations.iter().map(listed).collect();
        let mut found = serde_json::to_value(file).unwrap();
        found["violations"] = json!(violations);
        let mut expected = expected_files[&file.path].clone();
        expected["path"] = json!(file.path);
        if file.structure_hash.is_none() {
            // Only where it is, not that it is.
            for violation in expected["violations"].as_array_mut().unwrap() {
                violation
                    .as_object_mut()
                    .unwrap()
                    .retain(|key, _| key == "pattern" || key == "severity");
            }
        }
        assert_eq!(found, expected);
    }
    for key in [
        "critical_count",
        "warning_count",
        "suspicious_count",
        "harness_hash",
        "accepted",
    ] {
        assert_eq!(
            serde_json::to_value(found).unwrap()[key],
            expected[key],
            "{key}"
        );
    }
}

#[test]
fn files_are_in_segment_order_whatever_the_given_order() {
    let mut files = files(&parity().join("tree"), "");
    let first = review(&sources(&files));
    files.reverse();
    let second = review(&sources(&files));
    assert_eq!(first.review, second.review);
    let paths: Vec<_> = first.review.files.iter().map(|file| &*file.path).collect();
    assert_eq!(&paths[..3], ["a/b/c.py", "a.d/e.py", "a.py"]);
}

#[test]
fn trees_together_equal_the_combined_source() {
    let mut files = files(&parity().join("tree"), "");
    let all = review(&sources(&files));
    assert!(
        package_sequence(&all, &sources(&files)).is_none(),
        "some files do not parse"
    );
    let parses = |path: &str| {
        all.trees
            .iter()
            .any(|(tree_path, tree)| tree_path == path && tree.is_some())
    };
    files.retain(|(path, _)| parses(path));
    let texts: Vec<_> = files
        .iter()
        .map(|(path, bytes)| (&**path, dfab::python::decode(bytes)))
        .collect();
    let texts: Vec<_> = texts.iter().map(|(path, text)| (*path, &**text)).collect();
    let source = dfab::similarity::combined_source(&texts);
    let tree = dfab::python::parse(&source).unwrap();
    let some = review(&sources(&files));
    let sequence = package_sequence(&some, &sources(&files)).unwrap();
    assert_eq!(sequence, Sequence::of_tree(&tree));
}

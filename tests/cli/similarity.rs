//! `dfab similarity`

mod base_and_old;
mod containment;
mod shown;
mod stored;

use crate::support::Place;

const ONE: &str = "def total(items):\n    result = 0\n    for item in items:\n        if item > 3:\n            result += item * 2\n    return result\n";
const RENAMED: &str = "def summe(dinge):\n    ergebnis = 0\n    for ding in dinge:\n        if ding > 4:\n            ergebnis += ding * 7\n    return ergebnis\n";
const OTHER: &str = "import json\nprint(json.dumps({'a': [1, 2, 3]}))\n";

fn place() -> Place {
    let place = Place::new();
    place.file("one.py", ONE);
    place.file("renamed.py", RENAMED);
    place.zip("other.zip", &[("harness.py", OTHER)]);
    place
}

#[test]
fn all_pairs_are_compared_in_the_order_given() {
    let place = place();
    let ran = place
        .dfab(&[
            "similarity",
            "one.py",
            "renamed.py",
            "other.zip",
            "--format",
            "json",
        ])
        .exits(1);
    let document = ran.json();
    let pairs = document["comparisons"].as_array().expect("comparisons");
    assert_eq!(pairs.len(), 3);
    assert_eq!(
        (&pairs[0]["left"], &pairs[0]["right"]),
        (&"one.py".into(), &"renamed.py".into())
    );
    assert_eq!(pairs[0]["score"], 100);
    assert_eq!(pairs[0]["status"], "plagiarized");
    assert_eq!(document["plagiarized"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        document["clusters"],
        serde_json::json!([["one.py", "renamed.py"]])
    );
}

#[test]
fn the_nearest_neighbour_of_each_can_be_asked_for() {
    let place = place();
    let ran = place
        .dfab(&[
            "similarity",
            "--nearest",
            "one.py",
            "renamed.py",
            "other.zip",
            "--format",
            "json",
        ])
        .exits(1);
    let nearest = ran.json()["nearest"].clone();
    assert_eq!(nearest[0]["path"], "one.py");
    assert_eq!(nearest[0]["neighbor"], "renamed.py");
    assert_eq!(nearest[1]["neighbor"], "one.py");
}

#[test]
fn aligned_lines_are_named() {
    let place = place();
    let ran = place
        .dfab(&[
            "similarity",
            "--regions",
            "one.py",
            "renamed.py",
            "--exit-zero",
        ])
        .exits(0);
    assert!(ran.stdout.contains("one.py:1-6"), "{}", ran.stdout);
    assert!(ran.stdout.contains("renamed.py:1-6"), "{}", ran.stdout);
}

#[test]
fn one_source_is_too_few_and_said_to_be() {
    let place = place();
    place
        .dfab(&["similarity", "one.py"])
        .exits(0)
        .says("nothing to compare it with");
    place
        .dfab(&[
            "similarity",
            "one.py",
            "other.zip",
            "--nearest",
            "--min",
            "99",
        ])
        .exits(0)
        .prints("no neighbours to show");
}

#[test]
fn low_pairs_can_be_left_out() {
    let place = place();
    let arguments = [
        "similarity",
        "--min",
        "97",
        "one.py",
        "renamed.py",
        "other.zip",
        "--format",
        "jsonl",
    ];
    assert_eq!(place.dfab(&arguments).exits(1).json_lines().len(), 1);
}

#[test]
fn a_source_that_is_not_python_is_named_and_the_rest_compared() {
    let place = place();
    place.file("broken.py", "def (:\n");
    let ran = place
        .dfab(&[
            "similarity",
            "one.py",
            "broken.py",
            "other.zip",
            "--format",
            "jsonl",
        ])
        .exits(1);
    assert!(ran.stderr.contains("broken.py"), "{}", ran.stderr);
    assert_eq!(ran.json_lines().len(), 1);
}

#[test]
fn a_source_that_cannot_be_read_is_the_machines_fault() {
    let place = place();
    place
        .dfab(&["similarity", "one.py", "gone.py"])
        .exits(3)
        .says("gone.py");
}

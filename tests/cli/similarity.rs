//! `dfab similarity`

use std::fs;

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

/// A database with two packages, and one more package.
fn stored() -> Place {
    let place = place();
    place.zip("5A.zip", &[("harness.py", ONE)]);
    place.zip("5B.zip", &[("harness.py", OTHER)]);
    place.zip("new.zip", &[("harness.py", RENAMED)]);
    place.file("list.csv", "5A.zip,5A\n5B.zip,5B\n");
    place.dfab(&["run", "@list.csv", "--exit-zero"]).exits(0);
    place
}

#[test]
fn stored_packages_of_the_database_are_compared_by_hotkey_and_submission() {
    let place = stored();
    let arguments = [
        "similarity",
        "new.zip",
        "--stored",
        "--nearest",
        "--format",
        "json",
    ];
    let nearest = place.dfab(&arguments).exits(1).json()["nearest"].clone();
    assert_eq!(nearest[0]["path"], "new.zip");
    assert_eq!(nearest[0]["score"], 100);
    let neighbour = nearest[0]["neighbor"].as_str().expect("a neighbour");
    let id = neighbour.strip_prefix("5A/").expect("a hotkey");
    assert!(place.path("artifacts").join(id).is_dir(), "{id}");
    // In the order of arrival, and without anything beside them too.
    assert_eq!(nearest[1]["path"], neighbour);
    let alone = place
        .dfab(&["similarity", "--stored", "--format", "json"])
        .exits(0);
    let pairs = alone.json()["comparisons"].clone();
    assert_eq!(pairs.as_array().map(Vec::len), Some(1));
    assert_eq!(pairs[0]["left"], neighbour);
}

#[test]
fn a_folder_of_stored_packages_is_compared_without_a_database() {
    let place = stored();
    fs::rename(place.path("artifacts"), place.path("kept")).unwrap();
    fs::remove_file(place.path("dfab.sqlite3")).unwrap();
    let ran = place
        .dfab(&["similarity", "kept", "new.zip", "--format", "json"])
        .exits(1);
    let document = ran.json();
    assert_eq!(document["comparisons"].as_array().map(Vec::len), Some(3));
    let copied = document["plagiarized"][0]["left"].as_str().expect("a path");
    assert!(place.path(copied).join("source.zip").is_file(), "{copied}");
}

#[test]
fn stored_fingerprints_are_compared_without_their_packages() {
    let place = stored();
    fs::remove_dir_all(place.path("artifacts")).unwrap();
    let ran = place
        .dfab(&[
            "similarity",
            "--stored",
            "new.zip",
            "--nearest",
            "--format",
            "json",
        ])
        .exits(1);
    assert_eq!(ran.json()["nearest"][0]["score"], 100);
    // Lines can only be shown of sources.
    place
        .dfab(&[
            "similarity",
            "--stored",
            "one.py",
            "renamed.py",
            "--regions",
        ])
        .exits(3)
        .says("5A/")
        .prints("renamed.py");
    place.dfab(&["similarity"]).exits(2).says("PATH");
    place
        .dfab(&["similarity", "--stored", "--database", "none.db"])
        .exits(3)
        .says("none.db");
}

#[test]
fn a_damaged_fingerprint_is_named_and_made_again_from_its_package() {
    let place = stored();
    let damage = || {
        let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).unwrap();
        // The other submission's, digest included.
        let sql = "UPDATE fingerprints SET (sequence, digest) =
            (SELECT sequence, digest FROM fingerprints ORDER BY submission_id LIMIT 1)";
        assert!(database.execute(sql, []).unwrap() >= 2);
    };
    let arguments = [
        "similarity",
        "new.zip",
        "--stored",
        "--nearest",
        "--format",
        "json",
    ];
    let sound = place.dfab(&arguments).exits(1).json();
    damage();
    let ran = place.dfab(&arguments).exits(1).says("cannot be believed");
    assert_eq!(ran.json(), sound);
    // A run does not only notice: it stores what it made again.
    place
        .dfab(&["run", "new.zip", "--hotkey", "5C", "--exit-zero"])
        .exits(0);
    let kept = place.dfab(&arguments).exits(1);
    assert!(
        !kept.stderr.contains("cannot be believed"),
        "{}",
        kept.stderr
    );
    // Without the package there is nothing to make it from.
    damage();
    fs::remove_dir_all(place.path("artifacts")).unwrap();
    place
        .dfab(&arguments)
        .exits(3)
        .says("cannot be believed")
        .says("source.zip");
}

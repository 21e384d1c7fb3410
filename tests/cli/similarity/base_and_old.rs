//! Code that everybody was given, and old packages beside new ones.

use std::fs;

use super::stored::stored;
use super::{ONE, OTHER, RENAMED, place};
use crate::support::Place;

/// Code handed to everybody.
const TEMPLATE: &str = "def read(path):\n    with open(path) as file:\n        text = file.read()\n    lines = text.split('x')\n    return [line.strip() for line in lines if line]\n\ndef main(arguments):\n    for argument in arguments:\n        result = read(argument)\n        if result:\n            print('found', len(result), result[0])\n        else:\n            print('nothing in', argument)\n    return 0\n";

/// Two who were given the template and wrote something of their own.
pub(super) fn with_template() -> Place {
    let place = place();
    place.file("template/base.py", TEMPLATE);
    place.zip(
        "a.zip",
        &[("harness.py", &format!("{TEMPLATE}{ONE}")), ("b.py", OTHER)],
    );
    let renamed = TEMPLATE.replace("result", "outcome").replace("0", "7");
    place.zip("b.zip", &[("harness.py", &format!("{renamed}{OTHER}"))]);
    place
}

#[test]
fn base_code_is_taken_out_and_the_services_score_stays_beside() {
    let place = with_template();
    let arguments = ["similarity", "a.zip", "b.zip", "--format", "json"];
    let plain = place.dfab(&arguments).exits(0).json();
    let pair = plain["comparisons"][0].clone();
    assert_eq!(pair["own_score"], serde_json::Value::Null);
    let with_base = [&arguments[..], &["--base", "template"]].concat();
    let document = place.dfab(&with_base).exits(0).json();
    let own = document["comparisons"][0].clone();
    assert_eq!(own["score"], pair["score"]);
    assert!(own["own_score"].as_u64() < own["score"].as_u64(), "{own}");
    // Of the second only what was written after the template is left.
    let ignored = &document["ignored"][1];
    assert_eq!(ignored["path"], "b.zip");
    let left = ignored["of"].as_u64().unwrap() - ignored["items"].as_u64().unwrap();
    let other = place
        .dfab(&[
            "similarity",
            "other.zip",
            "--base",
            "template",
            "--against",
            "b.zip",
            "--format",
            "json",
        ])
        .exits(1)
        .json();
    assert_eq!(other["comparisons"][0]["own_score"], 100);
    assert_eq!(other["ignored"][0]["of"].as_u64(), Some(left));
}

#[test]
fn with_a_base_the_own_score_decides() {
    let place = place();
    place.file("template.py", TEMPLATE);
    place.file("a.py", format!("{TEMPLATE}{ONE}"));
    place.file("b.py", format!("{RENAMED}{TEMPLATE}"));
    let table = place
        .dfab(&["similarity", "a.py", "b.py", "--base", "template.py"])
        .exits(1)
        .prints("own")
        .prints("100");
    assert!(
        table.stdout.contains("cluster 1: a.py, b.py"),
        "{}",
        table.stdout
    );
    // Lines of the base do not agree any more.
    let regions = ["similarity", "a.py", "b.py", "--regions", "--exit-zero"];
    let with_base = [&regions[..], &["--base", "template.py"]].concat();
    place
        .dfab(&with_base)
        .exits(0)
        .prints("a.py:15-20")
        .prints("b.py:1-6");
    let nearest = [
        "similarity",
        "a.py",
        "b.py",
        "--nearest",
        "--format",
        "jsonl",
    ];
    let rows = place
        .dfab(&[&nearest[..], &["--base", "template.py"]].concat())
        .exits(1)
        .json_lines();
    assert_eq!(rows[0]["own_score"], 100);
    assert!(rows[0]["score"].as_u64() < Some(100));
}

#[test]
fn nothing_but_base_code_is_named_and_left_out() {
    let place = with_template();
    place.file("mine/only.py", TEMPLATE);
    place
        .dfab(&[
            "similarity",
            "mine",
            "a.zip",
            "b.zip",
            "--base",
            "template",
            "--format",
            "jsonl",
        ])
        .exits(0)
        .says("mine: there is nothing but base code in it")
        .prints("a.zip");
}

#[test]
fn a_base_that_is_not_python_or_too_short_is_said() {
    let place = place();
    place.file("broken.py", "def (:\n");
    place.file("short.py", "x = 1\n");
    let with = |base| place.dfab(&["similarity", "one.py", "other.zip", "--base", base]);
    with("broken.py").exits(1).says("broken.py");
    with("gone.py").exits(3).says("gone.py");
    with("short.py")
        .exits(0)
        .says("nothing of it is known again");
}

#[test]
fn old_ones_are_compared_with_new_ones_only() {
    let place = place();
    for name in ["old/a.zip", "old/b.zip", "old/c.zip"] {
        place.zip(name, &[("harness.py", RENAMED)]);
    }
    let arguments = [
        "similarity",
        "one.py",
        "other.zip",
        "--against",
        "old",
        "--format",
        "json",
    ];
    let document = place.dfab(&arguments).exits(1).json();
    let pairs = document["comparisons"].as_array().expect("comparisons");
    assert_eq!(pairs.len(), 1 + 2 * 3);
    assert!(
        pairs
            .iter()
            .all(|pair| !pair["left"].as_str().unwrap().starts_with("old/"))
    );
    // What two old ones have in common with a new one still makes them one group.
    let expected = serde_json::json!([["one.py", "old/a.zip", "old/b.zip", "old/c.zip"]]);
    assert_eq!(document["clusters"], expected);
    let nearest = [&arguments[..], &["--nearest"]].concat();
    let rows = place.dfab(&nearest).exits(1).json()["nearest"].clone();
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
    assert_eq!(rows[0]["neighbor"], "old/a.zip");
}

#[test]
fn the_same_file_on_both_sides_is_not_compared_with_itself() {
    let place = place();
    let arguments = [
        "similarity",
        "one.py",
        "--against",
        "./one.py",
        "renamed.py",
        "--format",
        "jsonl",
    ];
    let ran = place
        .dfab(&arguments)
        .exits(1)
        .says("not compared with themselves");
    assert_eq!(ran.json_lines().len(), 1);
}

#[test]
fn a_package_is_compared_with_the_database_without_opening_what_is_stored() {
    let place = stored();
    fs::remove_dir_all(place.path("artifacts")).unwrap();
    let arguments = [
        "similarity",
        "new.zip",
        "--against",
        "database",
        "--format",
        "json",
    ];
    let document = place.dfab(&arguments).exits(1).json();
    let pairs = document["comparisons"].as_array().expect("comparisons");
    assert_eq!(pairs.len(), 2);
    assert!(pairs[0]["right"].as_str().unwrap().starts_with("5A/"));
    assert_eq!(pairs[0]["score"], 100);
    let base = place.file("template.py", TEMPLATE);
    let with_base = [&arguments[..], &["--base", base.to_str().unwrap()]].concat();
    let document = place.dfab(&with_base).exits(1).json();
    assert_eq!(document["comparisons"][0]["own_score"], 100);
}

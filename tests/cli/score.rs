//! `dfab score`

use serde_json::{Value, json};

use crate::support::Place;

fn conversation(n: usize) -> String {
    json!({"messages": [
        {"role": "user", "content": format!("case {n}: the parser drops the last token of the file")},
        {"role": "assistant", "content": format!("the loop in case {n} ends one step early; here is a patch")}
    ]})
    .to_string()
}

fn dataset(count: usize) -> String {
    (0..count).map(|n| conversation(n) + "\n").collect()
}

#[test]
fn a_dataset_is_scored_from_a_file_and_from_standard_input_alike() {
    let place = Place::new();
    place.file("data.jsonl", dataset(3));
    let from_file = place
        .dfab(&["score", "data.jsonl", "--format", "json", "--exit-zero"])
        .exits(0);
    let from_stdin = place
        .dfab_with_input(
            &["score", "-", "--format", "json", "--exit-zero"],
            dataset(3).as_bytes(),
        )
        .exits(0);
    let result = |document: &Value| document["datasets"][0]["result"].clone();
    assert_eq!(result(&from_file.json()), result(&from_stdin.json()));
    assert_eq!(result(&from_file.json())["conversation_count"], 3);
    assert_eq!(result(&from_file.json())["total_messages"], 6);
    assert_eq!(from_stdin.json()["datasets"][0]["path"], "-");
}

#[test]
fn a_broken_line_is_named_and_scores_nothing() {
    let place = Place::new();
    place.file("data.jsonl", format!("{}\n\nnot json\n", conversation(1)));
    let ran = place
        .dfab(&["score", "data.jsonl", "--format", "jsonl"])
        .exits(1);
    let line = &ran.json_lines()[0];
    assert!(
        line["result"]["error"]
            .as_str()
            .unwrap()
            .starts_with("line 3: invalid JSON: ")
    );
    assert_eq!(line["result"]["score"], 0.0);
    assert_eq!(line["result"]["passed"], false);
}

#[test]
fn explaining_never_changes_the_score() {
    let place = Place::new();
    place.file("data.jsonl", dataset(4));
    let plain = place
        .dfab(&["score", "data.jsonl", "--format", "json"])
        .json();
    let explained = place
        .dfab(&["score", "data.jsonl", "--explain", "--format", "json"])
        .json();
    assert_eq!(
        plain["datasets"][0]["result"],
        explained["datasets"][0]["result"]
    );
    assert!(plain["datasets"][0].get("explanation").is_none());
    assert!(explained["datasets"][0]["explanation"].is_object());
}

#[test]
fn one_unreadable_file_does_not_hide_the_others() {
    let place = Place::new();
    place.file("data.jsonl", dataset(2));
    let ran = place
        .dfab(&["score", "gone.jsonl", "data.jsonl", "--format", "jsonl"])
        .exits(3);
    assert_eq!(ran.json_lines().len(), 1);
    assert!(ran.stderr.contains("gone.jsonl"));
}

#[test]
fn too_few_conversations_are_an_error_of_the_dataset() {
    let place = Place::new();
    place.file("data.jsonl", dataset(1));
    let ran = place
        .dfab(&[
            "score",
            "data.jsonl",
            "--min-conversations",
            "2",
            "--format",
            "jsonl",
        ])
        .exits(1);
    assert_eq!(ran.json_lines()[0]["result"]["error"], "too small");
    assert_eq!(ran.json_lines()[0]["result"]["conversation_count"], 1);
}

#[test]
fn standard_input_is_read_once_by_whatever_name() {
    let place = Place::new();
    for second in ["-", "/dev/stdin"] {
        place
            .dfab_with_input(&["score", "-", second], b"")
            .exits(2)
            .says("standard input is named twice");
    }
    // `score <(command)` names a pipe in this way.
    let ran = place
        .dfab_with_input(
            &["score", "/dev/fd/0", "--format", "jsonl", "--exit-zero"],
            dataset(2).as_bytes(),
        )
        .exits(0);
    assert_eq!(ran.json_lines()[0]["result"]["conversation_count"], 2);
}

//! What people see, kept as snapshots. Review a change with `cargo insta review`, or set INSTA_UPDATE=always.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Place, Ran};

/// Both streams and the exit code, without what changes from run to run.
fn seen(place: &Place, ran: &Ran) -> String {
    let folder = place.path("").display().to_string();
    let text = format!(
        "{}--- stderr\n{}--- exit {}\n",
        ran.stdout, ran.stderr, ran.code
    );
    text.replace(folder.trim_end_matches('/'), "[folder]")
}

fn archive() -> Place {
    let place = Place::new();
    let safe = "import json\n\ndef rows():\n    return []\n\nprint(json.dumps(rows()))\n";
    place.zip("archive/1-safe.zip", &[("harness.py", safe)]);
    let bad = "import os\nfrom os import popen as p\n\nos.system('ls')\np('ls')\n# /etc/passwd\n";
    place.zip(
        "archive/2-unsafe.zip",
        &[("harness.py", bad), ("broken.py", "x = = 1\n")],
    );
    place.zip(
        "archive/3-refused.zip",
        &[("harness.py", safe), ("run.sh", "ls")],
    );
    place
}

#[test]
fn validate() {
    let place = archive();
    assert_snapshot!(seen(&place, &place.dfab(&["validate", "archive"])));
}

#[test]
fn review() {
    let place = archive();
    assert_snapshot!(seen(&place, &place.dfab(&["review", "archive"])));
}

#[test]
fn review_explains_a_rule() {
    let place = Place::new();
    let arguments = ["review", "--explain", "shell-command"];
    assert_snapshot!(seen(&place, &place.dfab(&arguments)));
}

fn dataset() -> String {
    let line = |number: usize| {
        json!({
            "task": {"type": "bug", "difficulty": "easy", "prompt": "fix the test"},
            "messages": [
                {"role": "user", "content": format!("case {number}: the parser drops the last token")},
                {"role": "assistant", "content": "the loop ends one step early; here is a patch",
                    "reasoning": "too short"},
            ],
        })
    };
    (0..3).map(|number| format!("{}\n", line(number))).collect()
}

#[test]
fn score() {
    let place = Place::new();
    place.file("data.jsonl", dataset());
    assert_snapshot!(seen(&place, &place.dfab(&["score", "data.jsonl"])));
}

#[test]
fn score_explained() {
    let place = Place::new();
    place.file("data.jsonl", dataset());
    assert_snapshot!(seen(
        &place,
        &place.dfab(&["score", "data.jsonl", "--explain"])
    ));
}

#[test]
fn similarity_with_regions() {
    let place = Place::new();
    let source = "def total(items):\n    result = 0\n    for item in items:\n        result += item * 2\n    return result\n";
    place.file("one.py", source);
    place.file("two.py", source.replace("item", "thing"));
    place.file("three.py", "print('hello')\n");
    let arguments = ["similarity", "one.py", "two.py", "three.py", "--regions"];
    assert_snapshot!(seen(&place, &place.dfab(&arguments)));
}

#[test]
fn run_and_leaderboard() {
    let place = archive();
    place.file(
        "script.json",
        json!({"outcomes": [{"stdout": dataset()}]}).to_string(),
    );
    let scripted = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"));
        Ran::of(command.output().expect("dfab starts"))
    };
    assert_snapshot!(
        "run",
        seen(
            &place,
            &scripted(&["run", "archive", "--hotkey", "5Example"])
        )
    );
    let one = ["run", "archive/1-safe.zip", "--hotkey", "5Example"];
    assert_snapshot!("run_one", seen(&place, &scripted(&one)));
    let leaderboard = place.dfab(&["weights", "--format", "table"]);
    assert_snapshot!("leaderboard", seen(&place, &leaderboard));
}

#[test]
fn errors_have_a_next_step() {
    let place = Place::new();
    place.file("not-a-database", "hello ".repeat(300));
    let mut text = String::new();
    for arguments in [
        &["weights"][..],
        &["weights", "--database", "not-a-database"],
        &["run", "a.zip", "--executor", "direct"],
        &[
            "run",
            "a.zip",
            "--executor",
            "docker",
            "--docker-bin",
            "no-such-docker",
        ],
        &["run", "a.zip", "--executor", "broker"],
        &["run", "a.zip", "--python", "no-such-python"],
        &["validate", "a.zip", "--max-zip-files", "lots"],
        &["review", "--explain", "nothing"],
        &["score", "gone.jsonl"],
    ] {
        let ran = place.dfab(arguments);
        text.push_str(&format!(
            "$ dfab {}\n{}",
            arguments.join(" "),
            seen(&place, &ran)
        ));
    }
    assert_snapshot!(text);
}

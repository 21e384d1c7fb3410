//! `dfab review`

use std::fs;

use crate::support::Place;

#[test]
fn a_clean_package_is_accepted() {
    let place = Place::new();
    place.zip(
        "a.zip",
        &[(
            "harness.py",
            "import json\n\ndef main():\n    print(json.dumps({}))\n",
        )],
    );
    let ran = place
        .dfab(&["review", "a.zip", "--format", "json"])
        .exits(0);
    let package = &ran.json()["packages"][0];
    assert_eq!(package["path"], "a.zip");
    assert_eq!(package["accepted"], true);
    assert_eq!(
        package["files"][0]["functions"],
        serde_json::json!(["main"])
    );
    assert_eq!(package["files"][0]["imports"], serde_json::json!(["json"]));
    assert_eq!(package["advisories"], serde_json::json!([]));
    assert!(package.get("error").is_none());
}

#[test]
fn a_dangerous_call_is_shown_where_it_stands() {
    let place = Place::new();
    place.file("src/deep/run.py", "import os\n\nos.system('ls')\n");
    let ran = place.dfab(&["review", "src"]).exits(1);
    assert!(ran.stdout.contains("rejected"), "{}", ran.stdout);
    assert!(ran.stdout.contains("deep/run.py:3:1"), "{}", ran.stdout);
    assert!(ran.stdout.contains("os.system"), "{}", ran.stdout);
    place.dfab(&["review", "src", "--exit-zero"]).exits(0);
}

#[test]
fn a_single_file_can_be_reviewed() {
    let place = Place::new();
    place.file("one.py", "x = = 1\n");
    place
        .dfab(&["review", "one.py"])
        .exits(1)
        .prints("syntax_error");
    place
        .dfab(&["review", "--explain", "syntax_error"])
        .exits(0)
        .prints("does not parse");
}

#[test]
fn a_package_that_breaks_the_contract_is_refused() {
    let place = Place::new();
    place.zip("bad.zip", &[("harness.py", ""), ("x.sh", "")]);
    let ran = place
        .dfab(&["review", "bad.zip", "--format", "jsonl"])
        .exits(1);
    let line = &ran.json_lines()[0];
    assert_eq!(line["accepted"], false);
    assert_eq!(
        line["error"]["message"],
        "file extension is not allowed: x.sh"
    );
}

#[test]
fn every_rule_is_listed_and_explained() {
    let place = Place::new();
    let ran = place
        .dfab(&["review", "--rules", "--format", "jsonl"])
        .exits(0);
    let rules = ran.json_lines();
    assert!(rules.len() > 10);
    for rule in rules {
        let id = rule["id"].as_str().expect("an id");
        place
            .dfab(&["review", "--explain", id])
            .exits(0)
            .prints("Example:")
            .prints(id);
    }
}

#[test]
fn an_explained_rule_is_a_document_with_a_version() {
    let place = Place::new();
    let arguments = ["review", "--explain", "shell-command", "--format", "json"];
    let document = place.dfab(&arguments).exits(0).json();
    assert_eq!(document["schema_version"], 1);
    assert_eq!(document["id"], "shell-command");
}

#[test]
fn a_pipe_is_not_waited_for_and_a_link_is_not_followed() {
    let place = Place::new();
    let pipe = place.path("pipe.py");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    place
        .dfab(&["review", "pipe.py"])
        .exits(3)
        .prints("not a regular file");
    place.file("outside.py", "eval('1')\n");
    place.file("src/harness.py", "x = 1\n");
    std::os::unix::fs::symlink(place.path("outside.py"), place.path("src/link.py")).unwrap();
    place
        .dfab(&["review", "src"])
        .exits(0)
        .says("link.py is a link");
}

#[test]
fn what_looks_like_code_but_is_not_read_is_named() {
    let place = Place::new();
    place.file("outside/eval.py", "eval('1')\n");
    for (name, said) in [
        ("link.py", "link.py is a link and was not reviewed"),
        ("pipe.py", "pipe.py is a FIFO and was not reviewed"),
        ("folder", "folder is a link and was not reviewed"),
    ] {
        let inside = place.path("src").join(name);
        std::fs::create_dir(place.path("src")).unwrap();
        match name {
            "pipe.py" => nix::unistd::mkfifo(&inside, nix::sys::stat::Mode::S_IRWXU).unwrap(),
            "link.py" => std::os::unix::fs::symlink("../outside/eval.py", &inside).unwrap(),
            _ => std::os::unix::fs::symlink("../outside", &inside).unwrap(),
        }
        place
            .dfab(&["review", "src"])
            .exits(0)
            .says(said)
            .says("warning: src: no Python file was found");
        std::fs::remove_dir_all(place.path("src")).unwrap();
    }
}

#[test]
fn a_folder_without_python_is_not_accepted_in_silence() {
    let place = Place::new();
    place.file("src/notes.txt", "nothing here");
    place
        .dfab(&["review", "src"])
        .exits(0)
        .says("warning: src: no Python file was found");
}

#[test]
fn long_comments_in_any_script_are_read() {
    let place = Place::new();
    for letter in ["я", "漢", "🐍"] {
        // Runs of comments are read anew for each of their lines, which uses a budget up.
        let comments = |count: usize| format!("# {}\n", letter.repeat(30)).repeat(count);
        let whole = format!("def f():\n    a = 1\n{}b = 2\n", comments(600));
        let broken = format!("def f():\n    a = 1\n{}b = = 2\n", comments(10));
        place.file("whole.py", whole);
        place.file("broken.py", broken);
        place.dfab(&["review", "whole.py"]).exits(0);
        place.dfab(&["review", "broken.py"]).exits(1);
        place.dfab(&["similarity", "whole.py", "whole.py"]).exits(1);
    }
}

#[test]
fn what_is_found_in_another_package_is_named_and_decides_nothing() {
    let source = "import json\n\n\ndef weigh(row, weights):\n    total = 0\n    for key, weight in weights.items():\n        total += weight * min(row.get(key, 0) / 40, 1)\n    return round(total, 3)\n\n\nprint(json.dumps({}))\n";
    let moved = format!(
        "LIMIT = [1, 2, 3]\n\n\n{}",
        source.replace("total", "acc").replace("row", "item")
    );
    let place = Place::new();
    place.zip(
        "archive/a.zip",
        &[("harness.py", "print([1, 2], {3: 4})\n")],
    );
    place.zip("archive/b.zip", &[("lib/x.py", &moved), ("harness.py", "")]);
    place.zip("archive/c.zip", &[("harness.py", source)]);
    let review = |package: &str, more: &[&str]| {
        let command = ["review", package, "--against", "archive", "archive/c.zip"];
        place.dfab(&[&command[..], more].concat()).exits(0)
    };
    let document = review("archive/c.zip", &["--format", "json"]).json();
    let package = &document["packages"][0];
    assert_eq!(package["accepted"], true);
    let found = &package["structure"]["containment"];
    // Not itself, although it is in the archive.
    assert_eq!(found["path"], "archive/b.zip");
    assert!(found["left"].as_f64() > Some(0.9), "{found}");
    assert_eq!(found["regions"][0]["left"]["file"], "harness.py");
    let right = serde_json::json!({"file": "lib/x.py", "first_line": 4, "last_line": 14});
    assert_eq!(found["regions"][0]["right"], right);
    review("archive/c.zip", &[])
        .prints("most of it is found in archive/b.zip")
        .prints("% of the left");
    let document = review("archive/a.zip", &["--format", "jsonl"]).json_lines();
    let none = serde_json::json!({"compared": 3, "containment": null});
    assert_eq!(document[0]["structure"], none);
    place
        .dfab(&["review", "archive/c.zip", "--against", "nowhere.zip"])
        .exits(3)
        .says("nowhere.zip");
    // What is stored is known by its submission, and its package is not opened again.
    place
        .dfab(&["run", "archive/b.zip", "--exit-zero"])
        .exits(0);
    fs::remove_dir_all(place.path("artifacts")).expect("the packages that were kept");
    let command = ["review", "archive/c.zip", "--against", "database"];
    let document = place
        .dfab(&[&command[..], &["--format", "json"]].concat())
        .exits(0)
        .json();
    let stored = &document["packages"][0]["structure"]["containment"];
    let path = stored["path"].as_str().expect("a name");
    assert!(path.starts_with("unknown/"), "{path}");
    assert_eq!(stored["regions"], found["regions"]);
    let plain = place.dfab(&["review", "archive/c.zip", "--format", "json"]);
    assert!(
        plain.exits(0).json()["packages"][0]
            .get("structure")
            .is_none()
    );
}

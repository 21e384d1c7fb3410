//! `dfab run`

use std::fs;

use serde_json::{Value, json};

use crate::support::{Place, Ran, SMALL_HARNESS, repository, timeless};

fn parity_list() -> String {
    format!(
        "@{}",
        repository("tests/parity/packages/order.json").display()
    )
}

fn near(left: &Value, right: &Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => (left - right).abs() <= 1e-9,
        _ => left == right,
    }
}

/// The live service's record, field by field.
fn compare(actual: &Value, expected: &Value) {
    let package = &expected["package"];
    let same = |name: &str, left: &Value, right: &Value| {
        assert!(
            near(left, right),
            "{package}: {name} is {left}, the live service says {right}"
        );
    };
    same("id", &actual["id"], &expected["submission_id"]);
    for field in ["hotkey", "package", "artifact_hash", "status", "plagiarism"] {
        same(field, &actual[field], &expected[field]);
    }
    same(
        "accepted",
        &actual["static_review"]["accepted"],
        &expected["accepted"],
    );
    same(
        "harness_hash",
        &actual["static_review"]["harness_hash"],
        &expected["harness_hash"],
    );
    let result = &expected["result"];
    for field in [
        "passed",
        "score",
        "conversation_count",
        "total_messages",
        "size_bytes",
    ] {
        same(field, &actual[field], &result[field]);
    }
    for (metric, value) in result["metrics"].as_object().expect("metrics") {
        same(metric, &actual["metrics"][metric], value);
    }
    for field in [
        "anti_cheat_score",
        "completeness_score",
        "overall_score",
        "quality_score",
    ] {
        same(field, &actual["judge"][field], &expected["judge"][field]);
    }
    for field in ["returncode", "timed_out"] {
        same(
            field,
            &actual["execution"][field],
            &expected["execution"][field],
        );
    }
    same(
        "error",
        &error_of(&actual["error"], actual),
        &error_of(&result["error"], expected),
    );
    let findings = |record: &Value| -> Vec<Value> {
        let list = record["violations"].as_array().cloned().unwrap_or_default();
        list.into_iter().map(without_syntax_error_place).collect()
    };
    assert_eq!(findings(actual), findings(expected), "{package}");
}

/// Of a failed run only the last line counts (paths and interpreters differ); of bad JSON all but the reason.
fn error_of(error: &Value, record: &Value) -> Value {
    let Some(text) = error.as_str() else {
        return error.clone();
    };
    let text = match text.split_once("invalid JSON: ") {
        Some((before, _)) => before,
        None => text,
    };
    match record["execution"]["returncode"].as_i64() {
        Some(0) | None => json!(text),
        Some(_) => json!(text.trim_end().lines().next_back()),
    }
}

fn without_syntax_error_place(mut finding: Value) -> Value {
    if finding["pattern"] == "syntax_error" {
        finding["line"] = Value::Null;
        finding["column"] = Value::Null;
    }
    finding
}

#[test]
fn records_equal_the_live_services() {
    let place = Place::new();
    let list = parity_list();
    let ran = place
        .dfab(&["run", &list, "--format", "json", "-j", "2"])
        .exits(1);
    let document = ran.json();
    let expected = fs::read(repository("tests/parity/packages.expected.json")).expect("records");
    let expected: Vec<Value> = serde_json::from_slice(&expected).expect("JSON");
    let actual = document["submissions"].as_array().expect("submissions");
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().zip(&expected) {
        compare(actual, expected);
    }
    assert_eq!(document["summary"]["total"], expected.len());
    assert!(document["run_id"].is_string());
}

#[test]
fn results_do_not_depend_on_how_many_run_at_once() {
    let records = |jobs: &str| -> Vec<Value> {
        let place = Place::new();
        let list = parity_list();
        let ran = place
            .dfab(&["run", &list, "--format", "jsonl", "-j", jobs])
            .exits(1);
        ran.json_lines().into_iter().map(timeless).collect()
    };
    assert_eq!(records("1"), records("5"));
}

#[test]
fn weights_follow_from_a_run() {
    let place = Place::new();
    place
        .dfab(&["run", &parity_list()])
        .exits(1)
        .says("22 packages");
    let ran = place.dfab(&["weights", "--epoch", "1700000000"]).exits(0);
    let document = ran.json();
    assert_eq!(document["challenge_slug"], "data-fabrication");
    assert_eq!(document["epoch"], 1_700_000_000);
    let weights = document["weights"].as_object().expect("weights");
    let alpha = weights["5Alpha"].as_f64().expect("a score");
    assert!((alpha - 0.942_199_999_999_999_9).abs() < 1e-9);
    assert!(
        !weights.contains_key("5Eta"),
        "a rejected harness has no weight"
    );
}

#[test]
fn a_second_run_keeps_what_the_first_one_stored() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    let renamed = SMALL_HARNESS
        .replace("for n in", "for k in")
        .replace("{n}", "{k}");
    place.zip("b.zip", &[("harness.py", &renamed)]);
    let run = |package: &str, hotkey: &str| -> Value {
        let ran = place.dfab(&[
            "run",
            package,
            "--hotkey",
            hotkey,
            "--format",
            "jsonl",
            "--exit-zero",
        ]);
        timeless(ran.exits(0).json_lines().remove(0))
    };
    let first = run("a.zip", "5A");
    let copy = run("b.zip", "5B");
    assert_eq!(copy["plagiarism"]["submission_id"], first["id"]);
    assert_eq!(copy["plagiarism"]["score"], 100);
    assert_eq!(first["structure"], Value::Null);
    let found = &copy["structure"]["containment"];
    assert_eq!(found["submission_id"], first["id"]);
    assert_eq!(
        (&found["left"], &found["right"]),
        (&json!(1.0), &json!(1.0))
    );
    assert_eq!(found["regions"][0]["left"]["file"], "harness.py");
    // The first one was there first: a later copy does not make it a copy.
    assert_eq!(run("a.zip", "5A"), first);
}

#[test]
fn a_harness_that_contains_an_earlier_one_is_told_and_not_punished() {
    let place = Place::new();
    place.zip("archive/1.zip", &[("harness.py", SMALL_HARNESS)]);
    let padding = (0..40).map(|n| {
        format!(
            "def step_{n}(a, b):\n    return {}\n",
            "(a, ".repeat(n % 7 + 1) + "b" + &")".repeat(n % 7 + 1)
        )
    });
    let padded = format!(
        "{}\n\nimport re\nassert re.sub('a', 'b', 'a') == 'b' or not [1 < 2, {{3: 4}}]\n{SMALL_HARNESS}",
        padding.collect::<String>()
    );
    place.zip(
        "archive/2.zip",
        &[("lib/all.py", &padded), ("harness.py", "import lib.all\n")],
    );
    let ran = place.dfab(&["run", "archive", "--format", "json", "--exit-zero"]);
    let document = ran.exits(0).json();
    let [first, second] = [0, 1].map(|at| &document["submissions"][at]);
    let found = &second["structure"]["containment"];
    assert_eq!(found["submission_id"], first["id"]);
    assert!(found["right"].as_f64() > Some(0.9), "{found}");
    assert_eq!(found["regions"][0]["left"]["file"], "lib/all.py");
    assert_eq!(
        found["regions"][0]["right"],
        json!({"file": "harness.py", "first_line": 2, "last_line": 6})
    );
    // What the service's rule says stands beside it.
    assert_ne!(second["plagiarism"]["status"], "plagiarized");

    // Nothing but the database is needed for the lines: with another neighbour the record is made anew.
    let again = place.dfab(&[
        "run",
        "archive",
        "--force",
        "--format",
        "json",
        "--exit-zero",
    ]);
    let again = again.exits(0).json();
    assert_eq!(again["submissions"][1]["structure"], second["structure"]);

    // Of one's own earlier work nothing is said in the table, of another's it is.
    let told = |hotkey: &str| {
        let database = format!("{hotkey}.sqlite3");
        let run = |package: &str, hotkey: &str| {
            let command = ["run", package, "--hotkey", hotkey, "--exit-zero"];
            let kept = ["--database", &database, "--html", "page.html"];
            place.dfab(&[&command[..], &kept].concat()).exits(0).stdout
        };
        run("archive/1.zip", "5First");
        let stdout = run("archive/2.zip", hotkey);
        let line = stdout.lines().find(|line| line.starts_with("look "));
        line.map(str::to_owned)
    };
    assert_eq!(told("5First"), None);
    let line = told("5Other").expect("a line about it");
    assert!(
        line.starts_with("look archive/2.zip: ") && line.contains("is found in"),
        "{line}"
    );
    let page = std::fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.contains("Found in an earlier one"));
    assert!(page.contains("lib/all.py</bdi>:"));
}

#[test]
fn a_refused_package_is_a_row_and_the_batch_goes_on() {
    let place = Place::new();
    place.file("archive/1.zip", "this is no archive");
    place.zip("archive/2.zip", &[("harness.py", SMALL_HARNESS)]);
    let ran = place.dfab(&["run", "archive", "--format", "json"]).exits(1);
    let document = ran.json();
    let refused = &document["submissions"][0];
    assert_eq!(refused["status"], "failed");
    assert_eq!(refused["error"], "submission must be a valid ZIP archive");
    assert_eq!(refused["id"], Value::Null);
    assert_eq!(document["submissions"][1]["status"], "completed");
    assert_eq!(document["summary"]["refused"], 1);
    place.dfab(&["run", "archive", "--exit-zero"]).exits(0);
}

#[test]
fn a_missing_package_is_a_failure_of_the_machine() {
    let place = Place::new();
    place.zip("here.zip", &[("harness.py", SMALL_HARNESS)]);
    let ran = place
        .dfab(&["run", "gone.zip", "here.zip", "--format", "json"])
        .exits(3);
    assert!(ran.stderr.contains("gone.zip"), "{}", ran.stderr);
    assert_eq!(ran.json()["submissions"].as_array().map(Vec::len), Some(1));
    assert_eq!(ran.json()["summary"]["errors"], 1);
    let failure = &ran.json()["failures"][0];
    assert_eq!(failure["package"], "gone.zip");
    assert_eq!(failure["stage"], "validate");
}

#[test]
fn hotkeys_come_from_the_list_the_flag_or_the_folder() {
    let place = Place::new();
    place.zip("5Folder/a.zip", &[("harness.py", "x = 1")]);
    place.file("list.csv", "5Folder/a.zip,5List\n5Folder/a.zip\n");
    let hotkeys = |arguments: &[&str]| -> Vec<Value> {
        let mut all = vec!["run", "--format", "jsonl", "--exit-zero"];
        all.extend(arguments);
        let ran = place.dfab(&all).exits(0);
        ran.json_lines()
            .into_iter()
            .map(|line| line["hotkey"].clone())
            .collect()
    };
    assert_eq!(hotkeys(&["5Folder"]), ["unknown"]);
    assert_eq!(
        hotkeys(&["5Folder", "--hotkey-from", "parent"]),
        ["5Folder"]
    );
    assert_eq!(
        hotkeys(&["@list.csv", "--hotkey", "5Flag"]),
        ["5List", "5Flag"]
    );
}

#[test]
fn a_database_that_cannot_be_used_stops_the_run_before_it_starts() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    place.file(
        "broken.sqlite3",
        "this is not a database, and long enough to be sure of it".repeat(40),
    );
    let ran = place
        .dfab(&["run", "a.zip", "--database", "broken.sqlite3"])
        .exits(3);
    assert!(ran.stderr.contains("broken.sqlite3"), "{}", ran.stderr);
    assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
}

#[test]
fn the_direct_executor_must_be_allowed() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    place
        .dfab(&["run", "a.zip", "--executor", "direct"])
        .exits(2)
        .says("direct_subprocess_enabled");
    let arguments = [
        "run",
        "a.zip",
        "--executor",
        "direct",
        "--allow-direct",
        "true",
        "--exit-zero",
    ];
    place.dfab(&arguments).exits(0).says("warning:");
}

#[test]
fn direct_and_sandbox_give_the_same_record() {
    let records = |executor: &str| -> Value {
        let place = Place::new();
        place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
        let arguments = [
            "run",
            "a.zip",
            "--executor",
            executor,
            "--allow-direct",
            "true",
            "--format",
            "jsonl",
        ];
        let ran: Ran = place.dfab(&arguments);
        timeless(ran.json_lines().remove(0))
    };
    assert_eq!(records("direct"), records("sandbox"));
}

#[test]
fn what_a_harness_prints_cannot_reach_the_terminal_raw() {
    let place = Place::new();
    let harness = "import sys\nsys.exit('\\x1b]0;owned\\x07 gone')\n";
    place.zip("a.zip", &[("harness.py", harness)]);
    let ran = place.dfab(&["run", "a.zip"]).exits(1);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains('\u{1b}'));
    assert!(ran.stdout.contains("\\x1b]0;owned"), "{}", ran.stdout);
}

/// A batch whose harnesses are not run but answered from a script.
fn scripted(place: &Place, script: &Value, arguments: &[&str]) -> Ran {
    place.file("script.json", script.to_string());
    let output = place
        .command(arguments)
        .env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"))
        .output()
        .expect("dfab starts");
    Ran::of(output)
}

#[test]
fn an_executor_that_fails_is_the_machines_fault_and_the_batch_goes_on() {
    let place = Place::new();
    place.zip("archive/1.zip", &[("harness.py", "# case: broken\n")]);
    place.zip("archive/2.zip", &[("harness.py", "print([1, 2, 3])\n")]);
    let line = json!({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]});
    let script = json!({"outcomes": [
        {"when": {"marker": "# case: broken"}, "error": "the keeper died"},
        {"stdout": format!("{line}\n")},
    ]});
    let ran = scripted(&place, &script, &["run", "archive", "--format", "json"]).exits(3);
    let document = ran.json();
    assert_eq!(document["submissions"].as_array().map(Vec::len), Some(1));
    assert_eq!(document["submissions"][0]["status"], "completed");
    assert_eq!(document["failures"][0]["stage"], "execute");
    let message = document["failures"][0]["message"]
        .as_str()
        .expect("a message");
    assert!(message.contains("the keeper died"), "{message}");
    assert_eq!(document["summary"]["errors"], 1);
}

#[test]
fn a_package_that_could_not_be_run_keeps_its_place_for_the_next_try() {
    let place = Place::new();
    let source = SMALL_HARNESS.to_owned() + "# case: first\n";
    place.zip("archive/1.zip", &[("harness.py", &source)]);
    place.zip("archive/2.zip", &[("harness.py", SMALL_HARNESS)]);
    let line = json!({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]});
    let answer = json!({"stdout": format!("{line}\n")});
    let broken = json!({"when": {"marker": "# case: first"}, "error": "no luck today"});
    let script = json!({"outcomes": [broken, answer]});
    let run = ["run", "archive", "--format", "json"];
    let first = scripted(&place, &script, &run).exits(3).json();
    let second = scripted(&place, &json!({"outcomes": [answer]}), &run)
        .exits(1)
        .json();
    // The later one is a copy of the earlier one from the first run on, and the earlier one never is of the later.
    assert_eq!(first["submissions"][0]["plagiarism"]["score"], 100);
    assert_eq!(second["submissions"][0]["plagiarism"], Value::Null);
    assert_eq!(
        timeless(second["submissions"][1].clone())["plagiarism"],
        first["submissions"][0]["plagiarism"]
    );
}

#[test]
fn the_limit_that_ended_a_run_is_in_the_record() {
    let cases = [
        ("timeout_wall", 124, true),
        ("timeout_cpu", 124, true),
        ("oom", 137, false),
    ];
    for (class, returncode, timed_out) in cases {
        let place = Place::new();
        place.zip("a.zip", &[("harness.py", "x = 1\n")]);
        let script = json!({"outcomes": [{"class": class}]});
        let ran = scripted(&place, &script, &["run", "a.zip", "--format", "jsonl"]).exits(1);
        let record = &ran.json_lines()[0];
        assert_eq!(record["status"], "failed");
        assert_eq!(record["execution"]["limit"], class);
        assert_eq!(record["execution"]["returncode"], returncode, "{class}");
        assert_eq!(record["execution"]["timed_out"], timed_out, "{class}");
    }
}

#[test]
fn the_record_says_how_a_run_ended_and_what_was_enforced() {
    let fifo = "import os\nos.mkfifo(os.environ['DATA_FABRICATION_OUTPUT'])\n";
    let cases = [
        (
            "import os\nos.kill(os.getpid(), 15)\n",
            json!({"class": "signal", "number": 15}),
        ),
        ("raise SystemExit(7)\n", json!({"class": "exit", "code": 7})),
        (fifo, json!({"class": "bad_output"})),
        (SMALL_HARNESS, json!({"class": "ok"})),
    ];
    let place = Place::new();
    for (harness, ending) in cases {
        place.zip("a.zip", &[("harness.py", harness)]);
        let ran = place
            .dfab(&["run", "a.zip", "--format", "jsonl", "--exit-zero"])
            .exits(0);
        let record = &ran.json_lines()[0];
        let execution = &record["execution"];
        assert_eq!(execution["ending"], ending);
        assert_eq!(execution["limit"], Value::Null, "{ending}");
        let enforced = execution["enforced"].as_array().expect("a list");
        let of_network = enforced
            .iter()
            .find(|one| one["name"] == "network_namespace")
            .expect("the sandbox has no network");
        assert!(of_network["means"].is_string(), "{of_network}");
        // What was stored is what was printed.
        let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).unwrap();
        let sql = "SELECT record_json FROM evaluations ORDER BY id DESC LIMIT 1";
        let stored: String = database.query_row(sql, [], |row| row.get(0)).unwrap();
        let stored: Value = serde_json::from_str(&stored).unwrap();
        assert_eq!(&stored, record);
    }
}

#[test]
fn secrets_in_urls_are_not_stored() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    let output = place
        .command(&["run", "a.zip", "--exit-zero"])
        .env(
            "CHALLENGE_LLM_ENDPOINT",
            "http://u:hunter2@llm/chat?key=hunter2",
        )
        .output()
        .expect("dfab starts");
    Ran::of(output).exits(0);
    let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).unwrap();
    let sql = "SELECT settings_json FROM runs";
    let stored: String = database.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(stored.contains("llm/chat") && !stored.contains("hunter2"));
}

#[test]
fn where_results_are_is_not_said_of_a_run_without_any() {
    let place = Place::new();
    let ran = place.dfab(&["run", "gone.zip", "-v"]).exits(3);
    assert!(!ran.stderr.contains("results are in"), "{}", ran.stderr);
    ran.says("1 package, ").says("1 package: 0 completed");
}

#[test]
fn the_last_two_thousand_characters_of_the_messages_become_the_error() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", "x = 1\n")]);
    let script = json!({"outcomes": [
        {"class": "exit", "code": 9, "stderr": "é", "stderr_repeat": 3000, "stdout": "unused"}]});
    let ran = scripted(&place, &script, &["run", "a.zip", "--format", "jsonl"]).exits(1);
    assert_eq!(ran.json_lines()[0]["error"], "é".repeat(2000));
}

#[test]
fn many_packages_come_out_in_the_order_they_went_in() {
    let place = Place::new();
    let mut list = String::new();
    for number in 0..60 {
        let source = format!("# case: {}\nx = [{}]\n", number % 3, "1, ".repeat(number));
        place.zip(&format!("p{number}.zip"), &[("harness.py", &source)]);
        list.push_str(&format!("p{number}.zip,5Key{}\n", number % 7));
    }
    place.file("list.csv", list);
    // The first of three takes longest, so later packages are ready before earlier ones.
    let script = json!({"outcomes": [
        {"when": {"marker": "# case: 0"}, "class": "exit", "code": 1, "sleep_seconds": 0.02},
        {"when": {"marker": "# case: 1"}, "class": "exit", "code": 1, "sleep_seconds": 0.005},
        {"class": "exit", "code": 1},
    ]});
    let arguments = ["run", "@list.csv", "--format", "jsonl", "-j", "8"];
    let ran = scripted(&place, &script, &arguments).exits(1);
    let names: Vec<String> = ran
        .json_lines()
        .iter()
        .map(|record| record["package"].as_str().unwrap_or_default().to_owned())
        .collect();
    let expected: Vec<String> = (0..60).map(|number| format!("p{number}.zip")).collect();
    assert_eq!(names, expected);
}

#[test]
fn a_reader_that_leaves_early_loses_no_result() {
    let place = Place::new();
    place.zip("archive/1.zip", &[("harness.py", SMALL_HARNESS)]);
    place.file("archive/2.zip", "this is no archive");
    place.zip("archive/3.zip", &[("harness.py", "print(1)")]);
    for format in ["json", "jsonl", "table"] {
        let database = format!("{format}.sqlite3");
        let mut child = place
            .command(&[
                "run",
                "archive",
                "--format",
                format,
                "--database",
                &database,
            ])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("dfab starts");
        drop(child.stdout.take());
        // The exit status tells what came out, not who read it.
        let ran = Ran::of(child.wait_with_output().expect("dfab ends")).exits(1);
        ran.says("3 packages: 1 completed, 1 refused, 1 failed otherwise");
    }
}

#[test]
fn workspaces_of_killed_processes_are_removed() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    // No process has this number: it is above the largest the kernel gives out.
    place.file("tmp/dfab-workspace-99999999-abc/harness.py", "x");
    place.file(
        &format!("tmp/dfab-workspace-{}-abc/harness.py", std::process::id()),
        "x",
    );
    // Held by us, as by a process in another container whose number means nothing here.
    place.file("tmp/dfab-workspace-99999998-abc/harness.py", "x");
    let held = std::fs::File::open(place.path("tmp/dfab-workspace-99999998-abc")).expect("it");
    held.try_lock().expect("nobody holds it");
    let run = || {
        let output = place
            .command(&["run", "a.zip", "--exit-zero"])
            .env("TMPDIR", place.path("tmp"))
            .output()
            .expect("dfab starts");
        Ran::of(output).exits(0);
    };
    let is_there = |process: u32| {
        let folder = format!("tmp/dfab-workspace-{process}-abc");
        place.path(&folder).exists()
    };
    run();
    assert!(!is_there(99_999_999));
    assert!(is_there(std::process::id()));
    assert!(is_there(99_999_998));
    drop(held);
    run();
    assert!(!is_there(99_999_998));
}

#[test]
fn more_detail_can_be_asked_for() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    let quiet = place.dfab(&["run", "a.zip", "--exit-zero"]).exits(0);
    assert!(!quiet.stderr.contains("execute"), "{}", quiet.stderr);
    place
        .dfab(&["run", "a.zip", "--exit-zero", "-v"])
        .exits(0)
        .says("a.zip: reused");
    place
        .dfab(&["run", "a.zip", "--exit-zero", "-v", "--force"])
        .exits(0)
        .says("a.zip: execute")
        .says("exit 0 after");
}

#[test]
fn a_database_that_is_gone_is_not_reported_as_full_of_results() {
    let place = Place::new();
    place.zip("archive/1.zip", &[("harness.py", "x = 1\n")]);
    place.zip("archive/2.zip", &[("harness.py", "y = [2]\n")]);
    let script = json!({"outcomes": [{"class": "exit", "code": 1, "sleep_seconds": 1.0}]});
    place.file("script.json", script.to_string());
    let child = place
        .command(&["run", "archive", "-j", "1"])
        .env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"))
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("dfab starts");
    std::thread::sleep(std::time::Duration::from_millis(500));
    fs::remove_file(place.path("dfab.sqlite3")).expect("the database is there");
    let ran = Ran::of(child.wait_with_output().expect("dfab ends")).exits(3);
    ran.says("dfab.sqlite3").says("removed or replaced");
}

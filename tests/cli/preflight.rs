//! `dfab preflight`

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use crate::chat::Chat;
use crate::support::{Place, Ran, SMALL_HARNESS};

const TOKEN: &str = "s3cret-shared-t0ken";

/// The check of that name, after a run with these variables that ended with this code.
fn check(place: &Place, name: &str, code: i32, variables: &[(&str, &str)]) -> Value {
    // What runs harnesses is looked at elsewhere, and takes longest.
    let mut command = place.command(&["preflight", "--format", "jsonl", "--executor", "direct"]);
    command.args(["--allow-direct", "true"]);
    for (variable, value) in variables {
        command.env(format!("DATA_FABRICATION_{variable}"), value);
    }
    named(
        Ran::of(command.output().expect("dfab starts")).exits(code),
        name,
    )
}

fn named(ran: Ran, name: &str) -> Value {
    assert!(!ran.stdout.contains(TOKEN) && !ran.stderr.contains(TOKEN));
    let checks = ran.json_lines();
    let found = checks.into_iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check {name}:\n{}", ran.stdout))
}

fn detail(check: &Value) -> &str {
    check["detail"].as_str().expect("a text")
}

#[test]
fn a_machine_that_can_evaluate_says_so_and_is_left_as_it_was() {
    let place = Place::new();
    let ran = place.dfab(&["preflight", "--format", "jsonl"]).exits(0);
    let checks = ran.json_lines();
    // An interpreter that is not the live service's version is only warned of.
    assert!(
        checks
            .iter()
            .any(|check| check["name"] == "python" && check["verdict"] != "fail")
    );
    for name in [
        "executor",
        "other executors",
        "database",
        "packages",
        "workspaces",
        "token",
        "language model",
        "clock",
    ] {
        let check = checks.iter().find(|check| check["name"] == name);
        let check = check.unwrap_or_else(|| panic!("no check {name}"));
        assert_eq!(check["verdict"], "ok", "{check}");
    }
    for name in ["disk", "limit: open files", "limit: file size", "memory"] {
        let check = checks.iter().find(|check| check["name"] == name);
        let check = check.unwrap_or_else(|| panic!("no check {name}"));
        // How much there is depends on the machine; a hint goes with every trouble.
        assert_eq!(check["verdict"] == "ok", check["hint"].is_null(), "{check}");
    }
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn what_is_missing_fails_with_a_hint() {
    let place = Place::new();
    let ran = place
        .dfab(&[
            "preflight",
            "--python",
            "no-such-python",
            "--format",
            "jsonl",
        ])
        .exits(3);
    let checks = ran.json_lines();
    let python = checks
        .iter()
        .find(|check| check["name"] == "python")
        .expect("python");
    assert_eq!(python["verdict"], "fail");
    assert!(
        python["detail"]
            .as_str()
            .unwrap()
            .contains("no-such-python"),
        "{python}"
    );
    let executor = checks.iter().find(|check| check["name"] == "executor");
    let executor = executor.expect("what was not checked is said");
    assert_eq!(executor["verdict"], "warn");
    assert!(
        executor["detail"].as_str().unwrap().contains("not checked"),
        "{executor}"
    );
}

#[test]
fn the_token_is_never_shown_and_only_a_broken_one_fails() {
    let place = Place::new();
    let set = check(&place, "token", 0, &[("SHARED_TOKEN", TOKEN)]);
    assert_eq!(set["verdict"], "ok");
    assert!(
        detail(&set).contains("DATA_FABRICATION_SHARED_TOKEN"),
        "{set}"
    );

    let file = place.file("token", format!("{TOKEN}\n"));
    let path = file.display().to_string();
    let from_file = [("SHARED_TOKEN_FILE", path.as_str())];
    for (mode, verdict, word) in [
        (0o600, "ok", "read from"),
        (0o640, "ok", "read from"),
        (0o644, "warn", "may read"),
        (0o606, "warn", "may read and change"),
    ] {
        fs::set_permissions(&file, Permissions::from_mode(mode)).expect("permissions");
        let token = check(&place, "token", 0, &from_file);
        assert_eq!(token["verdict"], verdict, "{token}");
        assert!(detail(&token).contains(word), "{token}");
    }
    fs::write(&file, " \n").expect("a file");
    let empty = check(&place, "token", 3, &from_file);
    assert!(detail(&empty).contains("it is empty"), "{empty}");
    fs::remove_file(&file).expect("it was there");
    assert_eq!(check(&place, "token", 3, &from_file)["verdict"], "fail");
}

#[test]
fn a_language_model_is_asked_only_if_it_will_be_and_fails_only_if_it_must_answer() {
    let place = Place::new();
    let chat = Chat::saying("{\"ready\": true}");
    let endpoint = ("LLM_ENDPOINT", chat.url.as_str());
    assert_eq!(
        check(&place, "language model", 0, &[endpoint])["verdict"],
        "ok"
    );
    assert_eq!(chat.questions().len(), 0, "nobody wants it");

    let judge = ("LLM_JUDGE_ENABLED", "true");
    let answers = check(&place, "language model", 0, &[endpoint, judge]);
    assert_eq!(answers["verdict"], "ok");
    assert!(
        detail(&answers).starts_with("llama3 at http://127.0.0.1"),
        "{answers}"
    );
    assert_eq!(chat.questions().len(), 1);

    let chat = Chat::new(|_| ("404 Not Found", "no such model".to_owned()));
    let endpoint = ("LLM_ENDPOINT", chat.url.as_str());
    let advisory = check(&place, "language model", 0, &[endpoint, judge]);
    assert_eq!(advisory["verdict"], "warn");
    assert!(
        detail(&advisory).contains("status 404: no such model"),
        "{advisory}"
    );
    let required = [endpoint, judge, ("LLM_JUDGE_REQUIRED", "true")];
    let required = check(&place, "language model", 3, &required);
    assert_eq!(required["verdict"], "fail");
    assert!(
        required["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("llm_model")),
        "{required}"
    );
}

#[test]
fn limits_that_a_batch_would_meet_are_warned_of() {
    let place = Place::new();
    let script = "ulimit -f 100000 && ulimit -t 100000 && exec \"$0\" preflight --executor direct --allow-direct true --format jsonl";
    let limited = |name: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_dfab")]);
        command.current_dir(place.path(""));
        named(Ran::of(command.output().expect("sh starts")).exits(0), name)
    };
    for name in ["limit: file size", "limit: processor time"] {
        let check = limited(name);
        assert_eq!(check["verdict"], "warn", "{check}");
        assert!(
            check["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains("ulimit")),
            "{check}"
        );
    }
}

#[test]
fn a_database_that_cannot_be_used_fails_and_one_from_the_future_is_warned_of() {
    let place = Place::new();
    place.file("dfab.sqlite3", "this is text\n".repeat(99));
    assert_eq!(check(&place, "database", 3, &[])["verdict"], "fail");

    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    place.dfab(&["run", "a.zip", "-q", "--exit-zero"]).exits(0);
    assert_eq!(check(&place, "clock", 0, &[])["verdict"], "ok");
    let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).expect("a database");
    let sql = "UPDATE submissions SET created_at = '2999-01-01 00:00:00.000000'";
    database.execute_batch(sql).expect("a statement");
    drop(database);
    let clock = check(&place, "clock", 0, &[]);
    assert_eq!(clock["verdict"], "warn");
    assert!(detail(&clock).contains("newest submission"), "{clock}");
}

#[test]
fn a_place_that_cannot_be_written_to_fails() {
    let place = Place::new();
    place.file("file", "");
    let packages = check(&place, "packages", 3, &[("ARTIFACT_ROOT", "file/packages")]);
    assert_eq!(packages["verdict"], "fail");
    let folder = [
        ("DATABASE_URL", "nowhere/results.sqlite3"),
        ("ARTIFACT_ROOT", "packages"),
    ];
    assert_eq!(check(&place, "database", 3, &folder)["verdict"], "fail");
    assert_eq!(place.names(), ["file"]);
}

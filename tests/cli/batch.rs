//! `dfab run` over packages it has met before: reuse, `--force`, `--until`, `--dry-run`, `--retry-failed`.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Place, Ran, repository, timeless};

/// A place with a script in place of an executor, whose journal counts what was run.
struct Scripted {
    place: Place,
}

fn line() -> String {
    let line = json!({"messages": [
        {"role": "user", "content": "please fix the parser"},
        {"role": "assistant", "content": "the patch guards the empty case and adds a test"}]});
    format!("{line}\n")
}

impl Scripted {
    fn new() -> Scripted {
        let scripted = Scripted {
            place: Place::new(),
        };
        scripted.answers(&[json!({"stdout": line()})]);
        scripted
    }

    fn answers(&self, outcomes: &[Value]) {
        let script = json!({"journal": "ran.jsonl", "outcomes": outcomes});
        self.place.file("script.json", script.to_string());
    }

    fn dfab(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("dfab starts");
        Ran::of(output)
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.place.command(arguments);
        command.env("DFAB_SCRIPTED_EXECUTOR", self.place.path("script.json"));
        command
    }

    /// How many harnesses were run so far.
    fn harnesses(&self) -> usize {
        let journal = fs::read_to_string(self.place.path("ran.jsonl")).unwrap_or_default();
        journal.lines().count()
    }

    fn zip(&self, name: &str, source: &str) {
        self.place.zip(name, &[("harness.py", source)]);
    }

    fn count(&self, table: &str) -> i64 {
        let database = rusqlite::Connection::open(self.place.path("dfab.sqlite3")).unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        database.query_row(&sql, [], |row| row.get(0)).unwrap()
    }
}

/// Three packages: one, a copy of it, and one that the review rejects.
fn archive() -> Scripted {
    let scripted = Scripted::new();
    let source = "def rows(count):\n    return [str(n) for n in range(count)]\n\nprint(rows(3))\n";
    scripted.zip("archive/1.zip", source);
    scripted.zip("archive/2.zip", &format!("{source}# a copy\n"));
    scripted.zip("archive/3.zip", "import os\nos.system('ls')\n");
    scripted
}

const RUN: [&str; 5] = ["run", "archive", "--format", "jsonl", "--exit-zero"];

fn run_with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&RUN, more].concat()
}

#[test]
fn a_result_that_is_there_is_reported_again_to_the_byte_and_nothing_is_run() {
    let scripted = archive();
    let first = scripted.dfab(&RUN).exits(0);
    assert_eq!(scripted.harnesses(), 2, "the rejected one is not run");
    for jobs in ["1", "4"] {
        let again = scripted.dfab(&run_with(&["-j", jobs])).exits(0);
        assert_eq!(again.stdout, first.stdout);
        again.says("3 reused");
    }
    assert_eq!(scripted.harnesses(), 2);
    assert_eq!(scripted.count("evaluations"), 3);
    assert_eq!(scripted.count("runs"), 3);
}

#[test]
fn a_package_is_the_same_under_another_name() {
    let scripted = archive();
    scripted.dfab(&RUN).exits(0);
    let (old, new) = ("archive/1.zip", "archive/0-renamed.zip");
    fs::rename(scripted.place.path(old), scripted.place.path(new)).unwrap();
    let again = scripted.dfab(&RUN).exits(0).json_lines();
    assert_eq!(scripted.harnesses(), 2);
    assert_eq!(again[0]["package"], new);
    assert_eq!(again[0]["filename"], "0-renamed.zip");
}

#[test]
fn other_settings_evaluate_again_and_the_first_ones_find_their_result_again() {
    let scripted = archive();
    let first = scripted.dfab(&RUN).exits(0);
    let other = scripted.dfab(&run_with(&["--seed", "7"])).exits(0);
    assert_eq!(scripted.harnesses(), 4);
    assert!(!other.stderr.contains("reused"), "{}", other.stderr);
    let back = scripted.dfab(&RUN).exits(0);
    assert_eq!(back.stdout, first.stdout);
    assert_eq!(
        scripted.harnesses(),
        4,
        "what was run once is not run again"
    );
    // What was reported last is what the service's table shows, so it was stored anew.
    assert_eq!(scripted.count("evaluations"), 9);
    scripted.dfab(&RUN).exits(0);
    assert_eq!(scripted.count("evaluations"), 9);
}

#[test]
fn other_neighbours_change_the_verdict_without_running_anything() {
    let scripted = archive();
    let first = scripted.dfab(&RUN).exits(0).json_lines();
    assert_eq!(first[1]["plagiarism"]["score"], 100);
    assert_eq!(first[1]["status"], "failed");
    let alone = run_with(&["--similarity-own-history", "exclude"]);
    let again = scripted.dfab(&alone).exits(0);
    assert_eq!(scripted.harnesses(), 2);
    assert_eq!(again.json_lines()[1]["plagiarism"], Value::Null);

    let fresh = archive();
    let fresh_run = fresh.dfab(&alone).exits(0);
    assert_eq!(again.stdout, fresh_run.stdout);
    let rows = |scripted: &Scripted| -> Vec<(String, f64, String, Option<String>)> {
        let database = rusqlite::Connection::open(scripted.place.path("dfab.sqlite3")).unwrap();
        let sql =
            "SELECT status, score, metrics_json, plagiarism_json FROM submissions ORDER BY id";
        let mut statement = database.prepare(sql).unwrap();
        let read =
            |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        let rows = statement.query_map([], read).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(rows(&scripted), rows(&fresh));
}

#[test]
fn force_evaluates_what_could_be_reused() {
    let scripted = archive();
    scripted.dfab(&RUN).exits(0);
    let again = scripted.dfab(&run_with(&["--force"])).exits(0);
    assert_eq!(scripted.harnesses(), 4);
    assert!(!again.stderr.contains("reused"), "{}", again.stderr);
    assert_eq!(scripted.count("evaluations"), 6, "the earlier ones stay");
}

#[test]
fn a_package_given_twice_is_evaluated_once_however_many_run_at_a_time() {
    for jobs in ["1", "6"] {
        let scripted = Scripted::new();
        let mut list = String::new();
        for number in 0..12 {
            let name = format!("p{}.zip", number % 3);
            scripted.zip(&name, &format!("x = [{}]\n", number % 3));
            list.push_str(&format!("{name},5A\n"));
        }
        scripted.place.file("list.csv", list);
        let run = ["run", "@list.csv", "--format", "json", "--exit-zero"];
        let ran = scripted.dfab(&[&run[..], &["-j", jobs]].concat()).exits(0);
        let document = ran.json();
        assert_eq!(document["submissions"].as_array().map(Vec::len), Some(12));
        assert_eq!(document["summary"]["reused"], 9, "-j {jobs}");
        assert_eq!(scripted.count("evaluations"), 3, "-j {jobs}");
        assert_eq!(scripted.count("arrivals"), 3);
    }
}

#[test]
fn one_that_waits_for_a_double_is_evaluated_if_the_double_comes_to_nothing() {
    let scripted = Scripted::new();
    scripted.zip("p.zip", "x = 1\n");
    scripted.place.file("list.csv", "p.zip,5A\np.zip,5A\n");
    scripted.answers(&[
        json!({"times": 1, "error": "the keeper died", "sleep_seconds": 0.2}),
        json!({"stdout": line()}),
    ]);
    let run = ["run", "@list.csv", "--format", "json", "-j", "2"];
    let document = scripted.dfab(&run).exits(3).json();
    assert_eq!(document["summary"]["errors"], 1);
    assert_eq!(document["summary"]["completed"], 1);
    assert_eq!(scripted.harnesses(), 2);
}

#[test]
fn a_run_until_a_stage_stops_there_and_stores_no_result() {
    let full = archive().dfab(&RUN).exits(0).json_lines();
    for (index, stage) in [
        "validate",
        "review",
        "execute",
        "parse",
        "score",
        "similarity",
        "judge",
    ]
    .iter()
    .enumerate()
    {
        let scripted = archive();
        let ran = scripted.dfab(&run_with(&["--until", stage])).exits(0);
        let records = ran.json_lines();
        let first = &records[0];
        assert_eq!(first["id"], full[0]["id"]);
        assert_eq!(first["static_review"].is_null(), index < 1, "{stage}");
        assert_eq!(first["execution"].is_null(), index < 2, "{stage}");
        assert_eq!(first["conversation_count"] == 1, index >= 3, "{stage}");
        assert_eq!(
            first["metrics"] == full[0]["metrics"],
            index >= 4,
            "{stage}"
        );
        assert_eq!(records[1]["plagiarism"].is_null(), index < 5, "{stage}");
        let status = if index < 6 { "pending" } else { "completed" };
        assert_eq!(first["status"], status, "{stage}");
        let rejected = if index < 1 { "pending" } else { "failed" };
        assert_eq!(records[2]["status"], rejected, "{stage}");
        if index == 6 {
            assert_eq!(records, full, "all but storing it");
        }
        assert_eq!(
            scripted.harnesses(),
            if index < 2 { 0 } else { 2 },
            "{stage}"
        );
        for table in ["submissions", "arrivals", "fingerprints", "evaluations"] {
            assert_eq!(scripted.count(table), 0, "{stage}: {table}");
        }
        assert!(!scripted.place.path("artifacts").exists());
        ran.says(&format!("stopped after {stage}"));
        assert!(!scripted.place.path("artifacts").exists());
        let runs = scripted.dfab(&["runs", "last"]).exits(0);
        runs.prints(&format!("{stage}, so no result is stored"));
    }
    let scripted = archive();
    let whole = scripted.dfab(&run_with(&["--until", "store"])).exits(0);
    assert_eq!(whole.json_lines(), full);
}

#[test]
fn what_would_be_compared_is_the_same_without_storing() {
    let list = format!(
        "@{}",
        repository("tests/parity/packages/order.json").display()
    );
    let place = Place::new();
    let run = ["run", &list, "--format", "jsonl", "--exit-zero"];
    let judged = place
        .dfab(&[&run[..], &["--until", "judge"]].concat())
        .exits(0);
    let stored = place.dfab(&run).exits(0);
    let judged: Vec<Value> = judged.json_lines().into_iter().map(timeless).collect();
    let stored: Vec<Value> = stored.json_lines().into_iter().map(timeless).collect();
    assert_eq!(judged, stored);
}

fn plan(scripted: &Scripted, more: &[&str]) -> Vec<(String, String)> {
    let arguments = [
        "run",
        "archive",
        "--dry-run",
        "--format",
        "jsonl",
        "--exit-zero",
    ];
    let ran = scripted.dfab(&[&arguments[..], more].concat());
    ran.json_lines()
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            (text("action"), text("reason"))
        })
        .collect()
}

/// Every file below a folder with its bytes and its time.
fn everything(place: &Place) -> Vec<(String, Vec<u8>, std::time::SystemTime)> {
    let mut found: Vec<_> = walkdir::WalkDir::new(place.path(""))
        .into_iter()
        .map(|entry| {
            let entry = entry.unwrap();
            let bytes = fs::read(entry.path()).unwrap_or_default();
            let time = entry.metadata().unwrap().modified().unwrap();
            (entry.path().display().to_string(), bytes, time)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_dry_run_says_what_would_be_done_and_why_and_writes_nothing() {
    let scripted = archive();
    scripted.place.file("archive/4.zip", "no archive");
    let actions = |plan: &[(String, String)]| -> Vec<String> {
        plan.iter().map(|(action, _)| action.clone()).collect()
    };
    let before = everything(&scripted.place);
    let first = plan(&scripted, &[]);
    assert_eq!(
        actions(&first),
        ["evaluate", "evaluate", "evaluate", "refuse"]
    );
    assert_eq!(first[0].1, "never evaluated");
    assert_eq!(everything(&scripted.place), before, "not even a database");

    scripted.dfab(&RUN).exits(0);
    let before = everything(&scripted.place);
    let again = plan(&scripted, &[]);
    assert_eq!(actions(&again), ["reuse", "reuse", "reuse", "refuse"]);
    let other = plan(&scripted, &["--seed", "7"]);
    assert_eq!(
        actions(&other),
        ["evaluate", "evaluate", "evaluate", "refuse"]
    );
    assert!(other[0].1.contains("other settings"), "{}", other[0].1);
    let forced = plan(&scripted, &["--force"]);
    assert_eq!(
        forced[0],
        ("evaluate".into(), "asked for with --force".into())
    );
    let until = plan(&scripted, &["--until", "review"]);
    assert!(until[0].1.contains("as far as review"), "{}", until[0].1);
    assert_eq!(everything(&scripted.place), before);
    assert_eq!(scripted.harnesses(), 2);

    let ran = scripted.dfab(&[
        "run",
        "archive",
        "gone.zip",
        "--dry-run",
        "--format",
        "json",
    ]);
    let document = ran.exits(3).says("nothing was done").json();
    assert_eq!(document["dry_run"], true);
    let summary = json!({"total": 5, "evaluate": 0, "redo": 0, "retry": 0, "reuse": 3, "refuse": 1, "fail": 1});
    assert_eq!(document["summary"], summary);
    scripted
        .dfab(&["run", "archive", "--dry-run"])
        .exits(1)
        .prints("because");
}

#[test]
fn a_dry_run_tells_what_the_machine_failed_at() {
    let scripted = archive();
    scripted.answers(&[json!({"error": "no room for the keeper"})]);
    scripted.dfab(&RUN).exits(3);
    let planned = plan(&scripted, &[]);
    assert_eq!(planned[0].0, "retry");
    assert!(planned[0].1.contains("(stage execute)"), "{}", planned[0].1);
    assert_eq!(planned[2].0, "reuse", "a verdict needs no harness");
}

#[test]
fn retry_failed_takes_what_the_machine_failed_at_and_never_verdicts() {
    let scripted = archive();
    scripted.zip("archive/0.zip", "y = 'another'\n# case: bad\n");
    scripted.answers(&[
        json!({"when": {"marker": "# a copy"}, "error": "no room for the keeper"}),
        json!({"when": {"marker": "# case: bad"}, "class": "exit", "code": 1}),
        json!({"stdout": line()}),
    ]);
    scripted.dfab(&RUN).exits(3).says("no room for the keeper");
    let runs = scripted.dfab(&["runs", "last"]).exits(0);
    runs.prints("its harness cannot be run")
        .prints("dfab run --retry-failed=");
    // Still no room: it is the second try.
    let retry = ["run", "--retry-failed", "--format", "jsonl"];
    let failed = scripted.dfab(&retry).exits(3);
    assert_eq!(failed.stdout, "");
    scripted
        .dfab(&["runs", "last"])
        .exits(0)
        .prints("for the 2. time");

    scripted.answers(&[json!({"stdout": line()})]);
    let before = scripted.harnesses();
    let dry = scripted
        .dfab(&["run", "--retry-failed", "--dry-run"])
        .exits(0);
    dry.prints("archive/2.zip").prints("retry");
    // Of an archive it takes the same one; and the verdict of the failed harness stays.
    let given = [
        "run",
        "archive",
        "--retry-failed",
        "--dry-run",
        "--format",
        "jsonl",
    ];
    let lines = scripted.dfab(&given).exits(0).json_lines();
    assert_eq!(lines.len(), 1);
    let ran = scripted.dfab(&retry).exits(1).json_lines();
    assert_eq!(ran.len(), 1);
    assert_eq!(ran[0]["package"], "archive/2.zip");
    assert_eq!(
        ran[0]["plagiarism"]["score"], 100,
        "it kept its place behind its model"
    );
    assert_eq!(scripted.harnesses(), before + 1);

    scripted.dfab(&retry).exits(0).says("nothing to retry");
    scripted.dfab(&[&given[..3], &["-q"]].concat()).exits(0);
    // The first run's failures can be named still; their results are there now.
    let first = scripted
        .dfab(&["runs", "--format", "json", "-n", "9"])
        .exits(0)
        .json();
    let runs = first["runs"].as_array().expect("runs");
    let id = runs[runs.len() - 1]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let named = format!("--retry-failed={id}");
    scripted
        .dfab(&["run", &named, "--exit-zero"])
        .exits(0)
        .says("1 reused");
    assert_eq!(scripted.harnesses(), before + 1);
    scripted
        .dfab(&["run", "archive", &named])
        .exits(2)
        .says("not both");
    scripted
        .dfab(&["run", "--retry-failed=zzz"])
        .exits(2)
        .says("no run");
}

#[test]
fn a_plain_run_tries_again_what_the_machine_failed_at() {
    let scripted = archive();
    scripted.answers(&[
        json!({"when": {"marker": "range"}, "times": 1, "error": "out of luck"}),
        json!({"stdout": line()}),
    ]);
    let run = run_with(&["-j", "1"]);
    scripted.dfab(&run).exits(3);
    scripted.answers(&[json!({"stdout": line()})]);
    let second = scripted.dfab(&run).exits(0).says("2 reused").json_lines();
    let fresh = archive().dfab(&run).exits(0).json_lines();
    assert_eq!(second, fresh);
}

#[test]
fn a_retry_without_a_database_says_so() {
    let place = Place::new();
    place
        .dfab(&["run", "--retry-failed"])
        .exits(3)
        .says("there is no database");
    place.dfab(&["run"]).exits(2);
}

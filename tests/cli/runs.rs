//! `dfab runs`

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::{Place, Ran};

/// Two packages, of which the second takes as long as it is let.
fn slow() -> Place {
    let place = Place::new();
    place.zip("my archive/1.zip", &[("harness.py", "x = 1\n")]);
    place.zip(
        "my archive/2.zip",
        &[("harness.py", "y = [2]\n# case: slow\n")],
    );
    place.zip("my archive/3.zip", &[("harness.py", "z = {3: 3}\n")]);
    let script = json!({"outcomes": [
        {"when": {"marker": "# case: slow"}, "sleep_seconds": 60.0},
        {"class": "exit", "code": 1, "stderr": "Traceback\nValueError: no\n"},
    ]});
    place.file("script.json", script.to_string());
    place
}

fn start(place: &Place) -> Child {
    place
        .command(&["run", "my archive", "-j", "1"])
        .env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dfab starts")
}

fn last(place: &Place) -> Option<Value> {
    let ran = place.dfab(&["runs", "last", "--format", "json"]);
    (ran.code == 0).then(|| ran.json())
}

/// Waits until the run shows that its second package is being run.
fn wait_for_the_slow_one(place: &Place) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(document) = last(place)
            && document["items"][1]["state"] == "running"
            && document["items"][1]["stage"] == "execute"
            && document["run"]["state"] == "running"
        {
            return document;
        }
        assert!(Instant::now() < deadline, "it is never shown as running");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_run_can_be_looked_at_while_it_goes_and_after_it_was_killed_or_stopped() {
    let place = slow();
    let mut child = start(&place);
    let document = wait_for_the_slow_one(&place);
    assert_eq!(document["run"]["state"], "running");
    assert_eq!(document["run"]["pid"], child.id());
    assert_eq!(document["run"]["open"], 2);
    assert_eq!(document["items"][0]["state"], "recorded");
    assert_eq!(document["items"][0]["error"], "Traceback\nValueError: no\n");
    assert_eq!(document["items"][2]["state"], "pending");
    let shown = place.dfab(&["runs"]).exits(0);
    shown.prints("running");
    let shown = place.dfab(&["runs", "last"]).exits(0);
    let shown = shown
        .prints("stage execute")
        .prints("ValueError: no")
        .prints("waits");
    assert!(!shown.stdout.contains("hint:"), "{}", shown.stdout);

    child.kill().expect("dfab runs");
    child.wait().expect("dfab ends");
    let document = last(&place).expect("the run");
    assert_eq!(document["run"]["state"], "died");
    assert_eq!(document["items"][1]["state"], "pending");
    let shown = place.dfab(&["runs", "last"]).exits(0);
    shown
        .prints("died")
        .prints("broken off")
        .prints("not begun")
        .prints("to go on: ")
        .prints("'my archive' -j 1");

    let child = start(&place);
    let document = wait_for_the_slow_one(&place);
    assert_eq!(document["items"][0]["reused"], true);
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("dfab runs");
    let ran = Ran::of(child.wait_with_output().expect("dfab ends")).exits(130);
    ran.says("1 of 3 packages are finished")
        .says("hint: to go on: ")
        .says("'my archive' -j 1");
    let document = last(&place).expect("the run");
    assert_eq!(document["run"]["state"], "interrupted");
    assert_eq!(document["items"][1]["state"], "pending");
    assert_eq!(document["items"][1]["stage"], "execute");

    let dry = place
        .command(&["run", "my archive", "--dry-run", "--format", "jsonl"])
        .env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"))
        .output()
        .expect("dfab starts");
    let plan = Ran::of(dry).json_lines();
    let actions: Vec<_> = plan
        .iter()
        .map(|line| line["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["reuse", "redo", "redo"]);
    assert!(
        plan[1]["reason"]
            .as_str()
            .unwrap()
            .contains("broken off in its stage execute")
    );
    assert!(
        plan[2]["reason"]
            .as_str()
            .unwrap()
            .contains("ended before its turn")
    );
}

#[test]
fn runs_are_listed_newest_first_and_found_by_the_beginning_of_their_id() {
    let place = Place::new();
    place.dfab(&["runs"]).exits(3).says("there is no database");
    place.zip("a.zip", &[("harness.py", "import os\nos.system('ls')\n")]);
    place.file("broken.zip", "no archive");
    place.dfab(&["run", "a.zip", "--exit-zero"]).exits(0);
    place
        .dfab(&["run", "a.zip", "broken.zip", "gone.zip"])
        .exits(3);
    let document = place.dfab(&["runs", "--format", "json"]).exits(0).json();
    let runs = document["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 2);
    let counts = |run: &Value| {
        let names = ["total", "open", "recorded", "reused", "refused", "failed"];
        names.map(|name| run[name].as_u64().expect("a count"))
    };
    assert_eq!(counts(&runs[0]), [3, 0, 1, 1, 1, 1]);
    assert_eq!(counts(&runs[1]), [1, 0, 1, 0, 0, 0]);
    let limited = place
        .dfab(&["runs", "--format", "jsonl", "-n", "1"])
        .exits(0);
    assert_eq!(limited.json_lines()[0]["id"], runs[0]["id"]);
    place.dfab(&["runs", "-n", "1"]).exits(0).says("older runs");

    let id = runs[0]["id"].as_str().expect("an id");
    for wanted in [id, &id[..24], "last"] {
        let shown = place.dfab(&["runs", wanted]).exits(0);
        let shown = shown
            .prints(id)
            .prints("not_a_zip")
            .prints("cannot be read: No such file");
        assert!(shown.stdout.contains("gone.zip"), "{}", shown.stdout);
    }
    let both = &id[..2];
    place
        .dfab(&["runs", both])
        .exits(2)
        .says("more than one run");
    place
        .dfab(&["runs", "zzz"])
        .exits(2)
        .says("no run whose id begins with zzz");
}

#[test]
fn names_in_a_run_cannot_reach_the_terminal_raw() {
    let place = Place::new();
    place.file("archive/\u{1b}]0;owned\u{7}.zip", "no archive");
    place.dfab(&["run", "archive"]).exits(1);
    let shown = place.dfab(&["runs", "last"]).exits(0);
    assert!(!shown.stdout.contains('\u{1b}'), "{:?}", shown.stdout);
}

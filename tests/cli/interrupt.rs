//! Stopping a run.

use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Place, Ran, SMALL_HARNESS};

/// Starts a batch of a quick and a slow package, stops it with `signal` once the slow one runs.
fn stopped(place: &Place, signal: Signal) -> (Ran, Duration) {
    place.zip("archive/1.zip", &[("harness.py", SMALL_HARNESS)]);
    place.zip(
        "archive/2.zip",
        &[("harness.py", "import time\ntime.sleep(60)\n")],
    );
    let child = place
        .command(&["run", "archive", "--format", "json", "-j", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dfab starts");
    // The first result is in the database when its artifact is kept and the second harness is under way.
    let deadline = Instant::now() + Duration::from_secs(30);
    while !place.path("artifacts").exists() {
        assert!(
            Instant::now() < deadline,
            "the first package is never finished"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    let began = Instant::now();
    kill(Pid::from_raw(child.id() as i32), signal).expect("dfab runs");
    let ran = Ran::of(child.wait_with_output().expect("dfab ends"));
    (ran, began.elapsed())
}

#[test]
fn what_was_finished_is_kept_and_the_document_is_whole() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let place = Place::new();
        let (ran, took) = stopped(&place, signal);
        let ran = ran.exits(130).says("1 of 2 packages are finished");
        assert!(took < Duration::from_secs(10), "took {took:?}");
        assert_eq!(ran.json()["submissions"].as_array().map(Vec::len), Some(1));
        assert_eq!(ran.json()["summary"], serde_json::Value::Null);
        place.dfab(&["weights"]).exits(0).prints("unknown");
    }
}

#[test]
fn nothing_of_the_harness_is_left_running() {
    let place = Place::new();
    let marker = format!("dfab-interrupt-test-{}", std::process::id());
    let harness = format!("import time\ntime.sleep(60)  # {marker}\n");
    place.file("p/harness.py", harness);
    let child = place
        .command(&["exec", "p"])
        .env("TMPDIR", place.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("dfab starts");
    std::thread::sleep(Duration::from_millis(1500));
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).expect("dfab runs");
    let ran = Ran::of(child.wait_with_output().expect("dfab ends"));
    assert_eq!(ran.code, 130);
    assert_eq!(place.names(), ["p"], "a workspace stayed behind");
}

/// Whether a process anywhere has this text among its arguments or in its environment.
fn runs_somewhere(marker: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("processes");
    processes.flatten().any(|process| {
        ["cmdline", "environ"].iter().any(|name| {
            let text = std::fs::read(process.path().join(name)).unwrap_or_default();
            text.windows(marker.len())
                .any(|part| part == marker.as_bytes())
        })
    })
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_is_finished_behind_a_package_that_is_broken_off_is_stored_too() {
    let place = Place::new();
    let slow = "import time\ntime.sleep(60)\n";
    place.zip("archive/1.zip", &[("harness.py", slow)]);
    place.zip("archive/2.zip", &[("harness.py", SMALL_HARNESS)]);
    place.zip(
        "archive/3.zip",
        &[("harness.py", &format!("{SMALL_HARNESS}# a copy\n"))],
    );
    let run = ["run", "archive", "--format", "json", "-j", "2"];
    let child = place
        .command(&run)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dfab starts");
    // A package is kept when it is ready; that of the slow one never is.
    wait_until("two are ready", || {
        std::fs::read_dir(place.path("artifacts")).is_ok_and(|kept| kept.count() == 2)
    });
    std::thread::sleep(Duration::from_millis(300));
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).expect("dfab runs");
    let ran = Ran::of(child.wait_with_output().expect("dfab ends")).exits(130);
    let stored = ran.json();
    let stored = stored["submissions"].as_array().expect("submissions");
    assert_eq!(stored.len(), 2);
    assert_eq!(stored[1]["plagiarism"]["submission_id"], stored[0]["id"]);
    // The first one kept its place: it is no copy of those that were faster.
    place.zip("archive/1.zip", &[("harness.py", slow)]);
    let shown = place.dfab(&["runs", "last"]).exits(0);
    shown
        .prints("2 of 3 done")
        .prints("broken off")
        .prints("to go on: ");
    let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).expect("a database");
    let sql = "SELECT group_concat(submission_id IN (SELECT id FROM submissions), '')
               FROM (SELECT * FROM arrivals ORDER BY sequence)";
    let places: String = database
        .query_row(sql, [], |row| row.get(0))
        .expect("places");
    assert_eq!(places, "011");
}

#[test]
fn the_second_signal_ends_it_at_once_and_nothing_stays_behind() {
    let place = Place::new();
    let marker = format!("dfab-second-signal-{}", std::process::id());
    // The script does not listen to the first signal for long.
    let script = serde_json::json!({"outcomes": [{"output_file": "x", "sleep_seconds": 60.0}]});
    place.file("script.json", script.to_string());
    for executor in ["sandbox", "scripted"] {
        let harness = format!("import time\ntime.sleep(60)  # {executor}\n");
        place.zip("archive/1.zip", &[("harness.py", &harness)]);
        std::fs::create_dir_all(place.path("tmp")).expect("a folder");
        let mut command = place.command(&["run", "archive", "--format", "json"]);
        command
            .env("TMPDIR", place.path("tmp"))
            .env("MARKER", &marker);
        if executor == "scripted" {
            command.env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"));
        }
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("dfab starts");
        wait_until("a workspace is there", || {
            std::fs::read_dir(place.path("tmp")).is_ok_and(|found| found.count() > 0)
        });
        std::thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        for _ in 0..2 {
            // It may have ended by the first one already.
            let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGINT);
            std::thread::sleep(Duration::from_millis(2));
        }
        let output = child.wait_with_output().expect("dfab ends");
        assert_eq!(output.status.code(), Some(130), "{executor}");
        assert!(began.elapsed() < Duration::from_secs(10));
        let left = std::fs::read_dir(place.path("tmp")).expect("the folder");
        assert_eq!(left.count(), 0, "{executor}: a workspace stayed behind");
        wait_until("all is dead", || !runs_somewhere(&marker));
        place.dfab(&["runs", "last"]).exits(0).prints("to go on: ");
    }
}

#[test]
fn a_killed_run_leaves_no_process_and_the_next_one_removes_its_workspace() {
    let place = Place::new();
    let marker = format!("dfab-killed-{}", std::process::id());
    let place_of_marker = format!("archive-{marker}");
    let harness = "import os, sys, time\nif os.path.exists('slow.txt'): time.sleep(60)\n";
    let files = [("harness.py", harness), ("slow.txt", "x")];
    place.zip(&format!("{place_of_marker}/1.zip"), &files);
    std::fs::create_dir_all(place.path("tmp")).expect("a folder");
    let start = |place: &Place| {
        place
            .command(&["run", &place_of_marker, "--timeout", "61"])
            .env("TMPDIR", place.path("tmp"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dfab starts")
    };
    let mut child = start(&place);
    wait_until("a workspace is there", || {
        std::fs::read_dir(place.path("tmp")).is_ok_and(|found| found.count() > 0)
    });
    std::thread::sleep(Duration::from_millis(500));
    child.kill().expect("dfab runs");
    child.wait().expect("dfab ends");
    wait_until("all is dead", || !runs_somewhere(&marker));
    assert_eq!(
        std::fs::read_dir(place.path("tmp"))
            .expect("the folder")
            .count(),
        1
    );
    place.zip(&format!("{place_of_marker}/1.zip"), &files[..1]);
    assert_eq!(start(&place).wait().expect("dfab ends").code(), Some(1));
    assert_eq!(
        std::fs::read_dir(place.path("tmp"))
            .expect("the folder")
            .count(),
        0
    );
}

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

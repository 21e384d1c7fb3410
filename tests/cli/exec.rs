//! `dfab exec`

use std::fs;

use serde_json::Value;

use crate::support::Place;

#[test]
fn the_dataset_goes_to_stdout_and_the_messages_to_stderr() {
    let place = Place::new();
    place.file(
        "p/harness.py",
        "import sys\nprint('row')\nprint('note', file=sys.stderr)\n",
    );
    let ran = place.dfab(&["exec", "p"]).exits(0);
    assert_eq!(ran.stdout, "row\n");
    assert_eq!(ran.stderr, "note\n");
}

#[test]
fn the_output_file_wins_over_stdout() {
    let place = Place::new();
    let harness = "import os\nprint('talk')\nopen(os.environ['DATA_FABRICATION_OUTPUT'], 'w').write('row\\n')\n";
    place.file("p/harness.py", harness);
    let ran = place.dfab(&["exec", "p"]).exits(0);
    assert_eq!(ran.stdout, "row\n");
}

#[test]
fn the_exit_code_is_the_harnesss_own() {
    let place = Place::new();
    place.file("p/harness.py", "raise SystemExit(7)\n");
    place.dfab(&["exec", "p"]).exits(7);
    place.file(
        "p/harness.py",
        "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n",
    );
    place.dfab(&["exec", "p"]).exits(128 + 15);
}

#[test]
fn a_run_that_takes_too_long_is_ended_and_reported() {
    let place = Place::new();
    place.file("p/harness.py", "import time\ntime.sleep(60)\n");
    let ran = place.dfab(&["exec", "p", "--timeout", "1", "--report", "report.json"]);
    assert_eq!(ran.code, 124, "{}", ran.stderr);
    let report: Value =
        serde_json::from_slice(&fs::read(place.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["timed_out"], true);
    assert_eq!(report["limit"], "timeout_wall");
    assert!(report["duration_seconds"].as_f64().unwrap() < 10.0);
    assert!(
        report["enforced"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
    );
}

#[test]
fn a_package_that_breaks_the_contract_is_not_run() {
    let place = Place::new();
    place.zip("bad.zip", &[("harness.py", "print(1)"), ("x.sh", "")]);
    let ran = place.dfab(&["exec", "bad.zip"]);
    assert_ne!(ran.code, 0);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("file extension is not allowed: x.sh"));
}

#[test]
fn an_output_that_is_no_file_is_no_success() {
    let place = Place::new();
    let harness = "import os\nos.mkfifo(os.environ['DATA_FABRICATION_OUTPUT'])\n";
    place.file("p/harness.py", harness);
    place
        .dfab(&["exec", "p", "--report", "report.json"])
        .exits(1)
        .says("bad_output");
    let report: Value =
        serde_json::from_slice(&fs::read(place.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["outcome"]["class"], "bad_output");
    assert_eq!(report["dataset_bytes"], Value::Null);
}

#[test]
fn a_signal_is_told_from_an_exit_code() {
    let place = Place::new();
    place.file("p/harness.py", "raise SystemExit(143)\n");
    assert!(
        !place
            .dfab(&["exec", "p"])
            .exits(143)
            .stderr
            .contains("signal")
    );
    place.file("p/harness.py", "import os\nos.kill(os.getpid(), 15)\n");
    place
        .dfab(&["exec", "p"])
        .exits(143)
        .says("killed by signal 15");
}

#[test]
fn what_is_no_package_is_named_once() {
    let place = Place::new();
    nix::unistd::mkfifo(&place.path("f.zip"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let ran = place.dfab(&["exec", "f.zip"]).exits(1);
    assert_eq!(ran.stderr.matches("f.zip").count(), 1, "{}", ran.stderr);
}

#[test]
fn the_times_of_a_workspace_are_the_same_in_every_run() {
    let place = Place::new();
    let harness = "import os\n\
        for folder, folders, files in os.walk('/workspace'):\n    \
            for name in ['', *sorted(files)]:\n        \
                seen = os.stat(os.path.join(folder, name))\n        \
                print(folder, name, seen.st_mtime, seen.st_mtime == seen.st_atime)\n";
    place.file("p/harness.py", harness);
    place.file("p/lib/util.py", "");
    let first = place.dfab(&["exec", "p"]).exits(0);
    assert_eq!(
        first.stdout,
        "/workspace  315532800.0 True\n/workspace harness.py 315532800.0 True\n\
         /workspace/lib  315532800.0 True\n/workspace/lib util.py 315532800.0 True\n"
    );
}

#[test]
fn a_failed_run_has_no_dataset() {
    let place = Place::new();
    place.file(
        "p/harness.py",
        "print('row', end='')\nraise SystemExit(4)\n",
    );
    let ran = place
        .dfab(&["exec", "p", "--report", "report.json"])
        .exits(4);
    assert_eq!(ran.stdout, "");
    assert!(
        ran.stderr
            .contains("so there is no dataset; the end of what it printed:\nrow\n"),
        "{}",
        ran.stderr
    );
    let report: Value =
        serde_json::from_slice(&fs::read(place.path("report.json")).unwrap()).unwrap();
    assert_eq!(report["dataset_bytes"], Value::Null);
}

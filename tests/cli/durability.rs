//! What a batch does when the disk, the database or the packages are taken from under it.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::support::{Place, Ran};

/// A place with numbered packages and a script that takes some time for each.
fn archive(packages: usize, seconds: f64) -> Place {
    let place = Place::new();
    for number in 0..packages {
        let source = format!("x = [{}]\n", "1, ".repeat(number));
        place.zip(
            &format!("archive/{number:02}.zip"),
            &[("harness.py", &source)],
        );
    }
    script(&place, seconds);
    place
}

fn script(place: &Place, seconds: f64) {
    let line = json!({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]});
    let text = format!("{line}\n");
    let script =
        json!({"outcomes": [{"stdout": text, "stdout_repeat": 40, "sleep_seconds": seconds}]});
    place.file("script.json", script.to_string());
}

fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    command
        .env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn ended(child: Child) -> Ran {
    Ran::of(child.wait_with_output().expect("dfab ends"))
}

const RUN: [&str; 7] = [
    "run",
    "archive",
    "--format",
    "jsonl",
    "--exit-zero",
    "-j",
    "2",
];

fn recorded(place: &Place) -> i64 {
    let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).expect("a database");
    let checked: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("a check");
    assert_eq!(checked, "ok");
    let sql = "SELECT count(*) FROM submissions JOIN evaluations ON submission_id = submissions.id
               JOIN fingerprints USING (submission_id) JOIN arrivals USING (submission_id)";
    database
        .query_row(sql, [], |row| row.get(0))
        .expect("a count")
}

/// Goes on with what is left, and sees that everything is there once.
fn goes_on(place: &Place, packages: usize, finished: i64) {
    script(place, 0.0);
    let ran = ended(command(place, &RUN).spawn().expect("dfab starts")).exits(0);
    assert_eq!(ran.json_lines().len(), packages);
    if finished > 0 {
        ran.says(&format!("{finished} reused"));
    }
    assert_eq!(recorded(place), packages as i64);
}

#[test]
fn what_was_reported_before_a_kill_is_stored() {
    let place = archive(20, 0.02);
    let mut child = command(&place, &RUN).spawn().expect("dfab starts");
    let mut reported = String::new();
    let mut stdout = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
    for _ in 0..5 {
        std::io::BufRead::read_line(&mut stdout, &mut reported).expect("a line");
    }
    child.kill().expect("dfab runs");
    std::io::Read::read_to_string(&mut stdout, &mut reported).expect("the rest");
    child.wait().expect("dfab ends");
    // A line that was cut short was not reported.
    let reported = reported.lines().filter(|line| line.ends_with('}')).count() as i64;
    let stored = recorded(&place);
    assert!(stored >= reported, "{stored} of {reported}");
    assert!(
        stored <= reported + 1,
        "one at most is stored and not yet reported"
    );
    goes_on(&place, 20, stored);
}

/// Runs a script in a mount namespace of its own; None where that may not be made.
fn in_namespace(place: &Place, script: &str) -> Option<Ran> {
    let root = nix::unistd::geteuid().is_root();
    let flags = if root { "-m" } else { "-rm" };
    let works = Command::new("unshare").args([flags, "true"]).output();
    if !works.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no mount namespace can be made here");
        return None;
    }
    let dfab = env!("CARGO_BIN_EXE_dfab");
    let template = command(place, &[]);
    let mut command = Command::new("unshare");
    command
        .args([flags, "sh", "-c", &format!("set -u; dfab={dfab}\n{script}")])
        .current_dir(place.path(""))
        .env_clear();
    for (name, value) in template.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    Some(Ran::of(command.output().expect("unshare starts")))
}

#[test]
fn a_full_disk_stops_the_batch_and_what_was_finished_stays() {
    let place = archive(40, 0.0);
    fs::create_dir(place.path("small")).expect("a folder");
    let script = "
        mount -t tmpfs -o size=1m tmpfs small || exit 99
        $dfab run archive --format jsonl -j 2 --database small/x.db --artifact-root artifacts >out 2>err
        echo $? >code
        cp small/x.db* .";
    let Some(ran) = in_namespace(&place, script) else {
        return;
    };
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = |name: &str| fs::read_to_string(place.path(name)).expect("a file");
    let (out, err) = (text("out"), text("err"));
    assert_eq!(text("code").trim(), "3", "{err}");
    assert!(
        err.contains("is full") && err.contains("hint: make room"),
        "{err}"
    );
    let reported = out.lines().count() as i64;
    assert!(reported > 0 && reported < 40, "{reported}");
    // On another disk there is room to go on.
    for name in ["x.db", "x.db-wal"] {
        if place.path(name).exists() {
            let new = name.replace("x.db", "dfab.sqlite3");
            fs::rename(place.path(name), place.path(&new)).expect("a new name");
        }
    }
    let stored = recorded(&place);
    assert!(stored >= reported, "{stored} of {reported}");
    goes_on(&place, 40, stored);
}

#[test]
fn a_full_disk_for_workspaces_is_this_machines_failure_and_is_tried_again() {
    let place = Place::new();
    let large = format!("x = '''{}'''\n", "a b\n".repeat(100_000));
    place.zip("archive/00.zip", &[("harness.py", "x = 1\n")]);
    place.zip("archive/01.zip", &[("harness.py", &large)]);
    script(&place, 0.0);
    fs::create_dir(place.path("small")).expect("a folder");
    let script = "
        mount -t tmpfs -o size=64k tmpfs small || exit 99
        TMPDIR=$PWD/small $dfab run archive --format jsonl -j 1
        code=$?
        test -z \"$(ls -A small)\" || exit 98
        exit $code";
    let Some(ran) = in_namespace(&place, script) else {
        return;
    };
    let ran = ran.exits(3).says("No space left on device");
    assert_eq!(ran.json_lines().len(), 1);
    let retry = ["run", "--retry-failed", "--format", "jsonl", "--exit-zero"];
    let ran = ended(command(&place, &retry).spawn().expect("dfab starts")).exits(0);
    assert_eq!(ran.json_lines()[0]["package"], "archive/01.zip");
}

#[test]
fn a_database_on_a_read_only_file_system_is_said_to_be_one() {
    let place = archive(3, 0.0);
    goes_on(&place, 3, 0);
    place.zip("archive/03.zip", &[("harness.py", "y = 2\n")]);
    let script = "
        mount --bind . . && mount -o remount,ro,bind . || exit 99
        cd . && $dfab run archive";
    let Some(ran) = in_namespace(&place, script) else {
        return;
    };
    let ran = ran.exits(3).says("dfab.sqlite3").says("hint:");
    assert!(
        ran.stderr.contains("cannot be written") || ran.stderr.contains("cannot open"),
        "{}",
        ran.stderr
    );
    assert_eq!(recorded(&place), 3);
}

#[test]
fn a_database_that_is_damaged_stops_the_batch_and_is_named() {
    let place = archive(30, 0.0);
    goes_on(&place, 30, 0);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .open(place.path("dfab.sqlite3"))
        .expect("the database");
    let length = file.metadata().expect("its size").len();
    // All but the first pages, which say what tables there are.
    file.seek(SeekFrom::Start(200_000)).expect("a place");
    file.write_all(&vec![0xA5; (length - 200_000) as usize])
        .expect("damage");
    drop(file);
    place.zip("archive/30.zip", &[("harness.py", "y = 2\n")]);
    let ran = ended(command(&place, &RUN).spawn().expect("dfab starts")).exits(3);
    assert!(ran.stderr.contains("is damaged"), "{}", ran.stderr);
    ran.says("dfab.sqlite3").says("hint: keep a copy");
}

#[test]
fn a_package_that_vanishes_costs_nobody_else_anything() {
    let place = archive(12, 0.1);
    let child = command(&place, &["run", "archive", "--format", "json", "-j", "1"])
        .spawn()
        .expect("dfab starts");
    while !place.path("artifacts").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    fs::remove_file(place.path("archive/11.zip")).expect("a package");
    let ran = ended(child).exits(3).says("11.zip").says("No such file");
    let document = ran.json();
    assert_eq!(document["summary"]["completed"], 11);
    assert_eq!(document["failures"][0]["stage"], "validate");
    assert_eq!(recorded(&place), 11);
}

#[test]
fn a_writer_that_is_slow_is_waited_for() {
    let place = archive(6, 0.01);
    goes_on(&place, 6, 0);
    place.zip("archive/06.zip", &[("harness.py", "y = 2\n")]);
    let other = rusqlite::Connection::open(place.path("dfab.sqlite3")).expect("a database");
    other.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let child = command(&place, &RUN).spawn().expect("dfab starts");
    std::thread::sleep(Duration::from_millis(700));
    other.execute_batch("COMMIT").expect("the end of it");
    ended(child).exits(0).says("6 reused");
    assert_eq!(recorded(&place), 7);
}

#[test]
fn two_batches_on_one_database_both_succeed_and_agree_with_the_order_of_arrival() {
    let place = archive(24, 0.004);
    for number in 0..24 {
        let source = format!("y = [{}]\n", "2, ".repeat(number));
        place.zip(
            &format!("other/{number:02}.zip"),
            &[("harness.py", &source)],
        );
    }
    let batch = |folders: &[&str], jobs: &str| {
        let mut arguments = vec!["run", "--format", "jsonl", "--exit-zero", "-j", jobs];
        arguments.extend(folders);
        command(&place, &arguments).spawn().expect("dfab starts")
    };
    // Half of what they are given they have in common.
    let both = [batch(&["archive"], "2"), batch(&["other", "archive"], "3")];
    let [first, second] = both.map(|child| ended(child).exits(0));
    assert_eq!(first.json_lines().len(), 24);
    assert_eq!(second.json_lines().len(), 48);
    assert_eq!(recorded_submissions(&place), 48);
    // Everybody was compared with those that came before, and nobody else: there is nothing to derive again.
    let before = evaluations(&place);
    assert_eq!(before, 48, "each was evaluated once");
    let again = ended(batch(&["other", "archive"], "2")).exits(0);
    again.says("48 reused");
    assert_eq!(evaluations(&place), before);
}

fn recorded_submissions(place: &Place) -> i64 {
    let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).expect("a database");
    let sql = "SELECT count(*) FROM submissions JOIN arrivals ON submission_id = id";
    database
        .query_row(sql, [], |row| row.get(0))
        .expect("a count")
}

fn evaluations(place: &Place) -> i64 {
    let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).expect("a database");
    let sql = "SELECT count(*) FROM evaluations";
    database
        .query_row(sql, [], |row| row.get(0))
        .expect("a count")
}

//! Whatever happens to a batch on its way, in the end it is as if nothing had.
//!
//! Batches are killed and interrupted at random moments and gone on with by as many workers as chance has it; results,
//! neighbours, database and kept packages must then equal those of one undisturbed run with one worker.
//! `DFAB_RESUME_ROUNDS` sets the number of rounds and `DFAB_RESUME_SEED` the first seed; with
//! `DFAB_RESUME_EXECUTOR=sandbox` harnesses really run.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::{Place, Ran, timeless, zip_of};

/// Enough to be interrupted in; every kind of outcome is among them.
const PACKAGES: usize = 24;

/// Numbers that look random and follow from a seed (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn in_sandbox() -> bool {
    std::env::var("DFAB_RESUME_EXECUTOR").is_ok_and(|value| value == "sandbox")
}

fn line(number: usize) -> String {
    let line = json!({"messages": [
        {"role": "user", "content": format!("please fix bug number {number} in the parser")},
        {"role": "assistant", "content": "the patch guards the empty case and adds a test"}]});
    format!("{line}\n")
}

/// A harness of one of several kinds: usual ones, copies, ones that fail, are rejected or do not parse.
fn harness(number: usize) -> String {
    let print = format!(
        "print('''{}''', end='')\n",
        line(number).replace('\\', "\\\\")
    );
    let padding = "numbers = [n * n for n in range(10)]\n".repeat(number % 5);
    match number % 8 {
        // Copies of each other, by different miners.
        3 | 5 => format!("def shared(value):\n    return [value] * 3\n\n{print}"),
        4 => format!("raise SystemExit({number})  # case: exit\n"),
        6 => format!("import os\nos.system('ls {number}')\n"),
        _ => format!("{padding}text = {number}\n{print}"),
    }
}

fn fill(place: &Place) {
    let mut list = String::new();
    for number in 0..PACKAGES {
        let name = format!("p{number}.zip");
        let bytes = match number {
            // No archive, and one that is there already.
            7 => b"no archive".to_vec(),
            11 => zip_of(&[("harness.py", &harness(2))]),
            _ => zip_of(&[("harness.py", &harness(number))]),
        };
        place.file(&name, bytes);
        list.push_str(&format!(
            "{name},5Key{}\n",
            if number == 11 { 2 } else { number % 5 }
        ));
    }
    place.file("list.csv", list);
    let outcomes: Vec<Value> = vec![
        json!({"when": {"marker": "# case: exit"}, "class": "exit", "code": 1, "sleep_seconds": 0.01}),
        json!({"when": {"marker": "shared"}, "stdout": line(3), "sleep_seconds": 0.002}),
        json!({"when": {"marker": "text = 1\n"}, "error": "this one never works", "sleep_seconds": 0.005}),
        json!({"stdout": line(1), "sleep_seconds": 0.004}),
    ];
    place.file("script.json", json!({"outcomes": outcomes}).to_string());
    fs::create_dir(place.path("tmp")).expect("a folder");
}

fn command(place: &Place, jobs: u64) -> Command {
    let jobs = jobs.to_string();
    let mut command = place.command(&["run", "@list.csv", "--format", "json", "-j", &jobs]);
    command.env("TMPDIR", place.path("tmp"));
    if !in_sandbox() {
        command.env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"));
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Everything that must be the same in the end: what was printed, the tables, the kept packages, and what lies about.
struct End {
    code: i32,
    printed: Value,
    tables: Vec<Vec<String>>,
    kept: Vec<(String, Vec<u8>)>,
    left_behind: Vec<String>,
}

/// What a query finds, a text per row.
fn rows(database: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).expect("a query");
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let found = statement.query_map([], |row| {
        let value = |name: &String| {
            let value = row.get::<_, rusqlite::types::Value>(name.as_str())?;
            Ok(match value {
                rusqlite::types::Value::Text(text) if name == "measured" => unmeasured(&text),
                value => format!("{value:?}"),
            })
        };
        let values: Result<Vec<_>, rusqlite::Error> = names.iter().map(value).collect();
        Ok(values?.join(" "))
    });
    found
        .expect("rows")
        .map(|row| row.expect("a row"))
        .collect()
}

/// Without what a real run measures: seconds and bytes.
fn unmeasured(text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).expect("JSON");
    if let Some(execution) = value.get_mut("execution").and_then(Value::as_object_mut) {
        for name in ["duration_seconds", "cpu_seconds", "peak_memory_bytes"] {
            execution.remove(name);
        }
    }
    value.to_string()
}

fn end(place: &Place, ran: &Ran) -> End {
    let mut printed: Value = ran.json();
    printed["run_id"] = Value::Null;
    // How much of it was reused tells of the way, not of the end.
    printed["summary"]["reused"] = Value::Null;
    let records = printed["submissions"].as_array_mut().expect("submissions");
    for record in records {
        *record = timeless(record.take());
    }
    let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).expect("a database");
    let tables = [
        "PRAGMA integrity_check",
        "SELECT sequence, submission_id, hotkey FROM arrivals ORDER BY sequence",
        "SELECT * FROM fingerprints ORDER BY submission_id",
        "SELECT id, hotkey, code_hash, artifact_hash, filename, artifact_json, static_review_json, judge_json,
            plagiarism_json, sample_jsonl, status, score, passed, conversation_count, total_messages, size_bytes,
            metrics_json AS measured, violations_json, stdout, stderr, error
         FROM submissions ORDER BY id",
        "SELECT submission_id, cache_key, package_key, prepared_json, record_json AS measured, row_json, status,
            score, passed
         FROM evaluations ORDER BY submission_id, id",
        "SELECT ordinal, package, hotkey, submission_id, state, stage FROM run_items
         WHERE run_id = (SELECT max(id) FROM runs) ORDER BY ordinal",
        "SELECT ordinal, submission_id, stage, cause, message FROM failures
         WHERE run_id = (SELECT max(id) FROM runs) ORDER BY ordinal",
        "SELECT outcome FROM runs ORDER BY id DESC LIMIT 1",
        "SELECT count(*) FROM submissions JOIN arrivals ON submission_id = id WHERE created_at <> arrived_at",
    ];
    let tables = tables.map(|sql| rows(&database, sql)).into();
    let mut kept: Vec<(String, Vec<u8>)> = walkdir::WalkDir::new(place.path("artifacts"))
        .into_iter()
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let name = entry
                .path()
                .strip_prefix(place.path("artifacts"))
                .expect("below");
            (
                name.display().to_string(),
                fs::read(entry.path()).expect("a file"),
            )
        })
        .collect();
    kept.sort();
    let left_behind = fs::read_dir(place.path("tmp")).expect("the folder");
    End {
        code: ran.code,
        printed,
        tables,
        kept,
        left_behind: left_behind
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect(),
    }
}

fn undisturbed() -> (End, Duration) {
    let place = Place::new();
    fill(&place);
    let began = std::time::Instant::now();
    let ran = Ran::of(command(&place, 1).output().expect("dfab starts"));
    let took = began.elapsed();
    (end(&place, &ran), took)
}

/// One batch that is stopped up to six times and then let finish. Says what was done to it.
fn disturbed(seed: u64, longest: Duration) -> (End, String) {
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let place = Place::new();
    fill(&place);
    let mut story = String::new();
    for _ in 0..chance.below(7) {
        let jobs = 1 + chance.below(8);
        let child = command(&place, jobs).spawn().expect("dfab starts");
        // Once most is done the rest is quick.
        let latest = longest.as_micros() as u64 >> chance.below(4);
        let after = Duration::from_micros(chance.below(latest + 1));
        let signal = [Signal::SIGKILL, Signal::SIGINT, Signal::SIGTERM][chance.below(3) as usize];
        std::thread::sleep(after);
        // It may be done already.
        let _ = kill(Pid::from_raw(child.id() as i32), signal);
        if signal != Signal::SIGKILL && chance.below(4) == 0 {
            let _ = kill(Pid::from_raw(child.id() as i32), signal);
        }
        let output = child.wait_with_output().expect("dfab ends");
        let code = output.status.code();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let is_expected = matches!(code, None | Some(1 | 3 | 130));
        assert!(
            is_expected,
            "seed {seed}, -j {jobs}, {signal}: {code:?}\n{stderr}"
        );
        story.push_str(&format!("-j {jobs} {signal} after {after:?}: {code:?}; "));
    }
    let jobs = 1 + chance.below(8);
    let ran = Ran::of(command(&place, jobs).output().expect("dfab starts"));
    story.push_str(&format!("-j {jobs}"));
    (end(&place, &ran), story)
}

#[test]
fn a_batch_that_is_killed_and_gone_on_with_ends_as_if_nothing_had_happened() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|value| value.parse::<u64>().ok())
    };
    let rounds = number("DFAB_RESUME_ROUNDS").unwrap_or(6);
    let first = number("DFAB_RESUME_SEED").unwrap_or_else(|| {
        let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        clock.map_or(1, |since| since.as_millis() as u64)
    });
    let (expected, took) = undisturbed();
    assert_eq!(expected.left_behind, Vec::<String>::new());
    // Uninterrupted, but with more workers, it is the same already.
    for seed in first..first + rounds {
        let (found, story) = disturbed(seed, took);
        println!("seed {seed}: {story}");
        assert_eq!(found.code, expected.code, "seed {seed}: {story}");
        assert_eq!(found.printed, expected.printed, "seed {seed}: {story}");
        for (found, expected) in found.tables.iter().zip(&expected.tables) {
            assert_eq!(found, expected, "seed {seed}: {story}");
        }
        let none: [&str; 0] = [];
        assert_eq!(found.left_behind, none, "seed {seed}: {story}");
        let names =
            |end: &End| -> Vec<String> { end.kept.iter().map(|(name, _)| name.clone()).collect() };
        assert_eq!(names(&found), names(&expected), "seed {seed}: {story}");
        assert!(found.kept == expected.kept, "seed {seed}: {story}");
    }
}

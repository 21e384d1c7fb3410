//! A file of behaviours per idea; what they share is here.

mod leaderboard;
mod lines;
mod neighbours;
mod opening;
mod pages;
mod queue;
mod results;
mod runs;
mod sharing;

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use rusqlite::Connection;

use crate::settings::{OwnHistory, Window};
use crate::similarity::Sequence;

use super::*;

/// A folder of its own and the path of a database in it.
struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dfab.sqlite3");
    Place {
        _folder: folder,
        path,
    }
}

impl Place {
    fn open(&self) -> Store {
        Store::open(&self.path).unwrap()
    }

    fn raw(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }
}

fn at_second(second: i64) -> Timestamp {
    Timestamp::from_unix_micros(1_700_000_000_000_000 + second * 1_000_000)
}

fn sequence(source: &str) -> Sequence {
    Sequence::of_tree(&crate::python::parse(source).unwrap())
}

fn row(id: &str, hotkey: &str, score: f64) -> SubmissionRow {
    SubmissionRow {
        id: id.into(),
        hotkey: hotkey.into(),
        code_hash: format!("hash-{id}"),
        artifact_hash: format!("hash-{id}"),
        filename: "h.zip".into(),
        artifact_json: "{}".into(),
        static_review_json: Some("{}".into()),
        sample_jsonl: "{\"a\":\"\u{0}é\u{2028}\"}".into(),
        status: "completed".into(),
        score,
        passed: score >= 0.5,
        conversation_count: 4,
        total_messages: 20,
        size_bytes: 1000,
        metrics_json: "{}".into(),
        violations_json: "[]".into(),
        stdout: "out\0put".into(),
        updated_at: at_second(50).to_string(),
        ..SubmissionRow::default()
    }
}

fn begin(store: &mut Store, run: &str, items: usize) {
    let names: Vec<String> = (0..items).map(|item| format!("{item}.zip")).collect();
    let items: Vec<_> = names
        .iter()
        .map(|package| NewItem {
            package,
            path: std::path::Path::new(package),
            hotkey: "5Key",
        })
        .collect();
    store
        .begin_run(&NewRun {
            id: run,
            program_version: "0.1.0",
            settings_json: "{}",
            started_at: at_second(0),
            items: &items,
            origin: &Origin::default(),
        })
        .unwrap();
}

fn record(store: &mut Store, row: &SubmissionRow) -> Result<(), StoreError> {
    let fingerprint = sequence("x = 1\n");
    store.record(&Evaluated {
        fingerprint: Fingerprint::Sequence(&fingerprint),
        cache_key: "key",
        record_json: "{\"r\":1}",
        ..Evaluated::of(row)
    })
}

/// The table as SQLAlchemy makes it for the service, with its own index and version table.
fn make_service_file(place: &Place, rows: &[(&str, &str, f64, &str)]) {
    let raw = place.raw();
    raw.execute_batch(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
         CREATE TABLE submissions (
            id VARCHAR(64) NOT NULL, hotkey VARCHAR(128) NOT NULL, code_hash VARCHAR(64) NOT NULL,
            artifact_hash VARCHAR(64), filename VARCHAR(256), artifact_json TEXT,
            static_review_json TEXT, judge_json TEXT, plagiarism_json TEXT, sample_jsonl TEXT,
            status VARCHAR(32) NOT NULL, score FLOAT NOT NULL, passed BOOLEAN NOT NULL,
            conversation_count INTEGER NOT NULL, total_messages INTEGER NOT NULL,
            size_bytes INTEGER NOT NULL, metrics_json TEXT, violations_json TEXT, stdout TEXT,
            stderr TEXT, error TEXT, created_at DATETIME NOT NULL, updated_at DATETIME NOT NULL,
            PRIMARY KEY (id));
         CREATE INDEX ix_submissions_hotkey ON submissions (hotkey);",
    )
    .unwrap();
    insert_as_service(&raw, rows);
}

fn insert_as_service(raw: &Connection, rows: &[(&str, &str, f64, &str)]) {
    for (id, hotkey, score, created_at) in rows {
        raw.execute(
            "INSERT INTO submissions (id, hotkey, code_hash, status, score, passed,
                conversation_count, total_messages, size_bytes, created_at, updated_at)
             VALUES (?1, ?2, 'c', 'completed', ?3, 1, 2, 3, 4, ?4, ?4)",
            (id, hotkey, score, created_at),
        )
        .unwrap();
    }
}

fn ids(candidates: &[Candidate]) -> Vec<&str> {
    candidates
        .iter()
        .map(|candidate| candidate.submission_id.as_str())
        .collect()
}

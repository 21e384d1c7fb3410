//! The same package gives the same dataset, record and score, whatever runs it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::broker;
use crate::image_or_skip;
use crate::support::{dfab, leftovers_may_go, python, slug};

/// What belongs to the run and not to the package.
const OF_THE_RUN: [&str; 4] = [
    "duration_seconds",
    "cpu_seconds",
    "peak_memory_bytes",
    "enforced",
];

fn packages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/packages")
}

/// The records of all packages, and the datasets' samples and logs as they are stored.
fn evaluate(folder: &Path, image: &str, executor: &str, url: &str) -> (Vec<Value>, Vec<Value>) {
    let database = format!("{executor}.sqlite3");
    let list = format!("@{}", packages().join("order.json").display());
    let arguments = [
        "run",
        &list,
        "-j",
        "2",
        "--executor",
        executor,
        "--database",
        &database,
        "--format",
        "jsonl",
        "--exit-zero",
    ];
    let python = python().expect("a Python");
    let output = dfab(folder, image, &slug(), &arguments)
        .env("DATA_FABRICATION_PYTHON", &python.executable)
        .env("DATA_FABRICATION_DOCKER_BROKER_URL", url)
        .env("DATA_FABRICATION_DOCKER_BROKER_TOKEN", broker::TOKEN)
        .output()
        .expect("dfab starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let records: Vec<Value> = String::from_utf8(output.stdout)
        .expect("UTF-8")
        .lines()
        .map(|line| record(line, executor))
        .collect();
    (records, stored(&folder.join(database)))
}

fn record(line: &str, executor: &str) -> Value {
    let mut record: Value = serde_json::from_str(line).expect("a record");
    if let Some(execution) = record["execution"].as_object_mut() {
        for name in OF_THE_RUN {
            assert!(execution.remove(name).is_some(), "{executor} has no {name}");
        }
    }
    record
}

fn stored(database: &Path) -> Vec<Value> {
    let connection = rusqlite::Connection::open(database).expect("the database");
    let query =
        "SELECT id, stdout, stderr, sample_jsonl, error, score FROM submissions ORDER BY id";
    let mut statement = connection.prepare(query).expect("a query");
    let rows = statement.query_map([], |row| {
        let text = |index| row.get::<_, Option<String>>(index);
        Ok(json!([
            text(0)?,
            text(1)?,
            text(2)?,
            text(3)?,
            text(4)?,
            row.get::<_, f64>(5)?
        ]))
    });
    rows.expect("rows").map(|row| row.expect("a row")).collect()
}

/// Whether nothing can be compared with the sandbox, which is said.
fn without_sandbox() -> bool {
    let without = std::env::var_os("DFAB_TESTS_WITHOUT_SANDBOX").is_some_and(|value| value == "1");
    if without {
        // Not by a macro: what macros print is kept back for tests that pass.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: DFAB_TESTS_WITHOUT_SANDBOX is set, so nothing is compared with the sandbox"
        );
    }
    without
}

#[test]
fn the_parity_packages_give_the_same_records_in_sandbox_docker_and_broker() {
    let image = image_or_skip!();
    let _shared = leftovers_may_go();
    if without_sandbox() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let url = broker::start();
    let (records, rows) = evaluate(folder.path(), image, "sandbox", &url);
    assert!(records.len() >= 20);
    assert!(
        records
            .iter()
            .filter(|record| !record["execution"].is_null())
            .count()
            >= 10
    );
    for executor in ["docker", "broker"] {
        let (others, other_rows) = evaluate(folder.path(), image, executor, &url);
        assert_eq!(records.len(), others.len());
        for (sandbox, other) in records.iter().zip(&others) {
            assert_eq!(sandbox, other, "{executor}");
        }
        assert_eq!(rows, other_rows, "{executor}");
    }
}

#[test]
fn a_dataset_is_the_same_bytes() {
    let image = image_or_skip!();
    let _shared = leftovers_may_go();
    let folder = tempfile::tempdir().expect("a folder");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/repair-desk");
    let example = example.to_str().expect("UTF-8");
    let url = broker::start();
    let mut datasets = Vec::new();
    for executor in ["sandbox", "docker", "broker"] {
        if executor == "sandbox" && without_sandbox() {
            continue;
        }
        let output = dfab(
            folder.path(),
            image,
            &slug(),
            &["exec", example, "--executor", executor],
        )
        .env("DATA_FABRICATION_DOCKER_BROKER_URL", &url)
        .env("DATA_FABRICATION_DOCKER_BROKER_TOKEN", broker::TOKEN)
        .output()
        .expect("dfab starts");
        assert!(output.status.success(), "{executor}: {output:?}");
        assert!(!output.stdout.is_empty());
        datasets.push(output.stdout);
    }
    assert!(datasets.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

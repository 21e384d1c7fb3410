//! Databases of the service's, and what only looks like one.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::*;

const SCHEMA: &str = include_str!("../migrations/0001.sql");

struct Place {
    folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("service.db");
    Place { folder, path }
}

impl Place {
    fn raw(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// A database with the service's table alone.
    fn service(&self) -> Connection {
        let raw = self.raw();
        let end = SCHEMA.find(");").unwrap() + 2;
        raw.execute_batch(&SCHEMA[..end]).unwrap();
        raw
    }

    /// Everything about the folder that a reader could change.
    fn state(&self) -> Vec<(String, u64, i64, i64)> {
        let mut state: Vec<_> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let meta = entry.metadata().unwrap();
                let name = entry.file_name().into_string().unwrap();
                // For root SQLite makes sure whose the journal is, which counts as a change of its status.
                let changed = (!name.ends_with("-journal")).then_some(meta.ctime_nsec());
                (name, meta.len(), meta.mtime_nsec(), changed.unwrap_or(0))
            })
            .collect();
        state.sort();
        let meta = fs::metadata(self.folder.path()).unwrap();
        state.push((".".to_owned(), 0, meta.mtime_nsec(), meta.ctime_nsec()));
        state
    }

    fn ids(&self) -> Vec<String> {
        let database = ServiceDatabase::open(&self.path).unwrap();
        let all = database.submissions().unwrap();
        all.into_iter().map(|one| one.id.unwrap()).collect()
    }
}

fn insert(raw: &Connection, id: &str, created_at: &str) {
    let sql =
        "INSERT INTO submissions (id, hotkey, code_hash, status, score, passed, conversation_count,
                   total_messages, size_bytes, created_at, updated_at)
               VALUES (?1, 'k', 'c', 'completed', 0.5, 1, 2, 4, 100, ?2, ?2)";
    raw.execute(sql, [id, created_at]).unwrap();
}

#[test]
fn submissions_come_in_the_order_of_arrival_and_nothing_is_changed() {
    let place = place();
    let raw = place.service();
    insert(&raw, "c", "2024-01-03");
    insert(&raw, "b", "2024-01-01");
    insert(&raw, "a", "2024-01-01");
    drop(raw);
    let before = place.state();
    assert_eq!(place.ids(), ["b", "a", "c"]);
    let database = ServiceDatabase::open(&place.path).unwrap();
    database.check_results().unwrap();
    let first = &database.submissions().unwrap()[0];
    let result = database.result(first.rowid).unwrap();
    assert_eq!(
        (&result["score"], &result["passed"]),
        (&Value::from(0.5), &Value::from(1))
    );
    assert_eq!(result["metrics_json"], Value::Null);
    assert_eq!(place.state(), before);
}

#[test]
fn a_database_in_wal_mode_is_read_without_a_trace_whoever_has_it_open() {
    let place = place();
    let raw = place.service();
    raw.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
        .unwrap();
    insert(&raw, "a", "2024-01-01");
    // The service runs: its log and its index are there and are used.
    let before = place.state();
    assert_eq!(before.len(), 4, "{before:?}");
    assert_eq!(place.ids(), ["a"]);
    insert(&raw, "b", "2024-01-02");
    assert_eq!(place.ids(), ["a", "b"]);

    // A copy of it from while it ran: results are in the log, and nobody has it open.
    let archive = self::place();
    for suffix in ["", "-wal"] {
        let name = format!("service.db{suffix}");
        fs::copy(
            place.folder.path().join(&name),
            archive.folder.path().join(&name),
        )
        .unwrap();
    }
    let before = archive.state();
    assert_eq!(archive.ids(), ["a", "b"]);
    assert_eq!(archive.state(), before);

    // It has ended.
    drop(raw);
    let before = place.state();
    assert_eq!(before.len(), 2, "{before:?}");
    assert_eq!(place.ids(), ["a", "b"]);
    assert_eq!(place.state(), before);
}

#[test]
fn what_a_crash_left_to_roll_back_is_rolled_back_in_a_copy() {
    let place = place();
    let raw = place.service();
    insert(&raw, "a", "2024-01-01");
    raw.execute_batch("PRAGMA cache_size = 1; BEGIN").unwrap();
    for n in 0..2000 {
        insert(&raw, &format!("b{n}"), "2024-01-02");
    }
    let archive = self::place();
    for suffix in ["", "-journal"] {
        let name = format!("service.db{suffix}");
        fs::copy(
            place.folder.path().join(&name),
            archive.folder.path().join(&name),
        )
        .unwrap();
    }
    let before = archive.state();
    assert_eq!(archive.ids(), ["a"]);
    assert_eq!(archive.state(), before);
}

#[test]
fn what_is_no_name_is_said_of_its_submission() {
    let place = place();
    let raw = place.raw();
    raw.execute_batch(
        "CREATE TABLE submissions (id, hotkey, created_at);
         INSERT INTO submissions VALUES
             ('good', 'k', 1), (NULL, 'k', 2), (7, 1.5, 3), (x'ff', CAST(x'ff' AS TEXT), 4),
             (zeroblob(1000000), printf('%.*c', 1000000, 'x'), 5);",
    )
    .unwrap();
    drop(raw);
    let database = ServiceDatabase::open(&place.path).unwrap();
    let all = database.submissions().unwrap();
    assert_eq!(all[0].id.as_deref(), Ok("good"));
    for one in &all[1..] {
        assert!(one.id.is_err(), "{one:?}");
    }
    assert_eq!(all[1].hotkey.as_deref(), Ok("k"));
    for one in &all[2..] {
        assert!(one.hotkey.is_err(), "{one:?}");
    }
    let missing = database.check_results().unwrap_err();
    assert!(missing.to_string().contains("status, score"), "{missing}");
    assert_eq!(database.named_artifact(all[0].rowid).unwrap(), None);
}

#[test]
fn results_of_any_type_and_size_are_described() {
    let place = place();
    let raw = place.service();
    insert(&raw, "a", "2024-01-01");
    raw.execute_batch(
        "UPDATE submissions SET score = 'high', passed = x'00ff', metrics_json = zeroblob(40000000),
             error = CAST(x'61ff' AS TEXT), size_bytes = 1e308,
             artifact_json = '{\"path\": \"../x.zip\"}'",
    )
    .unwrap();
    drop(raw);
    let database = ServiceDatabase::open(&place.path).unwrap();
    let rowid = database.submissions().unwrap()[0].rowid;
    let result = database.result(rowid).unwrap();
    assert_eq!(result["score"], "high");
    assert_eq!(result["passed"], "(not text: 2 bytes)");
    assert_eq!(result["metrics_json"], "(not text: 40000000 bytes)");
    assert_eq!(result["error"], "a\u{fffd}");
    assert_eq!(
        database.named_artifact(rowid).unwrap().as_deref(),
        Some("../x.zip")
    );
}

#[test]
fn what_only_looks_like_a_database_of_the_services_is_refused() {
    let refuse = |make: &dyn Fn(&Place)| {
        let place = place();
        make(&place);
        let error = ServiceDatabase::open(&place.path).map(drop).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
        error.to_string()
    };
    let run = |sql: &'static str| move |place: &Place| place.raw().execute_batch(sql).unwrap();
    assert!(refuse(&|_| ()).contains("no database"));
    assert!(
        refuse(
            &|place| fs::write(&place.path, "text, and not a little of it\n".repeat(99)).unwrap()
        )
        .contains("not an SQLite")
    );
    assert!(refuse(&|place| fs::create_dir(&place.path).unwrap()).contains("not a regular file"));
    assert!(refuse(&run("CREATE TABLE t (x)")).contains("tables t"));
    assert!(refuse(&|place| fs::write(&place.path, "").unwrap()).contains("(none)"));
    let endless = "CREATE VIEW submissions AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
                   SELECT id, id AS hotkey, id AS created_at FROM n";
    assert!(refuse(&run(endless)).contains("not a plain table"));
    assert!(refuse(&run("CREATE TABLE submissions (id, created_at)")).contains("hotkey"));
    let computed = "CREATE TABLE submissions (id, created_at, hotkey AS (zeroblob(900000000)))";
    assert!(refuse(&run(computed)).contains("hotkey"));
}

//! `dfab run --from-service`

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::support::{Place, Ran, SMALL_HARNESS, repository, zip_of};

/// The live service's table is what the first migration begins with.
fn service_table() -> String {
    let schema = repository("src/store/migrations/0001.sql");
    let schema = fs::read_to_string(schema).expect("the schema");
    let end = schema.find(");").expect("the end of the table") + 2;
    schema[..end].to_owned()
}

/// A database of the service's and its folder of packages.
struct Service {
    place: Place,
    database: Connection,
}

impl Service {
    fn new() -> Service {
        let place = Place::new();
        place.file("service/artifacts/.keep", "");
        let database = Connection::open(place.path("service/db.sqlite3")).expect("a database");
        database.execute_batch(&service_table()).expect("its table");
        Service { place, database }
    }

    /// The service of the parity fixtures: its packages, and its own results for them. Rows are written in another order
    /// than that of arrival.
    fn of_fixtures() -> Service {
        let service = Service::new();
        let records = fs::read(repository("tests/parity/packages.expected.json")).expect("records");
        let records: Vec<Value> = serde_json::from_slice(&records).expect("JSON");
        for (index, record) in records.iter().enumerate().rev() {
            let package = record["package"].as_str().expect("a name");
            let bytes =
                fs::read(repository("tests/parity/packages").join(package)).expect("a package");
            let id = record["submission_id"].as_str().expect("an id");
            service
                .place
                .file(&format!("service/artifacts/{id}/source.zip"), bytes);
            service.insert(index, record);
        }
        service
    }

    fn insert(&self, index: usize, record: &Value) {
        let result = &record["result"];
        let json = |value: &Value| (!value.is_null()).then(|| value.to_string());
        let metrics = json!({"result": result, "execution": record["execution"]});
        let review =
            json!({"harness_hash": record["harness_hash"], "accepted": record["accepted"]});
        // The fixtures know the reviewed code as a whole, not file by file.
        let sql = "INSERT INTO submissions (id, hotkey, code_hash, artifact_hash, filename, status, score, passed,
                       conversation_count, total_messages, size_bytes, metrics_json, static_review_json,
                       plagiarism_json, error, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?3, 'x.zip', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14)";
        let row = params![
            record["submission_id"].as_str(),
            record["hotkey"].as_str(),
            record["artifact_hash"].as_str(),
            record["status"].as_str(),
            result["score"].as_f64(),
            result["passed"].as_bool(),
            result["conversation_count"].as_i64(),
            result["total_messages"].as_i64(),
            result["size_bytes"].as_i64(),
            metrics.to_string(),
            review.to_string(),
            json(&record["plagiarism"]),
            result["error"].as_str(),
            format!("2024-05-01 10:00:{index:02}.000000"),
        ];
        self.database.execute(sql, row).expect("a row");
    }

    /// A submission that the service has not evaluated. Its package is kept unless there are no files.
    fn pending(&self, id: &str, hotkey: &str, files: &[(&str, &str)]) {
        let sql = "INSERT INTO submissions VALUES (?1, ?2, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'pending',
                       0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, '2024-01-01', '2024-01-01')";
        self.database.execute(sql, [id, hotkey]).expect("a row");
        if !files.is_empty() {
            self.place
                .file(&format!("service/artifacts/{id}/source.zip"), zip_of(files));
        }
    }

    fn sql(&self, sql: &str) {
        self.database.execute_batch(sql).expect("a statement");
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut all = vec!["run", "--from-service", "service/db.sqlite3"];
        all.extend(arguments);
        self.place.dfab(&all)
    }

    /// Names, sizes and times of everything that is the service's.
    fn state(&self) -> Vec<(String, u64, i64)> {
        fn look(folder: &Path, state: &mut Vec<(String, u64, i64)>) {
            let mut note = |path: &Path| {
                let meta = fs::symlink_metadata(path).expect("it is there");
                state.push((path.display().to_string(), meta.len(), meta.mtime_nsec()));
                meta.is_dir()
            };
            note(folder);
            let inner: Vec<_> = fs::read_dir(folder)
                .expect("a folder")
                .map(|entry| entry.expect("an entry").path())
                .collect();
            let folders: Vec<_> = inner.into_iter().filter(|path| note(path)).collect();
            for inner in folders {
                look(&inner, state);
            }
        }
        let mut state = Vec::new();
        look(&self.place.path("service"), &mut state);
        state.sort();
        state
    }
}

#[test]
fn the_services_own_submissions_come_out_as_it_stored_them() {
    let service = Service::of_fixtures();
    let before = service.state();
    let ran = service.run(&["--format", "json"]).exits(1);
    let document = ran.json();
    let submissions = document["submissions"].as_array().expect("submissions");
    assert_eq!(submissions.len(), 22);
    assert_eq!(submissions[0]["hotkey"], "5Alpha");
    assert_eq!(document.get("comparison"), None);
    assert_eq!(submissions[0].get("comparison"), None);
    // What was found here is now what the service would have stored, file by file too.
    for submission in submissions {
        let review = submission["static_review"].to_string();
        let id = submission["id"].as_str().expect("an id");
        let sql = "UPDATE submissions SET static_review_json = ?2 WHERE id = ?1
                       AND json(static_review_json) ->> 'harness_hash' = json(?2) ->> 'harness_hash'";
        assert_eq!(service.database.execute(sql, [id, &review]), Ok(1));
    }
    let unchanged = |state: &[(String, u64, i64)]| {
        let packages = |one: &&(String, u64, i64)| one.0.contains("artifacts");
        state.iter().filter(packages).cloned().collect::<Vec<_>>()
    };
    assert_eq!(unchanged(&service.state()), unchanged(&before));

    let before = service.state();
    let compare = [
        "--compare",
        "--database",
        "other.db",
        "--artifact-root",
        "kept",
        "--format",
        "json",
    ];
    let ran = service.run(&compare).exits(0).says("22 equal, 0 differ");
    let document = ran.json();
    assert_eq!(document["comparison"]["compared"], 22);
    assert_eq!(
        document["submissions"][3]["comparison"],
        json!({"equal": true, "differences": []})
    );
    assert_eq!(
        service.state(),
        before,
        "something of the service's was written"
    );
}

#[test]
fn what_differs_is_named_by_submission_and_field() {
    let service = Service::of_fixtures();
    service.run(&["--compare", "-q"]).exits(0);
    let first = "(SELECT id FROM submissions ORDER BY created_at LIMIT 1)";
    service.sql(&format!(
        "UPDATE submissions SET static_review_json = NULL;
         UPDATE submissions SET score = score + 0.001, passed = 0, error = 'x' || char(27) || '[2J',
             metrics_json = json_set(metrics_json, '$.result.metrics.quality_score', 0.25) WHERE id = {first};
         UPDATE submissions SET status = 'running' WHERE id IN
             (SELECT id FROM submissions ORDER BY created_at LIMIT 1 OFFSET 1)"
    ));
    let compare = [
        "--compare",
        "--database",
        "other.db",
        "--artifact-root",
        "kept",
    ];
    let ran = service
        .run(&[&compare[..], &["--format", "jsonl"]].concat())
        .exits(1);
    let lines = ran.json_lines();
    let fields: Vec<&str> = lines[0]["comparison"]["differences"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|difference| difference["field"].as_str())
        .filter(|field| !field.starts_with("static_review"))
        .collect();
    assert_eq!(
        fields,
        ["score", "passed", "error", "metrics.quality_score"]
    );
    let why = lines[1]["comparison"]["not_compared"]
        .as_str()
        .expect("a reason");
    assert!(why.contains("running"), "{why}");

    let table = service
        .run(&[&compare[..], &["--exit-zero"]].concat())
        .exits(0);
    let table = table
        .prints("metrics.quality_score")
        .says("21 differ, 1 not compared");
    assert!(table.stdout.contains("x\\x1b[2J"), "{}", table.stdout);
}

#[test]
fn submissions_without_a_usable_package_are_named_and_the_others_go_on() {
    let service = Service::new();
    let good = [("harness.py", SMALL_HARNESS)];
    service.pending("a1", "5A", &good);
    service.pending("gone", "5B", &[]);
    service.pending("../artifacts/a1", "5C", &[]);
    service.pending("bell", "5D\u{7}", &good);
    service.pending("link", "5E", &[]);
    service.pending("a2", "5F", &good);
    service.place.file("outside.zip", zip_of(&good));
    fs::create_dir(service.place.path("service/artifacts/link")).expect("a folder");
    symlink(
        "../../../outside.zip",
        service.place.path("service/artifacts/link/source.zip"),
    )
    .expect("a link");
    service.pending("named", "5G", &[]);
    service.sql(
        "UPDATE submissions SET artifact_json = '{\"path\": \"/etc/passwd\"}' WHERE id = 'named'",
    );

    let ran = service.run(&["--format", "json", "--compare"]).exits(3);
    let document = ran.json();
    let keys: Vec<&Value> = document["submissions"]
        .as_array()
        .expect("submissions")
        .iter()
        .map(|one| &one["hotkey"])
        .collect();
    assert_eq!(keys, ["5A", "5F"]);
    let failures = document["failures"].as_array().expect("failures");
    for (package, why) in [
        ("gone", "no package is kept for it"),
        ("../artifacts/a1", "cannot name a folder"),
        ("bell", "control character U+0007"),
        ("link", "leads out of the folder"),
        ("named", "leads out of the folder"),
    ] {
        let failure = failures.iter().find(|one| one["package"] == package);
        let message = failure.expect(package)["message"].as_str().expect("a text");
        assert!(message.contains(why), "{message}");
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
    assert_eq!(failures.len(), 5);
    assert!(!ran.stderr.contains('\u{7}'), "{}", ran.stderr);
    assert_eq!(document["comparison"]["not_compared"], 7);
}

#[test]
fn dfabs_own_files_are_kept_apart_from_the_services() {
    let service = Service::new();
    service.pending("a1", "5A", &[("harness.py", SMALL_HARNESS)]);
    let before = service.state();
    for (arguments, why) in [
        (
            ["--database", "service/db.sqlite3"],
            "is the service's database",
        ),
        (
            ["--database", "service/../service/db.sqlite3"],
            "is the service's database",
        ),
        (
            ["--database", "service/mine.sqlite3"],
            "is the service's folder",
        ),
        (
            ["--artifact-root", "service/artifacts"],
            "is the service's folder",
        ),
    ] {
        service.run(&arguments).exits(2).says(why).says("hint:");
    }
    assert_eq!(service.state(), before);
}

#[test]
fn what_is_no_service_is_refused_with_a_hint() {
    let place = Place::new();
    place.file(
        "text.db",
        "not a database, and long enough to be read as one\n".repeat(40),
    );
    let other = Connection::open(place.path("other.db")).expect("a database");
    other
        .execute_batch("CREATE TABLE notes (x)")
        .expect("a table");
    let old = Connection::open(place.path("old.db")).expect("a database");
    old.execute_batch("CREATE TABLE submissions (id, hotkey, created_at)")
        .expect("a table");
    place.file("artifacts/.keep", "");
    let run = |database: &str, more: &[&str]| {
        let mut arguments = vec![
            "run",
            "--from-service",
            database,
            "--artifacts",
            "artifacts",
        ];
        arguments.extend(["--artifact-root", "kept"]);
        arguments.extend(more);
        place.dfab(&arguments)
    };
    run("gone.db", &[])
        .exits(3)
        .says("no database at gone.db")
        .says("--from-service");
    run("text.db", &[]).exits(3).says("not an SQLite database");
    run("other.db", &[]).exits(3).says("another program's");
    run("old.db", &["--compare"])
        .exits(3)
        .says("lacks the columns artifact_hash, status, score");
    run("old.db", &[]).exits(0).says("no submission in old.db");
    let elsewhere = ["run", "--from-service", "old.db", "--artifacts", "nowhere"];
    place.dfab(&elsewhere).exits(3).says("no folder nowhere");
    place
        .dfab(&["run", "--compare", "a.zip"])
        .exits(2)
        .says("--from-service");
    // What was not judged has no score to compare.
    for unfinished in [&["--until", "score"][..], &["--dry-run"]] {
        let arguments = [&["--compare"][..], unfinished].concat();
        run("old.db", &arguments)
            .exits(2)
            .says("cannot be used with");
    }
    place
        .dfab(&["run", "--from-service", "old.db", "a.zip"])
        .exits(2);
}

use super::*;

#[test]
fn a_new_file_is_made_and_opened_again() {
    let place = place();
    record(&mut place.open(), &row("a", "5Key", 0.7)).unwrap();
    let store = place.open();
    assert_eq!(store.submission("a").unwrap().unwrap().score, 0.7);
    assert_eq!(store.path(), place.path);
    let mode: String = place
        .raw()
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}

#[test]
fn an_empty_file_is_taken_as_new() {
    let place = place();
    std::fs::write(&place.path, "").unwrap();
    assert_eq!(place.open().submissions(9).unwrap().len(), 0);
}

#[test]
fn a_path_that_looks_like_a_url_is_a_path() {
    let place = place();
    let path = place.path.with_file_name("file:x?mode=memory");
    drop(Store::open(&path).unwrap());
    assert!(path.exists());
}

/// A file as an earlier version of this program left it: one submission with a result, one refused.
fn make_older(place: &Place, version: usize) {
    let raw = place.raw();
    raw.execute_batch(
        "CREATE TABLE dfab_schema (
            version INTEGER NOT NULL PRIMARY KEY, program_version TEXT NOT NULL)",
    )
    .unwrap();
    for (index, migration) in open::MIGRATIONS.iter().enumerate().take(version) {
        raw.execute_batch(migration).unwrap();
        let number = index as i64 + 1;
        raw.execute("INSERT INTO dfab_schema VALUES (?1, '0.0.1')", [number])
            .unwrap();
    }
    insert_as_service(&raw, &[("a", "5Key", 0.7, "2024-01-01 00:00:00.000000")]);
    raw.execute_batch(
        "INSERT INTO arrivals (submission_id, hotkey, arrived_at)
            VALUES ('a', '5Key', '2024-01-01 00:00:00.000000');
         INSERT INTO evaluations (submission_id, run_id, cache_key, status, score, passed,
                record_json, evaluated_at)
            SELECT id, NULL, 'key', status, score, passed, '{}', updated_at FROM submissions;
         INSERT INTO runs (id, program_version, settings_json, started_at)
            VALUES ('r', '0.0.1', '{}', '2024-01-01 00:00:00.000000');
         INSERT INTO run_items (run_id, ordinal, package, hotkey, submission_id, state)
            VALUES ('r', 0, '0.zip', '5Key', 'a', 'recorded'),
                   ('r', 1, '1.zip', '5Key', NULL, 'failed');
         INSERT INTO failures (run_id, ordinal, stage, message, failed_at)
            VALUES ('r', 1, 'validate', 'empty ZIP artifact', '2024-01-01 00:00:00.000000');",
    )
    .unwrap();
    let bytes = sequence("x = 1\n").to_bytes();
    raw.execute(
        "INSERT INTO fingerprints (submission_id, sequence) VALUES ('a', ?1)",
        [bytes],
    )
    .unwrap();
}

#[test]
fn a_file_of_an_earlier_version_is_read_as_it_is_and_brought_up_to_date_when_written() {
    for version in 1..open::MIGRATIONS.len() {
        let place = place();
        make_older(&place, version);
        let read = Store::open_read_only(&place.path).unwrap();
        assert_eq!(read.weights().unwrap()["5Key"], 0.7);
        let known = |store: &Store| store.stored_fingerprints().unwrap()[0].sequence.clone();
        assert_eq!(known(&read), None, "nothing says that it can be believed");
        let progress = |store: &Store| {
            let overview = store.run_overview("r", at_second(0)).unwrap().unwrap();
            assert_eq!(overview.state, RunState::Died, "nobody says it is alive");
            assert_eq!(
                (overview.recorded, overview.failed, overview.total),
                (1, 1, 2)
            );
            let items = store.run_items("r").unwrap();
            let states = items.iter().map(|item| item.state);
            states.collect::<Vec<_>>()
        };
        let states = progress(&read);
        assert_eq!(states, [ItemState::Recorded, ItemState::Failed]);
        assert!(!read.has_reusable("a", "key").unwrap());
        drop(read);
        let store = place.open();
        // Fingerprints from before there were seals are looked at once, and sealed.
        let sealed = (version < 3).then(|| sequence("x = 1\n"));
        assert_eq!(known(&store), sealed, "version {version}");
        assert_eq!(progress(&store), states);
        assert_eq!(store.causes("r").unwrap()[0].cause, "empty ZIP artifact");
        assert!(!store.has_reusable("a", "key").unwrap());
        let sql = "SELECT count(*) FROM sqlite_master WHERE name = 'evaluations_by_score'";
        let made: i64 = place.raw().query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(made, 1);
    }
}

#[test]
fn a_service_file_gets_our_tables_beside_its_own_rows() {
    let place = place();
    make_service_file(&place, &[("s1", "5A", 0.9, "2024-01-01 00:00:00.000000")]);
    let mut store = place.open();
    let found = store.submission("s1").unwrap().unwrap();
    assert_eq!(
        (found.hotkey.as_str(), found.score, found.filename.as_str()),
        ("5A", 0.9, "")
    );
    record(&mut store, &row("d1", "5B", 0.6)).unwrap();
    let raw = place.raw();
    let indexed: i64 = raw
        .query_row(
            "SELECT count(*) FROM submissions INDEXED BY ix_submissions_hotkey",
            [],
            |r| r.get(0),
        )
        .unwrap();
    assert_eq!(indexed, 2);
    let types: String = raw
        .query_row(
            "SELECT typeof(score) || typeof(passed) || typeof(conversation_count)
             FROM submissions WHERE id = 'd1'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(types, "realintegerinteger");
}

#[test]
fn a_service_file_is_read_without_being_changed() {
    let place = place();
    make_service_file(&place, &[("s1", "5A", 0.9, "2024-01-01 00:00:00.000000")]);
    let before = std::fs::read(&place.path).unwrap();
    let store = Store::open_read_only(&place.path).unwrap();
    assert_eq!(store.weights().unwrap()["5A"], 0.9);
    assert_eq!(store.submissions(10).unwrap().len(), 1);
    let none = store
        .candidates("x", "5B", Window::All, OwnHistory::Include)
        .unwrap();
    assert!(none.is_empty() && store.run("r").unwrap().is_none());
    assert!(store.evaluations("s1").unwrap().is_empty());
    assert_eq!(std::fs::read(&place.path).unwrap(), before);
}

#[test]
fn the_columns_of_a_new_file_are_the_services_in_order() {
    let place = place();
    drop(place.open());
    let raw = place.raw();
    let mut statement = raw
        .prepare("SELECT name FROM pragma_table_info('submissions')")
        .unwrap();
    let names = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    let names: Vec<String> = names.map(Result::unwrap).collect();
    assert_eq!(names, rows::COLUMNS);
}

#[test]
fn a_submissions_table_without_all_columns_is_refused() {
    let place = place();
    place
        .raw()
        .execute_batch("CREATE TABLE submissions (id TEXT, score REAL)")
        .unwrap();
    let error = Store::open(&place.path).err().unwrap();
    assert!(
        matches!(error, StoreError::MissingColumns { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("hotkey, code_hash"));
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_was() {
    let place = place();
    place
        .raw()
        .execute_batch("CREATE TABLE moz_places (id INTEGER)")
        .unwrap();
    let before = std::fs::read(&place.path).unwrap();
    for error in [
        Store::open(&place.path).err(),
        Store::open_read_only(&place.path).err(),
    ] {
        let error = error.unwrap();
        assert!(matches!(error, StoreError::NotOurs { .. }), "{error}");
        assert!(error.to_string().contains("moz_places") && error.hint().is_some());
    }
    assert_eq!(std::fs::read(&place.path).unwrap(), before);
}

#[test]
fn a_newer_file_is_refused_and_left_as_it_was() {
    let place = place();
    drop(place.open());
    place
        .raw()
        .execute("INSERT INTO dfab_schema VALUES (99, '9.9.9')", [])
        .unwrap();
    for error in [
        Store::open(&place.path).err(),
        Store::open_read_only(&place.path).err(),
    ] {
        let error = error.unwrap();
        assert!(
            matches!(
                error,
                StoreError::Newer {
                    found: 99,
                    known: 5,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn what_is_no_database_is_refused_by_name() {
    let place = place();
    let folder = place.path.parent().unwrap();
    assert!(matches!(
        Store::open(folder),
        Err(StoreError::NotAFile { .. })
    ));
    assert!(matches!(
        Store::open_read_only(folder),
        Err(StoreError::NotAFile { .. })
    ));

    let pipe = folder.join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(matches!(
        Store::open(&pipe),
        Err(StoreError::NotAFile { .. })
    ));

    std::fs::write(
        &place.path,
        "this is a text file, long enough to be looked at ".repeat(50),
    )
    .unwrap();
    for error in [
        Store::open(&place.path).err(),
        Store::open_read_only(&place.path).err(),
    ] {
        let error = error.unwrap();
        assert!(matches!(error, StoreError::NotADatabase { .. }), "{error}");
        assert!(error.to_string().contains("dfab.sqlite3") && error.hint().is_some());
    }
}

#[test]
fn a_missing_file_or_folder_is_named() {
    let place = place();
    let error = Store::open_read_only(&place.path).err().unwrap();
    assert!(
        matches!(error, StoreError::Missing { .. }) && error.hint().is_some(),
        "{error}"
    );
    assert!(!place.path.exists());
    let error = Store::open(&place.path.join("none/x.db")).err().unwrap();
    assert!(
        matches!(error, StoreError::CannotOpen { .. }) && error.hint().is_some(),
        "{error}"
    );
}

#[test]
fn a_damaged_file_is_an_error_not_a_crash() {
    let place = place();
    let mut store = place.open();
    for number in 0..50 {
        record(&mut store, &row(&format!("id{number}"), "5Key", 0.5)).unwrap();
    }
    drop(store);
    let whole = std::fs::read(&place.path).unwrap();
    let mut damage_seen = 0;
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        let start = page * 4096 + if page == 0 { 100 } else { 0 };
        bytes[start..(page + 1) * 4096].fill(0xA5);
        std::fs::write(&place.path, &bytes).unwrap();
        let outcome = Store::open(&place.path).and_then(|mut store| {
            record(&mut store, &row("id7", "5Key", 0.6))?;
            store.submissions(100)?;
            store.leaderboard(None)
        });
        if let Err(error) = outcome {
            assert!(
                matches!(
                    error,
                    StoreError::Corrupt { .. } | StoreError::NotADatabase { .. }
                ),
                "page {page}: {error:?}"
            );
            damage_seen += 1;
        }
    }
    assert!(
        damage_seen > 3,
        "only {damage_seen} damaged pages were noticed"
    );
}

/// Permissions do not bind root: for root, runs a test once more as nobody and says true.
fn was_run_as_nobody(test: &str) -> bool {
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    if !nix::unistd::geteuid().is_root() {
        return false;
    }
    let name = format!("store::tests::opening::{test}");
    let again = std::env::current_exe().and_then(|program| {
        std::process::Command::new(program)
            .args(["--exact", &name])
            .current_dir("/")
            .uid(NOBODY)
            .gid(NOBODY)
            .output()
    });
    match again {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains(" 1 passed"), "as nobody: {said}");
        }
        Err(error) => eprintln!("skipped: permissions do not bind root, and as nobody: {error}"),
    }
    true
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_file_that_may_not_be_written_is_not_opened_for_writing() {
    if was_run_as_nobody("a_file_that_may_not_be_written_is_not_opened_for_writing") {
        return;
    }
    let place = place();
    record(&mut place.open(), &row("a", "5Key", 0.7)).unwrap();
    let folder = place.path.parent().unwrap();
    set_mode(&place.path, 0o444);
    let error = Store::open(&place.path).err().unwrap();
    assert!(
        matches!(error, StoreError::ReadOnly { .. }) && error.hint().is_some(),
        "{error:?}"
    );
    set_mode(folder, 0o555);
    let made = Store::open(&folder.join("new.db")).err();
    set_mode(folder, 0o755);
    assert!(
        matches!(made, Some(StoreError::CannotOpen { .. })),
        "{made:?}"
    );
}

#[test]
fn a_database_in_a_folder_that_may_not_be_written_is_read_as_it_lies_there() {
    if was_run_as_nobody("a_database_in_a_folder_that_may_not_be_written_is_read_as_it_lies_there")
    {
        return;
    }
    let place = place();
    let folder = place.path.parent().unwrap();
    record(&mut place.open(), &row("a", "5Key", 0.7)).unwrap();
    let names = || std::fs::read_dir(folder).unwrap().count();
    assert_eq!(names(), 1, "the last to close takes the log away");
    for (mode, of_folder) in [(0o444, 0o555), (0o644, 0o555)] {
        set_mode(&place.path, mode);
        set_mode(folder, of_folder);
        let read = Store::open_read_only(&place.path).and_then(|store| store.weights());
        set_mode(folder, 0o755);
        assert_eq!(read.unwrap()["5Key"], 0.7, "file {mode:o}");
        assert_eq!(names(), 1);
    }
}

#[test]
fn a_log_that_cannot_be_read_without_writing_is_not_left_out() {
    if was_run_as_nobody("a_log_that_cannot_be_read_without_writing_is_not_left_out") {
        return;
    }
    let place = place();
    let folder = place.path.parent().unwrap();
    let mut store = place.open();
    record(&mut store, &row("a", "5Key", 0.7)).unwrap();
    // As a killed process leaves it: the result is in the log only.
    let left = folder.join("left");
    std::fs::create_dir(&left).unwrap();
    for name in ["dfab.sqlite3", "dfab.sqlite3-wal"] {
        std::fs::copy(folder.join(name), left.join(name)).unwrap();
    }
    set_mode(&left, 0o555);
    let read = Store::open_read_only(&left.join("dfab.sqlite3")).and_then(|store| store.weights());
    set_mode(&left, 0o755);
    match read {
        Ok(weights) => assert_eq!(weights["5Key"], 0.7),
        Err(error) => assert!(error.to_string().contains("-wal"), "{error}"),
    }
}

#[test]
fn a_full_disk_is_an_error_and_what_was_there_stays() {
    let place = place();
    let mut store = place.open();
    record(&mut store, &row("a", "5Key", 0.7)).unwrap();
    let pages: i64 = store
        .connection
        .query_row("PRAGMA page_count", [], |r| r.get(0))
        .unwrap();
    store
        .connection
        .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
        .unwrap();
    let mut large = row("b", "5Key", 0.8);
    large.stdout = "x".repeat(1 << 20);
    let error = record(&mut store, &large).unwrap_err();
    assert!(
        matches!(error, StoreError::DiskFull { .. }) && error.hint().is_some(),
        "{error:?}"
    );
    assert_eq!(store.submissions(100).unwrap().len(), 1);
    assert!(store.submission("b").unwrap().is_none());
}

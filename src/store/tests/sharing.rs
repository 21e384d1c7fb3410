use super::*;

#[test]
fn a_file_that_another_holds_locked_is_said_to_be_in_use() {
    let place = place();
    drop(place.open());
    let holder = place.raw();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut store = Store::open_waiting(&place.path, Duration::from_millis(20)).unwrap();
    let error = record(&mut store, &row("a", "5Key", 0.7)).unwrap_err();
    assert!(
        matches!(error, StoreError::Locked { .. }) && error.hint().is_some(),
        "{error:?}"
    );
    assert!(
        store.weights().unwrap().is_empty(),
        "reading goes on meanwhile"
    );
    holder.execute_batch("ROLLBACK").unwrap();
    record(&mut store, &row("a", "5Key", 0.7)).unwrap();
}

#[test]
fn many_writers_make_and_share_one_new_file() {
    let place = place();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let place = &place;
            scope.spawn(move || {
                let mut store = place.open();
                for number in 0..10 {
                    let id = format!("w{writer}n{number}");
                    record(&mut store, &row(&id, &format!("5Key{writer}"), 0.5)).unwrap();
                }
            });
        }
    });
    let store = place.open();
    assert_eq!(store.submissions(100).unwrap().len(), 40);
    let created: Vec<String> = store
        .submissions(100)
        .unwrap()
        .into_iter()
        .map(|row| row.created_at)
        .collect();
    let mut sorted = created.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    sorted.dedup();
    assert_eq!(created, sorted, "created_at follows arrival, without ties");
}

#[test]
fn many_that_make_one_new_file_at_the_same_moment_all_have_it() {
    const MAKERS: usize = 6;
    for _ in 0..40 {
        let place = place();
        let together = std::sync::Barrier::new(MAKERS);
        std::thread::scope(|scope| {
            for _ in 0..MAKERS {
                scope.spawn(|| {
                    together.wait();
                    drop(place.open());
                });
            }
        });
    }
}

#[test]
fn a_database_that_another_is_just_making_is_waited_for() {
    let place = place();
    let maker = place.raw();
    maker
        .execute_batch("PRAGMA journal_mode = DELETE; BEGIN IMMEDIATE")
        .unwrap();
    let patience = Duration::from_millis(20);
    let Err(error) = Store::open_waiting(&place.path, patience) else {
        panic!("it is not ready");
    };
    assert!(matches!(error, StoreError::Locked { .. }), "{error:?}");
    let opened = std::thread::scope(|scope| {
        let opening = scope.spawn(|| Store::open(&place.path).map(drop));
        std::thread::sleep(Duration::from_millis(100));
        maker.execute_batch("COMMIT").unwrap();
        opening.join().unwrap()
    });
    opened.unwrap();
}

#[test]
fn what_one_connection_reports_another_sees() {
    let place = place();
    let (mut writer, reader) = (place.open(), Store::open_read_only(&place.path).unwrap());
    assert!(reader.weights().unwrap().is_empty());
    record(&mut writer, &row("a", "5Key", 0.7)).unwrap();
    assert_eq!(reader.weights().unwrap()["5Key"], 0.7);
}

/// What a run writes, and the error of each once the file is no longer there.
fn write_everything(store: &mut Store) -> Vec<Result<(), StoreError>> {
    let item = RunItemId {
        run: "r",
        ordinal: 0,
    };
    let failure = Failure {
        item,
        submission_id: None,
        blame: Blame::Machine,
        stage: "store",
        cause: "c",
        message: "m",
        started_at: None,
    };
    let running = Running {
        ordinal: 0,
        stage: "review",
        started_at: at_second(0),
    };
    let arrival = Arrival {
        ordinal: 0,
        submission_id: "z",
        hotkey: "5Key",
        fingerprint: Fingerprint::None,
    };
    let run = NewRun {
        id: "again",
        program_version: "0.1.0",
        settings_json: "{}",
        started_at: at_second(0),
        items: &[],
        origin: &Origin::default(),
    };
    vec![
        store.begin_run(&run),
        store.note_progress("r", &[running], at_second(1)),
        store.reserve("r", &[arrival], at_second(1)),
        record(store, &row("a", "5Key", 0.7)),
        store.record_failure(&failure, at_second(2)),
        store.finish_run("r", RunOutcome::Finished, at_second(3)),
    ]
}

#[test]
fn a_database_that_vanishes_or_is_replaced_while_in_use_is_noticed_at_the_next_write() {
    type Change = fn(&Path);
    let changes: [(&str, Change); 4] = [
        ("removed", |path| std::fs::remove_file(path).unwrap()),
        ("renamed", |path| {
            std::fs::rename(path, path.with_extension("old")).unwrap();
        }),
        ("replaced", |path| {
            let copy = path.with_extension("copy");
            std::fs::copy(path, &copy).unwrap();
            std::fs::rename(copy, path).unwrap();
        }),
        ("folder renamed", |path| {
            let folder = path.parent().unwrap();
            std::fs::rename(folder, folder.with_extension("old")).unwrap();
        }),
    ];
    for mode in ["WAL", "DELETE"] {
        for (change, make) in changes {
            let place = place();
            let folder = place.path.parent().unwrap().join("sub");
            std::fs::create_dir(&folder).unwrap();
            let path = folder.join("dfab.sqlite3");
            let mut store = Store::open(&path).unwrap();
            let pragma = format!("PRAGMA journal_mode = {mode}");
            store.connection.query_row(&pragma, [], |_| Ok(())).unwrap();
            begin(&mut store, "r", 1);
            record(&mut store, &row("b", "5Key", 0.7)).unwrap();
            make(&path);
            for outcome in write_everything(&mut store) {
                let error = outcome.unwrap_err();
                assert!(
                    matches!(error, StoreError::Vanished { .. }),
                    "{mode}, {change}: {error:?}"
                );
                assert!(error.hint().is_some() && !error.is_about_submission());
            }
        }
    }
}

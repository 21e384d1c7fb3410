use super::*;

#[test]
fn a_run_is_followed_from_its_beginning_to_its_end() {
    let place = place();
    let mut store = place.open();
    begin(&mut store, "r", 3);
    assert_eq!(store.run("r").unwrap().unwrap().outcome, None);
    let fingerprint = sequence("x = 1\n");
    let arrivals = [0, 2].map(|ordinal| Arrival {
        ordinal,
        submission_id: if ordinal == 0 { "a" } else { "c" },
        hotkey: "5Key",
        fingerprint: Fingerprint::Sequence(&fingerprint),
    });
    store.reserve("r", &arrivals, at_second(1)).unwrap();
    let item = |ordinal| RunItemId { run: "r", ordinal };
    let failure = Failure {
        item: item(1),
        submission_id: None,
        blame: Blame::Package,
        stage: "package",
        cause: "empty_artifact",
        message: "empty ZIP artifact",
        started_at: None,
    };
    store.record_failure(&failure, at_second(2)).unwrap();
    let first = row("a", "5Key", 0.7);
    store
        .record(&Evaluated {
            item: Some(item(0)),
            fingerprint: Fingerprint::Sequence(&fingerprint),
            ..Evaluated::of(&first)
        })
        .unwrap();

    let items = store.run_items("r").unwrap();
    let states: Vec<_> = items
        .iter()
        .map(|item| (item.state, item.submission_id.as_deref()))
        .collect();
    assert_eq!(
        states,
        [
            (ItemState::Recorded, Some("a")),
            (ItemState::Refused, None),
            (ItemState::Pending, Some("c"))
        ]
    );
    assert_eq!(items[2].package, "2.zip");
    let failures = store.failures("r").unwrap();
    assert_eq!(
        failures,
        [(1, "package".to_owned(), "empty ZIP artifact".to_owned())]
    );
    assert_eq!(
        store.evaluations("a").unwrap()[0].run_id.as_deref(),
        Some("r")
    );
    assert_eq!(
        store.submission("a").unwrap().unwrap().created_at,
        at_second(1).to_string()
    );

    store
        .finish_run("r", RunOutcome::Interrupted, at_second(3))
        .unwrap();
    let run = store.run("r").unwrap().unwrap();
    assert_eq!(run.outcome, Some(RunOutcome::Interrupted));
    assert_eq!(run.finished_at, Some(at_second(3).to_string()));
}

#[test]
fn a_run_id_is_used_once() {
    let place = place();
    let mut store = place.open();
    begin(&mut store, "r", 1);
    let again = NewRun {
        id: "r",
        program_version: "",
        settings_json: "",
        started_at: at_second(0),
        items: &[],
        origin: &Origin::default(),
    };
    assert!(matches!(
        store.begin_run(&again),
        Err(StoreError::RunExists { .. })
    ));
    assert_eq!(store.run_items("r").unwrap().len(), 1);
    assert!(store.run("other").unwrap().is_none());
    assert!(store.run_items("other").unwrap().is_empty());
}

#[test]
fn reserving_again_changes_neither_places_nor_progress() {
    let place = place();
    let mut store = place.open();
    begin(&mut store, "r", 2);
    let arrival = |ordinal, submission_id| Arrival {
        ordinal,
        submission_id,
        hotkey: "5Key",
        fingerprint: Fingerprint::None,
    };
    store
        .reserve("r", &[arrival(0, "a"), arrival(1, "b")], at_second(1))
        .unwrap();
    let row = row("a", "5Key", 0.7);
    let item = Some(RunItemId {
        run: "r",
        ordinal: 0,
    });
    store
        .record(&Evaluated {
            item,
            ..Evaluated::of(&row)
        })
        .unwrap();
    store
        .reserve("r", &[arrival(1, "b"), arrival(0, "a")], at_second(9))
        .unwrap();
    assert_eq!(store.run_items("r").unwrap()[0].state, ItemState::Recorded);
    record(
        &mut store,
        &SubmissionRow {
            id: "b".into(),
            ..row
        },
    )
    .unwrap();
    let order: Vec<_> = store
        .submissions(9)
        .unwrap()
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(order, ["b", "a"], "newest first");
    let unknown = store.reserve("r", &[arrival(2, "c")], at_second(9));
    assert!(matches!(unknown, Err(StoreError::UnknownItem { .. })));
}

#[test]
fn progress_is_noted_and_what_was_under_way_is_pending_when_the_run_is_over() {
    let place = place();
    let mut store = place.open();
    begin(&mut store, "r", 3);
    let running = |ordinal, stage| Running {
        ordinal,
        stage,
        started_at: at_second(1),
    };
    let both = [running(0, "review"), running(2, "execute")];
    store.note_progress("r", &both, at_second(2)).unwrap();
    let reader = Store::open_read_only(&place.path).unwrap();
    let seen = || -> Vec<(ItemState, Option<String>)> {
        let items = reader.run_items("r").unwrap().into_iter();
        items.map(|item| (item.state, item.stage)).collect()
    };
    let at = |stage: &str| Some(stage.to_owned());
    assert_eq!(
        seen(),
        [
            (ItemState::Running, at("review")),
            (ItemState::Pending, None),
            (ItemState::Running, at("execute"))
        ]
    );
    let seen_at = reader.run("r").unwrap().unwrap().seen_at;
    assert_eq!(seen_at, Some(at_second(2).to_string()));
    // Whatever follows waits for the disk again.
    let level: i64 = store
        .connection
        .query_row("PRAGMA synchronous", [], |row| row.get(0))
        .unwrap();
    assert_eq!(level, 2, "FULL");
    store
        .finish_run("r", RunOutcome::Interrupted, at_second(3))
        .unwrap();
    assert_eq!(seen()[0], (ItemState::Pending, at("review")));
}

#[test]
fn attempts_of_a_package_are_counted_and_verdicts_are_not() {
    let place = place();
    let mut store = place.open();
    let fail = |store: &mut Store, run: &str, ordinal, blame| {
        let failure = Failure {
            item: RunItemId { run, ordinal },
            submission_id: None,
            blame,
            stage: "execute",
            cause: "no room",
            message: "no room for 0.zip",
            started_at: None,
        };
        store.record_failure(&failure, at_second(1)).unwrap();
    };
    for run in ["r1", "r2", "r3"] {
        begin(&mut store, run, 3);
        fail(&mut store, run, 0, Blame::Machine);
        fail(&mut store, run, 1, Blame::Package);
        fail(&mut store, run, 2, Blame::Machine);
    }
    let attempts: Vec<_> = store.run_items("r3").unwrap();
    let attempts: Vec<_> = attempts.iter().map(|item| item.attempt).collect();
    assert_eq!(attempts, [Some(3), None, Some(3)]);
    let causes = store.causes("r3").unwrap();
    let counts: Vec<_> = causes
        .iter()
        .map(|cause| (cause.of_machine, cause.count, cause.example.as_str()))
        .collect();
    assert_eq!(counts, [(true, 2, "0.zip"), (false, 1, "1.zip")]);
    let failed = store.failed_packages("r3").unwrap();
    let failed: Vec<_> = failed.iter().map(|one| one.package.as_str()).collect();
    assert_eq!(failed, ["0.zip", "2.zip"]);
}

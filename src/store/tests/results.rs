use super::*;

#[test]
fn a_row_comes_back_as_it_was_stored() {
    let place = place();
    let mut store = place.open();
    let stored = row("a", "5Key", 0.1 + 0.2);
    record(&mut store, &stored).unwrap();
    let found = store.submission("a").unwrap().unwrap();
    let expected = SubmissionRow {
        created_at: stored.updated_at.clone(),
        ..stored
    };
    assert_eq!(found, expected);
    assert!(store.submission("b").unwrap().is_none());
}

#[test]
fn a_later_result_keeps_the_earlier_one_place_and_created_at() {
    let place = place();
    let mut store = place.open();
    record(&mut store, &row("a", "5Key", 0.7)).unwrap();
    let first = store.submission("a").unwrap().unwrap();
    record(&mut store, &row("b", "5Key", 0.1)).unwrap();
    let mut again = row("a", "5Key", 0.3);
    again.updated_at = at_second(99).to_string();
    again.stdout = "second".into();
    record(&mut store, &again).unwrap();

    let now = store.submission("a").unwrap().unwrap();
    assert_eq!((now.score, &now.created_at), (0.3, &first.created_at));
    let history = store.evaluations("a").unwrap();
    assert_eq!(
        history.iter().map(|past| past.score).collect::<Vec<_>>(),
        [0.7, 0.3]
    );
    let kept: SubmissionRow = serde_json::from_str(history[0].row_json.as_ref().unwrap()).unwrap();
    assert_eq!(kept, first);
    assert_eq!(history[1].row_json, None, "the current row is in the table");
    let order: Vec<_> = store
        .submissions(9)
        .unwrap()
        .into_iter()
        .map(|row| row.id)
        .collect();
    assert_eq!(order, ["b", "a"]);
}

#[test]
fn a_result_of_the_service_is_kept_too_when_replaced() {
    let place = place();
    make_service_file(&place, &[("s1", "5A", 0.9, "2024-01-01 00:00:00.000000")]);
    let mut store = place.open();
    record(&mut store, &row("s1", "5A", 0.2)).unwrap();
    let history = store.evaluations("s1").unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(
        (
            history[0].score,
            &history[0].run_id,
            &history[0].record_json
        ),
        (0.9, &None, &None)
    );
    assert!(
        history[0]
            .row_json
            .as_ref()
            .unwrap()
            .contains("\"score\":0.9")
    );
    let now = store.submission("s1").unwrap().unwrap();
    assert_eq!(now.created_at, "2024-01-01 00:00:00.000000");
}

#[test]
fn a_pending_row_leaves_no_history() {
    let place = place();
    make_service_file(&place, &[("s1", "5A", 0.0, "2024-01-01 00:00:00.000000")]);
    place
        .raw()
        .execute("UPDATE submissions SET status = 'pending'", [])
        .unwrap();
    let mut store = place.open();
    record(&mut store, &row("s1", "5A", 0.2)).unwrap();
    assert_eq!(store.evaluations("s1").unwrap().len(), 1);
}

#[test]
fn an_evaluation_keeps_its_record_and_its_key() {
    let place = place();
    let mut store = place.open();
    record(&mut store, &row("a", "5Key", 0.7)).unwrap();
    let found = &store.evaluations("a").unwrap()[0];
    assert_eq!(found.record_json.as_deref(), Some("{\"r\":1}"));
    assert!(found.passed);
    let sql = "SELECT cache_key FROM evaluations";
    let key = place.raw().query_row(sql, [], |row| row.get(0));
    assert_eq!(key, Ok("key".to_owned()));
}

#[test]
fn a_score_that_is_no_number_is_refused() {
    let place = place();
    let mut store = place.open();
    for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = record(&mut store, &row("a", "5Key", score)).unwrap_err();
        assert!(matches!(error, StoreError::NotFinite { .. }), "{error}");
    }
    let mut long = row("a", "5Key", 0.5);
    long.size_bytes = u64::MAX;
    assert!(matches!(
        record(&mut store, &long),
        Err(StoreError::TooLarge { .. })
    ));
    assert_eq!(store.submissions(100).unwrap().len(), 0);
}

#[test]
fn a_result_that_fails_half_way_leaves_nothing() {
    let place = place();
    let mut store = place.open();
    begin(&mut store, "r", 1);
    let row = row("a", "5Key", 0.7);
    let item = Some(RunItemId {
        run: "r",
        ordinal: 7,
    });
    let evaluated = Evaluated {
        item,
        ..Evaluated::of(&row)
    };
    let error = store.record(&evaluated).unwrap_err();
    assert!(
        matches!(error, StoreError::UnknownItem { ordinal: 7, .. }),
        "{error}"
    );
    let raw = place.raw();
    for table in ["submissions", "arrivals", "fingerprints", "evaluations"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let count: i64 = raw.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 0, "{table}");
    }
}

#[test]
fn a_text_that_the_database_cannot_hold_is_that_submissions_error() {
    let place = place();
    let mut store = place.open();
    begin(&mut store, "r", 1);
    let mut large = row("a", "5Key", 0.5);
    // One byte more than SQLite takes. Zeros are never written, so they cost no memory.
    large.stdout = String::from_utf8(vec![0; 1_000_000_001]).unwrap();
    let error = record(&mut store, &large).unwrap_err();
    assert!(matches!(error, StoreError::TooBig { .. }), "{error:?}");
    assert!(error.is_about_submission());
    assert!(error.to_string().contains("submission a "), "{error}");
    large.stdout.clear();
    large.size_bytes = u64::MAX;
    let error = record(&mut store, &large).unwrap_err();
    assert!(error.is_about_submission() && error.to_string().contains("submission a "));
    assert!(
        store.submission("a").unwrap().is_none(),
        "nothing of it stays"
    );
    record(&mut store, &row("b", "5Key", 0.5)).unwrap();
    let item = RunItemId {
        run: "r",
        ordinal: usize::MAX,
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
    let error = store.record_failure(&failure, at_second(1)).unwrap_err();
    assert!(matches!(error, StoreError::UnknownItem { .. }), "{error}");
    assert!(!error.is_about_submission());
}

#[test]
fn a_result_that_another_submission_has_overtaken_is_not_stored() {
    let place = place();
    let (mut store, mut other) = (place.open(), place.open());
    record(&mut other, &row("a", "5Key", 0.7)).unwrap();
    let latest = store.latest_arrival().unwrap();
    let late = row("c", "5Key", 0.7);
    let evaluated = Evaluated {
        compared_up_to: Some(latest),
        ..Evaluated::of(&late)
    };
    record(&mut other, &row("b", "5Key", 0.7)).unwrap();
    let error = store.record(&evaluated).unwrap_err();
    assert!(matches!(error, StoreError::Overtaken { .. }), "{error}");
    assert!(!store.has_arrived("c").unwrap(), "nothing of it stays");
    // With its place taken, those that come after change nothing.
    begin(&mut store, "r", 1);
    let arrival = Arrival {
        ordinal: 0,
        submission_id: "c",
        hotkey: "5Key",
        fingerprint: Fingerprint::None,
    };
    store.reserve("r", &[arrival], at_second(60)).unwrap();
    let latest = store.latest_arrival().unwrap();
    record(&mut other, &row("d", "5Key", 0.7)).unwrap();
    store
        .record(&Evaluated {
            compared_up_to: Some(latest),
            ..evaluated
        })
        .unwrap();
}

#[test]
fn a_result_that_another_process_has_stored_meanwhile_is_not_stored_twice() {
    let place = place();
    let (mut store, mut other) = (place.open(), place.open());
    let same = row("a", "5Key", 0.7);
    let latest = store.latest_arrival().unwrap();
    record(&mut other, &same).unwrap();
    let late = |latest| Evaluated {
        compared_up_to: Some(latest),
        ..Evaluated::of(&same)
    };
    let error = store.record(&late(latest)).unwrap_err();
    assert!(matches!(error, StoreError::Overtaken { .. }), "{error}");
    assert_eq!(store.evaluations("a").unwrap().len(), 1);
    // Who knows of it may store another.
    let latest = store.latest_arrival().unwrap();
    store.record(&late(latest)).unwrap();
    assert_eq!(store.evaluations("a").unwrap().len(), 2);
}

#[test]
fn an_evaluation_is_reusable_while_its_row_is_there() {
    let place = place();
    let mut store = place.open();
    let store_with = |store: &mut Store, key: &str, second: i64| {
        let mut row = row("a", "5Key", 0.7);
        row.updated_at = at_second(second).to_string();
        row.stdout = key.to_owned();
        store
            .record(&Evaluated {
                package_key: key,
                cache_key: key,
                ..Evaluated::of(&row)
            })
            .unwrap();
    };
    assert!(store.reusable("a", "k1").unwrap().is_none());
    store_with(&mut store, "k1", 1);
    let found = store.reusable("a", "k1").unwrap().unwrap();
    assert!(found.stands && found.row.stdout == "k1");
    store_with(&mut store, "k2", 2);
    let found = store.reusable("a", "k1").unwrap().unwrap();
    assert!(!found.stands, "another has come since");
    assert_eq!(found.row.stdout, "k1", "its row was kept");
    assert!(store.reusable("a", "k2").unwrap().unwrap().stands);
    assert!(store.reusable("b", "k2").unwrap().is_none());
    // The service writes over the row of the newest.
    let sql = "UPDATE submissions SET updated_at = '2030-01-01 00:00:00.000000', stdout = 'other'";
    place.raw().execute(sql, []).unwrap();
    assert!(store.reusable("a", "k2").unwrap().is_none());
    assert!(store.has_reusable("a", "k1").unwrap());
}

use super::*;

#[test]
fn the_leaderboard_has_each_hotkeys_best_completed_score_earlier_first() {
    let place = place();
    let mut store = place.open();
    for (id, hotkey, score) in [
        ("a", "5A", 0.6),
        ("b", "5B", 0.8),
        ("c", "5A", 0.8),
        ("d", "5C", 0.0),
        ("e", "5B", 0.8),
    ] {
        record(&mut store, &row(id, hotkey, score)).unwrap();
    }
    let mut failed = row("f", "5D", 0.99);
    failed.status = "failed".into();
    record(&mut store, &failed).unwrap();

    let rows = store.leaderboard(None).unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.rank, row.hotkey.as_str(), row.submission_id.as_str()))
        .collect();
    assert_eq!(shown, [(1, "5B", "b"), (2, "5A", "c"), (3, "5C", "d")]);
    assert_eq!(store.leaderboard(Some(1)).unwrap().len(), 1);
    let weights = store.weights().unwrap();
    assert_eq!(
        weights.into_iter().collect::<Vec<_>>(),
        [("5A".into(), 0.8), ("5B".into(), 0.8)]
    );
}

/// The same package evaluated again, with another result.
fn again(id: &str, hotkey: &str, score: f64, status: &str, second: i64) -> SubmissionRow {
    SubmissionRow {
        status: status.into(),
        updated_at: at_second(second).to_string(),
        conversation_count: 9,
        total_messages: 90,
        ..row(id, hotkey, score)
    }
}

#[test]
fn a_later_failure_or_lower_score_does_not_take_the_best_result_away() {
    let place = place();
    let mut store = place.open();
    record(&mut store, &row("a", "5A", 0.7)).unwrap();
    record(&mut store, &again("a", "5A", 0.0, "failed", 60)).unwrap();
    record(&mut store, &row("b", "5B", 0.6)).unwrap();
    record(&mut store, &again("b", "5B", 0.2, "completed", 61)).unwrap();
    record(&mut store, &again("c", "5C", 0.9, "failed", 62)).unwrap();
    record(&mut store, &again("c", "5C", 0.5, "completed", 63)).unwrap();

    let shown: Vec<_> = store
        .leaderboard(None)
        .unwrap()
        .into_iter()
        .map(|row| {
            let counts = (row.conversation_count, row.total_messages);
            (row.hotkey, row.score, row.submission_id, counts)
        })
        .collect();
    let entry = |hotkey: &str, score, id: &str, counts| (hotkey.into(), score, id.into(), counts);
    assert_eq!(
        shown,
        [
            entry("5A", 0.7, "a", (4, 20)),
            entry("5B", 0.6, "b", (4, 20)),
            entry("5C", 0.5, "c", (9, 90)),
        ]
    );
    assert_eq!(store.weights().unwrap().len(), 3);
    let row_now = store.submission("a").unwrap().unwrap();
    assert_eq!((row_now.status.as_str(), row_now.score), ("failed", 0.0));
}

#[test]
fn of_equal_best_results_the_submission_that_arrived_first_leads() {
    let place = place();
    let mut store = place.open();
    record(&mut store, &row("a", "5A", 0.7)).unwrap();
    record(&mut store, &row("b", "5B", 0.7)).unwrap();
    record(&mut store, &row("a2", "5A", 0.7)).unwrap();
    record(&mut store, &again("a", "5A", 0.1, "failed", 70)).unwrap();
    let shown: Vec<_> = store
        .leaderboard(None)
        .unwrap()
        .into_iter()
        .map(|row| row.submission_id)
        .collect();
    assert_eq!(shown, ["a", "b"]);
}

#[test]
fn results_of_the_service_count_before_and_after_they_are_replaced() {
    let place = place();
    let early = "2024-01-01 00:00:00.000000";
    make_service_file(
        &place,
        &[("s1", "5A", 0.9, early), ("s2", "5B", 0.4, early)],
    );
    let mut store = place.open();
    record(&mut store, &again("s1", "5A", 0.0, "failed", 60)).unwrap();
    insert_as_service(&place.raw(), &[("s3", "5B", 0.6, early)]);
    let weights = store.weights().unwrap();
    assert_eq!(
        weights.into_iter().collect::<Vec<_>>(),
        [("5A".into(), 0.9), ("5B".into(), 0.6)]
    );
    // The service writes over a result of ours: it is still in the history.
    record(&mut store, &again("s3", "5B", 0.8, "completed", 61)).unwrap();
    place
        .raw()
        .execute("UPDATE submissions SET score = 0.1 WHERE id = 's3'", [])
        .unwrap();
    let best = &store.leaderboard(None).unwrap()[1];
    assert_eq!((best.score, best.submission_id.as_str()), (0.8, "s3"));
}

#[test]
fn scores_that_are_no_numbers_never_become_weights() {
    let place = place();
    let infinite = f64::INFINITY;
    make_service_file(
        &place,
        &[("s", "5A", infinite, "2024-01-01 00:00:00.000000")],
    );
    let store = place.open();
    assert!(store.weights().unwrap().is_empty());
}

#[test]
fn the_weights_document_is_the_same_for_the_same_weights() {
    let weights = [("5B".to_owned(), 0.25), ("5A".to_owned(), 1.0)]
        .into_iter()
        .collect();
    assert_eq!(
        weights_document("data-fabrication", 1_700_000_000, &weights).to_string(),
        "{\"challenge_slug\":\"data-fabrication\",\"epoch\":1700000000,\
         \"weights\":{\"5A\":1.0,\"5B\":0.25}}"
    );
}

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

//! Lists, counts, and noticing changes.

use super::*;

#[test]
fn a_change_by_anybody_else_is_noticed_and_nothing_else_is() {
    let place = place();
    let mut writer = place.open();
    let reader = Store::open_read_only(&place.path).unwrap();
    let before = reader.data_version().unwrap();
    reader.totals().unwrap();
    assert_eq!(reader.data_version().unwrap(), before);
    record(&mut writer, &row("a", "key", 0.7)).unwrap();
    assert_ne!(reader.data_version().unwrap(), before);
}

#[test]
fn totals_count_by_status_and_hotkey() {
    let place = place();
    let mut store = place.open();
    assert_eq!(store.totals().unwrap(), Totals::default());
    for (id, hotkey, status) in [
        ("a", "one", "completed"),
        ("b", "one", "failed"),
        ("c", "two", "pending"),
        ("d", "two", "running"),
    ] {
        let status = status.to_owned();
        record(
            &mut store,
            &SubmissionRow {
                status,
                ..row(id, hotkey, 0.5)
            },
        )
        .unwrap();
    }
    let expected = Totals {
        submissions: 4,
        completed: 1,
        waiting: 2,
        hotkeys: 2,
    };
    assert_eq!(store.totals().unwrap(), expected);
}

#[test]
fn the_newest_come_first_and_are_the_same_alone() {
    let place = place();
    let mut store = place.open();
    for id in ["a", "b", "c"] {
        record(&mut store, &row(id, "key", 0.5)).unwrap();
    }
    let listed = store.summaries(2).unwrap();
    let ids: Vec<&str> = listed.iter().map(|summary| summary.id.as_str()).collect();
    assert_eq!(ids, ["c", "b"]);
    let row = store.submission("c").unwrap().unwrap();
    assert_eq!(listed.first(), Some(&SubmissionSummary::from(&row)));
}

#[test]
fn the_best_of_a_hotkey_is_its_newest_among_equals() {
    let place = place();
    let mut store = place.open();
    for (id, hotkey, score) in [
        ("a", "one", 0.9),
        ("b", "one", 0.9),
        ("c", "one", 0.1),
        ("d", "two", 1.0),
    ] {
        record(&mut store, &row(id, hotkey, score)).unwrap();
    }
    let best = |hotkey| store.best_of(hotkey).unwrap().map(|row| row.id);
    assert_eq!(best("one").as_deref(), Some("b"));
    assert_eq!(best("two").as_deref(), Some("d"));
    assert_eq!(best("three"), None);
    assert_eq!(
        store.sample("a").unwrap(),
        Some(row("a", "one", 0.9).sample_jsonl.to_string())
    );
    assert_eq!(store.sample("x").unwrap(), None);
}

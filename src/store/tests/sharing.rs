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
    assert_eq!(store.stats().unwrap().total_submissions, 40);
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
fn what_one_connection_reports_another_sees() {
    let place = place();
    let (mut writer, reader) = (place.open(), Store::open_read_only(&place.path).unwrap());
    assert!(reader.weights().unwrap().is_empty());
    record(&mut writer, &row("a", "5Key", 0.7)).unwrap();
    assert_eq!(reader.weights().unwrap()["5Key"], 0.7);
}

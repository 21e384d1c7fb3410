//! What waits: in its order, once, and never at the cost of a result.

use super::*;

fn queue(store: &mut Store, id: &str, second: i64) -> Queued {
    let sequence = sequence(&format!("{id} = 1\n"));
    let new = NewSubmission {
        id,
        hotkey: "key",
        artifact_hash: "hash",
        filename: "h.zip",
        fingerprint: Fingerprint::Sequence(&sequence),
    };
    store.queue(&new, 3, at_second(second)).unwrap()
}

fn claim(store: &mut Store, passed_over: &[&str]) -> Option<String> {
    let passed_over: Vec<String> = passed_over.iter().map(|id| (*id).to_owned()).collect();
    let claimed = store.claim(&passed_over, at_second(100)).unwrap();
    claimed.map(|claimed| claimed.id)
}

fn status(store: &Store, id: &str) -> String {
    store.submission(id).unwrap().unwrap().status
}

#[test]
fn submissions_are_taken_in_the_order_of_arrival_whatever_the_clock_says() {
    let place = place();
    let mut store = place.open();
    for (id, second) in [("c", 9), ("a", 5), ("b", 1)] {
        assert!(matches!(queue(&mut store, id, second), Queued::Pending(_)));
    }
    assert_eq!(store.waiting().unwrap(), 3);
    assert_eq!(
        claim(&mut store, &["c"]).as_deref(),
        Some("a"),
        "one is passed over"
    );
    let taken = [
        claim(&mut store, &[]),
        claim(&mut store, &[]),
        claim(&mut store, &[]),
    ];
    assert_eq!(taken, [Some("c".to_owned()), Some("b".to_owned()), None]);
    assert_eq!(status(&store, "b"), "running");
    store.put_back("b").unwrap();
    assert_eq!(status(&store, "b"), "pending");
    assert_eq!(store.put_all_back().unwrap(), 2);
    assert_eq!(
        claim(&mut store, &[]).as_deref(),
        Some("c"),
        "its place is kept"
    );
}

#[test]
fn who_waits_is_compared_with_by_those_who_come_later() {
    let place = place();
    let mut store = place.open();
    queue(&mut store, "a", 1);
    queue(&mut store, "b", 2);
    let found = store
        .candidates("b", "key", Window::Last(50), OwnHistory::Include)
        .unwrap();
    assert_eq!(ids(&found), ["a"]);
    assert_eq!(store.waiting_without_fingerprint().unwrap(), [""; 0]);
}

#[test]
fn a_known_submission_is_answered_even_when_the_queue_is_full() {
    let place = place();
    let mut store = place.open();
    record(&mut store, &row("done", "key", 0.7)).unwrap();
    for id in ["a", "b", "c"] {
        queue(&mut store, id, 1);
    }
    assert_eq!(queue(&mut store, "d", 2), Queued::Full);
    assert_eq!(store.submission("d").unwrap(), None);
    assert!(matches!(queue(&mut store, "a", 2), Queued::Known(row) if row.status == "pending"));
    assert!(matches!(queue(&mut store, "done", 2), Queued::Known(row) if row.score == 0.7));
    assert!(store.is_settled("done").unwrap() && !store.is_settled("d").unwrap());
}

#[test]
fn giving_up_is_no_result_and_may_be_tried_again() {
    let place = place();
    let mut store = place.open();
    queue(&mut store, "a", 1);
    claim(&mut store, &[]);
    store
        .give_up("a", "the disk is full", at_second(2))
        .unwrap();
    let row = store.submission("a").unwrap().unwrap();
    assert_eq!(row.status, "failed");
    assert_eq!(
        row.error.as_deref(),
        Some("could not be evaluated on this machine: the disk is full")
    );
    assert_eq!(store.evaluations("a").unwrap(), []);
    assert!(!store.is_settled("a").unwrap());
    assert!(matches!(queue(&mut store, "a", 3), Queued::Pending(row) if row.error.is_none()));
    // A verdict is settled, and putting back or giving up comes too late for it.
    record(&mut store, &self::row("a", "key", 0.4)).unwrap();
    store.put_back("a").unwrap();
    store.give_up("a", "late", at_second(4)).unwrap();
    assert!(matches!(queue(&mut store, "a", 5), Queued::Known(row) if row.score == 0.4));
    assert_eq!(store.evaluations("a").unwrap().len(), 1);
}

#[test]
fn two_connections_never_take_the_same() {
    let place = place();
    let (mut one, mut two) = (place.open(), place.open());
    for id in ["a", "b", "c"] {
        queue(&mut one, id, 1);
    }
    let mut taken: Vec<_> = std::thread::scope(|scope| {
        let takers = [&mut one, &mut two]
            .map(|store| scope.spawn(|| [claim(store, &[]), claim(store, &[])]));
        takers
            .into_iter()
            .flat_map(|taker| taker.join().unwrap())
            .flatten()
            .collect()
    });
    taken.sort();
    assert_eq!(taken, ["a", "b", "c"]);
}

#[test]
fn what_the_service_queued_waits_too() {
    let place = place();
    make_service_file(&place, &[("a", "key", 0.0, "2026-01-01 00:00:00.000000")]);
    place
        .raw()
        .execute("UPDATE submissions SET status = 'pending'", [])
        .unwrap();
    let mut store = place.open();
    assert_eq!(store.waiting_without_fingerprint().unwrap(), ["a"]);
    assert_eq!(claim(&mut store, &[]).as_deref(), Some("a"));
}

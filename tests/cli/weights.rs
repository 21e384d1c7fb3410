//! `dfab weights`

use std::fs;

use crate::support::{Place, SMALL_HARNESS};

#[test]
fn without_a_database_there_is_a_hint_and_no_file() {
    let place = Place::new();
    place
        .dfab(&["weights", "-o", "weights.json"])
        .exits(3)
        .says("dfab.sqlite3")
        .says("hint:");
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn the_file_is_replaced_in_one_step() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    place
        .dfab(&["run", "a.zip", "--hotkey", "5A", "--exit-zero"])
        .exits(0);
    place.file("weights.json", "old");
    place
        .dfab(&["weights", "-o", "weights.json", "--epoch", "5"])
        .exits(0);
    let text = fs::read_to_string(place.path("weights.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["epoch"], 5);
    assert!(
        document["weights"]["5A"]
            .as_f64()
            .is_some_and(|score| score > 0.0)
    );
    assert!(
        !place.names().iter().any(|name| name.contains("tmp")),
        "{:?}",
        place.names()
    );
    place
        .dfab(&["weights", "-o", "no/such/folder.json"])
        .exits(3)
        .says("no/such/folder.json");
}

#[test]
fn people_get_a_leaderboard() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    place
        .dfab(&["run", "a.zip", "--hotkey", "5A", "--exit-zero"])
        .exits(0);
    place
        .dfab(&["weights", "--format", "table"])
        .exits(0)
        .prints("rank")
        .prints("5A");
}

#[test]
fn a_database_is_never_overwritten() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    place
        .dfab(&["run", "a.zip", "--hotkey", "5A", "--exit-zero"])
        .exits(0);
    place
        .dfab(&["weights", "-o", "dfab.sqlite3"])
        .exits(2)
        .says("is a database");
    place.dfab(&["weights", "-o", "-"]).exits(0).prints("5A");
    assert!(!place.names().contains(&"-".to_owned()));
}

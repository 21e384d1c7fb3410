//! `dfab weights`

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Place, Ran, SMALL_HARNESS};

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

#[test]
fn a_failed_second_try_does_not_cost_the_weight_of_the_first() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    let run = ["run", "a.zip", "--hotkey", "5A", "--exit-zero"];
    place.dfab(&run).exits(0);
    let before = place.dfab(&["weights", "--epoch", "5"]).exits(0).stdout;
    place.file(
        "script.json",
        r#"{"outcomes": [{"class": "timeout_wall"}]}"#,
    );
    let second = place
        .command(&run)
        .env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"))
        .output()
        .expect("dfab starts");
    Ran::of(second).exits(0).prints("timeout_wall");
    let after = place.dfab(&["weights", "--epoch", "5"]).exits(0).stdout;
    assert!(before.contains("5A"), "{before}");
    assert_eq!(before, after);
    place
        .dfab(&["weights", "--format", "table"])
        .exits(0)
        .prints("5A");
}

#[test]
fn a_database_named_like_a_uri_is_a_file_of_that_name() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    let database = "file:u.db?mode=memory";
    let arguments = ["run", "a.zip", "--hotkey", "5A", "--database", database];
    place.dfab(&arguments);
    assert!(place.names().contains(&database.to_owned()));
    assert!(!place.names().contains(&"u.db".to_owned()));
    place
        .dfab(&["weights", "--database", database])
        .exits(0)
        .prints("5A");
}

/// dfab as the user `nobody`; none where that cannot be had.
fn as_nobody(place: &Place, arguments: &[&str]) -> Option<Ran> {
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    if !nix::unistd::geteuid().is_root() {
        return None;
    }
    // An interpreter may lie where only root can go.
    let script = place.file("script.json", r#"{"outcomes": [{"class": "ok"}]}"#);
    let mut command = place.command(arguments);
    command.env("DFAB_SCRIPTED_EXECUTOR", script);
    match command.uid(NOBODY).gid(NOBODY).output() {
        Ok(output) => Some(Ran::of(output)),
        Err(error) => {
            eprintln!("skipped: as nobody: {error}");
            None
        }
    }
}

#[test]
fn another_users_reading_leaves_nothing_that_keeps_the_owner_from_writing() {
    let place = Place::new();
    fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    let run = ["run", "a.zip", "--hotkey", "5A", "--exit-zero"];
    place.dfab(&run).exits(0);
    let Some(read) = as_nobody(&place, &["weights"]) else {
        return;
    };
    read.exits(0).prints("5A");
    let names = place.names();
    assert!(
        !names.iter().any(|name| name.starts_with("dfab.sqlite3-")),
        "{names:?}"
    );
    place.dfab(&run).exits(0);

    // Beside a database that its owner has open, what is there is used.
    let owner = rusqlite::Connection::open(place.path("dfab.sqlite3")).unwrap();
    owner
        .execute_batch("UPDATE evaluations SET score = 0.75; UPDATE submissions SET score = 0.75")
        .unwrap();
    let with_log = place.names();
    assert!(with_log.contains(&"dfab.sqlite3-wal".to_owned()));
    as_nobody(&place, &["weights"])
        .unwrap()
        .exits(0)
        .prints("0.75");
    assert_eq!(place.names(), with_log);
    drop(owner);
    place.dfab(&run).exits(0);
}

#[test]
fn a_log_that_belongs_to_somebody_else_is_named() {
    let place = Place::new();
    place.file("sub/x", "");
    fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(place.path("sub"), fs::Permissions::from_mode(0o777)).unwrap();
    // Root made it, nobody wants to write.
    place.file("sub/n.db-shm", "");
    let run = ["run", "gone.zip", "--database", "sub/n.db"];
    let Some(ran) = as_nobody(&place, &run) else {
        return;
    };
    ran.exits(3)
        .says("n.db-shm belongs to user 0")
        .says("hint:");
}

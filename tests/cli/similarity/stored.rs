//! Stored packages: by their fingerprints, and by their ZIPs where those do not do.

use std::fs;

use super::{ONE, OTHER, RENAMED, place};
use crate::support::Place;

/// A database with two packages, and one more package.
pub(super) fn stored() -> Place {
    let place = place();
    place.zip("5A.zip", &[("harness.py", ONE)]);
    place.zip("5B.zip", &[("harness.py", OTHER)]);
    place.zip("new.zip", &[("harness.py", RENAMED)]);
    place.file("list.csv", "5A.zip,5A\n5B.zip,5B\n");
    place.dfab(&["run", "@list.csv", "--exit-zero"]).exits(0);
    place
}

#[test]
fn stored_packages_of_the_database_are_compared_by_hotkey_and_submission() {
    let place = stored();
    let arguments = [
        "similarity",
        "new.zip",
        "--stored",
        "--nearest",
        "--format",
        "json",
    ];
    let nearest = place.dfab(&arguments).exits(1).json()["nearest"].clone();
    assert_eq!(nearest[0]["path"], "new.zip");
    assert_eq!(nearest[0]["score"], 100);
    let neighbour = nearest[0]["neighbor"].as_str().expect("a neighbour");
    let id = neighbour.strip_prefix("5A/").expect("a hotkey");
    assert!(place.path("artifacts").join(id).is_dir(), "{id}");
    // In the order of arrival, and without anything beside them too.
    assert_eq!(nearest[1]["path"], neighbour);
    let alone = place
        .dfab(&["similarity", "--stored", "--format", "json"])
        .exits(0);
    let pairs = alone.json()["comparisons"].clone();
    assert_eq!(pairs.as_array().map(Vec::len), Some(1));
    assert_eq!(pairs[0]["left"], neighbour);
}

#[test]
fn a_folder_of_stored_packages_is_compared_without_a_database() {
    let place = stored();
    fs::rename(place.path("artifacts"), place.path("kept")).unwrap();
    fs::remove_file(place.path("dfab.sqlite3")).unwrap();
    let ran = place
        .dfab(&["similarity", "kept", "new.zip", "--format", "json"])
        .exits(1);
    let document = ran.json();
    assert_eq!(document["comparisons"].as_array().map(Vec::len), Some(3));
    let copied = document["plagiarized"][0]["left"].as_str().expect("a path");
    assert!(place.path(copied).join("source.zip").is_file(), "{copied}");
}

#[test]
fn stored_fingerprints_are_compared_without_their_packages() {
    let place = stored();
    fs::remove_dir_all(place.path("artifacts")).unwrap();
    let ran = place
        .dfab(&[
            "similarity",
            "--stored",
            "new.zip",
            "--nearest",
            "--format",
            "json",
        ])
        .exits(1);
    assert_eq!(ran.json()["nearest"][0]["score"], 100);
    // Lines can only be shown of sources.
    place
        .dfab(&[
            "similarity",
            "--stored",
            "one.py",
            "renamed.py",
            "--regions",
        ])
        .exits(3)
        .says("5A/")
        .prints("renamed.py");
    place.dfab(&["similarity"]).exits(2).says("PATH");
    place
        .dfab(&["similarity", "--stored", "--database", "none.db"])
        .exits(3)
        .says("none.db");
}

#[test]
fn a_damaged_fingerprint_is_named_and_made_again_from_its_package() {
    let place = stored();
    let damage = || {
        let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).unwrap();
        // The other submission's, digest included.
        let sql = "UPDATE fingerprints SET (sequence, digest) =
            (SELECT sequence, digest FROM fingerprints ORDER BY submission_id LIMIT 1)";
        assert!(database.execute(sql, []).unwrap() >= 2);
    };
    let arguments = [
        "similarity",
        "new.zip",
        "--stored",
        "--nearest",
        "--format",
        "json",
    ];
    let sound = place.dfab(&arguments).exits(1).json();
    damage();
    let ran = place.dfab(&arguments).exits(1).says("cannot be believed");
    assert_eq!(ran.json(), sound);
    // A run does not only notice: it stores what it made again.
    place
        .dfab(&["run", "new.zip", "--hotkey", "5C", "--exit-zero"])
        .exits(0);
    let kept = place.dfab(&arguments).exits(1);
    assert!(
        !kept.stderr.contains("cannot be believed"),
        "{}",
        kept.stderr
    );
    // Without the package there is nothing to make it from.
    damage();
    fs::remove_dir_all(place.path("artifacts")).unwrap();
    place
        .dfab(&arguments)
        .exits(3)
        .says("cannot be believed")
        .says("source.zip");
}

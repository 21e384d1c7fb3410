//! `dfab pack`

use std::fs;

use crate::support::{Place, SMALL_HARNESS};

#[test]
fn the_same_folder_gives_the_same_bytes_and_a_valid_package() {
    let place = Place::new();
    place.file("package/harness.py", SMALL_HARNESS);
    place.file("package/lib/util.py", "x = 1\n");
    place
        .dfab(&["pack", "package", "-o", "one.zip"])
        .exits(0)
        .says("one.zip");
    place.file("package/harness.py", SMALL_HARNESS); // a new modification time
    place.dfab(&["pack", "package", "-o", "two.zip"]).exits(0);
    assert_eq!(
        fs::read(place.path("one.zip")).unwrap(),
        fs::read(place.path("two.zip")).unwrap()
    );
    place.dfab(&["validate", "one.zip"]).exits(0);
}

#[test]
fn a_folder_that_would_be_refused_is_not_packed() {
    let place = Place::new();
    place.file("package/harness.sh", "");
    place
        .dfab(&["pack", "package", "-o", "out.zip"])
        .exits(1)
        .says("file extension is not allowed: harness.sh");
    assert_eq!(place.names(), ["package"]);
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let place = Place::new();
    place.file("package/harness.py", SMALL_HARNESS);
    place
        .dfab(&["pack", "package", "-o", "no/such/out.zip"])
        .exits(3)
        .says("no/such/out.zip");
}

#[test]
fn a_package_is_not_written_into_the_folder_it_is_made_from() {
    let place = Place::new();
    place.file("package/harness.py", SMALL_HARNESS);
    place
        .dfab(&["pack", "package", "-o", "package/self.zip"])
        .exits(2)
        .says("package/self.zip");
}

#[test]
fn machines_get_the_package_as_json() {
    let place = Place::new();
    place.file("package/harness.py", SMALL_HARNESS);
    let ran = place
        .dfab(&["pack", "package", "-o", "a.zip", "--format", "json"])
        .exits(0);
    assert_eq!(ran.json()["entrypoint"], "harness.py");
    assert_eq!(ran.json()["path"], "a.zip");
}

#[test]
fn what_is_seldom_meant_to_be_published_is_named_and_packed() {
    let place = Place::new();
    place.file("package/harness.py", SMALL_HARNESS);
    let clean = place.dfab(&["pack", "package", "-o", "clean.zip"]).exits(0);
    assert!(!clean.stderr.contains("warning"), "{}", clean.stderr);
    place.file("package/.git/HEAD", "ref: refs/heads/main\n");
    place.file("package/.git/refs/heads/main", "0\n");
    place.file("package/lib/.env", "TOKEN=1\n");
    place
        .dfab(&["pack", "package", "-o", "all.zip"])
        .exits(0)
        .says("warning: package holds .git (2 files)")
        .says("warning: package holds lib/.env (1 file)");
    let ran = place
        .dfab(&["validate", "all.zip", "--format", "jsonl"])
        .exits(0);
    assert_eq!(ran.json_lines()[0]["files"].as_array().unwrap().len(), 4);
}

#[test]
fn the_document_has_the_version_and_the_line_the_item_alone() {
    let place = Place::new();
    place.file("package/harness.py", SMALL_HARNESS);
    place.file("package/manifest.yaml", "n: 12345678901234567890123\n");
    let packed = |format: &str| {
        let arguments = ["pack", "package", "-o", "one.zip", "--format", format];
        place.dfab(&arguments).exits(0)
    };
    let mut document = packed("json").json();
    assert_eq!(document["schema_version"], 1);
    assert!(packed("json").stdout.contains("12345678901234567890123"));
    document.as_object_mut().unwrap().remove("schema_version");
    assert_eq!(vec![document], packed("jsonl").json_lines());
}

//! `dfab validate`

use crate::support::{Place, SMALL_HARNESS};

#[test]
fn a_good_package_is_described() {
    let place = Place::new();
    place.zip(
        "good.zip",
        &[("./harness.py", SMALL_HARNESS), ("notes.md", "hello")],
    );
    let ran = place
        .dfab(&["validate", "good.zip", "--format", "json"])
        .exits(0);
    let document = ran.json();
    assert_eq!(document["schema_version"], 1);
    let package = &document["packages"][0];
    assert_eq!(package["path"], "good.zip");
    assert_eq!(package["ok"], true);
    assert_eq!(package["error"], serde_json::Value::Null);
    assert_eq!(package["entrypoint"], "harness.py");
    assert_eq!(package["files"][0]["path"], "harness.py");
    assert_eq!(package["files"][1]["size"], 5);
    assert_eq!(package["manifest"], serde_json::json!({}));
    assert_eq!(package["artifact_hash"].as_str().map(str::len), Some(64));
}

#[test]
fn a_refused_package_has_code_and_message_and_the_others_go_on() {
    let place = Place::new();
    place.zip("a-bad.zip", &[("harness.py", ""), ("data.csv", "x")]);
    place.zip("b-good.zip", &[("harness.py", SMALL_HARNESS)]);
    let ran = place.dfab(&["validate", ".", "--format", "jsonl"]).exits(1);
    let lines = ran.json_lines();
    assert_eq!(
        lines[0]["error"]["message"],
        "file extension is not allowed: data.csv"
    );
    assert!(lines[0]["error"]["code"].is_string());
    assert_eq!(lines[1]["ok"], true);
    place.dfab(&["validate", ".", "--exit-zero"]).exits(0);
}

#[test]
fn a_folder_is_checked_as_the_zip_it_will_be() {
    let place = Place::new();
    place.file("package/harness.py", SMALL_HARNESS);
    place.dfab(&["validate", "package"]).exits(0).prints("ok");
    place.file("package/__pycache__/x.pyc", b"\0");
    place
        .dfab(&["validate", "package"])
        .exits(1)
        .prints("file extension is not allowed: __pycache__/x.pyc");
}

#[test]
fn a_file_that_is_not_there_is_not_the_packages_fault() {
    let place = Place::new();
    let ran = place
        .dfab(&["validate", "gone.zip", "--format", "json"])
        .exits(3);
    assert_eq!(ran.json()["packages"][0]["ok"], false);
    assert!(
        ran.json()["packages"][0]["error"]["message"]
            .as_str()
            .unwrap()
            .contains("gone.zip")
    );
}

#[test]
fn names_cannot_reach_the_terminal_raw() {
    let place = Place::new();
    place.zip("evil.zip", &[("harness.py", ""), ("a\u{202e}b.exe", "")]);
    let ran = place.dfab(&["validate", "evil.zip"]).exits(1);
    assert!(!ran.stdout.contains('\u{202e}'), "{}", ran.stdout);
    assert!(ran.stdout.contains("\\u202e"), "{}", ran.stdout);
}

#[test]
fn limits_are_flags_and_environment() {
    let place = Place::new();
    place.zip("two.zip", &[("harness.py", ""), ("b.txt", "")]);
    place
        .dfab(&["validate", "two.zip", "--max-zip-files", "1"])
        .exits(1)
        .prints("ZIP contains too many files");
    let output = place
        .command(&["validate", "two.zip"])
        .env("DATA_FABRICATION_MAX_ZIP_FILES", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    place
        .dfab(&["validate", "two.zip", "--max-zip-files", "many"])
        .exits(2)
        .says("max_zip_files");
}

//! Archives with the live service's verdicts: same message, or same files, manifest and hash.

use std::path::PathBuf;

use dfab::package::{PackageLimits, PackageView, open};
use serde_json::{Value, json};

fn parity_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/parity")
}

/// Words of the cause that the error of each archive in the must-refuse group has to name.
const CAUSES: [(&str, &str, &str); 10] = [
    ("hard-crc", "crc_mismatch", "CRC"),
    ("hard-deep-path", "path_too_deep", "deep"),
    ("hard-duplicate", "duplicate_path", "duplicate"),
    ("hard-encrypted", "encrypted_entry", "encrypted"),
    (
        "hard-local-name-differs",
        "headers_disagree",
        "local header disagree on the name",
    ),
    ("hard-manifest-alias-bomb", "manifest_aliases", "aliases"),
    ("hard-manifest-bad-yaml", "manifest_not_yaml", "YAML"),
    ("hard-nul-name", "name_nul", "NUL"),
    ("hard-overlap", "overlapping_entries", "overlapping"),
    ("hard-size-lie-small", "size_differs", "size"),
];

#[test]
fn every_archive_gets_the_live_verdict() {
    let folder = parity_folder();
    let text = std::fs::read_to_string(folder.join("zips.expected.json")).expect("expectations");
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).expect("JSON");
    assert!(expected.len() >= 63, "only {} cases", expected.len());
    for (name, expected) in &expected {
        let path = folder.join("zips").join(format!("{name}.zip"));
        let opened = open(&path, &PackageLimits::default()).expect("a readable file");
        let result = opened.package;
        if expected["must_refuse"] == json!(true) {
            let error = result.expect_err(name);
            let (_, code, cause) = CAUSES
                .iter()
                .find(|(case, ..)| case == name)
                .unwrap_or_else(|| panic!("{name}"));
            assert_eq!(error.code(), *code, "{name}: {error}");
            assert!(error.to_string().contains(cause), "{name}: {error}");
            assert!(error.hint().is_some(), "{name}");
        } else if expected["ok"] == json!(true) {
            let package = result.unwrap_or_else(|error| panic!("{name}: {error}"));
            let view = PackageView::accepted(name, &package);
            let view: Value =
                serde_json::from_str(&serde_json::to_string(&view).expect("JSON")).expect("JSON");
            for field in ["artifact_hash", "entrypoint", "files", "manifest"] {
                assert_eq!(view[field], expected[field], "{name}: {field}");
            }
        } else {
            let error = result.expect_err(name);
            assert_eq!(json!(error.to_string()), expected["error"], "{name}");
        }
    }
}

//! `dfab preflight`

use crate::support::Place;

#[test]
fn a_machine_that_can_evaluate_says_so_and_is_left_as_it_was() {
    let place = Place::new();
    let ran = place.dfab(&["preflight", "--format", "jsonl"]).exits(0);
    let checks = ran.json_lines();
    // An interpreter that is not the live service's version is only warned of.
    assert!(
        checks
            .iter()
            .any(|check| check["name"] == "python" && check["verdict"] != "fail")
    );
    for name in ["executor", "database", "workspaces"] {
        let check = checks.iter().find(|check| check["name"] == name);
        let check = check.unwrap_or_else(|| panic!("no check {name}"));
        assert_eq!(check["verdict"], "ok", "{check}");
    }
    assert!(place.names().is_empty(), "{:?}", place.names());
}

#[test]
fn what_is_missing_fails_with_a_hint() {
    let place = Place::new();
    let ran = place
        .dfab(&[
            "preflight",
            "--python",
            "no-such-python",
            "--format",
            "jsonl",
        ])
        .exits(3);
    let checks = ran.json_lines();
    let python = checks
        .iter()
        .find(|check| check["name"] == "python")
        .expect("python");
    assert_eq!(python["verdict"], "fail");
    assert!(
        python["detail"]
            .as_str()
            .unwrap()
            .contains("no-such-python"),
        "{python}"
    );
    let executor = checks.iter().find(|check| check["name"] == "executor");
    let executor = executor.expect("what was not checked is said");
    assert_eq!(executor["verdict"], "warn");
    assert!(
        executor["detail"].as_str().unwrap().contains("not checked"),
        "{executor}"
    );
}

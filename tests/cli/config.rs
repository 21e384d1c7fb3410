//! `dfab config`

use crate::support::{Place, Ran};

fn setting(ran: &Ran, name: &str) -> serde_json::Value {
    let document = ran.json();
    let rows = document["settings"].as_array().expect("settings").clone();
    rows.into_iter()
        .find(|row| row["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn every_source_is_heard_in_its_order() {
    let place = Place::new();
    place.file(
        "dfab.yaml",
        "runner_seed: 1\nmax_zip_files: 11\nmin_conversations: 3\nslug: from-file\n",
    );
    let output = place
        .command(&[
            "config",
            "--config",
            "dfab.yaml",
            "--runner-seed",
            "4",
            "--format",
            "json",
        ])
        .env("DATA_FABRICATION_RUNNER_SEED", "3")
        .env("CHALLENGE_RUNNER_SEED", "2")
        .env("DATA_FABRICATION_MAX_ZIP_FILES", "13")
        .env("CHALLENGE_MAX_ZIP_FILES", "12")
        .env("CHALLENGE_SLUG", "from-environment")
        .output()
        .unwrap();
    let ran = Ran::of(output).exits(0);
    assert_eq!(setting(&ran, "runner_seed")["value"], 4);
    assert_eq!(setting(&ran, "max_zip_files")["value"], 13);
    assert_eq!(setting(&ran, "min_conversations")["value"], 3);
    assert_eq!(setting(&ran, "slug")["value"], "from-environment");
    assert_eq!(setting(&ran, "max_conversations")["value"], 10_000);
}

#[test]
fn secrets_are_never_shown() {
    let place = Place::new();
    for format in ["table", "json", "jsonl"] {
        let output = place
            .command(&["config", "--format", format])
            .env("CHALLENGE_SHARED_TOKEN", "hunter2hunter2")
            .env(
                "CHALLENGE_LLM_ENDPOINT",
                "http://u:hunter2@llm/chat?key=hunter2",
            )
            .output()
            .unwrap();
        let ran = Ran::of(output).exits(0);
        assert!(
            !format!("{}{}", ran.stdout, ran.stderr).contains("hunter2"),
            "{}",
            ran.stdout
        );
        assert!(
            ran.stdout.contains("CHALLENGE_SHARED_TOKEN"),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn unknown_keys_are_warned_of_and_bad_values_refused() {
    let place = Place::new();
    place.file("odd.yaml", "runner_sed: 1\n");
    place
        .dfab(&["config", "--config", "odd.yaml"])
        .exits(0)
        .says("runner_sed");
    place.file("bad.yaml", "slug: x\nmax_zip_files: [1]\n");
    place
        .dfab(&["config", "--config", "bad.yaml"])
        .exits(2)
        .says("max_zip_files")
        .says("bad.yaml");
    place
        .dfab(&["config", "--config", "gone.yaml"])
        .exits(2)
        .says("gone.yaml");
}

#[test]
fn a_value_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let place = Place::new();
    let output = place
        .command(&["config"])
        .env(
            "DATA_FABRICATION_SLUG",
            std::ffi::OsString::from_vec(vec![b'5', 0xff]),
        )
        .output()
        .unwrap();
    Ran::of(output).exits(2).says("DATA_FABRICATION_SLUG");
}

#[test]
fn python_is_the_interpreter_that_is_found() {
    let place = Place::new();
    let ran = place.dfab(&["config", "--format", "json"]).exits(0);
    let row = setting(&ran, "python");
    let found = row["value"].as_str().expect("a path");
    assert!(std::path::Path::new(found).is_absolute(), "{found}");
    assert_eq!(row["origin"], "default");
    let ran = place
        .dfab(&["config", "--python", "no-such-python", "--format", "json"])
        .exits(0)
        .says("warning: python interpreter \"no-such-python\"");
    assert_eq!(setting(&ran, "python")["value"], "no-such-python");
}

#[test]
fn addresses_have_flags_that_take_no_password() {
    let place = Place::new();
    let ran = place
        .dfab(&[
            "config",
            "--llm-endpoint",
            "http://judge.example/api/chat",
            "--docker-broker-url",
            "https://broker.example",
            "--format",
            "json",
        ])
        .exits(0);
    assert_eq!(
        setting(&ran, "llm_endpoint")["value"],
        "http://judge.example/api/chat"
    );
    assert_eq!(
        setting(&ran, "docker_broker_url")["origin"],
        "--docker-broker-url"
    );
    let ran = place
        .dfab(&[
            "config",
            "--llm-endpoint",
            "http://me:hunter2@judge.example/",
        ])
        .exits(2)
        .says("one with a password only elsewhere");
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    let output = place
        .command(&["config"])
        .env("CHALLENGE_LLM_ENDPOINT", "http://me:hunter2@judge.example/")
        .output()
        .unwrap();
    Ran::of(output)
        .exits(0)
        .prints("http://********@judge.example/");
}

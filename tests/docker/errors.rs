//! What is ours is said with its cause and a next step, and never blamed on a harness.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use dfab::harness::{Cancel, ContainerSettings, Docker};

use crate::image_or_skip;
use crate::support::{
    dfab, docker, leftovers_may_go, limits, make_image, python, settings, slug, try_run, workspace,
};

/// Runs `dfab exec` with the docker executor and these variables.
fn exec(image: &str, variables: &[(&str, &str)]) -> Output {
    let _shared = leftovers_may_go();
    let folder = workspace("print('ran')\n");
    let arguments = ["exec", ".", "--executor", "docker"];
    dfab(folder.path(), image, &slug(), &arguments)
        .envs(variables.iter().copied())
        .output()
        .expect("dfab starts")
}

/// A script in place of the docker command. Another process writes it: one that we have open for writing could not be
/// started while some other test forks.
pub fn stand_in(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("docker");
    let status = Command::new("sh")
        .args([
            "-c",
            "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\" && chmod +x \"$0\"",
        ])
        .arg(&path)
        .arg(script)
        .status()
        .expect("sh starts");
    assert!(status.success());
    path
}

#[track_caller]
fn fails(output: &Output, code: i32, words: &[&str]) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains("hint: "), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text}");
    }
}

#[test]
fn an_image_that_is_missing_is_named_with_the_command_that_fetches_it() {
    let _ = image_or_skip!();
    let output = exec("dfab-test/none:1", &[]);
    fails(
        &output,
        3,
        &["no image dfab-test/none:1", "docker pull dfab-test/none:1"],
    );
}

#[test]
fn an_image_that_is_not_allowed_is_a_mistake_in_the_settings() {
    let output = exec("registry.example/*", &[]);
    fails(
        &output,
        2,
        &["python:3.12-slim is not allowed", "docker_allowed_images"],
    );
}

#[test]
fn an_engine_that_is_down_and_a_command_that_is_missing_are_two_things() {
    let image = image_or_skip!();
    let down = exec(image, &[("DOCKER_HOST", "tcp://127.0.0.1:1")]);
    fails(&down, 3, &["engine does not answer", "DOCKER_HOST"]);
    let missing = exec(image, &[("DATA_FABRICATION_DOCKER_BIN", "no-such-docker")]);
    fails(
        &missing,
        3,
        &["\"no-such-docker\" is not installed", "docker_bin"],
    );
}

#[test]
fn a_socket_that_this_user_may_not_use_is_said_to_be_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let script =
        "echo 'permission denied while trying to connect to the Docker daemon socket' >&2; exit 1";
    let program = stand_in(folder.path(), script);
    let program = program.to_str().expect("UTF-8");
    let output = exec("x", &[("DATA_FABRICATION_DOCKER_BIN", program)]);
    fails(&output, 3, &["may not talk to the docker engine", "group"]);
}

#[test]
fn a_network_that_is_not_there_or_not_allowed_stops_the_run() {
    let image = image_or_skip!();
    let refused = exec(image, &[("DATA_FABRICATION_DOCKER_NETWORK", "host")]);
    assert_eq!(refused.status.code(), Some(2));
    let missing = exec(
        image,
        &[("DATA_FABRICATION_DOCKER_NETWORK", "platform_dfab_test")],
    );
    fails(
        &missing,
        3,
        &["no network platform_dfab_test", "docker network create"],
    );
    let settings = ContainerSettings {
        network: "bridge".to_owned(),
        ..settings(image)
    };
    assert!(Docker::new("docker", settings).is_err());
}

#[test]
fn a_workspace_that_cannot_be_mounted_is_not_the_harnesses_fault() {
    let image = image_or_skip!();
    let folder = tempfile::Builder::new()
        .prefix("a:b")
        .tempdir()
        .expect("a folder");
    let path = folder.path().to_str().expect("UTF-8");
    let colon = exec(image, &[("TMPDIR", path)]);
    fails(&colon, 3, &["cannot be mounted", "TMPDIR"]);
    // An engine that sees other files mounts an empty folder and says nothing. The shell line notices.
    let settings = ContainerSettings {
        user: Some("1000".to_owned()),
        ..settings(image)
    };
    let empty = tempfile::tempdir().expect("a folder");
    let script = format!(
        "for word; do shift; case $word in *:/workspace:ro) word={}:/workspace:ro;; esac; \
         set -- \"$@\" \"$word\"; done; exec docker \"$@\"",
        empty.path().display()
    );
    let program = stand_in(empty.path(), &script);
    let elsewhere = Docker::new(&program, settings).expect("good settings");
    let error = try_run(&elsewhere, "print(1)\n", &limits(), &Cancel::default()).unwrap_err();
    assert!(
        error.to_string().contains("cannot read the workspace"),
        "{error}"
    );
    assert!(error.hint().is_some());
}

#[test]
fn an_unknown_user_is_the_settings_fault() {
    let image = image_or_skip!();
    let settings = ContainerSettings {
        user: Some("nobody-of-that-name".to_owned()),
        ..settings(image)
    };
    let error = try_run(
        &docker(&settings),
        "print(1)\n",
        &limits(),
        &Cancel::default(),
    )
    .unwrap_err();
    assert!(error.to_string().contains("nobody-of-that-name"), "{error}");
    assert_eq!(
        crate::support::containers(&settings.slug),
        Vec::<String>::new()
    );
}

#[test]
fn the_default_settings_find_the_live_services_image() {
    let _ = image_or_skip!();
    let _shared = leftovers_may_go();
    const DEFAULT: &str = "python:3.12-slim";
    let was_there = !crate::support::docker_says(&["image", "ls", "--quiet", DEFAULT]).is_empty();
    if !was_there {
        make_image(&python().expect("a Python"), DEFAULT).expect("an image");
    }
    let folder = workspace("print('ran')\n");
    let run = |arguments: &[&str]| {
        let mut command = dfab(folder.path(), "", &slug(), arguments);
        command.env_remove("DATA_FABRICATION_DOCKER_ALLOWED_IMAGES");
        command.output().expect("dfab starts")
    };
    let ran = run(&["exec", ".", "--docker-enabled", "true"]);
    let checked = run(&["preflight", "--docker-enabled", "true", "--format", "jsonl"]);
    if !was_there {
        // A stand-in by that name would be taken for the real one.
        crate::support::docker_says(&["image", "rm", DEFAULT]);
    }
    assert_eq!(ran.stdout, b"ran\n", "{ran:?}");
    let checks = String::from_utf8_lossy(&checked.stdout);
    assert_eq!(checked.status.code(), Some(0), "{checks}");
    let details: Vec<serde_json::Value> = checks
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let check = |name: &str| {
        details
            .iter()
            .find(|check| check["name"] == name)
            .expect("a check")
    };
    assert_eq!(
        check("executor")["detail"],
        "docker, for docker_enabled is true (--docker-enabled)"
    );
    for name in [
        "docker: engine",
        "docker: image",
        "docker: network",
        "docker: leftovers",
    ] {
        assert_eq!(check(name)["verdict"], "ok", "{checks}");
    }
    assert!(
        check("docker: python")["detail"]
            .as_str()
            .unwrap()
            .starts_with("CPython 3.")
    );
}

//! That no container stays, whoever dies.

use std::fs;
use std::time::{Duration, Instant};

use dfab::harness::{Cancel, Docker, Ending};
use nix::sys::signal::Signal;

use crate::errors::stand_in;
use crate::image_or_skip;
use crate::support::{
    Running, containers, dfab, docker, docker_says, leftovers_may_go, leftovers_stay, limits,
    printed, running_container, seconds, settings, slug, try_run, wait_for, workspace,
};

const SLEEPER: &str =
    "import time\nprint('up', flush=True)\nopen('/tmp/up', 'w').close()\ntime.sleep(60)\n";

/// Waits until the sleeper in a container has said so, and what it said has had time to arrive.
fn sleeping_container(slug: &str) -> String {
    let name = running_container(slug);
    wait_for("the harness sleeps", || {
        let look = ["exec", &name, "ls", "/tmp/up"];
        docker_says(&look).contains("up")
    });
    std::thread::sleep(Duration::from_millis(300));
    name
}

/// dfab with a harness that sleeps.
fn sleeping(image: &str, slug: &str, folder: &std::path::Path) -> Running {
    let arguments = ["exec", ".", "--executor", "docker"];
    Running(
        dfab(folder, image, slug, &arguments)
            .spawn()
            .expect("dfab starts"),
    )
}

#[test]
fn an_interrupted_dfab_removes_its_container() {
    let image = image_or_skip!();
    let _shared = leftovers_may_go();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let (slug, folder) = (slug(), workspace(SLEEPER));
        let dfab = sleeping(image, &slug, folder.path());
        running_container(&slug);
        let asked = Instant::now();
        dfab.signal(signal);
        let output = dfab.finish();
        assert_eq!(output.status.code(), Some(130), "{output:?}");
        assert!(asked.elapsed() < Duration::from_secs(10));
        assert_eq!(containers(&slug), Vec::<String>::new(), "{signal}");
    }
}

#[test]
fn what_a_killed_dfab_leaves_is_removed_by_the_next_and_the_living_keep_theirs() {
    let image = image_or_skip!();
    let _alone = leftovers_stay();
    let (mine, others, folder) = (slug(), slug(), workspace(SLEEPER));
    let living = sleeping(image, &others, folder.path());
    let theirs = running_container(&others);
    for command in ["preflight", "exec"] {
        let mut killed = sleeping(image, &mine, folder.path());
        let left = running_container(&mine);
        killed.0.kill().expect("SIGKILL");
        killed.0.wait().expect("it is dead");
        assert_eq!(containers(&mine), [left.as_str()], "nobody could remove it");
        let quick = workspace("print('next')\n");
        let arguments = match command {
            "preflight" => vec!["preflight", "--executor", "docker"],
            _ => vec!["exec", ".", "--executor", "docker"],
        };
        let output = dfab(quick.path(), image, &mine, &arguments)
            .output()
            .expect("dfab starts");
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success(), "{text}");
        // A table breaks long names into lines.
        assert!(text.contains("removed"), "{text}");
        assert_eq!(containers(&mine), Vec::<String>::new(), "{command}");
    }
    assert_eq!(
        containers(&others),
        [theirs.as_str()],
        "a living dfab keeps its container"
    );
    living.signal(Signal::SIGTERM);
    assert_eq!(living.finish().status.code(), Some(130));
    assert_eq!(containers(&others), Vec::<String>::new());
}

/// Process numbers of the command lines that run a container of this slug.
fn command_lines(slug: &str) -> Vec<i32> {
    let needle = format!("platform.challenge={slug}\0");
    let is_it = |pid: &i32| {
        fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(&needle))
    };
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(is_it)
        .collect()
}

fn signal_command_line(slug: &str, signal: Signal) {
    let pids = command_lines(slug);
    assert_eq!(pids.len(), 1, "{pids:?}");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pids[0]), signal).expect("a living process");
}

#[test]
fn a_command_line_that_is_killed_is_our_failure_and_its_container_is_removed() {
    let image = image_or_skip!();
    let (settings, limits, cancel) = (settings(image), limits(), Cancel::default());
    std::thread::scope(|scope| {
        let run = scope.spawn(|| try_run(&docker(&settings), SLEEPER, &limits, &cancel));
        sleeping_container(&settings.slug);
        signal_command_line(&settings.slug, Signal::SIGKILL);
        let error = run.join().unwrap().unwrap_err();
        assert!(error.to_string().contains("docker command died"), "{error}");
    });
    assert_eq!(containers(&settings.slug), Vec::<String>::new());
}

#[test]
fn a_command_line_that_gives_up_is_not_the_harness_and_its_container_is_removed() {
    let image = image_or_skip!();
    let settings = settings(image);
    let folder = tempfile::tempdir().expect("a folder");
    // Ends with a code of its own, as one does that has lost its engine for a moment.
    let script = "[ \"$1\" = run ] || exec docker \"$@\"; docker \"$@\" & pid=$!; \
                  until docker exec \"$4\" ls /tmp/up 2>/dev/null; do sleep 0.1; done >/dev/null; \
                  sleep 0.3; kill -9 $pid; exit 2";
    let program = stand_in(folder.path(), script);
    let docker = Docker::new(&program, settings.clone()).expect("good settings");
    let error = try_run(&docker, SLEEPER, &limits(), &Cancel::default()).unwrap_err();
    assert!(error.to_string().contains("docker command died"), "{error}");
    assert!(error.hint().is_some());
    assert_eq!(containers(&settings.slug), Vec::<String>::new());
}

#[test]
fn a_command_line_that_hangs_does_not_hold_up_the_time_limit() {
    let image = image_or_skip!();
    let (settings, limits, cancel) = (settings(image), seconds(5.0), Cancel::default());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| try_run(&docker(&settings), SLEEPER, &limits, &cancel));
        sleeping_container(&settings.slug);
        signal_command_line(&settings.slug, Signal::SIGSTOP);
        let outcome = run.join().unwrap().expect("an outcome");
        assert_eq!(outcome.ending, Ending::TimeoutWall);
        assert_eq!(outcome.stdout, b"up\n");
    });
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(containers(&settings.slug), Vec::<String>::new());
    assert_eq!(command_lines(&settings.slug), Vec::<i32>::new());
}

#[test]
fn a_container_that_somebody_else_removes_is_a_killed_harness() {
    let image = image_or_skip!();
    let (settings, limits, cancel) = (settings(image), limits(), Cancel::default());
    std::thread::scope(|scope| {
        let run = scope.spawn(|| try_run(&docker(&settings), SLEEPER, &limits, &cancel));
        let name = sleeping_container(&settings.slug);
        docker_says(&["rm", "--force", &name]);
        let outcome = run.join().unwrap().expect("an outcome");
        assert_eq!(outcome.ending, Ending::Signal { number: 9 });
    });
}

#[test]
fn nothing_of_the_operator_is_in_a_container() {
    let image = image_or_skip!();
    let folder = workspace(SLEEPER);
    let config = tempfile::tempdir().expect("a folder");
    let proxy = "http://user:s3cret-proxy@127.0.0.1:1";
    let names = ["httpProxy", "httpsProxy", "ftpProxy", "noProxy", "allProxy"];
    let proxies: serde_json::Map<String, serde_json::Value> = names
        .iter()
        .map(|&name| (name.to_owned(), proxy.into()))
        .collect();
    let text = serde_json::json!({"proxies": {"default": proxies}}).to_string();
    fs::write(config.path().join("config.json"), text).expect("a configuration");
    let slug = slug();
    let _shared = leftovers_may_go();
    let arguments = ["exec", ".", "--executor", "docker"];
    let mut command = dfab(folder.path(), image, &slug, &arguments);
    command
        .env("DOCKER_CONFIG", config.path())
        .env("DATA_FABRICATION_DOCKER_BROKER_TOKEN", "s3cret-token");
    let dfab = Running(command.spawn().expect("dfab starts"));
    let name = running_container(&slug);
    let seen = docker_says(&["inspect", &name]);
    assert!(
        seen.contains("HTTP_PROXY=") && !seen.contains("s3cret"),
        "{seen}"
    );
    // The command line is the operator's, and yet has no use for dfab's tokens.
    for pid in command_lines(&slug) {
        let environment = fs::read(format!("/proc/{pid}/environ")).expect("an environment");
        let environment = String::from_utf8_lossy(&environment).into_owned();
        assert!(environment.contains("DOCKER_CONFIG="), "{environment}");
        assert!(!environment.contains("s3cret-token"), "{environment}");
    }
    assert_eq!(command_lines(&slug).len(), 1);
    dfab.signal(Signal::SIGTERM);
    assert_eq!(dfab.finish().status.code(), Some(130));
    assert_eq!(containers(&slug), Vec::<String>::new());
}

#[test]
fn an_image_that_is_removed_meanwhile_is_not_fetched() {
    let image = image_or_skip!();
    let settings = dfab::harness::ContainerSettings {
        image: "registry.invalid/gone:1".to_owned(),
        allowed_images: vec!["*".to_owned()],
        ..settings(image)
    };
    let error = try_run(
        &docker(&settings),
        "print(1)\n",
        &limits(),
        &Cancel::default(),
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no image registry.invalid/gone:1"),
        "{error}"
    );
}

#[test]
fn several_containers_run_at_once_and_keep_their_output_apart() {
    let image = image_or_skip!();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|number| {
                let source = format!("import time\ntime.sleep(0.3)\nprint({number})\n");
                scope.spawn(move || printed(image, &source))
            })
            .collect();
        for (number, run) in runs.into_iter().enumerate() {
            assert_eq!(run.join().unwrap(), format!("{number}\n"));
        }
    });
}

#[test]
fn the_containers_of_a_job_can_be_listed_and_removed() {
    let image = image_or_skip!();
    let _shared = leftovers_may_go();
    let slug = slug();
    let (job, name) = (format!("{slug}-job"), format!("{slug}-c"));
    let labels = [
        format!("platform.job={job}"),
        format!("platform.challenge={slug}"),
    ];
    docker_says(&[
        "run", "--detach", "--name", &name, "--label", &labels[0], "--label", &labels[1], image,
        "sleep", "60",
    ]);
    let executor = docker(&settings(image));
    assert_eq!(executor.list("another-job").unwrap(), Vec::<String>::new());
    assert_eq!(executor.list(&job).unwrap(), [name.as_str()]);
    // It is not one of ours, so no sweep takes it.
    executor.sweep().unwrap();
    assert_eq!(executor.cleanup(&job).unwrap(), [name.as_str()]);
    assert_eq!(containers(&slug), Vec::<String>::new());
}

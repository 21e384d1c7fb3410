use super::*;

/// Keepers below this test process.
fn keepers() -> Vec<u32> {
    let me = std::process::id().to_string();
    processes_with("__sandbox-init")
        .into_iter()
        .filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let parent = stat
                .rsplit(") ")
                .next()
                .and_then(|rest| rest.split(' ').nth(1));
            parent == Some(me.as_str())
        })
        .collect()
}

fn kill(pid: u32) {
    let pid = nix::unistd::Pid::from_raw(pid.cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).expect("kill");
}

#[test]
fn a_killed_keeper_is_our_error_and_leaves_nothing_alive() {
    let sandbox = sandbox_or_skip!();
    let mark = format!("dfab-test-orphan-{}", std::process::id());
    let source = format!(
        "import subprocess, sys, time\n\
             subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', '{mark}'])\n\
             time.sleep(60)\n"
    );
    // Other tests of this process run keepers too: this one's is found by its harness's
    // ancestors.
    let limits = limits();
    std::thread::scope(|scope| {
        let cancel = Cancel::default();
        let run = scope.spawn(move || try_run(sandbox, &source, &limits, &cancel));
        let started = Instant::now();
        let victim = loop {
            if let Some(keeper) = processes_with(&mark)
                .first()
                .and_then(|pid| keeper_of(*pid))
            {
                break keeper;
            }
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "the harness did not start"
            );
            std::thread::sleep(Duration::from_millis(10));
        };
        assert!(keepers().contains(&victim));
        kill(victim);
        let error = run.join().unwrap().unwrap_err();
        assert!(matches!(error, ExecutorError::Supervisor { .. }), "{error}");
        assert!(error.to_string().contains("keeper died"), "{error}");
    });
    assert_eq!(processes_with(&mark), Vec::<u32>::new());
}

/// The keeper above a process of a run, if that is complete.
fn keeper_of(mut pid: u32) -> Option<u32> {
    let me = std::process::id();
    for _ in 0..8 {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let parent: u32 = stat.rsplit(") ").next()?.split(' ').nth(1)?.parse().ok()?;
        if parent == me {
            return Some(pid);
        }
        pid = parent;
    }
    None
}

#[test]
fn a_keeper_that_is_not_one_is_our_error() {
    let _ = sandbox_or_skip!();
    let python = python();
    for program in ["/bin/true", "/bin/false", "/nonexistent/dfab"] {
        let broken = Sandbox::with_program(python.clone(), program);
        let error = try_run(&broken, "print(1)\n", &limits(), &Cancel::default()).unwrap_err();
        let ours = matches!(
            error,
            ExecutorError::Supervisor { .. } | ExecutorError::Io { .. }
        );
        assert!(ours, "{program}: {error}");
    }
}

#[test]
fn a_started_keeper_without_a_caller_goes_away() {
    let _ = sandbox_or_skip!();
    let started = Instant::now();
    let status = Command::new(program())
        .arg("__sandbox-init")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success());
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_missing_workspace_or_entrypoint_is_our_error() {
    let sandbox = sandbox_or_skip!();
    let limits = limits();
    let gone = PathBuf::from("/nonexistent/workspace");
    let error = sandbox
        .run(&request(&gone, &limits), &Cancel::default())
        .unwrap_err();
    assert!(
        error.to_string().contains("/nonexistent/workspace"),
        "{error}"
    );
    let folder = tempfile::tempdir().unwrap();
    let error = sandbox
        .run(&request(folder.path(), &limits), &Cancel::default())
        .unwrap_err();
    assert!(error.to_string().contains("harness.py"), "{error}");
}

#[test]
fn what_is_enforced_is_reported() {
    let sandbox = sandbox_or_skip!();
    let enforced = sandbox.check().unwrap();
    for name in [
        "user_namespace",
        "network_namespace",
        "private_root",
        "capabilities",
    ] {
        let found = enforced.iter().find(|protection| protection.name == name);
        assert!(
            found.is_some_and(|protection| protection.means.is_some()),
            "{name}"
        );
    }
    for protection in &enforced {
        assert!(
            protection.means.is_some() != protection.missing.is_some(),
            "{protection:?}"
        );
    }
    let identity = enforced.iter().find(|part| part.name == "identity");
    let identity = identity.and_then(|part| part.means.as_deref()).unwrap();
    let as_it_is = match nix::unistd::geteuid().is_root() {
        true => "nobody, on the host too",
        false => "nobody inside; on the host dfab's own user, without capabilities",
    };
    assert_eq!(identity, as_it_is);
}

#[test]
fn few_descriptors_for_the_harness_weaken_nothing() {
    let sandbox = sandbox_or_skip!();
    let names = |open_files: u64| -> Vec<String> {
        let limits = HarnessLimits {
            open_files,
            ..limits()
        };
        let outcome = run_within(sandbox, "print(1)\n", &limits);
        assert_eq!(outcome.ending, Ending::Ok, "{outcome:?}");
        let there = outcome.enforced.into_iter();
        there
            .filter(|protection| protection.means.is_some())
            .map(|protection| protection.name)
            .collect()
    };
    assert_eq!(names(8), names(256));
}

#[test]
fn no_mount_or_descriptor_is_left_behind() {
    let sandbox = sandbox_or_skip!();
    // Containers of others may come and go meanwhile.
    let mounts = || -> Vec<String> {
        let text = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let ours = |line: &&str| !line.contains("docker") && !line.contains("containerd");
        text.lines().filter(ours).map(str::to_owned).collect()
    };
    let before = mounts();
    for _ in 0..3 {
        run(sandbox, "print(1)\n");
    }
    assert_eq!(mounts(), before);
}

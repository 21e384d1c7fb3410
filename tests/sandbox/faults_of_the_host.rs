use super::hostile::*;
use super::started::*;
use super::*;

const HARNESS: &str = "import os, sys\nprint('row', sys.stdin.read(), os.umask(0))\n";

/// Whether something that only root may arrange can be arranged, and says if not.
fn is_root(what: &str) -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        eprintln!("skipped for an ordinary user, who may not arrange it: {what}");
    }
    root
}

#[test]
fn whatever_state_dfab_is_started_in_the_run_is_the_same() {
    let _ = sandbox_or_skip!();
    let place = Place::new(HARNESS);
    for states in [
        &["children_ignored"][..],
        &["signals_blocked"],
        &["signals_ignored"],
        &["few_descriptors"],
        &["many_descriptors"],
        &["no_permissions"],
        &["no_folder"],
        &["no_right_to_raise_limits"],
        &["short_stack"],
        &["one_processor"],
        &["own_session", "alarm"],
        &[
            "children_ignored",
            "signals_blocked",
            "signals_ignored",
            "few_descriptors",
            "no_folder",
        ],
    ] {
        let (code, said) = finished(&mut place.exec_from(states, &[]));
        assert_eq!((code, said.as_str()), (Some(0), "row  18\n"), "{states:?}");
        assert_eq!(place.left(), Vec::<String>::new(), "{states:?}");
        let _ = fs::remove_file(place.path("report.json"));
    }
}

#[test]
fn limits_that_leave_no_room_are_a_clear_error() {
    let _ = sandbox_or_skip!();
    let place = Place::new(HARNESS);
    // Root is not held to the first.
    for (state, named) in [
        ("few_processes", "temporarily"),
        ("no_file_size", "File too large"),
    ] {
        let (code, said) = finished(&mut place.exec_from(&[state], &[]));
        if code != Some(0) || state == "no_file_size" {
            assert_eq!(code, Some(3), "{state}: {said}");
            assert!(said.contains(named), "{state}: {said}");
        }
        assert!(!said.contains("panicked"), "{state}: {said}");
        assert_eq!(place.left(), Vec::<String>::new(), "{state}");
    }
}

#[test]
fn the_callers_priority_is_kept() {
    let _ = sandbox_or_skip!();
    let place = Place::new("import os\nprint(os.nice(0))\n");
    let (code, said) = finished(&mut place.exec_from(&["no_priority"], &[]));
    assert_eq!((code, said.as_str()), (Some(0), "19\n"));
}

#[test]
fn the_harness_may_use_the_callers_cores_and_no_others() {
    let _ = sandbox_or_skip!();
    let place = Place::new("import os\nprint(*sorted(os.sched_getaffinity(0)))\n");
    let all = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)).unwrap();
    let all: Vec<usize> = (0..nix::sched::CpuSet::count())
        .filter(|core| all.is_set(*core).unwrap())
        .collect();
    for (states, cores) in [(&[][..], &all[..]), (&["one_processor"], &all[..1])] {
        let (code, said) = finished(&mut place.exec_from(states, &[]));
        let cores: Vec<String> = cores.iter().map(usize::to_string).collect();
        assert_eq!((code, said), (Some(0), cores.join(" ") + "\n"));
    }
}

#[test]
fn standard_descriptors_may_be_closed_in_any_combination() {
    let _ = sandbox_or_skip!();
    let place = Place::new(HARNESS);
    for numbers in ["0", "1", "2", "01", "02", "12", "012"] {
        let (code, said) = finished(&mut place.exec_from(&[&format!("closed={numbers}")], &[]));
        match numbers.contains('1') {
            // A dataset without a place to go is not thrown away in silence.
            true => assert_eq!(code, Some(3), "{numbers}: {said}"),
            false => assert_eq!((code, said.as_str()), (Some(0), "row  18\n"), "{numbers}"),
        }
        assert_eq!(place.left(), Vec::<String>::new(), "{numbers}");
    }
}

#[test]
fn without_user_namespaces_nothing_is_run_and_the_setting_is_named() {
    let _ = sandbox_or_skip!();
    let place = Place::new("print('ran')\n");
    let (code, said) = finished(&mut place.exec_from(&["no_user_namespaces"], &[]));
    if said.contains("PermissionError") || said.contains("launcher.py") {
        eprintln!("skipped: no user namespace can be made to forbid others in: {said}");
        return;
    }
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("user.max_user_namespaces"), "{said}");
    assert!(!said.contains("ran\n"), "{said}");
    assert_eq!(place.left(), Vec::<String>::new());
}

#[test]
fn without_control_groups_the_rest_holds_and_says_so() {
    let _ = sandbox_or_skip!();
    if !is_root("control groups hidden or read-only") {
        return;
    }
    let place = Place::new(HARNESS);
    for state in ["no_control_groups", "read_only_control_groups"] {
        let (code, said) = finished(&mut place.exec_from(&[state], &[]));
        assert_eq!(code, Some(0), "{state}: {said}");
        let report = place.report();
        let memory = place.means(&report, "memory").unwrap();
        assert!(memory.starts_with("sampler"), "{state}: {memory}");
        let processes = place.means(&report, "processes").unwrap();
        assert!(
            processes.starts_with("RLIMIT_NPROC"),
            "{state}: {processes}"
        );
        let (code, said) = finished(&mut place.exec_from(&[state], &["--require", "cgroup"]));
        assert_eq!(code, Some(3), "{state}: {said}");
        assert!(
            said.contains("cgroup") && !said.contains("row"),
            "{state}: {said}"
        );
        // What is there all the same can be required.
        let (code, said) =
            finished(&mut place.exec_from(&[state], &["--require", "memory,processes"]));
        assert_eq!(code, Some(0), "{state}: {said}");
    }
}

#[test]
fn without_landlock_the_rest_holds_and_says_so() {
    let _ = sandbox_or_skip!();
    let place = Place::new(HARNESS);
    let (code, said) = finished(&mut place.exec_from(&["no_landlock"], &[]));
    assert_eq!(code, Some(0), "{said}");
    let report = place.report();
    assert_eq!(place.means(&report, "landlock"), None);
    let (code, said) = finished(&mut place.exec_from(&["no_landlock"], &["--require", "landlock"]));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("landlock") && !said.contains("row"), "{said}");
}

#[test]
fn where_nobody_can_be_asked_about_locks_the_rest_holds_and_says_so() {
    let _ = sandbox_or_skip!();
    let harness = "import fcntl, sqlite3\n\
                   with sqlite3.connect('/tmp/x') as db: db.execute('create table t (a)')\n\
                   fcntl.flock(open('/tmp/y', 'w'), fcntl.LOCK_EX)\n\
                   print('row')\n";
    let place = Place::new(harness);
    for (state, why) in [
        ("asks_already", "another supervisor"),
        ("without_listeners", "Function not implemented"),
    ] {
        let (code, said) = finished(&mut place.exec_from(&[state], &[]));
        assert_eq!((code, said.as_str()), (Some(0), "row\n"), "{state}");
        let report = place.report();
        assert_eq!(place.means(&report, "file_locks"), None, "{state}");
        assert!(report.to_string().contains(why), "{state}: {report}");
        assert!(place.means(&report, "seccomp").is_some(), "{state}");
        let require = ["--require", "file_locks"];
        let (code, said) = finished(&mut place.exec_from(&[state], &require));
        assert_eq!(code, Some(3), "{state}: {said}");
        assert!(said.contains("file_locks") && said.contains(why), "{said}");
        assert!(!said.contains("row"), "{state}: {said}");
    }
    // And where it can be had it can be required.
    let (code, said) = finished(&mut place.exec(&["--require", "file_locks"]));
    let masked = said.contains("no /proc");
    assert!(
        masked || (code, said.as_str()) == (Some(0), "row\n"),
        "{said}"
    );
}

#[test]
fn without_new_mount_calls_nothing_is_run() {
    let _ = sandbox_or_skip!();
    let place = Place::new("print('ran')\n");
    let (code, said) = finished(&mut place.exec_from(&["no_new_mounts"], &[]));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("5.12") && !said.contains("ran\n"), "{said}");
}

#[test]
fn where_proc_is_masked_there_is_none_or_a_small_one() {
    let _ = sandbox_or_skip!();
    if !is_root("a masked /proc") {
        return;
    }
    let harness = "import os, multiprocessing, threading\n\
                   print(os.listdir('/proc') if os.path.isdir('/proc') else [])\n";
    let place = Place::new(harness);
    let (code, said) = finished(&mut place.exec_from(&["masked_proc"], &[]));
    assert_eq!(code, Some(0), "{said}");
    let report = place.report();
    let proc = place.means(&report, "proc").unwrap();
    eprintln!("{proc}");
    let none = proc.starts_with("no /proc");
    assert_eq!(said.trim_end() == "[]", none, "{proc}: {said}");
    // It shows where a file lies that a lock is asked for.
    assert_eq!(place.means(&report, "file_locks").is_none(), none, "{proc}");
}

#[test]
fn a_full_folder_for_temporary_files_is_a_clear_error() {
    let _ = sandbox_or_skip!();
    if !is_root("a full folder for temporary files") {
        return;
    }
    let place = Place::new("print('ran')\n");
    fs::write(place.path("p/other.py"), "x = 1\n".repeat(20_000)).unwrap();
    let (code, said) = finished(&mut place.exec_from(&["full_tmp"], &[]));
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("No space left") && said.contains("TMPDIR"),
        "{said}"
    );
    assert!(!said.contains("ran\n"), "{said}");
}

/// Started in this state dfab has control groups all the same, and this is said in all.
#[track_caller]
fn has_its_groups(state: &str, said_in_all: &str) {
    let Some(sandbox) = sandbox() else { return };
    if !has_control_groups(sandbox) {
        eprintln!("skipped: this user gets no control groups on this machine");
        return;
    }
    let place = Place::new(HARNESS);
    let (code, said) = finished(&mut place.exec_from(&[state], &["--require", "cgroup"]));
    assert_eq!((code, said.as_str()), (Some(0), said_in_all));
}

#[test]
fn groups_of_the_same_name_left_by_a_crash_are_no_obstacle() {
    has_its_groups("left_by_a_crash", "row  18\n");
}

#[test]
fn groups_that_somebody_holds_are_left_alone_whatever_their_name_says() {
    has_its_groups("two_containers", "row  18\nheld: True left: False\n");
}

#[test]
fn what_is_required_is_there_or_nothing_is_run() {
    let sandbox = sandbox_or_skip!();
    let place = Place::new("print('ran')\n");
    for protection in sandbox.check().unwrap() {
        let (code, said) = finished(&mut place.exec(&["--require", &protection.name]));
        let expected = if protection.means.is_some() { 0 } else { 3 };
        assert_eq!(code, Some(expected), "{protection:?}: {said}");
    }
    let expected = if has_control_groups(sandbox) { 0 } else { 3 };
    let (code, said) = finished(&mut place.exec(&["--require", "cgroup"]));
    assert_eq!(code, Some(expected), "{said}");
    let (code, said) = finished(&mut place.exec(&["--require", "memory,no_such_thing"]));
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("no_such_thing") && !said.contains("ran\n"),
        "{said}"
    );
}

#[test]
fn an_interpreter_is_found_behind_scripts_and_in_virtual_environments() {
    let _ = sandbox_or_skip!();
    let place = Place::new("import sys, json\nprint(sys.prefix != sys.base_prefix)\n");
    let run = |python: &Path| {
        let mut command = Command::new(program());
        command
            .args(["exec", "--python"])
            .arg(python)
            .arg(place.path("p"));
        finished(
            command
                .env("TMPDIR", place.path("tmp"))
                .stdin(Stdio::null()),
        )
    };
    let shim = place.path("python-shim");
    let text = format!("#!/bin/sh\nexec {:?} \"$@\"\n", python().executable);
    fs::write(&shim, text).unwrap();
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    let (code, said) = run(&shim);
    assert_eq!((code, said.as_str()), (Some(0), "False\n"), "a shim");
    // A folder that only its owner may enter.
    let private = place.path("private");
    fs::create_dir(&private).unwrap();
    fs::set_permissions(&private, fs::Permissions::from_mode(0o700)).unwrap();
    let mut make = tool(&["-m", "venv", "--without-pip"]);
    make.arg(private.join("venv"));
    let (code, said) = finished(&mut make);
    if code != Some(0) {
        eprintln!("skipped: no virtual environment can be made: {said}");
        return;
    }
    let (code, said) = run(&private.join("venv/bin/python3"));
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "True\n"),
        "a private virtual environment"
    );
}

#[test]
fn limits_are_each_runs_own() {
    // Together these are over the limit of one.
    let limits = HarnessLimits {
        memory_bytes: 160 << 20,
        tmp_bytes: 64 << 20,
        cpu_seconds: 2,
        ..limits()
    };
    let text = "kept = b'x' * (90 << 20)\n\
                open('/tmp/x', 'wb').writelines(b'x' * (1 << 20) for _ in range(30))\n\
                end = time.process_time() + 0.7\n\
                while time.process_time() < end: pass\n\
                expect('quiet', os.listdir('/dev/shm') == [])";
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| held_within(text, &limits));
        }
    });
    // And one after another, the first of them over every limit.
    let greedy = "kept = [b'x' * (1 << 20) for _ in range(1000)]";
    for (world, outcome) in attack_within(greedy, &limits) {
        assert_eq!(outcome.ending, Ending::Oom, "{world}: {outcome:?}");
    }
    held_within(text, &limits);
}

use std::os::unix::process::ExitStatusExt;

use nix::sys::signal::Signal;

use super::hostile::*;
use super::started::*;
use super::*;

/// Moments from before anything is started to well within the run, in milliseconds.
const MOMENTS: std::ops::Range<u64> = 0..20;
const STEP: u64 = 11;

/// Starts it, its words unheard.
fn quietly(command: &mut Command) -> std::process::Child {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("it starts")
}

#[test]
fn a_signal_at_any_moment_ends_all_and_leaves_nothing() {
    let _ = sandbox_or_skip!();
    let mark = format!("dfab-test-signalled-{}", std::process::id());
    let place = Place::sleeping(&mark);
    let mut worst = Duration::ZERO;
    for moment in MOMENTS {
        let sent = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP][moment as usize % 3];
        let mut child = quietly(&mut place.exec(&[]));
        std::thread::sleep(Duration::from_millis(moment * STEP));
        let below = descendants(child.id());
        signal(child.id(), sent);
        let began = Instant::now();
        let status = child.wait().unwrap();
        // Before it listens to signals it dies of them.
        let as_told = status.code() == Some(130) || status.signal() == Some(sent as i32);
        assert!(as_told, "{sent} after {} ms: {status}", moment * STEP);
        eventually("all is dead", || {
            !below.iter().any(|pid| is_alive(*pid)) && processes_with(&mark).is_empty()
        });
        worst = worst.max(began.elapsed());
        assert_eq!(
            place.left(),
            Vec::<String>::new(),
            "{sent} after {} ms",
            moment * STEP
        );
        assert_eq!(groups_of(child.id()), Vec::<PathBuf>::new());
    }
    eprintln!("dead after at most {worst:?}");
    assert!(worst < Duration::from_secs(5), "{worst:?}");
}

#[test]
fn requests_to_stop_are_heard_although_the_caller_had_them_blocked() {
    let _ = sandbox_or_skip!();
    let mark = format!("dfab-test-blocked-{}", std::process::id());
    let place = Place::sleeping(&mark);
    for sent in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let mut child = quietly(&mut place.exec_from(&["signals_blocked"], &[]));
        eventually("the harness runs", || !processes_with(&mark).is_empty());
        signal(child.id(), sent);
        let began = Instant::now();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{sent}");
        assert!(began.elapsed() < Duration::from_secs(30), "{sent}");
        eventually("all is dead", || processes_with(&mark).is_empty());
    }
}

#[test]
fn a_hangup_that_the_caller_had_ignored_is_ignored() {
    let _ = sandbox_or_skip!();
    let place = Place::new("import time\ntime.sleep(1)\nprint('row')\n");
    let mut child = quietly(&mut place.exec_from(&["hangup_ignored"], &[]));
    // The launcher ignores it before it becomes dfab.
    eventually("dfab runs", || !descendants(child.id()).is_empty());
    while child.try_wait().unwrap().is_none() {
        signal(child.id(), Signal::SIGHUP);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn when_dfab_is_killed_all_dies_and_the_next_run_sweeps() {
    let sandbox = sandbox_or_skip!();
    let mark = format!("dfab-test-killed-{}", std::process::id());
    let place = Place::sleeping(&mark);
    let mut pids = Vec::new();
    for moment in MOMENTS.step_by(2) {
        let mut child = quietly(&mut place.exec(&[]));
        match moment {
            // Once with all of it surely under way.
            0 => until_marked(&mark),
            _ => std::thread::sleep(Duration::from_millis(moment * STEP)),
        }
        let below = descendants(child.id());
        signal(child.id(), Signal::SIGKILL);
        let began = Instant::now();
        child.wait().unwrap();
        eventually("all is dead", || {
            !below.iter().any(|pid| is_alive(*pid)) && processes_with(&mark).is_empty()
        });
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "{:?}",
            began.elapsed()
        );
        pids.push(child.id());
    }
    fs::write(place.path("p/harness.py"), "print('after')\n").unwrap();
    let (code, said) = finished(&mut place.exec(&[]));
    assert_eq!((code, said.as_str()), (Some(0), "after\n"));
    assert_eq!(place.left(), Vec::<String>::new());
    if has_control_groups(sandbox) {
        for pid in pids {
            assert_eq!(groups_of(pid), Vec::<PathBuf>::new(), "{pid}");
        }
    }
}

#[test]
fn a_killed_init_is_our_error_and_leaves_nothing() {
    let _ = sandbox_or_skip!();
    let mark = format!("dfab-test-init-{}", std::process::id());
    let place = Place::sleeping(&mark);
    let mut child = place
        .exec(&[])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until_marked(&mark);
    let below = descendants(child.id());
    let keeper = *below
        .iter()
        .filter(|pid| parent_of(**pid) == Some(child.id()))
        .min()
        .expect("a keeper");
    let init = *below
        .iter()
        .find(|pid| parent_of(**pid) == Some(keeper))
        .expect("an init");
    signal(init, Signal::SIGKILL);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{said}");
    assert!(said.contains("someone killed the init"), "{said}");
    eventually("all is dead", || !below.iter().any(|pid| is_alive(*pid)));
    assert_eq!(place.left(), Vec::<String>::new());
}

#[test]
fn a_keeper_killed_or_stopped_at_any_moment_is_our_error() {
    let _ = sandbox_or_skip!();
    let mark = format!("dfab-test-keeper-{}", std::process::id());
    let place = Place::sleeping(&mark);
    for moment in MOMENTS.step_by(3) {
        let mut child = place
            .exec(&[])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // The first child there is. The next may be an interpreter that is asked what it is.
        let keeper = || {
            let below = descendants(child.id());
            let children = below.into_iter();
            children
                .filter(|pid| parent_of(*pid) == Some(child.id()))
                .min()
        };
        eventually("there is a keeper", || keeper().is_some());
        let first = keeper().expect("a keeper");
        std::thread::sleep(Duration::from_millis(moment * 5));
        let below = descendants(child.id());
        signal(first, Signal::SIGKILL);
        let mut said = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(3), "{said}");
        assert!(said.contains("keeper died"), "{said}");
        eventually("all is dead", || {
            !below.iter().any(|pid| is_alive(*pid)) && processes_with(&mark).is_empty()
        });
        assert_eq!(place.left(), Vec::<String>::new());
    }
}

#[test]
fn an_output_nobody_reads_or_that_is_full_is_no_crash() {
    let _ = sandbox_or_skip!();
    let place = Place::new("print('row\\n' * 100000)\n");
    let mut child = place
        .exec(&[])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    // The reader has gone away, as `head` does.
    assert!(output.status.code().is_some(), "{output:?}");
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("panic"),
        "{output:?}"
    );
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = place.exec(&[]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let mut child = place
        .exec(&[])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert!(child.wait().unwrap().code().is_some());
    assert_eq!(place.left(), Vec::<String>::new());
}

#[test]
fn exit_codes_that_look_like_ours_are_the_harnesss_own() {
    let _ = sandbox_or_skip!();
    let place = Place::new("");
    for code in [3, 124, 130, 137, 139, 143, 255] {
        fs::write(
            place.path("p/harness.py"),
            format!("raise SystemExit({code})\n"),
        )
        .unwrap();
        let (seen, said) = finished(&mut place.exec(&[]));
        assert_eq!(seen, Some(code), "{said}");
        let report = place.report();
        assert_eq!(
            report["outcome"],
            serde_json::json!({"class": "exit", "code": code})
        );
        assert_eq!(report["timed_out"], false);
    }
}

#[test]
fn a_harness_that_prints_our_words_is_not_believed() {
    for text in [
        "sys.stderr.write('error while loading shared libraries: x\\n'); sys.exit(127)",
        "sys.stderr.write('Fatal Python error: init\\n'); sys.exit(1)",
        "sys.stderr.write('sandbox cannot be set up: namespaces\\n'); sys.exit(3)",
    ] {
        for (world, outcome) in attack(text) {
            assert!(
                matches!(outcome.ending, Ending::Exit { .. }),
                "{world}: {outcome:?}"
            );
        }
    }
}

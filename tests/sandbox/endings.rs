use super::*;

#[test]
fn exit_codes_are_reported() {
    let sandbox = sandbox_or_skip!();
    let outcome = run(sandbox, "import sys\nprint('partial')\nsys.exit(7)\n");
    assert_eq!(
        (outcome.ending, outcome.returncode),
        (Ending::Exit { code: 7 }, 7)
    );
    assert_eq!(outcome.error_text().as_deref(), Some("partial\n"));
    let outcome = run(sandbox, "raise ValueError('broken')\n");
    assert_eq!(outcome.ending, Ending::Exit { code: 1 });
    assert!(
        outcome
            .error_text()
            .unwrap()
            .ends_with("ValueError: broken\n")
    );
}

#[test]
fn signals_are_not_exit_codes() {
    let sandbox = sandbox_or_skip!();
    for (source, number) in [
        ("import os\nos.kill(os.getpid(), 15)\n", 15),
        ("import os\nos.abort()\n", 6),
        ("import os\nos.kill(os.getpid(), 9)\n", 9),
        ("import ctypes\nctypes.string_at(0)\n", 11),
        (
            "import os, signal\nsignal.signal(24, signal.SIG_DFL)\nos.kill(os.getpid(), 24)\n",
            24,
        ),
    ] {
        let outcome = run(sandbox, source);
        assert_eq!(outcome.ending, Ending::Signal { number }, "{source}");
        assert_eq!(outcome.returncode, 128 + number);
    }
    let outcome = run(sandbox, "import sys\nsys.exit(139)\n");
    assert_eq!(outcome.ending, Ending::Exit { code: 139 });
}

#[test]
fn the_wall_clock_limit_ends_a_sleeper_that_ignores_signals() {
    let sandbox = sandbox_or_skip!();
    let limits = HarnessLimits {
        wall_time: Duration::from_millis(1500),
        ..limits()
    };
    let source = "import signal, sys, time\n\
                      for n in range(1, 65):\n    \
                          try: signal.signal(n, signal.SIG_IGN)\n    \
                          except (OSError, ValueError): pass\n\
                      print('still here', file=sys.stderr)\ntime.sleep(60)\n";
    let started = Instant::now();
    let outcome = run_within(sandbox, source, &limits);
    assert_eq!(
        (outcome.ending, outcome.returncode),
        (Ending::TimeoutWall, 124)
    );
    assert_eq!(outcome.error_text().as_deref(), Some("still here\n"));
    assert!(outcome.wall_seconds >= 1.5 && outcome.wall_seconds < 15.0);
    assert!(outcome.cpu_seconds.is_some_and(|seconds| seconds < 1.5));
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn the_processor_limit_ends_a_loop_even_if_its_signal_is_ignored() {
    let sandbox = sandbox_or_skip!();
    let limits = HarnessLimits {
        cpu_seconds: 1,
        ..limits()
    };
    for source in [
        "while True: pass\n",
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass\n",
    ] {
        let outcome = run_within(sandbox, source, &limits);
        assert_eq!(
            (outcome.ending, outcome.returncode),
            (Ending::TimeoutCpu, 124)
        );
        assert!(outcome.error_text().unwrap().contains("processor time"));
        assert!(
            outcome
                .cpu_seconds
                .is_some_and(|seconds| seconds > 0.9 && seconds < 4.0)
        );
    }
}

#[test]
fn the_processor_limit_is_for_the_group() {
    let sandbox = sandbox_or_skip!();
    let limits = HarnessLimits {
        cpu_seconds: 2,
        ..limits()
    };
    let source = "import os\nfor _ in range(3): os.fork()\nwhile True: pass\n";
    let outcome = run_within(sandbox, source, &limits);
    assert_eq!(outcome.ending, Ending::TimeoutCpu);
    assert!(
        outcome.cpu_seconds.is_some_and(|seconds| seconds < 4.0),
        "{outcome:?}"
    );
}

#[test]
fn memory_of_the_whole_group_is_limited() {
    let sandbox = sandbox_or_skip!();
    let limits = HarnessLimits {
        memory_bytes: 128 << 20,
        ..limits()
    };
    let source = "import os, time\nfor _ in range(2): os.fork()\n\
                      held = bytearray(64 << 20)\n\
                      for i in range(0, len(held), 4096): held[i] = 1\ntime.sleep(10)\n";
    let outcome = run_within(sandbox, source, &limits);
    assert_eq!((outcome.ending, outcome.returncode), (Ending::Oom, 137));
    assert!(outcome.error_text().unwrap().contains("memory"));
    assert!(
        outcome
            .peak_memory_bytes
            .is_some_and(|peak| peak >= 100 << 20)
    );
}

#[test]
fn a_run_whose_child_is_killed_for_memory_is_over() {
    let sandbox = sandbox_or_skip!();
    let limits = HarnessLimits {
        memory_bytes: 128 << 20,
        ..limits()
    };
    // The parent is small, so the kernel picks the child; the parent would go on and succeed.
    let source = "import os, time\npid = os.fork()\nif pid == 0:\n    \
                      held = b'x' * (256 << 20)\n    time.sleep(5)\n    os._exit(0)\n\
                      os.waitpid(pid, 0)\ntime.sleep(5)\nprint('fine')\n";
    let outcome = run_within(sandbox, source, &limits);
    assert_eq!((outcome.ending, outcome.returncode), (Ending::Oom, 137));
}

#[test]
fn memory_that_is_mapped_but_not_touched_is_free() {
    let sandbox = sandbox_or_skip!();
    let source = "import mmap\nm = mmap.mmap(-1, 1 << 36, flags=mmap.MAP_PRIVATE | \
                      mmap.MAP_ANONYMOUS | 0x4000)\nprint('mapped')\n";
    assert_eq!(printed(sandbox, source), "mapped\n");
}

#[test]
fn an_interrupted_run_ends_at_once_and_is_no_outcome() {
    let sandbox = sandbox_or_skip!();
    let cancel = Cancel::default();
    let limits = limits();
    std::thread::scope(|scope| {
        let source = "import time\ntime.sleep(60)\n";
        let run = scope.spawn(|| try_run(sandbox, source, &limits, &cancel));
        std::thread::sleep(Duration::from_millis(300));
        let asked = Instant::now();
        cancel.cancel();
        assert!(matches!(
            run.join().unwrap(),
            Err(ExecutorError::Interrupted)
        ));
        assert!(
            asked.elapsed() < Duration::from_secs(15),
            "{:?}",
            asked.elapsed()
        );
    });
}

#[test]
fn a_run_that_is_cancelled_beforehand_does_not_start() {
    let sandbox = sandbox_or_skip!();
    let cancel = Cancel::default();
    cancel.cancel();
    let result = try_run(sandbox, "print(1)\n", &limits(), &cancel);
    assert!(matches!(result, Err(ExecutorError::Interrupted)));
}

#[test]
fn a_signal_of_ones_own_is_no_processor_limit_however_much_was_used() {
    let sandbox = sandbox_or_skip!();
    let source = "import os, time\n\
                  while time.process_time() < 1.2: pass\n\
                  os.kill(os.getpid(), 9)\n";
    let limits = HarnessLimits {
        cpu_seconds: 2,
        ..limits()
    };
    let outcome = run_within(sandbox, source, &limits);
    assert_eq!(outcome.ending, Ending::Signal { number: 9 });
}

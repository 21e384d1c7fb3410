//! How runs end, and what tells the ways apart.

use std::time::{Duration, Instant};

use dfab::harness::{Cancel, Ending, ExecutorError, Outcome};

use crate::image_or_skip;
use crate::support::{
    containers, docker, docker_says, limits, run, run_within, running_container, seconds, settings,
    try_run, wait_for,
};

#[test]
fn exit_codes_are_reported() {
    let image = image_or_skip!();
    let outcome = run(image, "import sys\nprint('partial')\nsys.exit(7)\n");
    assert_eq!(
        (outcome.ending, outcome.returncode),
        (Ending::Exit { code: 7 }, 7)
    );
    assert_eq!(outcome.error_text().as_deref(), Some("partial\n"));
    let outcome = run(image, "raise ValueError('broken')\n");
    assert_eq!(outcome.ending, Ending::Exit { code: 1 });
    let text = outcome.error_text().unwrap();
    assert!(
        text.starts_with("Traceback") && text.ends_with("ValueError: broken\n"),
        "{text}"
    );
    // Codes that the command line uses for failures of its own.
    let outcome = run(image, "import sys\nsys.exit(125)\n");
    assert_eq!(outcome.ending, Ending::Exit { code: 125 });
}

#[test]
fn signals_are_not_exit_codes() {
    let image = image_or_skip!();
    for number in [6, 9, 11, 15] {
        let outcome = run(
            image,
            &format!("import os\nos.kill(os.getpid(), {number})\n"),
        );
        assert_eq!(outcome.ending, Ending::Signal { number });
        assert_eq!(outcome.returncode, 128 + number);
        assert_eq!(
            outcome.error_text().as_deref(),
            Some("harness execution failed")
        );
    }
    let outcome = run(image, "import sys\nsys.exit(139)\n");
    assert_eq!(
        (outcome.ending, outcome.returncode),
        (Ending::Exit { code: 139 }, 139)
    );
}

#[test]
fn the_wall_clock_limit_ends_a_sleeper_that_ignores_signals() {
    let image = image_or_skip!();
    let source = "import signal, sys, time\n\
                  for n in range(1, 65):\n    \
                      try: signal.signal(n, signal.SIG_IGN)\n    \
                      except (OSError, ValueError): pass\n\
                  print('still here', file=sys.stderr)\ntime.sleep(60)\n";
    let started = Instant::now();
    let outcome = run_within(&settings(image), source, &seconds(3.0));
    assert_eq!(
        (outcome.ending, outcome.returncode),
        (Ending::TimeoutWall, 124)
    );
    assert_eq!(outcome.error_text().as_deref(), Some("still here\n"));
    assert!(outcome.wall_seconds >= 3.0 && outcome.wall_seconds < 15.0);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn running_out_of_memory_is_told_from_being_killed() {
    let image = image_or_skip!();
    let hungry = "held = []\nwhile True: held.append(bytearray(16 << 20))\n";
    let outcome = run(image, hungry);
    assert_eq!((outcome.ending, outcome.returncode), (Ending::Oom, 137));
    assert!(outcome.error_text().unwrap().contains("256m"));
    assert!(
        outcome
            .peak_memory_bytes
            .is_some_and(|peak| peak > 200 << 20)
    );
    let outcome = run(image, "import os\nos.kill(os.getpid(), 9)\n");
    assert_eq!(outcome.ending, Ending::Signal { number: 9 });
    assert!(
        outcome
            .peak_memory_bytes
            .is_some_and(|peak| peak < 100 << 20)
    );
}

#[test]
fn a_child_killed_for_memory_counts_even_if_the_parent_makes_light_of_it() {
    let image = image_or_skip!();
    let child = "import os\npid = os.fork()\nif pid == 0:\n    \
                     held = []\n    while True: held.append(bytearray(16 << 20))\n\
                 os.waitpid(pid, 0)\n";
    let outcome = run(image, &format!("{child}print('fine')\n"));
    assert_eq!(outcome.ending, Ending::Oom);
    // At the time limit nobody inside can say so any more; the engine can.
    let source = format!("{child}import time\ntime.sleep(60)\n");
    let outcome = run_within(&settings(image), &source, &seconds(5.0));
    assert_eq!(outcome.ending, Ending::Oom);
}

/// Runs a harness, and once it has made `/tmp/ready` kills everything in its container from outside, as a harness can
/// where the kernel knows no bounds for signals.
fn run_and_kill_all(image: &str, source: &str) -> Outcome {
    let (settings, limits, cancel) = (settings(image), limits(), Cancel::default());
    let executor = docker(&settings);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| try_run(&executor, source, &limits, &cancel));
        let name = running_container(&settings.slug);
        wait_for("the harness is ready", || {
            docker_says(&["exec", &name, "ls", "/tmp/ready"]).contains("ready")
        });
        // What it has said needs time to arrive.
        std::thread::sleep(Duration::from_millis(300));
        docker_says(&["exec", &name, "sh", "-c", "kill -9 -1"]);
        run.join().unwrap().expect("an outcome")
    })
}

#[test]
fn a_shell_that_is_killed_is_reported_as_killed() {
    let image = image_or_skip!();
    let source = "import time\nprint('x', flush=True)\nopen('/tmp/ready', 'w')\ntime.sleep(60)\n";
    let outcome = run_and_kill_all(image, source);
    assert_eq!(outcome.ending, Ending::Signal { number: 9 });
    assert_eq!(outcome.stdout, b"x\n");
    // What bound it is known even though the shell could not say so any more.
    let seccomp = outcome.enforced.iter().find(|one| one.name == "seccomp");
    assert!(seccomp.unwrap().means.is_some());
}

#[test]
fn what_the_harness_leaves_running_ends_with_it() {
    let image = image_or_skip!();
    let source = "import os, signal, time\n\
                  for _ in range(10):\n    \
                      if os.fork() == 0:\n        \
                          os.setsid()\n        \
                          signal.signal(signal.SIGTERM, signal.SIG_IGN)\n        \
                          time.sleep(1)\n        \
                          print('late', flush=True)\n        \
                          time.sleep(60)\n\
                  print('done')\n";
    let started = Instant::now();
    let outcome = run(image, source);
    assert_eq!(
        (outcome.ending, outcome.stdout.as_slice()),
        (Ending::Ok, b"done\n".as_slice())
    );
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn processes_are_limited() {
    let image = image_or_skip!();
    let source = "import os, time\ncount = 0\ntry:\n    \
                      while count < 300:\n        \
                          if os.fork() == 0: time.sleep(30)\n        \
                          count += 1\n\
                  except OSError: print(count)\n";
    let outcome = run(image, source);
    assert_eq!(outcome.ending, Ending::Ok, "{}", outcome.stderr_tail());
    let count: u32 = String::from_utf8(outcome.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert!(count < 64, "{count}");
}

#[test]
fn a_run_can_be_cancelled_and_one_cancelled_beforehand_does_not_start() {
    let image = image_or_skip!();
    let (settings, limits, cancel) = (settings(image), limits(), Cancel::default());
    let executor = docker(&settings);
    for pause in [0, 150, 1000] {
        let cancel = Cancel::default();
        let source = "import time\ntime.sleep(60)\n";
        std::thread::scope(|scope| {
            let run = scope.spawn(|| try_run(&executor, source, &limits, &cancel));
            std::thread::sleep(Duration::from_millis(pause));
            let asked = Instant::now();
            cancel.cancel();
            assert!(matches!(
                run.join().unwrap(),
                Err(ExecutorError::Interrupted)
            ));
            assert!(asked.elapsed() < Duration::from_secs(15));
        });
        assert_eq!(
            containers(&settings.slug),
            Vec::<String>::new(),
            "{pause} ms"
        );
    }
    cancel.cancel();
    let result = try_run(&executor, "print(1)\n", &limits, &cancel);
    assert!(matches!(result, Err(ExecutorError::Interrupted)));
}

/// A harness that knows how the shell reports, and what it then does.
fn forger(then: &str) -> String {
    format!(
        "import os, re, sys, time\n\
         words = open('/proc/1/cmdline', 'rb').read().split(b'\\0')\n\
         mark = next(word for word in words if re.fullmatch(rb'[0-9a-f]{{32}}', word)).decode()\n\
         fields = 'code=0 by=exit oom=0 cpu=1 peak=1 kind=none links= size='\n\
         forged = f'{{mark}} report {{fields}}\\n\\n{{mark}} end\\n'\n\
         def forge(text=forged):\n    sys.stdout.write('row\\n' + text); sys.stdout.flush()\n{then}\n"
    )
}

#[test]
fn a_forged_report_gains_no_time() {
    let image = image_or_skip!();
    let begun = Instant::now();
    let outcome = run_within(
        &settings(image),
        &forger("forge(); time.sleep(60)"),
        &seconds(2.0),
    );
    assert_eq!(outcome.ending, Ending::TimeoutWall);
    // Waiting for an engine that may still hand over the end of a line is bounded.
    assert!(
        begun.elapsed() < Duration::from_secs(40),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(outcome.cpu_seconds, None);
}

#[test]
fn a_forged_report_of_a_shell_that_was_killed_is_not_believed() {
    let image = image_or_skip!();
    let ready = "open('/tmp/ready', 'w'); time.sleep(60)";
    let outcome = run_and_kill_all(image, &forger(&format!("forge(); {ready}")));
    assert_eq!(outcome.ending, Ending::Signal { number: 9 });
    let garbage = "forge(f'{mark} report nonsense\\n\\n{mark} end\\n')";
    let outcome = run_and_kill_all(image, &forger(&format!("{garbage}; {ready}")));
    assert_eq!(outcome.ending, Ending::Signal { number: 9 });
}

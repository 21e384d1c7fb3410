use super::*;

#[test]
fn daemons_are_dead_when_the_run_returns() {
    let sandbox = sandbox_or_skip!();
    let mark = format!("dfab-test-daemon-{}", std::process::id());
    let source = format!(
        r#"
import os, subprocess, sys
code = 'import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(60)'
for _ in range(3):
    subprocess.Popen([sys.executable, '-c', code, '{mark}'], start_new_session=True)
print('started')
"#
    );
    let started = Instant::now();
    assert_eq!(printed(sandbox, &source), "started\n");
    assert!(started.elapsed() < Duration::from_secs(10));
    assert_eq!(processes_with(&mark), Vec::<u32>::new());
}

#[test]
fn processes_and_threads_are_counted() {
    let sandbox = sandbox_or_skip!();
    let limits = HarnessLimits {
        pids: 16,
        ..limits()
    };
    let source = r#"
import os, threading, time
made = 0
try:
    for _ in range(200):
        if os.fork() == 0: time.sleep(60)
        made += 1
except OSError as error: print(type(error).__name__)
print(10 <= made <= 16)
try: threading.Thread(target=time.sleep, args=(1,)).start(); print('thread')
except RuntimeError: print('refused')
"#;
    let outcome = run_within(sandbox, source, &limits);
    assert_eq!(outcome.stdout, b"BlockingIOError\nTrue\nrefused\n");
}

#[test]
fn descriptors_are_counted() {
    let sandbox = sandbox_or_skip!();
    let source = "import os\nkept = []\ntry:\n    while True: kept.append(os.open('/', 0))\n\
                      except OSError as error: print(error.errno, len(kept) < 128)\n";
    assert_eq!(printed(sandbox, source), "24 True\n");
}

#[test]
fn the_harness_cannot_touch_the_init() {
    let sandbox = sandbox_or_skip!();
    let source = r#"
import os
for number in (0, 9, 15, 19):
    try: os.kill(1, number)
    except OSError as error: print(error.errno)
for name in ('environ', 'cmdline', 'maps', 'mem', 'fd', 'root'):
    print(os.path.exists('/proc/1/' + name), end=' ')
print('alive')
"#;
    let text = printed(sandbox, source);
    assert!(
        text.ends_with("False False False False False False alive\n"),
        "{text}"
    );
}

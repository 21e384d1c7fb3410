//! The sandbox, with real harnesses in real Python.
//!
//! Python is `DFAB_PYTHON`, else `python3` on PATH; without one the tests skip and say so. A machine that cannot run the sandbox fails
//! these tests with the reason; `DFAB_TESTS_WITHOUT_SANDBOX=1` skips them instead.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use dfab::harness::{
    Cancel, Ending, Executor, ExecutorError, HarnessLimits, HarnessRequest, Interpreter, Outcome,
    Sandbox,
};

const SKIP: &str = "DFAB_TESTS_WITHOUT_SANDBOX";

/// The sandbox under test, or `None` if it is to be skipped.
fn sandbox() -> Option<&'static Sandbox> {
    static SANDBOX: OnceLock<Option<Sandbox>> = OnceLock::new();
    SANDBOX
        .get_or_init(|| {
            if std::env::var_os(SKIP).is_some_and(|value| value == "1") {
                eprintln!("skipped: {SKIP} is set");
                return None;
            }
            let setting = std::env::var_os("DFAB_PYTHON").unwrap_or_else(|| "python3".into());
            let python = match Interpreter::resolve(Path::new(&setting)) {
                Ok(python) => python,
                Err(error @ ExecutorError::PythonNotFound { .. }) => {
                    eprintln!("skipped: {error}");
                    return None;
                }
                Err(error) => panic!("{error}\nhint: {:?}", error.hint()),
            };
            let sandbox = Sandbox::with_program(python, env!("CARGO_BIN_EXE_dfab"));
            if let Err(error) = sandbox.check() {
                panic!(
                    "the sandbox does not work here: {error}\nhint: {:?}\n\
                     ({SKIP}=1 skips these tests)",
                    error.hint()
                );
            }
            Some(sandbox)
        })
        .as_ref()
}

macro_rules! sandbox_or_skip {
    () => {
        match sandbox() {
            Some(sandbox) => sandbox,
            None => return,
        }
    };
}

fn limits() -> HarnessLimits {
    HarnessLimits {
        wall_time: Duration::from_secs(20),
        cpu_seconds: 20,
        memory_bytes: 1 << 30,
        tmp_bytes: 8 << 20,
        pids: 64,
        open_files: 128,
        max_output_size_bytes: 1 << 20,
    }
}

/// A workspace with the given harness, readable for all.
fn workspace(source: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
    fs::write(folder.path().join("harness.py"), source).expect("a harness");
    folder
}

fn request<'a>(folder: &'a Path, limits: &'a HarnessLimits) -> HarnessRequest<'a> {
    HarnessRequest {
        workspace: folder,
        entrypoint: "harness.py",
        seed: 1337,
        output_filename: "dataset.jsonl",
        limits,
    }
}

fn try_run(
    sandbox: &Sandbox,
    source: &str,
    limits: &HarnessLimits,
    cancel: &Cancel,
) -> Result<Outcome, ExecutorError> {
    let folder = workspace(source);
    sandbox.run(&request(folder.path(), limits), cancel)
}

fn run_within(sandbox: &Sandbox, source: &str, limits: &HarnessLimits) -> Outcome {
    try_run(sandbox, source, limits, &Cancel::default())
        .unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()))
}

fn run(sandbox: &Sandbox, source: &str) -> Outcome {
    run_within(sandbox, source, &limits())
}

/// Runs a harness that is expected to end well and returns what it printed.
fn printed(sandbox: &Sandbox, source: &str) -> String {
    let outcome = run(sandbox, source);
    assert_eq!(outcome.ending, Ending::Ok, "{}", outcome.stderr_tail());
    String::from_utf8(outcome.stdout).expect("UTF-8")
}

/// Processes on this machine with the given text among their arguments.
fn processes_with(argument: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("/proc");
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
                line.windows(argument.len())
                    .any(|part| part == argument.as_bytes())
            })
        })
        .collect()
}

mod normal_work {
    use super::*;

    #[test]
    fn stdout_is_the_dataset_and_stderr_is_kept() {
        let sandbox = sandbox_or_skip!();
        let outcome = run(
            sandbox,
            "import sys\nprint('row')\nprint('note', file=sys.stderr)\n",
        );
        assert_eq!((outcome.ending, outcome.returncode), (Ending::Ok, 0));
        assert_eq!(outcome.dataset_bytes(), b"row\n");
        assert_eq!(outcome.stderr, b"note\n");
        assert_eq!(outcome.error_text(), None);
        assert!(outcome.wall_seconds > 0.0 && outcome.wall_seconds < 20.0);
        assert!(
            outcome
                .cpu_seconds
                .is_some_and(|seconds| seconds > 0.0 && seconds < 20.0)
        );
        let peak = outcome.peak_memory_bytes.expect("a peak");
        assert!((1 << 20..200 << 20).contains(&peak), "{peak}");
    }

    #[test]
    fn the_output_file_wins_over_stdout() {
        let sandbox = sandbox_or_skip!();
        let source = "import os\nprint('printed')\n\
                      open(os.environ['DATA_FABRICATION_OUTPUT'], 'w').write('written')\n";
        assert_eq!(run(sandbox, source).dataset_bytes(), b"written");
        let source = "import os\nprint('printed')\n\
                      open(os.environ['DATA_FABRICATION_OUTPUT'], 'w').close()\n";
        assert_eq!(run(sandbox, source).dataset_bytes(), b"printed\n");
    }

    #[test]
    fn an_unreadable_mode_does_not_hide_the_output_file() {
        let sandbox = sandbox_or_skip!();
        let source = "import os\np = os.environ['DATA_FABRICATION_OUTPUT']\n\
                      open(p, 'w').write('written')\nos.chmod(p, 0)\n";
        assert_eq!(run(sandbox, source).dataset_bytes(), b"written");
    }

    #[test]
    fn the_standard_library_threads_and_subprocesses_work() {
        let sandbox = sandbox_or_skip!();
        let source = r#"
import asyncio, csv, ctypes, decimal, hashlib, json, lzma, random, re, subprocess, sys
import tempfile, threading, urllib.request, uuid, zlib
seen = []
threads = [threading.Thread(target=seen.append, args=(i,)) for i in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.NamedTemporaryFile() as file: file.write(b'x')
for program in (sys.executable, 'python3'):
    answer = subprocess.run([program, '-c', 'print(6 * 7)'], capture_output=True, text=True)
    print(answer.stdout.strip(), answer.stderr)
print(sorted(seen), asyncio.run(asyncio.sleep(0, 'slept')), sys.executable)
"#;
        let text = printed(sandbox, source);
        assert!(
            text.starts_with("42 \n42 \n[0, 1, 2, 3, 4, 5, 6, 7] slept /"),
            "{text}"
        );
    }

    #[test]
    fn multiprocessing_works() {
        let sandbox = sandbox_or_skip!();
        let source = r#"
import multiprocessing as mp
from multiprocessing import shared_memory
def square(number): return number * number
if __name__ == '__main__':
    memory = shared_memory.SharedMemory(create=True, size=4096)
    with mp.Pool(2) as pool: print(pool.map(square, range(5)))
    memory.close(); memory.unlink()
"#;
        assert_eq!(printed(sandbox, source), "[0, 1, 4, 9, 16]\n");
    }

    #[test]
    fn a_package_with_modules_and_a_nested_entrypoint_is_run() {
        let sandbox = sandbox_or_skip!();
        let folder = workspace("");
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/helper.py"), "word = 'helped'\n").unwrap();
        let source = "import helper, os, sys\nprint(helper.word, os.getcwd(), sys.argv)\n";
        fs::write(folder.path().join("src/main.py"), source).unwrap();
        let limits = limits();
        let request = HarnessRequest {
            entrypoint: "src/main.py",
            ..request(folder.path(), &limits)
        };
        let outcome = sandbox.run(&request, &Cancel::default()).unwrap();
        assert_eq!(outcome.stdout, b"helped /workspace ['src/main.py']\n");
    }

    #[test]
    fn a_workspace_only_its_owner_can_read_is_run() {
        let sandbox = sandbox_or_skip!();
        let folder = workspace("print('private')\n");
        let file = folder.path().join("harness.py");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let limits = limits();
        match sandbox.run(&request(folder.path(), &limits), &Cancel::default()) {
            Ok(outcome) => assert_eq!(outcome.stdout, b"private\n"),
            // A file system that cannot map owners: then the error says what to do.
            Err(error) => assert!(error.hint().is_some_and(|hint| hint.contains("chmod"))),
        }
    }

    #[test]
    fn an_interpreter_behind_links_elsewhere_is_run() {
        let _ = sandbox_or_skip!();
        let setting = std::env::var_os("DFAB_PYTHON").unwrap_or_else(|| "python3".into());
        let python = Interpreter::resolve(Path::new(&setting)).unwrap();
        let folder = workspace("");
        let link = folder.path().join("some-python");
        std::os::unix::fs::symlink(&python.executable, &link).unwrap();
        let linked = Interpreter::resolve(&link).unwrap();
        assert_eq!(linked.version, python.version);
        let sandbox = Sandbox::with_program(linked, env!("CARGO_BIN_EXE_dfab"));
        assert_eq!(
            printed(&sandbox, "import json\nprint(json.dumps(1))\n"),
            "1\n"
        );
    }

    #[test]
    fn eight_runs_at_once_do_not_disturb_each_other() {
        let sandbox = sandbox_or_skip!();
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..8)
                .map(|index| {
                    scope.spawn(move || {
                        let source = format!(
                            "import os, time\nopen('/tmp/mine', 'x').write('{index}')\n\
                             time.sleep(0.2)\nprint(os.listdir('/tmp'), open('/tmp/mine').read())\n"
                        );
                        (index, printed(sandbox, &source))
                    })
                })
                .collect();
            for run in runs {
                let (index, text) = run.join().unwrap();
                assert_eq!(text, format!("['mine'] {index}\n"));
            }
        });
    }
}

mod the_world_inside {
    use super::*;

    #[test]
    fn the_environment_is_exactly_the_promised_one() {
        let sandbox = sandbox_or_skip!();
        // The test runner's own variables are the canary.
        assert!(std::env::vars_os().count() > 9);
        let source = "import json, os, sys\n\
                      print(os.path.dirname(sys.executable))\n\
                      print(json.dumps(dict(os.environ)))\n";
        let text = printed(sandbox, source);
        let (folder, environment) = text.split_once('\n').unwrap();
        let seen: serde_json::Value = serde_json::from_str(environment).unwrap();
        let expected = serde_json::json!({
            "DATA_FABRICATION_SEED": "1337",
            "DATA_FABRICATION_OUTPUT": "/tmp/dataset.jsonl",
            "PYTHONUNBUFFERED": "1",
            "PYTHONHASHSEED": "1337",
            "PATH": format!("{folder}:/usr/local/bin:/usr/bin:/bin"),
            "HOME": "/tmp",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONDONTWRITEBYTECODE": "1",
        });
        assert_eq!(seen, expected);
    }

    #[test]
    fn two_runs_with_one_seed_see_the_same_world() {
        let sandbox = sandbox_or_skip!();
        let source = r#"
import os, platform, random, socket, sys, threading
random.seed(int(os.environ['DATA_FABRICATION_SEED']))
print(random.random(), hash('text'), list({'a', 'b', 'c', 'd'}), list({object() for _ in range(9)}))
print(os.getpid(), os.getppid(), socket.gethostname(), os.getuid(), os.getgid(), os.getgroups())
print(os.umask(0), os.getcwd(), sorted(os.listdir('/')), threading.get_native_id())
print(os.getpgrp(), os.getsid(0), os.stat('/workspace').st_uid, os.nice(0))
"#;
        let first = printed(sandbox, source);
        assert_eq!(first, printed(sandbox, source));
        assert!(
            first.contains("\n2 1 dfab 65534 65534 []\n18 /workspace "),
            "{first}"
        );
    }

    #[test]
    fn another_seed_is_another_world() {
        let sandbox = sandbox_or_skip!();
        let folder = workspace("print(hash('text'))\n");
        let limits = limits();
        let hash = |seed| {
            let request = HarnessRequest {
                seed,
                ..request(folder.path(), &limits)
            };
            sandbox.run(&request, &Cancel::default()).unwrap().stdout
        };
        assert_ne!(hash(1), hash(2));
        assert_eq!(hash(7), hash(7));
    }

    #[test]
    fn nothing_of_the_host_is_visible() {
        let sandbox = sandbox_or_skip!();
        let canary = workspace("");
        let secret = canary.path().join("secret");
        fs::write(&secret, "host secret").unwrap();
        let source = format!(
            r#"
import os
for path in ({secret:?}, '/etc/passwd', '/etc/shadow', '/etc/hostname', '/home', '/root', '/var',
             '/run', '/boot', '/mnt', '/srv', '/sys', '/proc/1/root', '/proc/sys', '/proc/kcore',
             '/dev/mem', '/dev/kmsg', '/dev/tty', '/dev/ptmx', '/workspace/../etc/passwd'):
    try:
        seen = os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(10)
        if seen: print(path, seen)
    except OSError: pass
print(sorted(os.listdir('/dev')))
print([name for name in os.listdir('/proc') if name.isdigit()])
"#,
        );
        let expected = "['fd', 'full', 'null', 'random', 'shm', 'stderr', 'stdin', 'stdout', \
                        'urandom', 'zero']\n['2']\n";
        assert_eq!(printed(sandbox, &source), expected);
    }

    #[test]
    fn the_workspace_and_the_root_cannot_be_changed() {
        let sandbox = sandbox_or_skip!();
        let source = r#"
import errno, os
def attempt(what):
    try: what(); print('done')
    except OSError as error: print(errno.errorcode[error.errno] in ('EROFS', 'EACCES', 'EPERM'))
attempt(lambda: open('/workspace/new', 'w'))
attempt(lambda: open('/workspace/harness.py', 'a'))
attempt(lambda: os.unlink('/workspace/harness.py'))
attempt(lambda: os.chmod('/workspace/harness.py', 0o777))
attempt(lambda: open('/new', 'w'))
attempt(lambda: os.mkdir('/dev/new'))
attempt(lambda: open(os.__file__, 'a'))
"#;
        let folder = workspace(source);
        let limits = limits();
        let outcome = sandbox
            .run(&request(folder.path(), &limits), &Cancel::default())
            .unwrap();
        assert_eq!(
            String::from_utf8(outcome.stdout).unwrap(),
            "True\n".repeat(7)
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(
            fs::read_to_string(folder.path().join("harness.py")).unwrap(),
            source
        );
    }

    #[test]
    fn there_is_no_network() {
        let sandbox = sandbox_or_skip!();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let source = format!(
            r#"
import socket
for address in (('127.0.0.1', {port}), ('192.0.2.1', 80)):
    try:
        socket.create_connection(address, timeout=2)
        print('connected', address)
    except OSError as error: print(type(error).__name__)
print([name for _, name in socket.if_nameindex() if name != 'lo'])
"#
        );
        let text = printed(sandbox, &source);
        assert!(
            !text.contains("connected") && text.ends_with("[]\n"),
            "{text}"
        );
    }

    #[test]
    fn stdin_is_empty_and_no_other_descriptor_is_open() {
        let sandbox = sandbox_or_skip!();
        // Inheritable on purpose: what a careless caller leaves open.
        let canary = tempfile::tempfile().unwrap();
        let inherited = nix::unistd::dup(&canary).unwrap();
        let flags = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty());
        nix::fcntl::fcntl(&inherited, flags).unwrap();
        assert!(inherited.as_raw_fd() > 2);
        let source = r#"
import os, sys
print(repr(sys.stdin.read()))
def is_open(fd):
    try: os.fstat(fd); return True
    except OSError: return False
print([fd for fd in range(1024) if is_open(fd)])
"#;
        assert_eq!(printed(sandbox, source), "''\n[0, 1, 2]\n");
    }

    #[test]
    fn no_privilege_is_left() {
        let sandbox = sandbox_or_skip!();
        let source = r#"
import os, resource
status = dict(line.split(':\t', 1) for line in open('/proc/self/status') if ':\t' in line)
for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'SigBlk'):
    print(name, int(status[name], 16))
# Python itself ignores SIGPIPE (13) and SIGXFSZ (25).
print('SigIgn', [n + 1 for n in range(64) if int(status['SigIgn'], 16) >> n & 1])
print(open('/proc/self/uid_map').read().split()[2], resource.getrlimit(resource.RLIMIT_CORE))
for path in ('/proc/self/oom_score_adj', '/proc/self/uid_map', '/proc/sys/kernel/hostname'):
    try: open(path, 'w'); print(path)
    except OSError: pass
try: os.unshare(0x10000000); print('new user namespace')
except AttributeError: pass
except OSError: pass
"#;
        let expected = "CapInh 0\nCapPrm 0\nCapEff 0\nCapBnd 0\nCapAmb 0\nNoNewPrivs 1\n\
                        SigBlk 0\nSigIgn [13, 25]\n1 (0, 0)\n";
        assert_eq!(printed(sandbox, source), expected);
    }

    #[test]
    fn dangerous_system_calls_are_refused() {
        let sandbox = sandbox_or_skip!();
        let source = r#"
import ctypes, os, platform, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(libc, name)(*arguments)
    print(name, 'done' if result >= 0 else ctypes.get_errno())
call('unshare', 0x10000000)
call('unshare', 0)
call('mount', b'none', b'/tmp', b'tmpfs', 0, 0)
call('chroot', b'/tmp')
call('memfd_create', b'x', 0)
call('ptrace', 16, 1, 0, 0)
call('personality', 0x0040000)
call('shmget', 0, 4096, 0o600)
for family in (1, 2, 10, 17, 38, 40):
    try: socket.socket(family, socket.SOCK_STREAM).close(); print('family', family)
    except OSError: pass
print([line.split()[1] for line in open('/proc/self/status') if line.startswith('Seccomp:')])
"#;
        let expected = "unshare 1\nunshare 1\nmount 1\nchroot 1\nmemfd_create 1\nptrace 1\n\
                        personality 1\nshmget 1\nfamily 1\nfamily 2\nfamily 10\n['2']\n";
        assert_eq!(printed(sandbox, source), expected);
    }

    #[test]
    fn the_host_user_is_never_root() {
        let sandbox = sandbox_or_skip!();
        let text = printed(
            sandbox,
            "print(open('/proc/self/uid_map').read().split()[1])\n",
        );
        assert_ne!(text, "0\n");
    }
}

mod endings {
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
            wall_time: Duration::from_millis(600),
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
        assert!(outcome.wall_seconds >= 0.6 && outcome.wall_seconds < 5.0);
        assert!(outcome.cpu_seconds.is_some_and(|seconds| seconds < 0.5));
        assert!(started.elapsed() < Duration::from_secs(5));
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
                asked.elapsed() < Duration::from_secs(2),
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
}

mod output {
    use super::*;

    #[test]
    fn a_flood_of_stdout_is_cut_and_ends_the_run() {
        let sandbox = sandbox_or_skip!();
        let started = Instant::now();
        let outcome = run(
            sandbox,
            "import os\nwhile True: os.write(1, b'x' * 65536)\n",
        );
        assert_eq!(outcome.ending, Ending::OutputLimit);
        assert_eq!(outcome.stdout.len(), 1 << 20);
        assert!(outcome.error_text().unwrap().contains("1048576 bytes"));
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn exactly_the_limit_is_allowed_and_one_more_is_not() {
        let sandbox = sandbox_or_skip!();
        let write = |size: usize| format!("import sys\nsys.stdout.write('x' * {size})\n");
        let outcome = run(sandbox, &write(1 << 20));
        assert_eq!(
            (outcome.ending, outcome.stdout.len()),
            (Ending::Ok, 1 << 20)
        );
        assert_eq!(
            run(sandbox, &write((1 << 20) + 1)).ending,
            Ending::OutputLimit
        );
    }

    #[test]
    fn a_flood_of_stderr_neither_blocks_nor_fills_memory() {
        let sandbox = sandbox_or_skip!();
        let source = "import os\nfor _ in range(1024): os.write(2, b'x' * 65536)\n\
                      os.write(2, b'end')\nprint('good')\n";
        let outcome = run(sandbox, source);
        assert_eq!(
            (outcome.ending, outcome.stdout.as_slice()),
            (Ending::Ok, b"good\n".as_slice())
        );
        assert!(outcome.stderr.ends_with(b"xend"));
        assert!(
            (64_000..4 << 20).contains(&outcome.stderr.len()),
            "{}",
            outcome.stderr.len()
        );
    }

    #[test]
    fn an_output_file_over_the_limit_fails_the_run() {
        let sandbox = sandbox_or_skip!();
        let source = "import os\nf = open(os.environ['DATA_FABRICATION_OUTPUT'], 'w')\n\
                      f.write('x' * ((1 << 20) + 1))\n";
        let outcome = run(sandbox, source);
        assert_eq!(
            (outcome.ending, outcome.output_file.as_ref()),
            (Ending::OutputLimit, None)
        );
        assert!(outcome.error_text().unwrap().contains("1048577 bytes"));
    }

    #[test]
    fn a_sparse_file_of_any_size_is_not_read() {
        let sandbox = sandbox_or_skip!();
        let source = "import os\nf = open(os.environ['DATA_FABRICATION_OUTPUT'], 'w')\n\
                      f.truncate(8 << 20)\n";
        assert_eq!(run(sandbox, source).ending, Ending::OutputLimit);
    }

    #[test]
    fn only_a_plain_file_is_output() {
        let sandbox = sandbox_or_skip!();
        for (make, word) in [
            ("os.symlink('/workspace/harness.py', p)", "symbolic link"),
            ("os.symlink('/dev/zero', p)", "symbolic link"),
            ("os.mkfifo(p)", "FIFO"),
            ("os.mkdir(p)", "folder"),
            (
                "open('/tmp/a', 'w').write('x'); os.link('/tmp/a', p)",
                "hard link",
            ),
            ("socket.socket(socket.AF_UNIX).bind(p)", "socket"),
        ] {
            let source =
                format!("import os, socket\np = os.environ['DATA_FABRICATION_OUTPUT']\n{make}\n");
            let started = Instant::now();
            let outcome = run(sandbox, &source);
            assert_eq!(outcome.ending, Ending::BadOutput, "{make}");
            assert!(
                outcome.error_text().unwrap().contains(word),
                "{make}: {:?}",
                outcome.detail
            );
            assert_eq!(outcome.output_file, None);
            assert!(started.elapsed() < Duration::from_secs(10));
        }
    }

    #[test]
    fn a_failed_run_keeps_its_own_reason() {
        let sandbox = sandbox_or_skip!();
        let source =
            "import os, sys\nos.mkdir(os.environ['DATA_FABRICATION_OUTPUT'])\nsys.exit(3)\n";
        assert_eq!(run(sandbox, source).ending, Ending::Exit { code: 3 });
    }

    #[test]
    fn scratch_space_is_bounded_in_bytes_and_files_and_shared_memory_counts() {
        let sandbox = sandbox_or_skip!();
        let source = r#"
import errno, os
def fill(folder, size, most):
    made = 0
    try:
        for made in range(most):
            with open(f'{folder}/{size}-{made}', 'wb') as file: file.write(b'x' * size)
    except OSError as error: print(errno.errorcode[error.errno])
    return made
half = fill('/dev/shm', 1 << 20, 4)
rest = fill('/tmp', 1 << 20, 100)
print(rest <= 5)
for name in os.listdir('/tmp'): os.unlink('/tmp/' + name)
print(fill('/tmp', 0, 100000) < 40000)
"#;
        assert_eq!(printed(sandbox, source), "ENOSPC\nTrue\nENOSPC\nTrue\n");
    }

    #[test]
    fn nothing_is_left_of_one_run_in_the_next() {
        let sandbox = sandbox_or_skip!();
        let source = "import os\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'))\n\
                      open('/tmp/left', 'w').close(); open('/dev/shm/left', 'w').close()\n";
        for _ in 0..2 {
            assert_eq!(printed(sandbox, source), "[] []\n");
        }
    }
}

mod limits_of_processes {
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
}

mod faults_of_our_own {
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
        let setting = std::env::var_os("DFAB_PYTHON").unwrap_or_else(|| "python3".into());
        let python = Interpreter::resolve(Path::new(&setting)).unwrap();
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
        let status = Command::new(env!("CARGO_BIN_EXE_dfab"))
            .arg("__sandbox-init")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success());
        assert!(started.elapsed() < Duration::from_secs(5));
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
    }

    #[test]
    fn no_mount_or_descriptor_is_left_behind() {
        let sandbox = sandbox_or_skip!();
        let mounts = || {
            fs::read_to_string("/proc/self/mountinfo")
                .unwrap()
                .lines()
                .count()
        };
        let before = mounts();
        for _ in 0..3 {
            run(sandbox, "print(1)\n");
        }
        assert_eq!(mounts(), before);
    }
}

//! The sandbox, with real harnesses in real Python.
//!
//! Python is `DFAB_PYTHON`, else `python3` on PATH; without one the tests skip and say so. A machine that cannot run the sandbox fails
//! these tests with the reason; `DFAB_TESTS_WITHOUT_SANDBOX=1` skips them instead.

use std::ffi::OsString;
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

/// The same attacks run in containers too, where some things are otherwise.
const IN_CONTAINERS: bool = false;

const SKIP: &str = "DFAB_TESTS_WITHOUT_SANDBOX";

/// Names the dfab to test, where it is not the one that was built: a copy that another user can read.
const PROGRAM: &str = "DFAB_TEST_PROGRAM";

/// dfab itself.
fn program() -> PathBuf {
    std::env::var_os(PROGRAM).map_or_else(|| env!("CARGO_BIN_EXE_dfab").into(), PathBuf::from)
}

fn python_setting() -> PathBuf {
    std::env::var_os("DFAB_PYTHON").map_or_else(|| "python3".into(), PathBuf::from)
}

/// The interpreter of the sandbox under test.
fn python() -> Interpreter {
    static PYTHON: OnceLock<Interpreter> = OnceLock::new();
    let resolve = || Interpreter::resolve(&python_setting()).expect("a Python");
    PYTHON.get_or_init(resolve).clone()
}

/// A Python of the host, not in any sandbox.
fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(python().executable);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The sandbox under test, or `None` if it is to be skipped.
fn sandbox() -> Option<&'static Sandbox> {
    static SANDBOX: OnceLock<Option<Sandbox>> = OnceLock::new();
    SANDBOX
        .get_or_init(|| {
            if std::env::var_os(SKIP).is_some_and(|value| value == "1") {
                eprintln!("skipped: {SKIP} is set");
                return None;
            }
            let python = match Interpreter::resolve(&python_setting()) {
                Ok(python) => python,
                Err(error @ ExecutorError::PythonNotFound { .. }) => {
                    eprintln!("skipped: {error}");
                    return None;
                }
                Err(error) => panic!("{error}\nhint: {:?}", error.hint()),
            };
            let sandbox = Sandbox::with_program(python, program());
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

/// The command that runs a workspace as a user would; its path comes last. What comes along is kept while it runs:
/// nothing here, but something in containers.
fn exec() -> (Vec<OsString>, impl Sized) {
    let python = python().executable;
    let words = vec![
        program().into(),
        "exec".into(),
        "--python".into(),
        python.into(),
    ];
    (words, ())
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

mod hostile;
mod started;

mod as_another_user;
mod attacks_by_locks;
mod attacks_on_files;
mod attacks_on_memory;
mod attacks_on_processes;
mod attacks_on_the_kernel;
mod canaries;
mod endings;
mod faults_of_our_own;
mod faults_of_the_host;
mod limits_of_processes;
mod locks_of_ones_own;
mod measured_use;
mod normal_work;
mod output;
mod stress;
mod supervision;
mod the_world_inside;

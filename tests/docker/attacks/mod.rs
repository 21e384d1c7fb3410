//! The sandbox's own attacks once more, in containers: the same files, with a container where they expect a sandbox.
//!
//! What they take from their parent stands here. Where containers are another world, the attacks ask `SANDBOX`.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::sync::RwLockReadGuard;
use std::time::{Duration, Instant};

use dfab::harness::{
    Cancel, ContainerSettings, Ending, Executor, ExecutorError, HarnessLimits, HarnessRequest,
    Interpreter, Outcome,
};

use crate::support::{self, docker, request, settings};

/// Whether this is the copy of the attacks that runs in containers.
const IN_CONTAINERS: bool = true;

/// What stands for the sandbox: containers, made anew for every run and with its limits.
pub struct World {
    image: &'static str,
}

impl World {
    fn run(&self, request: &HarnessRequest<'_>, cancel: &Cancel) -> Result<Outcome, ExecutorError> {
        let memory = request.limits.memory_bytes.to_string();
        let settings = ContainerSettings {
            memory: memory.clone(),
            memory_swap: memory,
            pids_limit: request.limits.pids,
            ..settings(self.image)
        };
        let result = docker(&settings).run(request, cancel);
        assert_eq!(support::containers(&settings.slug), Vec::<String>::new());
        result
    }
}

fn sandbox() -> Option<&'static World> {
    static WORLD: std::sync::OnceLock<Option<World>> = std::sync::OnceLock::new();
    WORLD
        .get_or_init(|| support::image().map(|image| World { image }))
        .as_ref()
}

macro_rules! sandbox_or_skip {
    () => {
        match sandbox() {
            Some(world) => world,
            None => return,
        }
    };
}

fn python() -> Interpreter {
    support::python().expect("a Python")
}

/// A Python of the host, not in any container.
fn tool(arguments: &[&str]) -> Command {
    let mut command = Command::new(python().executable);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The command that runs a workspace as a user would; its path comes last. It removes leftovers, so other tests that
/// look at some wait for what comes along.
fn exec() -> (Vec<OsString>, RwLockReadGuard<'static, ()>) {
    let image = support::image().expect("an image");
    let program = env!("CARGO_BIN_EXE_dfab");
    let words = [
        "exec",
        "--executor",
        "docker",
        "--docker-allowed-images",
        image,
    ];
    let words = [program].into_iter().chain(words);
    let words = words.map(OsString::from).collect();
    (words, support::leftovers_may_go())
}

fn limits() -> HarnessLimits {
    HarnessLimits {
        memory_bytes: 256 << 20,
        pids: 64,
        ..support::limits()
    }
}

/// A workspace with the given harness, readable for all.
fn workspace(source: &str) -> tempfile::TempDir {
    let folder = support::workspace(source);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
    folder
}

fn run(world: &World, source: &str) -> Outcome {
    let (folder, limits) = (workspace(source), limits());
    let outcome = world.run(&request(folder.path(), &limits), &Cancel::default());
    outcome.unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()))
}

fn printed(world: &World, source: &str) -> String {
    let outcome = run(world, source);
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

pub mod hostile;

#[path = "../../sandbox/attacks_on_files.rs"]
mod attacks_on_files;
#[path = "../../sandbox/attacks_on_processes.rs"]
mod attacks_on_processes;
#[path = "../../sandbox/attacks_on_the_kernel.rs"]
mod attacks_on_the_kernel;
#[path = "../../sandbox/canaries.rs"]
mod canaries;
mod of_containers;

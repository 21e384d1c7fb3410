//! The sandbox: Linux namespaces around one harness, without help of other programs.
//!
//! Three processes carry a run. The *keeper* is this program, started again with an empty
//! environment and nothing else of its caller; it has one thread, so that forking is safe. It
//! prepares the namespaces and forks the *init*, process 1 of the new pid namespace, which finishes
//! the private root and forks the *payload*, which gives up every right and becomes Python. dfab
//! itself only reads the pipes. Whoever dies takes those below along: dfab's end ends the keeper,
//! the keeper's the init, and the init's, by the kernel's rule, everything in the namespace.
//!
//! A program that uses [`Sandbox`] must call [`maybe_init`] first thing in `main`.

mod ahead;
mod cgroup;
mod conclusion;
mod diagnosis;
mod enforced;
mod handle;
mod identity;
mod init;
mod keeper;
mod landlock;
mod output;
mod payload;
mod protocol;
mod readable;
mod seccomp;
mod sys;
mod usage;
mod watch;
mod world;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::capture::Capture;
use super::environment::harness_environment;
use super::request::check_request;
use super::{
    Cancel, Ending, Executor, ExecutorError, HarnessLimits, HarnessRequest, Interpreter, Outcome,
    Protection,
};
pub use ahead::{Prepared, prepare};
use cgroup::{Group, Hierarchies};
pub use enforced::{REQUIRABLE, unmet};
use handle::{KEEPER_ARGUMENT, Keeper};
use protocol::{Limits, Request};
pub use sys::stdout_was_closed;

/// The program that runs, whatever has become of its path.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// Turns this process into a sandbox's keeper if it was started as one; otherwise returns at once.
/// To be called before anything else in `main`: no thread may exist, no descriptor may be open.
pub fn maybe_init() {
    sys::notice_children();
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == KEEPER_ARGUMENT)
    {
        keeper::live();
    }
}

/// Runs a program that does nothing, and tells what is enforced here.
///
/// # Errors
/// What keeps harnesses from running on this machine.
pub fn check(python: &Interpreter) -> Result<Vec<Protection>, ExecutorError> {
    Sandbox::new(python.clone()).check()
}

/// Runs harnesses in namespaces of their own.
#[derive(Debug)]
pub struct Sandbox {
    python: Interpreter,
    /// This program.
    program: PathBuf,
    /// Whether Python is known to start inside.
    starts: OnceLock<bool>,
    /// Where control groups can be made.
    hierarchies: OnceLock<Hierarchies>,
    /// Protections without which nothing is run.
    required: Vec<String>,
    /// Started ahead of the run that will use it.
    waiting: Mutex<Option<Prepared>>,
}

impl Sandbox {
    /// An executor that starts harnesses with this interpreter. The running program must call
    /// [`maybe_init`].
    pub fn new(python: Interpreter) -> Self {
        Self::with_program(python, THIS_PROGRAM)
    }

    /// As [`Sandbox::new`], with another program that calls [`maybe_init`] as keeper.
    pub fn with_program(python: Interpreter, program: impl Into<PathBuf>) -> Self {
        Self {
            python,
            program: program.into(),
            starts: OnceLock::new(),
            hierarchies: OnceLock::new(),
            required: Vec::new(),
            waiting: Mutex::new(None),
        }
    }

    /// With what [`prepare`] started, for the first run.
    #[must_use]
    pub fn with(mut self, prepared: Prepared) -> Self {
        self.waiting = Mutex::new(Some(prepared));
        self
    }

    /// Refuses to run anything without these protections: names as in [`Outcome::enforced`], or
    /// `cgroup` for memory and processes limited by control groups.
    #[must_use]
    pub fn requiring(mut self, required: Vec<String>) -> Self {
        self.required = required;
        self
    }

    /// As if this machine had no control groups. For tests of what then holds.
    #[must_use]
    pub fn without_control_groups(mut self) -> Self {
        self.hierarchies = OnceLock::from(Hierarchies::none("switched off"));
        self
    }

    /// See [`check`].
    ///
    /// # Errors
    /// What keeps harnesses from running on this machine.
    pub fn check(&self) -> Result<Vec<Protection>, ExecutorError> {
        let folder = tempfile::Builder::new()
            .prefix("dfab-check-")
            .tempdir()
            .map_err(ExecutorError::io(
                "create a folder to check the sandbox with",
            ))?;
        let script = "import os, sys\nsys.stdout.write(str(os.getpid()))\n";
        std::fs::write(folder.path().join("check.py"), script)
            .map_err(ExecutorError::io("write a file to check the sandbox with"))?;
        let limits = HarnessLimits {
            wall_time: Duration::from_secs(10),
            cpu_seconds: 10,
            memory_bytes: 1 << 30,
            tmp_bytes: 1 << 20,
            pids: 16,
            open_files: 64,
            max_output_size_bytes: 1 << 16,
        };
        let request = HarnessRequest {
            workspace: folder.path(),
            entrypoint: "check.py",
            seed: 0,
            output_filename: "output",
            limits: &limits,
        };
        let outcome = self.run_once(&request, &Cancel::default())?;
        if outcome.ending == Ending::Ok && !outcome.stdout.is_empty() {
            return Ok(outcome.enforced);
        }
        let why = outcome
            .error_text()
            .unwrap_or_else(|| "it printed nothing".to_owned());
        Err(ExecutorError::PythonInSandbox {
            why: why.trim().to_owned(),
        })
    }

    /// Whether a failed run has to be blamed on the interpreter and not on the harness. Only asked
    /// when a run ended like a Python that did not come to run anything, and checked once.
    fn blame_python(&self, outcome: &Outcome) -> Result<(), ExecutorError> {
        let never_started = matches!(outcome.ending, Ending::Exit { .. } | Ending::Signal { .. })
            && outcome.stdout.is_empty()
            && [
                b"Fatal Python error: ".as_slice(),
                b"error while loading shared libraries",
            ]
            .into_iter()
            .any(|words| {
                outcome
                    .stderr
                    .windows(words.len())
                    .any(|part| part == words)
            });
        if never_started && self.starts.get() != Some(&true) {
            self.check()?;
            let _ = self.starts.set(true);
        }
        Ok(())
    }

    fn run_once(
        &self,
        request: &HarnessRequest<'_>,
        cancel: &Cancel,
    ) -> Result<Outcome, ExecutorError> {
        let mut wire = self.wire_request(request)?;
        let hierarchies = self.hierarchies.get_or_init(Hierarchies::find);
        let (mut group, doors) = Group::create(hierarchies, &wire.limits);
        wire.seats = group.seats().clone();
        let prepared = self.take_prepared();
        // Its second half is held until the run is over.
        let (mut keeper, _held) = match prepared.and_then(Prepared::take) {
            Some((keeper, held)) => (keeper, Some(held)),
            None => (Keeper::start(&self.program)?, None),
        };
        let (stdout, stderr) = keeper.streams()?;
        let mut capture = Capture::new(stdout, stderr, request.limits.max_output_size_bytes)
            .map_err(ExecutorError::io("read the harness's output"))?;
        keeper.ask(&wire, &doors)?;
        drop(doors);
        let finished = keeper.follow(&mut capture, request.limits, cancel, &mut group)?;
        // And this while it ends: everything of the run is dead already.
        capture
            .drain()
            .map_err(ExecutorError::io("read the harness's output"))?;
        let outcome = conclusion::conclude(finished, &wire, &mut group, capture, request.limits);
        drop(group);
        keeper.reap();
        outcome
    }

    fn take_prepared(&self) -> Option<Prepared> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    fn wire_request(&self, request: &HarnessRequest<'_>) -> Result<Request, ExecutorError> {
        let workspace = check_request(request)?;
        let executable = self.python.executable.to_str().ok_or_else(|| {
            let path = self.python.executable.clone();
            ExecutorError::PythonUnusable {
                path,
                why: "its path is not valid UTF-8".to_owned(),
            }
        })?;
        if workspace.to_str().is_none() {
            return Err(ExecutorError::Request {
                what: format!("workspace {workspace:?}"),
                why: "its path is not valid UTF-8".to_owned(),
            });
        }
        let limits = request.limits;
        let environment = harness_environment(
            &self.python.executable,
            request.seed,
            world::TMP,
            request.output_filename,
        );
        let mut vital = self.python.layout.vital.clone();
        vital.push(Path::new(world::WORKSPACE).join(request.entrypoint));
        Ok(Request {
            workspace_needs_mapping: nix::unistd::geteuid().is_root()
                && !readable::by_others(&workspace),
            workspace,
            argv: vec![executable.to_owned(), request.entrypoint.to_owned()],
            environment: environment
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            layout: self.python.layout.entries.clone(),
            vital,
            output_filename: request.output_filename.to_owned(),
            limits: Limits {
                wall_millis: u64::try_from(limits.wall_time.as_millis()).unwrap_or(u64::MAX),
                cpu_seconds: limits.cpu_seconds,
                memory_bytes: limits.memory_bytes,
                tmp_bytes: limits.tmp_bytes,
                pids: limits.pids,
                open_files: limits.open_files,
            },
            seats: cgroup::Seats::none(),
            required: self.required.clone(),
        })
    }
}

impl Executor for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn run(&self, request: &HarnessRequest<'_>, cancel: &Cancel) -> Result<Outcome, ExecutorError> {
        let outcome = self.run_once(request, cancel)?;
        self.blame_python(&outcome)?;
        Ok(outcome)
    }
}

/// The system's answer in words.
fn describe(errno: Option<i32>) -> String {
    errno.map_or_else(
        || "unknown error".to_owned(),
        |number| std::io::Error::from_raw_os_error(number).to_string(),
    )
}

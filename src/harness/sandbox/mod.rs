//! The sandbox: Linux namespaces around one harness, without help of other programs.
//!
//! Three processes carry a run. The *keeper* is this program, started again or forked as it began, with
//! nothing of its caller; it has one thread, so that forking is safe. It
//! prepares the namespaces and forks the *init*, process 1 of the new pid namespace, which finishes
//! the private root and starts the *payload*, which gives up every right and becomes Python. dfab
//! itself only reads the pipes. Whoever dies takes those below along: dfab's end ends the keeper,
//! the keeper's the init, and the init's, by the kernel's rule, everything in the namespace.
//!
//! A program that uses [`Sandbox`] must call [`maybe_init`] first thing in `main`.

mod ahead;
mod cgroup;
mod conclusion;
mod diagnosis;
mod enforced;
mod exact;
mod handle;
mod identity;
mod init;
mod keeper;
mod landlock;
mod locks;
mod outer;
mod output;
mod payload;
mod protocol;
mod readable;
mod seccomp;
mod sys;
mod usage;
mod watch;
mod world;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::capture::Capture;
use super::environment::harness_environment;
use super::request::{check_request, script_argument};
use super::trial::run_script;
use super::{
    Cancel, Coming, Ending, Executor, ExecutorError, HarnessRequest, Interpreter, Outcome,
    Protection,
};
pub use ahead::Prepared;
use cgroup::{Group, Hierarchies, Seats};
pub use enforced::{REQUIRABLE, unmet};
use handle::{Asked, KEEPER_ARGUMENT, Keeper, Process};
pub use identity::NOBODY;
use protocol::{Limits, Request, Start};
pub(crate) use seccomp::portable as system_call_filter;
pub use sys::{is_ignored, stdout_was_closed};

/// Longest the check of a sandbox may take.
const CHECK_TIME: Duration = Duration::from_secs(10);
/// The program that runs, whatever has become of its path.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// Turns this process into a sandbox's keeper if it was started as one; otherwise returns at once.
/// To be called before anything else in `main`: no thread may exist, no descriptor may be open.
pub fn maybe_init() {
    sys::notice_children();
    sys::survive_file_size_limits();
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == KEEPER_ARGUMENT)
    {
        keeper::live();
    }
}

/// As [`maybe_init`], and also, where `harness_ahead` says so of the arguments, starts what the first run will
/// need, for [`Sandbox::with`]. To be called before anything else in `main`.
pub fn begin(harness_ahead: impl FnOnce(&[OsString]) -> bool) -> Option<Prepared> {
    maybe_init();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    // A run that finds nothing prepared prepares itself, and says what is wrong.
    harness_ahead(&arguments)
        .then(|| Prepared::fork().ok())
        .flatten()
}

/// Runs a program that does nothing, and tells what is enforced here.
///
/// # Errors
/// What keeps harnesses from running on this machine.
pub fn check(python: &Interpreter) -> Result<Vec<Protection>, ExecutorError> {
    Sandbox::new(python.clone()).check()
}

/// What is there before its run.
#[derive(Debug)]
enum Waiting {
    /// A keeper that knows nothing yet.
    Ready(Keeper),
    /// One that knows all but what to start.
    Asked(Asked),
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
    waiting: Mutex<Option<Waiting>>,
    /// The keeper of the first run, which has done its work and is about to end.
    ending: Mutex<Option<Process>>,
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
            ending: Mutex::new(None),
        }
    }

    /// With what [`begin`] started, for the first run.
    #[must_use]
    pub fn with(mut self, prepared: Prepared) -> Self {
        self.waiting = Mutex::new(Some(Waiting::Ready(prepared.0)));
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
        let script = "import os, sys\nsys.stdout.write(str(os.getpid()))\n";
        let outcome = run_script(script, CHECK_TIME, |request| {
            self.run_once(request, &Cancel::default())
        })?;
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
        let workspace = check_request(request)?;
        let of_use = |waiting: &Waiting| match waiting {
            Waiting::Ready(_) => true,
            Waiting::Asked(asked) => asked.fits(&workspace, request),
        };
        let mut asked = match self.take_waiting(of_use) {
            Some(Waiting::Asked(asked)) => asked,
            Some(Waiting::Ready(keeper)) => self.ask(keeper, workspace, &request.coming())?,
            None => self.ask(Keeper::start(&self.program)?, workspace, &request.coming())?,
        };
        let (stdout, stderr) = asked.keeper.streams()?;
        let mut capture = Capture::new(stdout, stderr, request.limits.max_output_size_bytes)
            .map_err(ExecutorError::io("read the harness's output"))?;
        let hierarchies = self.hierarchies.get_or_init(Hierarchies::find);
        let (mut group, doors) = Group::create(hierarchies, &asked.request.limits);
        let start = self.start_message(request, group.seats().clone())?;
        asked.start(&start, doors)?;
        let Asked {
            mut keeper,
            request: wire,
            ..
        } = asked;
        let finished = keeper.follow(&mut capture, request.limits, cancel, &mut group)?;
        // And this while it ends: everything of the run is dead already.
        capture
            .drain()
            .map_err(ExecutorError::io("read the harness's output"))?;
        let outcome = conclusion::conclude(finished, &wire, &mut group, capture, request.limits);
        drop(group);
        self.leave_to_end(keeper);
        outcome
    }

    /// A keeper that has reported has nothing to do but end. Where there may be no other run, dfab does not stand
    /// still for that: it is waited for when this executor is dropped.
    fn leave_to_end(&self, keeper: Keeper) {
        match keeper.release() {
            Some(process @ Process::Forked(_)) => {
                let mut ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
                *ending = Some(process);
            }
            spawned => drop(spawned.map(Process::wait)),
        }
    }

    /// What was started ahead, if this run can use it. Another may be about to.
    fn take_waiting(&self, of_use: impl FnOnce(&Waiting) -> bool) -> Option<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        match &*waiting {
            Some(one) if of_use(one) => waiting.take(),
            _ => None,
        }
    }

    /// Tells a keeper of a run, all but what is to be started. `workspace` is absolute and without links.
    fn ask(
        &self,
        keeper: Keeper,
        workspace: PathBuf,
        coming: &Coming<'_>,
    ) -> Result<Asked, ExecutorError> {
        if workspace.to_str().is_none() {
            return Err(ExecutorError::Request {
                what: format!("workspace {workspace:?}"),
                why: "its path is not valid UTF-8".to_owned(),
            });
        }
        let request = Request {
            workspace_needs_mapping: nix::unistd::geteuid().is_root()
                && !readable::by_nobody(&workspace),
            workspace,
            layout: self.python.layout.entries.clone(),
            output_filename: coming.output_filename.to_owned(),
            limits: Limits::from(coming.limits),
            required: self.required.clone(),
        };
        Asked::new(keeper, request)
    }

    fn start_message(
        &self,
        request: &HarnessRequest<'_>,
        seats: Seats,
    ) -> Result<Start, ExecutorError> {
        let executable = self.python.executable.to_str().ok_or_else(|| {
            let path = self.python.executable.clone();
            ExecutorError::PythonUnusable {
                path,
                why: "its path is not valid UTF-8".to_owned(),
            }
        })?;
        let environment = harness_environment(
            &self.python.executable,
            request.seed,
            world::TMP,
            request.output_filename,
        );
        let mut vital = self.python.layout.vital.clone();
        vital.push(Path::new(world::WORKSPACE).join(request.entrypoint));
        Ok(Start {
            argv: vec![executable.to_owned(), script_argument(request.entrypoint)],
            environment: environment
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            vital,
            seats,
        })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The one thing that can wait until now, while the last keeper ends.
        if let Some(hierarchies) = self.hierarchies.get() {
            hierarchies.sweep();
        }
        let ending = self.ending.get_mut();
        let process = ending.unwrap_or_else(PoisonError::into_inner).take();
        process.map(Process::wait);
    }
}

impl Executor for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn takes_workspaces_in_memory(&self) -> bool {
        true
    }

    fn expect(&self, coming: &Coming<'_>) {
        let is_ready = |waiting: &Waiting| matches!(waiting, Waiting::Ready(_));
        let Some(Waiting::Ready(keeper)) = self.take_waiting(is_ready) else {
            return;
        };
        // A run that finds nothing prepared prepares itself, and says what is wrong.
        let asked = coming.workspace.canonicalize().ok();
        let asked = asked.and_then(|workspace| self.ask(keeper, workspace, coming).ok());
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting = asked.map(Waiting::Asked);
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

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

mod cgroup;
mod diagnosis;
mod enforced;
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
mod world;

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::capture::Capture;
use super::direct::{read_bounded, stdout_limit_text};
use super::environment::harness_environment;
use super::request::check_request;
use super::{
    Cancel, Ending, Executor, ExecutorError, HarnessLimits, HarnessRequest, Interpreter, Outcome,
    Protection,
};
use cgroup::{Counted, Group, Hierarchies};
pub use enforced::{REQUIRABLE, unmet};
use protocol::{End, Limits, Message, Order, Output, Report, Request};
pub use sys::stdout_was_closed;

/// First argument of a program that is to be a keeper.
const KEEPER_ARGUMENT: &str = "__sandbox-init";
/// How often the cancel flag and what the kernel counts of the group are looked at.
const TICK: Duration = Duration::from_millis(20);
/// What the keeper may take beyond the wall-clock limit, and after an order to stop, before it counts
/// as hung. It normally takes milliseconds; a machine that swaps takes longer.
const KEEPER_GRACE: Duration = Duration::from_secs(15);

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
}

impl Sandbox {
    /// An executor that starts harnesses with this interpreter. The running program must call
    /// [`maybe_init`].
    pub fn new(python: Interpreter) -> Self {
        Self::with_program(python, "/proc/self/exe")
    }

    /// As [`Sandbox::new`], with another program that calls [`maybe_init`] as keeper.
    pub fn with_program(python: Interpreter, program: impl Into<PathBuf>) -> Self {
        Self {
            python,
            program: program.into(),
            starts: OnceLock::new(),
            hierarchies: OnceLock::new(),
            required: Vec::new(),
        }
    }

    /// Refuses to run anything without these protections: names as in [`Outcome::enforced`], or
    /// `cgroup` for memory and processes limited by control groups.
    #[must_use]
    pub fn requiring(self, required: Vec<String>) -> Self {
        Self { required, ..self }
    }

    /// As if this machine had no control groups. For tests of what then holds.
    #[must_use]
    pub fn without_control_groups(self) -> Self {
        let none = Hierarchies::none("switched off");
        Self {
            hierarchies: OnceLock::from(none),
            ..self
        }
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
        let capture_limit = request.limits.max_output_size_bytes;
        let (ours, theirs) = protocol::channel().map_err(ExecutorError::io("make a channel"))?;
        let mut child = Command::new(&self.program)
            .arg(KEEPER_ARGUMENT)
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(ExecutorError::io(format!(
                "start {}",
                self.program.display()
            )))?;
        let streams = (child.stdout.take(), child.stderr.take());
        let keeper = Keeper {
            child,
            channel: ours,
            init: None,
            settled: false,
        };
        let (Some(stdout), Some(stderr)) = streams else {
            return Err(supervisor("a pipe is missing"));
        };
        let mut capture = Capture::new(stdout, stderr, capture_limit)
            .map_err(ExecutorError::io("read the harness's output"))?;
        let hierarchies = self.hierarchies.get_or_init(Hierarchies::find);
        let (group, doors) = Group::create(hierarchies, &wire.limits);
        wire.seats = group.seats().clone();
        let attached: Vec<BorrowedFd<'_>> = doors.iter().map(AsFd::as_fd).collect();
        // A keeper that is already dead shows as the end of the channel.
        match protocol::send(keeper.channel.as_fd(), &wire, &attached) {
            Err(error) if error.raw_os_error() != Some(Errno::EPIPE as i32) => {
                return Err(ExecutorError::io("send a request to the keeper")(error));
            }
            _ => {}
        }
        drop(doors);
        let finished = keeper.follow(&mut capture, request.limits, cancel, &group)?;
        capture
            .drain()
            .map_err(ExecutorError::io("read the harness's output"))?;
        let counted = group.count(&finished.report.seats);
        conclude(finished, counted, capture, request.limits)
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

fn supervisor(why: impl Into<String>) -> ExecutorError {
    ExecutorError::Supervisor { why: why.into() }
}

/// What is left when everything of a run is dead.
struct Finished {
    report: Report,
    file: Option<OwnedFd>,
}

/// A keeper that does not outlive its run.
struct Keeper {
    child: Child,
    channel: OwnedFd,
    /// The init's process, as soon as there is one.
    init: Option<OwnedFd>,
    settled: bool,
}

impl Keeper {
    /// Reads until the keeper reports, ordering it to stop where that is due.
    fn follow(
        mut self,
        capture: &mut Capture<ChildStdout, ChildStderr>,
        limits: &HarnessLimits,
        cancel: &Cancel,
        group: &Group,
    ) -> Result<Finished, ExecutorError> {
        let started = Instant::now();
        let mut last_chance = started.checked_add(limits.wall_time.saturating_add(KEEPER_GRACE));
        let mut stopping = false;
        let mut last_count = started;
        loop {
            self.wait(capture)?;
            capture
                .read_available()
                .map_err(ExecutorError::io("read the harness's output"))?;
            if let Some(finished) = self.listen()? {
                // Interrupted work is not a result, even if it got to its end.
                return if cancel.is_cancelled() {
                    Err(ExecutorError::Interrupted)
                } else {
                    Ok(finished)
                };
            }
            let limit_passed = !stopping && last_count.elapsed() >= TICK && {
                last_count = Instant::now();
                group.killed_for_memory() || group.cpu_micros() > Some(cpu_micros(limits))
            };
            if !stopping && (cancel.is_cancelled() || capture.overflowed() || limit_passed) {
                stopping = true;
                last_chance = Some(Instant::now() + KEEPER_GRACE);
                // A keeper that is gone shows as the end of the channel.
                let _ = protocol::send(self.channel.as_fd(), &Order::Stop, &[]);
            }
            if last_chance.is_some_and(|time| Instant::now() > time) {
                return Err(supervisor("the keeper does not answer"));
            }
        }
    }

    fn wait(&self, capture: &Capture<ChildStdout, ChildStderr>) -> Result<(), ExecutorError> {
        let mut fds: Vec<PollFd<'_>> = capture
            .open()
            .chain([self.channel.as_fd()])
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        match poll(
            &mut fds,
            PollTimeout::try_from(TICK).unwrap_or(PollTimeout::ZERO),
        ) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(ExecutorError::io("wait for the harness")(error.into())),
        }
    }

    /// Takes what the keeper has said, without waiting for more.
    fn listen(&mut self) -> Result<Option<Finished>, ExecutorError> {
        let mut fds = [PollFd::new(self.channel.as_fd(), PollFlags::POLLIN)];
        if !matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1..)) {
            return Ok(None);
        }
        let received = protocol::receive::<Message>(self.channel.as_fd())
            .map_err(|error| supervisor(format!("the keeper cannot be understood: {error}")))?;
        match received {
            Some((Message::Started, attached)) => {
                self.init = attached.into_iter().next();
                Ok(None)
            }
            Some((Message::Finished(report), attached)) => {
                self.reap();
                let file = attached.into_iter().next();
                Ok(Some(Finished { report, file }))
            }
            Some((Message::Failed(failure), _)) => {
                self.reap();
                Err(diagnosis::explain(failure))
            }
            None => {
                let status = self.end();
                Err(supervisor(format!("the keeper died ({status})")))
            }
        }
    }

    /// The keeper has said its last word and is about to exit.
    fn reap(&mut self) {
        let _ = self.child.wait();
        self.settled = true;
    }

    /// Ends the keeper and with it everything below, and waits for that. Returns how it died.
    fn end(&mut self) -> String {
        let _ = self.child.kill();
        let status = self.child.wait();
        self.settled = true;
        if let Some(init) = &self.init {
            // It dies with the keeper; this is for the moment before it is tied to it.
            let kill = rustix::process::Signal::KILL;
            let _ = rustix::process::pidfd_send_signal(init, kill);
            // Readable once the whole pid namespace is dead.
            let mut fds = [PollFd::new(init.as_fd(), PollFlags::POLLIN)];
            let patience = PollTimeout::try_from(KEEPER_GRACE).unwrap_or(PollTimeout::ZERO);
            let _ = poll(&mut fds, patience);
        }
        status.map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if !self.settled {
            self.end();
        }
    }
}

/// Puts what the keeper saw and what was read together.
fn conclude(
    finished: Finished,
    counted: Counted,
    capture: Capture<ChildStdout, ChildStderr>,
    limits: &HarnessLimits,
) -> Result<Outcome, ExecutorError> {
    let Finished { report, file } = finished;
    let limit = limits.max_output_size_bytes;
    let out_of_memory = || {
        let text = format!(
            "harness used more than {} bytes of memory",
            limits.memory_bytes
        );
        (Ending::Oom, Some(text))
    };
    let out_of_time = || {
        let text = format!(
            "harness used more than {} s of processor time",
            limits.cpu_seconds
        );
        (Ending::TimeoutCpu, Some(text))
    };
    let (mut ending, mut detail) = match report.end {
        // Whichever process the kernel picked, and whatever the others made of it.
        _ if counted.killed_for_memory => out_of_memory(),
        End::Lost => return Err(supervisor("someone killed the init of the run")),
        End::Exit(0) => (Ending::Ok, None),
        End::Exit(code) => (Ending::Exit { code }, None),
        End::Signal(number) => (Ending::Signal { number }, None),
        End::WallTime => (Ending::TimeoutWall, None),
        End::CpuTime => out_of_time(),
        End::Memory => out_of_memory(),
        End::Stopped if capture.overflowed() => (Ending::OutputLimit, None),
        End::Stopped if counted.cpu_micros > Some(cpu_micros(limits)) => out_of_time(),
        End::Stopped => return Err(supervisor("the keeper stopped the harness unasked")),
    };
    if capture.overflowed() {
        (ending, detail) = (Ending::OutputLimit, Some(stdout_limit_text(limit)));
    }
    let returncode = ending.returncode();
    let output_file = match read_output(report.output, file, limit)? {
        Ok(bytes) => bytes,
        // A run that failed already keeps its own reason.
        Err((class, text)) => {
            if ending == Ending::Ok {
                (ending, detail) = (class, Some(text));
            }
            None
        }
    };
    let (stdout, stderr) = capture.finish();
    Ok(Outcome {
        ending,
        returncode,
        detail,
        stdout,
        stderr,
        output_file,
        wall_seconds: micros_to_seconds(report.wall_micros),
        cpu_seconds: Some(micros_to_seconds(
            counted.cpu_micros.unwrap_or(0).max(report.cpu_micros),
        )),
        peak_memory_bytes: Some(counted.peak_bytes.unwrap_or(report.peak_bytes)),
        enforced: report.enforced,
    })
}

/// The limit, as the kernel counts.
fn cpu_micros(limits: &HarnessLimits) -> u64 {
    limits.cpu_seconds.saturating_mul(1_000_000)
}

type OutputFile = Result<Option<Vec<u8>>, (Ending, String)>;

/// Reads the output file through the descriptor the keeper opened.
fn read_output(
    output: Output,
    file: Option<OwnedFd>,
    limit: u64,
) -> Result<OutputFile, ExecutorError> {
    match (output, file) {
        (Output::None, _) => Ok(Ok(None)),
        (Output::Bad(why), _) => Ok(Err((Ending::BadOutput, why))),
        (Output::File { size }, Some(file)) => {
            let stat = rustix::fs::fstat(&file)
                .map_err(|error| ExecutorError::io("examine the output file")(error.into()))?;
            output::judge(&stat).map_err(supervisor)?;
            Ok(read_bounded(&File::from(file), size, limit))
        }
        (Output::File { .. }, None) => Err(supervisor("the output file was not handed over")),
    }
}

#[allow(clippy::cast_precision_loss)] // microseconds of any real run are far below 2^53
fn micros_to_seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// The system's answer in words.
fn describe(errno: Option<i32>) -> String {
    errno.map_or_else(
        || "unknown error".to_owned(),
        |number| io::Error::from_raw_os_error(number).to_string(),
    )
}

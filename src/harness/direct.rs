//! A plain subprocess, for trusted code on a developer's machine.
//!
//! It isolates nothing. What it keeps of the contract: the environment built from empty, no stdin,
//! a private folder in place of `/tmp`, the wall-clock limit, the output limits, and the end of the
//! process group on every way out. A harness that leaves its process group outlives the run.

use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use super::capture::Capture;
use super::environment::harness_environment;
use super::output::{OutputFile, read_bounded, stdout_limit_text, take_output};
use super::request::{check_request, script_argument};
use super::{
    Cancel, Ending, Executor, ExecutorError, HarnessRequest, Interpreter, Outcome, Protection,
};

/// How often the child, the clock and the cancel flag are looked at.
const TICK: Duration = Duration::from_millis(5);

/// Runs harnesses as ordinary subprocesses.
#[derive(Debug)]
pub struct Direct {
    python: Interpreter,
}

impl Direct {
    /// An executor that starts harnesses with this interpreter.
    pub fn new(python: Interpreter) -> Self {
        Self { python }
    }
}

impl Executor for Direct {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn run(&self, request: &HarnessRequest<'_>, cancel: &Cancel) -> Result<Outcome, ExecutorError> {
        if cancel.is_cancelled() {
            return Err(ExecutorError::Interrupted);
        }
        let workspace = check_request(request)?;
        let private = tempfile::Builder::new()
            .prefix("dfab-direct-")
            .tempdir()
            .map_err(ExecutorError::io("create a private folder for the harness"))?;
        let tmp = private
            .path()
            .to_str()
            .ok_or_else(|| ExecutorError::Request {
                what: format!("temporary folder {:?}", private.path()),
                why: "its name is not valid UTF-8".to_owned(),
            })?;
        let mut environment = harness_environment(
            &self.python.executable,
            request.seed,
            tmp,
            request.output_filename,
        );
        environment.push(("TMPDIR", tmp.to_owned()));
        let started = Instant::now();
        let mut child = Command::new(&self.python.executable)
            .arg(script_argument(request.entrypoint))
            .current_dir(&workspace)
            .env_clear()
            .envs(environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(ExecutorError::io(format!(
                "start {}",
                self.python.executable.display()
            )))?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let group = Group {
            child,
            ended: false,
        };
        let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
            return Err(ExecutorError::Supervisor {
                why: "a pipe is missing".to_owned(),
            });
        };
        let limit = request.limits.max_output_size_bytes;
        let mut capture = Capture::new(stdout, stderr, limit)
            .map_err(ExecutorError::io("read the harness's output"))?;
        let end = group.follow(&mut capture, request, cancel, started)?;
        let wall_seconds = started.elapsed().as_secs_f64();
        capture
            .drain()
            .map_err(ExecutorError::io("read the harness's output"))?;
        let (mut ending, mut detail) = match end {
            End::TimedOut => (Ending::TimeoutWall, None),
            End::Flooded => (Ending::OutputLimit, Some(stdout_limit_text(limit))),
            End::Status(status) => (ending_of(status), None),
        };
        if capture.overflowed() {
            (ending, detail) = (Ending::OutputLimit, Some(stdout_limit_text(limit)));
        }
        let returncode = ending.returncode();
        let written = read_output(&private.path().join(request.output_filename), limit);
        let output_file = take_output(written, &mut ending, &mut detail);
        let (stdout, stderr) = capture.finish();
        Ok(Outcome {
            ending,
            returncode,
            detail,
            stdout,
            stderr,
            output_file,
            wall_seconds,
            cpu_seconds: None,
            peak_memory_bytes: None,
            enforced: enforced(),
        })
    }
}

fn enforced() -> Vec<Protection> {
    let none = "executor `direct` isolates nothing";
    vec![
        Protection::by("environment", "built from empty"),
        Protection::by("wall_time", "process group killed at the limit"),
        Protection::by(
            "output_size",
            "stdout and the output file are read up to the limit",
        ),
        Protection::missing("isolation", none),
        Protection::missing("memory", none),
        Protection::missing("cpu_time", none),
        Protection::missing("processes", none),
    ]
}

enum End {
    Status(ExitStatus),
    TimedOut,
    Flooded,
}

/// A process group that does not outlive its owner.
struct Group {
    child: Child,
    ended: bool,
}

impl Group {
    /// Reads and waits until the harness ends or has to; the whole group is dead afterwards.
    fn follow<O: Read + std::os::fd::AsFd, E: Read + std::os::fd::AsFd>(
        mut self,
        capture: &mut Capture<O, E>,
        request: &HarnessRequest<'_>,
        cancel: &Cancel,
        started: Instant,
    ) -> Result<End, ExecutorError> {
        loop {
            capture
                .read_available()
                .map_err(ExecutorError::io("read the harness's output"))?;
            if capture.overflowed() {
                self.kill();
                return Ok(End::Flooded);
            }
            if self.leader_is_dead()? {
                // The leader is still unreaped here, so its group's number cannot be someone else's.
                return self
                    .kill()
                    .map(End::Status)
                    .ok_or_else(|| ExecutorError::Supervisor {
                        why: "the harness's exit status was lost".to_owned(),
                    });
            }
            if cancel.is_cancelled() {
                return Err(ExecutorError::Interrupted);
            }
            let left = request.limits.wall_time.saturating_sub(started.elapsed());
            if left.is_zero() {
                self.kill();
                return Ok(End::TimedOut);
            }
            let mut fds: Vec<PollFd<'_>> = capture
                .open()
                .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
                .collect();
            let nap = TICK.min(left);
            match poll(
                &mut fds,
                PollTimeout::try_from(nap).unwrap_or(PollTimeout::ZERO),
            ) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(ExecutorError::io("wait for the harness")(error.into())),
            }
        }
    }

    fn leader_is_dead(&self) -> Result<bool, ExecutorError> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        match waitid(Id::Pid(self.pid()), flags) {
            Ok(status) => Ok(status != WaitStatus::StillAlive),
            Err(Errno::EINTR) => Ok(false),
            Err(error) => Err(ExecutorError::io("wait for the harness")(error.into())),
        }
    }

    /// Kills the group and reaps its leader.
    fn kill(&mut self) -> Option<ExitStatus> {
        self.ended = true;
        // ESRCH means that nobody is left to kill.
        let _ = killpg(self.pid(), Signal::SIGKILL);
        self.child.wait().ok()
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.ended {
            self.kill();
        }
    }
}

fn ending_of(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ending::Ok,
        (Some(code), _) => Ending::Exit { code },
        (None, Some(number)) => Ending::Signal { number },
        (None, None) => Ending::Exit { code: 1 },
    }
}

/// The output file, if it is a regular non-empty one. It is opened without following links and
/// without waiting for a FIFO's writer.
fn read_output(path: &Path, limit: u64) -> OutputFile {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let bad = |what: &str| (Ending::BadOutput, format!("harness output {what}"));
    let file = match OpenOptions::new().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => {
            return Err(bad("is a symbolic link"));
        }
        Err(error) => return Err(bad(&format!("cannot be opened: {error}"))),
    };
    let meta = file
        .metadata()
        .map_err(|error| bad(&format!("cannot be examined: {error}")))?;
    if !meta.is_file() {
        return Err(bad("is not a regular file"));
    }
    if meta.nlink() != 1 {
        return Err(bad("has more than one name (hard link)"));
    }
    read_bounded(&file, meta.len(), limit)
}

//! dfab's hold on a run: the keeper's process, the channel to it, and the wait for its report.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::cgroup::Group;
use super::conclusion::cpu_micros;
use super::diagnosis;
use super::protocol::{self, Limits, Message, Order, Report, Request, Start};
use super::sys;
use crate::harness::capture::Capture;
use crate::harness::{Cancel, ExecutorError, HarnessLimits, HarnessRequest};

/// First argument of a program that is to be a keeper.
pub(super) const KEEPER_ARGUMENT: &str = "__sandbox-init";
/// How often the cancel flag and what the kernel counts of the group are looked at.
const TICK: Duration = Duration::from_millis(20);
/// What the keeper may take beyond the wall-clock limit, and after an order to stop, before it counts
/// as hung. It normally takes milliseconds; a machine that swaps takes longer.
const KEEPER_GRACE: Duration = Duration::from_secs(15);

pub(super) fn supervisor(why: impl Into<String>) -> ExecutorError {
    ExecutorError::Supervisor { why: why.into() }
}

/// What is left when everything of a run is dead.
pub(super) struct Finished {
    pub(super) report: Report,
    pub(super) file: Option<OwnedFd>,
}

/// The keeper's process, however it came to be.
#[derive(Debug)]
pub(super) enum Process {
    Spawned(Child),
    Forked(Pid),
}

impl Process {
    fn kill(&mut self) {
        match self {
            Self::Spawned(child) => drop(child.kill()),
            Self::Forked(pid) => drop(nix::sys::signal::kill(*pid, Signal::SIGKILL)),
        }
    }

    /// Waits for its end and returns how it died.
    pub(super) fn wait(mut self) -> String {
        match &mut self {
            Self::Spawned(child) => match child.wait() {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            },
            Self::Forked(pid) => match sys::wait4(pid.as_raw()) {
                Ok(reaped) => ExitStatus::from_raw(reaped.status).to_string(),
                Err(error) => error.to_string(),
            },
        }
    }
}

/// A keeper that does not outlive its run.
#[derive(Debug)]
pub(super) struct Keeper {
    /// `None` once it is somebody else's to wait for, or dead.
    process: Option<Process>,
    channel: OwnedFd,
    /// The harness's, until someone reads them.
    streams: Option<(ChildStdout, ChildStderr)>,
    /// The init's process, as soon as there is one.
    init: Option<OwnedFd>,
}

/// A keeper that knows its run, and an init on its way that waits to be told what to start.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) keeper: Keeper,
    pub(super) request: Request,
    start: OwnedFd,
}

impl Asked {
    /// Hands over the request.
    pub(super) fn new(keeper: Keeper, request: Request) -> Result<Self, ExecutorError> {
        let (start, theirs) = protocol::channel().map_err(ExecutorError::io("make a channel"))?;
        let sent = protocol::send(keeper.channel.as_fd(), &request, &[theirs.as_fd()]);
        unless_gone(sent).map_err(ExecutorError::io("send a request to the keeper"))?;
        Ok(Self {
            keeper,
            request,
            start,
        })
    }

    /// Whether it was asked for just this.
    pub(super) fn fits(&self, workspace: &Path, request: &HarnessRequest<'_>) -> bool {
        self.request.workspace == workspace
            && self.request.output_filename == request.output_filename
            && self.request.limits == Limits::from(request.limits)
    }

    /// Says what to start, and hands over the doors of its control groups.
    pub(super) fn start(
        &mut self,
        start: &Start,
        doors: Vec<OwnedFd>,
    ) -> Result<(), ExecutorError> {
        let attached: Vec<BorrowedFd<'_>> = doors.iter().map(AsFd::as_fd).collect();
        let sent = protocol::send(self.start.as_fd(), start, &attached);
        unless_gone(sent).map_err(ExecutorError::io("tell the init what to start"))
    }
}

/// That nobody is there any more shows, with the reason, as the end of the keeper's channel.
fn unless_gone(sent: io::Result<()>) -> io::Result<()> {
    let gone = [Errno::EPIPE, Errno::ECONNRESET].map(|errno| Some(errno as i32));
    match sent {
        Err(error) if gone.contains(&error.raw_os_error()) => Ok(()),
        other => other,
    }
}

impl Keeper {
    /// Starts one. It gets ready, then waits for a request. It ends with the calling thread.
    pub(super) fn start(program: &Path) -> Result<Self, ExecutorError> {
        let (ours, theirs) = protocol::channel().map_err(ExecutorError::io("make a channel"))?;
        let mut child = Command::new(program)
            .arg(KEEPER_ARGUMENT)
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // What is typed at dfab's terminal is for dfab, which ends the run in order.
            .process_group(0)
            .spawn()
            .map_err(ExecutorError::io(format!("start {}", program.display())))?;
        let streams = child.stdout.take().zip(child.stderr.take());
        Ok(Self {
            process: Some(Process::Spawned(child)),
            channel: ours,
            streams,
            init: None,
        })
    }

    /// One that was forked, and has the other ends of all this.
    pub(super) fn forked(pid: Pid, channel: OwnedFd, streams: (ChildStdout, ChildStderr)) -> Self {
        Self {
            process: Some(Process::Forked(pid)),
            channel,
            streams: Some(streams),
            init: None,
        }
    }

    /// The harness's stdout and stderr.
    pub(super) fn streams(&mut self) -> Result<(ChildStdout, ChildStderr), ExecutorError> {
        self.streams
            .take()
            .ok_or_else(|| supervisor("a pipe is missing"))
    }

    /// Reads until the keeper reports, ordering it to stop where that is due.
    pub(super) fn follow(
        &mut self,
        capture: &mut Capture<ChildStdout, ChildStderr>,
        limits: &HarnessLimits,
        cancel: &Cancel,
        group: &mut Group,
    ) -> Result<Finished, ExecutorError> {
        let started = Instant::now();
        let mut last_chance = started.checked_add(limits.wall_time.saturating_add(KEEPER_GRACE));
        let mut stopping = false;
        let mut last_count = started;
        loop {
            if self.wait(capture)? {
                // All is dead. The keeper needs a moment to report it.
                group.close();
                self.init = None;
            }
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

    /// Waits for something to happen, a tick at most. Whether the init, and so the whole run, is dead.
    fn wait(&self, capture: &Capture<ChildStdout, ChildStderr>) -> Result<bool, ExecutorError> {
        let init = self.init.as_ref().map(AsFd::as_fd);
        let mut fds: Vec<PollFd<'_>> = init
            .into_iter()
            .chain([self.channel.as_fd()])
            .chain(capture.open())
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        match poll(
            &mut fds,
            PollTimeout::try_from(TICK).unwrap_or(PollTimeout::ZERO),
        ) {
            Ok(_) => Ok(init.is_some() && fds[0].any().unwrap_or(false)),
            Err(Errno::EINTR) => Ok(false),
            Err(error) => Err(ExecutorError::io("wait for the harness")(error.into())),
        }
    }

    fn has_said_something(&self) -> bool {
        let mut fds = [PollFd::new(self.channel.as_fd(), PollFlags::POLLIN)];
        matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1..))
    }

    /// A keeper that is dead may have told of its init, which is to be waited for.
    fn hear_of_the_init(&mut self) {
        while self.has_said_something()
            && let Ok(Some((message, attached))) =
                protocol::receive::<Message>(self.channel.as_fd())
        {
            if let Message::Started = message {
                self.init = attached.into_iter().next();
            }
        }
    }

    /// Takes what the keeper has said, without waiting for more.
    fn listen(&mut self) -> Result<Option<Finished>, ExecutorError> {
        if !self.has_said_something() {
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
                let file = attached.into_iter().next();
                Ok(Some(Finished { report, file }))
            }
            Some((Message::Failed(failure), _)) => {
                // It is about to end by itself.
                drop(self.process.take().map(Process::wait));
                Err(diagnosis::explain(failure))
            }
            None => {
                let status = self.end();
                Err(supervisor(format!("the keeper died ({status})")))
            }
        }
    }

    /// Lets go of a keeper that has said its last word. What is left is a process that is about to end.
    pub(super) fn release(mut self) -> Option<Process> {
        self.process.take()
    }

    /// Ends the keeper and with it everything below, and waits for that. Returns how it died.
    fn end(&mut self) -> String {
        let Some(mut process) = self.process.take() else {
            return "it was dead before".to_owned();
        };
        process.kill();
        let status = process.wait();
        self.hear_of_the_init();
        if let Some(init) = &self.init {
            // It dies with the keeper; this is for the moment before it is tied to it.
            let kill = rustix::process::Signal::KILL;
            let _ = rustix::process::pidfd_send_signal(init, kill);
            // Readable once the whole pid namespace is dead.
            let mut fds = [PollFd::new(init.as_fd(), PollFlags::POLLIN)];
            let patience = PollTimeout::try_from(KEEPER_GRACE).unwrap_or(PollTimeout::ZERO);
            let _ = poll(&mut fds, patience);
        }
        status
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.end();
    }
}

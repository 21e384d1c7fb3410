//! The keeper: this program, started again with nothing of its caller but three descriptors. It
//! stays outside the run's pid namespace, keeps the clock and the limits, holds the run's `/tmp`
//! open, and reports to dfab once everything of the run is dead.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout};
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::cgroup::Seats;
use super::enforced::Facts;
use super::init::{self, Prepared, Word};
use super::protocol::{self, End, Failure, Message, Part, Report, Request};
use super::sys::{Fork, Reaped};
use super::world::{self, Scratch, Source};
use super::{enforced, identity, output, sys, usage};

/// Usual time between two looks at what the group uses.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The same once it uses a good part of its memory: a program can touch a GiB in a few of these.
const LOOK_CLOSELY_EVERY: Duration = Duration::from_millis(5);
/// That part, as a divisor of the limit.
const GOOD_PART: u64 = 8;
/// A look may cost this share of the time between looks.
const LOOK_SHARE: u32 = 20;
/// Most bytes of words from the init.
const MAX_WORDS: usize = 64 * 1024;
/// Time from which the kernel counts processes per user namespace: release 5.14.
const PROCESSES_PER_NAMESPACE: (u32, u32) = (5, 14);

/// The keeper's whole life.
pub(super) fn live() -> ! {
    // Descriptor 2 is the harness's stderr: nothing of ours may appear there.
    std::panic::set_hook(Box::new(|_| {}));
    let code = match std::panic::catch_unwind(serve) {
        Ok(Ok(())) => 0,
        Ok(Err(_)) => 2,
        Err(_) => 3,
    };
    sys::exit_now(code)
}

/// One request, one answer. An error means that dfab cannot be told.
fn serve() -> io::Result<()> {
    // Whoever started dfab may have left signals ignored, blocked, and descriptors open.
    sys::reset_signals();
    sys::close_from(3, false)?;
    set_pdeathsig(Signal::SIGKILL)?;
    let control = take_stdin()?;
    nix::unistd::chdir("/")?;
    let Some((request, doors)) = protocol::receive::<Request>(control.as_fd())? else {
        return Ok(());
    };
    match supervise(&request, doors, control.as_fd()) {
        Ok((report, file)) => {
            let file: Vec<BorrowedFd<'_>> = file.iter().map(AsFd::as_fd).collect();
            protocol::send(control.as_fd(), &Message::Finished(report), &file)
        }
        Err(failure) => protocol::send(control.as_fd(), &Message::Failed(failure), &[]),
    }
}

/// Moves the control channel off descriptor 0, where the harness's stdin will be.
fn take_stdin() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    let control = stdin.as_fd().try_clone_to_owned()?;
    let null = rustix::fs::open(
        "/dev/null",
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    )?;
    dup2_stdin(null)?;
    Ok(control)
}

fn supervise(
    request: &Request,
    doors: Vec<OwnedFd>,
    control: BorrowedFd<'_>,
) -> Result<(Report, Option<OwnedFd>), Failure> {
    raise_descriptor_limit();
    // System folders are open to all; the init opens them one by one, so that few descriptors are
    // held at once.
    let early = if identity::is_host_root() {
        let opened = open_as_root(request)?;
        identity::leave_root()?;
        opened
    } else {
        None
    };
    identity::enter_namespaces()?;
    if protocol::hung_up(control) {
        return Err(keeper_failure("find dfab", Errno::EPIPE.into()));
    }
    let nested = identity::forbid_nested_user_namespaces().map_err(|error| error.to_string());
    let (workspace, sources) = match early {
        Some(opened) => opened,
        None => (
            world::open_workspace(request, None)?,
            world::open_private(&request.layout)?,
        ),
    };
    let scratch = Scratch::create(request.limits.tmp_bytes)?;
    let prepared = Prepared {
        request,
        sources: &sources,
        workspace: &workspace,
        scratch: &scratch,
        doors: &doors,
        count_processes: kernel_release() >= PROCESSES_PER_NAMESPACE,
        nested,
    };
    let started = Instant::now();
    let (mut run, words) = start(&prepared)?;
    drop((sources, workspace, doors));
    protocol::send(control, &Message::Started, &[run.init.as_fd()])
        .map_err(|error| keeper_failure("tell dfab", error))?;
    give_up_capabilities()?;

    let mut watch = Watch::new(request, &scratch, words, started);
    let killed = watch.follow(control, &run)?;
    let reaped = run.reap()?;
    let wall_micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    watch.read_words();
    let (end, facts) = watch.end(killed, reaped)?;
    let (output, file) = output::inspect(&scratch.tmp, &request.output_filename);
    let report = Report {
        end,
        output,
        wall_micros,
        cpu_micros: reaped.cpu_micros.max(watch.cpu_micros),
        peak_bytes: reaped.peak_bytes.max(watch.peak_bytes),
        enforced: facts
            .as_ref()
            .map_or_else(Vec::new, |facts| enforced::list(request, facts)),
        seats: facts.map_or_else(Seats::none, |facts| facts.seats),
    };
    Ok((report, file))
}

fn keeper_failure(what: &str, error: io::Error) -> Failure {
    Failure::new(Part::Keeper, what, error)
}

/// Opens what only root may open. `None` where root lacks the right to (a container): then it is
/// opened later, with nobody's permissions.
fn open_as_root(request: &Request) -> Result<Option<(OwnedFd, Vec<Source>)>, Failure> {
    let mapping = if request.workspace_needs_mapping {
        Some(identity::owner_mapping(&request.workspace)?)
    } else {
        None
    };
    let workspace = match world::open_workspace(request, mapping.as_ref().map(AsFd::as_fd)) {
        Err(failure) if failure.errno == Some(Errno::EPERM as i32) && mapping.is_none() => {
            return Ok(None);
        }
        other => other?,
    };
    let sources = world::open_private(&request.layout)?;
    Ok(Some((workspace, sources)))
}

/// The number of descriptors we hold must not depend on how dfab was started.
fn raise_descriptor_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

fn kernel_release() -> (u32, u32) {
    let name = rustix::system::uname();
    let text = name.release().to_string_lossy().into_owned();
    let mut numbers = text
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().ok());
    let mut next = || numbers.next().flatten().unwrap_or(0);
    (next(), next())
}

/// Reading the group's `/proc` and an output file without permissions is all that is left to do.
fn give_up_capabilities() -> Result<(), Failure> {
    let kept = CapabilitySet::SYS_PTRACE | CapabilitySet::DAC_READ_SEARCH;
    let none = CapabilitySet::empty();
    let sets = CapabilitySets {
        effective: kept,
        permitted: kept,
        inheritable: none,
    };
    rustix::thread::set_capabilities(None, sets)
        .map_err(|error| Failure::new(Part::Privileges, "drop the keeper's capabilities", error))
}

/// A started run. Dropping it ends it.
struct Run {
    /// A descriptor of the init's process.
    init: OwnedFd,
    pid: nix::libc::pid_t,
    reaped: bool,
    /// Closes when we die, which the init looks for.
    _we_live: OwnedFd,
}

/// Forks the init; returns also where its words arrive.
fn start(prepared: &Prepared<'_>) -> Result<(Run, OwnedFd), Failure> {
    let pipe = |what: &'static str| {
        nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|error| keeper_failure(what, error.into()))
    };
    let (words, report) = pipe("make a pipe")?;
    let (keeper_lives, we_live) = pipe("make a pipe")?;
    let pid = match sys::fork().map_err(|error| keeper_failure("fork", error))? {
        Fork::Parent { child } => child,
        Fork::Child => {
            drop((words, we_live));
            init::live(prepared, report, &keeper_lives)
        }
    };
    let failed = |error: io::Error| keeper_failure("follow the init", error);
    let process = Pid::from_raw(pid).ok_or_else(|| failed(Errno::ESRCH.into()))?;
    let init = pidfd_open(process, PidfdFlags::empty()).map_err(|error| failed(error.into()))?;
    let run = Run {
        init,
        pid,
        reaped: false,
        _we_live: we_live,
    };
    drop(report);
    release_streams().map_err(failed)?;
    let flags = FcntlArg::F_SETFL(OFlag::O_NONBLOCK);
    fcntl(&words, flags).map_err(|error| failed(error.into()))?;
    Ok((run, words))
}

/// The harness's stdout and stderr are the harness's alone from now on.
fn release_streams() -> io::Result<()> {
    let stdin = io::stdin();
    dup2_stdout(stdin.as_fd())?;
    dup2_stderr(stdin.as_fd())?;
    Ok(())
}

impl Run {
    fn kill(&self) {
        // ESRCH means that it is dead already.
        let _ = pidfd_send_signal(&self.init, rustix::process::Signal::KILL);
    }

    /// Returns when the whole namespace is dead: the init is reaped last.
    fn reap(&mut self) -> Result<Reaped, Failure> {
        let reaped =
            sys::wait4(self.pid).map_err(|error| keeper_failure("wait for the init", error))?;
        self.reaped = true;
        Ok(reaped)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.reaped {
            self.kill();
            let _ = self.reap();
        }
    }
}

/// Why we ended the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    WallTime,
    CpuTime,
    Memory,
    Stopped,
}

/// What woke the keeper.
struct Events {
    /// The init is dead or dying.
    died: bool,
    /// dfab has one order to give, to stop; that dfab is gone is the same.
    ordered: bool,
    /// The init has something to tell.
    said: bool,
}

/// Follows one run against its limits.
struct Watch<'a> {
    request: &'a Request,
    scratch: &'a Scratch,
    words: std::fs::File,
    heard: Vec<u8>,
    facts: Option<Facts>,
    ended: Option<i32>,
    failed: Option<Failure>,
    deadline: Option<Instant>,
    next_look: Instant,
    cpu_micros: u64,
    peak_bytes: u64,
}

impl<'a> Watch<'a> {
    fn new(request: &'a Request, scratch: &'a Scratch, words: OwnedFd, started: Instant) -> Self {
        Self {
            request,
            scratch,
            words: words.into(),
            heard: Vec::new(),
            facts: None,
            ended: None,
            failed: None,
            deadline: started.checked_add(Duration::from_millis(request.limits.wall_millis)),
            next_look: started + LOOK_EVERY,
            cpu_micros: 0,
            peak_bytes: 0,
        }
    }

    /// Returns when the init is dead or dying; why we killed it, if we did.
    fn follow(&mut self, control: BorrowedFd<'_>, run: &Run) -> Result<Option<Reason>, Failure> {
        loop {
            let events = self.wait(control, run)?;
            if events.said {
                self.read_words();
            }
            if events.died {
                return Ok(None);
            }
            let reason = if events.ordered {
                Some(Reason::Stopped)
            } else if self
                .deadline
                .is_some_and(|deadline| Instant::now() >= deadline)
            {
                Some(Reason::WallTime)
            } else {
                self.look()
            };
            if reason.is_some() {
                run.kill();
                return Ok(reason);
            }
        }
    }

    fn wait(&self, control: BorrowedFd<'_>, run: &Run) -> Result<Events, Failure> {
        let next = self
            .deadline
            .map_or(self.next_look, |deadline| deadline.min(self.next_look));
        // A whole millisecond more, so as not to wake just before the time.
        let nap = next.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        let mut fds = vec![
            PollFd::new(run.init.as_fd(), PollFlags::POLLIN),
            PollFd::new(control, PollFlags::POLLIN),
        ];
        // Once the harness runs, what is said is said at the end. Waking for it then would only keep the
        // init from ending.
        if self.facts.is_none() {
            fds.push(PollFd::new(self.words.as_fd(), PollFlags::POLLIN));
        }
        match poll(
            &mut fds,
            PollTimeout::try_from(nap).unwrap_or(PollTimeout::MAX),
        ) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(keeper_failure("wait for the harness", error.into())),
        }
        let event = |index: usize| fds.get(index).is_some_and(|fd| fd.any().unwrap_or(false));
        Ok(Events {
            died: event(0),
            ordered: event(1),
            said: event(2),
        })
    }

    /// Looks at what the group uses, when it is time.
    fn look(&mut self) -> Option<Reason> {
        let before = Instant::now();
        if before < self.next_look {
            return None;
        }
        let found = self.compare();
        let cost = before.elapsed();
        let close = self.peak_bytes > self.request.limits.memory_bytes / GOOD_PART;
        let pause = if close {
            LOOK_CLOSELY_EVERY
        } else {
            LOOK_EVERY
        };
        self.next_look = before + pause.max(cost * LOOK_SHARE);
        found
    }

    fn compare(&mut self) -> Option<Reason> {
        let limits = &self.request.limits;
        // Before all is in place, /proc is still the host's.
        if self.facts.as_ref().is_none_or(|facts| facts.proc.is_err()) {
            return None;
        }
        let proc = Path::new("/proc");
        let seen = usage::look(proc)?;
        self.cpu_micros = self.cpu_micros.max(seen.cpu_micros);
        if seen.cpu_micros > limits.cpu_seconds.saturating_mul(1_000_000) {
            return Some(Reason::CpuTime);
        }
        let scratch = self.scratch.used_bytes();
        let mut bytes = seen.resident_bytes + scratch;
        if bytes > limits.memory_bytes {
            // Pages that processes share were counted more than once.
            bytes = usage::proportional_bytes(proc)? + scratch;
        }
        self.peak_bytes = self.peak_bytes.max(bytes);
        (bytes > limits.memory_bytes).then_some(Reason::Memory)
    }

    /// Takes in what the init has said so far.
    fn read_words(&mut self) {
        let mut chunk = [0; 4096];
        while self.heard.len() < MAX_WORDS {
            match self.words.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => self.heard.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Word::Ready(facts)) => self.facts = Some(facts),
                Ok(Word::Ended { status }) => self.ended = Some(status),
                // The first failure is the cause of others.
                Ok(Word::Failed(failure)) => self.failed = self.failed.take().or(Some(failure)),
                Err(_) => {
                    let error = io::Error::from_raw_os_error(Errno::EBADMSG as i32);
                    self.failed = Some(keeper_failure("understand the init", error));
                }
            }
        }
    }

    /// What the run's end was. A harness that had ended by itself when we killed the rest of it
    /// keeps its own end.
    fn end(
        &mut self,
        killed: Option<Reason>,
        reaped: Reaped,
    ) -> Result<(End, Option<Facts>), Failure> {
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        let limit = self.request.limits.cpu_seconds.saturating_mul(1_000_000);
        // The kernel's own limit may strike early: see where it is set.
        let cpu_is_spent = reaped.cpu_micros >= limit / 2;
        let end = match (self.ended, killed) {
            (Some(status), _) if nix::libc::WIFSIGNALED(status) => {
                let number = nix::libc::WTERMSIG(status);
                let by_limit = number == nix::libc::SIGXCPU || number == nix::libc::SIGKILL;
                if by_limit && cpu_is_spent {
                    End::CpuTime
                } else {
                    End::Signal(number)
                }
            }
            (Some(status), _) => End::Exit(nix::libc::WEXITSTATUS(status)),
            (None, Some(Reason::WallTime)) => End::WallTime,
            (None, Some(Reason::CpuTime)) => End::CpuTime,
            (None, Some(Reason::Memory)) => End::Memory,
            (None, Some(Reason::Stopped)) => End::Stopped,
            (None, None) => End::Lost,
        };
        Ok((end, self.facts.take()))
    }
}

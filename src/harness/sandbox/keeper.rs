//! The keeper: this program, started again or forked as it began, with nothing of its caller but three
//! descriptors. It stays outside the run's pid namespace, keeps the clock and the limits, holds the run's `/tmp`
//! open, and reports to dfab once everything of the run is dead.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, dup2_stderr, dup2_stdin, dup2_stdout, fchown};
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::identity::{self, Ready};
use super::init::{self, Prepared};
use super::outer::Outer;
use super::protocol::{self, Failure, Message, Part, Report, Request};
use super::sys::{Fork, Reaped};
use super::watch::Watch;
use super::world::{self, Scratch, Source};
use super::{output, sys};
use crate::files::read_generated_text;

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
    reset_priorities();
    sys::close_from(3, false)?;
    set_pdeathsig(Signal::SIGKILL)?;
    let control = take_stdin()?;
    nix::unistd::chdir("/")?;
    raise_descriptor_limit();
    let ready = identity::get_ready();
    let Some((request, attached)) = protocol::receive::<Request>(control.as_fd())? else {
        return Ok(());
    };
    match ready.and_then(|ready| supervise(&request, ready, attached, control.as_fd())) {
        Ok(told) => told,
        Err(failure) => protocol::send(control.as_fd(), &Message::Failed(failure), &[]),
    }
}

/// No run is to come before others on the machine, however dfab was started; behind them it may stay. Each of these
/// may be refused, and then there was nothing to take back.
fn reset_priorities() {
    let _ = sys::usual_scheduling();
    if rustix::process::getpriority_process(None).is_ok_and(|nice| nice < 0) {
        let _ = rustix::process::setpriority_process(None, 0);
    }
    let file = "/proc/self/oom_score_adj";
    let is_shielded = |text: String| text.starts_with('-');
    if read_generated_text(file).is_ok_and(is_shielded) {
        let _ = std::fs::write(file, "0");
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

/// Returns whether dfab could be told how the run went.
fn supervise(
    request: &Request,
    ready: Ready,
    attached: Vec<OwnedFd>,
    control: BorrowedFd<'_>,
) -> Result<io::Result<()>, Failure> {
    // System folders are open to all; the init opens them one by one, so that few descriptors are
    // held at once.
    let is_nobody = matches!(ready, Ready::Root(_));
    let early = match ready {
        Ready::Root(namespaces) => {
            let opened = open_as_root(request)?;
            give_streams_away();
            identity::leave_root_behind(namespaces)?;
            opened
        }
        Ready::User => None,
    };
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
    let Some(start_channel) = attached.into_iter().next() else {
        return Err(keeper_failure("start", Errno::EBADMSG.into()));
    };
    let prepared = Prepared {
        request,
        sources: &sources,
        workspace: &workspace,
        scratch: &scratch,
        start: &start_channel,
        count_processes: kernel_release() >= PROCESSES_PER_NAMESPACE,
        is_nobody,
        nested,
    };
    let (mut run, words, outer) = start(&prepared)?;
    drop((sources, workspace, start_channel));
    protocol::send(control, &Message::Started, &[run.init.as_fd()])
        .map_err(|error| keeper_failure("tell dfab", error))?;
    give_up_capabilities()?;

    let mut watch = Watch::new(request, &scratch, outer, words);
    let killed = watch.follow(control, &run)?;
    let reaped = run.reap()?;
    watch.read_words();
    let wall_micros = watch.wall_micros();
    let peak_bytes = watch.peak_bytes(reaped);
    let (end, facts) = watch.end(killed, reaped)?;
    let (output, file) = output::inspect(&scratch.tmp, &request.output_filename);
    let report = Report {
        end,
        output,
        wall_micros,
        cpu_micros: reaped.cpu_micros.max(watch.cpu_micros),
        peak_bytes,
        facts,
    };
    // Before anything is let go of, which takes time that dfab can use.
    let file: Vec<BorrowedFd<'_>> = file.iter().map(AsFd::as_fd).collect();
    Ok(protocol::send(control, &Message::Finished(report), &file))
}

pub(super) fn keeper_failure(what: &str, error: io::Error) -> Failure {
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

/// Makes the harness's user the owner of its stdout and stderr: by a path such as `/dev/stdout` they are opened
/// anew, which pipes made by root refuse to others. Where that cannot be had, only such paths are lost.
fn give_streams_away() {
    let nobody = (
        Some(Uid::from_raw(identity::NOBODY)),
        Some(Gid::from_raw(identity::NOBODY)),
    );
    let _ = fchown(io::stdout(), nobody.0, nobody.1);
    let _ = fchown(io::stderr(), nobody.0, nobody.1);
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
pub(super) struct Run {
    /// A descriptor of the init's process.
    pub(super) init: OwnedFd,
    pid: nix::libc::pid_t,
    reaped: bool,
    /// Closes when we die, which the init looks for.
    _we_live: OwnedFd,
}

/// Forks the init; returns also where its words arrive, and what the host shows of it.
fn start(prepared: &Prepared<'_>) -> Result<(Run, OwnedFd, Outer), Failure> {
    let pipe = |what: &'static str| {
        nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|error| keeper_failure(what, error.into()))
    };
    let (words, report) = pipe("make a pipe")?;
    let (keeper_lives, we_live) = pipe("make a pipe")?;
    // Before the init leads us both to where nothing of the host is.
    let outer = Outer::open();
    let pid = match sys::fork().map_err(|error| keeper_failure("fork", error))? {
        Fork::Parent { child } => child,
        Fork::Child => {
            drop((words, we_live, outer));
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
    Ok((run, words, Outer::new(outer, pid)))
}

/// The harness's stdout and stderr are the harness's alone from now on.
fn release_streams() -> io::Result<()> {
    let stdin = io::stdin();
    dup2_stdout(stdin.as_fd())?;
    dup2_stderr(stdin.as_fd())?;
    Ok(())
}

impl Run {
    pub(super) fn kill(&self) {
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

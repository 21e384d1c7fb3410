//! A keeper started ahead of its run, while dfab works out what that run is.
//!
//! Loading this program a second time takes longer than all of the isolation. A process that has just
//! begun and has one thread is as good as a loaded one, so this keeper is a fork of it.

use std::io;
use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, setpgid};
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

use super::handle::Keeper;
use super::sys::{self, Fork};
use super::{keeper, protocol};

/// What the next run needs, on its way.
#[derive(Debug)]
pub struct Prepared(pub(super) Keeper);

impl Prepared {
    /// Forks a keeper. To be called before anything else in `main`, when there is no other thread.
    pub(super) fn fork() -> io::Result<Self> {
        let (ours, theirs) = protocol::channel()?;
        let (stdout, to_stdout) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let (stderr, to_stderr) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        let core = Core::of_this_process();
        match sys::fork()? {
            Fork::Parent { child } => {
                core.send_away(rustix::process::Pid::from_raw(child));
                let streams = (stdout.into(), stderr.into());
                Ok(Self(Keeper::forked(Pid::from_raw(child), ours, streams)))
            }
            Fork::Child => {
                core.leave();
                live(theirs, to_stdout, to_stderr)
            }
        }
    }
}

/// The child's side: as a program of its own would find things.
fn live(channel: OwnedFd, stdout: OwnedFd, stderr: OwnedFd) -> ! {
    // Nothing of the caller's is kept where a hole might show it.
    sys::wipe_environment();
    let arranged = setpgid(Pid::from_raw(0), Pid::from_raw(0))
        .and_then(|()| dup2_stdin(channel))
        .and_then(|()| dup2_stdout(stdout))
        .and_then(|()| dup2_stderr(stderr));
    match arranged {
        Ok(()) => keeper::live(),
        Err(_) => sys::exit_now(2),
    }
}

/// The core that a process forks on, which is also where the kernel puts the fork. One of the two would stand still
/// while the other works, and making namespaces takes longer than a move to another core.
struct Core {
    number: usize,
    /// `None` where there is no other.
    others: Option<CpuSet>,
    given: CpuSet,
}

impl Core {
    fn of_this_process() -> Self {
        let number = sched_getcpu();
        let given = sched_getaffinity(None).unwrap_or_default();
        let mut others = given;
        // A machine may have more cores than the set can name; then nothing was given.
        if number < CpuSet::MAX_CPU && given.is_set(number) {
            others.unset(number);
        }
        Self {
            number,
            others: (others.count() > 0).then_some(others),
            given,
        }
    }

    /// Moves a process (this one: `None`) off this core. Then it is as free as before to run anywhere.
    fn send_away(&self, process: Option<rustix::process::Pid>) {
        if let Some(others) = &self.others
            && sched_setaffinity(process, others).is_ok()
        {
            let _ = sched_setaffinity(process, &self.given);
        }
    }

    /// For a fork that has come to run before its parent could send it away.
    fn leave(&self) {
        if sched_getcpu() == self.number {
            self.send_away(None);
        }
    }
}

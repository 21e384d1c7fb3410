//! A keeper started ahead of its run, while dfab works out what that run is.
//!
//! Loading this program a second time takes longer than all of the isolation. A process that has just
//! begun and has one thread is as good as a loaded one, so this keeper is a fork of it.

use std::io;
use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout, setpgid};

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
        match sys::fork()? {
            Fork::Parent { child } => {
                let streams = (stdout.into(), stderr.into());
                Ok(Self(Keeper::forked(Pid::from_raw(child), ours, streams)))
            }
            Fork::Child => live(theirs, to_stdout, to_stderr),
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

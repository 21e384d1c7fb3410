//! Locks on files, which are a way to signal to whoever can open the same file: to another run that is under way, by
//! way of the interpreter's files, which no run can write to.
//!
//! A filter on system calls sees the number of a descriptor and not the file behind it. So it has every call that takes
//! a lock, or tells of one, wait for the init, which looks where the file lies: the call goes on where only this
//! run has it, and is refused anywhere else. The init takes no lock itself. It could not: some belong to a process,
//! and some have to be waited for.
//!
//! What was looked at is what the call then uses, because nobody but the caller can exchange its descriptors: the
//! filter lets no processes share them, only threads. Threads can: one that exchanges a descriptor in the few
//! microseconds between the look and the lock gets its lock.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::libc::pid_t;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::fs::{AtFlags, CWD, StatxFlags, statx};

use super::enforced::Facts;
use super::seccomp::Locks;
use super::sys::{self, Question};
use super::{init, seccomp, world};

/// As named in the list of protections.
pub(super) const MEANS: &str =
    "seccomp asks the init: only in /tmp, /dev/shm and the workspace, and on pipes";
/// Mounts of the run's own. The workspace is a copy for one run.
const OWN: [&str; 3] = [world::TMP, "/dev/shm", world::WORKSPACE];
/// Answered to a lock elsewhere. `EACCES` would mean that somebody holds it, and be tried again.
const REFUSED: i32 = Errno::EPERM as i32;

/// Puts the filter on this process. Returns where questions about locks arrive, if they can be asked; notes if not.
pub(super) fn filter_system_calls(facts: &mut Facts) -> io::Result<Option<OwnedFd>> {
    let listener =
        match &facts.proc {
            Ok(()) => sys::filter_and_listen(seccomp::filter(Locks::Asked)).map_err(|error| {
                match error.raw_os_error() == Some(Errno::EBUSY as i32) {
                    true => "another supervisor is asked about system calls already".to_owned(),
                    false => format!("the kernel lets nobody be asked: {error}"),
                }
            }),
            Err(why) => Err(format!(
                "no /proc that shows the files behind descriptors ({why})"
            )),
        };
    let (listener, outcome) = match listener {
        Ok(listener) => (Some(listener), Ok(())),
        Err(why) => (None, Err(why)),
    };
    facts.file_locks = outcome;
    if listener.is_none() {
        sys::filter_system_calls(seccomp::filter(Locks::Free))?;
    }
    Ok(listener)
}

/// Answers questions and reaps whatever ends until the harness has, and returns its status. `pipe` is any pipe.
pub(super) fn answer_until_the_end(
    listener: BorrowedFd<'_>,
    pipe: BorrowedFd<'_>,
    harness: pid_t,
) -> io::Result<i32> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.thread_block()?;
    let children = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    let mut own = None;
    // One that ended before its signal was kept for us left none.
    let mut any_ended = true;
    loop {
        // The dead come first, and then one question: no number of questions keeps the end waiting.
        while any_ended {
            match sys::reap(-1)? {
                Some(reaped) if reaped.pid == harness => return Ok(reaped.status),
                Some(_) => {}
                None => any_ended = false,
            }
        }
        let mut fds = [
            PollFd::new(children.as_fd(), PollFlags::POLLIN),
            PollFd::new(listener, PollFlags::POLLIN),
        ];
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(error) => return Err(error.into()),
        }
        let [ended, asked] = fds.map(|fd| fd.revents().unwrap_or(PollFlags::empty()));
        if !ended.is_empty() {
            let _ = children.read_signal();
            any_ended = true;
        }
        if asked.contains(PollFlags::POLLIN) {
            let own = own.get_or_insert_with(|| {
                sys::take_turns(listener);
                own_mounts(pipe)
            });
            // Whoever asked may be gone.
            if let Ok(question) = sys::next_question(listener) {
                sys::answer(listener, question, judge(question, own));
            }
        } else if !asked.is_empty() {
            // All that could ask are dead.
            return init::wait_for(harness);
        }
    }
}

/// The mounts whose files no other run has. A pipe that the harness can lock is one that it made, or its own stdout or
/// stderr.
fn own_mounts(pipe: BorrowedFd<'_>) -> Vec<u64> {
    let of_pipes = mount_behind(pipe, "", AtFlags::EMPTY_PATH);
    let folders = OWN.map(|path| mount_behind(CWD, path, AtFlags::empty()));
    folders.into_iter().chain([of_pipes]).flatten().collect()
}

/// By way of `/proc`, which knows threads too, and asks for no right to debug. If the thread is gone meanwhile and
/// its number another's, nobody waits for the answer.
fn judge(question: Question, own: &[u64]) -> Result<(), i32> {
    let look = |path: &str| mount_behind(CWD, path, AtFlags::empty());
    let folder = format!("/proc/{}/fd", question.thread);
    match look(&format!("{folder}/{}", question.descriptor)) {
        Ok(mount) if own.contains(&mount) => Ok(()),
        // No such descriptor; of a process that hides itself none is seen.
        Err(Errno::ENOENT) if look(&folder).is_ok() => Err(Errno::EBADF as i32),
        Ok(_) | Err(_) => Err(REFUSED),
    }
}

/// The number of the mount that a file was opened on.
fn mount_behind(at: BorrowedFd<'_>, path: &str, flags: AtFlags) -> Result<u64, Errno> {
    // The look itself asks nothing of a file server, which might not answer.
    let flags = flags | AtFlags::STATX_DONT_SYNC | AtFlags::NO_AUTOMOUNT;
    let found = statx(at, path, flags, StatxFlags::MNT_ID)
        .map_err(|error| Errno::from_raw(error.raw_os_error()))?;
    match StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID) {
        true => Ok(found.stx_mnt_id),
        false => Err(Errno::ENOSYS),
    }
}

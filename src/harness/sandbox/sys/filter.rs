//! Filters on system calls, and answering what they ask.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::libc;

/// Puts a filter on the system calls of this process and all that it starts. Needs
/// `no_new_privs`.
pub(in crate::harness::sandbox) fn filter_system_calls(
    filter: &'static [libc::sock_filter],
) -> io::Result<()> {
    let program = program(filter)?;
    // SAFETY: the kernel copies `len` instructions from `filter`, which is a live slice of that
    // length, and writes to neither. It checks the program itself.
    let result = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A filter as the kernel takes it.
fn program(filter: &'static [libc::sock_filter]) -> io::Result<libc::sock_fprog> {
    let length = u16::try_from(filter.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    Ok(libc::sock_fprog {
        len: length,
        filter: filter.as_ptr().cast_mut(),
    })
}

/// As [`filter_system_calls`], with a listener: whoever holds it is asked where the filter says so. `EBUSY` means that somebody is
/// asked about this process already.
pub(in crate::harness::sandbox) fn filter_and_listen(
    filter: &'static [libc::sock_filter],
) -> io::Result<OwnedFd> {
    let program = program(filter)?;
    let install = |flags: libc::c_ulong| {
        // SAFETY: as above, for the same program; the flags carry no pointer.
        let result = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                flags,
                &raw const program,
            )
        };
        match RawFd::try_from(result) {
            // SAFETY: without an error the call returns a new descriptor, which is nobody's yet.
            Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // Once a question is taken in, only what kills interrupts whoever waits for the answer: a program with many
    // signals gets its locks as it would without us.
    let patient = libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    match install(libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | patient) {
        // Linux before 5.19.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
            install(libc::SECCOMP_FILTER_FLAG_NEW_LISTENER)
        }
        other => other,
    }
}

/// Has whoever asks and whoever answers take turns on one processor, which is several times as fast as waking another
/// one for each question. Linux before 6.6 does not know of it.
pub(in crate::harness::sandbox) fn take_turns(listener: BorrowedFd<'_>) {
    const SYNC_WAKE_UP: libc::c_ulong = 1;
    // SAFETY: takes a number by value; no memory is passed.
    unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS,
            SYNC_WAKE_UP,
        )
    };
}

/// A call that waits for an answer.
#[derive(Debug, Clone, Copy)]
pub(in crate::harness::sandbox) struct Question {
    id: u64,
    /// The thread that waits, as this process's pid namespace numbers it.
    pub(in crate::harness::sandbox) thread: u32,
    /// The call's first argument, as far as the kernel looks at a descriptor.
    pub(in crate::harness::sandbox) descriptor: u32,
}

/// Takes in a question. `ENOENT` means that nobody waits any more.
pub(in crate::harness::sandbox) fn next_question(listener: BorrowedFd<'_>) -> io::Result<Question> {
    // SAFETY: `seccomp_notif` is a plain C struct of integers; the kernel wants it zeroed.
    let mut question: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes one structure of the size that the request's number carries, which is this one's: a
    // kernel with a larger structure has another number for it.
    let result = unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_RECV,
            &raw mut question,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    #[allow(clippy::cast_possible_truncation)] // as the kernel does
    let descriptor = question.data.args[0] as u32;
    Ok(Question {
        id: question.id,
        thread: question.pid,
        descriptor,
    })
}

/// Answers a question: the call goes on, or fails with this error. Where nobody waits for it any more, because of a
/// signal or the end, nothing happens: no other question ever has the same number.
pub(in crate::harness::sandbox) fn answer(
    listener: BorrowedFd<'_>,
    question: Question,
    answer: Result<(), i32>,
) {
    #[allow(clippy::cast_possible_truncation)] // the lowest bit
    const CONTINUE: u32 = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
    let answer = libc::seccomp_notif_resp {
        id: question.id,
        val: 0,
        error: answer.err().map_or(0, |errno| -errno),
        flags: if answer.is_ok() { CONTINUE } else { 0 },
    };
    // SAFETY: the kernel reads one structure of the size that the request's number carries, and writes nothing.
    unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SEND,
            &raw const answer,
        )
    };
}

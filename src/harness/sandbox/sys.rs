//! The system calls that no safe wrapper covers. All `unsafe` that concerns the system is here, also for
//! what has nothing to do with sandboxes: what has to be known of the process before `main`. (Elsewhere there is only
//! that of vector code and of the parser's memory.)
#![allow(unsafe_code)]

mod filter;

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::libc;

pub(super) use filter::{
    Question, answer, filter_and_listen, filter_system_calls, next_question, take_turns,
};

/// Set before `main` if there was no standard output.
static STDOUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether the process was started without a standard output. Before `main` Rust puts `/dev/null`
/// there, which cannot be told from one that the caller gave on purpose.
pub fn stdout_was_closed() -> bool {
    STDOUT_WAS_CLOSED.load(Ordering::Relaxed)
}

extern "C" fn look_at_stdout() {
    // SAFETY: asks for the flags of a descriptor by its number; no memory is involved, and a
    // number that is not open is an error, which is the question.
    let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
    STDOUT_WAS_CLOSED.store(flags == -1, Ordering::Relaxed);
}

// SAFETY: the loader calls what this section lists, by the C convention, before `main`; the function
// takes no arguments it would read, and uses nothing that Rust's runtime has to prepare.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = look_at_stdout;

/// Which side of a fork this is.
pub(super) enum Fork {
    Parent { child: libc::pid_t },
    Child,
}

/// Forks a process that has only one thread.
pub(super) fn fork() -> io::Result<Fork> {
    // SAFETY: only the program as it begins and the keeper call this. Both are single-threaded (a program has one
    // thread when `main` begins, the keeper starts none), so the child holds no lock of a vanished thread and may go
    // on as ordinary code.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        child => Ok(Fork::Parent { child }),
    }
}

/// Bytes below a stack that must not be touched.
const GUARD: usize = 4096;
/// Bytes of stack for a process that runs in its parent's memory.
const BORROWED_STACK: usize = 256 << 10;

/// Starts a process that runs `work` in this process's memory, on a stack of its own, while this one stands still;
/// returns once it has become another program or has ended. For a process that has only one thread. Nothing is
/// copied, so it takes a fraction of the time of [`fork`], and of the `execve` that follows.
///
/// Signals, folders, limits and rights are the child's own; memory and descriptors are not: what `work` allocates and
/// does not free stays, and so does what it opens and does not close. `execve` gives the child descriptors of its own
/// before it closes those that are to be closed then.
pub(super) fn spawn_in_place(work: &mut dyn FnMut() -> i32) -> io::Result<libc::pid_t> {
    extern "C" fn run(work: *mut libc::c_void) -> libc::c_int {
        // SAFETY: the pointer is to the parent's local below, which stands still, and its frame with it, for as long
        // as this runs. Nobody else uses it meanwhile.
        let work = unsafe { &mut *work.cast::<&mut dyn FnMut() -> i32>() };
        // Unwinding must not pass the end of this stack.
        let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        exit_now(code.unwrap_or(PANICKED))
    }
    /// The status of a process that ended so.
    const PANICKED: i32 = 3;
    let mut work = work;
    // Aligned as the calling convention wants it, and below it a page that must not be touched.
    // SAFETY: asks for fresh memory wherever the kernel has room, and touches none that exists.
    let stack = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            BORROWED_STACK,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK,
            -1,
            0,
        )
    };
    if stack == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: protects the lowest page of the mapping that was just made and is ours alone.
    let guarded = unsafe { libc::mprotect(stack, GUARD, libc::PROT_NONE) };
    // SAFETY: the child runs `run` on the mapping, whose top is within it, and shares this process's memory. With
    // CLONE_VFORK this thread, the only one, does not go on before the child has left that memory by `execve` or
    // `_exit`, so nothing is used by both at once; `work` and all it borrows live until then. That descriptors are
    // shared like memory keeps what owns one and what it owns together on both sides. The child keeps the
    // parent's thread pointer: as in `vfork`, what the C library keeps for the thread (`errno`) is still one thread's.
    let child = match guarded {
        0 => unsafe {
            libc::clone(
                run,
                stack.byte_add(BORROWED_STACK),
                libc::CLONE_VM | libc::CLONE_FILES | libc::CLONE_VFORK | libc::SIGCHLD,
                (&raw mut work).cast(),
            )
        },
        _ => -1,
    };
    let error = io::Error::last_os_error();
    // SAFETY: the mapping is ours, and who ran on it is gone.
    unsafe { libc::munmap(stack, BORROWED_STACK) };
    match child {
        -1 => Err(error),
        child => Ok(child),
    }
}

/// Ends the process at once: no destructors, no flushing of buffers shared with the parent.
pub(super) fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` takes any number and does not return.
    unsafe { libc::_exit(code) }
}

/// Overwrites the environment that this process was given, where the kernel shows it. For a process with one
/// thread that will not ask for it.
pub(super) fn wipe_environment() {
    unsafe extern "C" {
        static mut environ: *mut *mut libc::c_char;
    }
    // SAFETY: `environ` is null or a null-terminated array of C strings in this process's writable memory, and
    // no other thread exists that could read or change them. Every byte before the terminator is
    // overwritten in place; the array is then emptied, so that nobody finds the blank strings.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let length = libc::strlen(*entry);
            std::ptr::write_bytes(*entry, 0, length);
            entry = entry.add(1);
        }
        if !environ.is_null() {
            *environ = std::ptr::null_mut();
        }
    }
}

/// Closes every descriptor of this process but these.
pub(super) fn close_all_but<const N: usize>(kept: [BorrowedFd<'_>; N]) {
    let mut kept = kept.map(|fd| fd.as_raw_fd().cast_unsigned());
    kept.sort_unstable();
    let mut first = 0;
    for end in kept.into_iter().chain([u32::MAX]) {
        if first < end {
            let last = if end == u32::MAX { end } else { end - 1 };
            // SAFETY: takes three integers. Only the init calls this, once it has started the harness: it uses none
            // of what is closed again, and ends without running the destructors of what owned it.
            unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
        }
        first = end.saturating_add(1);
    }
}

/// A reaped child.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reaped {
    pub(super) pid: libc::pid_t,
    /// As `wait(2)` encodes it.
    pub(super) status: i32,
    /// User and system time of the child and of all that it has waited for, in microseconds.
    pub(super) cpu_micros: u64,
    /// Largest resident set of the child or of one that it has waited for, in bytes.
    pub(super) peak_bytes: u64,
}

/// Waits for a child (-1: any). Restarts when a signal interrupts it.
pub(super) fn wait4(pid: libc::pid_t) -> io::Result<Reaped> {
    loop {
        if let Some(reaped) = wait_with(pid, 0)? {
            return Ok(reaped);
        }
    }
}

/// A child (-1: any) that has ended already.
pub(super) fn reap(pid: libc::pid_t) -> io::Result<Option<Reaped>> {
    wait_with(pid, libc::WNOHANG)
}

/// `None` if the options say not to wait and there is none.
fn wait_with(pid: libc::pid_t, options: libc::c_int) -> io::Result<Option<Reaped>> {
    loop {
        let mut status = 0;
        // SAFETY: `rusage` is a plain C struct of integers, for which all zeroes are a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both pointers are to live locals of the types the call writes.
        let reaped = unsafe { libc::wait4(pid, &raw mut status, options, &raw mut usage) };
        if reaped == 0 {
            return Ok(None);
        }
        if reaped > 0 {
            let micros = |time: libc::timeval| {
                u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000
                    + u64::try_from(time.tv_usec).unwrap_or(0)
            };
            return Ok(Some(Reaped {
                pid: reaped,
                status,
                cpu_micros: micros(usage.ru_utime) + micros(usage.ru_stime),
                peak_bytes: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
            }));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// Closes, or marks close-on-exec, every descriptor from `first` on.
pub(super) fn close_from(first: RawFd, only_on_exec: bool) -> io::Result<()> {
    const CLOSE_RANGE_CLOEXEC: libc::c_uint = 1 << 2;
    let flags = if only_on_exec { CLOSE_RANGE_CLOEXEC } else { 0 };
    // SAFETY: takes three integers. The keeper closes before it owns any descriptor. The payload only marks, in a table
    // that it shares with the init, which never becomes another program.
    let result = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first as libc::c_uint,
            u32::MAX,
            flags,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Default action for every signal, none blocked.
pub(super) fn reset_signals() {
    /// Numbers in use on Linux, the real-time ones included.
    const LAST_SIGNAL: i32 = 64;
    /// The kernel's signal set: one bit a signal.
    const SET_BYTES: usize = 8;
    // The kernel's `struct sigaction` is at most four words here; all zeroes mean SIG_DFL, no
    // flags, empty mask.
    let default = [0_u64; 4];
    let nothing_blocked = 0_u64;
    for signal in 1..=LAST_SIGNAL {
        // Not libc's `signal`, which refuses the two numbers that libc keeps for itself: they too
        // may have been left ignored by whoever started us.
        // SAFETY: reads `default`, which is at least as long as the kernel's structure, and writes
        // nothing. SIG_DFL installs no code. SIGKILL and SIGSTOP are refused, rightly.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                std::ptr::null_mut::<u64>(),
                SET_BYTES,
            )
        };
    }
    // SAFETY: reads eight bytes, the size passed, and writes nothing.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const nothing_blocked,
            std::ptr::null_mut::<u64>(),
            SET_BYTES,
        )
    };
}

/// Children that end are reported again, in case the caller of this program ignored them.
pub(super) fn notice_children() {
    // SAFETY: as in `reset_signals`; called first in `main`, before any thread or child exists.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
}

/// Whether this process ignores a signal, as whoever started it may have arranged.
pub fn is_ignored(signal: nix::sys::signal::Signal) -> bool {
    // SAFETY: `sigaction` is a plain C struct of integers, for which all zeroes are a value.
    let mut present: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: changes nothing and writes one live local of the type that the call expects.
    let asked = unsafe { libc::sigaction(signal as i32, std::ptr::null(), &raw mut present) };
    asked == 0 && present.sa_sigaction == libc::SIG_IGN
}

/// A file that grows beyond the caller's limit on file sizes is an error to tell, not an end without a word.
pub(super) fn survive_file_size_limits() {
    // SAFETY: as in `notice_children`. What the sandbox starts begins with the default again.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// The usual scheduling class for processor and disk, whatever was inherited.
pub(super) fn usual_scheduling() -> io::Result<()> {
    const IOPRIO_WHO_PROCESS: libc::c_int = 1;
    const IOPRIO_NONE: libc::c_int = 0;
    let usual = libc::sched_param { sched_priority: 0 };
    // SAFETY: reads one live structure of the type the call expects; process 0 is the caller.
    let processor = unsafe { libc::sched_setscheduler(0, libc::SCHED_OTHER, &raw const usual) };
    // SAFETY: takes three integers.
    let disk = unsafe { libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_NONE) };
    if processor == 0 && disk == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A new, empty session keyring in place of the caller's.
pub(super) fn new_session_keyring() -> io::Result<()> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_long = 1;
    // SAFETY: a null name asks for an anonymous keyring; no memory is passed.
    let result = unsafe {
        libc::syscall(
            libc::SYS_keyctl,
            KEYCTL_JOIN_SESSION_KEYRING,
            std::ptr::null::<u8>(),
        )
    };
    if result >= 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The next program is loaded at the same addresses every time, so that what Python derives from
/// addresses (default hashes, set order) is the same in every run.
pub(super) fn fixed_addresses() -> io::Result<()> {
    // SAFETY: takes one integer; it changes how the next exec lays out memory.
    let result = unsafe { libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong) };
    if result >= 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// How the memories of two processes compare in the kernel's own order, which says nothing but whether they are one.
pub(super) fn compare_memory(one: u32, other: u32) -> io::Result<std::cmp::Ordering> {
    const KCMP_VM: libc::c_int = 1;
    // SAFETY: takes five integers; no memory is passed.
    let result = unsafe { libc::syscall(libc::SYS_kcmp, one, other, KCMP_VM, 0, 0) };
    match result {
        0 => Ok(std::cmp::Ordering::Equal),
        1 => Ok(std::cmp::Ordering::Less),
        2 => Ok(std::cmp::Ordering::Greater),
        3 => Err(io::ErrorKind::Unsupported.into()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Attributes of a mount, for [`mount_setattr`].
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MountAttributes<'a> {
    pub(super) set: u64,
    /// Show the files of the owner this user namespace maps as its own user's.
    pub(super) idmap: Option<BorrowedFd<'a>>,
}

pub(super) const MOUNT_RDONLY: u64 = libc::MOUNT_ATTR_RDONLY;
pub(super) const MOUNT_NOSUID: u64 = libc::MOUNT_ATTR_NOSUID;
pub(super) const MOUNT_NODEV: u64 = libc::MOUNT_ATTR_NODEV;
pub(super) const MOUNT_NOEXEC: u64 = libc::MOUNT_ATTR_NOEXEC;

/// Sets attributes of the mount `fd` refers to and, with `recursive`, of all below it.
pub(super) fn mount_setattr(
    fd: BorrowedFd<'_>,
    attributes: MountAttributes<'_>,
    recursive: bool,
) -> io::Result<()> {
    const EMPTY: &CStr = c"";
    let mut flags = libc::AT_EMPTY_PATH;
    if recursive {
        flags |= libc::AT_RECURSIVE;
    }
    let (idmap, userns) = match attributes.idmap {
        Some(userns) => (libc::MOUNT_ATTR_IDMAP, userns.as_raw_fd()),
        None => (0, 0),
    };
    let attr: [u64; 4] = [
        attributes.set | idmap,
        0,
        0,
        u64::try_from(userns).unwrap_or(0),
    ];
    // SAFETY: the path is a C string, and `attr` has the layout of the kernel's `struct mount_attr`
    // (four u64: set, clear, propagation, userns_fd) whose size is passed along.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            fd.as_raw_fd(),
            EMPTY.as_ptr(),
            flags,
            attr.as_ptr(),
            size_of_val(&attr),
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit_code(work: &mut dyn FnMut() -> i32) -> i32 {
        let child = spawn_in_place(work).expect("a process");
        let reaped = wait4(child).expect("its end");
        assert!(libc::WIFEXITED(reaped.status), "{reaped:?}");
        libc::WEXITSTATUS(reaped.status)
    }

    #[test]
    fn a_process_in_place_has_ended_when_its_parent_goes_on_and_left_its_memory_there() {
        let mut seen = 0;
        let code = exit_code(&mut || {
            seen = std::process::id();
            7
        });
        assert_eq!(code, 7);
        assert!(seen != 0 && seen != std::process::id(), "{seen}");
    }

    #[test]
    fn what_a_process_in_place_opens_its_parent_has() {
        use std::io::{Read, Write};
        let mut ends = None;
        let code = exit_code(&mut || {
            ends = io::pipe().ok();
            0
        });
        assert_eq!(code, 0);
        let (mut reader, mut writer) = ends.expect("a pipe");
        writer.write_all(b"x").expect("an open pipe");
        let mut byte = [0];
        reader.read_exact(&mut byte).expect("an open pipe");
        assert_eq!(&byte, b"x");
    }

    #[test]
    fn a_panic_in_place_ends_only_that_process() {
        assert_eq!(exit_code(&mut || panic!("on purpose")), 3);
    }
}

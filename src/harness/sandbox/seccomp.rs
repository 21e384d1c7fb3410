//! The filter on system calls, a constant of this program: nothing is compiled when a run starts.
//!
//! It takes away what Python programs have no use for and kernels have had holes in. What the other
//! layers already forbid is refused here once more, before any code of the kernel is reached. Calls
//! newer than this list answer "no such call", as on an older kernel.
//!
//! There are two of them. One decides all by itself, for wherever nobody can be asked. The other has calls that take
//! locks wait for the init's answer (see [`super::locks`]); without somebody who answers they would not exist.

mod program;

use nix::libc::{self, c_long, sock_filter};

use program::{ANY, CAPACITY, Program};

/// What the filter knows of the machine, and what no other way of calling in may bypass.
#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xC000_00B7;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
compile_error!("the sandbox's system call filter knows x86-64 and aarch64 only");

/// The newest call known here (`mseal`, Linux 6.10). Also below every x32 number.
const LAST_KNOWN: u32 = 462;

/// Answered with "not permitted".
#[rustfmt::skip]
const DENIED: &[c_long] = &[
    // Namespaces, mounts, roots.
    libc::SYS_unshare, libc::SYS_setns, libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root,
    libc::SYS_chroot, libc::SYS_open_tree, libc::SYS_move_mount, libc::SYS_fsopen,
    libc::SYS_fsconfig, libc::SYS_fsmount, libc::SYS_fspick, libc::SYS_mount_setattr,
    STATMOUNT, LISTMOUNT,
    // Other processes.
    libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_kcmp,
    libc::SYS_pidfd_getfd, libc::SYS_process_madvise, libc::SYS_process_mrelease,
    libc::SYS_move_pages, libc::SYS_migrate_pages,
    // Keys, which are not namespaced and outlive a run.
    libc::SYS_add_key, libc::SYS_request_key, libc::SYS_keyctl,
    // Programs, modules and watchers inside the kernel.
    libc::SYS_bpf, libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_init_module,
    libc::SYS_finit_module, libc::SYS_delete_module, libc::SYS_kexec_load,
    libc::SYS_fanotify_init, libc::SYS_fanotify_mark, LOOKUP_DCOOKIE,
    // Watchers of files: they see what the host's programs open, and use up a small budget that the user has outside.
    libc::SYS_inotify_init1, libc::SYS_inotify_add_watch, libc::SYS_inotify_rm_watch,
    // The machine.
    libc::SYS_reboot, libc::SYS_swapon, libc::SYS_swapoff, libc::SYS_acct, libc::SYS_syslog,
    libc::SYS_quotactl, libc::SYS_quotactl_fd, libc::SYS_sethostname, libc::SYS_setdomainname,
    libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_clock_adjtime, libc::SYS_adjtimex,
    libc::SYS_vhangup, libc::SYS_nfsservctl,
    // Requests for which the whole machine has one small budget.
    libc::SYS_io_setup,
    // Files by handle, around every mount.
    libc::SYS_open_by_handle_at, libc::SYS_name_to_handle_at,
    // Memory that no resident set shows, so that no sampling can see it.
    libc::SYS_memfd_create, libc::SYS_memfd_secret, libc::SYS_shmget, libc::SYS_shmat,
    libc::SYS_msgget, libc::SYS_semget, libc::SYS_mq_open, libc::SYS_vmsplice,
    libc::SYS_mbind, libc::SYS_set_mempolicy,
];

/// The same, for calls that only this machine has.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const DENIED_HERE: &[c_long] = &[
    libc::SYS_inotify_init, libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt, libc::SYS_uselib, libc::SYS_ustat,
    libc::SYS_sysfs, libc::SYS__sysctl, CREATE_MODULE, GET_KERNEL_SYMS, QUERY_MODULE, libc::SYS_kexec_file_load,
];
#[cfg(not(target_arch = "x86_64"))]
const DENIED_HERE: &[c_long] = &[libc::SYS_kexec_file_load];

/// Long gone, but numbered.
#[cfg(target_arch = "x86_64")]
const CREATE_MODULE: c_long = 174;
#[cfg(target_arch = "x86_64")]
const GET_KERNEL_SYMS: c_long = 177;
#[cfg(target_arch = "x86_64")]
const QUERY_MODULE: c_long = 178;

#[cfg(target_arch = "x86_64")]
const LOOKUP_DCOOKIE: c_long = 212;
#[cfg(target_arch = "aarch64")]
const LOOKUP_DCOOKIE: c_long = 18;
/// Not in the C library's headers yet; the same everywhere.
const STATMOUNT: c_long = 457;
const LISTMOUNT: c_long = 458;

/// Answered with "no such call", for which libraries have a second way.
const UNKNOWN: &[c_long] = &[
    // Its flags lie in memory, where no filter can see them.
    libc::SYS_clone3,
    // Does input and output, sockets included, past any filter.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
];

/// `clone` may not make namespaces.
const NAMESPACE_FLAGS: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET)
    .cast_unsigned();
/// Requests that type into a terminal. The kernel looks at the low half only, and so do we.
const TERMINAL_INPUT: [u32; 2] = [0x5412, 0x541C];
/// The one family whose pairs are of use. Its only protocol is its own.
const UNIX: u32 = libc::AF_UNIX.cast_unsigned();
/// Families that a network namespace isolates, and their usual protocols: the default one, ICMP, TCP, UDP, ICMPv6.
/// Asked for any other the kernel loads code that hardly any program uses.
const FAMILIES: [u32; 2] = [
    libc::AF_INET.cast_unsigned(),
    libc::AF_INET6.cast_unsigned(),
];
const PROTOCOLS: [u32; 5] = [0, 1, 6, 17, 58];
/// Netlink, only to list interfaces and addresses (protocol 0).
const NETLINK: u32 = libc::AF_NETLINK.cast_unsigned();
/// Execution domains: the usual one, and the question for the present one.
const PERSONALITIES: [u32; 2] = [0, u32::MAX];

/// Commands of `fcntl` that take locks, or tell of those that others hold: the first and the last of each kind.
const LOCK_COMMANDS: [[i32; 2]; 2] = [
    [libc::F_GETLK, libc::F_SETLKW],
    [libc::F_OFD_GETLK, libc::F_OFD_SETLKW],
];
/// The init, as the processes of the run number it.
const INIT: u32 = 1;
/// Commands that leave a mark on a file that lasts (`F_SET_RW_HINT`, `F_SET_FILE_RW_HINT`), whatever it was opened for.
const HINT_COMMANDS: [u32; 2] = [1036, 1038];
/// Commands that hold up whoever else opens a file, or tell of it: the first and the last.
const LEASE_COMMANDS: [i32; 2] = [libc::F_SETLEASE, libc::F_NOTIFY];
/// The newest command known here (`F_SET_FILE_RW_HINT`).
const LAST_KNOWN_COMMAND: u32 = 1038;
/// Requests of `flock` that only let go.
const UNLOCKS: [u32; 2] = [
    libc::LOCK_UN.cast_unsigned(),
    (libc::LOCK_UN | libc::LOCK_NB).cast_unsigned(),
];
/// Asks to answer for the calls of a filter of one's own.
#[allow(clippy::cast_possible_truncation)] // one of the low bits
const NEW_LISTENER: u32 = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER as u32;
/// What threads share and processes may not: see [`super::locks`].
const DESCRIPTOR_TABLE: u32 = libc::CLONE_FILES.cast_unsigned();
const THREAD: u32 = libc::CLONE_THREAD.cast_unsigned();

/// Offsets in the kernel's `struct seccomp_data`, low halves on a little-endian machine.
const NUMBER_AT: u32 = 0;
const ARCHITECTURE_AT: u32 = 4;
const fn argument_at(index: u32) -> u32 {
    16 + 8 * index
}

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const KILL: u32 = libc::SECCOMP_RET_KILL_PROCESS;
const fn errno(number: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | number.cast_unsigned()
}
const NOT_PERMITTED: u32 = errno(libc::EPERM);
const NO_SUCH_CALL: u32 = errno(libc::ENOSYS);
const NO_SUCH_FAMILY: u32 = errno(libc::EAFNOSUPPORT);
const NO_SUCH_PROTOCOL: u32 = errno(libc::EPROTONOSUPPORT);
const NO_SUCH_COMMAND: u32 = errno(libc::EINVAL);
/// Waits for whoever holds the filter's listener.
const ASK: u32 = libc::SECCOMP_RET_USER_NOTIF;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small positive numbers
const fn number(call: c_long) -> u32 {
    assert!(call >= 0 && call <= LAST_KNOWN as c_long);
    call as u32
}

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Answer(u32),
    /// Depends on its arguments: one of [`BLOCKS`], by index.
    Block(usize),
}

/// Calls whose arguments matter.
const BLOCKS: [c_long; 9] = [
    libc::SYS_clone,
    libc::SYS_ioctl,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_personality,
    libc::SYS_prlimit64,
    libc::SYS_fcntl,
    libc::SYS_flock,
    libc::SYS_seccomp,
];
/// How many of them matter where nobody can be asked.
const ALWAYS: usize = 6;

/// What is done about locks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Locks {
    /// They are left alone.
    Free,
    /// Whoever holds the filter's listener is asked about each.
    Asked,
}

impl Locks {
    const fn blocks(self) -> usize {
        match self {
            Self::Free => ALWAYS,
            Self::Asked => BLOCKS.len(),
        }
    }
}

const fn contains(calls: &[c_long], call: u32) -> bool {
    let mut index = 0;
    while index < calls.len() {
        if number(calls[index]) == call {
            return true;
        }
        index += 1;
    }
    false
}

const fn verdict(call: u32, locks: Locks) -> Verdict {
    let mut block = 0;
    while block < locks.blocks() {
        if number(BLOCKS[block]) == call {
            return Verdict::Block(block);
        }
        block += 1;
    }
    Verdict::Answer(if call > LAST_KNOWN || contains(UNKNOWN, call) {
        NO_SUCH_CALL
    } else if contains(DENIED, call) || contains(DENIED_HERE, call) {
        NOT_PERMITTED
    } else {
        ALLOW
    })
}

const fn same(left: Verdict, right: Verdict) -> bool {
    match (left, right) {
        (Verdict::Answer(left), Verdict::Answer(right)) => left == right,
        (Verdict::Block(left), Verdict::Block(right)) => left == right,
        _ => false,
    }
}

/// Numbers of calls, cut where the verdict changes.
struct Ranges {
    starts: [u32; CAPACITY],
    count: usize,
}

const fn ranges(locks: Locks) -> Ranges {
    let mut ranges = Ranges {
        starts: [0; CAPACITY],
        count: 1,
    };
    let mut call = 1;
    while call <= LAST_KNOWN + 1 {
        if !same(verdict(call - 1, locks), verdict(call, locks)) {
            ranges.starts[ranges.count] = call;
            ranges.count += 1;
        }
        call += 1;
    }
    ranges
}

impl Program {
    /// Decides by halves, so that a call costs a handful of steps and not one for each rule; the kernel also
    /// tries every number when the filter is installed. `blocks` notes where a block is to be jumped to.
    const fn decide(
        &mut self,
        ranges: &Ranges,
        from: usize,
        to: usize,
        locks: Locks,
        blocks: &mut [usize; BLOCKS.len()],
    ) {
        if to - from == 1 {
            match verdict(ranges.starts[from], locks) {
                Verdict::Answer(answer) => self.answer(answer),
                Verdict::Block(block) => {
                    blocks[block] = self.length;
                    self.push(libc::BPF_JMP | libc::BPF_JA, 0, 0, 0);
                }
            }
            return;
        }
        let middle = usize::midpoint(from, to);
        let at = self.length;
        self.if_at_least(ranges.starts[middle], 0);
        self.decide(ranges, from, middle, locks, blocks);
        self.code[at].jt = self.since(at);
        self.decide(ranges, middle, to, locks, blocks);
    }

    /// The calls whose arguments matter, in the order of [`BLOCKS`].
    const fn judge_arguments(&mut self, locks: Locks, blocks: &[usize; BLOCKS.len()]) {
        let [clone, ioctl, socket, socketpair, personality, prlimit, ..] = *blocks;
        self.land(clone);
        self.load(argument_at(0));
        self.if_any(NAMESPACE_FLAGS, 1);
        self.answer(NOT_PERMITTED);
        if let Locks::Asked = locks {
            self.if_any(DESCRIPTOR_TABLE, 2);
            self.push(ANY, 1, 0, THREAD);
            self.answer(NOT_PERMITTED);
        }
        self.answer(ALLOW);

        self.land(ioctl);
        self.load(argument_at(1));
        self.answer_if_one_of(&TERMINAL_INPUT, NOT_PERMITTED);
        self.answer(ALLOW);

        self.land(socket);
        self.load(argument_at(0));
        self.answer_if_equal(UNIX, ALLOW);
        let [internet, internet_6] = FAMILIES;
        self.answer_by_protocol(internet, &PROTOCOLS, NO_SUCH_PROTOCOL);
        self.answer_by_protocol(internet_6, &PROTOCOLS, NO_SUCH_PROTOCOL);
        self.answer_by_protocol(NETLINK, &[0], NO_SUCH_FAMILY);
        self.answer(NO_SUCH_FAMILY);

        self.land(socketpair);
        self.load(argument_at(0));
        self.answer_if_equal(UNIX, ALLOW);
        self.answer(NO_SUCH_FAMILY);

        self.land(personality);
        self.load(argument_at(0));
        self.answer_if_one_of(&PERSONALITIES, ALLOW);
        self.answer(NOT_PERMITTED);

        // A limit on its processor time would have the kernel kill the init, which looks like a failure of ours.
        self.land(prlimit);
        self.load(argument_at(0));
        self.answer_if_equal(INIT, NOT_PERMITTED);
        self.answer(ALLOW);

        if let Locks::Asked = locks {
            self.judge_locks(blocks);
        }
    }

    /// Where the family is this one, answers by the protocol asked for.
    const fn answer_by_protocol(&mut self, family: u32, protocols: &[u32], other: u32) {
        let at = self.length;
        self.if_equal(family, 0);
        self.load(argument_at(2));
        self.answer_if_one_of(protocols, ALLOW);
        self.answer(other);
        self.code[at].jf = self.since(at);
    }

    /// The rest of them, which matter where somebody can be asked.
    const fn judge_locks(&mut self, blocks: &[usize; BLOCKS.len()]) {
        let [.., fcntl, flock, seccomp] = *blocks;
        self.land(fcntl);
        self.load(argument_at(1));
        let [of_processes, of_descriptions] = LOCK_COMMANDS;
        self.answer_if_between(of_processes, ASK);
        self.answer_if_between(of_descriptions, ASK);
        self.answer_if_between(LEASE_COMMANDS, NOT_PERMITTED);
        self.answer_if_one_of(&HINT_COMMANDS, NOT_PERMITTED);
        self.if_at_least(LAST_KNOWN_COMMAND + 1, 1);
        self.answer(NO_SUCH_COMMAND);
        self.answer(ALLOW);

        self.land(flock);
        self.load(argument_at(1));
        self.answer_if_one_of(&UNLOCKS, ALLOW);
        self.answer(ASK);

        // The newest filter's supervisor is the one that is asked.
        self.land(seccomp);
        self.load(argument_at(1));
        self.if_any(NEW_LISTENER, 1);
        self.answer(NOT_PERMITTED);
        self.answer(ALLOW);
    }
}

const fn build(locks: Locks) -> Program {
    let mut program = Program::empty();
    program.load(ARCHITECTURE_AT);
    // 32-bit calls from a 64-bit process have other numbers: no rule below would mean anything.
    program.if_equal(ARCHITECTURE, 1);
    program.push(libc::BPF_JMP | libc::BPF_JA, 0, 0, 1);
    program.answer(KILL);
    program.load(NUMBER_AT);
    let ranges = ranges(locks);
    let mut blocks = [0; BLOCKS.len()];
    program.decide(&ranges, 0, ranges.count, locks, &mut blocks);
    program.judge_arguments(locks, &blocks);
    program
}

static LOCKS_FREE: Program = build(Locks::Free);
static LOCKS_ASKED: Program = build(Locks::Asked);

/// A filter's instructions.
pub(super) fn filter(locks: Locks) -> &'static [sock_filter] {
    let program = match locks {
        Locks::Free => &LOCKS_FREE,
        Locks::Asked => &LOCKS_ASKED,
    };
    program.code()
}

/// The filter that asks nobody, as bytes, for a process that takes it on by itself.
pub(crate) struct Portable {
    /// The machine it is for, as the kernel names it.
    pub(crate) machine: &'static str,
    /// How many instructions it has.
    pub(crate) instructions: usize,
    /// They, in this machine's order of bytes, two digits for each.
    pub(crate) code_hex: String,
}

/// See [`Portable`].
pub(crate) fn portable() -> Portable {
    let filter = filter(Locks::Free);
    let mut code_hex = String::with_capacity(filter.len() * 16);
    for step in filter {
        let [a, b] = step.code.to_ne_bytes();
        let [e, f, g, h] = step.k.to_ne_bytes();
        for byte in [a, b, step.jt, step.jf, e, f, g, h] {
            code_hex.push_str(&format!("{byte:02x}"));
        }
    }
    Portable {
        machine: std::env::consts::ARCH,
        instructions: filter.len(),
        code_hex,
    }
}

#[cfg(test)]
mod tests;

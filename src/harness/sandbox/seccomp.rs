//! The filter on system calls, a constant of this program: nothing is compiled when a run starts.
//!
//! It takes away what Python programs have no use for and kernels have had holes in. What the other
//! layers already forbid is refused here once more, before any code of the kernel is reached. Calls
//! newer than this list answer "no such call", as on an older kernel.

use nix::libc::{self, c_long, sock_filter};

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
    // The machine.
    libc::SYS_reboot, libc::SYS_swapon, libc::SYS_swapoff, libc::SYS_acct, libc::SYS_syslog,
    libc::SYS_quotactl, libc::SYS_quotactl_fd, libc::SYS_sethostname, libc::SYS_setdomainname,
    libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_clock_adjtime, libc::SYS_adjtimex,
    libc::SYS_vhangup, libc::SYS_nfsservctl,
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
    libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt, libc::SYS_uselib, libc::SYS_ustat,
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
/// Families of sockets that a network namespace isolates.
const FAMILIES: [u32; 3] = [
    libc::AF_UNIX.cast_unsigned(),
    libc::AF_INET.cast_unsigned(),
    libc::AF_INET6.cast_unsigned(),
];
/// Netlink, only to list interfaces and addresses (protocol 0).
const NETLINK: u32 = libc::AF_NETLINK.cast_unsigned();
/// Execution domains: the usual one, and the question for the present one.
const PERSONALITIES: [u32; 2] = [0, u32::MAX];

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

/// A program under construction.
struct Program {
    code: [sock_filter; CAPACITY],
    length: usize,
}

/// More than enough; the unused end is cut off.
const CAPACITY: usize = 512;

impl Program {
    const fn push(&mut self, code: u32, yes: u8, no: u8, value: u32) {
        #[allow(clippy::cast_possible_truncation)] // classic BPF codes have 16 bits
        let code = code as u16;
        self.code[self.length] = sock_filter {
            code,
            jt: yes,
            jf: no,
            k: value,
        };
        self.length += 1;
    }

    const fn load(&mut self, at: u32) {
        self.push(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, at);
    }

    /// Goes on with the next instruction if equal, else jumps over `skip`.
    const fn if_equal(&mut self, value: u32, skip: u8) {
        self.push(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, skip, value);
    }

    const fn answer(&mut self, answer: u32) {
        self.push(libc::BPF_RET | libc::BPF_K, 0, 0, answer);
    }

    const fn answer_if_equal(&mut self, value: u32, answer: u32) {
        self.if_equal(value, 1);
        self.answer(answer);
    }

    const fn answer_for_all(&mut self, calls: &[c_long], answer: u32) {
        let mut index = 0;
        while index < calls.len() {
            self.answer_if_equal(number(calls[index]), answer);
            index += 1;
        }
    }

    const fn answer_if_one_of(&mut self, values: &[u32], answer: u32) {
        let mut index = 0;
        while index < values.len() {
            self.answer_if_equal(values[index], answer);
            index += 1;
        }
    }

    /// Starts a block for one call; `end_block` makes it the right length.
    const fn start_block(&mut self, call: c_long) -> usize {
        self.if_equal(number(call), 0);
        self.length
    }

    const fn end_block(&mut self, start: usize, otherwise: u32) {
        self.answer(otherwise);
        let length = self.length - start;
        assert!(length <= u8::MAX as usize);
        #[allow(clippy::cast_possible_truncation)] // just asserted
        let skip = length as u8;
        self.code[start - 1].jf = skip;
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // small positive numbers
const fn number(call: c_long) -> u32 {
    assert!(call >= 0 && call <= LAST_KNOWN as c_long);
    call as u32
}

const fn build() -> Program {
    let nothing = sock_filter {
        code: 0,
        jt: 0,
        jf: 0,
        k: 0,
    };
    let mut program = Program {
        code: [nothing; CAPACITY],
        length: 0,
    };
    program.load(ARCHITECTURE_AT);
    // 32-bit calls from a 64-bit process have other numbers: no rule below would mean anything.
    program.push(
        libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
        1,
        0,
        ARCHITECTURE,
    );
    program.answer(KILL);
    program.load(NUMBER_AT);
    program.push(
        libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K,
        0,
        1,
        LAST_KNOWN,
    );
    program.answer(NO_SUCH_CALL);
    program.answer_for_all(DENIED, NOT_PERMITTED);
    program.answer_for_all(DENIED_HERE, NOT_PERMITTED);
    program.answer_for_all(UNKNOWN, NO_SUCH_CALL);

    let block = program.start_block(libc::SYS_clone);
    program.load(argument_at(0));
    program.push(
        libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K,
        0,
        1,
        NAMESPACE_FLAGS,
    );
    program.answer(NOT_PERMITTED);
    program.end_block(block, ALLOW);

    let block = program.start_block(libc::SYS_ioctl);
    program.load(argument_at(1));
    program.answer_if_one_of(&TERMINAL_INPUT, NOT_PERMITTED);
    program.end_block(block, ALLOW);

    let block = program.start_block(libc::SYS_socket);
    program.load(argument_at(0));
    program.answer_if_one_of(&FAMILIES, ALLOW);
    program.if_equal(NETLINK, 3);
    program.load(argument_at(2));
    program.answer_if_equal(0, ALLOW);
    program.end_block(block, NO_SUCH_FAMILY);

    let block = program.start_block(libc::SYS_personality);
    program.load(argument_at(0));
    program.answer_if_one_of(&PERSONALITIES, ALLOW);
    program.end_block(block, NOT_PERMITTED);

    program.answer(ALLOW);
    program
}

static PROGRAM: Program = build();

/// The filter's instructions.
pub(super) fn filter() -> &'static [sock_filter] {
    &PROGRAM.code[..PROGRAM.length]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Classic BPF as far as the filter uses it.
    fn judge(architecture: u32, call: u32, arguments: [u64; 3]) -> u32 {
        let field = |at: u32| match at {
            NUMBER_AT => call,
            ARCHITECTURE_AT => architecture,
            at => {
                let index = (at as usize - 16) / 8;
                assert_eq!(at, argument_at(index as u32));
                arguments[index] as u32
            }
        };
        let (mut accumulator, mut at) = (0, 0);
        loop {
            let step = filter()[at];
            let operation = u32::from(step.code) & 0xF0;
            at += 1;
            match u32::from(step.code) & 0x07 {
                libc::BPF_LD => accumulator = field(step.k),
                libc::BPF_RET => return step.k,
                libc::BPF_JMP => {
                    let yes = match operation {
                        libc::BPF_JEQ => accumulator == step.k,
                        libc::BPF_JGT => accumulator > step.k,
                        libc::BPF_JSET => accumulator & step.k != 0,
                        other => panic!("unknown jump {other:#x}"),
                    };
                    at += usize::from(if yes { step.jt } else { step.jf });
                }
                other => panic!("unknown class {other:#x}"),
            }
        }
    }

    fn here(call: c_long, arguments: [u64; 3]) -> u32 {
        judge(ARCHITECTURE, number(call), arguments)
    }

    #[test]
    fn another_architecture_is_killed() {
        assert_eq!(judge(0x4000_0003, 20, [0; 3]), KILL);
        assert_eq!(judge(0, 0, [0; 3]), KILL);
    }

    #[test]
    fn unknown_numbers_do_not_exist() {
        for call in [
            LAST_KNOWN + 1,
            1000,
            0x4000_0000,
            0x4000_0000 | 56,
            u32::MAX,
        ] {
            assert_eq!(judge(ARCHITECTURE, call, [0; 3]), NO_SUCH_CALL, "{call:#x}");
        }
    }

    #[test]
    fn every_listed_call_is_answered_as_listed() {
        for call in DENIED.iter().chain(DENIED_HERE) {
            assert_eq!(here(*call, [0; 3]), NOT_PERMITTED, "{call}");
        }
        for call in UNKNOWN {
            assert_eq!(here(*call, [0; 3]), NO_SUCH_CALL, "{call}");
        }
    }

    #[test]
    fn no_call_is_listed_twice() {
        let mut all: Vec<_> = [DENIED, DENIED_HERE, UNKNOWN].concat();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn ordinary_calls_pass() {
        for call in [
            libc::SYS_read,
            libc::SYS_write,
            libc::SYS_openat,
            libc::SYS_execve,
            libc::SYS_mmap,
            libc::SYS_futex,
            libc::SYS_exit_group,
            libc::SYS_kill,
            libc::SYS_close_range,
        ] {
            assert_eq!(here(call, [u64::MAX; 3]), ALLOW, "{call}");
        }
    }

    #[test]
    fn clone_makes_threads_and_processes_but_no_namespaces() {
        let thread = (libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND) as u64;
        assert_eq!(here(libc::SYS_clone, [thread, 0, 0]), ALLOW);
        assert_eq!(here(libc::SYS_clone, [libc::SIGCHLD as u64, 0, 0]), ALLOW);
        for flag in [libc::CLONE_NEWUSER, libc::CLONE_NEWNET, libc::CLONE_NEWNS] {
            let flags = flag as u64 | libc::SIGCHLD as u64;
            assert_eq!(
                here(libc::SYS_clone, [flags, 0, 0]),
                NOT_PERMITTED,
                "{flag:#x}"
            );
        }
    }

    #[test]
    fn typing_into_a_terminal_is_refused_whatever_the_high_half() {
        assert_eq!(here(libc::SYS_ioctl, [0, 0x5412, 0]), NOT_PERMITTED);
        assert_eq!(
            here(libc::SYS_ioctl, [0, 0x5412 | 1 << 32, 0]),
            NOT_PERMITTED
        );
        assert_eq!(here(libc::SYS_ioctl, [0, 0x5401, 0]), ALLOW);
    }

    #[test]
    fn only_isolated_families_of_sockets_exist() {
        let socket =
            |family: i32, protocol: u64| here(libc::SYS_socket, [family as u64, 1, protocol]);
        assert_eq!(socket(libc::AF_UNIX, 0), ALLOW);
        assert_eq!(socket(libc::AF_INET, 6), ALLOW);
        assert_eq!(socket(libc::AF_INET6, 17), ALLOW);
        assert_eq!(socket(libc::AF_NETLINK, 0), ALLOW);
        assert_eq!(socket(libc::AF_NETLINK, 9), NO_SUCH_FAMILY);
        for family in [libc::AF_VSOCK, libc::AF_ALG, libc::AF_PACKET, libc::AF_XDP] {
            assert_eq!(socket(family, 0), NO_SUCH_FAMILY, "{family}");
        }
    }

    #[test]
    fn the_execution_domain_stays() {
        assert_eq!(here(libc::SYS_personality, [0, 0, 0]), ALLOW);
        assert_eq!(
            here(libc::SYS_personality, [u64::from(u32::MAX), 0, 0]),
            ALLOW
        );
        assert_eq!(
            here(libc::SYS_personality, [0x0004_0000, 0, 0]),
            NOT_PERMITTED
        );
    }
}

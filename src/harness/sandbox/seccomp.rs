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
/// The one family whose pairs are of use.
const PAIR_FAMILY: u32 = libc::AF_UNIX.cast_unsigned();
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

    const fn answer_if_one_of(&mut self, values: &[u32], answer: u32) {
        let mut index = 0;
        while index < values.len() {
            self.answer_if_equal(values[index], answer);
            index += 1;
        }
    }
}

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
const BLOCKS: [c_long; 5] = [
    libc::SYS_clone,
    libc::SYS_ioctl,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_personality,
];

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

const fn verdict(call: u32) -> Verdict {
    let mut block = 0;
    while block < BLOCKS.len() {
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

const fn ranges() -> Ranges {
    let mut ranges = Ranges {
        starts: [0; CAPACITY],
        count: 1,
    };
    let mut call = 1;
    while call <= LAST_KNOWN + 1 {
        if !same(verdict(call - 1), verdict(call)) {
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
        blocks: &mut [usize; BLOCKS.len()],
    ) {
        if to - from == 1 {
            match verdict(ranges.starts[from]) {
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
        let test = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
        self.push(test, 0, 0, ranges.starts[middle]);
        self.decide(ranges, from, middle, blocks);
        let skip = self.length - at - 1;
        assert!(skip <= u8::MAX as usize);
        #[allow(clippy::cast_possible_truncation)] // just asserted
        let skip = skip as u8;
        self.code[at].jt = skip;
        self.decide(ranges, middle, to, blocks);
    }

    /// What follows is where `jump` leads.
    const fn land(&mut self, jump: usize) {
        let distance = self.length - jump - 1;
        #[allow(clippy::cast_possible_truncation)]
        // the whole program has a few hundred instructions
        let distance = distance as u32;
        self.code[jump].k = distance;
    }

    /// The calls whose arguments matter, in the order of [`BLOCKS`].
    const fn judge_arguments(&mut self, blocks: &[usize; BLOCKS.len()]) {
        let [clone, ioctl, socket, socketpair, personality] = *blocks;
        self.land(clone);
        self.load(argument_at(0));
        let test = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
        self.push(test, 0, 1, NAMESPACE_FLAGS);
        self.answer(NOT_PERMITTED);
        self.answer(ALLOW);

        self.land(ioctl);
        self.load(argument_at(1));
        self.answer_if_one_of(&TERMINAL_INPUT, NOT_PERMITTED);
        self.answer(ALLOW);

        self.land(socket);
        self.load(argument_at(0));
        self.answer_if_one_of(&FAMILIES, ALLOW);
        self.if_equal(NETLINK, 3);
        self.load(argument_at(2));
        self.answer_if_equal(0, ALLOW);
        self.answer(NO_SUCH_FAMILY);

        self.land(socketpair);
        self.load(argument_at(0));
        self.answer_if_equal(PAIR_FAMILY, ALLOW);
        self.answer(NO_SUCH_FAMILY);

        self.land(personality);
        self.load(argument_at(0));
        self.answer_if_one_of(&PERSONALITIES, ALLOW);
        self.answer(NOT_PERMITTED);
    }
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
    program.if_equal(ARCHITECTURE, 1);
    program.push(libc::BPF_JMP | libc::BPF_JA, 0, 0, 1);
    program.answer(KILL);
    program.load(NUMBER_AT);
    let ranges = ranges();
    let mut blocks = [0; BLOCKS.len()];
    program.decide(&ranges, 0, ranges.count, &mut blocks);
    program.judge_arguments(&blocks);
    program
}

static PROGRAM: Program = build();

/// The filter's instructions.
pub(super) fn filter() -> &'static [sock_filter] {
    &PROGRAM.code[..PROGRAM.length]
}

/// The filter as bytes, for a process that takes it on by itself.
pub(crate) struct Portable {
    /// The machine it is for, as the kernel names it.
    pub(crate) machine: &'static str,
    /// How many instructions it has.
    pub(crate) instructions: usize,
    /// They, in this machine's order of bytes, two digits for each.
    pub(crate) code_hex: String,
}

/// The same filter, to be used elsewhere.
pub(crate) fn portable() -> Portable {
    let mut code_hex = String::with_capacity(filter().len() * 16);
    for step in filter() {
        let [a, b] = step.code.to_ne_bytes();
        let [e, f, g, h] = step.k.to_ne_bytes();
        for byte in [a, b, step.jt, step.jf, e, f, g, h] {
            code_hex.push_str(&format!("{byte:02x}"));
        }
    }
    Portable {
        machine: std::env::consts::ARCH,
        instructions: filter().len(),
        code_hex,
    }
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
                libc::BPF_JMP if operation == libc::BPF_JA => at += step.k as usize,
                libc::BPF_JMP => {
                    let yes = match operation {
                        libc::BPF_JEQ => accumulator == step.k,
                        libc::BPF_JGE => accumulator >= step.k,
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
    fn every_other_call_passes() {
        let listed = [DENIED, DENIED_HERE, UNKNOWN, &BLOCKS].concat();
        for call in (0..=LAST_KNOWN).filter(|call| !contains(&listed, *call)) {
            assert_eq!(judge(ARCHITECTURE, call, [0; 3]), ALLOW, "{call}");
        }
    }

    #[test]
    fn no_call_is_listed_twice() {
        let mut all: Vec<_> = [DENIED, DENIED_HERE, UNKNOWN, &BLOCKS].concat();
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
    fn pairs_of_sockets_are_of_one_family() {
        let pair = |family: i32| here(libc::SYS_socketpair, [family as u64, 1, 0]);
        assert_eq!(pair(libc::AF_UNIX), ALLOW);
        for family in [
            libc::AF_INET,
            libc::AF_VSOCK,
            libc::AF_TIPC,
            libc::AF_PACKET,
        ] {
            assert_eq!(pair(family), NO_SUCH_FAMILY, "{family}");
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

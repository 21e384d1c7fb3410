use super::*;

/// Both filters: what neither is named for must hold of each.
const BOTH: [Locks; 2] = [Locks::Free, Locks::Asked];

/// The answer of both filters, which must be the same.
fn judge(architecture: u32, call: u32, arguments: [u64; 3]) -> u32 {
    let [free, asked] = BOTH.map(|locks| judge_by(locks, architecture, call, arguments));
    assert_eq!(free, asked, "{call} {arguments:x?}");
    free
}

/// Classic BPF as far as the filter uses it.
fn judge_by(locks: Locks, architecture: u32, call: u32, arguments: [u64; 3]) -> u32 {
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
        let step = filter(locks)[at];
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

fn asked(call: c_long, arguments: [u64; 3]) -> u32 {
    judge_by(Locks::Asked, ARCHITECTURE, number(call), arguments)
}

fn free(call: c_long, arguments: [u64; 3]) -> u32 {
    judge_by(Locks::Free, ARCHITECTURE, number(call), arguments)
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
    let thread =
        (libc::CLONE_VM | libc::CLONE_FILES | libc::CLONE_THREAD | libc::CLONE_SIGHAND) as u64;
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
    let socket = |family: i32, protocol: u64| here(libc::SYS_socket, [family as u64, 1, protocol]);
    assert_eq!(socket(libc::AF_UNIX, 0), ALLOW);
    assert_eq!(socket(libc::AF_INET, 6), ALLOW);
    assert_eq!(socket(libc::AF_INET6, 17), ALLOW);
    assert_eq!(socket(libc::AF_NETLINK, 0), ALLOW);
    assert_eq!(socket(libc::AF_NETLINK, 9), NO_SUCH_FAMILY);
    for (family, protocol) in [
        (libc::AF_INET, 132),
        (libc::AF_INET, 262),
        (libc::AF_INET6, 136),
    ] {
        assert_eq!(socket(family, protocol), NO_SUCH_PROTOCOL, "{family}");
    }
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

#[test]
fn whoever_is_asked_is_asked_about_every_way_to_lock() {
    for high in [0, 1 << 32, u64::from(u32::MAX) << 32] {
        for command in [5, 6, 7, 36, 37, 38] {
            assert_eq!(
                asked(libc::SYS_fcntl, [3, command | high, 0]),
                ASK,
                "{command}"
            );
        }
        for request in [1, 2, 1 | 4, 2 | 4, 0, 32, 32 | 64] {
            assert_eq!(
                asked(libc::SYS_flock, [3, request | high, 0]),
                ASK,
                "{request}"
            );
        }
        for unlock in [8, 8 | 4] {
            assert_eq!(
                asked(libc::SYS_flock, [3, unlock | high, 0]),
                ALLOW,
                "{unlock}"
            );
        }
    }
}

#[test]
fn descriptors_can_be_duplicated_and_described_without_asking() {
    for command in (0..=4)
        .chain([8, 9, 10, 11, 15, 16, 1027])
        .chain(1030..=1035)
        .chain([1037])
    {
        assert_eq!(here(libc::SYS_fcntl, [3, command, 0]), ALLOW, "{command}");
    }
}

#[test]
fn leases_and_commands_to_come_are_not_for_harnesses_with_locks_of_their_own() {
    for command in [1024, 1025, 1026] {
        assert_eq!(
            asked(libc::SYS_fcntl, [3, command, 0]),
            NOT_PERMITTED,
            "{command}"
        );
    }
    for command in [1039, 1040, 5000, u64::from(u32::MAX)] {
        assert_eq!(
            asked(libc::SYS_fcntl, [3, command, 0]),
            NO_SUCH_COMMAND,
            "{command}"
        );
    }
}

#[test]
fn only_threads_share_descriptors() {
    let flags = |flags: i32| [flags as u64 | libc::SIGCHLD as u64, 0, 0];
    assert_eq!(
        asked(libc::SYS_clone, flags(libc::CLONE_FILES)),
        NOT_PERMITTED
    );
    let vfork = libc::CLONE_VM | libc::CLONE_VFORK;
    assert_eq!(
        asked(libc::SYS_clone, flags(vfork | libc::CLONE_FILES)),
        NOT_PERMITTED
    );
    assert_eq!(here(libc::SYS_clone, flags(vfork)), ALLOW);
}

#[test]
fn nobody_else_can_be_asked() {
    for flags in [8, 8 | 32, 8 | 1] {
        assert_eq!(
            asked(libc::SYS_seccomp, [1, flags, 0]),
            NOT_PERMITTED,
            "{flags}"
        );
    }
    assert_eq!(here(libc::SYS_seccomp, [1, 0, 0]), ALLOW);
}

#[test]
fn where_nobody_answers_nobody_is_asked() {
    let last = u64::from(LAST_KNOWN_COMMAND) + 10;
    for argument in (0..=last).chain([u64::MAX]) {
        for call in 0..=LAST_KNOWN {
            let answer = judge_by(Locks::Free, ARCHITECTURE, call, [argument; 3]);
            assert_ne!(answer, ASK, "{call} {argument}");
        }
        for call in [libc::SYS_fcntl, libc::SYS_flock, libc::SYS_seccomp] {
            assert_eq!(free(call, [3, argument, 0]), ALLOW, "{call} {argument}");
        }
    }
    let flags = (libc::CLONE_FILES | libc::SIGCHLD) as u64;
    assert_eq!(free(libc::SYS_clone, [flags, 0, 0]), ALLOW);
}

#[test]
fn limits_of_the_init_are_not_the_harnesss_to_set() {
    let prlimit = |process: u64| here(libc::SYS_prlimit64, [process, 0, 0]);
    assert_eq!(prlimit(0), ALLOW);
    assert_eq!(prlimit(2), ALLOW);
    assert_eq!(prlimit(1), NOT_PERMITTED);
    // The kernel looks at the low half.
    assert_eq!(prlimit(1 << 32 | 1), NOT_PERMITTED);
}

#[test]
fn nothing_lasting_is_written_to_files_opened_for_reading() {
    for command in HINT_COMMANDS {
        let arguments = [3, u64::from(command), 0];
        assert_eq!(asked(libc::SYS_fcntl, arguments), NOT_PERMITTED);
        let question = [3, u64::from(command - 1), 0];
        assert_eq!(asked(libc::SYS_fcntl, question), ALLOW);
    }
}

use super::hostile::*;
use super::*;

fn small() -> HarnessLimits {
    HarnessLimits {
        memory_bytes: 128 << 20,
        tmp_bytes: 256 << 20,
        ..limits()
    }
}

/// Runs what must end for its memory, in every world, and tells the peaks.
#[track_caller]
fn runs_out(text: &str) {
    for (world, outcome) in attack_within(text, &small()) {
        assert_eq!(outcome.ending, Ending::Oom, "{world}: {outcome:?}");
        assert_eq!(outcome.returncode, 137);
        let peak = outcome.peak_memory_bytes.expect("a peak");
        assert!(peak > 100 << 20, "{world}: {peak}");
        if means(&outcome.enforced, "memory").is_some_and(|means| means.starts_with("control")) {
            assert!(peak <= 135 << 20, "{world}: {peak}");
        }
    }
}

#[test]
fn one_process_that_touches_too_much_is_out_of_memory() {
    runs_out("kept = []\nwhile True: kept.append(b'x' * (1 << 20)); time.sleep(0.001)");
}

#[test]
fn children_that_touch_little_each_are_out_of_memory_together() {
    runs_out(
        "for _ in range(8):\n    \
             if os.fork() == 0:\n        \
                 kept = b'x' * (40 << 20); time.sleep(60)\n\
         time.sleep(60)",
    );
}

#[test]
fn scratch_space_is_memory() {
    for folder in ["/tmp", "/dev/shm"] {
        runs_out(&format!(
            "for n in range(200):\n    \
                 open(f'{folder}/{{n}}', 'wb').write(b'x' * (1 << 20)); time.sleep(0.001)\n\
             time.sleep(60)"
        ));
    }
    runs_out(
        "import mmap\nshared = mmap.mmap(-1, 1 << 30)\n\
         for at in range(0, 1 << 30, 4096): shared[at] = 1",
    );
}

#[test]
fn page_tables_are_memory() {
    // Looking at memory that was never written costs a page of tables for each two MiB, and is resident nowhere.
    runs_out(
        "libc.mmap.restype = ctypes.c_void_p\nsize = 1 << 40\n\
         start = libc.mmap(None, ctypes.c_size_t(size), 1, 0x4022, -1, ctypes.c_long(0))\n\
         for at in range(start, start + size, 2 << 20): ctypes.c_char.from_address(at).value",
    );
}

#[test]
fn a_signal_nine_from_the_harness_is_not_called_out_of_memory() {
    let text =
        "kept = b'x' * (60 << 20)\nif os.fork() == 0: os.kill(os.getppid(), 9)\ntime.sleep(30)";
    for (world, outcome) in attack_within(text, &small()) {
        assert_eq!(
            outcome.ending,
            Ending::Signal { number: 9 },
            "{world}: {outcome:?}"
        );
        assert_eq!(outcome.returncode, 137);
    }
}

#[test]
fn a_memory_error_that_the_harness_handles_is_no_ending() {
    held_within(
        "import mmap\n\
         try: kept = b'x' * (1 << 50)\nexcept MemoryError: expect('refused', True)\n\
         sparse = mmap.mmap(-1, 1 << 36, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)\n\
         sparse[0] = 1; sparse[(1 << 36) - 1] = 1\nexpect('sparse', True)",
        &small(),
    );
}

#[test]
fn reading_files_larger_than_the_limit_is_not_using_memory() {
    for (world, sandbox) in worlds() {
        let source = "with open('/workspace/large', 'rb') as file:\n    \
                          while file.read(1 << 20): pass\nprint('read')\n";
        let folder = workspace(source);
        let large = fs::File::create(folder.path().join("large")).unwrap();
        large.set_len(300 << 20).unwrap();
        let limits = small();
        let outcome = sandbox
            .run(&request(folder.path(), &limits), &Cancel::default())
            .unwrap();
        assert_eq!(outcome.ending, Ending::Ok, "{world}: {outcome:?}");
    }
}

#[test]
fn memory_cannot_be_locked_nor_hidden_in_objects_of_the_kernel() {
    held(
        r#"
import mmap, resource, socket
area = mmap.mmap(-1, 64 << 20); address = ctypes.addressof(ctypes.c_char.from_buffer(area))
attempt('lock', lambda: call((149, 228), address, 64 << 20), by=('ENOMEM', 'EPERM', 'EAGAIN'))
attempt('lock on fault', lambda: call((325, 284), address, 64 << 20, 1), by=('ENOMEM', 'EPERM', 'EAGAIN'))
attempt('lock all', lambda: call((151, 230), 1), by=('ENOMEM', 'EPERM', 'EAGAIN'))
attempt('huge pages', lambda: mmap.mmap(-1, 2 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000), by=('ENOMEM', 'EPERM', 'EINVAL'))
attempt('shared segment', lambda: call((29, 194), 0, 1 << 20, 0o1600), by=REFUSED)
attempt('message queue', lambda: call((68, 186), 0, 0o1600), by=REFUSED)
attempt('semaphores', lambda: call((64, 190), 0, 100, 0o1600), by=REFUSED)
attempt('posix queue', lambda: call((240, 180), b'/dfab', 0o102, 0o600, 0), by=REFUSED)
attempt('pages into a pipe', lambda: call((278, 75), 1, 0, 0, 0), by=REFUSED)
import fcntl
reading, writing = os.pipe()
attempt('a pipe without end', fcntl.fcntl, writing, 1031, 64 << 20, by=('EPERM',))
"#,
    );
}

#[test]
fn what_lies_in_pipes_and_sockets_is_bounded_or_counted() {
    // No resident set shows it. The kernel bounds pipes for each user; sockets only a control group counts.
    held(
        r#"
import fcntl
kept, piped = [], 0
try:
    while True:
        reading, writing = os.pipe(); kept += [reading, writing]
        try: fcntl.fcntl(writing, 1031, 1 << 20)
        except OSError: pass
        os.set_blocking(writing, False)
        try:
            while True: piped += os.write(writing, b'x' * 4096)
        except BlockingIOError: pass
except OSError: pass
expect('pipes', piped <= 80 << 20, piped)
"#,
    );
    let sockets = r#"
import socket
ends = []
while True:
    for end in socket.socketpair():
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30); end.setblocking(False); ends.append(end)
        try:
            while True: end.send(b'x' * 65536)
        except BlockingIOError: pass
"#;
    for (world, outcome) in attack_within(sockets, &small()) {
        match means(&outcome.enforced, "memory") {
            Some(means) if means.starts_with("control group") => {
                assert_eq!(outcome.ending, Ending::Oom, "{world}: {outcome:?}");
            }
            // Bounded by descriptors alone.
            _ => assert_eq!(
                outcome.ending,
                Ending::Exit { code: 1 },
                "{world}: {outcome:?}"
            ),
        }
    }
}

#[test]
fn recursion_in_c_ends_as_an_error_or_a_crash() {
    let text = "sys.setrecursionlimit(10**9)\nkept = []\n\
                for _ in range(10**6): kept = [kept]\nrepr(kept)";
    for (world, outcome) in attack(text) {
        assert!(
            matches!(
                outcome.ending,
                Ending::Signal { number: 11 } | Ending::Exit { code: 1 }
            ),
            "{world}: {outcome:?}"
        );
    }
}

#[test]
fn the_peak_is_near_what_was_touched_whatever_the_caller_holds() {
    // Resident from here on, as in a validator that has been at work for a while.
    let mut ours = vec![0_u8; 500 << 20];
    for at in (0..ours.len()).step_by(4096) {
        ours[at] = 1;
    }
    let text = "kept = b'x' * (100 << 20)\ntime.sleep(0.2)";
    for (world, outcome) in attack(text) {
        assert_eq!(outcome.ending, Ending::Ok, "{world}: {outcome:?}");
        let peak = outcome.peak_memory_bytes.expect("a peak");
        assert!((100 << 20..150 << 20).contains(&peak), "{world}: {peak}");
    }
    assert_eq!(ours[4096], 1);
}

#[test]
fn processor_time_counts_children_that_nobody_waits_for() {
    let limits = HarnessLimits {
        cpu_seconds: 1,
        wall_time: Duration::from_secs(8),
        ..limits()
    };
    let text = "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n\
                while True:\n    \
                    if os.fork() == 0:\n        \
                        end = time.process_time() + 0.2\n        \
                        while time.process_time() < end: pass\n        \
                        os._exit(0)\n    \
                    time.sleep(0.25)";
    for (world, outcome) in attack_within(text, &limits) {
        let measured = means(&outcome.enforced, "cpu_time")
            .is_some_and(|means| means.starts_with("control group"));
        // Without, only the living are seen and what they have waited for: the wall clock bounds the rest.
        let held = outcome.ending == Ending::TimeoutCpu
            || !measured && outcome.ending == Ending::TimeoutWall;
        assert!(held, "{world}: {outcome:?}");
    }
}

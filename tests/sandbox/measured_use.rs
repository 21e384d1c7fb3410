//! What a run is said to use, and what is held against it, whoever counts: a control group or the keeper.

use super::hostile::*;
use super::*;

/// Shared memory by name has room for most of it.
fn half_a_gib() -> HarnessLimits {
    HarnessLimits {
        memory_bytes: 512 << 20,
        tmp_bytes: 400 << 20,
        ..limits()
    }
}

/// Runs what stays within its limits, in every world; the peak in MiB is within these bounds.
#[track_caller]
fn stays_within(text: &str, mib: std::ops::Range<u64>) {
    for (world, outcome) in attack_within(text, &half_a_gib()) {
        assert_eq!(outcome.ending, Ending::Ok, "{world}: {outcome:?}");
        let peak = outcome.peak_memory_bytes.expect("a peak") >> 20;
        assert!(mib.contains(&peak), "{world}: {peak} MiB");
    }
}

#[test]
fn a_child_that_borrows_its_parent_s_memory_takes_none() {
    // What `subprocess` does, but as long as anyone may look: the child stays in `vfork` for a tenth of a second.
    stays_within(
        r#"
kept = b'x' * (300 << 20)
class Pause(ctypes.Structure): _fields_ = [('seconds', ctypes.c_long), ('nanoseconds', ctypes.c_long)]
pause = Pause(0, 100_000_000)
libc.clone.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
stack = ctypes.create_string_buffer(1 << 16)
top = (ctypes.addressof(stack) + (1 << 16)) & ~15
# Not a line of Python in the child: libc sleeps, and the return of its function ends it.
sleep = ctypes.cast(libc.nanosleep, ctypes.c_void_p)
for _ in range(5):
    child = libc.clone(sleep, top, 0x100 | 0x4000 | 17, ctypes.addressof(pause))
    assert child > 0, ctypes.get_errno()
    os.waitpid(child, 0)
"#,
        300..345,
    );
}

#[test]
fn shared_memory_by_name_counts_once_however_often_it_is_mapped() {
    let once = "import mmap\nfile = open('/dev/shm/area', 'w+b'); file.truncate(230 << 20)\n\
                area = mmap.mmap(file.fileno(), 230 << 20)\n\
                for at in range(0, 230 << 20, 4096): area[at] = 1\n\
                kept = b'x' * (60 << 20)\n";
    stays_within(&format!("{once}time.sleep(0.3)"), 285..330);
    let again = "for _ in range(3):\n    \
                     other = mmap.mmap(file.fileno(), 230 << 20)\n    \
                     for at in range(0, 230 << 20, 4096): other[at]\n    \
                     time.sleep(0.1)\n";
    stays_within(&format!("{once}{again}"), 285..330);
    // But what was copied for writing counts beside the file.
    let copied = "copy = mmap.mmap(file.fileno(), 230 << 20, flags=mmap.MAP_PRIVATE)\n\
                  for at in range(0, 230 << 20, 4096): copy[at] = 2\n\
                  time.sleep(5)";
    for (world, outcome) in attack_within(&format!("{once}{copied}"), &half_a_gib()) {
        assert_eq!(outcome.ending, Ending::Oom, "{world}: {outcome:?}");
    }
}

#[test]
fn what_children_share_counts_once() {
    stays_within(
        "kept = b'x' * (8 << 20)\nfor _ in range(20):\n    \
             if os.fork() == 0: time.sleep(0.4); os._exit(0)\n\
         for _ in range(20): os.wait()",
        12..110,
    );
}

#[test]
fn memory_is_seen_when_the_first_thread_has_ended() {
    let text = "import threading\n\
                def work():\n    \
                    kept = []\n    \
                    for _ in range(32): kept.append(b'x' * (32 << 20)); time.sleep(0.01)\n    \
                    time.sleep(0.5); os._exit(0)\n\
                threading.Thread(target=work).start()\n\
                call((60, 93), 0)";
    for (world, outcome) in attack_within(text, &half_a_gib()) {
        assert_eq!(outcome.ending, Ending::Oom, "{world}: {outcome:?}");
        // Not at the end, by what the kernel says then, but while it went on.
        let peak = outcome.peak_memory_bytes.expect("a peak");
        assert!(peak < 900 << 20, "{world}: {outcome:?}");
    }
}

#[test]
fn memory_of_children_is_seen_when_their_first_threads_have_ended() {
    // A first child that nobody waits for comes before them: it has no memory, and neither have those threads.
    let text = "import threading\n\
                def work():\n    \
                    kept = b'x' * (240 << 20); time.sleep(5); os._exit(0)\n\
                if os.fork() == 0: os._exit(0)\n\
                for _ in range(3):\n    \
                    if os.fork() == 0:\n        \
                        threading.Thread(target=work).start()\n        \
                        call((60, 93), 0)\n\
                time.sleep(5)";
    for (world, outcome) in attack_within(text, &half_a_gib()) {
        assert_eq!(outcome.ending, Ending::Oom, "{world}: {outcome:?}");
        assert!(outcome.wall_seconds < 4.0, "{world}: {outcome:?}");
    }
}

#[test]
fn what_was_too_much_is_out_of_memory_even_if_nobody_looked_then() {
    let limits = HarnessLimits {
        memory_bytes: 32 << 20,
        ..limits()
    };
    // Soon gone again, and all seems well.
    let text = "import mmap\nsize = 32 << 20\n\
                area = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n\
                libc.memset(ctypes.byref(ctypes.c_char.from_buffer(area)), 1, ctypes.c_size_t(size))\n\
                libc.munmap(ctypes.byref(ctypes.c_char.from_buffer(area)), ctypes.c_size_t(size))\n\
                os._exit(0)";
    for _ in 0..8 {
        for (world, outcome) in attack_within(text, &limits) {
            assert_eq!(outcome.ending, Ending::Oom, "{world}: {outcome:?}");
        }
    }
}

#[test]
fn processor_time_counts_orphans() {
    let limits = HarnessLimits {
        cpu_seconds: 1,
        wall_time: Duration::from_secs(15),
        ..limits()
    };
    // Each has lost its parent, and is waited for by the init alone.
    let text = "end = time.monotonic() + 12\n\
                while time.monotonic() < end:\n    \
                    reading, writing = os.pipe()\n    \
                    if os.fork() == 0:\n        \
                        if os.fork() == 0:\n            \
                            over = time.process_time() + 0.2\n            \
                            while time.process_time() < over: pass\n        \
                        os._exit(0)\n    \
                    os.wait(); os.close(writing); os.read(reading, 1); os.close(reading)";
    for (world, outcome) in attack_within(text, &limits) {
        assert_eq!(outcome.ending, Ending::TimeoutCpu, "{world}: {outcome:?}");
        let used = outcome.cpu_seconds.expect("a time");
        assert!((0.9..1.6).contains(&used), "{world}: {used}");
    }
}

use super::hostile::*;
use super::*;

/// Whether locks are looked at on this machine; says why not.
fn locks_are_looked_at() -> bool {
    let Some(sandbox) = sandbox() else {
        return false;
    };
    let enforced = sandbox.check().expect("a sandbox");
    let there = means(&enforced, "file_locks").is_some();
    if !there {
        let entry = enforced.iter().find(|entry| entry.name == "file_locks");
        eprintln!("skipped: {entry:?}");
    }
    there
}

/// Ways to take a lock, and to ask about those of others.
const WAYS: &str = r"
import fcntl, struct
def locked(number): return lambda fd: fcntl.fcntl(fd, number, struct.pack('hhqqi4x', fcntl.F_RDLCK, 0, 0, 0, 0))
WAYS = {
    'share': lambda fd: fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB), 'own': lambda fd: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB),
    'share and wait': lambda fd: fcntl.flock(fd, fcntl.LOCK_SH), 'own and wait': lambda fd: fcntl.flock(fd, fcntl.LOCK_EX),
    'mandatory': lambda fd: call((73, 32), fd, 32 | 64), 'high half': lambda fd: call((73, 32), fd, 5 | 1 << 32),
    'high half of the descriptor': lambda fd: call((73, 32), fd | 1 << 32, 5),
    'of a process': locked(6), 'of a process, waiting': locked(7), 'who of processes': locked(5),
    'of a description': locked(37), 'of a description, waiting': locked(38), 'who of descriptions': locked(36),
    'high half of a command': lambda fd: call((72, 25), fd, 37 | 1 << 32, struct.pack('hhqqi4x', 0, 0, 0, 0, 0)),
}
";

#[test]
fn what_runs_share_cannot_be_locked() {
    if !locks_are_looked_at() {
        return;
    }
    let attack = r#"
import threading
NOT = ('EPERM',)
shared = [sys.executable, os.__file__, os.path.dirname(os.__file__), '/', '/usr', '/dev', '/dev/null', '/dev/zero', '/dev/urandom']
shared += [path for path in ('/proc', '/proc/self/status', '/proc/self/ns/uts', '/proc/self/ns/user', '/proc/self/ns/mnt') if os.path.exists(path)]
def all_ways(where, fd):
    for name, way in WAYS.items(): attempt(f'{where} {name}', way, fd, by=NOT)
for path in shared:
    try: fd = os.open(path, os.O_RDONLY)
    except PermissionError: continue
    all_ways(path, fd)
    for lease in (fcntl.F_RDLCK, fcntl.F_WRLCK): attempt('lease', fcntl.fcntl, fd, fcntl.F_SETLEASE, lease, by=NOT)
    attempt('lease of another', fcntl.fcntl, fd, fcntl.F_GETLEASE, by=NOT)
    attempt('notices', fcntl.fcntl, fd, fcntl.F_NOTIFY, fcntl.DN_ACCESS, by=NOT)
    for command in (1039, 1040, 1050): attempt('to come', lambda: call((72, 25), fd, command, 0), by=('EINVAL',))
# However the same file is come by.
fd = os.open(sys.executable, os.O_RDONLY)
all_ways('duplicate', os.dup(fd))
all_ways('moved', os.dup2(fd, 100))
all_ways('opened anew', os.open(f'/proc/self/fd/{fd}' if os.path.exists('/proc/self/fd') else sys.executable, os.O_RDONLY))
import socket
left, right = socket.socketpair()
socket.send_fds(left, [b'x'], [fd]); all_ways('sent', socket.recv_fds(right, 1, 1)[1][0])
os.symlink(sys.executable, '/tmp/link'); all_ways('link', os.open('/tmp/link', os.O_RDONLY))
# Files without a name of which the machine has one in common.
import select
for name, made in (('epoll', select.epoll().fileno), ('eventfd', lambda: os.eventfd(0)), ('pidfd', lambda: os.pidfd_open(os.getpid()))):
    try: shared_fd = made()
    except (OSError, AttributeError): continue
    all_ways(name, os.dup(shared_fd))
# Whoever asks.
thread = threading.Thread(target=all_ways, args=('thread', fd)); thread.start(); thread.join()
def family():
    all_ways('child', fd)
    if os.fork() == 0:
        all_ways('grandchild', fd)
        os.execv(sys.executable, [sys.executable, '-c', f'import fcntl\ntry: fcntl.flock({fd}, 5)\nexcept PermissionError: print("held after execve", flush=True)\nelse: print("BREACH after execve", flush=True)'])
    os.wait()
os.set_inheritable(fd, True)
in_child(family)
# One that hides what it has open has no locks.
libc.prctl(4, 0, 0, 0, 0)
all_ways('hidden', fd)
if os.path.exists('/proc/self'): all_ways('hidden', os.open('/tmp/mine', os.O_CREAT | os.O_RDONLY))
"#;
    for said in held(&format!("{WAYS}{attack}")) {
        for who in [
            "thread share",
            "grandchild own",
            "after execve",
            "epoll own",
        ] {
            assert!(said.contains(&format!("held {who}")), "{who}: {said}");
        }
    }
}

#[test]
fn nobody_but_a_thread_can_exchange_what_was_looked_at() {
    if !locks_are_looked_at() {
        return;
    }
    held(
        r#"
FILES, VM, VFORK = 0x400, 0x100, 0x4000
def child(flags):
    pid = call((56, 220), flags | 17, 0, 0, 0, 0)
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
    return pid
for flags in (FILES, FILES | 0x200, FILES | 0x800, FILES | 1 << 32): attempt(f'share {flags:#x}', child, flags, by=('EPERM',))
expect('a child of its own', child(0) > 0)
# A supervisor of one's own would be asked in the init's place.
import struct
steps = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fc00000))
program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 1, ctypes.addressof(steps)))
for flags in (8, 8 | 32, 8 | 1 | 16, 8 | 1 << 32): attempt(f'listen {flags:#x}', lambda: call((317, 277), 1, flags, program), by=('EPERM',))
# One that lets everything pass changes nothing.
import fcntl
def under_a_filter():
    steps = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fff0000))
    program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 1, ctypes.addressof(steps)))
    call((317, 277), 1, 0, program)
    try: fcntl.flock(os.open(sys.executable, os.O_RDONLY), fcntl.LOCK_SH)
    except OSError as error: os._exit(error.errno)
    os._exit(0)
status = in_child(under_a_filter)
expect('under a filter', os.WEXITSTATUS(status) == 1, status)
"#,
    );
}

#[test]
fn runs_at_the_same_time_see_nothing_of_each_others_locks() {
    if !locks_are_looked_at() {
        return;
    }
    let source = armed(&format!(
        "{WAYS}{}",
        r#"
until = time.monotonic() + 1.5
files = [os.open(path, os.O_RDONLY | extra) for path, extra in (('/workspace/harness.py', 0), ('/workspace', 0), ('/tmp', 0), ('/tmp/x', os.O_CREAT), ('/dev/shm/x', os.O_CREAT))]
shared = os.open(sys.executable, os.O_RDONLY)
rounds = 0
while time.monotonic() < until:
    for fd in files: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    for name, way in WAYS.items():
        try: way(shared)
        except PermissionError: pass
        else: print('BREACH', name)
    time.sleep(0.01)
    for fd in files: fcntl.flock(fd, fcntl.LOCK_UN)
    rounds += 1
print('over' if rounds > 1 else 'too slow')
"#
    ));
    for (world, sandbox) in worlds() {
        std::thread::scope(|scope| {
            let runs = [(); 2].map(|()| scope.spawn(|| run(sandbox, &source)));
            for outcome in runs.map(|run| run.join().unwrap()) {
                let shown = format!("{world}: {outcome:?}\n{}", outcome.stderr_tail());
                assert_eq!(outcome.stdout, b"over\n", "{shown}");
            }
        });
    }
}

/// Children and threads that lock as fast as they can, where they may and where they may not.
const FLOOD: &str = r"
import fcntl, threading
def flood():
    mine, shared = os.open('/tmp/flood', os.O_CREAT | os.O_RDWR), os.open(sys.executable, os.O_RDONLY)
    def lock(fd, way):
        while True:
            try: way(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError: pass
    for fd in (mine, shared):
        for way in (fcntl.flock, fcntl.lockf): threading.Thread(target=lock, args=(fd, way)).start()
def flooding(count):
    children = []
    for _ in range(count):
        pid = os.fork()
        if pid == 0:
            flood()
            time.sleep(60)
        children.append(pid)
    return children
";

#[test]
fn no_flood_of_locks_keeps_the_clock_from_ending_it() {
    let limits = HarnessLimits {
        wall_time: Duration::from_secs(2),
        ..limits()
    };
    for (world, outcome) in attack_within(&format!("{FLOOD}flooding(8)\nflood()\n"), &limits) {
        let shown = format!("{world}: {outcome:?}\n{}", outcome.stderr_tail());
        assert_eq!(outcome.ending, Ending::TimeoutWall, "{shown}");
        assert!(outcome.wall_seconds < 4.0, "{shown}");
    }
}

#[test]
fn no_flood_of_locks_keeps_the_dead_from_being_reaped() {
    // Orphans that end by and by, each to be reaped by the init, or they would count as processes for ever.
    let text = r"
flooding(4)
time.sleep(0.2)
for _ in range(300):
    pid = os.fork()
    if pid == 0:
        if os.fork() == 0: os._exit(0)
        os._exit(0)
    os.waitpid(pid, 0)
    time.sleep(0.002)
print('over', flush=True)
os._exit(3)
";
    for (world, outcome) in attack(&format!("{FLOOD}{text}")) {
        let shown = format!("{world}: {outcome:?}\n{}", outcome.stderr_tail());
        assert_eq!(outcome.ending, Ending::Exit { code: 3 }, "{shown}");
        assert_eq!(outcome.stdout, b"over\n", "{shown}");
        assert!(outcome.wall_seconds < 15.0, "{shown}");
    }
}

#[test]
fn whoever_dies_or_stands_still_while_it_asks_or_waits_takes_nobody_along() {
    held(&format!(
        "{FLOOD}{}",
        r#"
import random, signal
random.seed(1)
fd = os.open('/tmp/held', os.O_CREAT | os.O_RDWR)
# Killed while it waits for a lock.
for way, theirs in ((fcntl.flock, lambda: os.open('/tmp/held', os.O_RDWR)), (fcntl.lockf, lambda: fd)):
    way(fd, fcntl.LOCK_EX)
    pid = os.fork()
    if pid == 0:
        way(theirs(), fcntl.LOCK_EX)
        os._exit(0)
    time.sleep(0.2)
    expect('it waits', os.waitpid(pid, os.WNOHANG) == (0, 0))
    os.kill(pid, signal.SIGKILL)
    expect('it dies', os.WTERMSIG(os.waitpid(pid, 0)[1]) == 9)
    way(fd, fcntl.LOCK_UN)
    status = in_child(lambda: (way(theirs(), fcntl.LOCK_EX | fcntl.LOCK_NB), os._exit(0)))
    expect('another has it', status == 0, status)
# Killed, or stopped, at any moment of many questions.
for _ in range(20):
    children = flooding(3)
    time.sleep(random.random() / 20)
    for pid in children: os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    for _ in range(20): fcntl.flock(fd, fcntl.LOCK_EX); fcntl.lockf(fd, fcntl.LOCK_EX); fcntl.lockf(fd, fcntl.LOCK_UN)
    if time.monotonic() - began > 5: expect('stopped ones are passed over', False, time.monotonic() - began)
    for pid in children[1:]: os.kill(pid, signal.SIGCONT)
    time.sleep(random.random() / 50)
    for pid in children: os.kill(pid, signal.SIGKILL)
    for pid in children:
        if os.WTERMSIG(os.waitpid(pid, 0)[1]) != 9: expect('it dies', False)
    fcntl.flock(fd, fcntl.LOCK_UN)
expect('locks still work', fcntl.flock(fd, fcntl.LOCK_EX) is None)
# The init is not woken to death by the signal it listens for, whoever sends it.
for _ in range(2000):
    try: os.kill(1, signal.SIGCHLD)
    except PermissionError: break
expect('and still', fcntl.lockf(fd, fcntl.LOCK_EX) is None)
"#
    ));
}

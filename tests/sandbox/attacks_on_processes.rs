use super::hostile::*;
use super::*;

#[test]
fn the_init_and_the_keeper_cannot_be_reached() {
    // Others stand in their place in containers, which have a test of their own.
    if IN_CONTAINERS {
        return;
    }
    held(
        r#"
import signal
expect('the parent is the init', os.getppid() == 1)
attempt('seize', lambda: call((101, 117), 0x4206, 1, 0, 0), by=(*REFUSED, 'ESRCH'))
attempt('attach', lambda: call((101, 117), 16, 1, 0, 0), by=(*REFUSED, 'ESRCH'))
attempt('be traced', lambda: call((101, 117), 0, 0, 0, 0), by=REFUSED)
buffer = ctypes.create_string_buffer(64)
vector = (ctypes.c_ulong * 2)(ctypes.addressof(buffer), 64)
for name, numbers in (('read memory', (310, 270)), ('write memory', (311, 271))):
    for pid in (1, os.getpid()):
        attempt(name, lambda: call(numbers, pid, vector, 1, vector, 1, 0), by=REFUSED)
for name in ('mem', 'environ', 'maps', 'exe', 'cwd', 'root', 'fd', 'fdinfo', 'auxv', 'stack', 'syscall', 'cmdline', 'status',
             'ns/user', 'ns/mnt', 'ns/pid', 'task/1/mem', 'map_files'):
    attempt('/proc/1/' + name, lambda: os.stat('/proc/1/' + name), by=('ENOENT', 'EACCES', 'EPERM', 'ESRCH'))
try: pidfd = os.pidfd_open(1)
except OSError: pidfd = None
if pidfd is not None:
    for number in range(3): attempt('take a descriptor', lambda: call(438, pidfd, number, 0), by=REFUSED)
    attempt('namespace of a process', lambda: call((308, 268), pidfd, 0x10000000), by=REFUSED)
    attempt('advise', lambda: call(440, pidfd, vector, 1, 4, 0), by=REFUSED)
    attempt('reap memory', lambda: call(448, pidfd, 0), by=REFUSED)
attempt('compare', lambda: call((312, 272), os.getpid(), 1, 0, 0, 0), by=REFUSED)
import resource
for limit in (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_NOFILE):
    attempt('limit the init', resource.prlimit, 1, limit, (0, 0), by=('EPERM',))
for name in ('user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup', 'time'):
    path = '/proc/self/ns/' + name
    if os.path.exists(path):
        attempt('enter ' + name, lambda: call((308, 268), os.open(path, os.O_RDONLY), 0), by=REFUSED)
"#,
    );
}

#[test]
fn no_signal_gets_out_and_none_ends_the_init() {
    if IN_CONTAINERS && !has_landlock(6) {
        return;
    }
    let bystander = Bystander::start();
    let attack = format!(
        r#"
import signal
information = ctypes.create_string_buffer(128)
for number in (1, 2, 3, 9, 11, 15, 19, 34, 64):
    try: os.kill(1, number)
    except OSError: pass
    try: call((129, 138), 1, number, information)
    except OSError: pass
    try: signal.pidfd_send_signal(os.pidfd_open(1), number)
    except OSError: pass
signal.signal(15, signal.SIG_IGN)
for pid in {pids:?}:
    attempt('kill', os.kill, pid, 9, by=('ESRCH', 'EPERM'))
    attempt('kill a group', os.killpg, pid, 9, by=('ESRCH', 'EPERM'))
    attempt('descriptor of it', os.pidfd_open, pid, by=('ESRCH', 'EPERM', 'EINVAL'))
    attempt('priority of it', os.setpriority, os.PRIO_PROCESS, pid, 19, by=('ESRCH', 'EPERM'))
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
os.kill(-1, 9)
expect('everyone is our own child', child.wait() == -9)
"#,
        pids = [std::process::id(), bystander.0.id()],
    );
    held(&attack);
}

/// A process of the host that has nothing to do with anything.
struct Bystander(std::process::Child);

impl Bystander {
    fn start() -> Self {
        let mut command = Command::new(python().executable);
        command.args(["-c", "import time; time.sleep(600)"]);
        Self(command.spawn().expect("a bystander"))
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        assert!(
            matches!(self.0.try_wait(), Ok(None)),
            "the bystander was killed"
        );
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn only_processes_of_the_run_are_listed() {
    // In containers the shell and the engine's init are listed too.
    if IN_CONTAINERS {
        return;
    }
    held(
        r#"
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
seen = sorted(int(name) for name in os.listdir('/proc') if name.isdigit())
expect('listed', seen == [os.getpid(), child.pid], seen)
names = [name for name in os.listdir('/proc') if not name.isdigit()]
expect('only processes', set(names) <= {'self', 'thread-self', 'mounts'}, names)
for pid in range(1, 2000):
    if pid not in seen and os.path.exists(f'/proc/{pid}/comm') and os.path.exists(f'/proc/{pid}/environ'):
        expect(f'guessed {pid}', pid in seen + [t for p in seen for t in map(int, os.listdir(f'/proc/{p}/task'))])
child.kill(); child.wait()
"#,
    );
}

#[test]
fn bombs_of_processes_threads_and_zombies_stop_at_the_limit() {
    let limits = HarnessLimits {
        pids: 32,
        ..limits()
    };
    held_within(
        r#"
import threading
def zombies():
    made = 0
    try:
        for made in range(200):
            if os.fork() == 0: os._exit(0)
    except BlockingIOError: pass
    else: made = 200
    return made
made = zombies()
expect('zombies count', 20 <= made <= 32, made)
while True:
    try: os.wait()
    except ChildProcessError: break
event = threading.Event(); made = 0
try:
    for made in range(200): threading.Thread(target=event.wait, daemon=True).start()
except RuntimeError: pass
else: made = 200
expect('threads count', 20 <= made <= 32, made)
event.set()
reading, writing = os.pipe()
def bomb():
    "Doubles until it cannot, and says so once for each process that lived."
    for _ in range(9):
        try: os.fork()
        except BlockingIOError: break
    os.write(writing, b'x'); time.sleep(0.5); os._exit(0)
deadline = time.time() + 10
while threading.active_count() > 1 and time.time() < deadline: time.sleep(0.01)
if os.fork() == 0: bomb()
os.close(writing); lived = 0
while chunk := os.read(reading, 4096): lived += len(chunk)
expect('forks count', 5 <= lived <= 200, lived)
"#,
        &limits,
    );
}

#[test]
fn orphans_in_sessions_of_their_own_die_with_the_run() {
    let mark = format!("dfab-test-orphans-{}", std::process::id());
    let text = format!(
        r#"
code = 'import signal, time\nfor n in range(1, 65):\n    try: signal.signal(n, 1)\n    except (OSError, ValueError): pass\ntime.sleep(60)'
libc.prctl(36, 1, 0, 0, 0)
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0: os.execv(sys.executable, [sys.executable, '-c', code, {mark:?}])
        os._exit(0)
stopped = subprocess.Popen([sys.executable, '-c', code, {mark:?}]); os.kill(stopped.pid, 19)
expect('started', True)
"#
    );
    let started = Instant::now();
    held(&text);
    assert_eq!(processes_with(&mark), Vec::<u32>::new());
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_stopped_harness_and_one_without_its_first_thread_end_at_the_wall_clock() {
    let limits = HarnessLimits {
        wall_time: Duration::from_millis(1200),
        ..limits()
    };
    for text in [
        "os.kill(os.getpid(), 19)",
        "import threading\nthreading.Thread(target=time.sleep, args=(60,)).start()\nlibc.pthread_exit(None)",
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\nos.kill(child.pid, 19)\nchild.wait()",
    ] {
        for (world, outcome) in attack_within(text, &limits) {
            assert_eq!(
                outcome.ending,
                Ending::TimeoutWall,
                "{world}: {text}: {outcome:?}"
            );
        }
    }
}

#[test]
fn priorities_only_go_down_and_privileges_do_not_come_back() {
    held(
        r#"
import resource, struct
refused = ('EPERM', 'EACCES', 'EINVAL', 'ENOSYS')
attempt('nicer to us', os.setpriority, os.PRIO_PROCESS, 0, -5, by=refused)
attempt('first in, first out', os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1), by=refused)
attempt('round robin', os.sched_setscheduler, 0, os.SCHED_RR, os.sched_param(1), by=refused)
deadline = struct.pack('IIQiIQQQ', 48, 6, 0, 0, 0, 10**6, 10**7, 10**7)
attempt('deadline', lambda: call((314, 274), 0, deadline, 0), by=refused)
attempt('first at the disk', lambda: call((251, 30), 1, 0, 1 << 13), by=refused)
for what in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setresuid(0, 0, 0), lambda: os.seteuid(0),
             lambda: os.setgroups([0]), lambda: os.initgroups('root', 0)):
    attempt('identity', what, by=refused)
header, data = struct.pack('Ii', 0x20080522, 0), struct.pack('6I', *[0xffffffff] * 6)
attempt('capabilities', lambda: call((126, 91), header, data), by=refused)
locked = (('keep', 8, 1),) if SANDBOX else ()
for name, option, value in (('ambient', 47, 2), ('secure bits', 28, 0), *locked, ('new privileges', 38, 0)):
    attempt(name, lambda: call((157, 167), option, value, 0, 0, 0), by=refused)
expect('bounding set', all(libc.prctl(23, number, 0, 0, 0) != 1 for number in range(64)))
for name in ('NOFILE', 'NPROC', 'FSIZE', 'CORE', 'CPU', 'MEMLOCK', 'NICE', 'RTPRIO', 'MSGQUEUE'):
    kind = getattr(resource, 'RLIMIT_' + name)
    soft, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY: attempt(name, resource.setrlimit, kind, (soft, hard + 1), by=(*refused, 'ValueError'))
    expect(name + ' is bounded', hard != resource.RLIM_INFINITY or name == 'NPROC' or not SANDBOX and name == 'CPU', hard)
# Being dumpable again shows a process its own, and nothing of the init.
libc.prctl(4, 1, 0, 0, 0)
if SANDBOX: attempt('the init', lambda: open('/proc/1/environ').read())
attempt('adjust', put, '/proc/self/oom_score_adj', '-1000')
if SANDBOX: attempt('clear', put, '/proc/self/clear_refs', '5')
attempt('map', put, '/proc/self/uid_map', '0 0 1')
"#,
    );
}

#[test]
fn an_alarm_of_ones_own_is_a_signal_and_not_a_limit() {
    for (number, text) in [
        (14, "import signal\nsignal.alarm(1)\ntime.sleep(30)"),
        (
            27,
            "import signal\nsignal.setitimer(signal.ITIMER_PROF, 0.05)\nwhile True: pass",
        ),
        (
            26,
            "import signal\nsignal.setitimer(signal.ITIMER_VIRTUAL, 0.05)\nwhile True: pass",
        ),
    ] {
        for (world, outcome) in attack(text) {
            assert_eq!(
                outcome.ending,
                Ending::Signal { number },
                "{world}: {outcome:?}"
            );
        }
    }
}

#[test]
fn arguments_and_environments_of_any_size_are_only_refused() {
    held(
        r#"
for size in (1 << 17, 1 << 21, 1 << 23):
    long = 'x' * size
    attempt('argument', subprocess.run, [sys.executable, '-c', '1', long], by=('E2BIG', 'ENOMEM'))
    attempt('environment', lambda: subprocess.run([sys.executable, '-c', '1'], env={'A': long}), by=('E2BIG', 'ENOMEM'))
attempt('many', subprocess.run, [sys.executable, '-c', '1', *['x' * 1000] * 20000], by=('E2BIG', 'ENOMEM'))
"#,
    );
}

# Starts a program in an odd state: launcher.py STATE... -- PROGRAM ARGUMENT...
import ctypes, fcntl, os, resource, signal, struct, sys, tempfile, time
libc = ctypes.CDLL(None, use_errno=True)

def must(result):
    if result < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

def children_ignored(): signal.signal(signal.SIGCHLD, signal.SIG_IGN)
def signals_blocked(): signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
def hangup_ignored(): signal.signal(signal.SIGHUP, signal.SIG_IGN)
def signals_ignored():
    for number in set(range(1, 65)) - {9, 19}:
        # The library keeps two for itself; the kernel does not.
        action = ctypes.create_string_buffer(struct.pack('QQQQ', 1, 0, 0, 0))
        libc.syscall(ctypes.c_long(13 if os.uname().machine == 'x86_64' else 134), ctypes.c_long(number), action, None, ctypes.c_long(8))
def few_processes(): resource.setrlimit(resource.RLIMIT_NPROC, (3, 3))
def no_file_size(): resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
def few_descriptors(): resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
def many_descriptors():
    for _ in range(100): os.set_inheritable(os.open('/', os.O_RDONLY), True)
def no_permissions(): os.umask(0o777)
def no_folder(): folder = tempfile.mkdtemp(); os.chdir(folder); os.rmdir(folder)
def no_priority(): os.nice(19)
def no_right_to_raise_limits(): libc.prctl(24, 24, 0, 0, 0)
def short_stack(): resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))
def one_processor(): os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
def own_session(): os.setsid()
def alarm(): signal.setitimer(signal.ITIMER_VIRTUAL, 1000)

def filtered(first, last, error):
    "System calls of these numbers fail from now on, as on a kernel without them."
    steps = ctypes.create_string_buffer(struct.pack('HBBI' * 5, 0x20, 0, 0, 0, 0x35, 0, 2, first, 0x25, 1, 0, last, 6, 0, 0, 0x50000 | error, 6, 0, 0, 0x7fff0000))
    program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 5, ctypes.addressof(steps)))
    must(libc.prctl(38, 1, 0, 0, 0))
    must(libc.prctl(22, 2, program, 0, 0))
def no_landlock(): filtered(444, 446, 38)
def no_new_mounts(): filtered(428, 433, 38)

def without_listeners(): filtered(*[317 if os.uname().machine == 'x86_64' else 277] * 2, 38)
def asks_already():
    "Under a supervisor that is asked about nothing, but is there."
    steps = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0x7fff0000))
    program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 1, ctypes.addressof(steps)))
    must(libc.prctl(38, 1, 0, 0, 0))
    number = 317 if os.uname().machine == 'x86_64' else 277
    listener = libc.syscall(ctypes.c_long(number), ctypes.c_long(1), ctypes.c_long(8), program)
    must(listener)
    os.set_inheritable(listener, True)

def below(prepare):
    "In a user namespace of our own in which every id is what it was, as far as we may map it."
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        must(libc.unshare(0x10000000 | 0x20000))
        os.write(ready[1], b'x'); os.read(go[0], 1)
        prepare()
        return
    os.read(ready[0], 1)
    if os.getuid() == 0: ids, groups = '0 0 65535', '0 0 65535'
    else: ids, groups = f'{os.getuid()} {os.getuid()} 1', f'{os.getgid()} {os.getgid()} 1'
    if os.getuid(): open(f'/proc/{child}/setgroups', 'w').write('deny')
    open(f'/proc/{child}/uid_map', 'w').write(ids); open(f'/proc/{child}/gid_map', 'w').write(groups)
    os.write(go[1], b'x')
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
def no_user_namespaces():
    def forbid():
        with open('/proc/sys/user/max_user_namespaces', 'w') as file: file.write('0')
    below(forbid)
def other_mounts(change):
    must(libc.unshare(0x20000)); must(libc.mount(b'none', b'/', None, 0x44000, None))
    change()
def mount(path, kind=b'tmpfs', flags=0, source=b'none', data=None):
    must(libc.mount(source, path.encode(), kind, flags, data))
def no_control_groups(): other_mounts(lambda: mount('/sys/fs/cgroup'))
def read_only_control_groups():
    def change():
        points = [line.split()[1] for line in open('/proc/mounts') if line.split()[2].startswith('cgroup')]
        for point in points: mount(point, None, 0x20 | 0x1000 | 1)
    other_mounts(change)
def masked_proc():
    def change():
        for path in ('/proc/sys', '/proc/irq', '/proc/bus'):
            if os.path.isdir(path): mount(path)
    other_mounts(change)
def full_tmp():
    def change():
        folder = os.environ['TMPDIR']
        mount(folder, data=b'size=16k,nr_inodes=8,mode=1777')
        with open(folder + '/full', 'wb', buffering=0) as file:
            try:
                while True: file.write(b'x' * 4096)
            except OSError: pass
    other_mounts(change)
def group_places():
    mounts = [line.split() for line in open('/proc/self/mounts')]
    for line in open('/proc/self/cgroup'):
        _, controllers, path = line.strip().split(':', 2)
        if controllers and not set(controllers.split(',')) & {'memory', 'pids', 'cpuacct'}: continue
        for point in (m[1] for m in mounts if (m[2] == 'cgroup' and set(controllers.split(',')) <= set(m[3].split(',')) if controllers else m[2] == 'cgroup2')):
            try:
                # One without these is not looked at, and what is planted would stay.
                if controllers or {'memory', 'pids'} & set(open(f'{point}{path}/cgroup.controllers').read().split()): yield f'{point}{path}'
            except OSError: pass
def planted(name):
    for place in group_places():
        try: os.mkdir(f'{place}/{name}')
        except OSError: continue
        yield f'{place}/{name}'
def left_by_a_crash():
    "Groups of the very name that this process will want, and what was counted in them."
    list(planted(f'dfab-{os.getpid()}-0'))
def two_containers():
    """Groups of a process that holds them, as a dfab in another container does: it has our number there, or one that
    nobody has here. Beside them such as nobody holds. When we are gone, it says which are there and removes them."""
    ours, nobodys, ready = os.getpid(), 99999999, os.pipe()
    if os.fork():
        os.close(ready[1]); os.read(ready[0], 1)
        return
    held = [folder for number in (ours, nobodys) for folder in planted(f'dfab-{number}-0')]
    left = [folder for number in (ours, nobodys) for folder in planted(f'dfab-{number}-1')]
    locks = [os.open(folder, os.O_RDONLY) for folder in held]
    for lock in locks: fcntl.flock(lock, fcntl.LOCK_EX)
    os.close(ready[1])
    while os.getppid() == ours: time.sleep(.01)
    print('held:', *{os.path.exists(folder) for folder in held}, 'left:', *{os.path.exists(folder) for folder in left}, flush=True)
    for folder in held + left:
        if os.path.exists(folder): os.rmdir(folder)
    os._exit(0)
def nobody():
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
def delegated():
    "In groups of our own that nobody may divide further, as a service manager hands them over. Version 1 only."
    mounts = [line.split() for line in open('/proc/self/mounts')]
    for line in open('/proc/self/cgroup').readlines():
        _, controllers, path = line.strip().split(':', 2)
        if not set(controllers.split(',')) & {'memory', 'pids', 'cpuacct'}: continue
        point = next(m[1] for m in mounts if m[2] == 'cgroup' and set(controllers.split(',')) <= set(m[3].split(',')))
        folder = f'{point}{path}/' + os.environ['DELEGATED']
        os.makedirs(folder, exist_ok=True); os.chown(folder, 65534, 65534)
        with open(folder + '/cgroup.procs', 'w') as file: file.write('0')
def closed(numbers):
    for number in numbers: os.close(int(number))

states, program = sys.argv[1:sys.argv.index('--')], sys.argv[sys.argv.index('--') + 1:]
for state in states:
    if state.startswith('closed='): closed(state[7:])
    else: globals()[state]()
os.execv(program[0], program)

use super::hostile::*;
use super::*;

#[test]
fn privileged_and_rare_calls_end_before_the_kernel_looks_at_them() {
    held(
        r#"
x = ctypes.create_string_buffer(256)
for name, numbers, *arguments in (
    ('bpf', (321, 280), 0, x, 128), ('perf', (298, 241), x, 0, -1, -1, 0), ('userfaultfd', (323, 282), 1),
    ('module', (175, 105), x, 0, b''), ('module of a file', (313, 273), -1, b'', 0), ('no module', (176, 106), b'none', 0),
    ('kexec', (246, 104), 0, 0, 0, 0), ('kexec of a file', (320, 294), -1, -1, 0, b'', 0), ('watch', (300, 262), 0, 0),
    ('watch a path', (301, 263), -1, 1, 0, -100, b'/'), ('reboot', (169, 142), 0, 0, 0, 0), ('swap', (167, 224), b'/none', 0),
    ('no swap', (168, 225), b'/none'), ('account', (163, 89), b'/none'), ('log', (103, 116), 10, 0, 0),
    ('quota', (179, 60), 0, b'/', 0, x), ('quota of a file', 443, -1, 0, 0, x), ('host name', (170, 161), b'x', 1),
    ('domain', (171, 162), b'x', 1), ('time of day', (164, 170), x, 0), ('clock', (227, 112), 0, x),
    ('adjust clock', (305, 266), 0, x), ('adjust', (159, 171), x), ('hang up', (153, 58)), ('ports', (172, None), 3),
    ('port', (173, None), 0x80, 1, 1), ('segments', (154, None), 0, x, 256), ('library', (134, None), b'x'),
    ('ustat', (136, None), 0, x), ('file systems', (139, None), 3), ('pages of others', (279, 239), 0, 0, 0, 0, 0, 0),
    ('nodes of others', (256, 238), 0, 0, 0, 0), ('bind memory', (237, 235), 0, 0, 0, 0, 0, 0),
    ('policy', (238, 237), 0, 0, 0), ('requests of the whole machine', (206, 0), 65536, x), ('cookie', (212, 18), 0, x, 256), ('nfs', (180, 42), 0, 0, 0),
    ('key', (248, 217), b'user', b'dfab', b'x', 1, -3), ('request key', (249, 218), b'user', b'dfab', 0, -3)):
    attempt(name, lambda: call(numbers, *arguments), by=REFUSED)
for ring in (-1, -2, -3, -4, -5):
    for operation in (0, 1, 2, 6, 10, 11, 22): attempt('keyctl', lambda: call((250, 219), operation, ring, b'user', b'dfab', 0), by=REFUSED)
for number in (425, 426, 427): attempt('ring', lambda: call(number, 8, x, 0, 0, 0, 0), by=('ENOSYS',))
for number in (463, 467, 470, 500, 1000, 2**31 - 1): attempt('future', lambda: call(number, 0), by=('ENOSYS',))
for domain in (0x40000, 0x200000, 8): attempt('domain of execution', lambda: call((135, 92), domain), by=REFUSED)
"#,
    );
}

#[test]
fn nobody_is_watched_at_the_files_that_all_have() {
    held(
        r#"
for name, numbers, *arguments in (
    ('a watcher', (294, 26), 0), ('a watch', (254, 27), -1, os.path.dirname(os.__file__).encode(), 0xfff),
    ('the old watcher', (253, None))):
    attempt(name, lambda: call(numbers, *arguments), by=REFUSED)
"#,
    );
}

#[test]
fn protocols_that_hardly_anybody_uses_are_not_loaded() {
    held(
        r#"
import socket
for family in (socket.AF_INET, socket.AF_INET6):
    for kind, protocol in ((1, 132), (5, 132), (1, 262), (6, 33), (2, 136), (2, 115), (3, 255)):
        attempt(f'protocol {protocol}', socket.socket, family, kind, protocol, by=('EPROTONOSUPPORT',))
    for kind, protocol in ((1, 0), (1, 6), (2, 0), (2, 17)):
        socket.socket(family, kind, protocol).close()
"#,
    );
}

#[test]
fn no_namespace_can_be_made() {
    held(
        r#"
flags = dict(user=0x10000000, mount=0x20000, pid=0x20000000, net=0x40000000, ipc=0x8000000, uts=0x4000000, cgroup=0x2000000, time=0x80)
def child(numbers, *arguments):
    pid = call(numbers, *arguments)
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
    return pid
for name, flag in flags.items():
    attempt('unshare ' + name, lambda: call((272, 97), flag), by=REFUSED)
    attempt('both ' + name, lambda: call((272, 97), flag | 0x10000000), by=REFUSED)
    if name != 'time':
        for high in (0, 1 << 32, 0xffffffff << 32):
            attempt('clone ' + name, lambda: child((56, 220), flag | 17 | high, 0, 0, 0, 0), by=REFUSED)
for size in (64, 88):
    attempt('clone3', lambda: child(435, (ctypes.c_ulong * 11)(0x10000000, 0, 0, 0, 17), size), by=('ENOSYS',))
attempt('time offsets', put, '/proc/self/timens_offsets', '1 1 0')
for name in ('uid_map', 'gid_map', 'setgroups'):
    attempt(name, put, '/proc/self/' + name, '0 0 1')
if SANDBOX: expect('the only ids', open('/proc/self/uid_map').read().split()[0::2] == ['65534', '1'])
attempt('limits of namespaces', put, '/proc/sys/user/max_user_namespaces', '9')
"#,
    );
}

#[test]
fn other_doors_into_the_kernel_are_shut() {
    // Machine code: `int 0x80` asks as a 32-bit program would, and x32 numbers carry a bit of their own.
    held(
        r#"
if INTEL:
    import mmap
    def old_door():
        code = mmap.mmap(-1, 4096, prot=7); code.write(b'\xb8\x14\0\0\0\xcd\x80\xc3')
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
    status = in_child(old_door)
    expect('int 0x80', os.WIFSIGNALED(status) and os.WTERMSIG(status) in (31, 11), status)
    for number in (39, 56, 165, 520, 521, 540): attempt('x32', lambda: call(0x40000000 | number, 0), by=('ENOSYS',))
    attempt('x32 sign', lambda: call(-1), by=('ENOSYS',))
else: expect('no other door on this machine', True)
"#,
    );
}

#[test]
fn a_filter_of_ones_own_opens_nothing() {
    held(
        r#"
import struct
def filter(answer):
    "Everything gets this answer, as far as this filter is asked."
    steps = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, answer))
    return ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 1, ctypes.addressof(steps))), steps
def under(answer, flags):
    program, steps = filter(answer)
    libc.syscall(ctypes.c_long(317 if INTEL else 277), ctypes.c_long(1), ctypes.c_long(flags), program)
    try: call((165, 40), b'none', b'/tmp', b'tmpfs', 0, 0)
    except OSError as error: os._exit(error.errno)
    os._exit(0)
for name, answer, flags in (('allow', 0x7fff0000, 0), ('log', 0x7ffc0000, 0)):
    status = in_child(lambda: under(answer, flags))
    expect(name, os.WEXITSTATUS(status) == 1, status)
# One that would ask a supervisor about mounts alone, and one that would ask a tracer.
def asked(answer, flags):
    steps = ctypes.create_string_buffer(struct.pack('HBBI' * 4, 0x20, 0, 0, 0, 0x15, 0, 1, 165 if INTEL else 40, 6, 0, 0, answer, 6, 0, 0, 0x7fff0000))
    program = ctypes.create_string_buffer(struct.pack('HxxxxxxQ', 4, ctypes.addressof(steps)))
    libc.syscall(ctypes.c_long(317 if INTEL else 277), ctypes.c_long(1), ctypes.c_long(flags), program)
    try: call((165, 40), b'none', b'/tmp', b'tmpfs', 0, 0)
    except OSError as error: os._exit(error.errno)
    os._exit(0)
for name, answer, flags in (('notify', 0x7fc00000, 8), ('trace', 0x7ff00000, 0)):
    status = in_child(lambda: asked(answer, flags))
    expect(name, os.WEXITSTATUS(status) == 1, status)
"#,
    );
}

#[test]
fn sockets_are_local_and_lead_nowhere() {
    held(
        r#"
import socket
for family in range(3, 46):
    if family not in (10, 16): attempt(f'family {family}', lambda: socket.socket(family, socket.SOCK_DGRAM), by=('EAFNOSUPPORT', 'EPERM', 'EACCES'))
for family in (40, 38, 17, 44, 16): attempt(f'family {family}', lambda: socket.socket(family, socket.SOCK_RAW, 1), by=('EAFNOSUPPORT', 'EPERM', 'EACCES', 'EPROTONOSUPPORT'))
attempt('virtual machine', lambda: socket.socket(40, socket.SOCK_STREAM), by=('EAFNOSUPPORT',))
attempt('virtual machine, high half', lambda: call((41, 198), 40 | 1 << 32, 1, 0), by=('EAFNOSUPPORT',))
for protocol in range(1, 23): attempt(f'netlink {protocol}', lambda: socket.socket(16, socket.SOCK_RAW, protocol), by=('EAFNOSUPPORT',))
for family in (2, 10): attempt('raw', lambda: socket.socket(family, socket.SOCK_RAW, 1), by=('EPERM', 'EACCES'))
routes = socket.socket(16, socket.SOCK_RAW, 0); routes.bind((0, 0))
import struct
# Brings the loopback interface up: RTM_NEWLINK for index 1 with IFF_UP.
routes.send(struct.pack('IHHII', 32, 16, 5, 1, 0) + struct.pack('BxHiII', 0, 0, 1, 1, 1))
answer = routes.recv(4096)
expect('no change by netlink', struct.unpack_from('i', answer, 16)[0] in (-1, -13), answer[:24])
expect('interfaces', [name for _, name in socket.if_nameindex()] in ([], ['lo']), socket.if_nameindex())
for family, address in ((2, '127.0.0.1'), (10, '::1'), (2, '192.0.2.1'), (2, '0.0.0.0')):
    for port in (22, 53, 80, 443, 8080):
        def connect():
            with socket.socket(family, socket.SOCK_STREAM) as one: one.settimeout(2); one.connect((address, port))
        attempt(f'{address} {port}', connect)
for size, request in ((40, 0x8914), (40, 0x8916), (40, 0x8924)):
    import fcntl
    attempt('set an interface', lambda: fcntl.ioctl(socket.socket(), request, b'lo'.ljust(16, b'\0') + b'\x49\0'.ljust(24, b'\0')), by=('EPERM', 'EACCES'))
"#,
    );
}

#[test]
fn nothing_can_be_typed_into_the_callers_terminal() {
    let _ = sandbox_or_skip!();
    let text = r#"
import fcntl
attempt('the terminal', os.open, '/dev/tty', os.O_RDWR, by=('ENOENT', 'ENXIO'))
for name in os.listdir('/dev/fd'):
    expect('no terminal is open', not os.isatty(int(name)))
for fd in (0, 1, 2):
    for request in (0x5412, 0x541C):
        for high in (0, 1, 0xffffffff):
            attempt(f'type {fd} {request} {high}', lambda: call((16, 29), fd, request | high << 32, b' '), by=('EPERM',))
attempt('session', os.setsid, by=('EPERM',))
attempt('take over', lambda: fcntl.ioctl(0, 0x540E, 1))
print('over', file=open(os.environ['DATA_FABRICATION_OUTPUT'], 'w'))
"#;
    let folder = workspace(&armed(text));
    // The dataset of a harness shows only what was printed if there is no output file; this one has both.
    let (words, _kept) = exec();
    let mut command = tool(&[]);
    command.args([
        "-c",
        "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)",
    ]);
    command.args(words).arg(folder.path());
    let output = command.stdin(Stdio::null()).output().expect("a terminal");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("over"), "{shown}");
    // And what it said, without a terminal in between.
    let said = held(&format!(
        "{text}\nos.unlink(os.environ['DATA_FABRICATION_OUTPUT'])"
    ));
    assert!(said.iter().all(|text| text.contains("held type 0")));
}

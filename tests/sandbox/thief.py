# Looks for what was planted. `PLACES` says where, not what.
import ctypes, glob, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
INTEL = os.uname().machine == 'x86_64'

def read(path, size=4096):
    with open(path, 'rb', buffering=0) as file: return file.read(size)

def look(what):
    try: found = what()
    except Exception: return
    if found: print(found, flush=True)

def connect(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(3)
        one.connect(address)
        if kind == socket.SOCK_DGRAM: one.send(b'?')
        return one.recv(100)

def segment(number):
    address = libc.shmat(number, None, 0o10000)
    return ctypes.string_at(address, 60) if address not in (None, ctypes.c_void_p(-1).value) else None

def queue():
    made = libc.mq_open(('/' + PLACES['name']).encode(), os.O_RDONLY | os.O_NONBLOCK)
    room = ctypes.create_string_buffer(65536)
    return made >= 0 and libc.mq_receive(made, room, 65536, None) > 0 and room.value

def key():
    def keyctl(*arguments):
        return libc.syscall(ctypes.c_long(250 if INTEL else 219), *[a if isinstance(a, (bytes, ctypes.Array)) else ctypes.c_long(a) for a in arguments])
    for ring in (-1, -2, -3, -4, -5):
        found, room = keyctl(10, ring, b'user', PLACES['name'].encode(), 0), ctypes.create_string_buffer(100)
        if found > 0 and keyctl(11, found, room, 100) > 0: return room.value

for place in ('outside', 'sibling'):
    for path in (PLACES[place], '/proc/self/root' + PLACES[place], f'/workspace/../{place}', '/..' * 9 + PLACES[place]): look(lambda: read(path))
look(lambda: read('/dev/shm/' + PLACES['name']))
look(lambda: [os.listdir('/dev/mqueue'), read('/proc/keys'), read('/proc/sysvipc/shm')] and None)
look(lambda: segment(PLACES['segment']))
look(queue)
look(key)
for number in range(3, 256): look(lambda: os.pread(number, 100, 0))
for path in glob.glob('/proc/[0-9]*/cmdline'): look(lambda: b'CANARY' in read(path) and read(path))
for path in glob.glob('/proc/*/environ') + ['/proc/1/environ']: look(lambda: b'CANARY' in read(path, 1 << 20) and read(path, 1 << 20))
for number in range(1, 400): look(lambda: b'CANARY' in read(f'/proc/{number}/cmdline') and read(f'/proc/{number}/cmdline'))
for family, kind, place in ((2, 1, 'tcp'), (10, 1, 'tcp6'), (2, 2, 'udp')): look(lambda: connect(family, kind, tuple(PLACES[place])))
look(lambda: connect(1, 1, '\0' + PLACES['name']))
look(lambda: connect(1, 1, PLACES['socket']))
look(lambda: os.environ['PLANTED'])
look(lambda: dict(os.environ))
look(sys.stdin.read)
look(lambda: open('/dev/tty').name)
print('looked everywhere')

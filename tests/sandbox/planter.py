# Plants secrets all over the host, lets the thief look for them outside and inside, and prints both as JSON.
# Arguments: a folder to work in, the thief's text, dfab, its arguments.
import ctypes, json, os, secrets, socket, subprocess, sys, threading
place, thief, *dfab = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
INTEL = os.uname().machine == 'x86_64'
token, name = secrets.token_hex(8), 'planted-' + secrets.token_hex(4)
def secret(kind): return f'CANARY-{token}-{kind}'
places, planted, undo = {'name': name}, [], []

def plant(kind, how):
    "Notes what this machine lets us plant."
    try: how(secret(kind).encode())
    except OSError as error: print(f'not planted: {kind}: {error}', file=sys.stderr)
    else: planted.append(kind)

def file_at(path):
    def write(value):
        with open(path, 'wb') as file: file.write(value)
        os.chmod(path, 0o644); undo.append(lambda: os.unlink(path))
    return write

def listen(family, kind, address, key):
    def start(value):
        server = socket.socket(family, kind); server.bind(address)
        places[key] = server.getsockname()
        if kind == socket.SOCK_STREAM: server.listen()
        def serve():
            while True:
                if kind == socket.SOCK_DGRAM: server.sendto(value, server.recvfrom(100)[1])
                else:
                    with server.accept()[0] as one: one.send(value)
        threading.Thread(target=serve, daemon=True).start()
    return start

def shared_segment(value):
    places['segment'] = libc.shmget(0, 4096, 0o1666)
    if places['segment'] < 0: raise OSError(ctypes.get_errno(), 'shmget')
    undo.append(lambda: libc.shmctl(places['segment'], 0, None))
    ctypes.memmove(libc.shmat(places['segment'], None, 0), value + b'\0', len(value) + 1)

def queue(value):
    made = libc.mq_open(('/' + name).encode(), os.O_CREAT | os.O_RDWR | os.O_NONBLOCK, 0o666, None)
    if made < 0: raise OSError(ctypes.get_errno(), 'mq_open')
    undo.append(lambda: libc.mq_unlink(('/' + name).encode()))
    for _ in range(4): libc.mq_send(made, value, len(value), 0)

def keyctl(*arguments):
    return libc.syscall(ctypes.c_long(250 if INTEL else 219), *[a if isinstance(a, bytes) or a is None else ctypes.c_long(a) for a in arguments])

def key(value):
    if keyctl(1, None) < 0: raise OSError(ctypes.get_errno(), 'session keyring')
    made = libc.syscall(ctypes.c_long(248 if INTEL else 217), b'user', name.encode(), value, ctypes.c_long(len(value)), ctypes.c_long(-3))
    if made < 0: raise OSError(ctypes.get_errno(), 'add_key')
    keyctl(5, made, 0x3f3f3f3f)

def descriptor(value):
    fd = os.memfd_create('x', 0); os.write(fd, value); os.dup2(fd, 37); os.set_inheritable(37, True)

def argument(value):
    other = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', value.decode()])
    undo.append(other.kill); undo.append(other.wait)

try:
    places['outside'] = place + '/outside'; places['sibling'] = place + '/sibling'
    plant('file', file_at(places['outside']))
    plant('sibling', file_at(places['sibling']))
    plant('shared_file', file_at('/dev/shm/' + name))
    plant('segment', shared_segment)
    plant('queue', queue)
    plant('key', key)
    plant('descriptor', descriptor)
    plant('argument', argument)
    plant('tcp', listen(socket.AF_INET, socket.SOCK_STREAM, ('127.0.0.1', 0), 'tcp'))
    plant('tcp6', listen(socket.AF_INET6, socket.SOCK_STREAM, ('::1', 0), 'tcp6'))
    plant('udp', listen(socket.AF_INET, socket.SOCK_DGRAM, ('127.0.0.1', 0), 'udp'))
    plant('abstract', listen(socket.AF_UNIX, socket.SOCK_STREAM, '\0' + name, 'abstract'))
    plant('socket', listen(socket.AF_UNIX, socket.SOCK_STREAM, place + '/socket', 'socket')); os.chmod(place + '/socket', 0o777)
    planted += ['environment', 'stdin']

    workspace = place + '/workspace'
    os.mkdir(workspace)
    with open(workspace + '/harness.py', 'w') as file: file.write(f'PLACES = {places!r}\n' + open(thief).read())
    environment = dict(os.environ, PLANTED=secret('environment'))
    def run(command):
        done = subprocess.run(command, input=secret('stdin') + '\n', env=environment, pass_fds=[37], capture_output=True, text=True, timeout=120)
        return dict(code=done.returncode, stdout=done.stdout, stderr=done.stderr)
    outside = run([sys.executable, workspace + '/harness.py'])
    inside = run([*dfab, '--report', place + '/report', workspace])
    report = open(place + '/report').read() if os.path.exists(place + '/report') else ''
finally:
    for step in undo:
        try: step()
        except OSError: pass
print(json.dumps(dict(token=token, planted={kind: secret(kind) for kind in planted}, outside=outside, inside=inside, report=report)))

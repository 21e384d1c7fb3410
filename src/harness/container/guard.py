# Runs in the harness's place before it: binds this process by what nothing can take off again, says so, and becomes
# the harness.
import _signal, os, sys
mark, filter, file_size, network, script = sys.argv[1:]

def say(filter, landlock=0, files=0):
    os.write(1, f'{mark} guard filter={filter} landlock={landlock} files={files}\n'.encode())

def refuse(why):
    say(why)
    os._exit(70)

def number(value):
    return ctypes.c_ulong(value)

def bound_by_landlock():
    "The version in force, 0 if there is none."
    version = min(libc.syscall(444, None, number(0), number(1)), 6)
    if version < 1: return 0
    # Devices are never made. Moving files is allowed wherever they may be written; a second version has to be told.
    devices, move = 1 << 6 | 1 << 11, 1 << 13 if version > 1 else 0
    tcp = 3 if version > 3 and network == 'none' else 0
    outside = 3 if version > 5 else 0
    rights = (ctypes.c_uint64 * 3)(devices | move, tcp, outside)
    rules = libc.syscall(444, rights, number(8 if version < 4 else 16 if version < 6 else 24), number(0))
    if rules < 0: return 0
    allowed = not move or moves_are_allowed(rules, move)
    bound = allowed and libc.syscall(446, number(rules), number(0)) == 0
    os.close(rules)
    return version if bound else 0

def moves_are_allowed(rules, move):
    root = os.open('/', os.O_PATH)
    beneath = move.to_bytes(8, sys.byteorder) + root.to_bytes(4, sys.byteorder)
    added = libc.syscall(445, number(rules), number(1), beneath, number(0)) == 0
    os.close(root)
    return added

def bound_in_file_size():
    "Bytes of the largest file, 0 if there is no limit."
    try: import resource
    except ImportError: return 0
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    most = int(file_size) if hard == resource.RLIM_INFINITY else min(int(file_size), hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    return most

def bind_by_filter():
    machine, code = filter.split(':')
    if os.uname().machine != machine or sys.maxsize < 1 << 32: refuse('machine')
    class Program(ctypes.Structure): _fields_ = [('length', ctypes.c_ushort), ('code', ctypes.c_char_p)]
    code = bytes.fromhex(code)
    program = Program(len(code) // 8, code)
    if libc.prctl(22, number(2), ctypes.byref(program), number(0), number(0)) != 0: refuse('kernel')

# A session of its own, so that a signal to its group reaches nobody else.
try: os.setsid()
except OSError: pass
files = bound_in_file_size()
try:
    import ctypes
    libc = ctypes.CDLL(None)
except (ImportError, OSError):
    if filter: refuse('ctypes')
    landlock = 0
else:
    libc.prctl(38, number(1), number(0), number(0), number(0))
    landlock = bound_by_landlock()
    # Last, for it knows nothing of the calls above.
    if filter: bind_by_filter()
say('dfab' if filter else 'engine', landlock, files)
# Python ignores these, and so would whatever it becomes.
for ignored in (_signal.SIGPIPE, _signal.SIGXFSZ): _signal.signal(ignored, _signal.SIG_DFL)
os.execvp('python3', ['python3', script])

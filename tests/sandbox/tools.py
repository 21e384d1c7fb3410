# What attacks are written with: placed before each of them.
import ctypes, errno, os, platform, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
INTEL = platform.machine() == 'x86_64'
# Harnesses in containers are given another value.
SANDBOX = True
REFUSED = ('EPERM', 'EACCES', 'ENOSYS')

def word(value):
    return value if isinstance(value, (bytes, ctypes.Array, ctypes.Structure)) or value is None else ctypes.c_long(value)

def call(numbers, *arguments):
    "A system call by its number, or by its numbers on x86-64 and aarch64."
    if isinstance(numbers, tuple): numbers = numbers[0 if INTEL else 1]
    if numbers is None: raise OSError(errno.ENOSYS, 'no such call on this machine')
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(numbers), *map(word, arguments))
    if result < 0: raise OSError(ctypes.get_errno(), 'refused')
    return result

def attempt(name, what, *arguments, by=None):
    "Something that must fail; `by` names the only errors that count as a refusal."
    try: result = what(*arguments)
    except Exception as error:
        number = getattr(error, 'errno', None)
        why = errno.errorcode.get(number, type(error).__name__)
        print('held' if by is None or why in by else 'BREACH', name, why)
    else: print('BREACH', name, repr(result)[:200])
    sys.stdout.flush()

def put(path, text):
    "Writes at once, so that a refusal is seen."
    fd = os.open(path, os.O_WRONLY)
    try: return os.write(fd, text.encode())
    finally: os.close(fd)

def expect(name, holds, seen=None):
    "Something that must be so."
    print('held' if holds else 'BREACH', name, repr(seen)[:300], flush=True)

def in_child(work):
    "The status of a child that did this work."
    pid = os.fork()
    if pid == 0:
        try: work()
        finally: os._exit(77)
    return os.waitpid(pid, 0)[1]

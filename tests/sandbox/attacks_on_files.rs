use super::hostile::*;
use super::*;

#[test]
fn the_workspace_cannot_be_written_by_any_way_in() {
    held(
        r#"
import mmap
path, name = '/workspace/harness.py', '/workspace/new'
reading = os.open(path, os.O_RDONLY)
folder = os.open('/workspace', os.O_RDONLY)
locked = ('EROFS', 'EACCES', 'EPERM', 'EXDEV', 'ENOSYS', 'ENOENT', 'EBADF')
for what, *arguments in (
    (os.open, path, os.O_WRONLY), (os.open, path, os.O_RDWR | os.O_TRUNC), (os.truncate, path, 0),
    (os.open, f'/proc/self/fd/{reading}', os.O_WRONLY), (os.open, f'/dev/fd/{reading}', os.O_RDWR),
    (os.open, f'/proc/self/cwd/harness.py', os.O_WRONLY), (os.open, '/proc/self/root/workspace/new', os.O_CREAT | os.O_WRONLY),
    (os.open, '/workspace', os.O_TMPFILE | os.O_WRONLY), (os.write, reading, b'x'), (os.ftruncate, reading, 0),
    (os.mkdir, name), (os.mkfifo, name), (os.symlink, '/tmp', name), (os.link, path, name), (os.link, path, '/tmp/link'),
    (os.rename, path, name), (os.rename, path, '/tmp/moved'), (os.unlink, path), (os.rmdir, '/workspace'),
    (os.chmod, path, 0o777), (os.fchmod, reading, 0o777), (os.chown, path, 65534, 65534), (os.utime, path, (0, 0)),
    (os.setxattr, path, 'user.x', b'x')):
    attempt(what.__name__ + ' ' + str(arguments[0]), what, *arguments, by=(*locked, 'EINVAL', 'EOPNOTSUPP'))
attempt('openat', lambda: os.open('new', os.O_CREAT | os.O_WRONLY, dir_fd=folder), by=locked)
attempt('shared writable map', lambda: mmap.mmap(reading, 10, mmap.MAP_SHARED, mmap.PROT_WRITE), by=locked)
attempt('remount', lambda: call((165, 40), b'none', b'/workspace', b'', 0x20 | 0x1000, 0), by=locked)
attempt('unmount', lambda: call((166, 39), b'/workspace', 2), by=locked)
attempt('writable again', lambda: call(442, folder, b'', 0x1000, (ctypes.c_ulong * 4)(0, 1, 0, 0), 32), by=locked)
import json
expect('no bytecode', not os.path.exists('/workspace/__pycache__'))
"#,
    );
}

#[test]
fn what_is_shared_with_other_runs_cannot_be_written() {
    held(
        r#"
locked = ('EROFS', 'EACCES', 'EPERM', 'EXDEV', 'ENOENT', 'ETXTBSY')
for path in (sys.executable, os.__file__, os.path.realpath(ctypes.__file__)):
    attempt('write', os.open, path, os.O_WRONLY, by=locked)
    attempt('truncate', os.truncate, path, 0, by=locked)
    attempt('hard link', os.link, path, '/tmp/link', by=locked)
    attempt('times', os.utime, path, (0, 0), by=locked)
    attempt('own', os.chown, path, 65534, 65534, by=locked)
for folder in ('/', '/dev', '/proc', '/usr', os.path.dirname(os.__file__)):
    attempt('new in ' + folder, os.open, folder + '/new', os.O_CREAT | os.O_WRONLY, by=locked)
    attempt('move ' + folder, os.rename, folder, '/tmp/moved', by=(*locked, 'EBUSY', 'EINVAL'))
for name in ('null', 'zero', 'urandom'):
    attempt('mode', os.chmod, '/dev/' + name, 0o777, by=locked)
    attempt('remove', os.unlink, '/dev/' + name, by=(*locked, 'EBUSY'))
"#,
    );
}

#[test]
fn nothing_that_a_harness_writes_can_be_executed() {
    // Room for two copies of an interpreter.
    let limits = HarnessLimits {
        tmp_bytes: 64 << 20,
        ..limits()
    };
    held_within(
        r#"
import shutil
refused = ('EACCES', 'EPERM', 'ENOSYS')
for folder in ('/tmp', '/dev/shm'):
    script, binary = folder + '/script', folder + '/binary'
    open(script, 'w').write(f'#!{sys.executable}\nprint(1)\n'); os.chmod(script, 0o755)
    shutil.copyfile(os.path.realpath(sys.executable), binary); os.chmod(binary, 0o755)
    for path in (script, binary):
        attempt('execute ' + path, subprocess.run, [path, '-c', '1'], by=refused)
        fd = os.open(path, os.O_RDONLY); os.set_inheritable(fd, True)
        status = in_child(lambda: os.execve(fd, [path, '-c', '1'], {}))
        expect('execute by descriptor', os.WEXITSTATUS(status) == 77, status)
    loaders = [p for p in ('/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1') if os.path.exists(p)]
    for loader in loaders:
        done = subprocess.run([loader, binary, '-c', 'print(1)'], capture_output=True)
        expect('execute by the loader', done.returncode != 0 and not done.stdout, done)
    os.chmod(binary, 0o6755)
    moved = '/tmp/moved-' + folder.replace('/', '')
    os.rename(binary, moved) if folder == '/tmp' else attempt('across', os.rename, binary, moved, by=('EXDEV',))
    flags = os.statvfs(folder).f_flag
    expect(folder + ' is nosuid, noexec, nodev', flags & os.ST_NOSUID and flags & 8 and flags & 4, flags)
    os.path.exists(moved) and os.unlink(moved); os.path.exists(binary) and os.unlink(binary)
attempt('memory file', lambda: call((319, 279), b'x', 0), by=REFUSED)
attempt('hidden memory file', lambda: call(447, 0), by=REFUSED)
for folder in ('/', '/workspace', '/proc', '/dev') if SANDBOX else ('/proc', '/dev'):
    expect(folder + ' is nosuid', os.statvfs(folder).f_flag & os.ST_NOSUID)
"#,
        &limits,
    );
}

#[test]
fn devices_are_neither_there_nor_can_be_made() {
    held(
        r#"
import stat
terminals = ('tty', 'console', 'ptmx', 'pts/ptmx') if SANDBOX else ()
for name in (*terminals, 'mem', 'kmem', 'port', 'kmsg', 'tty0', 'fuse', 'kvm', 'net/tun',
             'loop-control', 'loop0', 'sda', 'vda', 'nvme0n1', 'vhost-vsock', 'uinput', 'rtc', 'hwrng', 'cpu/0/msr'):
    attempt(name, os.open, '/dev/' + name, os.O_RDWR, by=('ENOENT', 'ENOTDIR', 'EACCES'))
for folder in ('/tmp', '/dev/shm', '/dev', '/workspace'):
    for kind in (stat.S_IFCHR, stat.S_IFBLK):
        attempt('make', os.mknod, f'{folder}/made', kind | 0o666, os.makedev(1, 5), by=('EPERM', 'EACCES', 'EROFS'))
for name in ('null', 'zero', 'full', 'random', 'urandom'):
    expect(name, stat.S_ISCHR(os.stat('/dev/' + name).st_mode))
expect('full is full', os.write(os.open('/dev/null', os.O_WRONLY), b'x') == 1)
attempt('write to full', lambda: os.write(os.open('/dev/full', os.O_WRONLY), b'x'), by=('ENOSPC',))
attempt('credit entropy', lambda: call((16, 29), os.open('/dev/urandom', os.O_RDONLY), 0x5206, 0), by=('EPERM', 'EACCES'))
"#,
    );
}

#[test]
fn no_path_leads_out_of_the_root() {
    let outside = workspace("");
    let secret = outside.path().join("secret");
    fs::write(&secret, "outside").unwrap();
    let attack = format!(
        r#"
secret = {:?}
for path in (secret, '/..' * 20 + secret, '/proc/self/root/../..' + secret, '/proc/self/cwd/../..' + secret,
             '/proc/1/root' + secret, '/proc/1/cwd' + secret, '/proc/self/task/../../../..' + secret,
             '/workspace/..' + secret, '/tmp/../..' + secret, '/dev/fd/../../..' + secret):
    attempt(path, lambda: open(path).read(), by=('ENOENT', 'EACCES', 'ENOTDIR'))
attempt('chroot', os.chroot, '/tmp', by=REFUSED)
fd = os.open('/', os.O_RDONLY)
os.mkdir('/tmp/a'); os.chdir('/tmp/a')
attempt('chroot below', os.chroot, '.', by=REFUSED)
os.fchdir(fd)
for _ in range(64): os.chdir('..')
attempt('up and away', lambda: open('.' + secret).read(), by=('ENOENT', 'EACCES'))
handle = ctypes.create_string_buffer(b'\x08\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0', 136)
attempt('handle', lambda: call((304, 265), fd, handle, 0), by=REFUSED)
mount = ctypes.c_int(0)
attempt('name of a handle', lambda: call((303, 264), -100, b'/workspace', handle, ctypes.create_string_buffer(8), 0), by=REFUSED)
for number in range(3, 256):
    try: os.fstat(number) if number != fd else None
    except OSError: continue
    if number != fd: expect(f'descriptor {{number}}', False)
for path in ('/', '/workspace', '/tmp'):
    seen = os.readlink('/proc/self/root')
    expect('root is /', seen == '/', seen)
"#,
        secret.to_str().unwrap()
    );
    held(&attack);
}

#[test]
fn no_mount_can_be_made_moved_or_read() {
    held(
        r#"
attribute = (ctypes.c_ulong * 4)(0, 1, 0, 0)
for name, numbers, *arguments in (
    ('mount tmpfs', (165, 40), b'none', b'/tmp', b'tmpfs', 0, 0), ('bind', (165, 40), b'/tmp', b'/dev/shm', b'', 0x1000, 0),
    ('move', (165, 40), b'/tmp', b'/dev/shm', b'', 0x2000, 0), ('share', (165, 40), b'', b'/', b'', 1 << 20, 0),
    ('unmount', (166, 39), b'/tmp', 2), ('pivot', (155, 41), b'/tmp', b'/tmp'), ('open_tree', 428, -100, b'/', 1),
    ('move_mount', 429, -100, b'/tmp', -100, b'/dev/shm', 0), ('fsopen', 430, b'tmpfs', 0), ('fsconfig', 431, 0, 6, 0, 0, 0),
    ('fsmount', 432, 0, 0, 0), ('fspick', 433, -100, b'/', 0), ('mount_setattr', 442, -100, b'/', 0, attribute, 32),
    ('statmount', 457, 0, 0, 0, 0), ('listmount', 458, 0, 0, 0, 0), ('open_tree_attr', 467, -100, b'/', 1, attribute, 32)):
    attempt(name, lambda: call(numbers, *arguments), by=REFUSED)
"#,
    );
}

#[test]
fn files_without_a_name_and_holes_that_fill_count_as_scratch_space() {
    // Of containers `/tmp` has a size that no limit here decides.
    if IN_CONTAINERS {
        return;
    }
    held(
        r#"
import mmap
def fill(open_one):
    "Bytes that fit, each MiB into a file of its own that has no name."
    kept, size = [], 0
    try:
        for _ in range(100):
            fd = open_one(); kept.append(fd)
            size += os.write(fd, b'x' * (1 << 20))
    except OSError: pass
    for fd in kept: os.close(fd)
    return size
def unlinked(folder):
    fd = os.open(folder + '/gone', os.O_CREAT | os.O_RDWR); os.unlink(folder + '/gone'); return fd
for folder in ('/tmp', '/dev/shm'):
    size = fill(lambda: unlinked(folder)); expect('unlinked', 0 < size <= 8 << 20, size)
    size = fill(lambda: os.open(folder, os.O_TMPFILE | os.O_RDWR)); expect('never linked', 0 < size <= 8 << 20, size)
fd = os.open('/tmp/long', os.O_CREAT | os.O_RDWR)
attempt('allocate', os.posix_fallocate, fd, 0, 64 << 20, by=('ENOSPC', 'EFBIG'))
attempt('over the largest file', os.ftruncate, fd, 64 << 20, by=('EFBIG',))
os.ftruncate(fd, 8 << 20)
other = os.open('/dev/shm/other', os.O_CREAT | os.O_RDWR); os.ftruncate(other, 8 << 20)
def touch():
    "A hole that cannot be filled ends who touches it."
    for map in (mmap.mmap(fd, 8 << 20), mmap.mmap(other, 8 << 20)):
        for at in range(0, 8 << 20, 4096): map[at] = 1
    os._exit(0)
status = in_child(touch)
expect('holes', os.WIFSIGNALED(status) and os.WTERMSIG(status) == 7, status)
os.close(fd); os.unlink('/tmp/long'); os.close(other); os.unlink('/dev/shm/other')
expect('all is given back', fill(lambda: unlinked('/tmp')) > 6 << 20)
"#,
    );
}

#[test]
fn folders_as_deep_as_can_be_are_neither_slow_nor_left() {
    let sandbox = sandbox_or_skip!();
    let source = "import os\n\
        for top in ('/tmp', '/dev/shm'):\n    os.chdir(top)\n    \
            for _ in range(400): os.mkdir('d' * 200); os.chdir('d' * 200)\n\
        open(os.environ['DATA_FABRICATION_OUTPUT'], 'w').write('row')\n";
    let started = Instant::now();
    assert_eq!(run(sandbox, source).dataset_bytes(), b"row");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_crash_leaves_no_core() {
    let here = std::env::current_dir().unwrap();
    let cores = || {
        let names = fs::read_dir(&here).unwrap().flatten();
        names
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("core"))
            .count()
    };
    let before = cores();
    held(
        r#"
import resource
attempt('more', resource.setrlimit, resource.RLIMIT_CORE, (1 << 30, 1 << 30))
expect('none', resource.getrlimit(resource.RLIMIT_CORE) == (0, 0))
for folder in ('/tmp', '/dev/shm'):
    os.chdir(folder)
    status = in_child(os.abort)
    expect('aborted', os.WTERMSIG(status) == 6, status)
    expect('no dump', not os.WCOREDUMP(status) and os.listdir('.') == [], os.listdir('.'))
"#,
    );
    assert_eq!(cores(), before);
}

//! Attacks that mean something else in a container, or that only its limits stop.

use super::hostile::*;
use super::*;

#[test]
fn the_shell_and_the_engines_init_cannot_be_reached() {
    if !has_landlock(1) {
        return;
    }
    held(
        r#"
vector = (ctypes.c_ulong * 2)(ctypes.addressof(ctypes.create_string_buffer(64)), 64)
for pid in (1, os.getppid()):
    attempt('seize', lambda: call((101, 117), 0x4206, pid, 0, 0), by=REFUSED)
    for name, numbers in (('read memory', (310, 270)), ('write memory', (311, 271))):
        attempt(name, lambda: call(numbers, pid, vector, 1, vector, 1, 0), by=REFUSED)
    for name in ('mem', 'environ', 'maps', 'auxv', 'pagemap', 'syscall', 'stack', 'personality'):
        attempt(f'/proc/{pid}/{name}', lambda: open(f'/proc/{pid}/{name}', 'rb').read(1), by=('EACCES', 'EPERM', 'ENOENT'))
    for name in ('exe', 'cwd', 'root', 'ns/pid', 'fd/1'):
        attempt(f'/proc/{pid}/{name}', os.readlink, f'/proc/{pid}/{name}', by=('EACCES', 'EPERM', 'ENOENT'))
    attempt(f'pipe of {pid}', os.open, f'/proc/{pid}/fd/1', os.O_WRONLY, by=('EACCES', 'EPERM', 'ENOENT'))
"#,
    );
}

#[test]
fn a_harness_cannot_end_its_shell() {
    if !has_landlock(6) {
        return;
    }
    held(
        r#"
import signal
for pid in (1, os.getppid()):
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL, 0):
        attempt(f'signal {number} to {pid}', os.kill, pid, number, by=('EPERM',))
        attempt('queue', lambda: call((129, 138), pid, int(number), ctypes.create_string_buffer(128)), by=('EPERM',))
        attempt('by descriptor', lambda: signal.pidfd_send_signal(os.pidfd_open(pid), number), by=('EPERM',))
os.kill(0, signal.SIGCONT)
expect('the group is the own one', os.getpgrp() == os.getpid() == os.getsid(0))
"#,
    );
}

#[test]
fn a_harness_is_nobody_and_bound() {
    held(
        r#"
status = dict(line.split(':\t', 1) for line in open('/proc/self/status').read().splitlines() if ':\t' in line)
expect('user', status['Uid'].split() == ['65534'] * 4, status['Uid'])
expect('group', status['Gid'].split() == ['65534'] * 4, status['Gid'])
expect('no other groups', set(os.getgroups()) <= {65534}, os.getgroups())
for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'): expect(name, int(status[name], 16) == 0, status[name])
expect('no new privileges', status['NoNewPrivs'] == '1')
expect('filtered twice', status['Seccomp'] == '2' and int(status.get('Seccomp_filters', 2)) >= 2, status.get('Seccomp_filters'))
"#,
    );
}

#[test]
fn files_without_end_stop_at_the_limit() {
    held(
        r#"
made = 0
try:
    for made in range(50000): os.close(os.open(f'/tmp/{made}', os.O_CREAT | os.O_WRONLY))
except OSError as error: expect('files', error.errno == errno.ENOSPC and 20000 < made <= 32768, (made, error))
else: expect('files', False)
"#,
    );
}

#[test]
fn a_file_cannot_fill_the_memory() {
    let text = r#"
path = os.environ['DATA_FABRICATION_OUTPUT']
with open(path, 'wb') as file:
    while True: file.write(b'x' * (1 << 20))
"#;
    for (_, outcome) in attack(text) {
        assert_eq!(outcome.ending, Ending::Exit { code: 1 }, "{outcome:?}");
        assert!(outcome.stderr_tail().contains("File too large"));
    }
    let text = format!("try:\n    exec({text:?})\nexcept OSError: print('over')\n");
    for (_, outcome) in attack(&text) {
        assert_eq!(outcome.ending, Ending::OutputLimit, "{outcome:?}");
        assert_eq!(outcome.output_file, None);
    }
}

#[test]
fn rings_and_old_doors_are_shut() {
    // What an engine's own profile of some years ago lets through.
    held(
        r#"
for number in (425, 426, 427): attempt('ring', lambda: call(number, 8, ctypes.create_string_buffer(256), 0, 0, 0, 0), by=('ENOSYS',))
attempt('family 40', lambda: __import__('socket').socket(40, 1), by=('EAFNOSUPPORT',))
"#,
    );
}

#[test]
fn what_runs_in_the_sandbox_runs_in_a_container() {
    let world = sandbox_or_skip!();
    let source = include_str!("../../sandbox/usual_work.py");
    let outcome = run(world, source);
    assert_eq!(outcome.ending, Ending::Ok, "{}", outcome.stderr_tail());
    assert_eq!(outcome.stderr_tail(), "");
    let expected = include_str!("../../sandbox/usual_work.txt");
    assert_eq!(String::from_utf8_lossy(&outcome.stdout), expected);
}

#[test]
fn the_engines_profile_alone_can_be_asked_for_and_is_said_to_be_alone() {
    let world = sandbox_or_skip!();
    let settings = ContainerSettings {
        own_filter: false,
        ..settings(world.image)
    };
    let (folder, limits) = (
        workspace("print(open('/proc/self/status').read())\n"),
        limits(),
    );
    let outcome = docker(&settings)
        .run(&request(folder.path(), &limits), &Cancel::default())
        .unwrap();
    assert_eq!(outcome.ending, Ending::Ok, "{}", outcome.stderr_tail());
    let seccomp = outcome.enforced.iter().find(|one| one.name == "seccomp");
    assert!(seccomp.unwrap().missing.is_some());
}

use super::*;

#[test]
fn the_environment_is_exactly_the_promised_one() {
    let sandbox = sandbox_or_skip!();
    // The test runner's own variables are the canary.
    assert!(std::env::vars_os().count() > 9);
    let source = "import json, os, sys\n\
                      print(os.path.dirname(sys.executable))\n\
                      print(json.dumps(dict(os.environ)))\n";
    let text = printed(sandbox, source);
    let (folder, environment) = text.split_once('\n').unwrap();
    let seen: serde_json::Value = serde_json::from_str(environment).unwrap();
    let expected = serde_json::json!({
        "DATA_FABRICATION_SEED": "1337",
        "DATA_FABRICATION_OUTPUT": "/tmp/dataset.jsonl",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "1337",
        "PATH": format!("{folder}:/usr/local/bin:/usr/bin:/bin"),
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
    });
    assert_eq!(seen, expected);
}

#[test]
fn two_runs_with_one_seed_see_the_same_world() {
    let sandbox = sandbox_or_skip!();
    let source = r#"
import os, platform, random, socket, sys, threading
random.seed(int(os.environ['DATA_FABRICATION_SEED']))
print(random.random(), hash('text'), list({'a', 'b', 'c', 'd'}), list({object() for _ in range(9)}))
print(os.getpid(), os.getppid(), socket.gethostname(), os.getuid(), os.getgid(), os.getgroups())
print(os.umask(0), os.getcwd(), sorted(os.listdir('/')), threading.get_native_id())
print(os.getpgrp(), os.getsid(0), os.stat('/workspace').st_uid, os.nice(0))
"#;
    let first = printed(sandbox, source);
    assert_eq!(first, printed(sandbox, source));
    assert!(
        first.contains("\n2 1 dfab 65534 65534 []\n18 /workspace "),
        "{first}"
    );
}

#[test]
fn no_time_and_no_control_group_tells_one_run_from_the_next() {
    let sandbox = sandbox_or_skip!();
    let source = r#"
import os, sys
print(open('/proc/self/cgroup').read(), end='')
folder, passages = os.path.dirname(sys.executable), []
while folder != '/':
    folder = os.path.dirname(folder)
    passages.append(folder)
for path in ['/tmp', '/dev', '/dev/shm', '/dev/fd', '/dev/stdout', *passages]:
    print(path, os.lstat(path).st_mtime)
"#;
    let text = printed(sandbox, source);
    for line in text.lines() {
        let fixed = line.ends_with(" 315532800.0");
        // A line of the control groups is `number:controllers:path`.
        let top = line.ends_with(":/");
        assert!(fixed || top, "{line}\n{text}");
    }
    assert_eq!(text, printed(sandbox, source));
}

#[test]
fn another_seed_is_another_world() {
    let sandbox = sandbox_or_skip!();
    let folder = workspace("print(hash('text'))\n");
    let limits = limits();
    let hash = |seed| {
        let request = HarnessRequest {
            seed,
            ..request(folder.path(), &limits)
        };
        sandbox.run(&request, &Cancel::default()).unwrap().stdout
    };
    assert_ne!(hash(1), hash(2));
    assert_eq!(hash(7), hash(7));
}

#[test]
fn nothing_of_the_host_is_visible() {
    let sandbox = sandbox_or_skip!();
    let canary = workspace("");
    let secret = canary.path().join("secret");
    fs::write(&secret, "host secret").unwrap();
    let source = format!(
        r#"
import os
for path in ({secret:?}, '/etc/passwd', '/etc/shadow', '/etc/hostname', '/home', '/root', '/var',
             '/run', '/boot', '/mnt', '/srv', '/sys', '/proc/1/root', '/proc/sys', '/proc/kcore',
             '/dev/mem', '/dev/kmsg', '/dev/tty', '/dev/ptmx', '/workspace/../etc/passwd'):
    try:
        seen = os.listdir(path) if os.path.isdir(path) else open(path, 'rb').read(10)
        if seen: print(path, seen)
    except OSError: pass
print(sorted(os.listdir('/dev')))
print([name for name in os.listdir('/proc') if name.isdigit()])
"#,
    );
    let expected = "['fd', 'full', 'null', 'random', 'shm', 'stderr', 'stdin', 'stdout', \
                        'urandom', 'zero']\n['2']\n";
    assert_eq!(printed(sandbox, &source), expected);
}

#[test]
fn the_workspace_and_the_root_cannot_be_changed() {
    let sandbox = sandbox_or_skip!();
    let source = r#"
import errno, os
def attempt(what):
    try: what(); print('done')
    except OSError as error: print(errno.errorcode[error.errno] in ('EROFS', 'EACCES', 'EPERM'))
attempt(lambda: open('/workspace/new', 'w'))
attempt(lambda: open('/workspace/harness.py', 'a'))
attempt(lambda: os.unlink('/workspace/harness.py'))
attempt(lambda: os.chmod('/workspace/harness.py', 0o777))
attempt(lambda: open('/new', 'w'))
attempt(lambda: os.mkdir('/dev/new'))
attempt(lambda: open(os.__file__, 'a'))
"#;
    let folder = workspace(source);
    let limits = limits();
    let outcome = sandbox
        .run(&request(folder.path(), &limits), &Cancel::default())
        .unwrap();
    assert_eq!(
        String::from_utf8(outcome.stdout).unwrap(),
        "True\n".repeat(7)
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(
        fs::read_to_string(folder.path().join("harness.py")).unwrap(),
        source
    );
}

#[test]
fn there_is_no_network() {
    let sandbox = sandbox_or_skip!();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let source = format!(
        r#"
import socket
for address in (('127.0.0.1', {port}), ('192.0.2.1', 80)):
    try:
        socket.create_connection(address, timeout=2)
        print('connected', address)
    except OSError as error: print(type(error).__name__)
print([name for _, name in socket.if_nameindex() if name != 'lo'])
"#
    );
    let text = printed(sandbox, &source);
    assert!(
        !text.contains("connected") && text.ends_with("[]\n"),
        "{text}"
    );
}

#[test]
fn stdin_is_empty_and_no_other_descriptor_is_open() {
    let sandbox = sandbox_or_skip!();
    // Inheritable on purpose: what a careless caller leaves open.
    let canary = tempfile::tempfile().unwrap();
    let inherited = nix::unistd::dup(&canary).unwrap();
    let flags = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty());
    nix::fcntl::fcntl(&inherited, flags).unwrap();
    assert!(inherited.as_raw_fd() > 2);
    let source = r#"
import os, sys
print(repr(sys.stdin.read()))
def is_open(fd):
    try: os.fstat(fd); return True
    except OSError: return False
print([fd for fd in range(1024) if is_open(fd)])
"#;
    assert_eq!(printed(sandbox, source), "''\n[0, 1, 2]\n");
}

#[test]
fn no_privilege_is_left() {
    let sandbox = sandbox_or_skip!();
    let source = r#"
import os, resource
status = dict(line.split(':\t', 1) for line in open('/proc/self/status') if ':\t' in line)
for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'SigBlk'):
    print(name, int(status[name], 16))
# Python itself ignores SIGPIPE (13) and SIGXFSZ (25).
print('SigIgn', [n + 1 for n in range(64) if int(status['SigIgn'], 16) >> n & 1])
print(open('/proc/self/uid_map').read().split()[2], resource.getrlimit(resource.RLIMIT_CORE))
for path in ('/proc/self/oom_score_adj', '/proc/self/uid_map', '/proc/sys/kernel/hostname'):
    try: open(path, 'w'); print(path)
    except OSError: pass
try: os.unshare(0x10000000); print('new user namespace')
except AttributeError: pass
except OSError: pass
"#;
    let expected = "CapInh 0\nCapPrm 0\nCapEff 0\nCapBnd 0\nCapAmb 0\nNoNewPrivs 1\n\
                        SigBlk 0\nSigIgn [13, 25]\n1 (0, 0)\n";
    assert_eq!(printed(sandbox, source), expected);
}

#[test]
fn dangerous_system_calls_are_refused() {
    let sandbox = sandbox_or_skip!();
    let source = r#"
import ctypes, os, platform, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    ctypes.set_errno(0)
    result = getattr(libc, name)(*arguments)
    print(name, 'done' if result >= 0 else ctypes.get_errno())
call('unshare', 0x10000000)
call('unshare', 0)
call('mount', b'none', b'/tmp', b'tmpfs', 0, 0)
call('chroot', b'/tmp')
call('memfd_create', b'x', 0)
call('ptrace', 16, 1, 0, 0)
call('personality', 0x0040000)
call('shmget', 0, 4096, 0o600)
for family in (1, 2, 10, 17, 38, 40):
    try: socket.socket(family, socket.SOCK_STREAM).close(); print('family', family)
    except OSError: pass
print([line.split()[1] for line in open('/proc/self/status') if line.startswith('Seccomp:')])
"#;
    let expected = "unshare 1\nunshare 1\nmount 1\nchroot 1\nmemfd_create 1\nptrace 1\n\
                        personality 1\nshmget 1\nfamily 1\nfamily 2\nfamily 10\n['2']\n";
    assert_eq!(printed(sandbox, source), expected);
}

#[test]
fn the_host_user_is_never_root() {
    let sandbox = sandbox_or_skip!();
    let text = printed(
        sandbox,
        "print(open('/proc/self/uid_map').read().split()[1])\n",
    );
    assert_ne!(text, "0\n");
}

//! What a harness finds in its container.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use dfab::harness::{ContainerSettings, Ending, Executor};

use crate::image_or_skip;
use crate::support::{docker, limits, printed, request, run_within, settings, workspace};

#[test]
fn the_environment_is_built_from_empty() {
    let image = image_or_skip!();
    let text = printed(
        image,
        "import os\nfor item in sorted(os.environ.items()): print(*item)\n",
    );
    let expected = "DATA_FABRICATION_OUTPUT /tmp/dataset.jsonl\nDATA_FABRICATION_SEED 1337\nHOME /tmp\n\
                    LANG C.UTF-8\nPATH /usr/local/bin:/usr/local/bin:/usr/bin:/bin\n\
                    PYTHONDONTWRITEBYTECODE 1\nPYTHONHASHSEED 1337\nPYTHONUNBUFFERED 1\nTZ UTC\n";
    assert_eq!(text, expected);
}

#[test]
fn two_runs_see_the_same_world() {
    let image = image_or_skip!();
    let source = "import os\nprint(os.uname().nodename, os.getpid(), os.getcwd(), hash('x'), oct(os.umask(0)))\n\
                  print(os.read(0, 10), sorted(os.listdir('/proc/self/fd')))\n";
    let text = printed(image, source);
    assert!(
        text.starts_with("dfab ") && text.contains(" /workspace "),
        "{text}"
    );
    assert!(
        text.ends_with(" 0o22\nb'' ['0', '1', '2', '3']\n"),
        "{text}"
    );
    assert_eq!(text, printed(image, source));
}

#[test]
fn nothing_can_be_written_but_a_bounded_tmp_that_runs_nothing() {
    let image = image_or_skip!();
    let source = "import os, subprocess\n\
                  for path in ['/workspace/x', '/x', '/usr/x', '/proc/sys/kernel/core_pattern']:\n    \
                      try: open(path, 'w'); print('wrote', path)\n    \
                      except OSError: pass\n\
                  open('/tmp/run', 'w').write('#!/bin/sh\\n')\nos.chmod('/tmp/run', 0o755)\n\
                  try: subprocess.run(['/tmp/run']); print('ran')\n\
                  except PermissionError: pass\n\
                  try: os.truncate('/tmp/run', 0); os.posix_fallocate(os.open('/tmp/run', os.O_RDWR), 0, 1 << 30); print('filled')\n\
                  except OSError: pass\n\
                  print('done')\n";
    assert_eq!(printed(image, source), "done\n");
}

#[test]
fn there_are_no_rights_and_no_network() {
    let image = image_or_skip!();
    let source = "import resource, socket\n\
                  status = dict(line.split(':\\t') for line in open('/proc/self/status').read().splitlines() if ':\\t' in line)\n\
                  print(*(int(status[name], 16) for name in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb')))\n\
                  print(status['NoNewPrivs'], resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE))\n\
                  print([name for _, name in socket.if_nameindex() if name != 'lo'])\n\
                  s = socket.socket(); s.settimeout(2)\n\
                  try: s.connect(('192.0.2.1', 80)); print('connected')\n\
                  except OSError as error: print('refused')\n";
    let text = printed(image, source);
    assert_eq!(text, "0 0 0 0 0\n1 (0, 0) (1024, 1024)\n[]\nrefused\n");
}

#[test]
fn a_closed_workspace_is_readable_for_any_user_inside_and_stays_as_it_is() {
    let image = image_or_skip!();
    let folder = workspace("import os, part\nprint(os.getuid(), part.x)\n");
    fs::write(folder.path().join("part.py"), "x = 'part'\n").unwrap();
    for (path, mode) in [("part.py", 0o600), ("harness.py", 0o600), ("", 0o700)] {
        fs::set_permissions(folder.path().join(path), Permissions::from_mode(mode)).unwrap();
    }
    let limits = limits();
    for (user, expected) in [
        (Some("1000:1000"), "1000 part\n"),
        (Some("0:0"), "0 part\n"),
        (None, "65534 part\n"),
    ] {
        let settings = ContainerSettings {
            user: user.map(str::to_owned),
            ..settings(image)
        };
        let outcome = docker(&settings)
            .run(&request(folder.path(), &limits), &Default::default())
            .unwrap();
        assert_eq!(outcome.ending, Ending::Ok, "{}", outcome.stderr_tail());
        assert_eq!(String::from_utf8_lossy(&outcome.stdout), expected);
    }
    let mode = fs::metadata(folder.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_writable_root_can_be_had_and_is_said_to_be_one() {
    let image = image_or_skip!();
    let settings = ContainerSettings {
        read_only: false,
        user: Some("0".to_owned()),
        ..settings(image)
    };
    let outcome = run_within(&settings, "open('/x', 'w')\nprint('wrote')\n", &limits());
    assert_eq!(outcome.stdout, b"wrote\n");
    let root = outcome
        .enforced
        .iter()
        .find(|part| part.name == "private_root");
    assert!(root.unwrap().missing.is_some());
    let identity = outcome.enforced.iter().find(|part| part.name == "identity");
    assert!(
        identity.unwrap().missing.is_some(),
        "user 0 is no protection"
    );
    let network = outcome
        .enforced
        .iter()
        .find(|part| part.name == "network_namespace");
    assert_eq!(network.unwrap().means.as_deref(), Some("network none"));
}

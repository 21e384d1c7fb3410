use std::os::unix::process::CommandExt;

use super::started::finished;
use super::*;

/// By convention nobody's.
const NOBODY: u32 = 65_534;

/// Everything once more, started by an ordinary user.
#[test]
fn all_of_this_holds_for_an_ordinary_user() {
    let _ = sandbox_or_skip!();
    if !nix::unistd::geteuid().is_root() {
        eprintln!(
            "skipped: these tests already run as an ordinary user; nothing was tried as root"
        );
        return;
    }
    let folder = workspace("");
    let path = |name: &str| folder.path().join(name);
    for (from, to) in [
        (std::env::current_exe().unwrap(), "tests"),
        (program(), "dfab"),
    ] {
        fs::copy(from, path(to)).unwrap();
        fs::set_permissions(path(to), fs::Permissions::from_mode(0o755)).unwrap();
    }
    fs::create_dir(path("tmp")).unwrap();
    std::os::unix::fs::chown(path("tmp"), Some(NOBODY), Some(NOBODY)).unwrap();
    let as_nobody = |program: &Path| {
        let mut command = Command::new(program);
        // Root that changes its user without naming groups leaves all of them.
        command
            .uid(NOBODY)
            .gid(NOBODY)
            .env_clear()
            .stdin(Stdio::null());
        command.current_dir(path("tmp"));
        for name in ["HOME", "TMPDIR", "XDG_CACHE_HOME"] {
            command.env(name, path("tmp"));
        }
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        // What must not be seen inside.
        command.envs((0..5).map(|number| (format!("CANARY_{number}"), "CANARY")));
        command
    };
    let candidates = [
        python().executable,
        "/usr/bin/python3".into(),
        "/usr/local/bin/python3".into(),
    ];
    let usable = |python: &&PathBuf| {
        let status = as_nobody(python)
            .args(["-c", "import ctypes, sqlite3"])
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    };
    let Some(python) = candidates.iter().find(usable) else {
        eprintln!("skipped: an ordinary user can run none of {candidates:?}");
        return;
    };
    let mut command = as_nobody(&path("tests"));
    command
        .args(["--test-threads", "3"])
        .env("DFAB_PYTHON", python)
        .env(PROGRAM, path("dfab"));
    let (code, said) = finished(&mut command);
    assert_eq!(code, Some(0), "{said}");
    eprintln!("{}", said.lines().last().unwrap_or_default());
}

use std::os::unix::process::CommandExt;

use super::hostile::has_control_groups;
use super::started::finished;
use super::*;

/// By convention nobody's.
const NOBODY: u32 = 65_534;

/// Everything once more, started by an ordinary user: with control groups of that user's own where they can be handed
/// over, and without in any case.
#[test]
fn all_of_this_holds_for_an_ordinary_user() {
    let sandbox = sandbox_or_skip!();
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
    fs::write(path("launcher.py"), include_str!("launcher.py")).unwrap();
    fs::create_dir(path("tmp")).unwrap();
    std::os::unix::fs::chown(path("tmp"), Some(NOBODY), Some(NOBODY)).unwrap();
    let users_world = |mut command: Command| {
        command
            .env_clear()
            .stdin(Stdio::null())
            .current_dir(path("tmp"));
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
        let mut command = users_world(Command::new(python));
        // Root that changes its user without naming groups leaves all of them.
        command
            .uid(NOBODY)
            .gid(NOBODY)
            .args(["-c", "import ctypes, sqlite3"]);
        command
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    let Some(python) = candidates.iter().find(usable) else {
        eprintln!("skipped: an ordinary user can run none of {candidates:?}");
        return;
    };
    let delegation = Delegation::new();
    let mut command = tool(&[]);
    command.arg(path("launcher.py"));
    match has_control_groups(sandbox) && delegation.works() {
        true => command.args(["delegated", "nobody"]),
        false => {
            eprintln!("without control groups only: none can be handed to another user here");
            command.arg("nobody")
        }
    };
    command
        .arg("--")
        .arg(path("tests"))
        .args(["--test-threads", "3"]);
    let mut command = users_world(command);
    command
        .env("DFAB_PYTHON", python)
        .env(PROGRAM, path("dfab"))
        .env("DELEGATED", &delegation.name);
    let (code, said) = finished(&mut command);
    assert_eq!(code, Some(0), "{said}");
    eprintln!("{}", said.trim_end().lines().last().unwrap_or_default());
}

/// Control groups for another user; dropping it removes them.
struct Delegation {
    name: String,
}

impl Delegation {
    fn new() -> Self {
        Self {
            name: format!("dfab-tests-{}", std::process::id()),
        }
    }

    /// Whether the machine has the older kind, in which a group can simply be given away.
    fn works(&self) -> bool {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        ["memory", "pids"].iter().all(|name| {
            let has = |line: &str| {
                let controllers = line.split(':').nth(1).unwrap_or_default();
                controllers.split(',').any(|controller| controller == *name)
            };
            groups.lines().any(has)
        })
    }
}

impl Drop for Delegation {
    fn drop(&mut self) {
        let folders = walkdir::WalkDir::new("/sys/fs/cgroup").contents_first(true);
        let ours = folders.into_iter().flatten().filter(|entry| {
            let below = entry.path().ancestors();
            below.into_iter().any(|folder| folder.ends_with(&self.name))
        });
        for entry in ours.filter(|entry| entry.file_type().is_dir()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

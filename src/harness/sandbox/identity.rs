//! Who the harness is: a user without rights, in namespaces of its own.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::libc::pid_t;
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::{set_dumpable, set_pdeathsig};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Gid, Pid, Uid, getegid, geteuid, setgroups, setresgid, setresuid};

use super::protocol::{Failure, Part};
use super::sys::{self, Fork};
use crate::files::read_generated_text;

/// The user and group a harness of root runs as on the host, and every harness sees itself as. The
/// kernel's overflow id, by convention nobody's: no file should belong to it.
pub const NOBODY: u32 = 65_534;

/// Every run sees the same machine.
const HOST_NAME: &[u8] = b"dfab";

/// What a run has of its own.
pub(super) const NAMESPACES: [(&str, CloneFlags); 7] = [
    ("user", CloneFlags::CLONE_NEWUSER),
    ("mount", CloneFlags::CLONE_NEWNS),
    ("pid", CloneFlags::CLONE_NEWPID),
    ("network", CloneFlags::CLONE_NEWNET),
    ("ipc", CloneFlags::CLONE_NEWIPC),
    ("uts", CloneFlags::CLONE_NEWUTS),
    ("cgroup", CloneFlags::CLONE_NEWCGROUP),
];

/// Whether we are the host's root, as far as can be known from here. Root of a user namespace that
/// maps it to someone else (a rootless container) is an ordinary user.
fn is_host_root() -> bool {
    let map = read_generated_text("/proc/self/uid_map").unwrap_or_default();
    geteuid().is_root() && !maps_root_to_another(&map)
}

fn maps_root_to_another(map: &str) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace();
        numbers.next() == Some("0") && numbers.next().is_some_and(|outside| outside != "0")
    })
}

/// Root becomes nobody. To be called by the host's root only.
///
/// A user namespace that maps host user 0 would pass the kernel's checks for that user on files
/// such as `/proc/sys/kernel/core_pattern`, whatever the capabilities. So root leaves first.
fn leave_root() -> Result<(), Failure> {
    let failed =
        |what: &'static str| move |error: nix::Error| Failure::new(Part::Identity, what, error);
    let (uid, gid) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    setgroups(&[]).map_err(failed("leave root's groups"))?;
    setresgid(gid, gid, gid).map_err(failed("change the group"))?;
    setresuid(uid, uid, uid).map_err(failed("change the user"))
}

/// How far a keeper has come that does not know its run yet.
pub(super) enum Ready {
    /// The host's root, still with its rights, in these namespaces.
    Root(CloneFlags),
    /// Someone else, in all the namespaces of a keeper.
    User,
}

/// What can be done before it is known what is to be run. Root keeps its identity, because it has files to
/// open; the namespaces that it makes now belong to the host's user namespace, where nothing of the run has
/// any rights.
pub(super) fn get_ready() -> Result<Ready, Failure> {
    if !is_host_root() {
        enter_namespaces(keeper_namespaces())?;
        return Ok(Ready::User);
    }
    let early = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWIPC | CloneFlags::CLONE_NEWUTS;
    // Root of a container may lack the right to; it gets them with its user namespace then.
    Ok(Ready::Root(match unshare(early) {
        Ok(()) => {
            set_host_name()?;
            early
        }
        Err(_) => CloneFlags::empty(),
    }))
}

/// All but the cgroup namespace, which shows the group that it is begun in: the init makes it once it is in the
/// run's own.
fn keeper_namespaces() -> CloneFlags {
    let all = NAMESPACES
        .iter()
        .fold(CloneFlags::empty(), |all, (_, flag)| all | *flag);
    all - CloneFlags::CLONE_NEWCGROUP
}

fn set_host_name() -> Result<(), Failure> {
    rustix::system::sethostname(HOST_NAME)
        .map_err(|error| Failure::new(Part::HostName, "set it", error))
}

/// The host's root becomes nobody, in new namespaces of all the kinds that a keeper makes and it is not in yet.
pub(super) fn leave_root_behind(present: CloneFlags) -> Result<(), Failure> {
    leave_root()?;
    enter_namespaces(keeper_namespaces() - present)
}

/// New namespaces, the user namespace mapping one user and one group. The next child is process 1 of the
/// new pid namespace.
fn enter_namespaces(missing: CloneFlags) -> Result<(), Failure> {
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    if let Err(error) = unshare(missing) {
        return Err(name_the_refused(error));
    }
    if missing.contains(CloneFlags::CLONE_NEWUTS) {
        set_host_name()?;
    }
    let mapping = |file: &str, text: String| {
        let path = Path::new("/proc/self").join(file);
        fs::write(&path, text)
            .map_err(|error| Failure::new(Part::UserMapping, "map it", error).at(path))
    };
    // A change of user made us undumpable, and then the mapping belongs to root.
    set_dumpable(true).map_err(|error| Failure::new(Part::UserMapping, "prepare it", error))?;
    mapping("setgroups", "deny".to_owned())?;
    mapping("uid_map", format!("{NOBODY} {uid} 1"))?;
    mapping("gid_map", format!("{NOBODY} {gid} 1"))?;
    // From now on nobody may read or trace us, the harness's user included. The change of user also
    // cleared the signal that ties us to dfab.
    set_dumpable(false)
        .and_then(|()| set_pdeathsig(Signal::SIGKILL))
        .map_err(|error| Failure::new(Part::Identity, "close the keeper", error))
}

/// Tries the kinds one by one, to say which one the system refuses.
fn name_the_refused(error: nix::Error) -> Failure {
    for (name, flag) in NAMESPACES {
        if let Err(error) = unshare(flag) {
            return Failure::new(Part::Namespaces, name, error);
        }
    }
    Failure::new(Part::Namespaces, "all at once", error)
}

/// Forbids user namespaces below ours, with which a harness would get capabilities back.
pub(super) fn forbid_nested_user_namespaces() -> io::Result<()> {
    fs::write("/proc/sys/user/max_user_namespaces", "0")
}

/// A user namespace in which the workspace's owner is the harness's user. A mount that uses it
/// shows the files as the harness's own, whatever their modes deny to others.
pub(super) fn owner_mapping(workspace: &Path) -> Result<OwnedFd, Failure> {
    let failed = |what: &'static str| {
        move |error: io::Error| Failure::new(Part::WorkspaceMapping, what, error).at(workspace)
    };
    let owner = fs::metadata(workspace).map_err(failed("examine it"))?;
    let (ready, tell) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)
        .map_err(|error| failed("make a pipe")(error.into()))?;
    let holder = match sys::fork().map_err(failed("fork"))? {
        Fork::Parent { child } => child,
        Fork::Child => {
            // Reports by a byte that the namespace is there or why not, then waits to be killed. It must not
            // outlive the keeper: whoever holds a copy of the keeper's channel keeps dfab waiting.
            drop(ready);
            let error = unshare(CloneFlags::CLONE_NEWUSER).err();
            let byte = error.map_or(0, |error| u8::try_from(error as i32).unwrap_or(u8::MAX));
            let tied = set_pdeathsig(Signal::SIGKILL).is_ok();
            // Without a reader the keeper died before we were tied to it.
            if !tied || nix::unistd::write(&tell, &[byte]).is_err() {
                sys::exit_now(1);
            }
            drop(tell);
            loop {
                nix::unistd::pause();
            }
        }
    };
    drop(tell);
    let mut byte = [0];
    let answer = nix::unistd::read(ready.as_fd(), &mut byte);
    let result = match answer {
        Ok(1) if byte == [0] => {
            map_owner(holder, owner.uid(), owner.gid()).map_err(failed("map its owner"))
        }
        Ok(1) => {
            let error = io::Error::from_raw_os_error(byte[0].into());
            Err(Failure::new(Part::Namespaces, "user", error))
        }
        _ => Err(failed("make a user namespace")(
            io::Error::from_raw_os_error(nix::libc::EPIPE),
        )),
    };
    let _ = kill(Pid::from_raw(holder), Signal::SIGKILL);
    let _ = sys::wait4(holder);
    result
}

fn map_owner(holder: pid_t, uid: u32, gid: u32) -> io::Result<OwnedFd> {
    let folder = Path::new("/proc").join(holder.to_string());
    fs::write(folder.join("uid_map"), format!("{uid} {NOBODY} 1"))?;
    fs::write(folder.join("gid_map"), format!("{gid} {NOBODY} 1"))?;
    Ok(fs::File::open(folder.join("ns/user"))?.into())
}

#[cfg(test)]
mod tests {
    use super::maps_root_to_another;

    #[test]
    fn root_of_a_rootless_container_is_not_the_hosts() {
        assert!(!maps_root_to_another("         0          0 4294967295\n"));
        assert!(maps_root_to_another("         0       1000          1\n"));
        assert!(maps_root_to_another("1 100000 65536\n0 1000 1\n"));
        assert!(!maps_root_to_another(""));
    }
}

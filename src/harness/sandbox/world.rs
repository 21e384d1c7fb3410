//! The private root: what the harness can see of files.
//!
//! Host files come in as detached copies of mounts, opened by whoever may read them (root, before
//! it gives up its identity, or the user's own process afterwards) and attached later inside the
//! new namespaces. So nothing of the old tree is ever reachable by path from the new one.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Timespec, Timestamps};
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, OpenTreeFlags};

use super::protocol::{Failure, Part, Request};
use super::sys::{
    MOUNT_NODEV, MOUNT_NOEXEC, MOUNT_NOSUID, MOUNT_RDONLY, MountAttributes, mount_setattr,
};
use crate::files::FIXED_TIME;
use crate::harness::interpreter::{LayoutEntry, LayoutKind};

/// Where the workspace is.
pub(super) const WORKSPACE: &str = "/workspace";
/// Where the harness may write.
pub(super) const TMP: &str = "/tmp";
/// Devices that hold nothing of the host.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// The usual links beside them.
const DEVICE_LINKS: [(&str, &str); 4] = [
    ("/proc/self/fd", "dev/fd"),
    ("/proc/self/fd/0", "dev/stdin"),
    ("/proc/self/fd/1", "dev/stdout"),
    ("/proc/self/fd/2", "dev/stderr"),
];
/// Bytes of the root's own tmpfs, which holds only folders and links.
const ROOT_BYTES: &str = "1048576";
/// Bytes of scratch space for each file it may hold, and the bounds of that number.
const BYTES_PER_INODE: u64 = 16 * 1024;
const INODES: std::ops::RangeInclusive<u64> = 1024..=32_768;
/// Folders on the way to a bound one can be passed, not listed: their names are the host's.
const PASSAGE: u32 = 0o111;

/// A part of the host to show, opened as a mount of its own.
pub(super) struct Source {
    path: PathBuf,
    is_folder: bool,
    tree: OwnedFd,
}

impl Source {
    fn attach(&self) -> Result<(), Failure> {
        attach(self.tree.as_fd(), &inside(&self.path)).map_err(|error| {
            let what = if self.is_folder {
                "attach a folder"
            } else {
                "attach a file"
            };
            root_failure(what, error.into()).at(&self.path)
        })
    }
}

/// Opens one path of the host as a detached, read-only mount.
pub(super) fn open_source(
    path: &Path,
    is_folder: bool,
    attributes: u64,
    idmap: Option<BorrowedFd<'_>>,
) -> Result<OwnedFd, Failure> {
    let part = if idmap.is_some() {
        Part::WorkspaceMapping
    } else {
        Part::HostFiles
    };
    let failed = |what: &str, error: io::Error| Failure::new(part.clone(), what, error).at(path);
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
    if is_folder {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    let tree = rustix::mount::open_tree(CWD, path, flags)
        .map_err(|error| failed("open it", error.into()))?;
    let attributes = MountAttributes {
        set: attributes,
        idmap,
    };
    mount_setattr(tree.as_fd(), attributes, is_folder)
        .map_err(|error| failed("make it read-only", error))?;
    Ok(tree)
}

/// The read-only workspace.
pub(super) fn open_workspace(
    request: &Request,
    idmap: Option<BorrowedFd<'_>>,
) -> Result<OwnedFd, Failure> {
    open_source(
        &request.workspace,
        true,
        MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV,
        idmap,
    )
}

/// Whether a path of the layout belongs to the system, and so is open to everybody.
fn is_system(path: &Path) -> bool {
    path.starts_with("/usr") || path.starts_with("/etc")
}

/// What of the interpreter's layout may be closed to the harness's user.
pub(super) fn open_private(layout: &[LayoutEntry]) -> Result<Vec<Source>, Failure> {
    layout
        .iter()
        .filter(|entry| !is_system(&entry.path))
        .filter_map(open_entry)
        .collect()
}

/// `None` for a link, which is made, not opened.
fn open_entry(entry: &LayoutEntry) -> Option<Result<Source, Failure>> {
    let is_folder = match entry.kind {
        LayoutKind::Link(_) => return None,
        LayoutKind::Folder => true,
        LayoutKind::File => false,
    };
    let attributes = MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV;
    let opened = open_source(&entry.path, is_folder, attributes, None);
    Some(opened.map(|tree| Source {
        path: entry.path.clone(),
        is_folder,
        tree,
    }))
}

/// The file system behind `/tmp` and `/dev/shm`, so that one size bounds both.
pub(super) struct Scratch {
    mount: OwnedFd,
    /// The folder that is the harness's `/tmp`.
    pub(super) tmp: OwnedFd,
}

impl Scratch {
    /// Makes it, of so many bytes.
    pub(super) fn create(bytes: u64) -> Result<Self, Failure> {
        let failed =
            |what: &'static str| move |error: rustix::io::Errno| scratch_failure(what, error);
        let inodes = (bytes / BYTES_PER_INODE).clamp(*INODES.start(), *INODES.end());
        let options = [
            ("size", bytes.to_string()),
            ("nr_inodes", inodes.to_string()),
        ];
        let flags = MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC;
        let mount = new_tmpfs(&options, flags).map_err(failed("mount it"))?;
        for name in ["tmp", "shm"] {
            rustix::fs::mkdirat(&mount, name, Mode::from(0o1777)).map_err(failed("fill it"))?;
            // The umask of whoever started us took some bits.
            rustix::fs::chmodat(&mount, name, Mode::from(0o1777), AtFlags::empty())
                .map_err(failed("fill it"))?;
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let tmp =
            rustix::fs::openat(&mount, "tmp", flags, Mode::empty()).map_err(failed("open it"))?;
        Ok(Self { mount, tmp })
    }

    /// Its device, as `/proc` shows it beside what is mapped.
    pub(super) fn device(&self) -> Option<String> {
        let device = rustix::fs::fstat(&self.tmp).ok()?.st_dev;
        let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
        Some(format!("{major:02x}:{minor:02x}"))
    }

    /// Bytes in use, which are memory of the run.
    pub(super) fn used_bytes(&self) -> u64 {
        rustix::fs::fstatvfs(&self.tmp)
            .map(|stat| {
                stat.f_blocks
                    .saturating_sub(stat.f_bfree)
                    .saturating_mul(stat.f_frsize)
            })
            .unwrap_or(0)
    }
}

fn scratch_failure(what: &str, error: rustix::io::Errno) -> Failure {
    Failure::new(Part::ScratchSpace, what, error)
}

fn new_tmpfs(
    options: &[(&str, String)],
    attributes: MountAttrFlags,
) -> Result<OwnedFd, rustix::io::Errno> {
    let context = rustix::mount::fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "mode", "0755")?;
    for (key, value) in options {
        rustix::mount::fsconfig_set_string(context.as_fd(), *key, value.as_str())?;
    }
    rustix::mount::fsconfig_create(context.as_fd())?;
    rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// Attaches a detached mount below the root under construction, which is the current folder.
fn attach(tree: BorrowedFd<'_>, to: &Path) -> Result<(), rustix::io::Errno> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    rustix::mount::move_mount(tree, "", CWD, to, flags)
}

/// Builds the private root and moves into it. Called by the init; the keeper, in the same mount
/// namespace, is moved along. Returns whether there is a `/proc`, or why not.
pub(super) fn enter(
    request: &Request,
    sources: &[Source],
    workspace: BorrowedFd<'_>,
    scratch: &Scratch,
) -> Result<Result<(), String>, Failure> {
    let failed = |what: &'static str| move |error: io::Error| root_failure(what, error);
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .map_err(|error| root_failure("make mounts private", error.into()))?;
    let root = new_tmpfs(
        &[("size", ROOT_BYTES.to_owned())],
        MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NODEV,
    )
    .map_err(|error| root_failure("mount it", error.into()))?;
    attach_root(root.as_fd()).map_err(failed("attach it"))?;
    rustix::process::fchdir(&root).map_err(|error| root_failure("enter it", error.into()))?;
    // Folders and files get exactly the modes asked for.
    rustix::process::umask(Mode::empty());

    attach_scratch(scratch)?;
    for entry in &request.layout {
        place(entry).map_err(|error| root_failure("make room", error).at(&entry.path))?;
    }
    for source in sources {
        source.attach()?;
    }
    for entry in request.layout.iter().filter(|entry| is_system(&entry.path)) {
        if let Some(source) = open_entry(entry) {
            source?.attach()?;
        }
    }
    make_folder(Path::new("workspace"), 0o755).map_err(failed("make /workspace"))?;
    attach(workspace, Path::new("workspace"))
        .map_err(|error| root_failure("attach /workspace", error.into()))?;
    attach_devices()?;
    make_folder(Path::new("proc"), 0o555).map_err(failed("make /proc"))?;
    let proc = mount_proc().map_err(|error| error.to_string());
    fix_times(&request.layout)?;
    seal(root.as_fd()).map_err(failed("seal it"))?;
    Ok(proc)
}

fn root_failure(what: &str, error: io::Error) -> Failure {
    Failure::new(Part::PrivateRoot, what, error)
}

/// A place to hold the new root until it becomes `/`. Only the system's folders and devices are still
/// opened by path, so it does not matter what else the place hides for that moment.
fn attach_root(root: BorrowedFd<'_>) -> io::Result<()> {
    let mut last = rustix::io::Errno::NOENT;
    for place in ["/tmp", "/mnt", "/var", "/run"] {
        match attach(root, Path::new(place)) {
            Ok(()) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

/// The two writable folders. The file system itself is not reachable above them.
fn attach_scratch(scratch: &Scratch) -> Result<(), Failure> {
    make_folder(Path::new("tmp"), 0o755).map_err(|error| root_failure("make /tmp", error))?;
    make_folder(Path::new("dev"), 0o755).map_err(|error| root_failure("make /dev", error))?;
    make_folder(Path::new("dev/shm"), 0o755).map_err(|error| root_failure("make /dev", error))?;
    let failed = |error: rustix::io::Errno| scratch_failure("attach it", error);
    attach(scratch.mount.as_fd(), Path::new("tmp")).map_err(failed)?;
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    let tmp = rustix::mount::open_tree(CWD, "tmp/tmp", flags).map_err(failed)?;
    let shm = rustix::mount::open_tree(CWD, "tmp/shm", flags).map_err(failed)?;
    // The whole lies under its own part from now on, where no path leads. Taking it away instead
    // would wait for the kernel's grace period.
    attach(tmp.as_fd(), Path::new("tmp")).map_err(failed)?;
    attach(shm.as_fd(), Path::new("dev/shm")).map_err(failed)
}

fn attach_devices() -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::new(Part::Devices, "fill it", error);
    for name in DEVICES {
        let path = Path::new("/dev").join(name);
        let tree =
            open_source(&path, false, MOUNT_NOSUID | MOUNT_NOEXEC, None).map_err(|failure| {
                Failure {
                    part: Part::Devices,
                    ..failure
                }
            })?;
        let to = inside(&path);
        make_file(&to).map_err(failed)?;
        attach(tree.as_fd(), &to).map_err(|error| failed(error.into()).at(path))?;
    }
    for (target, at) in DEVICE_LINKS {
        rustix::fs::symlink(target, at).map_err(|error| failed(error.into()))?;
    }
    Ok(())
}

/// Only processes, only one's own, only for reading.
fn mount_proc() -> io::Result<()> {
    let context = rustix::mount::fsopen("proc", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "subset", "pid")?;
    rustix::mount::fsconfig_set_string(context.as_fd(), "hidepid", "invisible")?;
    rustix::mount::fsconfig_create(context.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let tree = rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    Ok(attach(tree.as_fd(), Path::new("proc"))?)
}

/// Gives one time to all that was made here and is not hidden below a mount. Comes last, for what is made in a
/// folder changes the folder's time.
fn fix_times(layout: &[LayoutEntry]) -> Result<(), Failure> {
    let mut made: BTreeSet<PathBuf> = [".", "dev", "dev/shm", "tmp"].map(PathBuf::from).into();
    made.extend(DEVICE_LINKS.map(|(_, at)| PathBuf::from(at)));
    for entry in layout {
        let path = inside(&entry.path);
        let passages = path.ancestors().skip(1);
        made.extend(
            passages
                .filter(|passage| !passage.as_os_str().is_empty())
                .map(Path::to_owned),
        );
        if matches!(entry.kind, LayoutKind::Link(_)) {
            made.insert(path);
        }
    }
    let time = Timespec {
        tv_sec: FIXED_TIME,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    for path in made {
        rustix::fs::utimensat(CWD, &path, &times, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|error| root_failure("fix its times", error.into()).at(&path))?;
    }
    Ok(())
}

/// Makes the current folder `/`, lets go of the old root, and forbids changes.
fn seal(root: BorrowedFd<'_>) -> io::Result<()> {
    nix::unistd::pivot_root(".", ".")?;
    // The old root now lies on top of the new one.
    umount2(".", MntFlags::MNT_DETACH)?;
    nix::unistd::chdir("/")?;
    let attributes = MountAttributes {
        set: MOUNT_RDONLY | MOUNT_NOEXEC,
        idmap: None,
    };
    mount_setattr(root, attributes, false)
}

/// Makes what a layout entry needs to exist before something can be attached there.
fn place(entry: &LayoutEntry) -> io::Result<()> {
    let path = inside(&entry.path);
    if let Some(parent) = path.parent() {
        make_passage(parent)?;
    }
    match &entry.kind {
        LayoutKind::Folder => make_folder(&path, 0o755),
        LayoutKind::File => make_file(&path),
        LayoutKind::Link(target) => match rustix::fs::symlink(target.as_os_str(), &path) {
            Err(rustix::io::Errno::EXIST) => Ok(()),
            other => Ok(other?),
        },
    }
}

fn make_passage(folder: &Path) -> io::Result<()> {
    let mut path = PathBuf::new();
    for part in folder.components() {
        path.push(part);
        make_folder(&path, PASSAGE)?;
    }
    Ok(())
}

fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    match rustix::fs::mkdir(path, Mode::from(mode)) {
        Err(rustix::io::Errno::EXIST) => Ok(()),
        other => Ok(other?),
    }
}

fn make_file(path: &Path) -> io::Result<()> {
    let flags = OFlags::CREATE | OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    rustix::fs::open(path, flags, Mode::from(0o444)).map(drop)?;
    Ok(())
}

/// An absolute path relative to the root under construction.
fn inside(path: &Path) -> PathBuf {
    let bytes = path.as_os_str().as_bytes();
    let start = bytes.iter().take_while(|byte| **byte == b'/').count();
    PathBuf::from(OsStr::from_bytes(&bytes[start..]))
}

//! Writing a package's files into a workspace.
//!
//! Every step goes through a handle on the folder it happens in and refuses links, so nothing that
//! appears in the workspace meanwhile can lead a file elsewhere.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{Mode, fchmod, futimens, mkdirat};
use nix::sys::time::TimeSpec;

use super::{Package, PackageFile, names};
use crate::files::FIXED_TIME;

/// Files are readable by everyone, whatever the umask: the harness runs under another id.
const FILE_MODE: Mode = Mode::from_bits_truncate(0o644);
const FOLDER_MODE: Mode = Mode::from_bits_truncate(0o755);

/// Writes the package's files below `workspace`, an existing, empty folder. Leaves nothing behind
/// on error. Files get mode 0644 and folders 0755; the workspace folder itself keeps its own. All of them,
/// the workspace included, get one fixed time.
///
/// # Errors
/// The workspace is missing, not a folder, a link or not empty; a path is unsafe (only in a
/// [`Package`] made by hand); the disk fails. The message names the file.
pub fn extract(package: &Package, workspace: &Path) -> io::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let root = open(workspace, flags, Mode::empty())
        .map_err(|errno| at(&workspace.display().to_string(), errno.into()))?;
    if std::fs::read_dir(workspace)?.next().is_some() {
        let text = format!("{}: the workspace is not empty", workspace.display());
        return Err(io::Error::new(io::ErrorKind::DirectoryNotEmpty, text));
    }
    let mut made = Vec::new();
    let result = package
        .files
        .iter()
        .try_for_each(|file| write_file(&root, file, &mut made).map_err(|e| at(&file.path, e)))
        .and_then(|()| fix_folder_times(&root, &package.files));
    if result.is_err() {
        // The first error is the one to tell; the workspace was empty, so all of this is ours.
        for name in &made {
            let path = workspace.join(name);
            let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
        }
    }
    result
}

/// Writes one file; adds its first path segment to `made` once something stands there.
fn write_file(root: &OwnedFd, file: &PackageFile, made: &mut Vec<String>) -> io::Result<()> {
    if names::normalise(&file.path).as_deref() != Ok(file.path.as_str()) || file.path.contains('\0')
    {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "unsafe path"));
    }
    let (folders, name) = match file.path.rsplit_once('/') {
        Some((folders, name)) => (folders.split('/').collect(), name),
        None => (Vec::new(), file.path.as_str()),
    };
    let top = folders.first().copied().unwrap_or(name);
    let mut note = || {
        if made.last().is_none_or(|last| last != top) {
            made.push(top.to_owned());
        }
    };
    let mut parent = root.try_clone()?;
    for segment in folders {
        parent = enter(&parent, segment, &mut note)?;
    }
    let flags =
        OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let handle = openat(&parent, name, flags, FILE_MODE)?;
    note();
    fchmod(handle.as_fd(), FILE_MODE)?;
    let mut written = File::from(handle);
    written.write_all(&file.content)?;
    fix_time(written.as_fd())
}

/// What is made in a folder changes the folder's time, so folders come last.
fn fix_folder_times(root: &OwnedFd, files: &[PackageFile]) -> io::Result<()> {
    let folders: BTreeSet<&str> = files
        .iter()
        .flat_map(|file| {
            file.path
                .match_indices('/')
                .map(|(end, _)| &file.path[..end])
        })
        .collect();
    for path in folders {
        let fixed = path
            .split('/')
            .try_fold(root.try_clone()?, |parent, segment| {
                open_folder(&parent, segment)
            })
            .and_then(|folder| fix_time(folder.as_fd()));
        fixed.map_err(|error| at(path, error))?;
    }
    fix_time(root.as_fd())
}

fn fix_time(file: BorrowedFd<'_>) -> io::Result<()> {
    let time = TimeSpec::new(FIXED_TIME, 0);
    Ok(futimens(file, &time, &time)?)
}

/// Makes the folder if it is not there yet and opens it.
fn enter(parent: &OwnedFd, segment: &str, note: &mut impl FnMut()) -> io::Result<OwnedFd> {
    let is_new = match mkdirat(parent, segment, FOLDER_MODE) {
        Ok(()) => true,
        Err(Errno::EEXIST) => false,
        Err(errno) => return Err(errno.into()),
    };
    if is_new {
        note();
    }
    let folder = open_folder(parent, segment)?;
    if is_new {
        fchmod(folder.as_fd(), FOLDER_MODE)?;
    }
    Ok(folder)
}

fn open_folder(parent: &OwnedFd, segment: &str) -> io::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(openat(parent, segment, flags, Mode::empty())?)
}

fn at(path: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{path}: {error}"))
}

//! Writing a package's files into a workspace.
//!
//! Every step goes through a handle on the folder it happens in and refuses links, so nothing that
//! appears in the workspace meanwhile can lead a file elsewhere.

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
    let mut tree = Tree {
        root: &root,
        open: Vec::new(),
        made: Vec::new(),
    };
    let result = package
        .files
        .iter()
        .try_for_each(|file| tree.write(file).map_err(|e| at(&file.path, e)))
        .and_then(|()| tree.finish());
    if result.is_err() {
        // The first error is the one to tell; the workspace was empty, so all of this is ours.
        for name in &tree.made {
            let path = workspace.join(name);
            let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
        }
    }
    result
}

/// A workspace being filled. The folders that lead to the last file stay open: the next one is mostly beside it.
struct Tree<'a> {
    root: &'a OwnedFd,
    /// Path segments from the root, and their folders.
    open: Vec<(&'a str, OwnedFd)>,
    /// First path segments of all that stands there.
    made: Vec<&'a str>,
}

impl<'a> Tree<'a> {
    /// Writes one file.
    fn write(&mut self, file: &'a PackageFile) -> io::Result<()> {
        if names::normalise(&file.path).as_deref() != Ok(file.path.as_str())
            || file.path.contains('\0')
        {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "unsafe path"));
        }
        let (folders, name) = match file.path.rsplit_once('/') {
            Some((folders, name)) => (folders.split('/').collect(), name),
            None => (Vec::new(), file.path.as_str()),
        };
        let top = folders.first().copied().unwrap_or(name);
        self.enter(&folders, top)?;
        let flags =
            OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let handle = openat(self.folder(), name, flags, FILE_MODE)?;
        self.note(top);
        fchmod(handle.as_fd(), FILE_MODE)?;
        let mut written = File::from(handle);
        written.write_all(&file.content)?;
        fix_time(written.as_fd())
    }

    /// The folder that is open.
    fn folder(&self) -> &OwnedFd {
        self.open.last().map_or(self.root, |(_, folder)| folder)
    }

    /// Goes to the folder of these segments, and makes what is not there yet.
    fn enter(&mut self, segments: &[&'a str], top: &'a str) -> io::Result<()> {
        let open = self.open.iter().map(|(segment, _)| segment);
        let common = open.zip(segments).take_while(|(a, b)| a == b).count();
        self.leave(common)?;
        for segment in segments.iter().skip(common) {
            let parent = self.folder();
            let is_new = match mkdirat(parent, *segment, FOLDER_MODE) {
                Ok(()) => true,
                Err(Errno::EEXIST) => false,
                Err(errno) => return Err(errno.into()),
            };
            let folder = open_folder(parent, segment)?;
            if is_new {
                self.note(top);
                fchmod(folder.as_fd(), FOLDER_MODE)?;
            }
            self.open.push((segment, folder));
        }
        Ok(())
    }

    /// Goes back until so many folders are open. What is made in a folder changes the folder's time, so that is
    /// fixed last, and once more if it is entered again.
    fn leave(&mut self, depth: usize) -> io::Result<()> {
        while self.open.len() > depth
            && let Some((_, folder)) = self.open.pop()
        {
            fix_time(folder.as_fd())?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.leave(0)?;
        fix_time(self.root.as_fd())
    }

    fn note(&mut self, top: &'a str) {
        if self.made.last() != Some(&top) {
            self.made.push(top);
        }
    }
}

fn fix_time(file: BorrowedFd<'_>) -> io::Result<()> {
    let time = TimeSpec::new(FIXED_TIME, 0);
    Ok(futimens(file, &time, &time)?)
}

fn open_folder(parent: &OwnedFd, segment: &str) -> io::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(openat(parent, segment, flags, Mode::empty())?)
}

fn at(path: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{path}: {error}"))
}

//! Folders that are there only while their maker uses them, and telling which of them nobody uses any more.
//!
//! Their names say which process made them, but a number means another process, or none, to whoever sees the same
//! folder from another container. So the maker also locks the folder for as long as it lives: the kernel lets go of
//! the lock when the process ends, however it ends, and a lock is the same to all who share the file system.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

/// A folder that is held: others see that somebody uses it. Dropping it lets go; so does the end of the process. No
/// program that is started inherits it.
#[derive(Debug)]
pub(crate) struct Hold {
    _folder: File,
    /// Not where the file system has no locks.
    is_locked: bool,
}

impl Hold {
    /// Takes hold of a folder. `None` if somebody else has, or if it is gone or another one has come in its place: a
    /// maker whose new folder has met somebody who clears away, in the moment before it was held, makes another.
    ///
    /// # Errors
    /// The folder cannot be opened.
    pub(crate) fn take(path: &Path) -> io::Result<Option<Self>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder: OwnedFd = match rustix::fs::open(path, flags, Mode::empty()) {
            Err(Errno::NOENT) => return Ok(None),
            other => other?,
        };
        let is_locked = match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => return Ok(None),
            // There is a network between, or something else that knows no locks on folders.
            other => other.is_ok(),
        };
        let held = rustix::fs::fstat(&folder)?;
        let named = match rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Ok(None),
            other => other?,
        };
        let is_there = (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino);
        Ok(is_there.then_some(Self {
            _folder: folder.into(),
            is_locked,
        }))
    }

    /// Takes hold of a folder that a process left behind which is no more; `None` if it may be in use. The caller may
    /// remove it while it holds it.
    ///
    /// What cannot be locked is judged by the number alone. What can is never taken from a process that is seen here
    /// either, unless the number is our own: then it is from before us, since we hold what is ours.
    pub(crate) fn take_left(path: &Path, process: u32) -> Option<Self> {
        let is_seen = Path::new("/proc").join(process.to_string()).exists();
        if is_seen && process != std::process::id() {
            return None;
        }
        let hold = Self::take(path).ok()??;
        (hold.is_locked || !is_seen).then_some(hold)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Above the largest number that the kernel gives out.
    const NOBODY: u32 = 99_999_999;

    #[test]
    fn what_is_held_is_taken_by_nobody_else_until_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let hold = Hold::take(folder.path()).unwrap().unwrap();
        assert!(hold.is_locked);
        assert!(Hold::take(folder.path()).unwrap().is_none());
        for process in [NOBODY, std::process::id()] {
            assert!(Hold::take_left(folder.path(), process).is_none());
        }
        drop(hold);
        for process in [NOBODY, std::process::id()] {
            assert!(Hold::take_left(folder.path(), process).is_some());
        }
    }

    #[test]
    fn nothing_is_taken_from_a_process_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Hold::take_left(folder.path(), 1).is_none());
    }

    #[test]
    fn only_folders_that_are_there_are_held() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("folder");
        assert!(Hold::take(&path).unwrap().is_none());
        fs::create_dir(place.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert!(Hold::take(&path).is_err());
        assert!(Hold::take_left(&path, NOBODY).is_none());
    }
}

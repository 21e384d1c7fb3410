//! Folders for the files of a run, which nobody finds once it is over.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use crate::files::Hold;

/// They are named `dfab-workspace-<process>-<random>`, so that another process can tell who made one.
const PREFIX: &str = "dfab-workspace-";
/// A file system in memory that everybody may write to, where there is one.
pub(crate) const MEMORY: &str = "/dev/shm";
/// Nobody else may look into a new one.
const OURS_ALONE: u32 = 0o700;
/// So often in a row nobody clears away a folder that has just been made.
const TRIES: u32 = 100;

/// Those of this process. Whoever has locked it makes or removes one.
static OWN: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder of this process, removed when dropped. It is held until then, so that others leave it alone.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// `None` once it is removed.
    folder: Option<TempDir>,
    path: PathBuf,
    _hold: Hold,
}

impl Workspace {
    /// Makes one that is closed to others.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new_in(place: &Path) -> io::Result<Self> {
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let mut own = own();
        for _ in 0..TRIES {
            // Takes another name if there is a folder of that one: a number can be one process's here and another's
            // in another container.
            let folder = tempfile::Builder::new()
                .permissions(Permissions::from_mode(OURS_ALONE))
                .prefix(&prefix)
                .tempdir_in(place)?;
            // The umask was applied to that, and may take away what we need ourselves.
            let opened = fs::set_permissions(folder.path(), Permissions::from_mode(OURS_ALONE));
            let hold = match opened {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                other => other.and_then(|()| Hold::take(folder.path()))?,
            };
            let path = folder.path().to_owned();
            let Some(hold) = hold else {
                // Who took it removes it.
                let _ = folder.keep();
                continue;
            };
            own.push(path.clone());
            return Ok(Self {
                folder: Some(folder),
                path,
                _hold: hold,
            });
        }
        Err(io::Error::other("new folders vanish there at once"))
    }

    /// Makes one where temporary files are.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new() -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn close(mut self) -> io::Result<()> {
        self.folder.take().map_or(Ok(()), TempDir::close)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        drop(self.folder.take());
        own().retain(|path| *path != self.path);
    }
}

fn own() -> MutexGuard<'static, Vec<PathBuf>> {
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes workspaces of processes that are no more: a killed dfab could not do it itself. What cannot be removed
/// (another user's) is left alone.
pub(crate) fn sweep_workspaces() {
    // `TMPDIR` may not have named a place when those in memory were made.
    for place in [std::env::temp_dir(), MEMORY.into()] {
        sweep(&place);
    }
}

fn sweep(place: &Path) {
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let process = entry.file_name().to_str().and_then(maker);
        let path = entry.path();
        if let Some(_hold) = process.and_then(|process| Hold::take_left(&path, process)) {
            // Best effort: what stays is swept by the next run.
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Removes the workspaces of this process, which must end at once: it can make no more.
pub(crate) fn remove_own_workspaces() {
    let own = own();
    for path in own.iter() {
        let _ = fs::remove_dir_all(path);
    }
    std::mem::forget(own);
}

/// The process number in a workspace's name.
fn maker(name: &str) -> Option<u32> {
    let (process, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let is_number = process.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| process.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_process_number_are_workspaces() {
        assert_eq!(maker("dfab-workspace-123-aBc"), Some(123));
        for name in [
            "dfab-workspace-",
            "dfab-workspace-x-1",
            "dfab-workspace--1",
            "dfab-workspace-+1-1",
            "other-1-2",
        ] {
            assert_eq!(maker(name), None, "{name}");
        }
    }

    #[test]
    fn what_a_dead_process_left_is_swept_and_what_is_held_is_not() {
        let place = tempfile::tempdir().unwrap();
        // One of a process before us with our number, and one of a process that has a number we cannot see.
        let before_us = format!("{PREFIX}{}-before", std::process::id());
        for name in [
            &before_us,
            "dfab-workspace-99999999-dead",
            "dfab-workspace-99999999-held",
            "other",
        ] {
            fs::create_dir(place.path().join(name)).unwrap();
            fs::write(place.path().join(name).join("file"), "x").unwrap();
        }
        let _held = Hold::take(&place.path().join("dfab-workspace-99999999-held")).unwrap();
        let ours = Workspace::new_in(place.path()).unwrap();
        sweep(place.path());
        let mut left: Vec<_> = fs::read_dir(place.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        left.sort();
        let mut expected = ["dfab-workspace-99999999-held", "other"]
            .map(|name| place.path().join(name))
            .to_vec();
        expected.push(ours.path().to_owned());
        expected.sort();
        assert_eq!(left, expected);
        ours.close().unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 2);
    }

    #[test]
    fn nobody_loses_a_workspace_while_others_sweep() {
        let place = tempfile::tempdir().unwrap();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let order = std::sync::atomic::Ordering::Relaxed;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(order) {
                    sweep(place.path());
                }
            });
            for _ in 0..1000 {
                let workspace = Workspace::new_in(place.path()).unwrap();
                fs::write(workspace.path().join("file"), "x").unwrap();
                std::thread::yield_now();
                assert!(workspace.path().join("file").exists());
                workspace.close().unwrap();
            }
            is_over.store(true, order);
        });
    }
}

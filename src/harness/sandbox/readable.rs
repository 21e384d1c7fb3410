//! Whether a workspace can be read by a user who owns nothing of it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags};

/// Entries looked at before giving up; packages have far fewer.
const MOST_ENTRIES: usize = 4096;
/// Read and enter for others.
const FOLDER_BITS: u32 = 0o005;
/// Read for others.
const FILE_BITS: u32 = 0o004;

/// Whether modes let anybody read all of it. Says no when in doubt.
pub(super) fn by_others(workspace: &Path) -> bool {
    let mut folders = vec![workspace.to_owned()];
    let mut left = MOST_ENTRIES;
    while let Some(folder) = folders.pop() {
        let Ok(meta) = fs::symlink_metadata(&folder) else {
            return false;
        };
        if meta.permissions().mode() & FOLDER_BITS != FOLDER_BITS {
            return false;
        }
        let Ok(names) = names_in(&folder) else {
            return false;
        };
        for name in names {
            let Some(rest) = left.checked_sub(1) else {
                return false;
            };
            left = rest;
            let path = match name {
                Ok(name) if name == "." || name == ".." => continue,
                Ok(name) => folder.join(name),
                Err(_) => return false,
            };
            let Ok(meta) = fs::symlink_metadata(&path) else {
                return false;
            };
            if meta.is_dir() {
                folders.push(path);
            } else if meta.is_file() && meta.permissions().mode() & FILE_BITS == 0 {
                return false;
            }
        }
    }
    true
}

/// The names in a folder. The harness sees the time of the last look, so this one leaves none.
fn names_in(
    folder: &Path,
) -> rustix::io::Result<impl Iterator<Item = rustix::io::Result<OsString>>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = |flags| rustix::fs::open(folder, flags, Mode::empty());
    // Only owners and those who may act as one are allowed not to leave a trace.
    let handle = open(flags | OFlags::NOATIME).or_else(|_| open(flags))?;
    let entries = Dir::new(handle)?;
    Ok(entries.map(|entry| Ok(OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn every_folder_and_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        let file = inner.join("harness.py");
        fs::create_dir(&inner).unwrap();
        fs::write(&file, "").unwrap();
        for (path, open) in [(folder.path(), 0o755), (&inner, 0o755), (&file, 0o644)] {
            mode(path, open);
        }
        assert!(by_others(folder.path()));
        mode(&file, 0o600);
        assert!(!by_others(folder.path()));
        mode(&file, 0o644);
        mode(&inner, 0o750);
        assert!(!by_others(folder.path()));
        mode(&inner, 0o755);
        mode(folder.path(), 0o700);
        assert!(!by_others(folder.path()));
    }

    #[test]
    fn what_is_not_there_is_not_readable() {
        assert!(!by_others(Path::new("/nonexistent/workspace")));
    }
}

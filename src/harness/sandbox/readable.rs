//! Whether a workspace can be read by the user who a harness of root is on the host.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags};

use super::identity::NOBODY;

/// Entries looked at before giving up; packages have far fewer.
const MOST_ENTRIES: usize = 4096;
/// Read and enter.
const FOLDER_BITS: u32 = 0o5;
/// Read.
const FILE_BITS: u32 = 0o4;

/// Whether modes let nobody's user and group read all of it. Says no when in doubt, and where it is nobody's
/// own, for then it could be changed too.
pub(super) fn by_nobody(workspace: &Path) -> bool {
    let mut folders = vec![workspace.to_owned()];
    let mut left = MOST_ENTRIES;
    while let Some(folder) = folders.pop() {
        let Ok(meta) = fs::symlink_metadata(&folder) else {
            return false;
        };
        if !grants(&meta, FOLDER_BITS) {
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
            } else if meta.is_file() && !grants(&meta, FILE_BITS) {
                return false;
            }
        }
    }
    true
}

fn grants(meta: &fs::Metadata, bits: u32) -> bool {
    let shift = if meta.gid() == NOBODY { 3 } else { 0 };
    meta.uid() != NOBODY && meta.mode() >> shift & bits == bits
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
    use std::os::unix::fs::PermissionsExt;

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
        assert!(by_nobody(folder.path()));
        mode(&file, 0o600);
        assert!(!by_nobody(folder.path()));
        mode(&file, 0o644);
        mode(&inner, 0o750);
        assert!(!by_nobody(folder.path()));
        mode(&inner, 0o755);
        mode(folder.path(), 0o700);
        assert!(!by_nobody(folder.path()));
    }

    #[test]
    fn what_is_not_there_is_not_readable() {
        assert!(!by_nobody(Path::new("/nonexistent/workspace")));
    }
}

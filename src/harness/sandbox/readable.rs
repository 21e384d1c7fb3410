//! Whether a workspace can be read by a user who owns nothing of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

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
        let Ok(entries) = fs::read_dir(&folder) else {
            return false;
        };
        for entry in entries {
            let Some(rest) = left.checked_sub(1) else {
                return false;
            };
            left = rest;
            let Ok(entry) = entry else { return false };
            let Ok(meta) = entry.metadata() else {
                return false;
            };
            if meta.is_dir() {
                folders.push(entry.path());
            } else if meta.is_file() && meta.permissions().mode() & FILE_BITS == 0 {
                return false;
            }
        }
    }
    true
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

//! Which file a path led to when it was opened.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::StoreError;

/// Device and inode: what tells two files apart that had the same path one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Of the file that has the path now.
    pub(super) fn of(path: &Path) -> Result<Identity, StoreError> {
        let meta = fs::metadata(path).map_err(|_| StoreError::Vanished {
            path: path.to_owned(),
        })?;
        Ok(Identity {
            device: meta.dev(),
            inode: meta.ino(),
        })
    }

    /// That the path still leads to this file.
    pub(super) fn check(self, path: &Path) -> Result<(), StoreError> {
        if Identity::of(path)? == self {
            return Ok(());
        }
        Err(StoreError::Vanished {
            path: path.to_owned(),
        })
    }
}

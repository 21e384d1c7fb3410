//! One server per database.
//!
//! Two servers would take from one queue, and neither could tell what the other is at from what a killed one was at.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};

/// Held for as long as a server runs. The system lets go of it however the process ends.
pub(super) struct Lock(#[allow(dead_code)] Flock<File>);

/// Why a database is not this server's.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another one has it.
    #[error("another server has the database {}", database.display())]
    Taken {
        /// The database.
        database: PathBuf,
    },
    /// The lock's own file cannot be made.
    #[error("cannot lock {}", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

impl Lock {
    /// # Errors
    /// Another server has it, or the file beside the database cannot be made.
    pub(super) fn take(database: &Path) -> Result<Lock, LockError> {
        let mut name: OsString = database.as_os_str().to_owned();
        name.push("-serve");
        let file = PathBuf::from(name);
        let fail = |source| LockError::Failed {
            file: file.clone(),
            source,
        };
        let opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits() | OFlag::O_NONBLOCK.bits())
            .open(&file)
            .map_err(fail)?;
        match Flock::lock(opened, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Lock(lock)),
            Err((_, Errno::EWOULDBLOCK)) => Err(LockError::Taken {
                database: database.to_owned(),
            }),
            Err((_, errno)) => Err(fail(errno.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_has_one_server_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("x.sqlite3");
        let first = Lock::take(&database).unwrap();
        assert!(matches!(
            Lock::take(&database),
            Err(LockError::Taken { .. })
        ));
        drop(first);
        Lock::take(&database).unwrap();
        let nowhere = folder.path().join("none/x.sqlite3");
        assert!(matches!(
            Lock::take(&nowhere),
            Err(LockError::Failed { .. })
        ));
    }
}

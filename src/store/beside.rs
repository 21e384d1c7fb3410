//! The files that SQLite keeps beside a database, and whose they are.
//!
//! Whoever opens a database in WAL mode first makes `-wal` and `-shm`, also for reading only, and a
//! reader without the right to write the database cannot remove them. Made by another user they
//! would keep the owner of the database from writing it. So whoever is not its owner makes none.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat, geteuid};

use super::StoreError;

/// What SQLite may have put beside a database.
const SUFFIXES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Where the header of a database says how it is written, and what stands there in WAL mode.
const READ_VERSION_OFFSET: usize = 19;
const WAL_VERSION: u8 = 2;

pub(super) fn file_beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// That nothing beside the database keeps this user from writing it. SQLite itself would only say
/// that the database is read-only, and that not before the first write.
pub(super) fn check_writable(path: &Path) -> Result<(), StoreError> {
    for file in SUFFIXES.map(|suffix| file_beside(path, suffix)) {
        let Ok(meta) = fs::metadata(&file) else {
            continue;
        };
        let user = geteuid();
        let asked = faccessat(AT_FDCWD, &file, AccessFlags::W_OK, AtFlags::AT_EACCESS);
        if meta.uid() != user.as_raw() && asked.is_err() {
            return Err(StoreError::NotYourLog {
                file,
                owner: meta.uid(),
                user: user.as_raw(),
            });
        }
    }
    Ok(())
}

/// Whether the database is another user's. Root is nobody's guest: SQLite gives what root makes
/// to the owner of the database.
pub(super) fn is_guest(path: &Path) -> bool {
    let user = geteuid();
    !user.is_root() && fs::metadata(path).is_ok_and(|meta| meta.uid() != user.as_raw())
}

/// Whether SQLite would make files to read this database with its usual locks: it is in WAL mode,
/// and nobody has it open.
pub(super) fn would_make_files(path: &Path) -> bool {
    let mut header = [0; READ_VERSION_OFFSET + 1];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok()
        && header[READ_VERSION_OFFSET] == WAL_VERSION
        && ["-wal", "-shm"]
            .iter()
            .any(|suffix| !file_beside(path, suffix).exists())
}

/// A database that is read as it lies there, without locks: what shows whether somebody wrote it
/// meanwhile. Everything that is written goes through the log first, and what was moved from there
/// into the database changes its times.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LyingStill {
    database: Stamp,
}

/// Device, inode, size, and both times in nanoseconds.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(u64, u64, u64, [i64; 4]);

impl Stamp {
    fn of(meta: &Metadata) -> Stamp {
        let times = [
            meta.mtime(),
            meta.mtime_nsec(),
            meta.ctime(),
            meta.ctime_nsec(),
        ];
        Stamp(meta.dev(), meta.ino(), meta.len(), times)
    }
}

impl LyingStill {
    /// The database as it lies there now.
    ///
    /// # Errors
    /// Its log holds results, which cannot be read that way.
    pub(super) fn of(path: &Path) -> Result<LyingStill, StoreError> {
        let meta = fs::metadata(path).map_err(|error| StoreError::CannotOpen {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        if has_log(path) {
            let reason =
                "the newest results are still in its log (-wal), and without the right to \
                          write beside it that cannot be read"
                    .to_owned();
            let path = path.to_owned();
            return Err(StoreError::CannotOpen { path, reason });
        }
        Ok(LyingStill {
            database: Stamp::of(&meta),
        })
    }

    /// That it still does.
    pub(super) fn check(&self, path: &Path) -> Result<(), StoreError> {
        let now = fs::metadata(path).map(|meta| Stamp::of(&meta));
        if now.is_ok_and(|now| now == self.database) && !has_log(path) {
            return Ok(());
        }
        Err(StoreError::Changed {
            path: path.to_owned(),
        })
    }
}

fn has_log(path: &Path) -> bool {
    fs::metadata(file_beside(path, "-wal")).is_ok_and(|meta| meta.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_to_a_database_that_lies_still_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let writer = || {
            let writer = rusqlite::Connection::open(&path).unwrap();
            let mode = |_: &rusqlite::Row<'_>| Ok(());
            writer
                .query_row("PRAGMA journal_mode = WAL", [], mode)
                .unwrap();
            writer
        };
        writer().execute_batch("CREATE TABLE t (x)").unwrap();
        let still = LyingStill::of(&path).unwrap();
        still.check(&path).unwrap();

        let open = writer();
        still.check(&path).unwrap();
        open.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        let changed =
            |still: &LyingStill| matches!(still.check(&path), Err(StoreError::Changed { .. }));
        assert!(changed(&still), "it is in the log");
        assert!(LyingStill::of(&path).is_err());
        drop(open);
        assert!(changed(&still), "it has gone from the log into the file");
        LyingStill::of(&path).unwrap().check(&path).unwrap();
    }
}

//! Opening: whose file it is, whether it can be used, and bringing it up to date.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use super::beside::{self, LyingStill};
use super::error::at;
use super::fingerprints::seal_earlier;
use super::identity::Identity;
use super::{Store, StoreError, rows};

/// Schema changes in order; a file of version N has had the first N.
pub(super) const MIGRATIONS: [&str; 5] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
];

/// The version from which on fingerprints are sealed.
const SEALING: usize = 3;

/// The version from which on the progress of runs is kept.
const PROGRESS: usize = 4;

/// The version from which on the lines of structures are kept.
const LINES: usize = 5;

/// What hangs on the service's table; every statement may be repeated.
const ATTACH: &str = include_str!("attach.sql");

/// How long to wait for another process. Transactions here take milliseconds, so only a process
/// that is stuck, or one that copies the whole file, makes anyone wait this long.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

const OPENING: &str = "opening it";

impl Store {
    /// Opens a database, or makes one, and brings its tables up to date. A file of the live
    /// service's is taken as it is; this program's tables go beside its own.
    ///
    /// # Errors
    /// The path cannot be a database, or the file is another program's, damaged, from a newer
    /// version of this program, locked, or may not be written.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        Store::open_waiting(path, BUSY_TIMEOUT)
    }

    /// As [`Store::open`], with another patience for other processes.
    pub(super) fn open_waiting(path: &Path, patience: Duration) -> Result<Store, StoreError> {
        check_file_type(path)?;
        beside::check_writable(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(plain(path), flags).map_err(at(path, OPENING))?;
        let fail = at(path, OPENING);
        connection.busy_timeout(patience).map_err(&fail)?;
        // Before anything is changed: a file that is not ours stays as it is, to the byte.
        check_owner(&connection, path)?;
        if connection.is_readonly("main").map_err(&fail)? {
            let reason = "it may only be read".to_owned();
            return Err(StoreError::ReadOnly {
                path: path.to_owned(),
                reason,
            });
        }
        use_wal(&connection, patience).map_err(&fail)?;
        // FULL, not NORMAL: in WAL mode NORMAL may lose the last commits when the machine goes
        // down, and a result that was reported must be there afterwards. It costs one fsync for
        // each evaluation, which took seconds.
        connection
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
            .map_err(&fail)?;
        migrate(&mut connection, path)?;
        Ok(Store {
            connection,
            path: path.to_owned(),
            identity: Identity::of(path)?,
            has_own_tables: true,
            has_seals: true,
            has_lines: true,
            has_progress: true,
            lying_still: None,
        })
    }

    /// That the database could be written by this user, without trying it.
    ///
    /// # Errors
    /// The file, its folder or something beside it may not be written.
    pub fn check_writable(path: &Path) -> Result<(), StoreError> {
        beside::check_writable(path)?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        for part in [path, folder] {
            let asked = faccessat(AT_FDCWD, part, AccessFlags::W_OK, AtFlags::AT_EACCESS);
            if let Err(error) = asked {
                return Err(StoreError::ReadOnly {
                    path: path.to_owned(),
                    reason: format!("{}: {}", part.display(), error.desc()),
                });
            }
        }
        Ok(())
    }

    /// Opens a database for reading only. No database is made and none is changed. Beside one of
    /// the caller's own that others may be writing SQLite puts its `-wal` and `-shm`, where it may;
    /// beside another user's database nothing is made.
    ///
    /// # Errors
    /// There is no such file, or it is one that [`Store::open`] would refuse.
    pub fn open_read_only(path: &Path) -> Result<Store, StoreError> {
        Store::open_to_read(path, beside::is_guest(path))
    }

    /// As [`Store::open_read_only`], and nothing is made beside the database either: where nobody has it
    /// open it is read as it lies there.
    ///
    /// # Errors
    /// As for [`Store::open_read_only`].
    pub fn open_untouched(path: &Path) -> Result<Store, StoreError> {
        Store::open_to_read(path, true)
    }

    fn open_to_read(path: &Path, as_a_guest: bool) -> Result<Store, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing {
                path: path.to_owned(),
            });
        }
        check_file_type(path)?;
        let (connection, lying_still) = connect_for_reading(path, as_a_guest)?;
        let (version, has_submissions) = check_owner(&connection, path)?;
        if !has_submissions {
            return Err(StoreError::Missing {
                path: path.to_owned(),
            });
        }
        Ok(Store {
            connection,
            path: path.to_owned(),
            identity: Identity::of(path)?,
            has_own_tables: version > 0,
            has_seals: version >= SEALING as i64,
            has_progress: version >= PROGRESS as i64,
            has_lines: version >= LINES as i64,
            lying_still,
        })
    }
}

/// Has readers and one writer work side by side. Where the file system cannot do it SQLite stays with its rollback
/// journal, which is slower but as safe.
///
/// SQLite itself does not wait here for another process, whatever patience it was given: two that make one new
/// database at the same moment would meet, and one of them fail.
fn use_wal(connection: &Connection, patience: Duration) -> Result<(), rusqlite::Error> {
    const PAUSE: Duration = Duration::from_millis(5);
    let until = Instant::now() + patience;
    loop {
        let asked = connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()));
        match asked {
            Err(error) if is_busy(&error) && Instant::now() < until => std::thread::sleep(PAUSE),
            other => return other,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// A connection that reads, and what has to stay as it is while it does.
fn connect_for_reading(
    path: &Path,
    guest: bool,
) -> Result<(Connection, Option<LyingStill>), StoreError> {
    let open = |name: &OsStr, flags: OpenFlags| -> Result<Connection, rusqlite::Error> {
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(Path::new(name), flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok(connection)
    };
    let as_it_lies = || -> Result<_, StoreError> {
        let still = LyingStill::of(path)?;
        let name = uri(path, "immutable=1");
        let connection = open(&name, OpenFlags::SQLITE_OPEN_URI).map_err(at(path, OPENING))?;
        Ok((connection, Some(still)))
    };
    if guest && beside::would_make_files(path) {
        return as_it_lies();
    }
    let opened = match guest {
        // SQLite's own way to say: use the `-shm` that is there, and make none.
        true => open(&uri(path, "readonly_shm=1"), OpenFlags::SQLITE_OPEN_URI),
        false => open(plain(path).as_os_str(), OpenFlags::empty()),
    };
    match opened {
        Err(error) if may_not_write_beside(&error) => as_it_lies(),
        other => Ok((other.map_err(at(path, OPENING))?, None)),
    }
}

/// Reading a WAL database means having a small file beside it. SQLite says in two ways that it may
/// not make one: as a file it cannot open, or as a folder it may only read.
pub(super) fn may_not_write_beside(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    )
}

/// The path as SQLite takes it for a path: this build of SQLite reads names that begin with `file:`
/// as URIs, whatever the flags say. An absolute one never does.
fn plain(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| Path::new(".").join(path))
}

/// The path as a URI with a parameter.
pub(super) fn uri(path: &Path, parameter: &str) -> OsString {
    let mut uri = String::from("file:");
    for byte in plain(path).as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri.push('?');
    uri.push_str(parameter);
    uri.into()
}

/// A folder gives SQLite a puzzling error, and a pipe makes it wait for ever.
pub(super) fn check_file_type(path: &Path) -> Result<(), StoreError> {
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => Err(StoreError::NotAFile {
            path: path.to_owned(),
        }),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => check_folder(path),
        Err(error) => Err(StoreError::CannotOpen {
            path: path.to_owned(),
            reason: error.to_string(),
        }),
    }
}

/// SQLite does not say which part of the path is missing.
fn check_folder(path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(folder) if folder != Path::new("") && !folder.is_dir() => {
            let reason = format!("there is no folder {}", folder.display());
            Err(StoreError::CannotOpen {
                path: path.to_owned(),
                reason,
            })
        }
        _ => Ok(()),
    }
}

fn has_table(connection: &Connection, name: &str) -> Result<bool, rusqlite::Error> {
    let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1";
    connection
        .query_row(sql, [name], |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
}

/// The version of our tables; 0 where there are none. SQLite's own `user_version` is not used: it
/// belongs to the whole file, and the service may want it some day.
fn schema_version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    if !has_table(connection, "dfab_schema")? {
        return Ok(0);
    }
    let sql = "SELECT coalesce(max(version), 0) FROM dfab_schema";
    connection.query_row(sql, [], |row| row.get("coalesce(max(version), 0)"))
}

/// Refuses files of other programs, of newer versions, and of services with another table. Returns the version of
/// our tables and whether there are submissions.
fn check_owner(connection: &Connection, path: &Path) -> Result<(i64, bool), StoreError> {
    let fail = at(path, OPENING);
    // All of it is read at one moment: another process may be making the tables.
    let moment = connection.unchecked_transaction().map_err(&fail)?;
    let known = MIGRATIONS.len() as i64;
    let found = schema_version(&moment).map_err(&fail)?;
    if found > known {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        });
    }
    let has_submissions = has_table(&moment, "submissions").map_err(&fail)?;
    if has_submissions {
        check_columns(&moment, path)?;
    } else {
        check_empty(&moment, path)?;
    }
    moment.commit().map_err(&fail)?;
    Ok((found, has_submissions))
}

/// A file without submissions has no other tables either, or is not ours.
fn check_empty(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let fail = at(path, OPENING);
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' \
               ESCAPE '\\' ORDER BY name LIMIT 5";
    let mut statement = connection.prepare(sql).map_err(&fail)?;
    let names = statement
        .query_map([], |row| row.get::<_, String>("name"))
        .map_err(&fail)?;
    let names: Vec<String> = names.collect::<Result<_, _>>().map_err(&fail)?;
    if names.is_empty() {
        return Ok(());
    }
    Err(StoreError::NotOurs {
        path: path.to_owned(),
        tables: names.join(", "),
    })
}

fn check_columns(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let fail = at(path, OPENING);
    let sql = "SELECT name FROM pragma_table_info('submissions')";
    let mut statement = connection.prepare(sql).map_err(&fail)?;
    let present = statement
        .query_map([], |row| row.get::<_, String>("name"))
        .map_err(&fail)?;
    let present: Vec<String> = present.collect::<Result<_, _>>().map_err(&fail)?;
    let missing: Vec<&str> = rows::COLUMNS
        .into_iter()
        .filter(|column| !present.iter().any(|name| name == column))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(StoreError::MissingColumns {
        path: path.to_owned(),
        columns: missing.join(", "),
    })
}

/// Applies what the file has not had yet, all of it or nothing. What is missing is looked up again
/// under the write lock, for another process may have been doing the same.
fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let fail = at(path, "bringing its tables up to date");
    if is_current(connection).map_err(&fail)? {
        return Ok(());
    }
    let behavior = rusqlite::TransactionBehavior::Immediate;
    let transaction = connection
        .transaction_with_behavior(behavior)
        .map_err(&fail)?;
    let sql = "CREATE TABLE IF NOT EXISTS dfab_schema (
            version INTEGER NOT NULL PRIMARY KEY,
            program_version TEXT NOT NULL
        )";
    transaction.execute_batch(sql).map_err(&fail)?;
    let done = usize::try_from(schema_version(&transaction).map_err(&fail)?).unwrap_or(0);
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        transaction.execute_batch(migration).map_err(&fail)?;
        let sql = "INSERT INTO dfab_schema (version, program_version) VALUES (?1, ?2)";
        let version = (index as i64 + 1, env!("CARGO_PKG_VERSION"));
        transaction.execute(sql, version).map_err(&fail)?;
    }
    if done < SEALING {
        seal_earlier(&transaction).map_err(&fail)?;
    }
    transaction.execute_batch(ATTACH).map_err(&fail)?;
    transaction.commit().map_err(&fail)
}

/// Whether the tables are of this version and everything hangs where it should.
fn is_current(connection: &Connection) -> Result<bool, rusqlite::Error> {
    if schema_version(connection)? != MIGRATIONS.len() as i64 {
        return Ok(false);
    }
    let sql = "SELECT (SELECT count(*) FROM sqlite_master
                       WHERE name IN ('dfab_leaderboard', 'dfab_hotkey', 'dfab_arrival')) = 3
                  AND NOT EXISTS (SELECT 1 FROM submissions
                                  WHERE id NOT IN (SELECT submission_id FROM arrivals)) AS current";
    connection.query_row(sql, [], |row| row.get("current"))
}

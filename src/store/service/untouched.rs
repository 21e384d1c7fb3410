//! Opening a database so that neither it nor its folder is changed.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::super::beside::{self, LyingStill};
use super::super::error::at;
use super::super::open::{BUSY_TIMEOUT, check_file_type, may_not_write_beside, uri};
use super::StoreError;

const OPENING: &str = "opening it";

/// What the connection rests on.
pub(super) enum Untouched {
    /// SQLite's locks; nothing had to be made for them.
    Locked,
    /// The file as it lies there, which must stay so.
    Lying(LyingStill),
    /// A copy with its log, removed with this.
    Copied(#[expect(dead_code, reason = "it is kept for its removal")] tempfile::TempDir),
}

impl Untouched {
    /// That what was just read is one state of the database, not a mixture.
    pub(super) fn check(&self, path: &Path) -> Result<(), StoreError> {
        match self {
            Untouched::Lying(still) => still.check(path),
            Untouched::Locked | Untouched::Copied(_) => Ok(()),
        }
    }
}

/// A connection to the service's database.
pub(super) fn open(path: &Path) -> Result<(Connection, Untouched), StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing {
            path: path.to_owned(),
        });
    }
    check_file_type(path)?;
    let (connection, untouched) = connect(path)?;
    check_table(&connection, path)?;
    Ok((connection, untouched))
}

fn connect(path: &Path) -> Result<(Connection, Untouched), StoreError> {
    let fail = at(path, OPENING);
    let waits_in_log = ["-wal", "-journal"].iter().any(|suffix| {
        fs::metadata(beside::file_beside(path, suffix)).is_ok_and(|meta| meta.len() > 0)
    });
    let is_open_elsewhere = beside::file_beside(path, "-shm").exists();
    if beside::would_make_files(path) {
        return match waits_in_log && !is_open_elsewhere {
            true => copied(path),
            false => as_it_lies(path),
        };
    }
    // The `-shm` that is there is used, and none is made.
    match read(
        &uri(path, "readonly_shm=1"),
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    ) {
        Ok(connection) => Ok((connection, Untouched::Locked)),
        // What is left of a crash would have to be rolled back first, and that would be writing.
        Err(error) if waits_in_log && may_not_write_beside(&error) => copied(path),
        Err(error) if may_not_write_beside(&error) => as_it_lies(path),
        Err(error) => Err(fail(error)),
    }
}

fn as_it_lies(path: &Path) -> Result<(Connection, Untouched), StoreError> {
    let still = LyingStill::of(path)?;
    let name = uri(path, "immutable=1");
    let connection = read(&name, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(at(path, OPENING))?;
    Ok((connection, Untouched::Lying(still)))
}

/// A copy of the database with its log, in which SQLite may do what it has to.
fn copied(path: &Path) -> Result<(Connection, Untouched), StoreError> {
    let copy = || -> std::io::Result<(tempfile::TempDir, PathBuf)> {
        let folder = tempfile::Builder::new().prefix("dfab-service-").tempdir()?;
        let to = folder.path().join("copy.sqlite3");
        fs::copy(path, &to)?;
        for suffix in ["-wal", "-journal"] {
            let beside = beside::file_beside(path, suffix);
            if beside.is_file() {
                fs::copy(beside, beside::file_beside(&to, suffix))?;
            }
        }
        Ok((folder, to))
    };
    let (folder, to) = copy().map_err(|error| StoreError::CannotOpen {
        path: path.to_owned(),
        reason: format!(
            "its log holds results, and a copy to read them from cannot be made: {error}"
        ),
    })?;
    let connection =
        read(&uri(&to, "mode=rw"), OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(at(path, OPENING))?;
    Ok((connection, Untouched::Copied(folder)))
}

fn read(name: &std::ffi::OsStr, flags: OpenFlags) -> Result<Connection, rusqlite::Error> {
    let flags = flags | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(Path::new(name), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    Ok(connection)
}

/// That there is a table of submissions, and that reading it only reads: a view or a virtual table computes.
fn check_table(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let fail = at(path, OPENING);
    let sql = "SELECT type, name, coalesce(sql, '') AS sql FROM sqlite_master
               WHERE type IN ('table', 'view') ORDER BY name = 'submissions' DESC, name LIMIT 5";
    let mut statement = connection.prepare(sql).map_err(&fail)?;
    let rows = statement
        .query_map([], |row| {
            let kind: String = row.get("type")?;
            let sql: String = row.get("sql")?;
            let is_virtual = sql
                .trim_start()
                .to_ascii_uppercase()
                .starts_with("CREATE VIRTUAL");
            Ok((
                row.get::<_, String>("name")?,
                kind == "table" && !is_virtual,
            ))
        })
        .map_err(&fail)?;
    let found: Vec<(String, bool)> = rows.collect::<Result<_, _>>().map_err(&fail)?;
    match found.first() {
        Some((name, true)) if name == "submissions" => Ok(()),
        Some((name, false)) if name == "submissions" => Err(StoreError::Corrupt {
            path: path.to_owned(),
            reason: "its submissions are not a plain table".to_owned(),
        }),
        _ => {
            let names: Vec<String> = found.into_iter().map(|(name, _)| name).collect();
            Err(StoreError::NotOurs {
                path: path.to_owned(),
                tables: match names.is_empty() {
                    true => "(none)".to_owned(),
                    false => names.join(", "),
                },
            })
        }
    }
}

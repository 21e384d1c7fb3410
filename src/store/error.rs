//! What can go wrong with the database, told apart by what to do about it.

use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no database to read.
    #[error("there is no database at {}", path.display())]
    Missing {
        /// Where one was expected.
        path: PathBuf,
    },
    /// The path leads to a folder, pipe, device or socket.
    #[error("{} is not a regular file, so it cannot be a database", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file cannot be opened or made.
    #[error("cannot open the database {}: {reason}", path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file is something other than an SQLite database.
    #[error("{} is not an SQLite database", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The database belongs to some other program.
    #[error("{} is another program's database: it has the tables {tables} but no submissions", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// Some of its tables.
        tables: String,
    },
    /// The submissions table is not the one the live service has.
    #[error("the table submissions of {} lacks the columns {columns}", path.display())]
    MissingColumns {
        /// The file.
        path: PathBuf,
        /// What is missing.
        columns: String,
    },
    /// A package cannot be kept beside the database.
    #[error("cannot keep the package as {}", path.display())]
    Artifact {
        /// The file that was to hold it.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A later version of this program has changed the file.
    #[error("{} has schema version {found}, and this program knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The database is damaged.
    #[error("the database {} is damaged: {reason}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite says, or what was found.
        reason: String,
    },
    /// The database may only be read.
    #[error("the database {} cannot be written: {reason}", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// A file that SQLite needs beside the database belongs to somebody else.
    #[error(
        "{} belongs to user {owner} and may not be written by user {user}, so the database cannot be used",
        file.display()
    )]
    NotYourLog {
        /// The file beside the database.
        file: PathBuf,
        /// The number of the user it belongs to.
        owner: u32,
        /// The number of the user who asks.
        user: u32,
    },
    /// The database was written while it was read without locks.
    #[error("the database {} was written while it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Another process kept the database for too long.
    #[error("the database {} is in use by another process (while {doing})", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
        /// What was to be done.
        doing: &'static str,
    },
    /// No room is left.
    #[error("the disk that holds {} is full (while {doing})", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
        /// What was to be done.
        doing: &'static str,
    },
    /// The disk or file system fails.
    #[error("reading or writing {} failed while {doing}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was to be done.
        doing: &'static str,
        /// What SQLite says.
        reason: String,
    },
    /// A score that no database should hold.
    #[error("the score {score} of submission {submission_id} is not a finite number")]
    NotFinite {
        /// The submission.
        submission_id: String,
        /// Its score.
        score: f64,
    },
    /// A number beyond what SQLite counts to.
    #[error("the {what} {number} of submission {submission_id} is too large for the database")]
    TooLarge {
        /// The submission.
        submission_id: String,
        /// What is counted.
        what: &'static str,
        /// How many.
        number: u64,
    },
    /// A text beyond what SQLite keeps in one column.
    #[error(
        "the result of submission {submission_id} does not fit into the database: no text in it may have more than \
         1 000 000 000 bytes"
    )]
    TooBig {
        /// The submission.
        submission_id: String,
    },
    /// The path leads to another file than the one that was opened, or to none.
    #[error("the database {} was removed or replaced while in use", path.display())]
    Vanished {
        /// Where it was.
        path: PathBuf,
    },
    /// Another process stored a submission, or this one, between the look for neighbours and the result.
    #[error("another result came while {submission_id} was compared with those before it")]
    Overtaken {
        /// The submission that was to be stored.
        submission_id: String,
    },
    /// A run of that id was begun before.
    #[error("a run {run} is recorded already")]
    RunExists {
        /// Its id.
        run: String,
    },
    /// No such place in a run.
    #[error("there is no package {ordinal} in a run {run}")]
    UnknownItem {
        /// The run's id.
        run: String,
        /// The place asked for.
        ordinal: usize,
    },
    /// A stored fingerprint that cannot be read.
    #[error("the fingerprint of submission {submission_id} in {} cannot be read", path.display())]
    UnreadableFingerprint {
        /// The file.
        path: PathBuf,
        /// The submission.
        submission_id: String,
    },
    /// Anything else that SQLite refuses.
    #[error("the database {} failed while {doing}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What was to be done.
        doing: &'static str,
        /// SQLite's words.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether one submission's own values are at fault: the database is well, and the next
    /// submission may be stored.
    pub fn is_about_submission(&self) -> bool {
        matches!(
            self,
            Self::NotFinite { .. } | Self::TooLarge { .. } | Self::TooBig { .. }
        )
    }

    /// A next step for people, where there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { .. } => {
                "`dfab run` makes one; if it is elsewhere, name it in the setting database_url"
            }
            Self::NotAFile { .. } | Self::NotADatabase { .. } | Self::NotOurs { .. } => {
                "name another file in the setting database_url"
            }
            Self::CannotOpen { .. } => "check that its folder exists and that you may write there",
            Self::MissingColumns { .. } => {
                "let the current version of the service open the file once, or name another file"
            }
            Self::Artifact { .. } => {
                "check the folder, or name another one in the setting artifact_root"
            }
            Self::Newer { .. } => "use the newer program, or name another file in database_url",
            Self::Corrupt { .. } => {
                "keep a copy, then try `sqlite3 FILE .recover`, or go back to a backup"
            }
            Self::ReadOnly { .. } => {
                "check the permissions of the file and its folder; SQLite writes beside the file too"
            }
            Self::NotYourLog { .. } => {
                "let that user make it writable or, when no program uses the database, remove it; a -wal that is \
                 not empty holds results and must not be removed"
            }
            Self::Changed { .. } => "try again",
            Self::Locked { .. } => "try again when the other process is done",
            Self::DiskFull { .. } => "make room and try again; what was recorded before is safe",
            Self::Io { .. } => {
                "check that the disk is neither full nor failing; what was recorded is safe"
            }
            Self::Vanished { .. } => {
                "leave the file in place during a run; what this run stored is in the file that was \
                 there, so run it again"
            }
            Self::UnreadableFingerprint { .. } => "evaluate that submission again",
            Self::NotFinite { .. }
            | Self::TooLarge { .. }
            | Self::TooBig { .. }
            | Self::Overtaken { .. }
            | Self::RunExists { .. }
            | Self::UnknownItem { .. }
            | Self::Sqlite { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// Turns SQLite's errors into ours: `.map_err(at(path, "reading the leaderboard"))`.
pub(super) fn at(path: &Path, doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |error| {
        let path = path.to_owned();
        // The one cause that has no code of its own: a value of a type that its column never has.
        if let rusqlite::Error::InvalidColumnType(_, column, found) = &error {
            let reason = format!("unexpected {found} in the column {column}");
            return StoreError::Corrupt { path, reason };
        }
        let reason = match &error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
            other => other.to_string(),
        };
        // Without WAL, SQLite itself looks whether the file was moved.
        if error
            .sqlite_error()
            .is_some_and(|cause| cause.extended_code == ffi::SQLITE_READONLY_DBMOVED)
        {
            return StoreError::Vanished { path };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => StoreError::NotADatabase { path },
            Some(ErrorCode::DatabaseCorrupt) => StoreError::Corrupt { path, reason },
            Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { path, reason },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                StoreError::Locked { path, doing }
            }
            Some(ErrorCode::DiskFull) => StoreError::DiskFull { path, doing },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                StoreError::CannotOpen { path, reason }
            }
            Some(ErrorCode::SystemIoFailure) => StoreError::Io {
                path,
                doing,
                reason,
            },
            _ => StoreError::Sqlite {
                path,
                doing,
                source: error,
            },
        }
    }
}

/// As [`at`], for values of one submission: one that is too big says whose it is.
pub(super) fn of_submission(
    path: &Path,
    doing: &'static str,
    submission_id: &str,
) -> impl Fn(rusqlite::Error) -> StoreError {
    let fail = at(path, doing);
    move |error| match error.sqlite_error_code() {
        Some(ErrorCode::TooBig) => StoreError::TooBig {
            submission_id: submission_id.to_owned(),
        },
        _ => fail(error),
    }
}

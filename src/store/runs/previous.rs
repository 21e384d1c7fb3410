//! What earlier runs did with packages that are given again.

use std::collections::HashMap;
use std::ffi::OsString;
use std::hash::BuildHasher;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use rusqlite::Row;

use crate::store::{Store, StoreError};

use super::{ItemState, RunId};

/// The last that was tried with a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastTry {
    /// The run that tried.
    pub run_id: RunId,
    /// How far it got.
    pub state: ItemState,
    /// What was being done, or was done last.
    pub stage: Option<String>,
}

/// A package as a run had it, to be given to another run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageOfARun {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its path, as given.
    pub package: String,
    /// Whose it is.
    pub hotkey: String,
}

impl Store {
    /// Fills in the last that any run did with each of these packages, named by absolute path and
    /// hotkey. Reads the progress of all runs once.
    ///
    /// # Errors
    /// The database fails.
    pub fn last_tries<S: BuildHasher>(
        &self,
        wanted: &mut HashMap<(PathBuf, String), Option<LastTry>, S>,
    ) -> Result<(), StoreError> {
        if !self.has_progress {
            return Ok(());
        }
        // Ids of runs sort by the time they began.
        let sql = "SELECT run_id, path, hotkey, state, stage FROM run_items
                   WHERE path IS NOT NULL ORDER BY run_id, ordinal";
        self.read("reading what earlier runs did", |connection| {
            let mut statement = connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let key = (path(row)?, row.get("hotkey")?);
                if let Some(last) = wanted.get_mut(&key) {
                    *last = Some(LastTry {
                        run_id: row.get("run_id")?,
                        state: ItemState::of(row.get_ref("state")?.as_str()?),
                        stage: row.get("stage")?,
                    });
                }
            }
            Ok(())
        })
    }

    /// The packages of a run that this machine failed at, in the order given.
    ///
    /// # Errors
    /// The database fails.
    pub fn failed_packages(&self, run: &str) -> Result<Vec<PackageOfARun>, StoreError> {
        if !self.has_progress {
            return Ok(Vec::new());
        }
        let sql = "SELECT path, package, hotkey FROM run_items
                   WHERE run_id = ?1 AND state = 'failed' AND path IS NOT NULL ORDER BY ordinal";
        self.read("reading the failures of a run", |connection| {
            let mut statement = connection.prepare(sql)?;
            let found = statement.query_map([run], |row| {
                Ok(PackageOfARun {
                    path: path(row)?,
                    package: row.get("package")?,
                    hotkey: row.get("hotkey")?,
                })
            })?;
            found.collect()
        })
    }
}

fn path(row: &Row<'_>) -> Result<PathBuf, rusqlite::Error> {
    let bytes = row.get_ref("path")?.as_bytes()?;
    Ok(OsString::from_vec(bytes.to_vec()).into())
}

//! The live service's own database and artifacts, read and never written.
//!
//! Nothing in them is believed: the file may be another program's, hold anything in any column, and name packages that
//! lie elsewhere. What is wrong with one submission is said of that submission; the others are read on.

mod artifacts;
mod untouched;

use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::{Map, Value};

use super::StoreError;
use super::error::at;
use untouched::Untouched;

pub use artifacts::{ArtifactError, service_artifact};

/// Without these there is nothing to evaluate.
const NEEDED: [&str; 3] = ["id", "hotkey", "created_at"];

/// What a result is made of.
const RESULT: [&str; 12] = [
    "id",
    "hotkey",
    "artifact_hash",
    "status",
    "score",
    "passed",
    "conversation_count",
    "total_messages",
    "size_bytes",
    "metrics_json",
    "error",
    "plagiarism_json",
];

/// The review has a column of its own in newer services, and stands in `metrics_json` too.
const REVIEW: &str = "static_review_json";

/// Names and keys longer than this are none.
const MAX_NAME_BYTES: usize = 512;
/// A result holds two logs of 64 000 characters and what a review says of 128 files; this is room for several.
const MAX_RESULT_BYTES: usize = 16 << 20;

const READING: &str = "reading the service's submissions";

/// A database of the live service's, open for reading.
pub struct ServiceDatabase {
    connection: Connection,
    path: PathBuf,
    untouched: Untouched,
    has_results: bool,
}

/// A submission of the service's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSubmission {
    /// Where it stands in the table.
    pub rowid: i64,
    /// Its id, or what stands there instead.
    pub id: Result<String, String>,
    /// The miner's key, or what stands there instead.
    pub hotkey: Result<String, String>,
}

impl ServiceDatabase {
    /// Opens the service's database. Neither it nor its folder is changed; `-wal` and `-shm` of a service that runs are
    /// used, and where results still wait in a log without one, they are read from a copy.
    ///
    /// # Errors
    /// There is no such file, or it is no database of the service's.
    pub fn open(path: &Path) -> Result<ServiceDatabase, StoreError> {
        let (connection, untouched) = untouched::open(path)?;
        let fail = at(path, READING);
        // The schema of a file from elsewhere may call functions; none that does more than compute is let.
        connection
            .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;")
            .map_err(&fail)?;
        let columns = columns(&connection, path)?;
        let missing = |names: &[&'static str]| -> Vec<&'static str> {
            let is_missing = |name: &&&str| !columns.iter().any(|column| column == *name);
            names.iter().filter(is_missing).copied().collect()
        };
        let without = missing(&NEEDED);
        if !without.is_empty() {
            return Err(StoreError::MissingColumns {
                path: path.to_owned(),
                columns: without.join(", "),
            });
        }
        let has_results = missing(&RESULT).is_empty() && missing(&[REVIEW]).is_empty();
        Ok(ServiceDatabase {
            connection,
            path: path.to_owned(),
            untouched,
            has_results,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// That the table has every column a result is made of.
    ///
    /// # Errors
    /// It has not.
    pub fn check_results(&self) -> Result<(), StoreError> {
        if self.has_results {
            return Ok(());
        }
        let columns = columns(&self.connection, &self.path)?;
        let names = RESULT.iter().chain([&REVIEW]);
        let missing: Vec<&str> = names
            .filter(|name| !columns.iter().any(|column| column == *name))
            .copied()
            .collect();
        Err(StoreError::MissingColumns {
            path: self.path.clone(),
            columns: missing.join(", "),
        })
    }

    /// Every submission, in the order of arrival.
    ///
    /// # Errors
    /// The database fails.
    pub fn submissions(&self) -> Result<Vec<ServiceSubmission>, StoreError> {
        let sql = format!(
            "SELECT rowid, {}, {} FROM submissions ORDER BY created_at, rowid",
            bounded("id", MAX_NAME_BYTES),
            bounded("hotkey", MAX_NAME_BYTES)
        );
        self.read(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let found = statement.query_map([], |row| {
                Ok(ServiceSubmission {
                    rowid: row.get("rowid")?,
                    id: name(row, "id")?,
                    hotkey: name(row, "hotkey")?,
                })
            })?;
            found.collect()
        })
    }

    /// The path that a submission's `artifact_json` names for its package, if it names one.
    ///
    /// # Errors
    /// The database fails.
    pub fn named_artifact(&self, rowid: i64) -> Result<Option<String>, StoreError> {
        if !columns(&self.connection, &self.path)?
            .iter()
            .any(|column| column == "artifact_json")
        {
            return Ok(None);
        }
        let values = self.row(rowid, &["artifact_json"])?;
        let text = values.get("artifact_json").and_then(Value::as_str);
        let parsed: Option<Value> = text.and_then(|text| serde_json::from_str(text).ok());
        let named = ["path", "zip_path", "artifact_path", "source_path"]
            .iter()
            .find_map(|key| parsed.as_ref()?.get(key)?.as_str());
        Ok(named.map(str::to_owned))
    }

    /// What the service stored of a submission, column by column. Text stays text; what is neither text nor number is
    /// described.
    ///
    /// # Errors
    /// The database fails, or has no results, or the submission is gone.
    pub fn result(&self, rowid: i64) -> Result<Map<String, Value>, StoreError> {
        let columns: Vec<&str> = RESULT.iter().copied().chain([REVIEW]).collect();
        self.row(rowid, &columns)
    }

    fn row(&self, rowid: i64, columns: &[&str]) -> Result<Map<String, Value>, StoreError> {
        let wanted: Vec<String> = columns
            .iter()
            .map(|column| bounded(column, MAX_RESULT_BYTES))
            .collect();
        let sql = format!(
            "SELECT {} FROM submissions WHERE rowid = ?1",
            wanted.join(", ")
        );
        self.read(|connection| {
            connection.prepare_cached(&sql)?.query_row([rowid], |row| {
                let mut values = Map::new();
                for &column in columns {
                    values.insert(column.to_owned(), value(row.get_ref(column)?));
                }
                Ok(values)
            })
        })
    }

    fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, StoreError> {
        let found = query(&self.connection);
        self.untouched.check(&self.path)?;
        found.map_err(at(&self.path, READING))
    }
}

/// A column, or where it holds more bytes a number that says how many: what is absurdly large is not even loaded.
fn bounded(column: &str, most: usize) -> String {
    format!(
        "CASE WHEN octet_length({column}) <= {most} OR {column} IS NULL THEN {column} \
         ELSE CAST(octet_length({column}) || ' bytes' AS BLOB) END AS {column}"
    )
}

fn name(row: &Row<'_>, column: &str) -> Result<Result<String, String>, rusqlite::Error> {
    Ok(match row.get_ref(column)? {
        ValueRef::Text(text) => {
            String::from_utf8(text.to_vec()).map_err(|_| format!("its {column} is not UTF-8 text"))
        }
        ValueRef::Null => Err(format!("it has no {column}")),
        ValueRef::Blob(_) => Err(format!("its {column} is no text, or longer than any")),
        ValueRef::Integer(_) | ValueRef::Real(_) => Err(format!("its {column} is a number")),
    })
}

fn value(found: ValueRef<'_>) -> Value {
    match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::from(number),
        ValueRef::Real(number) => Value::from(number),
        ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => Value::from(match std::str::from_utf8(bytes) {
            Ok(text) if text.len() < 64 => format!("(not text: {text})"),
            _ => format!("(not text: {} bytes)", bytes.len()),
        }),
    }
}

/// The names of the table's columns. Generated ones are not among them, for what they are made by is not looked at.
fn columns(connection: &Connection, path: &Path) -> Result<Vec<String>, StoreError> {
    let fail = at(path, READING);
    let sql = "SELECT name FROM pragma_table_info('submissions')";
    let mut statement = connection.prepare_cached(sql).map_err(&fail)?;
    let names = statement
        .query_map([], |row| row.get("name"))
        .map_err(&fail)?;
    names.collect::<Result<_, _>>().map_err(&fail)
}

#[cfg(test)]
mod tests;

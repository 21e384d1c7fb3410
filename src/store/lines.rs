//! Where the structure of a stored submission stands in its package.
//!
//! Lines only show a person where to look. Those that do not fit the structure, or are not there because an
//! earlier version of this program stored it, are left out.

use rusqlite::OptionalExtension;
use sha2::{Digest, Sha256};

use crate::similarity::{LocatedPackage, Sequence};

use super::fingerprints::digest_of;
use super::{Store, StoreError};

impl Store {
    /// A submission's structure, which is known, with its stored lines; None where none are stored that fit.
    ///
    /// # Errors
    /// The database fails.
    pub fn located(
        &self,
        submission_id: &str,
        sequence: &Sequence,
    ) -> Result<Option<LocatedPackage>, StoreError> {
        if !self.has_lines {
            return Ok(None);
        }
        let sql = "SELECT lines, lines_digest FROM fingerprints WHERE submission_id = ?1";
        let of = digest_of(submission_id, Some(&sequence.to_bytes()));
        let found = self.read("reading the lines of a submission", |connection| {
            let mut statement = connection.prepare_cached(sql)?;
            let found = statement.query_row([submission_id], |row| {
                // Whatever their type is: see the fingerprints.
                let lines = row.get_ref("lines")?.as_blob();
                let digest = row.get_ref("lines_digest")?.as_blob();
                Ok(match (lines, digest) {
                    (Ok(lines), Ok(digest)) if digest == digest_of_lines(&of, lines) => {
                        LocatedPackage::with_lines(sequence.clone(), lines)
                    }
                    _ => None,
                })
            });
            found.optional()
        })?;
        Ok(found.flatten())
    }
}

/// A digest of the lines and of what they belong to.
pub(super) fn digest_of_lines(fingerprint: &[u8; 32], lines: &[u8]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(fingerprint);
    digest.update(lines);
    digest.finalize().into()
}

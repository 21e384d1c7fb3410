//! What submissions are compared by, kept so that no package is parsed twice.
//!
//! A stored fingerprint decides who is called a copy, so it is never believed for being there: each
//! carries the number of its form and a digest over form, submission and bytes. One that does not fit
//! (damaged, put under another submission, of another form) counts as unreadable, and the package it
//! was made of is parsed again.

use rusqlite::{OptionalExtension, Row, Transaction};
use sha2::{Digest, Sha256};

use crate::similarity::{LocatedPackage, Sequence};

use super::error::of_submission;
use super::lines::digest_of_lines;
use super::{Store, StoreError};

/// The form fingerprints have now. Changes with the bytes of a sequence, and whenever the same
/// source would get another sequence.
const FORMAT: i64 = 1;

/// What a submission is compared by, to be stored.
#[derive(Debug, Clone, Copy, Default)]
pub enum Fingerprint<'a> {
    /// Nothing: its source does not parse.
    #[default]
    None,
    /// Its structure. Lines that are stored with it stay.
    Sequence(&'a Sequence),
    /// Its structure, and the lines it stands on.
    Located(&'a LocatedPackage),
}

impl<'a> Fingerprint<'a> {
    /// The structure alone.
    pub fn sequence(self) -> Option<&'a Sequence> {
        match self {
            Fingerprint::None => None,
            Fingerprint::Sequence(sequence) => Some(sequence),
            Fingerprint::Located(package) => Some(package.sequence()),
        }
    }
}

impl<'a> From<Option<&'a LocatedPackage>> for Fingerprint<'a> {
    fn from(package: Option<&'a LocatedPackage>) -> Fingerprint<'a> {
        package.map_or(Fingerprint::None, Fingerprint::Located)
    }
}

/// A submission with what is known of its structure.
#[derive(Debug, Clone)]
pub struct StoredFingerprint {
    /// Its id.
    pub submission_id: String,
    /// Whose it is.
    pub hotkey: String,
    /// Its structure, if it is stored and sound. None where the source does not parse, too: the
    /// package can say why.
    pub sequence: Option<Sequence>,
    /// Something is stored, but it cannot be believed.
    pub is_unsound: bool,
}

impl Store {
    /// Every submission with a row, in the order of arrival, with its fingerprint.
    ///
    /// # Errors
    /// The database fails.
    pub fn stored_fingerprints(&self) -> Result<Vec<StoredFingerprint>, StoreError> {
        if !self.has_seals {
            let submissions = self.stored_submissions()?.into_iter();
            let without = submissions.map(|submission| StoredFingerprint {
                submission_id: submission.submission_id,
                hotkey: submission.hotkey,
                sequence: None,
                is_unsound: false,
            });
            return Ok(without.collect());
        }
        let sql = "SELECT submissions.id AS submission_id, submissions.hotkey AS hotkey,
                fingerprints.submission_id IS NOT NULL AS is_stored,
                fingerprints.sequence AS fingerprint, format, digest
            FROM submissions LEFT JOIN arrivals ON arrivals.submission_id = submissions.id
                LEFT JOIN fingerprints ON fingerprints.submission_id = submissions.id
            ORDER BY arrivals.sequence, submissions.created_at, submissions.rowid";
        self.read("reading fingerprints", |connection| {
            let mut statement = connection.prepare(sql)?;
            let found = statement.query_map([], |row| {
                let submission_id: String = row.get("submission_id")?;
                let read = match row.get("is_stored")? {
                    true => read(row, &submission_id)?,
                    false => Some(None),
                };
                Ok(StoredFingerprint {
                    submission_id,
                    hotkey: row.get("hotkey")?,
                    is_unsound: read.is_none(),
                    sequence: read.flatten(),
                })
            })?;
            found.collect()
        })
    }

    /// What a submission is compared by; none if its source does not parse.
    ///
    /// # Errors
    /// The database fails, or holds no fingerprint of it that can be believed.
    pub fn sequence_of(&self, submission_id: &str) -> Result<Option<Sequence>, StoreError> {
        let sql = "SELECT sequence AS fingerprint, format, digest FROM fingerprints
                   WHERE submission_id = ?1";
        let found = self.read("reading a fingerprint", |connection| {
            connection
                .prepare_cached(sql)?
                .query_row([submission_id], |row| read(row, submission_id))
                .optional()
        })?;
        found
            .flatten()
            .ok_or_else(|| StoreError::UnreadableFingerprint {
                path: self.path.clone(),
                submission_id: submission_id.to_owned(),
            })
    }

    /// Keeps another fingerprint for a submission whose stored one cannot be believed.
    ///
    /// # Errors
    /// The database fails.
    pub fn replace_fingerprint(
        &mut self,
        submission_id: &str,
        fingerprint: Fingerprint<'_>,
    ) -> Result<(), StoreError> {
        const DOING: &str = "keeping a fingerprint";
        let write = self.write(DOING)?;
        put_fingerprint(&write.transaction, submission_id, fingerprint).map_err(of_submission(
            write.path,
            DOING,
            submission_id,
        ))?;
        write.commit()
    }
}

/// The sequence in the columns `fingerprint`, `format` and `digest`, or that there is none; None if
/// they cannot be believed.
pub(super) fn read(
    row: &Row<'_>,
    submission_id: &str,
) -> Result<Option<Option<Sequence>>, rusqlite::Error> {
    // Whatever their type is: a column that somebody wrote text into is no error of the database.
    let format = row.get_ref("format")?.as_i64().ok();
    let digest = row.get_ref("digest")?.as_blob().ok();
    let Ok(bytes) = row.get_ref("fingerprint")?.as_blob_or_null() else {
        return Ok(None);
    };
    let is_sound =
        format == Some(FORMAT) && digest == Some(digest_of(submission_id, bytes).as_slice());
    Ok(match bytes {
        _ if !is_sound => None,
        None => Some(None),
        Some(bytes) => Sequence::from_bytes(bytes).map(Some),
    })
}

/// Keeps what a submission is compared by.
pub(super) fn put_fingerprint(
    transaction: &Transaction<'_>,
    submission_id: &str,
    fingerprint: Fingerprint<'_>,
) -> Result<(), rusqlite::Error> {
    let bytes = fingerprint.sequence().map(Sequence::to_bytes);
    let digest = digest_of(submission_id, bytes.as_deref());
    let lines = match fingerprint {
        Fingerprint::Located(package) => Some(package.lines_to_bytes()),
        _ => None,
    };
    let lines_digest = lines.as_ref().map(|lines| digest_of_lines(&digest, lines));
    transaction
        .prepare_cached(
            "INSERT INTO fingerprints
                (submission_id, sequence, format, program_version, digest, lines, lines_digest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (submission_id) DO UPDATE SET sequence = excluded.sequence,
                format = excluded.format, program_version = excluded.program_version,
                digest = excluded.digest, lines = coalesce(excluded.lines, lines),
                lines_digest = coalesce(excluded.lines_digest, lines_digest)",
        )?
        .execute((
            submission_id,
            bytes,
            FORMAT,
            env!("CARGO_PKG_VERSION"),
            digest.as_slice(),
            lines,
            lines_digest.as_ref().map(<[u8; 32]>::as_slice),
        ))?;
    Ok(())
}

/// Seals the fingerprints from before there were seals, those at least that can be read at all.
pub(super) fn seal_earlier(transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    let mut all = transaction.prepare("SELECT submission_id, sequence FROM fingerprints")?;
    let mut seal = transaction
        .prepare("UPDATE fingerprints SET format = ?2, digest = ?3 WHERE submission_id = ?1")?;
    let mut rows = all.query([])?;
    while let Some(row) = rows.next()? {
        let submission_id: String = row.get("submission_id")?;
        let bytes: Option<Vec<u8>> = row.get("sequence")?;
        let readable = |bytes: &Vec<u8>| Sequence::from_bytes(bytes).is_some();
        if bytes.as_ref().is_none_or(readable) {
            let digest = digest_of(&submission_id, bytes.as_deref());
            seal.execute((&submission_id, FORMAT, digest.as_slice()))?;
        }
    }
    Ok(())
}

/// A digest of form, submission and bytes, written so that no two of these read alike.
pub(super) fn digest_of(submission_id: &str, bytes: Option<&[u8]>) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(FORMAT.to_le_bytes());
    digest.update((submission_id.len() as u64).to_le_bytes());
    digest.update(submission_id);
    digest.update([u8::from(bytes.is_some())]);
    digest.update(bytes.unwrap_or_default());
    digest.finalize().into()
}

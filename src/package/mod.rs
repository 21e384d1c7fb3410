//! Bytes of a ZIP (or a folder) to a checked [`Package`].
//!
//! This room decides whether a submission is a package at all: it follows the live service's
//! contract check by check and word by word (`contract`), reads archives as CPython's `zipfile`
//! does (`directory`), refuses everything damaged, ambiguous or hostile on top of it (`entry`,
//! `names`), reads the manifest (`manifest`), packs folders and writes workspaces. It knows limits
//! and nothing else: what the files mean is for later rooms.
//!
//! Bounds: no buffer is sized by a number found in the input, at most `max_zip_uncompressed_bytes`
//! are ever inflated into memory, and every pass is linear (or sorting) in the archive's length.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

mod bytes;
mod contract;
mod directory;
mod entry;
mod error;
mod extract;
mod folder;
mod manifest;
mod names;
mod open;
mod view;

#[cfg(test)]
mod tests;

pub use error::{DirectoryFault, EntryFault, FolderFault, ManifestFault, PackageError};
pub use extract::extract;
pub(crate) use folder::special_kind;
pub use open::{Opened, open, open_files};
pub use view::{ErrorView, FileView, PackageView};

/// Longest entry name, counted over the whole stored name in UTF-8: what one file-system name may
/// have at most, so that no segment can exceed it either.
pub const MAX_NAME_BYTES: usize = 255;
/// Most segments of an entry's path, the file's own name included.
pub const MAX_PATH_SEGMENTS: usize = 32;

/// Limits a package must stay within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageLimits {
    /// Most bytes of the ZIP itself.
    pub max_submission_size_bytes: u64,
    /// Most file entries; folders do not count.
    pub max_zip_files: usize,
    /// Most bytes of all files together, uncompressed.
    pub max_zip_uncompressed_bytes: u64,
}

impl Default for PackageLimits {
    /// The live service's defaults.
    fn default() -> Self {
        Self {
            max_submission_size_bytes: 4 << 20,
            max_zip_files: 128,
            max_zip_uncompressed_bytes: 32 << 20,
        }
    }
}

/// One file of a package, content included (bounded by the limits).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageFile {
    /// Normalised path: `/` separators, no empty or `.` segments.
    pub path: String,
    /// SHA-256 of the content in lower-case hex.
    pub sha256: String,
    /// The content, uncompressed.
    pub content: Vec<u8>,
}

/// A package that passed every check.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// SHA-256 of the ZIP bytes in lower-case hex.
    pub artifact_hash: String,
    /// Path of the file to run.
    pub entrypoint: String,
    /// In archive order.
    pub files: Vec<PackageFile>,
    /// The manifest as JSON (an object; `{}` if there is none). Integers outside 64 bits are
    /// floats here; [`Package::manifest_json`] has every digit.
    pub manifest: serde_json::Map<String, serde_json::Value>,
    /// The manifest as JSON text, integers exact.
    pub manifest_json: String,
}

/// Checks and reads a ZIP held in memory.
///
/// # Errors
/// The first contract check that fails, else the first thing refused beyond the contract.
pub fn read_zip(bytes: &[u8], limits: &PackageLimits) -> Result<Package, PackageError> {
    contract::read_zip(bytes, limits)
}

/// The bytes of a ZIP file on disk, at most one more than the limit.
///
/// # Errors
/// [`PackageError::Io`] where the disk fails, [`PackageError::Folder`] where the path is not a
/// regular file (a FIFO would block, a device never end).
pub fn read_zip_bytes(path: &Path, limits: &PackageLimits) -> Result<Vec<u8>, PackageError> {
    let io = |source| PackageError::io(path, source);
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(PackageError::folder(path, FolderFault::NotAFile));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(limits.max_submission_size_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(io)?;
    Ok(bytes)
}

/// A folder as the ZIP it will be: packs it in memory, then reads that ZIP; returns the ZIP bytes
/// too. The same folder gives the same bytes: only names and contents count, not times,
/// permissions or the order on disk.
///
/// # Errors
/// What the ZIP of the folder would be refused for, in the same words, and
/// [`PackageError::Folder`] or [`PackageError::Io`] for what cannot go into a ZIP.
pub fn read_folder(
    path: &Path,
    limits: &PackageLimits,
) -> Result<(Vec<u8>, Package), PackageError> {
    let bytes = folder::pack(path, limits)?;
    let package = read_zip(&bytes, limits)?;
    Ok((bytes, package))
}

/// SHA-256 of the ZIP bytes in lower-case hex: the artifact's identity.
pub fn artifact_hash(bytes: &[u8]) -> String {
    sha256_hex(bytes)
}

/// First 32 hex digits of SHA-256 of `"{hotkey}:{artifact_hash}"`.
pub fn submission_id(hotkey: &str, artifact_hash: &str) -> String {
    let mut id = sha256_hex(format!("{hotkey}:{artifact_hash}").as_bytes());
    id.truncate(32);
    id
}

fn sha256_hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut hex = String::with_capacity(2 * digest.len());
    for byte in digest {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or_default());
        }
    }
    hex
}

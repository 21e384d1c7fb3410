//! A path to a checked package, whatever stands behind it.

use std::path::Path;

use super::{Package, PackageError, PackageLimits, artifact_hash};
use super::{folder, read_zip, read_zip_bytes};

/// The bytes of a package and, if they keep the contract, what is in them.
#[derive(Debug)]
pub struct Opened {
    /// The ZIP; of a folder the ZIP it will be. Empty if there is none.
    pub artifact: Vec<u8>,
    /// The package, or why it is refused.
    pub package: Result<Package, PackageError>,
}

impl Opened {
    /// SHA-256 of the ZIP; none if there is no ZIP or more of it than was read.
    pub fn artifact_hash(&self, limits: &PackageLimits) -> Option<String> {
        let size = self.artifact.len() as u64;
        let whole = size > 0 && size <= limits.max_submission_size_bytes;
        whole.then(|| artifact_hash(&self.artifact))
    }
}

/// Opens a ZIP file, or a folder as the ZIP it will be, for someone who needs the files and not the ZIP's bytes.
///
/// # Errors
/// What the package is refused for, and where the disk fails.
pub fn open_files(path: &Path, limits: &PackageLimits) -> Result<Package, PackageError> {
    let bytes = match path.is_dir() {
        true => folder::pack_quickly(path, limits),
        false => read_zip_bytes(path, limits),
    };
    read_zip(&bytes?, limits)
}

/// Opens a ZIP file, or a folder as the ZIP it will be.
///
/// # Errors
/// [`PackageError::Io`] where the disk fails; everything the package itself is refused for is in the result.
pub fn open(path: &Path, limits: &PackageLimits) -> Result<Opened, PackageError> {
    let bytes = match path.is_dir() {
        true => folder::pack(path, limits),
        false => read_zip_bytes(path, limits),
    };
    match bytes {
        Ok(artifact) => {
            let package = read_zip(&artifact, limits);
            Ok(Opened { artifact, package })
        }
        Err(error @ PackageError::Io { .. }) => Err(error),
        Err(refused) => Ok(Opened {
            artifact: Vec::new(),
            package: Err(refused),
        }),
    }
}

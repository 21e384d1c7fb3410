//! A package, or the reason there is none, in the shape machine output has.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Package, PackageError, PackageFile};

/// One row of `dfab validate`.
#[derive(Debug, Serialize)]
pub struct PackageView<'a> {
    /// The package as it was named by the caller.
    pub path: &'a str,
    /// Whether every check passed.
    pub ok: bool,
    /// Why not.
    pub error: Option<ErrorView>,
    /// SHA-256 of the ZIP bytes; null where there are none.
    pub artifact_hash: Option<String>,
    /// The file to run; null if refused.
    pub entrypoint: Option<&'a str>,
    /// In archive order; empty if refused.
    pub files: Vec<FileView<'a>>,
    /// The manifest; null if refused. Integers keep every digit, NaN and infinities are null.
    pub manifest: Option<Box<RawValue>>,
}

/// Why a package was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorView {
    /// See [`PackageError::code`].
    pub code: &'static str,
    /// The error's text.
    pub message: String,
}

/// One file without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileView<'a> {
    /// Normalised path.
    pub path: &'a str,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the content.
    pub sha256: &'a str,
}

impl<'a> PackageView<'a> {
    /// The row of an accepted package.
    pub fn accepted(path: &'a str, package: &'a Package) -> Self {
        Self {
            path,
            ok: true,
            error: None,
            artifact_hash: Some(package.artifact_hash.clone()),
            entrypoint: Some(&package.entrypoint),
            files: package.files_view(),
            manifest: RawValue::from_string(package.manifest_json.clone()).ok(),
        }
    }

    /// The row of a refused package; `artifact_hash` where its bytes could be read.
    pub fn refused(path: &'a str, artifact_hash: Option<String>, error: &PackageError) -> Self {
        Self {
            path,
            ok: false,
            error: Some(ErrorView::of(error)),
            artifact_hash,
            entrypoint: None,
            files: Vec::new(),
            manifest: None,
        }
    }
}

impl ErrorView {
    /// Code and text of an error.
    pub fn of(error: &PackageError) -> Self {
        Self {
            code: error.code(),
            message: error.to_string(),
        }
    }
}

impl Package {
    /// The files without their contents, in archive order.
    pub fn files_view(&self) -> Vec<FileView<'_>> {
        self.files.iter().map(PackageFile::view).collect()
    }

    /// The content of the file at a normalised path.
    pub fn file(&self, path: &str) -> Option<&PackageFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

impl PackageFile {
    /// The file without its content.
    pub fn view(&self) -> FileView<'_> {
        FileView {
            path: &self.path,
            size: self.content.len() as u64,
            sha256: &self.sha256,
        }
    }
}

//! The sources behind a PATH: of a ZIP, a folder as it is, or a single file.

use std::fs;
use std::io;
use std::path::Path;

use walkdir::WalkDir;

use crate::package::{self, ErrorView, PackageError, PackageLimits};
use crate::review::Source;

/// Files with their paths, as review and comparison take them.
pub(super) struct Sources {
    files: Vec<(String, Vec<u8>)>,
    /// Links to Python files, which are not followed.
    links: Vec<String>,
}

/// Why a PATH has no sources to work on.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourcesError {
    /// A ZIP that does not keep the package contract.
    #[error(transparent)]
    Package(PackageError),
    /// A file or folder that cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl SourcesError {
    /// The machine's fault rather than the package's.
    pub(super) fn is_unreadable(&self) -> bool {
        match self {
            SourcesError::Package(error) => matches!(error, PackageError::Io { .. }),
            SourcesError::Unreadable { .. } => true,
        }
    }

    /// As it is shown in JSON.
    pub(super) fn view(&self) -> ErrorView {
        match self {
            SourcesError::Package(error) => ErrorView::of(error),
            SourcesError::Unreadable { .. } => ErrorView {
                code: "unreadable",
                message: crate::pipeline::chain(self),
            },
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        match self {
            SourcesError::Package(error) => error.hint(),
            SourcesError::Unreadable { .. } => None,
        }
    }
}

impl Sources {
    /// Reads a ZIP under the package contract, anything else as it is.
    pub(super) fn read(path: &Path, limits: &PackageLimits) -> Result<Sources, SourcesError> {
        if path.is_dir() {
            return Sources::read_folder(path);
        }
        if path.extension().is_some_and(|extension| extension == "py") {
            let name = path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned();
            return Ok(Sources {
                files: vec![(name, read_file(path)?)],
                links: Vec::new(),
            });
        }
        let opened = package::open(path, limits).and_then(|opened| opened.package);
        let files = opened
            .map_err(SourcesError::Package)?
            .files
            .into_iter()
            .map(|file| (file.path, file.content));
        Ok(Sources {
            files: files.collect(),
            links: Vec::new(),
        })
    }

    /// Every regular file below a folder that review looks at; links are not followed.
    fn read_folder(folder: &Path) -> Result<Sources, SourcesError> {
        let mut files = Vec::new();
        let mut links = Vec::new();
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let entry = entry.map_err(|error| SourcesError::Unreadable {
                path: error.path().unwrap_or(folder).display().to_string(),
                source: error.into(),
            })?;
            let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            let name = inside.to_string_lossy().into_owned();
            match entry.file_type() {
                kind if kind.is_file() && is_reviewed(&name) => {
                    files.push((name, read_file(entry.path())?));
                }
                kind if kind.is_symlink() && name.ends_with(".py") => links.push(name),
                _ => {}
            }
        }
        Ok(Sources { files, links })
    }

    /// Links to Python files that were left out.
    pub(super) fn links(&self) -> &[String] {
        &self.links
    }

    /// As the review room takes them.
    pub(super) fn borrowed(&self) -> Vec<Source<'_>> {
        self.files
            .iter()
            .map(|(path, bytes)| Source { path, bytes })
            .collect()
    }
}

/// Python files, and data files for the advisory about datasets inside a package.
fn is_reviewed(name: &str) -> bool {
    [".py", ".json", ".jsonl"]
        .iter()
        .any(|extension| name.ends_with(extension))
}

fn read_file(path: &Path) -> Result<Vec<u8>, SourcesError> {
    let unreadable = |source| SourcesError::Unreadable {
        path: path.display().to_string(),
        source,
    };
    // A pipe would block, a device never end.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::other("it is not a regular file")));
    }
    fs::read(path).map_err(unreadable)
}

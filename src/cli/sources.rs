//! The sources behind a PATH: of a ZIP, a folder as it is, or a single file.

use std::fs::FileType;
use std::io::Read;
use std::path::Path;

use walkdir::WalkDir;

use crate::files::open_named;
use crate::package::{self, ErrorView, PackageError, PackageLimits};
use crate::review::Source;

/// Files with their paths, as review and comparison take them.
pub(super) struct Sources {
    files: Vec<(String, Vec<u8>)>,
    left_out: Vec<LeftOut>,
}

/// Something in a folder that may hold code but is not read: links are not followed, a pipe would block.
#[derive(Debug)]
pub(super) struct LeftOut {
    /// Its path in the folder.
    pub(super) name: String,
    /// What it is, with an article.
    pub(super) kind: &'static str,
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
                left_out: Vec::new(),
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
            left_out: Vec::new(),
        })
    }

    /// Every regular file below a folder that review looks at; links are not followed.
    fn read_folder(folder: &Path) -> Result<Sources, SourcesError> {
        let mut files = Vec::new();
        let mut left_out = Vec::new();
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let entry = entry.map_err(|error| SourcesError::Unreadable {
                path: error.path().unwrap_or(folder).display().to_string(),
                source: error.into(),
            })?;
            let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
            let name = inside.to_string_lossy().into_owned();
            let kind = entry.file_type();
            if kind.is_file() && is_reviewed(&name) {
                files.push((name, read_file(entry.path())?));
            } else if let Some(kind) = kind_left_out(kind)
                && (name.ends_with(".py") || entry.path().is_dir())
            {
                left_out.push(LeftOut { name, kind });
            }
        }
        Ok(Sources { files, left_out })
    }

    /// What may hold code but was not read.
    pub(super) fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Whether there is any Python file.
    pub(super) fn has_python(&self) -> bool {
        self.files.iter().any(|(name, _)| name.ends_with(".py"))
    }

    /// As the review room takes them.
    pub(super) fn borrowed(&self) -> Vec<Source<'_>> {
        self.files
            .iter()
            .map(|(path, bytes)| Source { path, bytes })
            .collect()
    }
}

/// What an entry is that is neither file nor folder.
fn kind_left_out(kind: FileType) -> Option<&'static str> {
    if kind.is_dir() {
        None
    } else if kind.is_symlink() {
        Some("a link")
    } else {
        package::special_kind(kind)
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
    let mut bytes = Vec::new();
    open_named(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

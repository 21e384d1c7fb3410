//! Every way a package can be refused, with the entry, line or path it happened at.
//!
//! The messages of the contract variants are compared word for word with the live service's, so
//! their `Display` is exactly that text and nothing more; what a person needs on top of it is in
//! [`PackageError::hint`]. All other variants are dfab's own and name entry and cause.

use std::path::PathBuf;

mod fault;

pub use fault::{DirectoryFault, EntryFault, FolderFault, ManifestFault};

/// Why a package was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// Contract: there are no bytes at all.
    #[error("empty ZIP artifact")]
    Empty,
    /// Contract: more bytes than may be uploaded.
    #[error("ZIP artifact exceeds maximum upload size")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Contract: no archive could be read.
    #[error("submission must be a valid ZIP archive")]
    NotZip {
        /// What was wrong, for the hint.
        cause: &'static str,
    },
    /// Contract: nothing but folder entries.
    #[error("ZIP does not contain files")]
    NoFiles,
    /// Contract: more file entries than allowed.
    #[error("ZIP contains too many files")]
    TooManyFiles {
        /// The limit in files.
        limit: usize,
    },
    /// Contract: an absolute name, a `..` segment, or a name with nothing in it.
    #[error("unsafe ZIP path: {name}")]
    UnsafePath {
        /// The name as stored.
        name: String,
    },
    /// Contract: the Unix mode says symbolic link.
    #[error("symlinks are not allowed: {name}")]
    Symlink {
        /// The name as stored.
        name: String,
    },
    /// Contract: a file extension outside the allowed list.
    #[error("file extension is not allowed: {name}")]
    ExtensionNotAllowed {
        /// The name as stored.
        name: String,
    },
    /// Contract: the declared sizes add up to more than allowed.
    #[error("ZIP uncompressed size is too large")]
    UncompressedTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Contract: the manifest holds something other than a mapping.
    #[error("manifest must be a mapping")]
    ManifestNotMapping {
        /// Path of the manifest.
        manifest: String,
    },
    /// Contract: the manifest's entrypoint is absolute, climbs, or is not a Python file.
    #[error("manifest entrypoint must be a relative Python file")]
    EntrypointNotRelativePython {
        /// The entrypoint, where it was text.
        entrypoint: Option<String>,
    },
    /// Contract: no entrypoint in the package and no single Python file to stand in.
    #[error("ZIP must contain harness.py or manifest entrypoint")]
    EntrypointMissing {
        /// The entrypoint that was looked for.
        wanted: String,
    },
    /// One entry of the archive is damaged, hostile or ambiguous.
    #[error("entry {name:?}: {fault}")]
    Entry {
        /// The name as stored.
        name: String,
        /// What is wrong with it.
        fault: EntryFault,
    },
    /// The archive's directory contradicts itself.
    #[error("ZIP directory: {fault}")]
    Directory {
        /// What contradicts what.
        fault: DirectoryFault,
    },
    /// The manifest cannot be read as plain YAML.
    #[error("manifest {manifest:?}, line {line}: {fault}")]
    Manifest {
        /// Path of the manifest.
        manifest: String,
        /// Line of the fault, from 1.
        line: usize,
        /// What is wrong there.
        fault: ManifestFault,
    },
    /// Something in a folder cannot become part of a ZIP.
    #[error("{}: {fault}", path.display())]
    Folder {
        /// Path below (and including) the folder that was given.
        path: PathBuf,
        /// Why not.
        fault: FolderFault,
    },
    /// Reading from disk failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// What was being read.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Writing the ZIP of a folder failed.
    #[error("cannot pack the folder: {detail}")]
    Pack {
        /// The writer's reason.
        detail: String,
    },
}

impl PackageError {
    /// A stable machine code in snake_case, e.g. `empty_artifact`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_artifact",
            Self::TooLarge { .. } => "artifact_too_large",
            Self::NotZip { .. } => "not_a_zip",
            Self::NoFiles => "no_files",
            Self::TooManyFiles { .. } => "too_many_files",
            Self::UnsafePath { .. } => "unsafe_path",
            Self::Symlink { .. } => "symlink",
            Self::ExtensionNotAllowed { .. } => "extension_not_allowed",
            Self::UncompressedTooLarge { .. } => "uncompressed_too_large",
            Self::ManifestNotMapping { .. } => "manifest_not_mapping",
            Self::EntrypointNotRelativePython { .. } => "entrypoint_not_relative_python",
            Self::EntrypointMissing { .. } => "entrypoint_missing",
            Self::Entry { fault, .. } => fault.code(),
            Self::Directory { fault } => fault.code(),
            Self::Manifest { fault, .. } => fault.code(),
            Self::Folder { fault, .. } => fault.code(),
            Self::Io { .. } => "io",
            Self::Pack { .. } => "pack_failed",
        }
    }

    /// A next step for people, where there is one.
    pub fn hint(&self) -> Option<String> {
        let text: String = match self {
            Self::Empty => "the file has no bytes; was the upload or copy cut short?".into(),
            Self::TooLarge { limit } => {
                format!("keep the ZIP within {limit} bytes (max_submission_size_bytes)")
            }
            Self::NotZip { cause } => {
                format!("{cause}; make the archive with `dfab pack FOLDER -o FILE.zip`")
            }
            Self::NoFiles => "put harness.py at the root of the archive".into(),
            Self::TooManyFiles { limit } => {
                format!("at most {limit} files are accepted (max_zip_files)")
            }
            Self::UnsafePath { .. } => {
                "use relative names without `..`; a backslash separates folders too".into()
            }
            Self::Symlink { .. } => "store the file's content instead of a link".into(),
            Self::ExtensionNotAllowed { name } if is_left_by_python(name) => {
                "Python left it behind: delete the __pycache__ folders \
                 (PYTHONDONTWRITEBYTECODE=1 avoids them)"
                    .into()
            }
            Self::ExtensionNotAllowed { .. } => format!(
                "allowed are {} and names without an extension",
                super::names::ALLOWED_EXTENSIONS.join(" ")
            ),
            Self::UncompressedTooLarge { limit } => {
                format!("all files together may have {limit} bytes (max_zip_uncompressed_bytes)")
            }
            Self::ManifestNotMapping { manifest } => {
                format!("write `entrypoint: harness.py` or leave {manifest} empty")
            }
            Self::EntrypointNotRelativePython { entrypoint } => match entrypoint {
                Some(found) => {
                    format!("{found:?} is not a path below the package root that ends in `.py`")
                }
                None => "the entrypoint must be text such as `harness.py`".into(),
            },
            Self::EntrypointMissing { wanted } => format!(
                "{wanted:?} is not in the package; add it, name another file under `entrypoint` \
                 in data_fabrication.yaml, or ship exactly one .py file"
            ),
            Self::Entry { fault, .. } => fault.hint(),
            Self::Directory { .. } => PACK_AGAIN.into(),
            Self::Manifest { fault, .. } => match fault {
                ManifestFault::Tag(_) => "remove the tag; plain values are enough".into(),
                ManifestFault::NotUtf8 => "save the manifest as UTF-8".into(),
                _ => "a manifest is a short YAML mapping such as `entrypoint: harness.py`".into(),
            },
            Self::Folder { fault, .. } => match fault {
                FolderFault::NotAFolder | FolderFault::NotAFile => return None,
                _ => "move or rename it and try again".into(),
            },
            Self::Io { .. } | Self::Pack { .. } => return None,
        };
        Some(text)
    }

    pub(super) fn entry(name: impl Into<String>, fault: EntryFault) -> Self {
        Self::Entry {
            name: name.into(),
            fault,
        }
    }

    pub(super) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source,
        }
    }

    pub(super) fn folder(path: impl Into<PathBuf>, fault: FolderFault) -> Self {
        Self::Folder {
            path: path.into(),
            fault,
        }
    }
}

/// For archives that are broken as archives: packing their files mends them.
pub(super) const PACK_AGAIN: &str = "pack the files again with `dfab pack FOLDER -o FILE.zip`";

/// A manifest fault and its line, before the manifest's name is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ManifestTrouble {
    pub line: usize,
    pub fault: ManifestFault,
}

/// Whether running the package's modules made this file.
fn is_left_by_python(name: &str) -> bool {
    let mut segments = name.split(['/', '\\']).rev();
    let file = segments.next().unwrap_or_default().to_ascii_lowercase();
    file.ends_with(".pyc")
        || file.ends_with(".pyo")
        || segments.any(|folder| folder == "__pycache__")
}

//! Where the service keeps a submission's package, and that it really lies there.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::super::artifacts::artifact_path;

/// The longest id that the service's table takes.
const MAX_ID_CHARACTERS: usize = 64;

/// Why a submission's package cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The id cannot be the name of a folder.
    #[error("its id cannot name a folder")]
    BadId,
    /// There is none.
    #[error("no package is kept for it: there is no {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The path leads out of the folder of artifacts.
    #[error("{} leads out of the folder of artifacts, and is not followed", path.display())]
    Outside {
        /// The path.
        path: PathBuf,
    },
    /// It is a folder, pipe, device or socket.
    #[error("{} is not a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("cannot reach {}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// The package of a submission: `source.zip` in the folder of its id, or if there is none, what its record names, if
/// that lies in the folder of artifacts too. Links are resolved, so what comes back holds none.
///
/// # Errors
/// There is none, or none that may be read.
pub fn service_artifact(
    root: &Path,
    id: &str,
    named: impl FnOnce() -> Option<String>,
) -> Result<PathBuf, ArtifactError> {
    if !is_folder_name(id) {
        return Err(ArtifactError::BadId);
    }
    let usual = artifact_path(root, id);
    match inside(root, &usual) {
        Err(ArtifactError::Missing { path }) => match named() {
            // An absolute name replaces the root, and is then looked at like any other.
            Some(named) if !named.contains('\0') && !named.is_empty() => {
                inside(root, &root.join(named))
            }
            _ => Err(ArtifactError::Missing { path }),
        },
        found => found,
    }
}

/// One plain segment, so that joining it to a path only goes down.
fn is_folder_name(id: &str) -> bool {
    let mut parts = Path::new(id).components();
    let is_one = matches!(parts.next(), Some(Component::Normal(name)) if name == id);
    is_one
        && parts.next().is_none()
        && id.chars().count() <= MAX_ID_CHARACTERS
        && !id.chars().any(char::is_control)
}

fn inside(root: &Path, path: &Path) -> Result<PathBuf, ArtifactError> {
    let real = |of: &Path| {
        fs::canonicalize(of).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ArtifactError::Missing {
                path: of.to_owned(),
            },
            _ => ArtifactError::Io {
                path: of.to_owned(),
                source,
            },
        })
    };
    let (root, found) = (real(root)?, real(path)?);
    let path = path.to_owned();
    if !found.starts_with(&root) {
        return Err(ArtifactError::Outside { path });
    }
    match fs::metadata(&found) {
        Ok(meta) if meta.is_file() => Ok(found),
        Ok(_) => Err(ArtifactError::NotAFile { path }),
        Err(source) => Err(ArtifactError::Io { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_package_is_taken_from_its_folder_and_from_nowhere_else() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("artifacts");
        let keep = |path: &Path| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"zip").unwrap();
        };
        keep(&root.join("good/source.zip"));
        keep(&root.join("other/else.zip"));
        keep(&place.path().join("outside.zip"));
        for name in ["link", "down", "pipe", "folder"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        symlink(
            place.path().join("outside.zip"),
            root.join("link/source.zip"),
        )
        .unwrap();
        symlink(place.path(), root.join("out")).unwrap();
        keep(&place.path().join("source.zip"));
        symlink("../other/else.zip", root.join("down/source.zip")).unwrap();
        fs::create_dir(root.join("folder/source.zip")).unwrap();
        nix::unistd::mkfifo(&root.join("pipe/source.zip"), nix::sys::stat::Mode::S_IRWXU).unwrap();

        let find = |id: &str, named: &str| {
            let named = (!named.is_empty()).then(|| named.to_owned());
            match service_artifact(&root, id, || named) {
                Ok(path) => path
                    .strip_prefix(fs::canonicalize(&root).unwrap())
                    .unwrap()
                    .display()
                    .to_string(),
                Err(ArtifactError::BadId) => "bad id".to_owned(),
                Err(ArtifactError::Missing { .. }) => "missing".to_owned(),
                Err(ArtifactError::Outside { .. }) => "outside".to_owned(),
                Err(ArtifactError::NotAFile { .. }) => "no file".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        assert_eq!(find("good", ""), "good/source.zip");
        assert_eq!(find("good", "/etc/passwd"), "good/source.zip");
        assert_eq!(find("down", ""), "other/else.zip");
        assert_eq!(find("gone", ""), "missing");
        assert_eq!(find("gone", "other/else.zip"), "other/else.zip");
        let absolute = root.join("other/else.zip").display().to_string();
        assert_eq!(find("gone", &absolute), "other/else.zip");
        for named in ["../outside.zip", "/etc/passwd", "good/../../outside.zip"] {
            assert_eq!(find("gone", named), "outside", "{named}");
        }
        assert_eq!(find("gone", "nul\0"), "missing");
        assert_eq!(find("link", ""), "outside");
        assert_eq!(find("out", ""), "outside");
        assert_eq!(find("pipe", ""), "no file");
        assert_eq!(find("folder", ""), "no file");
        for id in [
            "",
            ".",
            "..",
            "../artifacts/good",
            "/good",
            "good/",
            "a\nb",
            &"a".repeat(65),
        ] {
            assert_eq!(find(id, ""), "bad id", "{id:?}");
        }
    }
}

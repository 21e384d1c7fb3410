//! A workspace that whoever runs in the container can read.
//!
//! Inside a container nobody has the right to pass over modes, and the user may be any. The files of
//! a package are miners' secrets, though, and are kept from the other users of this machine. Where
//! modes would keep the container out as well, it gets a copy that is open to all, inside a folder
//! that is not: a mount shows the inner folder alone, and on the host the outer one guards it.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::harness::ExecutorError;
use crate::harness::workspace::Workspace;

/// Read and enter for everybody.
const FOLDER_MODE: u32 = 0o755;
/// Read for everybody.
const FILE_MODE: u32 = 0o644;

/// A workspace, or its copy.
pub(super) struct Readable {
    path: PathBuf,
    /// Removes the copy.
    _guard: Option<Workspace>,
}

impl Readable {
    /// The workspace itself if everybody can read all of it, else a copy.
    pub(super) fn of(workspace: &Path) -> Result<Readable, ExecutorError> {
        if readable(workspace) {
            return Ok(Readable {
                path: workspace.to_owned(),
                _guard: None,
            });
        }
        let guard =
            Workspace::new().map_err(ExecutorError::io("create a folder for the workspace"))?;
        let path = guard.path().join("workspace");
        copy(workspace, &path).map_err(ExecutorError::io("copy the workspace"))?;
        Ok(Readable {
            path,
            _guard: Some(guard),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether modes let anybody read all of it. Says no when in doubt.
fn readable(workspace: &Path) -> bool {
    WalkDir::new(workspace).into_iter().all(|entry| {
        entry.is_ok_and(|entry| {
            let wanted = match entry.file_type().is_dir() {
                true => 0o005,
                false => 0o004,
            };
            let mode = entry.metadata().map(|meta| meta.permissions().mode());
            mode.is_ok_and(|mode| mode & wanted == wanted)
        })
    })
}

/// Copies folders and regular files; a package has nothing else, and links are not followed.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let Ok(inside) = entry.path().strip_prefix(from) else {
            continue;
        };
        let target = match inside.as_os_str().is_empty() {
            true => to.to_owned(),
            false => to.join(inside),
        };
        let kind = entry.file_type();
        if kind.is_dir() {
            DirBuilder::new().mode(0o700).create(&target)?;
            // Not by the builder, whose modes the umask cuts.
            fs::set_permissions(&target, Permissions::from_mode(FOLDER_MODE))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &target)?;
            fs::set_permissions(&target, Permissions::from_mode(FILE_MODE))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn an_open_workspace_is_mounted_as_it_is_and_a_closed_one_copied_behind_a_closed_door() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package");
        fs::create_dir_all(package.join("sub")).unwrap();
        fs::write(package.join("sub/a.py"), "x = 1\n").unwrap();
        for (path, mode) in [("", 0o755), ("sub", 0o755), ("sub/a.py", 0o644)] {
            fs::set_permissions(package.join(path), Permissions::from_mode(mode)).unwrap();
        }
        assert_eq!(Readable::of(&package).unwrap().path(), package);

        fs::set_permissions(package.join("sub/a.py"), Permissions::from_mode(0o600)).unwrap();
        let copy = Readable::of(&package).unwrap();
        let path = copy.path().to_owned();
        assert_ne!(path, package);
        assert_eq!(fs::read(path.join("sub/a.py")).unwrap(), b"x = 1\n");
        assert_eq!(mode(&path), 0o755);
        assert_eq!(mode(&path.join("sub/a.py")), 0o644);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        drop(copy);
        assert!(!path.exists());
    }
}

//! The folder a harness finds as its workspace.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use nix::sys::statvfs::FsFlags;

use crate::harness::sandbox::NOBODY;
use crate::harness::workspace::{MEMORY, Workspace};
use crate::package::{self, Package, PackageLimits};

use super::ItemError;

/// For the owner all, for the group to read and enter.
const READABLE_BY_GROUP: u32 = 0o750;

/// That many of the largest packages must find room in memory beside what else is there. It holds one for each
/// worker, and for a moment only.
const ROOM: u64 = 16;

/// A fresh folder to lay a package out in, removed when dropped. Others on this machine cannot look into it; where
/// root runs the harness as nobody, that group can.
///
/// `memory` says how large a package may be that is laid out in memory. Files come and go there at next to no cost;
/// on disks they wait for journals, or for the numbers of files that have just been removed to be free again.
///
/// # Errors
/// The folder cannot be made.
pub(crate) fn new_workspace(
    name: &str,
    memory: Option<&PackageLimits>,
) -> Result<Workspace, ItemError> {
    if let Some(place) = memory.and_then(place_in_memory)
        && let Ok((folder, true)) = make_in(&place)
    {
        return Ok(folder);
    }
    let made = make_in(&std::env::temp_dir());
    Ok(made.map_err(failed(name))?.0)
}

/// Also returns whether whom the harness runs as can read it.
fn make_in(place: &Path) -> io::Result<(Workspace, bool)> {
    let folder = Workspace::new_in(place)?;
    let is_root = nix::unistd::geteuid().is_root();
    // Where root may not give it to the group, the sandbox has a dearer way.
    let given = is_root && std::os::unix::fs::chown(folder.path(), None, Some(NOBODY)).is_ok();
    if given {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(READABLE_BY_GROUP))?;
    }
    Ok((folder, given || !is_root))
}

/// Where workspaces lie in memory. Not if `TMPDIR` names a place for them, nor where packages of that size might not
/// find room or programs could not be started from.
pub(crate) fn place_in_memory(limits: &PackageLimits) -> Option<PathBuf> {
    const STICKY: u32 = 0o1000;
    if std::env::var_os("TMPDIR").is_some() {
        return None;
    }
    let place = Path::new(MEMORY);
    let meta = fs::symlink_metadata(place).ok()?;
    // Others must not be able to take away what is ours.
    if !meta.is_dir() || meta.uid() != 0 || meta.mode() & STICKY == 0 {
        return None;
    }
    let system = statfs(place).ok()?;
    let block = u64::try_from(system.block_size()).ok()?;
    let files = u64::try_from(limits.max_zip_files).ok()?;
    let unusable = FsFlags::ST_NOEXEC | FsFlags::ST_RDONLY;
    let fits = system.filesystem_type() == TMPFS_MAGIC
        && !system.flags().intersects(unusable)
        && system.blocks_available().saturating_mul(block)
            >= limits.max_zip_uncompressed_bytes.saturating_mul(ROOM)
        && system.files_free() >= files.saturating_mul(ROOM);
    fits.then(|| place.to_owned())
}

/// Writes a package's files into a new workspace.
///
/// # Errors
/// The folder cannot be written to; then nothing of the package stays in it.
pub(crate) fn lay_out(package: &Package, workspace: &Path, name: &str) -> Result<(), ItemError> {
    package::extract(package, workspace).map_err(failed(name))
}

fn failed(name: &str) -> impl FnOnce(std::io::Error) -> ItemError {
    let package = name.to_owned();
    move |source| ItemError::Workspace { package, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_not_taken_for_packages_that_may_not_fit() {
        for limits in [
            PackageLimits {
                max_zip_uncompressed_bytes: u64::MAX,
                ..PackageLimits::default()
            },
            PackageLimits {
                max_zip_files: usize::MAX,
                ..PackageLimits::default()
            },
        ] {
            assert_eq!(place_in_memory(&limits), None);
        }
    }

    #[test]
    fn a_workspace_is_closed_to_others_and_open_to_whom_the_harness_runs_as() {
        let place = tempfile::tempdir().unwrap();
        let (folder, readable) = make_in(place.path()).unwrap();
        let meta = fs::metadata(folder.path()).unwrap();
        assert_eq!(meta.mode() & 0o007, 0);
        let by_group = meta.gid() == NOBODY && meta.mode() & 0o070 == 0o050;
        assert_eq!(readable, by_group || !nix::unistd::geteuid().is_root());
    }
}

//! The folder a harness finds as its workspace.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::sandbox::NOBODY;
use crate::package::{self, Package};

use super::ItemError;

/// Workspaces are named `dfab-workspace-<process>-<random>`, so that another process can tell who made one.
const PREFIX: &str = "dfab-workspace-";
/// For the owner all, for the group to read and enter.
const READABLE_BY_GROUP: u32 = 0o750;
const OURS_ALONE: u32 = 0o700;

/// A fresh folder to lay a package out in, removed when dropped. Others on this machine cannot look into it; where
/// root runs the harness as nobody, that group can.
///
/// # Errors
/// The folder cannot be made.
pub(crate) fn new_workspace(name: &str) -> Result<tempfile::TempDir, ItemError> {
    let made = || {
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir()?;
        // Where root may not give it to the group, the sandbox has a dearer way.
        let given = nix::unistd::geteuid().is_root()
            && std::os::unix::fs::chown(folder.path(), None, Some(NOBODY)).is_ok();
        // Whatever the umask was: we must look in, and no one else.
        let mode = if given { READABLE_BY_GROUP } else { OURS_ALONE };
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode))?;
        Ok(folder)
    };
    made().map_err(failed(name))
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

/// Removes workspaces of processes that are no more: a killed dfab could not do it itself. What cannot be removed
/// (another user's) is left alone.
pub(crate) fn sweep_workspaces() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let maker = name.to_str().and_then(maker);
        if maker.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // Best effort: the next sweep may have more luck.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Removes the workspaces of this process, which is about to end at once.
pub(crate) fn remove_own_workspaces() {
    let prefix = format!("{PREFIX}{}-", std::process::id());
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            // Best effort: what stays is swept by the next run.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The process number in a workspace's name.
fn maker(name: &str) -> Option<&str> {
    let (process, _) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let is_number = !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(process)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_process_number_are_workspaces() {
        assert_eq!(maker("dfab-workspace-123-aBc"), Some("123"));
        for name in [
            "dfab-workspace-",
            "dfab-workspace-x-1",
            "dfab-workspace--1",
            "other-1-2",
        ] {
            assert_eq!(maker(name), None, "{name}");
        }
    }
}

//! The folder a harness finds as its workspace.

use std::fs;
use std::path::Path;

use crate::package::{self, Package};

use super::ItemError;

/// Workspaces are named `dfab-workspace-<process>-<random>`, so that another process can tell who made one.
const PREFIX: &str = "dfab-workspace-";

/// The workspace of a package: a fresh folder with its files, removed when dropped.
///
/// # Errors
/// The folder cannot be made or written to; then nothing of it stays.
pub(crate) fn lay_out(package: &Package, name: &str) -> Result<tempfile::TempDir, ItemError> {
    let laid_out = || {
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir()?;
        package::extract(package, folder.path())?;
        Ok(folder)
    };
    laid_out().map_err(|source| ItemError::Workspace {
        package: name.to_owned(),
        source,
    })
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

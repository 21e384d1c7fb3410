//! The packages themselves, kept beside the database as the live service keeps them.

use std::fs;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
use nix::unistd::linkat;

use super::StoreError;

/// The name of a submission's ZIP in its own folder (the live service's).
const ARTIFACT_NAME: &str = "source.zip";

/// Where a submission's ZIP is kept.
pub fn artifact_path(root: &Path, submission_id: &str) -> PathBuf {
    root.join(submission_id).join(ARTIFACT_NAME)
}

/// The ids of the submissions whose ZIPs a folder keeps, in order; none if it is another kind of
/// folder, which is one that does not have a subfolder named by an id with a ZIP in it.
///
/// # Errors
/// The folder cannot be listed.
pub fn kept_submissions(root: &Path) -> io::Result<Vec<String>> {
    let mut ids = Vec::new();
    for entry in fs::read_dir(root)? {
        let Ok(name) = entry?.file_name().into_string() else {
            continue;
        };
        if is_id(&name) && artifact_path(root, &name).is_file() {
            ids.push(name);
        }
    }
    ids.sort();
    Ok(ids)
}

/// 32 hexadecimal digits.
fn is_id(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Keeps a submission's ZIP as `<root>/<submission id>/source.zip`, on disk when this returns. The name of the folder
/// is a hash over the ZIP, so one that is there already holds the same bytes.
///
/// # Errors
/// The folder cannot be made or written to.
pub fn keep_artifact(
    root: &Path,
    submission_id: &str,
    artifact: &[u8],
) -> Result<PathBuf, StoreError> {
    let folder = root.join(submission_id);
    let file = artifact_path(root, submission_id);
    let fail = |source| StoreError::Artifact {
        path: file.clone(),
        source,
    };
    let kept = fs::metadata(&file).is_ok_and(|meta| meta.len() == artifact.len() as u64);
    if !kept {
        fs::create_dir_all(&folder).map_err(fail)?;
        if !write_without_a_trace(&folder, &file, artifact).map_err(fail)? {
            crate::files::write_atomically(&file, artifact).map_err(fail)?;
        }
        // The name of the folder has to last as well.
        fs::File::open(root)
            .and_then(|root| root.sync_all())
            .map_err(fail)?;
    }
    Ok(file)
}

/// Writes to a file that has no name until it is whole: if this process is killed meanwhile, nothing of it stays.
/// False where the file system cannot do that, or the name is taken.
fn write_without_a_trace(folder: &Path, file: &Path, bytes: &[u8]) -> io::Result<bool> {
    let nameless = fs::OpenOptions::new()
        .write(true)
        .mode(0o666)
        .custom_flags(OFlag::O_TMPFILE.bits())
        .open(folder);
    let Ok(mut nameless) = nameless else {
        return Ok(false);
    };
    nameless.write_all(bytes)?;
    nameless.sync_all()?;
    let itself = format!("/proc/self/fd/{}", nameless.as_raw_fd());
    let follow = AtFlags::AT_SYMLINK_FOLLOW;
    if linkat(AT_FDCWD, itself.as_str(), AT_FDCWD, file, follow).is_err() {
        return Ok(false);
    }
    fs::File::open(folder)?.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_kept_once_and_a_torn_one_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        let file = keep_artifact(root.path(), "abc", b"zip").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"zip");
        std::fs::write(&file, b"z").unwrap();
        assert_eq!(keep_artifact(root.path(), "abc", b"zip").unwrap(), file);
        assert_eq!(std::fs::read(&file).unwrap(), b"zip");
    }

    #[test]
    fn a_folder_of_kept_packages_is_told_from_others() {
        let root = tempfile::tempdir().unwrap();
        let [one, two] = ["a".repeat(32), "0".repeat(32)];
        for name in [one.as_str(), "src", "package"] {
            keep_artifact(root.path(), name, b"zip").unwrap();
        }
        std::fs::create_dir(root.path().join("b".repeat(32))).unwrap();
        keep_artifact(root.path(), &two, b"zip").unwrap();
        assert_eq!(kept_submissions(root.path()).unwrap(), [two, one]);
        let other = kept_submissions(&root.path().join("src")).unwrap();
        assert_eq!(other, Vec::<String>::new());
        assert!(kept_submissions(&root.path().join("gone")).is_err());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let root = tempfile::NamedTempFile::new().unwrap();
        let error = keep_artifact(root.path(), "abc", b"zip").unwrap_err();
        assert!(error.to_string().contains("abc"), "{error}");
    }
}

//! The packages themselves, kept beside the database as the live service keeps them.

use std::path::{Path, PathBuf};

use super::StoreError;

/// The name of a submission's ZIP in its own folder (the live service's).
const ARTIFACT_NAME: &str = "source.zip";

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
    let file = folder.join(ARTIFACT_NAME);
    let fail = |source| StoreError::Artifact {
        path: file.clone(),
        source,
    };
    let kept = std::fs::metadata(&file).is_ok_and(|meta| meta.len() == artifact.len() as u64);
    if !kept {
        std::fs::create_dir_all(&folder).map_err(fail)?;
        crate::files::write_atomically(&file, artifact).map_err(fail)?;
    }
    Ok(file)
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
    fn a_folder_that_cannot_be_made_is_named() {
        let root = tempfile::NamedTempFile::new().unwrap();
        let error = keep_artifact(root.path(), "abc", b"zip").unwrap_err();
        assert!(error.to_string().contains("abc"), "{error}");
    }
}

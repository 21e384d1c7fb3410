//! A workspace as a tar archive: same files, same bytes.

use std::fs::File;
use std::io;
use std::path::Path;

use tar::{Builder, EntryType, Header};
use walkdir::WalkDir;

/// Packs folders and regular files, in the order of their names, readable for everybody and without
/// owner or time. A package has nothing else, and links are not followed.
pub(super) fn of(workspace: &Path) -> io::Result<Vec<u8>> {
    let mut tar = Builder::new(Vec::new());
    for entry in WalkDir::new(workspace).min_depth(1).sort_by_file_name() {
        let entry = entry?;
        let name = entry
            .path()
            .strip_prefix(workspace)
            .map_err(io::Error::other)?;
        let kind = entry.file_type();
        if kind.is_dir() {
            let mut header = header(EntryType::Directory, 0o755, 0);
            tar.append_data(&mut header, name, io::empty())?;
        } else if kind.is_file() {
            let file = File::open(entry.path())?;
            let mut header = header(EntryType::Regular, 0o644, file.metadata()?.len());
            tar.append_data(&mut header, name, file)?;
        }
    }
    tar.into_inner()
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;

    use super::*;

    #[test]
    fn a_workspace_is_packed_with_all_names_and_the_same_bytes_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let long = format!("{}/{}.py", "d".repeat(120), "f".repeat(120));
        for name in ["b.py", "a/ü.py", &long] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link.py")).unwrap();
        let bytes = of(folder.path()).unwrap();
        assert_eq!(bytes, of(folder.path()).unwrap());
        let mut files = Vec::new();
        for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            if entry.header().entry_type().is_file() {
                assert_eq!(entry.path().unwrap().to_str().unwrap(), text);
                assert_eq!(entry.header().mode().unwrap(), 0o644);
                files.push(text);
            }
        }
        assert_eq!(files, ["a/ü.py", "b.py", long.as_str()]);
    }
}

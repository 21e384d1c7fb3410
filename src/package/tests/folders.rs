//! Folders as the ZIP they will be: same bytes, same words, no way out.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::read;
use crate::package::{PackageError, PackageLimits, open, open_files, read_folder};

fn folder(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().expect("temporary folder");
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("below the root")).expect("folder");
        fs::write(path, content).expect("file");
    }
    root
}

fn pack(root: &Path) -> Result<Vec<u8>, PackageError> {
    read_folder(root, &PackageLimits::default()).map(|(bytes, _)| bytes)
}

fn message(root: &Path) -> String {
    pack(root).expect_err("refused").to_string()
}

const FILES: [(&str, &str); 5] = [
    ("harness.py", "print(1)\n"),
    ("a/b.py", ""),
    ("a.py", "x"),
    (".hidden", "h"),
    ("données/naïve.txt", "é"),
];

#[test]
fn packing_depends_on_names_and_contents_only() {
    let first = folder(&FILES);
    let mut reversed = FILES;
    reversed.reverse();
    let second = folder(&reversed);
    let harness = second.path().join("harness.py");
    fs::set_permissions(&harness, fs::Permissions::from_mode(0o700)).expect("mode");
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    fs::File::options()
        .write(true)
        .open(&harness)
        .and_then(|file| file.set_modified(then))
        .expect("time");
    fs::create_dir(second.path().join("empty")).expect("folder");
    let bytes = pack(first.path()).expect("packed");
    assert_eq!(bytes, pack(second.path()).expect("packed"));
    fs::write(&harness, "print(2)\n").expect("file");
    assert_ne!(bytes, pack(second.path()).expect("packed"));
}

#[test]
fn packed_folder_reads_back_in_segment_order() {
    let root = folder(&FILES);
    let (bytes, package) = read_folder(root.path(), &PackageLimits::default()).expect("read");
    assert_eq!(read(&bytes).expect("valid"), package);
    let paths: Vec<_> = package
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(
        paths,
        [
            ".hidden",
            "a/b.py",
            "a.py",
            "données/naïve.txt",
            "harness.py"
        ]
    );
}

#[test]
fn packed_bytes_stay_the_same_from_release_to_release() {
    let root = folder(&[("harness.py", "print('{}')\n"), ("pkg/data.txt", "1234")]);
    let bytes = pack(root.path()).expect("packed");
    insta::assert_snapshot!(crate::package::artifact_hash(&bytes));
}

#[test]
fn folder_is_refused_in_the_words_of_its_zip() {
    assert_eq!(message(folder(&[]).path()), "ZIP does not contain files");
    assert_eq!(
        message(folder(&[("a.pyc", "")]).path()),
        "file extension is not allowed: a.pyc"
    );
    let many: Vec<_> = (0..129).map(|number| format!("f{number}.txt")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(message(folder(&many).path()), "ZIP contains too many files");
    let no_entry = folder(&[("a.txt", "")]);
    assert_eq!(
        message(no_entry.path()),
        "ZIP must contain harness.py or manifest entrypoint"
    );
    let bad = folder(&[("harness.py", ""), ("manifest.yaml", "- a")]);
    assert_eq!(message(bad.path()), "manifest must be a mapping");
    assert_eq!(
        message(folder(&[("a\\..\\b.py", "")]).path()),
        "unsafe ZIP path: a\\..\\b.py"
    );
    let root = folder(&[("harness.py", ""), ("b/C.txt", ""), ("B/c.txt", "")]);
    assert_eq!(
        pack(root.path()).expect_err("refused").code(),
        "duplicate_path"
    );
}

#[test]
fn size_limits_are_those_of_the_zip() {
    let root = folder(&[("harness.py", "")]);
    let big = fs::File::create(root.path().join("big.txt")).expect("file");
    big.set_len(32 << 20).expect("sparse");
    assert!(pack(root.path()).is_ok());
    // A terabyte of nothing is refused by its size alone.
    big.set_len(1 << 40).expect("sparse");
    assert_eq!(message(root.path()), "ZIP uncompressed size is too large");
    fs::write(root.path().join("a.sh"), "").expect("file");
    assert_eq!(message(root.path()), "file extension is not allowed: a.sh");
    let limits = PackageLimits {
        max_submission_size_bytes: 100,
        ..PackageLimits::default()
    };
    let small = folder(&[("harness.py", "pass")]);
    let error = read_folder(small.path(), &limits).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "ZIP artifact exceeds maximum upload size"
    );
}

#[test]
fn links_are_named_and_never_followed() {
    let secret = folder(&[("secret.txt", "secret")]);
    let root = folder(&[("harness.py", "")]);
    symlink(secret.path().join("secret.txt"), root.path().join("z.txt")).expect("link");
    assert_eq!(message(root.path()), "symlinks are not allowed: z.txt");
    fs::remove_file(root.path().join("z.txt")).expect("removed");
    symlink(secret.path(), root.path().join("sub")).expect("link");
    assert_eq!(message(root.path()), "symlinks are not allowed: sub");
    // An earlier entry's fault comes first, as it would in the archive.
    fs::write(root.path().join("a.sh"), "").expect("file");
    assert_eq!(message(root.path()), "file extension is not allowed: a.sh");
}

#[test]
fn special_files_and_undecodable_names_are_named() {
    let root = folder(&[("harness.py", "")]);
    let fifo = root.path().join("pipe.txt");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o600)).expect("FIFO");
    let text = message(root.path());
    assert!(text.contains("pipe.txt") && text.contains("FIFO"), "{text}");
    fs::remove_file(fifo).expect("removed");
    fs::write(
        root.path().join(std::ffi::OsStr::from_bytes(b"\xff.txt")),
        "",
    )
    .expect("file");
    assert_eq!(
        pack(root.path()).expect_err("refused").code(),
        "name_not_utf8"
    );
}

#[test]
fn missing_folders_and_files_are_disk_errors() {
    let root = folder(&[("harness.py", "")]);
    let missing = pack(&root.path().join("gone")).expect_err("missing");
    assert!(missing.to_string().contains("gone"), "{missing}");
    assert!(matches!(missing, PackageError::Io { .. }), "{missing:?}");
    let file = pack(&root.path().join("harness.py")).expect_err("a file");
    assert_eq!(file.code(), "not_a_folder");
    let limits = PackageLimits::default();
    let not_file = crate::package::read_zip_bytes(root.path(), &limits).expect_err("a folder");
    assert_eq!(not_file.code(), "not_a_file");
}

#[test]
fn endless_folders_end_early() {
    let root = folder(&[("harness.py", "")]);
    let deep = root.path().join("d/".repeat(70));
    fs::create_dir_all(deep).expect("folders");
    assert_eq!(
        pack(root.path()).expect_err("refused").code(),
        "folder_too_deep"
    );
    // Deep, but not too deep to walk: the archive's own rule names the file.
    let name = format!("{}f.txt", "d/".repeat(40));
    let root = folder(&[("harness.py", ""), (&name, "")]);
    let refused = pack(root.path()).expect_err("refused");
    assert_eq!(refused.code(), "path_too_deep");
    // Packing is what was just tried.
    let hint = refused.hint().expect("a hint");
    assert!(
        hint.contains("32 segments") && !hint.contains("dfab pack"),
        "{hint}"
    );
}

#[test]
fn a_folder_for_its_files_alone_holds_the_same_as_its_zip() {
    let root = folder(&FILES);
    let limits = PackageLimits::default();
    let files = open_files(root.path(), &limits).expect("a package");
    let whole = open(root.path(), &limits).expect("readable");
    let whole = whole.package.expect("a package");
    assert_eq!(files.files, whole.files);
    assert_eq!(files.entrypoint, whole.entrypoint);
}

#[test]
fn a_folder_that_only_fits_compressed_is_still_opened() {
    let root = folder(&[("harness.py", &"x = 1\n".repeat(10_000))]);
    let limits = PackageLimits {
        max_submission_size_bytes: 4096,
        ..PackageLimits::default()
    };
    assert!(open_files(root.path(), &limits).is_ok());
    let tight = PackageLimits {
        max_submission_size_bytes: 64,
        ..limits
    };
    let refused = open_files(root.path(), &tight).expect_err("refused");
    assert_eq!(
        refused.to_string(),
        "ZIP artifact exceeds maximum upload size"
    );
}

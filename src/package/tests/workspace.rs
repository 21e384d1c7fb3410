//! Extraction: what lands where, with which modes, and what is left when it fails.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use super::read;
use super::zipmaker::{Archive, Item};
use crate::package::{Package, PackageFile, extract};

fn package(paths: &[&str]) -> Package {
    let files = paths.iter().map(|path| PackageFile {
        path: (*path).to_owned(),
        sha256: String::new(),
        content: path.as_bytes().to_vec(),
    });
    let mut package = read(&Archive::with_harness([]).bytes()).expect("valid");
    package.files = files.collect();
    package
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("exists").permissions().mode() & 0o7777
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("readable").next().is_none()
}

#[test]
fn files_land_readable_for_everyone() {
    let items = [Item::stored("x/y/z.txt", "deep").with(|item| item.mode = 0o104_777)];
    let package = read(&Archive::with_harness(items).bytes()).expect("valid");
    let root = TempDir::new().expect("temporary folder");
    // The umask belongs to the whole process, so it is left alone; fchmod overrides any.
    extract(&package, root.path()).expect("extracted");
    assert_eq!(
        fs::read_to_string(root.path().join("x/y/z.txt")).expect("text"),
        "deep"
    );
    assert_eq!(mode(&root.path().join("x/y/z.txt")), 0o644);
    assert_eq!(mode(&root.path().join("x/y")), 0o755);
    assert_eq!(mode(&root.path().join("x")), 0o755);
}

#[test]
fn failure_leaves_nothing_behind() {
    for paths in [
        ["a/b.txt", "c.txt", "c.txt"],
        ["a/b.txt", "c", "c/d.txt"],
        ["a/b.txt", "c/d/e", "../out.txt"],
        ["a/b.txt", "c", "/abs.txt"],
        ["a/b.txt", "c", "d//e.txt"],
        ["a/b.txt", "c", "nul\0.txt"],
    ] {
        let root = TempDir::new().expect("temporary folder");
        let workspace = root.path().join("workspace");
        fs::create_dir(&workspace).expect("folder");
        let error = extract(&package(&paths), &workspace)
            .expect_err("refused")
            .to_string();
        assert!(error.contains(paths[2]), "{error}");
        assert!(is_empty(&workspace), "{paths:?}");
        assert_eq!(
            fs::read_dir(root.path()).expect("readable").count(),
            1,
            "{paths:?}"
        );
    }
}

#[test]
fn workspace_must_be_an_empty_folder() {
    let root = TempDir::new().expect("temporary folder");
    let package = package(&["a.txt"]);
    assert!(extract(&package, &root.path().join("gone")).is_err());
    let link = root.path().join("link");
    let real = root.path().join("real");
    fs::create_dir(&real).expect("folder");
    symlink(&real, &link).expect("link");
    assert!(extract(&package, &link).is_err());
    assert!(is_empty(&real));
    fs::write(real.join("old"), "kept").expect("file");
    assert!(extract(&package, &real).is_err());
    assert_eq!(fs::read_to_string(real.join("old")).expect("text"), "kept");
}

#[test]
fn everything_in_a_workspace_has_one_time() {
    let items = [
        Item::stored("x/y/z.txt", "deep"),
        Item::stored("x/a.txt", "later in the same folder"),
        Item::stored("w/a.txt", "elsewhere"),
        Item::stored("x/y/later.txt", "back again"),
    ];
    let package = read(&Archive::with_harness(items).bytes()).expect("valid");
    let root = TempDir::new().expect("temporary folder");
    extract(&package, root.path()).expect("extracted");
    for path in [
        "",
        "harness.py",
        "x",
        "x/y",
        "x/y/z.txt",
        "x/a.txt",
        "w",
        "w/a.txt",
        "x/y/later.txt",
    ] {
        let meta = fs::metadata(root.path().join(path)).expect("exists");
        assert_eq!(
            (meta.mtime(), meta.mtime_nsec()),
            (315_532_800, 0),
            "{path}"
        );
    }
}

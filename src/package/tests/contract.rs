//! The contract's checks: their order, words and edges.

use super::zipmaker::{Archive, Item};
use super::{read, refusal};
use crate::package::names::{normalise, suffix};
use crate::package::{PackageError, PackageLimits, artifact_hash, read_zip, submission_id};

fn with_manifest(text: &str) -> Vec<u8> {
    let items = [
        Item::stored("data_fabrication.yaml", text),
        Item::stored("b.py", ""),
    ];
    Archive::with_harness(items).bytes()
}

fn entrypoint(manifest: &str) -> Result<String, String> {
    match read(&with_manifest(manifest)) {
        Ok(package) => Ok(package.entrypoint),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn suffix_is_that_of_python_3_12() {
    let cases = [
        ("a.py", ".py"),
        (".py", ""),
        ("..py", ".py"),
        ("...py", ".py"),
        ("a.", ""),
        ("a..", ""),
        ("a.b.", ""),
        (".a.b", ".b"),
        ("...", ""),
        ("a.tar.gz", ".gz"),
        ("dir.x/Makefile", ""),
        ("dir.x/.gitignore", ""),
        ("a. ", ". "),
        ("a.é", ".é"),
        ("é.py", ".py"),
    ];
    for (path, expected) in cases {
        assert_eq!(suffix(path), expected, "{path}");
    }
}

#[test]
fn extension_is_compared_in_lower_case() {
    for name in [
        "a.PY", "a.JsonL", "a.cfg", "x.YML", "Makefile", ".env", "x.",
    ] {
        assert!(
            read(&Archive::with_harness([Item::stored(name, "")]).bytes()).is_ok(),
            "{name}"
        );
    }
    for name in ["a.pyc", "a.tar.gz", "..sh", "a.py ", "a.p\u{443}", ".x.sh"] {
        let (_, message) = refusal(&Archive::with_harness([Item::stored(name, "")]).bytes());
        assert_eq!(message, format!("file extension is not allowed: {name}"));
    }
}

#[test]
fn paths_are_normalised_and_climbing_is_refused() {
    assert_eq!(normalise("./a//b\\.\\c/"), Ok("a/b/c".to_owned()));
    for name in [
        "/a.py",
        "\\a.py",
        "a/../b.py",
        "..",
        ".",
        "./",
        "",
        "a\\..\\b",
    ] {
        assert!(normalise(name).is_err(), "{name}");
    }
    for name in ["../a.sh", "a\\..\\b.py", "/etc/x", ".", "\\"] {
        let (code, message) = refusal(&Archive::with_harness([Item::stored(name, "")]).bytes());
        assert_eq!(
            (code, message),
            ("unsafe_path", format!("unsafe ZIP path: {name}"))
        );
    }
}

#[test]
fn sizes_are_judged_before_anything_else() {
    let limits = PackageLimits {
        max_submission_size_bytes: 3,
        ..PackageLimits::default()
    };
    assert!(matches!(read_zip(b"", &limits), Err(PackageError::Empty)));
    assert!(matches!(
        read_zip(b"abc", &limits),
        Err(PackageError::NotZip { .. })
    ));
    assert!(matches!(
        read_zip(b"abcd", &limits),
        Err(PackageError::TooLarge { limit: 3 })
    ));
}

#[test]
fn file_count_and_size_limits_are_exact() {
    let archive = Archive::with_harness([Item::deflated("a.txt", "12345"), Item::stored("d/", "")]);
    let bytes = archive.bytes();
    let limits = |files, size| PackageLimits {
        max_zip_files: files,
        max_zip_uncompressed_bytes: size,
        ..PackageLimits::default()
    };
    assert!(read_zip(&bytes, &limits(2, 10)).is_ok());
    let too_many = read_zip(&bytes, &limits(1, 10)).expect_err("count");
    assert_eq!(too_many.to_string(), "ZIP contains too many files");
    let too_large = read_zip(&bytes, &limits(2, 9)).expect_err("size");
    assert_eq!(too_large.to_string(), "ZIP uncompressed size is too large");
}

#[test]
fn first_bad_entry_in_archive_order_decides() {
    let link = |name: &str| Item::stored(name, "x").with(|item| item.mode = 0o120_777);
    let items = [
        link("l.sh"),
        Item::stored("../x.py", ""),
        Item::stored("y.sh", ""),
    ];
    let (_, message) = refusal(&Archive::with_harness(items).bytes());
    assert_eq!(message, "symlinks are not allowed: l.sh");
}

#[test]
fn bytes_around_the_archive_are_fine() {
    let archive = Archive::with_harness([Item::deflated("a/b.txt", "text")]).with(|archive| {
        archive.prefix = b"#!/bin/sh\n".to_vec();
        archive.comment = b"a comment".to_vec();
        archive.trailing = b"\n\n".to_vec();
    });
    let package = read(&archive.bytes()).expect("readable");
    assert_eq!(
        package.file("a/b.txt").map(|file| file.content.as_slice()),
        Some(&b"text"[..])
    );
    assert_eq!(package.artifact_hash, artifact_hash(&archive.bytes()));
}

#[test]
fn end_record_is_searched_no_further_than_the_longest_comment() {
    let archive = |trailing| {
        Archive::with_harness([])
            .with(|archive| archive.trailing = vec![b'x'; trailing])
            .bytes()
    };
    assert!(read(&archive(1 << 16)).is_ok());
    assert_eq!(refusal(&archive((1 << 16) + 1)).0, "not_a_zip");
}

#[test]
fn names_without_the_utf8_flag_are_code_page_437() {
    let item = Item::stored(b"\x82\xff.txt", "").with(|item| item.flags = 0);
    let package = read(&Archive::with_harness([item]).bytes()).expect("readable");
    assert_eq!(package.files[1].path, "é\u{a0}.txt");
    let item = Item::stored(b"\x82.sh", "").with(|item| item.flags = 0);
    let (_, message) = refusal(&Archive::with_harness([item]).bytes());
    assert_eq!(message, "file extension is not allowed: é.sh");
}

#[test]
fn first_manifest_name_wins_and_only_at_the_root() {
    let items = [
        Item::stored("manifest.yaml", "entrypoint: a.py"),
        Item::stored("data_fabrication.yml", "entrypoint: b.py"),
        Item::stored("sub/data_fabrication.yaml", "entrypoint: c.py"),
        Item::stored("a.py", ""),
        Item::stored("b.py", ""),
    ];
    let package = read(&Archive::of(items).bytes()).expect("readable");
    assert_eq!(package.entrypoint, "b.py");
}

#[test]
fn falsy_manifests_are_empty_and_others_must_be_mappings() {
    for text in [
        "", "~", "[]", "0", "false", "''", "{}", "0.0", "# note", "---", "off",
    ] {
        let package = read(&with_manifest(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(package.manifest.is_empty(), "{text}");
        assert_eq!(package.manifest_json, "{}");
    }
    for text in ["- a", "text", "1", "2024-01-01", "yes", ".nan"] {
        assert_eq!(
            refusal(&with_manifest(text)).1,
            "manifest must be a mapping",
            "{text}"
        );
    }
}

#[test]
fn falsy_entrypoints_mean_the_default() {
    for value in ["", "null", "''", "0", "-0.0", "no", "[]", "{}", "0x0"] {
        assert_eq!(
            entrypoint(&format!("entrypoint: {value}")),
            Ok("harness.py".into()),
            "{value}"
        );
    }
}

#[test]
fn entrypoint_is_normalised_text_ending_in_py() {
    for value in ["b.py", "./b.py", ".//.\\b.py", "b.py/", "'b.py/.'"] {
        assert_eq!(
            entrypoint(&format!("entrypoint: {value}")),
            Ok("b.py".into()),
            "{value}"
        );
    }
    let not_python = Err("manifest entrypoint must be a relative Python file".to_owned());
    for value in [
        "/b.py",
        "../b.py",
        "a/../b.py",
        "b.PY",
        "b.txt",
        ".",
        "[b.py]",
        "{b.py: 1}",
        "7",
        "yes",
        "2024-01-01",
        ".nan",
        "'b.py '",
        "\\b.py",
        "12:30:45",
    ] {
        assert_eq!(
            entrypoint(&format!("entrypoint: {value}")),
            not_python,
            "{value}"
        );
    }
}

#[test]
fn missing_entrypoint_falls_back_to_the_single_python_file() {
    let missing = "ZIP must contain harness.py or manifest entrypoint";
    let manifest = || Item::stored("manifest.yaml", "entrypoint: gone.py");
    let package = read(&Archive::of([manifest(), Item::stored("x/.py", "")]).bytes());
    assert_eq!(package.expect("one").entrypoint, "x/.py");
    assert_eq!(entrypoint("entrypoint: gone.py"), Err(missing.to_owned()));
    assert_eq!(
        refusal(&Archive::of([manifest(), Item::stored("A.PY", "")]).bytes()).1,
        missing
    );
    assert_eq!(
        refusal(&Archive::of([Item::stored("a.txt", "")]).bytes()).1,
        missing
    );
}

#[test]
fn submission_id_is_the_start_of_a_hash() {
    // printf '5Alpha:bf445afb…' | sha256sum
    let hash = "bf445afbe24f9e0ee9f33a98d1961d95cf8ba59253076dfb571a80ac8faf38bd";
    assert_eq!(
        submission_id("5Alpha", hash),
        "42b62d3e8afab63ae641dcf81bc8fc5c"
    );
}

#[test]
fn codes_are_distinct_and_contract_errors_have_hints() {
    let name = || "x".to_owned();
    let errors = [
        PackageError::Empty,
        PackageError::TooLarge { limit: 1 },
        PackageError::NotZip { cause: "x" },
        PackageError::NoFiles,
        PackageError::TooManyFiles { limit: 1 },
        PackageError::UnsafePath { name: name() },
        PackageError::Symlink { name: name() },
        PackageError::ExtensionNotAllowed { name: name() },
        PackageError::UncompressedTooLarge { limit: 1 },
        PackageError::ManifestNotMapping { manifest: name() },
        PackageError::EntrypointNotRelativePython { entrypoint: None },
        PackageError::EntrypointMissing { wanted: name() },
    ];
    let codes: std::collections::BTreeSet<_> = errors.iter().map(PackageError::code).collect();
    assert_eq!(codes.len(), errors.len());
    assert!(errors.iter().all(|error| error.hint().is_some()));
}

#[test]
fn what_python_leaves_behind_is_explained() {
    let hint = |name: &str| {
        let name = name.to_owned();
        PackageError::ExtensionNotAllowed { name }.hint().unwrap()
    };
    for name in [
        "__pycache__/harness.cpython-312.pyc",
        "a/__pycache__/x.nbi",
        "a\\__pycache__\\x.pyc",
        "old.PYO",
    ] {
        assert!(hint(name).contains("PYTHONDONTWRITEBYTECODE=1"), "{name}");
    }
    for name in [
        "tool.exe",
        "__pycache__.bin",
        "x.pyc/y.so",
        "my__pycache__/x.so",
    ] {
        assert!(hint(name).starts_with("allowed are"), "{name}");
    }
}

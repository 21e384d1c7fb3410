//! Archives built to deceive, one per rule beyond the contract.

use std::time::{Duration, Instant};

use super::zipmaker::{Archive, Item, extra, zip64_end};
use super::{read, refusal};

fn refused(items: impl IntoIterator<Item = Item>) -> (&'static str, String) {
    refusal(&Archive::with_harness(items).bytes())
}

fn code(items: impl IntoIterator<Item = Item>) -> &'static str {
    refused(items).0
}

fn txt() -> Item {
    Item::stored("a.txt", "content")
}

#[test]
fn contract_message_wins_over_everything_else() {
    let encrypted = || txt().with(|item| item.flags |= 1);
    let (_, message) = refused([encrypted(), Item::stored("b.sh", "")]);
    assert_eq!(message, "file extension is not allowed: b.sh");
    let (_, message) = refused([encrypted(), Item::stored("manifest.yaml", "- a")]);
    assert_eq!(message, "manifest must be a mapping");
    let (_, message) = refusal(&Archive::of([encrypted()]).bytes());
    assert_eq!(
        message,
        "ZIP must contain harness.py or manifest entrypoint"
    );
}

#[test]
fn manifest_with_faults_python_overlooks_still_decides() {
    // A size too large, bytes after the stream, another entry's span: `zipfile` reads all of them.
    let size = 900_u32.to_le_bytes();
    let manifest = |text: &str| {
        Item::deflated("manifest.yaml", text)
            .with(|item| item.compressed.push(0))
            .central(24, &size)
            .local(6, &[8])
    };
    assert_eq!(refused([manifest("- a")]).1, "manifest must be a mapping");
    let (_, message) = refused([manifest("entrypoint: ../a.py")]);
    assert_eq!(
        message,
        "manifest entrypoint must be a relative Python file"
    );
    assert_eq!(code([manifest("a: 1")]), "headers_disagree");
}

#[test]
fn encrypted_entries_are_refused() {
    for flag in [1 << 0, 1 << 6, 1 << 13] {
        assert_eq!(
            code([txt().with(|item| item.flags |= flag)]),
            "encrypted_entry"
        );
    }
    assert_eq!(code([txt().local(6, &[1, 8])]), "encrypted_entry");
    let (code, message) =
        refused([Item::stored("manifest.yaml", "a: 1").with(|item| item.flags |= 1)]);
    assert_eq!(code, "encrypted_entry");
    assert!(message.contains("manifest.yaml"), "{message}");
}

#[test]
fn other_compression_methods_are_refused() {
    for method in [1, 9, 12, 14, 93, 99] {
        assert_eq!(
            code([txt().with(|item| item.method = method)]),
            "compression_method"
        );
    }
}

#[test]
fn versions_from_the_future_are_refused() {
    assert_eq!(code([txt().central(6, &[64])]), "zip_version");
    assert!(read(&Archive::with_harness([txt().central(6, &[63, 9])]).bytes()).is_ok());
    assert_eq!(
        code([txt().with(|item| item.flags |= 1 << 5)]),
        "zip_version"
    );
}

#[test]
fn wrong_checksums_are_refused() {
    let wrong = [1, 2, 3, 4];
    assert_eq!(
        code([txt().local(14, &wrong).central(16, &wrong)]),
        "crc_mismatch"
    );
    assert_eq!(code([txt().local(14, &wrong)]), "headers_disagree");
    assert_eq!(code([txt().central(16, &wrong)]), "headers_disagree");
}

#[test]
fn sizes_that_differ_from_the_content_are_refused() {
    for size in [3_u32, 8, 1 << 20] {
        let size = size.to_le_bytes();
        let lie = |item: Item| item.local(22, &size).central(24, &size);
        assert_eq!(code([lie(txt())]), "size_differs");
        assert_eq!(
            code([lie(Item::deflated("a.txt", "content"))]),
            "size_differs"
        );
    }
}

#[test]
fn damaged_and_trailing_deflate_data_are_refused() {
    let item = || Item::deflated("a.txt", "some content to compress");
    assert_eq!(
        code([item().with(|item| item.compressed.push(0))]),
        "damaged_data"
    );
    assert_eq!(
        code([item().with(|item| item.compressed.truncate(item.compressed.len() - 1))]),
        "damaged_data"
    );
    assert_eq!(
        code([item().with(|item| item.compressed[0] = 0xFF)]),
        "damaged_data"
    );
}

#[test]
fn headers_must_agree() {
    assert_eq!(code([txt().local(30, b"b")]), "headers_disagree");
    assert_eq!(code([txt().local(8, &[8])]), "headers_disagree");
    assert_eq!(code([txt().local(18, &[3])]), "headers_disagree");
    assert_eq!(code([txt().local(22, &[3])]), "headers_disagree");
    // The same bytes under another encoding are another name.
    assert_eq!(
        code([Item::stored("é.txt", "").local(6, &[0, 0])]),
        "headers_disagree"
    );
    assert!(read(&Archive::with_harness([txt().local(6, &[0, 0])]).bytes()).is_ok());
}

#[test]
fn data_descriptors_are_understood_and_checked() {
    let streamed = |trailer: Vec<u8>| {
        let item = txt().with(|item| {
            item.flags |= 8;
            item.trailer = trailer;
        });
        Archive::with_harness([item.local(14, &[0; 12]), Item::stored("b.txt", "")]).bytes()
    };
    let crc = crate::package::bytes::crc32(b"content")
        .to_le_bytes()
        .to_vec();
    let narrow = [crc.clone(), 7_u32.to_le_bytes().repeat(2)].concat();
    let wide = [crc, 7_u64.to_le_bytes().repeat(2)].concat();
    let signed = |body: &[u8]| [b"PK\x07\x08", body].concat();
    for good in [narrow.clone(), wide.clone(), signed(&narrow), signed(&wide)] {
        assert!(read(&streamed(good)).is_ok());
    }
    let mut lying = narrow;
    lying[4] ^= 1;
    for bad in [lying, Vec::new(), vec![0; 5]] {
        assert_eq!(refusal(&streamed(bad)).0, "headers_disagree");
    }
}

#[test]
fn overlapping_entries_are_refused() {
    // Two rows for one local header.
    let twice = Archive::with_harness([Item::stored("harness.py2.txt", "").central(42, &[0; 4])]);
    let (code, message) = refusal(&twice.bytes());
    assert_eq!(code, "overlapping_entries");
    assert!(
        message.contains("harness.py2.txt") && message.contains("\"harness.py\""),
        "{message}"
    );
    // One entry's data holding the next entry.
    let inner = Archive::of([Item::stored("in.txt", "x")]).bytes();
    let outer = Item::stored("out.txt", &inner);
    let offset = (Archive::with_harness([]).places().directory + 30 + 7) as u32;
    let spare = Item::stored("in.txt", "x").central(42, &offset.to_le_bytes());
    assert_eq!(refused([outer, spare]).0, "overlapping_entries");
}

#[test]
fn data_must_end_before_the_directory() {
    let size = 1000_u32.to_le_bytes();
    assert_eq!(
        code([txt().central(20, &size).local(18, &size)]),
        "data_outside"
    );
}

#[test]
fn offsets_must_lead_to_local_headers() {
    for offset in [1_u32, 5, 0x7FFF_FFFF, u32::MAX] {
        assert_eq!(
            code([txt().central(42, &offset.to_le_bytes())]),
            "no_local_header"
        );
    }
}

#[test]
fn directory_offsets_and_counts_must_be_true() {
    let archive = || Archive::with_harness([txt()]);
    let offset = archive().places().directory as u32;
    assert_eq!(
        refusal(&archive().end(16, &(offset + 1).to_le_bytes()).bytes()).0,
        "directory_offset"
    );
    // Too small an offset shifts the entries as bytes before the archive would.
    assert_eq!(
        refusal(&archive().end(16, &(offset - 1).to_le_bytes()).bytes()).0,
        "no_local_header"
    );
    assert_eq!(
        refusal(&archive().end(8, &[3]).bytes()).0,
        "directory_count"
    );
    assert_eq!(
        refusal(&archive().end(10, &[1]).bytes()).0,
        "directory_count"
    );
    assert_eq!(refusal(&archive().end(4, &[1]).bytes()).0, "multi_disk");
    assert_eq!(refusal(&archive().end(12, &[1]).bytes()).0, "not_a_zip");
    assert_eq!(code([txt().central(34, &[1])]), "multi_disk");
    // The last comment claims more than there is.
    assert_eq!(code([txt().central(32, &[9])]), "directory_cut");
}

#[test]
fn zip64_is_read_where_it_is_true() {
    let size = 7_u64.to_le_bytes();
    let masked = |central: [u8; 8]| {
        txt()
            .with(|item| {
                item.local_extra = extra(1, &size.repeat(2));
                item.central_extra = extra(1, &[central, size].concat());
            })
            .local(18, &[0xFF; 8])
            .central(20, &[0xFF; 8])
    };
    assert!(read(&Archive::with_harness([masked(size)]).bytes()).is_ok());
    assert_eq!(code([masked(9_u64.to_le_bytes())]), "headers_disagree");
    let missing = || txt().local(18, &[0xFF; 8]);
    assert_eq!(code([missing()]), "zip64_entry");
    let unasked =
        |value: u64| txt().with(|item| item.central_extra = extra(1, &value.to_le_bytes()));
    assert_eq!(code([unasked(8)]), "zip64_entry");
    assert!(read(&Archive::with_harness([unasked(7)]).bytes()).is_ok());
    let short = txt()
        .with(|item| item.central_extra = extra(1, &[1]))
        .central(24, &[0xFF; 4]);
    assert_eq!(code([short]), "not_a_zip");
}

#[test]
fn zip64_end_records_must_be_true() {
    let archive = || Archive::with_harness([txt()]);
    let places = archive().places();
    let (offset, size) = (places.directory as u64, places.directory_size as u64);
    let with_end = |count, size, offset, record| {
        archive().with(|archive| archive.before_end = zip64_end(count, size, offset, record))
    };
    assert!(read(&with_end(2, size, offset, offset + size).bytes()).is_ok());
    let masked = with_end(2, size, offset, offset + size).end(8, &[0xFF; 12]);
    assert!(read(&masked.bytes()).is_ok());
    let (zip64, count) = ("zip64_directory", "directory_count");
    assert_eq!(
        refusal(
            &with_end(3, size, offset, offset + size)
                .end(8, &[0xFF; 4])
                .bytes()
        )
        .0,
        count
    );
    assert_eq!(
        refusal(&with_end(3, size, offset, offset + size).bytes()).0,
        zip64
    );
    assert_eq!(refusal(&with_end(2, size, offset, offset).bytes()).0, zip64);
    assert_eq!(
        refusal(&with_end(2, u64::MAX, offset, 0).bytes()).0,
        "not_a_zip"
    );
    assert_eq!(refusal(&with_end(2, size, u64::MAX, 0).bytes()).0, zip64);
    // The plain record points to a zip64 record that is not there.
    assert_eq!(refusal(&archive().end(8, &[0xFF; 4]).bytes()).0, zip64);
}

#[test]
fn names_with_nul_are_judged_by_what_stands_before_it() {
    assert_eq!(code([Item::stored("a.txt\0.py", "")]), "name_nul");
    let (_, message) = refused([Item::stored("a.sh\0.py", "")]);
    assert_eq!(message, "file extension is not allowed: a.sh");
}

#[test]
fn control_characters_and_bad_utf8_in_names_are_refused() {
    for name in ["a\n.txt", "a\x7f.txt", "a\u{85}.txt", "dir\x1b/"] {
        assert_eq!(
            code([Item::stored(name, "")]),
            "name_control_character",
            "{name:?}"
        );
    }
    assert_eq!(code([Item::stored(b"a\xff.txt", "")]), "name_not_utf8");
}

#[test]
fn entries_on_one_path_are_refused() {
    for (first, second) in [("a.txt", "A.TXT"), ("b/c.txt", "b\\.\\c.txt"), ("d/", "D/")] {
        let (code, message) = refused([Item::stored(first, ""), Item::stored(second, "")]);
        assert_eq!(code, "duplicate_path");
        assert!(message.contains(first), "{message}");
    }
    // Only ASCII letters are alike.
    let different = [Item::stored("é.txt", ""), Item::stored("É.txt", "")];
    assert!(read(&Archive::with_harness(different).bytes()).is_ok());
}

#[test]
fn file_where_a_folder_is_needed_is_refused() {
    for (first, second) in [
        ("a", "a/b.py"),
        ("a/b.py", "A"),
        ("a", "a/"),
        ("a/", "a"),
        ("x/y", "X/Y/z"),
    ] {
        let items = [Item::stored(first, ""), Item::stored(second, "")];
        assert_eq!(code(items), "file_where_folder", "{first} {second}");
    }
    let folders = [
        Item::stored("a/b.py", ""),
        Item::stored("a/", ""),
        Item::stored("a/c/", ""),
    ];
    assert!(read(&Archive::with_harness(folders).bytes()).is_ok());
}

#[test]
fn special_files_are_refused() {
    for (mode, kind) in [
        (0o010_644, "FIFO"),
        (0o020_644, "character"),
        (0o060_644, "block"),
        (0o140_644, "socket"),
    ] {
        let (code, message) = refused([txt().with(|item| item.mode = mode)]);
        assert_eq!(code, "special_file");
        assert!(message.contains(kind), "{message}");
    }
    assert_eq!(
        code([Item::stored("l/", "").with(|item| item.mode = 0o120_777)]),
        "special_file"
    );
    for mode in [0, 0o644, 0o100_755] {
        let archive = Archive::with_harness([txt().with(|item| item.mode = mode)]);
        assert!(read(&archive.bytes()).is_ok());
    }
}

#[test]
fn long_and_deep_names_are_refused() {
    let fits = [
        format!("{}.txt", "x".repeat(251)),
        format!("{}f", "d/".repeat(31)),
    ];
    assert!(read(&Archive::with_harness(fits.map(|name| Item::stored(name, ""))).bytes()).is_ok());
    assert_eq!(code([Item::stored("x".repeat(256), "")]), "name_too_long");
    assert_eq!(code([Item::stored("é".repeat(128), "")]), "name_too_long");
    assert_eq!(
        code([Item::stored(format!("{}f", "d/".repeat(32)), "")]),
        "path_too_deep"
    );
    assert_eq!(code([Item::stored("d/".repeat(33), "")]), "path_too_deep");
}

#[test]
fn unicode_path_field_is_the_name_that_counts() {
    let field = |crc_of: &[u8], name: &[u8]| {
        let crc = crate::package::bytes::crc32(crc_of).to_le_bytes();
        extra(0x7075, &[&[1][..], &crc, name].concat())
    };
    let item = |central: Vec<u8>, local: Vec<u8>| {
        txt().with(|item| {
            item.central_extra = central;
            item.local_extra = local;
        })
    };
    let real = field(b"a.txt", b"b.md");
    let package = read(&Archive::with_harness([item(real.clone(), real.clone())]).bytes());
    assert_eq!(package.expect("readable").files[1].path, "b.md");
    let stale = field(b"other", b"b.md");
    let package = read(&Archive::with_harness([item(stale.clone(), stale)]).bytes());
    assert_eq!(package.expect("readable").files[1].path, "a.txt");
    let (_, message) = refused([item(field(b"a.txt", b"../b.py"), Vec::new())]);
    assert_eq!(message, "unsafe ZIP path: ../b.py");
    assert_eq!(
        code([item(real, field(b"a.txt", b"c.md"))]),
        "headers_disagree"
    );
    assert_eq!(
        code([item(field(b"a.txt", b"\xff"), Vec::new())]),
        "not_a_zip"
    );
}

fn quickly<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "took {:?}",
        start.elapsed()
    );
    result
}

#[test]
fn bomb_ends_at_the_declared_size() {
    let bomb = Item::deflated("a.txt", vec![0; 64 << 20]);
    let size = 1000_u32.to_le_bytes();
    let archive = Archive::with_harness([bomb.local(22, &size).central(24, &size)]).bytes();
    assert_eq!(quickly(|| refusal(&archive)).0, "size_differs");
}

#[test]
fn folders_full_of_data_stay_within_the_limit() {
    let archive = Archive::with_harness([Item::deflated("d/", vec![0; 33 << 20])]).bytes();
    assert_eq!(quickly(|| refusal(&archive)).0, "size_differs");
}

#[test]
fn tens_of_thousands_of_entries_end_quickly() {
    let files = (0..30_000).map(|number| Item::stored(format!("{number}"), ""));
    let archive = Archive::with_harness(files).bytes();
    assert_eq!(quickly(|| refusal(&archive)).0, "too_many_files");
    let folders = (0..30_000).map(|number| Item::stored(format!("d/{number}/"), ""));
    let archive = Archive::with_harness(folders).bytes();
    assert!(quickly(|| read(&archive)).is_ok());
}

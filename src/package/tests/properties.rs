//! Properties over generated folders and damaged archives.

use proptest::prelude::*;

use super::read;
use super::zipmaker::{Archive, Item};
use crate::package::{PackageLimits, artifact_hash, read_folder};

/// A valid archive with both methods, a folder, a manifest and a descriptor-sized gap.
fn valid() -> Vec<u8> {
    let items = [
        Item::stored("pkg/", ""),
        Item::deflated("pkg/data.txt", "abc ".repeat(50)),
        Item::stored("data_fabrication.yaml", "entrypoint: harness.py\nn: 1\n"),
    ];
    Archive::with_harness(items)
        .with(|archive| archive.comment = b"note".to_vec())
        .bytes()
}

/// A change to the archive: bytes overwritten, removed or inserted at a place.
#[derive(Debug, Clone)]
enum Damage {
    Overwrite(Vec<u8>),
    Remove(usize),
    Insert(Vec<u8>),
}

fn damage() -> impl Strategy<Value = (prop::sample::Index, Damage)> {
    let some_bytes = || {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 1..6),
            Just(vec![0xFF; 4]),
            Just(vec![0; 4]),
            Just(b"PK\x05\x06".to_vec()),
        ]
    };
    let change = prop_oneof![
        some_bytes().prop_map(Damage::Overwrite),
        (1_usize..9).prop_map(Damage::Remove),
        some_bytes().prop_map(Damage::Insert),
    ];
    (any::<prop::sample::Index>(), change)
}

fn apply(bytes: &mut Vec<u8>, place: &prop::sample::Index, change: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let at = place.index(bytes.len());
    match change {
        Damage::Overwrite(new) => {
            bytes
                .iter_mut()
                .skip(at)
                .zip(new)
                .for_each(|(old, new)| *old = *new);
        }
        Damage::Remove(count) => drop(bytes.drain(at..(at + count).min(bytes.len()))),
        Damage::Insert(new) => drop(bytes.splice(at..at, new.iter().copied())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes).is_err());
    }

    /// Checksums, sizes and two copies of each header leave damage little room: what is still
    /// accepted has contents that were in the archive, under paths made of its names.
    #[test]
    fn damaged_archives_are_refused_or_keep_their_contents(
        damages in prop::collection::vec(damage(), 1..4)
    ) {
        let mut bytes = valid();
        let contents: Vec<_> =
            read(&bytes).expect("valid").files.into_iter().map(|file| file.content).collect();
        damages.iter().for_each(|(place, change)| apply(&mut bytes, place, change));
        if let Ok(package) = read(&bytes) {
            prop_assert_eq!(&package.artifact_hash, &artifact_hash(&bytes));
            prop_assert!(package.files.iter().any(|file| file.path == package.entrypoint));
            for file in &package.files {
                let is_known = contents.contains(&file.content) || file.content.is_empty();
                prop_assert!(is_known, "{}", file.path);
            }
        }
    }

    #[test]
    fn packed_folders_read_back_exactly(
        files in prop::collection::btree_map("[a-z]{1,8}(/[A-Z]{1,3})?[.](py|txt|md)", any::<Vec<u8>>(), 0..12)
    ) {
        let root = tempfile::TempDir::new().expect("temporary folder");
        std::fs::write(root.path().join("harness.py"), "").expect("file");
        for (path, content) in &files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().expect("below the root")).expect("folder");
            std::fs::write(path, content).expect("file");
        }
        let (bytes, _) = read_folder(root.path(), &PackageLimits::default()).expect("packed");
        let package = read(&bytes).expect("valid");
        prop_assert_eq!(package.files.len(), files.len() + 1);
        for (path, content) in &files {
            let file = package.file(path);
            prop_assert_eq!(file.map(|file| &file.content), Some(content), "{}", path);
        }
    }
}

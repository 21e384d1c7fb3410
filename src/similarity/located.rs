//! The structure of a package with the lines it stands on, and the form these lines are stored in.

use super::align::{Located, Place};
use super::bytes::{Reader, write_text, write_varint};
use super::sequence::Sequence;

/// First bytes of stored lines.
const MAGIC: &[u8; 4] = b"dfln";
/// Version of the stored form.
const VERSION: u8 = 1;

/// What is compared, with the names of its files in the order of its places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocatedPackage {
    /// Python files in path order.
    pub files: Vec<String>,
    /// Their structure with places.
    pub located: Located,
}

impl LocatedPackage {
    /// The structure without its places.
    pub fn sequence(&self) -> &Sequence {
        self.located.sequence()
    }

    /// Stable, versioned bytes of the files and lines, without the structure: magic, version, files, then for each
    /// run of items on one line its length, how much further its file is and either how much further the line is or,
    /// in another file, the line itself. Steps that go either way are stored as twice their size, and one more where
    /// they go back.
    pub fn lines_to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + self.located.places().len() / 2);
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        write_varint(&mut bytes, self.files.len() as u64);
        for file in &self.files {
            write_text(&mut bytes, file);
        }
        let mut before = START;
        for run in self.located.places().chunk_by(|one, next| one == next) {
            let Some(&place) = run.first() else { continue };
            write_varint(&mut bytes, run.len() as u64);
            write_varint(
                &mut bytes,
                folded(before.source as i64, place.source as i64),
            );
            let from = line_before(before, place.source);
            write_varint(&mut bytes, folded(from, i64::from(place.line)));
            before = place;
        }
        bytes
    }

    /// Reads what [`LocatedPackage::lines_to_bytes`] wrote of a structure. None for anything else: another version,
    /// bytes missing or left over, another number of items, files that are not named.
    pub fn with_lines(sequence: Sequence, bytes: &[u8]) -> Option<LocatedPackage> {
        let mut reader = Reader::new(bytes.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?);
        let count = reader.count()?;
        let files: Option<Vec<String>> = (0..count)
            .map(|_| reader.text().map(str::to_owned))
            .collect();
        let files = files?;
        let mut places = Vec::with_capacity(sequence.len());
        let mut before = START;
        while !reader.is_at_end() {
            let len = usize::try_from(reader.varint()?).ok()?;
            let source = unfolded(before.source as i64, reader.varint()?)?;
            let source = usize::try_from(source)
                .ok()
                .filter(|&at| at < files.len())?;
            let line = unfolded(line_before(before, source), reader.varint()?)?;
            let line = u32::try_from(line).ok().filter(|&line| line > 0)?;
            let place = Place { source, line };
            // Never more than there are items, whatever the bytes say; and a run goes as far as it can.
            let fits = len > 0 && len <= sequence.len() - places.len();
            if !fits || (place == before && !places.is_empty()) {
                return None;
            }
            places.resize(places.len() + len, place);
            before = place;
        }
        let located = Located::at(sequence, places)?;
        Some(LocatedPackage { files, located })
    }
}

/// Before the first item.
const START: Place = Place { source: 0, line: 0 };

/// What a line is counted from.
fn line_before(before: Place, source: usize) -> i64 {
    match before.source == source {
        true => i64::from(before.line),
        false => 0,
    }
}

/// A step either way as a number without sign; small steps as small numbers.
fn folded(from: i64, to: i64) -> u64 {
    let step = to - from;
    ((step << 1) ^ (step >> 63)) as u64
}

fn unfolded(from: i64, step: u64) -> Option<i64> {
    from.checked_add((step >> 1) as i64 ^ -((step & 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn package(places: Vec<Place>, files: usize) -> LocatedPackage {
        let names: Vec<u32> = (0..places.len() as u32).collect();
        let sequence = super::super::corpus::tests::sequence_of(&names);
        LocatedPackage {
            files: (0..files).map(|at| format!("{at}/é.py")).collect(),
            located: Located::at(sequence, places).unwrap(),
        }
    }

    fn again(package: &LocatedPackage, bytes: &[u8]) -> Option<LocatedPackage> {
        LocatedPackage::with_lines(package.sequence().clone(), bytes)
    }

    #[test]
    fn lines_take_a_fraction_of_a_byte_for_each_item() {
        let places = (0..3000).map(|at| Place {
            source: at / 1000,
            line: (at / 10) as u32 % 100 + 1,
        });
        let package = package(places.collect(), 3);
        let bytes = package.lines_to_bytes();
        assert_eq!(bytes.len(), 5 + 1 + 3 * 8 + 300 * 3);
        assert_eq!(again(&package, &bytes), Some(package));
    }

    #[test]
    fn lines_of_another_structure_are_not_believed() {
        let place = Place { source: 0, line: 7 };
        let one = package(vec![place; 5], 1);
        let longer = package(vec![place; 6], 1);
        assert_eq!(again(&longer, &one.lines_to_bytes()), None);
        assert_eq!(again(&one, &longer.lines_to_bytes()), None);
    }

    #[test]
    fn a_run_without_end_is_refused_before_it_is_held() {
        let one = package(vec![Place { source: 0, line: 1 }], 1);
        let mut bytes = b"dfln\x01\x01\x01a".to_vec();
        bytes.extend([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 2]);
        assert_eq!(again(&one, &bytes), None);
    }

    fn places() -> impl Strategy<Value = (Vec<Place>, usize)> {
        (1..4usize).prop_flat_map(|files| {
            let line = prop_oneof![
                1..40u32,
                Just(u32::MAX),
                any::<u32>().prop_map(|n| n.max(1))
            ];
            let place = (0..files, line).prop_map(|(source, line)| Place { source, line });
            let run = (place, 1..4usize).prop_map(|(place, len)| vec![place; len]);
            let places = prop::collection::vec(run, 0..20).prop_map(|runs| runs.concat());
            (places, Just(files))
        })
    }

    proptest! {
        #[test]
        fn lines_come_back_as_they_went((places, files) in places()) {
            let package = package(places, files);
            prop_assert_eq!(again(&package, &package.lines_to_bytes()), Some(package.clone()));
        }

        #[test]
        fn whatever_is_read_would_be_written_alike(
            (places, files) in places(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in 0..3usize,
        ) {
            let package = package(places, files);
            let mut bytes = package.lines_to_bytes();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(bytes.len() - cut);
            if let Some(read) = again(&package, &bytes) {
                prop_assert_eq!(read.lines_to_bytes(), bytes);
            }
        }
    }
}

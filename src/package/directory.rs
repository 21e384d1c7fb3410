//! The archive's table of contents, found and read the way CPython 3.12's `zipfile` does it.
//!
//! Which bytes count as an archive, and which entries it has, is decided by the live service with
//! that module, so its search for the end record, its treatment of bytes before the archive and of
//! zip64, and its notion of "not a ZIP" are followed here. What it silently ignores (counts, lying
//! offsets, cut-off entries) is kept as a [`DirectoryFault`], to be reported after the contract's
//! own checks.

use super::bytes::{crc32, extra_fields, u16_at, u32_at, u64_at};
use super::error::{DirectoryFault, EntryFault, PackageError};
use super::names;

const END_SIGNATURE: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const ZIP64_LOCATOR_SIGNATURE: &[u8] = b"PK\x06\x07";
const ZIP64_LOCATOR_SIZE: usize = 20;
const ZIP64_END_SIGNATURE: &[u8] = b"PK\x06\x06";
const ZIP64_END_SIZE: usize = 56;
const CENTRAL_SIGNATURE: &[u8] = b"PK\x01\x02";
const CENTRAL_SIZE: usize = 46;
/// How far from the end the end record is searched: the longest comment plus the record.
const SEARCH_WINDOW: usize = (1 << 16) + END_SIZE;
/// Newest "version needed" that `zipfile` opens, in tenths.
const MAX_EXTRACT_VERSION: u16 = 63;

pub(super) const FLAG_ENCRYPTED: u16 = 1 << 0;
pub(super) const FLAG_DESCRIPTOR: u16 = 1 << 3;
pub(super) const FLAG_PATCHED: u16 = 1 << 5;
pub(super) const FLAG_STRONG_ENCRYPTION: u16 = 1 << 6;
pub(super) const FLAG_UTF8: u16 = 1 << 11;
pub(super) const FLAG_MASKED_HEADER: u16 = 1 << 13;

/// Marker in a 32-bit field whose value is in the zip64 extra field.
pub(super) const IN_ZIP64: u64 = 0xFFFF_FFFF;
pub(super) const EXTRA_ZIP64: u16 = 0x0001;
pub(super) const EXTRA_UNICODE_PATH: u16 = 0x7075;

/// One row of the central directory.
#[derive(Debug)]
pub(super) struct CentralEntry<'a> {
    /// The name the live service goes by: decoded, Unicode-path field applied, cut at a NUL.
    pub name: String,
    /// The same before it was cut at a NUL.
    pub full_name: String,
    /// Name bytes as they must stand in the local header too.
    pub raw_name: &'a [u8],
    pub flags: u16,
    pub method: u16,
    pub crc: u32,
    /// Compressed size in bytes.
    pub compressed: u64,
    /// Uncompressed size in bytes.
    pub size: u64,
    /// Where the local header should start, prefix bytes included; may be outside the file.
    pub offset: i128,
    /// Upper half of the external attributes: the Unix mode, 0 if none was stored.
    pub mode: u16,
    /// First thing wrong with this row itself.
    pub fault: Option<EntryFault>,
}

impl CentralEntry<'_> {
    pub(super) fn is_folder(&self) -> bool {
        names::is_folder(&self.name)
    }
}

/// The whole table of contents.
#[derive(Debug)]
pub(super) struct Directory<'a> {
    pub entries: Vec<CentralEntry<'a>>,
    /// Where the table starts, which is where entry data must have ended.
    pub start: usize,
    /// First contradiction that does not stop `zipfile`.
    pub fault: Option<DirectoryFault>,
}

/// Finds and reads the table of contents.
pub(super) fn read(bytes: &[u8]) -> Result<Directory<'_>, PackageError> {
    let end = EndRecord::find(bytes)?;
    let trailer = end.location
        - if end.is_zip64 {
            ZIP64_LOCATOR_SIZE + ZIP64_END_SIZE
        } else {
            0
        };
    let start = usize::try_from(end.directory_size)
        .ok()
        .and_then(|size| trailer.checked_sub(size))
        .ok_or(PackageError::NotZip {
            cause: "the central directory's size is impossible",
        })?;
    // Bytes put before the archive shift everything by the same distance.
    let shift = start as i128 - i128::from(end.directory_offset);
    let mut fault = end.fault;
    if shift < 0 {
        let by = u64::try_from(-shift).unwrap_or(u64::MAX);
        fault.get_or_insert(DirectoryFault::OffsetLies { by });
    }

    let table = bytes.get(start..trailer).unwrap_or_default();
    let mut entries = Vec::new();
    let mut at = 0;
    while at < table.len() {
        let (entry, next) = read_entry(table, at, shift)?;
        if let Some(disk_fault) = entry.1 {
            fault.get_or_insert(disk_fault);
        }
        entries.push(entry.0);
        at = next;
    }
    if at > table.len() {
        fault.get_or_insert(DirectoryFault::LastEntryCut);
    }
    let found = entries.len() as u64;
    if let Some(&declared) = end.counts.iter().find(|&&count| count != found) {
        fault.get_or_insert(DirectoryFault::CountLies { declared, found });
    }
    Ok(Directory {
        entries,
        start,
        fault,
    })
}

type ReadEntry<'a> = ((CentralEntry<'a>, Option<DirectoryFault>), usize);

/// Reads the row at `at`; also gives the position of the next one, as declared.
fn read_entry(table: &[u8], at: usize, shift: i128) -> Result<ReadEntry<'_>, PackageError> {
    let row = table
        .get(at..at + CENTRAL_SIZE)
        .ok_or(PackageError::NotZip {
            cause: "the central directory is cut short",
        })?;
    if !row.starts_with(CENTRAL_SIGNATURE) {
        return Err(PackageError::NotZip {
            cause: "the central directory is damaged",
        });
    }
    let name_end = at + CENTRAL_SIZE + usize::from(u16_at(row, 28));
    let extra_end = name_end + usize::from(u16_at(row, 30));
    let next = extra_end + usize::from(u16_at(row, 32));
    // The lengths of the last row may reach past the table; what is there is what counts.
    let slice = |from: usize, to: usize| {
        table
            .get(from.min(table.len())..to.min(table.len()))
            .unwrap_or_default()
    };
    let raw_name = slice(at + CENTRAL_SIZE, name_end);
    let extra = slice(name_end, extra_end);

    let flags = u16_at(row, 8);
    let decoded = names::decode(raw_name, flags & FLAG_UTF8 != 0)
        .map_err(|fault| PackageError::entry(String::from_utf8_lossy(raw_name), fault))?;
    // One byte; the other half of the field names a host system, which does not matter.
    let version = u16_at(row, 6) & 0xFF;
    if version > MAX_EXTRACT_VERSION {
        let fault = EntryFault::Version {
            major: version / 10,
            minor: version % 10,
        };
        return Err(PackageError::entry(decoded, fault));
    }
    let mut entry = CentralEntry {
        name: String::new(),
        full_name: decoded,
        raw_name,
        flags,
        method: u16_at(row, 10),
        crc: u32_at(row, 16),
        compressed: u64::from(u32_at(row, 20)),
        size: u64::from(u32_at(row, 24)),
        offset: i128::from(u32_at(row, 42)),
        mode: u16_at(row, 40),
        fault: None,
    };
    apply_extra(&mut entry, extra)?;
    entry.name = names::until_nul(&entry.full_name).to_owned();
    entry.offset += shift;
    let disk_fault = (u16_at(row, 34) != 0).then_some(DirectoryFault::MultiDisk);
    Ok(((entry, disk_fault), next))
}

/// Applies the extra fields `zipfile` knows: zip64 sizes and the Unicode path.
fn apply_extra(entry: &mut CentralEntry<'_>, extra: &[u8]) -> Result<(), PackageError> {
    for field in extra_fields(extra) {
        let Some((id, data)) = field else {
            return Err(PackageError::NotZip {
                cause: "an extra field is damaged",
            });
        };
        match id {
            EXTRA_ZIP64 => apply_zip64(entry, data)?,
            EXTRA_UNICODE_PATH => apply_unicode_path(entry, data)?,
            _ => {}
        }
    }
    Ok(())
}

fn apply_zip64(entry: &mut CentralEntry<'_>, data: &[u8]) -> Result<(), PackageError> {
    let plain = [
        entry.size,
        entry.compressed,
        u64::try_from(entry.offset).unwrap_or(u64::MAX),
    ];
    let masked = [
        matches!(entry.size, u64::MAX | IN_ZIP64),
        entry.compressed == IN_ZIP64,
        entry.offset == i128::from(IN_ZIP64),
    ];
    let mut rest = data;
    let mut take = || -> Result<u64, PackageError> {
        let (value, tail) = rest.split_first_chunk::<8>().ok_or(PackageError::NotZip {
            cause: "a zip64 extra field is damaged",
        })?;
        rest = tail;
        Ok(u64::from_le_bytes(*value))
    };
    if masked[0] {
        entry.size = take()?;
    }
    if masked[1] {
        entry.compressed = take()?;
    }
    if masked[2] {
        entry.offset = i128::from(take()?);
    }
    // Values nobody asked for may only repeat the plain ones: another reader could use them.
    let repeats_plain = masked == [false; 3]
        && data
            .chunks(8)
            .zip(plain)
            .all(|(chunk, value)| chunk == value.to_le_bytes())
        && data.len() <= 24;
    if !rest.is_empty() && !repeats_plain {
        entry
            .fault
            .get_or_insert(EntryFault::Zip64 { header: "central" });
    }
    Ok(())
}

fn apply_unicode_path(entry: &mut CentralEntry<'_>, data: &[u8]) -> Result<(), PackageError> {
    let Some((head, name)) = data.split_first_chunk::<5>() else {
        return Err(PackageError::NotZip {
            cause: "a Unicode path field is damaged",
        });
    };
    if head[0] != 1 || u32_at(head, 1) != crc32(entry.raw_name) || name.is_empty() {
        return Ok(());
    }
    entry.full_name = std::str::from_utf8(name)
        .map_err(|_| PackageError::NotZip {
            cause: "a Unicode path field is not UTF-8",
        })?
        .to_owned();
    Ok(())
}

/// What the end-of-central-directory record (and its zip64 form) says.
struct EndRecord {
    location: usize,
    is_zip64: bool,
    counts: [u64; 2],
    directory_size: u64,
    directory_offset: u64,
    fault: Option<DirectoryFault>,
}

impl EndRecord {
    fn find(bytes: &[u8]) -> Result<Self, PackageError> {
        let location = locate_end(bytes).ok_or(PackageError::NotZip {
            cause: "no end-of-central-directory record",
        })?;
        let record = bytes
            .get(location..location + END_SIZE)
            .ok_or(PackageError::NotZip {
                cause: "the end record is cut short",
            })?;
        let mut end = Self {
            location,
            is_zip64: false,
            counts: [u64::from(u16_at(record, 8)), u64::from(u16_at(record, 10))],
            directory_size: u64::from(u32_at(record, 12)),
            directory_offset: u64::from(u32_at(record, 16)),
            fault: None,
        };
        let plain_disks = [u64::from(u16_at(record, 4)), u64::from(u16_at(record, 6))];
        let disks = end.apply_zip64(bytes, plain_disks)?;
        if disks != [0, 0] {
            end.fault.get_or_insert(DirectoryFault::MultiDisk);
        }
        Ok(end)
    }

    /// Overrides the plain fields with the zip64 record where there is one; gives the disk numbers.
    fn apply_zip64(&mut self, bytes: &[u8], disks: [u64; 2]) -> Result<[u64; 2], PackageError> {
        let Some(locator_at) = self.location.checked_sub(ZIP64_LOCATOR_SIZE) else {
            return Ok(disks);
        };
        let locator = bytes.get(locator_at..self.location).unwrap_or_default();
        if !locator.starts_with(ZIP64_LOCATOR_SIGNATURE) {
            let is_missing = self.counts.contains(&0xFFFF)
                || [self.directory_size, self.directory_offset].contains(&IN_ZIP64);
            if is_missing {
                let what = "the end record refers to a zip64 record that is not there";
                self.fault = Some(DirectoryFault::Zip64 { what });
            }
            return Ok(disks);
        }
        if u32_at(locator, 4) != 0 || u32_at(locator, 16) > 1 {
            return Err(PackageError::NotZip {
                cause: "the archive spans several disks",
            });
        }
        let record = locator_at
            .checked_sub(ZIP64_END_SIZE)
            .and_then(|at| bytes.get(at..locator_at).map(|record| (at, record)))
            .filter(|(_, record)| record.starts_with(ZIP64_END_SIGNATURE));
        let Some((record_at, record)) = record else {
            let what = "a zip64 locator without its record";
            self.fault = Some(DirectoryFault::Zip64 { what });
            return Ok(disks);
        };

        let plain = [
            self.counts[0],
            self.counts[1],
            self.directory_size,
            self.directory_offset,
        ];
        let markers = [0xFFFF, 0xFFFF, IN_ZIP64, IN_ZIP64];
        let values = [
            u64_at(record, 24),
            u64_at(record, 32),
            u64_at(record, 40),
            u64_at(record, 48),
        ];
        self.is_zip64 = true;
        self.counts = [values[0], values[1]];
        self.directory_size = values[2];
        self.directory_offset = values[3];

        let contradicts = plain
            .iter()
            .zip(markers)
            .zip(values)
            .any(|((&plain, marker), value)| plain != marker && plain != value);
        if contradicts {
            let what = "the zip64 record and the plain end record differ";
            self.fault.get_or_insert(DirectoryFault::Zip64 { what });
        }
        if u64_at(record, 4) != (ZIP64_END_SIZE - 12) as u64 {
            let what = "the zip64 record declares an impossible size";
            self.fault.get_or_insert(DirectoryFault::Zip64 { what });
        }
        // Both offsets count from where the archive starts, so their distance is known.
        let distance = i128::from(u64_at(locator, 8)) - i128::from(self.directory_offset);
        let expected = i128::from(self.directory_size);
        if distance != expected {
            let what = "the zip64 locator does not point to its record";
            self.fault.get_or_insert(DirectoryFault::Zip64 { what });
        }
        debug_assert!(record_at < locator_at);
        Ok([u64::from(u32_at(record, 16)), u64::from(u32_at(record, 20))])
    }
}

/// Position of the end record: right at the end without a comment, else its last signature within
/// reach of the longest comment.
fn locate_end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_SIZE)?;
    let tail = bytes.get(last..)?;
    if tail.starts_with(END_SIGNATURE) && tail.ends_with(&[0, 0]) {
        return Some(last);
    }
    let window_start = bytes.len().saturating_sub(SEARCH_WINDOW);
    let window = bytes.get(window_start..)?;
    let found = window
        .windows(END_SIGNATURE.len())
        .rposition(|four| four == END_SIGNATURE)?;
    Some(window_start + found)
}

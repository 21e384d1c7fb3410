//! One entry's local header and data: where they are, whether they agree with the directory, and
//! what the data inflate to.

use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};

use super::bytes::{crc32, extra_fields, u16_at, u32_at, u64_at};
use super::directory::{self as dir, CentralEntry};
use super::error::EntryFault;

const LOCAL_SIGNATURE: &[u8] = b"PK\x03\x04";
const LOCAL_SIZE: usize = 30;
const DESCRIPTOR_SIGNATURE: &[u8] = b"PK\x07\x08";
pub(super) const STORED: u16 = 0;
pub(super) const DEFLATE: u16 = 8;
/// Inflated in steps of this many bytes, so that memory follows the data and not the headers.
const INFLATE_STEP: usize = 64 * 1024;

/// Where an entry lies in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    /// Local header, data and data descriptor.
    pub span: Range<usize>,
    /// The compressed data.
    pub data: Range<usize>,
    local_name: Range<usize>,
    local_extra: Range<usize>,
}

/// Refuses file kinds, encryption and methods nobody needs here; looks at the directory row only.
pub(super) fn check_kind(entry: &CentralEntry<'_>) -> Result<(), EntryFault> {
    let kind = match entry.mode & 0o170_000 {
        0 | 0o100_000 | 0o040_000 => None,
        0o010_000 => Some("FIFO"),
        0o020_000 => Some("character device"),
        0o060_000 => Some("block device"),
        0o140_000 => Some("socket"),
        0o120_000 => Some("symbolic link"),
        _ => Some("an unknown file type"),
    };
    if let Some(kind) = kind {
        return Err(EntryFault::SpecialFile { kind });
    }
    check_readable(entry)
}

/// Refuses what cannot be decoded: encryption, patches, unusual methods.
pub(super) fn check_readable(entry: &CentralEntry<'_>) -> Result<(), EntryFault> {
    check_flags(entry.flags)?;
    if !matches!(entry.method, STORED | DEFLATE) {
        return Err(EntryFault::Method {
            method: entry.method,
        });
    }
    Ok(())
}

fn check_flags(flags: u16) -> Result<(), EntryFault> {
    if flags & (dir::FLAG_ENCRYPTED | dir::FLAG_STRONG_ENCRYPTION | dir::FLAG_MASKED_HEADER) != 0 {
        return Err(EntryFault::Encrypted);
    }
    if flags & dir::FLAG_PATCHED != 0 {
        return Err(EntryFault::Version { major: 2, minor: 7 });
    }
    Ok(())
}

/// Finds the entry's local header and data. `end` is where the central directory starts.
pub(super) fn locate(
    bytes: &[u8],
    entry: &CentralEntry<'_>,
    end: usize,
) -> Result<Location, EntryFault> {
    let start = usize::try_from(entry.offset).map_err(|_| EntryFault::NoLocalHeader)?;
    let header_end = start
        .checked_add(LOCAL_SIZE)
        .ok_or(EntryFault::NoLocalHeader)?;
    let header = bytes
        .get(start..header_end)
        .ok_or(EntryFault::NoLocalHeader)?;
    if !header.starts_with(LOCAL_SIGNATURE) {
        return Err(EntryFault::NoLocalHeader);
    }
    let name_end = header_end + usize::from(u16_at(header, 26));
    let data_start = name_end + usize::from(u16_at(header, 28));
    let data_end = usize::try_from(entry.compressed)
        .ok()
        .and_then(|length| data_start.checked_add(length))
        .filter(|&data_end| data_end <= end.min(bytes.len()))
        .ok_or(EntryFault::DataOutside)?;
    let mut span_end = data_end;
    if u16_at(header, 6) & dir::FLAG_DESCRIPTOR != 0 {
        let tail = bytes.get(data_end..end).unwrap_or_default();
        // An empty entry, such as a folder, is often flagged and still has no descriptor.
        match descriptor_length(tail, entry) {
            Some(length) => span_end += length,
            None if entry.compressed == 0 => {}
            None => {
                return Err(EntryFault::HeadersDisagree {
                    field: "size (data descriptor)",
                });
            }
        }
    }
    Ok(Location {
        span: start..span_end,
        data: data_start..data_end,
        local_name: header_end..name_end,
        local_extra: name_end..data_start,
    })
}

/// Length of the data descriptor at the start of `tail` if it repeats the directory's values, with
/// or without signature, in 32 or 64 bits.
fn descriptor_length(tail: &[u8], entry: &CentralEntry<'_>) -> Option<usize> {
    let signed = tail
        .strip_prefix(DESCRIPTOR_SIGNATURE)
        .map(|body| (body, 4));
    for (body, prefix) in signed.into_iter().chain([(tail, 0)]) {
        if body.len() < 12 || u32_at(body, 0) != entry.crc {
            continue;
        }
        let wide = (u64_at(body, 4), u64_at(body, 12));
        if body.len() >= 20 && wide == (entry.compressed, entry.size) {
            return Some(prefix + 20);
        }
        let narrow = (u64::from(u32_at(body, 4)), u64::from(u32_at(body, 8)));
        if narrow == (entry.compressed, entry.size) {
            return Some(prefix + 12);
        }
    }
    None
}

/// Compares the local header with the directory row: name, method, sizes, checksum.
pub(super) fn check_local_header(
    bytes: &[u8],
    entry: &CentralEntry<'_>,
    location: &Location,
) -> Result<(), EntryFault> {
    let disagree = |field| Err(EntryFault::HeadersDisagree { field });
    let header = bytes
        .get(location.span.clone())
        .ok_or(EntryFault::NoLocalHeader)?;
    let raw_name = bytes.get(location.local_name.clone()).unwrap_or_default();
    let extra = bytes.get(location.local_extra.clone()).unwrap_or_default();
    let flags = u16_at(header, 6);
    check_flags(flags)?;

    let is_utf8 = flags & dir::FLAG_UTF8 != 0;
    let reads_alike = raw_name.is_ascii() || is_utf8 == (entry.flags & dir::FLAG_UTF8 != 0);
    if raw_name != entry.raw_name || !reads_alike {
        return disagree("name");
    }
    if local_unicode_path(extra, raw_name).is_some_and(|name| name != entry.full_name.as_bytes()) {
        return disagree("name");
    }
    if u16_at(header, 8) != entry.method {
        return disagree("compression method");
    }
    let sizes = Sizes::read(header, extra)?;
    let has_descriptor = flags & dir::FLAG_DESCRIPTOR != 0;
    let matches = |local: u64, central: u64| local == central || (has_descriptor && local == 0);
    if !matches(sizes.size, entry.size) || !matches(sizes.compressed, entry.compressed) {
        return disagree("size");
    }
    if !matches(u64::from(u32_at(header, 14)), u64::from(entry.crc)) {
        return disagree("checksum");
    }
    Ok(())
}

/// The Unicode path a local header carries for its name, if it is meant for that name.
fn local_unicode_path<'a>(extra: &'a [u8], raw_name: &[u8]) -> Option<&'a [u8]> {
    let data = extra_fields(extra)
        .map_while(|field| field)
        .find(|(id, _)| *id == dir::EXTRA_UNICODE_PATH)
        .map(|(_, data)| data)?;
    let (head, name) = data.split_first_chunk::<5>()?;
    (head[0] == 1 && u32_at(head, 1) == crc32(raw_name) && !name.is_empty()).then_some(name)
}

struct Sizes {
    compressed: u64,
    size: u64,
}

impl Sizes {
    fn read(header: &[u8], extra: &[u8]) -> Result<Self, EntryFault> {
        let lies = EntryFault::Zip64 { header: "local" };
        let mut sizes = Self {
            compressed: u64::from(u32_at(header, 18)),
            size: u64::from(u32_at(header, 22)),
        };
        let zip64 = extra_fields(extra)
            .map_while(|field| field)
            .find(|(id, _)| *id == dir::EXTRA_ZIP64)
            .map(|(_, data)| data);
        let is_masked = [sizes.size, sizes.compressed].contains(&dir::IN_ZIP64);
        match zip64 {
            None if is_masked => Err(lies),
            None => Ok(sizes),
            Some(data) => {
                let mut values = data.chunks_exact(8).map(|chunk| u64_at(chunk, 0));
                if !is_masked {
                    // Nobody asked for them, so they may only repeat the plain values.
                    let plain = [sizes.size, sizes.compressed];
                    let repeats = values.zip(plain).all(|(value, plain)| value == plain);
                    return if repeats { Ok(sizes) } else { Err(lies) };
                }
                if sizes.size == dir::IN_ZIP64 {
                    sizes.size = values.next().ok_or(lies.clone())?;
                }
                if sizes.compressed == dir::IN_ZIP64 {
                    sizes.compressed = values.next().ok_or(lies)?;
                }
                Ok(sizes)
            }
        }
    }
}

/// The entry's content, checked against declared size and checksum. Never holds more than the
/// declared size plus one step, and never more than `limit` bytes.
pub(super) fn read_content(
    bytes: &[u8],
    entry: &CentralEntry<'_>,
    location: &Location,
    limit: u64,
) -> Result<Vec<u8>, EntryFault> {
    let data = bytes
        .get(location.data.clone())
        .ok_or(EntryFault::DataOutside)?;
    let declared = entry.size;
    let differs = |real: String| EntryFault::SizeDiffers { declared, real };
    if declared > limit {
        return Err(differs(format!("over the limit of {limit}")));
    }
    let content = match entry.method {
        STORED if data.len() as u64 == declared => data.to_vec(),
        STORED => return Err(differs(data.len().to_string())),
        DEFLATE => inflate(data, declared)?.exactly(declared)?,
        method => return Err(EntryFault::Method { method }),
    };
    if crc32(&content) != entry.crc {
        return Err(EntryFault::Crc);
    }
    Ok(content)
}

/// The entry's content as CPython's `zipfile` gives it, which overlooks much: what the live service
/// works with, for the contract's checks only. Never holds more than the declared size and a step.
pub(super) fn read_as_service(
    bytes: &[u8],
    entry: &CentralEntry<'_>,
) -> Result<Vec<u8>, EntryFault> {
    check_readable(entry)?;
    let start = usize::try_from(entry.offset).map_err(|_| EntryFault::NoLocalHeader)?;
    let local = bytes.get(start..).unwrap_or_default();
    let header = local.get(..LOCAL_SIZE).ok_or(EntryFault::NoLocalHeader)?;
    if !header.starts_with(LOCAL_SIGNATURE) {
        return Err(EntryFault::NoLocalHeader);
    }
    let name_end = LOCAL_SIZE + usize::from(u16_at(header, 26));
    if local.get(LOCAL_SIZE..name_end) != Some(entry.raw_name) {
        return Err(EntryFault::HeadersDisagree { field: "name" });
    }
    let data = local
        .get(name_end + usize::from(u16_at(header, 28))..)
        .unwrap_or_default();
    let compressed = usize::try_from(entry.compressed)
        .unwrap_or(usize::MAX)
        .min(data.len());
    let data = data.get(..compressed).unwrap_or_default();
    let declared = usize::try_from(entry.size).unwrap_or(usize::MAX);
    let content = match entry.method {
        DEFLATE => {
            let mut content = inflate(data, entry.size)?.content;
            content.truncate(declared);
            content
        }
        _ => data
            .get(..declared.min(data.len()))
            .unwrap_or_default()
            .to_vec(),
    };
    if crc32(&content) == entry.crc {
        Ok(content)
    } else {
        Err(EntryFault::Crc)
    }
}

/// What came out of a deflate stream.
struct Inflated {
    content: Vec<u8>,
    has_ended: bool,
    /// Bytes of input after the stream's end.
    unused: usize,
}

impl Inflated {
    /// The content, if it is all there is and of the declared size.
    fn exactly(self, declared: u64) -> Result<Vec<u8>, EntryFault> {
        let differs = |real: String| Err(EntryFault::SizeDiffers { declared, real });
        let length = self.content.len() as u64;
        if length > declared {
            return differs(format!("more than {declared}"));
        }
        if !self.has_ended {
            return Err(EntryFault::Damaged {
                cause: "the deflate stream is cut short",
            });
        }
        if self.unused > 0 {
            let cause = "bytes follow the end of the deflate stream";
            return Err(EntryFault::Damaged { cause });
        }
        if length != declared {
            differs(length.to_string())
        } else {
            Ok(self.content)
        }
    }
}

/// Inflates up to the stream's end, the input's end, or the first step past `enough` bytes.
fn inflate(mut data: &[u8], enough: u64) -> Result<Inflated, EntryFault> {
    let mut decoder = Decompress::new(false);
    let mut content = Vec::new();
    let mut step = vec![0; INFLATE_STEP];
    loop {
        let (in_before, out_before) = (decoder.total_in(), decoder.total_out());
        let status = decoder
            .decompress(data, &mut step, FlushDecompress::None)
            .map_err(|_| EntryFault::Damaged {
                cause: "not a valid deflate stream",
            })?;
        let taken = usize::try_from(decoder.total_in() - in_before).unwrap_or(usize::MAX);
        let made = usize::try_from(decoder.total_out() - out_before).unwrap_or(usize::MAX);
        data = data.get(taken..).unwrap_or_default();
        content.extend_from_slice(step.get(..made).unwrap_or_default());
        let has_ended = matches!(status, Status::StreamEnd);
        let is_stuck = taken == 0 && made == 0;
        if has_ended || is_stuck || content.len() as u64 > enough {
            return Ok(Inflated {
                content,
                has_ended,
                unused: data.len(),
            });
        }
    }
}

//! Little-endian fields, extra-field lists and checksums of the ZIP format.

/// The 16-bit field at `at`; the caller has checked the length, a field outside reads as 0.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..)
        .and_then(|tail| tail.first_chunk())
        .map_or(0, |field| u16::from_le_bytes(*field))
}

/// The 32-bit field at `at`, like [`u16_at`].
pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(|tail| tail.first_chunk())
        .map_or(0, |field| u32::from_le_bytes(*field))
}

/// The 64-bit field at `at`, like [`u16_at`].
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(|tail| tail.first_chunk())
        .map_or(0, |field| u64::from_le_bytes(*field))
}

/// Walks a list of extra fields as `(id, data)`; a field longer than what is left ends the walk
/// with `None`. Fewer than four bytes at the end are padding.
pub(super) fn extra_fields(extra: &[u8]) -> impl Iterator<Item = Option<(u16, &[u8])>> {
    let mut rest = extra;
    std::iter::from_fn(move || {
        if rest.len() < 4 {
            return None;
        }
        let (id, length) = (u16_at(rest, 0), usize::from(u16_at(rest, 2)));
        let field = rest.get(4..4 + length).map(|data| (id, data));
        rest = rest.get(4 + length..).unwrap_or_default();
        Some(field)
    })
}

/// The ZIP format's checksum.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

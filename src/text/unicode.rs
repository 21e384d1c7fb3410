//! Questions to the Unicode 15.0 tables.

use super::tables::{CASE_IGNORABLE, CASED, PRINTABLE};

/// Membership in a table of the code points where membership changes.
fn contains(changes: &[u32], code_point: u32) -> bool {
    changes.partition_point(|&change| change <= code_point) % 2 == 1
}

/// Python's `str.isprintable` of one character; false for lone surrogates.
pub fn is_printable(code_point: u32) -> bool {
    match code_point {
        0x20..=0x7e => true,
        0..=0x7f => false,
        _ => contains(&PRINTABLE, code_point),
    }
}

pub(super) fn is_case_ignorable(code_point: u32) -> bool {
    contains(&CASE_IGNORABLE, code_point)
}

pub(super) fn is_cased(code_point: u32) -> bool {
    contains(&CASED, code_point)
}

//! Python's `str.lower()`: Unicode 15.0's full mapping, with the final form of sigma.

use super::pystr::{CodePoints, PyStr, PyStrBuilder};
use super::unicode::{is_case_ignorable, is_cased, is_printable};

const CAPITAL_SIGMA: u32 = 0x3a3;
const SMALL_SIGMA: u32 = 0x3c3;
const FINAL_SIGMA: u32 = 0x3c2;

pub(super) fn lower(text: &PyStr) -> PyStr {
    if text.as_bytes().is_ascii() {
        return PyStr::from_ascii(text.as_bytes().to_ascii_lowercase());
    }
    let mut out = PyStrBuilder::default();
    // Whether the nearest earlier character that is not case-ignorable is cased.
    let mut after_cased = false;
    let mut rest = text.code_points();
    while let Some(code_point) = rest.next() {
        if code_point == CAPITAL_SIGMA {
            let last = after_cased && !before_cased(rest.clone());
            out.push(if last { FINAL_SIGMA } else { SMALL_SIGMA });
        } else {
            push_lower(&mut out, code_point);
        }
        if !is_case_ignorable(code_point) {
            after_cased = is_cased(code_point);
        }
    }
    out.finish()
}

/// Whether the next character that is not case-ignorable is cased. Runs of ignorable characters
/// are read at most twice in all, because a sigma, being cased, ends the look ahead.
fn before_cased(rest: CodePoints<'_>) -> bool {
    rest.into_iter()
        .find(|&c| !is_case_ignorable(c))
        .is_some_and(is_cased)
}

/// Rust's mapping is of a newer Unicode that has letters version 15.0 had not assigned; those are
/// exactly the mapped ones Python does not call printable, and it leaves them as they are.
fn push_lower(out: &mut PyStrBuilder, code_point: u32) {
    match char::from_u32(code_point) {
        Some(c) if c.is_ascii() => out.push_char(c.to_ascii_lowercase()),
        Some(c) if is_printable(code_point) => c.to_lowercase().for_each(|l| out.push_char(l)),
        _ => out.push(code_point),
    }
}

//! Python's rules for text: lines, white space, lower-casing and `repr`.
//!
//! The live service is a Python program, so what a line, a word or a lower-case letter is follows
//! CPython 3.12 (Unicode 15.0) and not Rust's newer tables. [`PyStr`] holds what a Python string
//! can hold, lone surrogates included. This room knows nothing of datasets, packages or scores; it
//! only answers what Python would.

mod lines;
mod lower;
mod pystr;
mod repr;
mod tables;
#[cfg(test)]
mod tests;
mod unicode;

pub use lines::{is_blank, is_space, splitlines};
pub use pystr::{CodePoints, PyStr, PyStrBuilder};
pub use repr::float_repr;
pub use unicode::is_printable;

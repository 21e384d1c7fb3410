//! JSON as Python's `json.loads` reads it.
//!
//! Python's reader takes more than the standard (NaN, infinities, lone surrogate escapes, numbers
//! of any size) and keeps what other readers lose (integers stay exact, `1` differs from `1.0`),
//! and all of it shows in scores. The reader has its own stack instead of recursing, so no nesting
//! can exhaust the program's.

mod number;
mod object;
mod reader;
#[cfg(test)]
mod tests;
mod value;

pub use object::Object;
pub use reader::{JsonError, MAX_DEPTH, read};
pub use value::{Int, Value};

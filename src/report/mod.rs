//! Results as text for people and as JSON for machines.
//!
//! Everything a package or its author chose (names, messages, output) is escaped by [`escape`] before it may reach a
//! terminal. JSON needs no such care: its strings are escaped by construction.

mod display;
pub mod escape;
mod json;
mod progress;
mod table;
pub mod time;

pub mod batch;
pub mod comparison;
pub mod explanation;
pub mod html;
pub mod review;
pub mod runs;
pub mod score;
pub mod similarity;
pub mod validate;
pub mod weights;

pub use display::{ColorChoice, Display, Facts, Format, ProgressChoice, ProgressMode};
pub use json::{ArrayDocument, SCHEMA_VERSION, write_document, write_line, write_pretty};
pub use progress::{Level, Plan, Progress, message_line};
pub use table::{Paint, Table, count};

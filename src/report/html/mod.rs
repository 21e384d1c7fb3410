//! Pages that stand alone: one file, no script, nothing fetched from anywhere.
//!
//! A [`Page`] holds the style and the policy that forbids everything else; what stands in it is made of a few pieces
//! ([`table`], [`bars`], [`badge`], [`log`] and so on). All of them take text as its author wrote it and escape it
//! twice: for HTML, and like a terminal ([`super::escape`]), so that what is invisible or reorders a line is seen.
//! Long names are shortened, long texts cut, and each says so.
//!
//! The style is part of the page, and its hash part of the policy: no `style` attribute works, so that none can be
//! smuggled in either. Sizes that depend on data are attributes of SVG shapes.

mod badge;
mod bars;
mod code;
mod facts;
mod fold;
mod histogram;
mod log;
mod page;
mod style;
mod table;
mod text;

#[cfg(test)]
mod tests;

pub use badge::{Tone, badge};
pub use bars::{Bar, bars};
pub use code::{CodeLine, Mark, excerpt};
pub use facts::{Fact, facts};
pub use fold::{fold, section};
pub use histogram::{Histogram, histogram};
pub use log::{Log, log};
pub use maud::Markup;
pub use page::{Page, content_security_policy};
pub use table::{Narrow, Table};
pub use text::{NAME_CHARACTERS, block, line, name};

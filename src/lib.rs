//! Evaluates Data Fabrication harness packages offline, with the live service's numbers.
//!
//! A package flows through rooms named in the field's words. Each takes one value and hands on the next, and no room
//! knows the ones after it:
//!
//! ```text
//! bytes ─ package ─▶ Package ─ review ─▶ Review ─ harness ─▶ Outcome ─ dataset ─▶ Dataset ─ score ─▶ Score
//!                                                           similarity ─▶ neighbour ┐        │
//!                                                                           judge ◀─┴────────┘─▶ record ─ store ─▶ weights
//! ```
//!
//! [`pipeline`] walks one package through them and many in order, [`report`] shows what came out, [`cli`] is the
//! program around it all.

pub mod cli;
pub mod dataset;
pub mod files;
pub mod harness;
pub mod judge;
pub mod package;
pub mod pipeline;
pub mod python;
pub mod report;
pub mod review;
pub mod score;
pub mod serve;
pub mod settings;
pub mod similarity;
pub mod store;
pub mod text;

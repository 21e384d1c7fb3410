//! Repeated contents within one conversation.
//!
//! A content repeats an earlier kept one if they are equal, or near: the lengths differ by at most
//! a tenth of the longer, and more than nine tenths of the characters at equal positions are
//! equal. Only whether a near one exists matters.
//!
//! Contents become bytes ([`alphabet`]) and are compared with kept ones of about their length, many at
//! a time ([`scan`]). Where there are so many of a length that comparing all would show, an [`index`]
//! says which ones need not be compared. It learns from the contents which positions tell them apart,
//! again wherever it finds too many together, so that contents made to share its keys gain little;
//! where nothing tells them apart there is no index, and all are compared.

mod alphabet;
mod differ;
mod index;
mod scan;
#[cfg(test)]
mod tests;

use crate::text::PyStr;
use alphabet::encode;
use differ::{few_bytes_differ, few_differ};
use index::{Kept, Tuning};
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::HashSet;

/// What the walk found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Repeats {
    /// Contents that repeat no earlier kept one.
    pub kept: usize,
    /// Contents in all.
    pub all: usize,
}

/// Contents compared with the kept ones before any of them is kept itself: those comparisons share
/// what they read and run in parallel, while the ones within a batch cannot.
const BATCH: usize = 128;

/// Contents of a batch that one task takes.
const SHARE: usize = 16;

/// Walks contents, none of them empty, in order.
pub(super) fn repeats<'a>(contents: impl Iterator<Item = &'a PyStr>) -> Repeats {
    let mut all = 0;
    // An equal content was either kept, or is near a kept one still.
    let mut seen = HashSet::new();
    let distinct: Vec<&PyStr> = contents
        .inspect(|_| all += 1)
        .filter(|&content| seen.insert(content))
        .collect();
    Repeats {
        kept: kept(&encode(&distinct), Tuning::MEASURED),
        all,
    }
}

/// How many of these contents, no two of them equal, are near no earlier kept one.
fn kept(contents: &[Content<'_>], tuning: Tuning) -> usize {
    let mut kept = Kept::for_lengths(contents.iter().map(|content| content.length), tuning);
    let mut count = 0;
    for batch in contents.chunks(BATCH) {
        let repeated: Vec<bool> = if count == 0 {
            vec![false; batch.len()]
        } else {
            batch
                .par_chunks(SHARE)
                .flat_map_iter(|share| kept.have_near(share))
                .collect()
        };
        let mut new: Vec<&Content<'_>> = Vec::new();
        for (content, repeated) in batch.iter().zip(repeated) {
            if !repeated && !new.iter().any(|other| near(other, content)) {
                new.push(content);
            }
        }
        count += new.len();
        new.into_iter().for_each(|content| kept.insert(content));
    }
    count
}

/// A content with a number for each character, shared by all contents of the conversation.
struct Content<'a> {
    /// Equal for equal characters; different for different ones too, unless there are `points`.
    codes: Cow<'a, [u8]>,
    /// The code points, where codes do not tell all apart.
    points: Option<Box<[u32]>>,
    /// In characters.
    length: usize,
    /// A bit for each of 64 classes of positions: where two contents differ in some positions, their
    /// sketches differ in no more bits.
    sketch: u64,
}

fn lengths_near(a: usize, b: usize) -> bool {
    10 * a.min(b) >= 9 * a.max(b)
}

/// How many of `common` characters may differ while more than nine tenths are equal.
fn allowed(common: usize) -> usize {
    common.saturating_sub(1) / 10
}

fn near(a: &Content<'_>, b: &Content<'_>) -> bool {
    if !lengths_near(a.length, b.length) {
        return false;
    }
    let limit = allowed(a.length.min(b.length));
    match (&a.points, &b.points) {
        (Some(a), Some(b)) => few_differ(a, b, limit),
        _ => few_bytes_differ(&a.codes, &b.codes, limit),
    }
}

//! Repeated contents within one conversation.
//!
//! A content repeats an earlier kept one if they are equal, or near: the lengths differ by at most
//! a tenth of the longer, and more than nine tenths of the characters at equal positions are
//! equal. Only whether a near one exists matters.
//!
//! Whatever structure is expected of the contents, a hostile dataset can lack, so there is no index
//! to defeat: contents are compared with all kept ones of about their length, many at a time
//! ([`scan`]), as bytes ([`alphabet`]). A dataset's size bounds that: many contents are short ones.

mod alphabet;
mod scan;
#[cfg(test)]
mod tests;

use crate::text::PyStr;
use alphabet::encode;
use rayon::prelude::*;
use scan::Kept;
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
        kept: kept(&encode(&distinct)),
        all,
    }
}

/// How many of these contents, no two of them equal, are near no earlier kept one.
fn kept(contents: &[Content<'_>]) -> usize {
    let mut kept = Kept::default();
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
        _ => few_differ(&a.codes, &b.codes, limit),
    }
}

/// Whether at most `limit` positions differ over the shorter length, looking no further than it
/// takes to know.
fn few_differ<T: PartialEq>(a: &[T], b: &[T], limit: usize) -> bool {
    const STRIDE: usize = 64;
    let common = a.len().min(b.len());
    let (a, b) = (a.get(..common).unwrap_or(a), b.get(..common).unwrap_or(b));
    let (a_strides, a_rest) = a.as_chunks::<STRIDE>();
    let (b_strides, b_rest) = b.as_chunks::<STRIDE>();
    let mut differing = 0;
    for (a, b) in a_strides.iter().zip(b_strides) {
        // Counted in a byte, so that the processor counts many positions at once.
        let count: u8 = a.iter().zip(b).map(|(a, b)| u8::from(a != b)).sum();
        differing += usize::from(count);
        if differing > limit {
            return false;
        }
    }
    differing += a_rest.iter().zip(b_rest).filter(|(a, b)| a != b).count();
    differing <= limit
}

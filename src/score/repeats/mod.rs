//! Repeated contents within one conversation.
//!
//! A content repeats an earlier kept one if they are equal, or near: the lengths differ by at most
//! a tenth of the longer, and more than nine tenths of the characters at equal positions are
//! equal. Only whether a near one exists matters.
//!
//! Contents become bytes ([`alphabet`]). Few are compared with kept ones of about their length, many at
//! a time ([`scan`]). Of many, each quarter is joined with what was kept of the quarters before it
//! ([`join`]), and what has no near one there is walked the same way.

mod alphabet;
mod differ;
mod join;
mod scan;
#[cfg(test)]
mod tests;

use crate::text::PyStr;
use alphabet::Encoded;
use differ::{few_bytes_differ, few_differ};
use join::{Join, Tuning};
use rayon::prelude::*;
use scan::ByLength;
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

/// Many contents are walked in so many steps.
const STEPS: usize = 4;

/// Contents that are near none but equal ones: of nine characters none may differ, and of eight the
/// length may not either.
const SHORT: usize = 8;

/// Walks contents, none of them empty, in order.
pub(super) fn repeats<'a>(contents: impl Iterator<Item = &'a PyStr>) -> Repeats {
    let mut all = 0;
    // An equal content was either kept, or is near a kept one still.
    let mut seen: HashSet<&PyStr, foldhash::fast::RandomState> = HashSet::default();
    let mut short = 0;
    let mut distinct: Vec<&PyStr> = contents
        .inspect(|_| all += 1)
        .filter(|&content| seen.insert(content))
        .collect();
    distinct.retain(|content| {
        let is_short = content.as_bytes().len() <= SHORT || content.len() <= SHORT;
        short += usize::from(is_short);
        !is_short
    });
    let encoded = Encoded::of(distinct);
    Repeats {
        kept: short + kept(&encoded.contents(), Tuning::MEASURED),
        all,
    }
}

/// How many of these contents, no two of them equal, are near no earlier kept one.
fn kept(contents: &[Content<'_>], tuning: Tuning) -> usize {
    if contents.len() <= tuning.few {
        return kept_of_few(&contents.iter().collect::<Vec<_>>()).len();
    }
    let numbers: Vec<u32> = (0..).take(contents.len()).collect();
    kept_of_many(&numbers, &Join::new(contents, tuning)).len()
}

/// By their numbers.
fn kept_of_many(numbers: &[u32], join: &Join<'_>) -> Vec<u32> {
    if numbers.len() <= join.tuning.few {
        let contents = join.list(numbers);
        let kept = kept_of_few(&contents);
        return kept
            .into_iter()
            .filter_map(|at| numbers.get(at).copied())
            .collect();
    }
    let mut kept: Vec<u32> = Vec::new();
    for step in numbers.chunks(numbers.len().div_ceil(STEPS)) {
        join.mark_near(&kept, step);
        let open = step
            .iter()
            .copied()
            .filter(|&number| !join.is_found(number));
        kept.extend(kept_of_many(&open.collect::<Vec<_>>(), join));
    }
    kept
}

/// The places of those that are kept.
fn kept_of_few(contents: &[&Content<'_>]) -> Vec<usize> {
    let mut before = ByLength::default();
    let mut kept = Vec::new();
    for (batch, begin) in contents.chunks(BATCH).zip((0..).step_by(BATCH)) {
        let repeated: Vec<bool> = if kept.is_empty() {
            vec![false; batch.len()]
        } else {
            batch
                .par_chunks(SHARE)
                .flat_map_iter(|share| before.have_near(share))
                .collect()
        };
        let mut new: Vec<&Content<'_>> = Vec::new();
        for ((content, repeated), at) in batch.iter().zip(repeated).zip(begin..) {
            if !repeated && !new.iter().any(|other| near(other, content)) {
                new.push(content);
                kept.push(at);
            }
        }
        new.into_iter().for_each(|content| before.insert(content));
    }
    kept
}

/// A content with a number for each character, shared by all contents of the conversation.
struct Content<'a> {
    /// Equal for equal characters; different for different ones too, unless there are `points`.
    codes: &'a [u8],
    /// The code points, where codes do not tell all apart.
    points: Option<&'a [u32]>,
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
    match (a.points, b.points) {
        (Some(a), Some(b)) => few_differ(a, b, limit),
        _ => few_bytes_differ(a.codes, b.codes, limit),
    }
}

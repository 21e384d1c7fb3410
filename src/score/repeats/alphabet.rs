//! Characters as bytes.

use super::{BATCH, Content};
use crate::text::PyStr;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Codes that stand for one character each when there are too many characters for all to have one;
/// the rest are drawn by lot.
const OWN: usize = 128;

/// Codes the contents of one conversation.
pub(super) fn encode<'a>(contents: &[&'a PyStr]) -> Vec<Content<'a>> {
    if contents.iter().all(|content| content.as_bytes().is_ascii()) {
        let ascii = |content: &&'a PyStr| Content {
            codes: Cow::Borrowed(content.as_bytes()),
            points: None,
            length: content.as_bytes().len(),
            sketch: 0,
        };
        return sketched(contents.iter().map(ascii).collect());
    }
    let points = contents.iter().map(|content| content.code_points());
    if contents.len() <= BATCH {
        // They are compared with one another only, and never by code.
        return points
            .map(|points| content(Vec::new(), Some(points.collect())))
            .collect();
    }
    let (codes, told_apart) = codes(points.clone().flatten());
    let coded = points.map(|points| {
        let points: Box<[u32]> = points.collect();
        let code = |point| codes.get(point).copied().unwrap_or_default();
        let codes = points.iter().map(code).collect();
        content(codes, (!told_apart).then_some(points))
    });
    sketched(coded.collect())
}

/// Sketches contents, unless they are too few to be worth it.
///
/// A bit is the sum of its positions' characters, each counted as even or odd so that the most
/// frequent ones, which alone fill many a hostile content, are told apart.
fn sketched(mut contents: Vec<Content<'_>>) -> Vec<Content<'_>> {
    if contents.len() <= BATCH {
        return contents;
    }
    let mut counts = [(0usize, 0u8); 256];
    for (count, code) in counts.iter_mut().zip(0..=u8::MAX) {
        count.1 = code;
    }
    for code in contents.iter().flat_map(|content| content.codes.iter()) {
        if let Some(count) = counts.get_mut(usize::from(*code)) {
            count.0 += 1;
        }
    }
    counts.sort_unstable_by_key(|&(count, code)| (Reverse(count), code));
    let mut parity = [0u64; 256];
    for (rank, (_, code)) in (0..).zip(counts) {
        if let Some(parity) = parity.get_mut(usize::from(code)) {
            *parity = rank & 1;
        }
    }
    for content in &mut contents {
        let bits = content
            .codes
            .iter()
            .map(|&code| parity.get(usize::from(code)).copied().unwrap_or_default());
        content.sketch = bits
            .zip((0..64).cycle())
            .fold(0, |sketch, (bit, place)| sketch ^ bit << place);
    }
    contents
}

fn content<'a>(codes: Vec<u8>, points: Option<Box<[u32]>>) -> Content<'a> {
    Content {
        length: points.as_ref().map_or(codes.len(), |points| points.len()),
        codes: Cow::Owned(codes),
        points,
        sketch: 0,
    }
}

/// A code for each code point, and whether they are all different.
///
/// If not, the most frequent ones have codes of their own. What the others share is drawn anew in
/// every run, as no dataset should be able to choose it: it decides how often code points need to be
/// looked at, and never the result.
fn codes(points: impl Iterator<Item = u32>) -> (HashMap<u32, u8>, bool) {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    for point in points {
        *counts.entry(point).or_default() += 1;
    }
    let mut ranked: Vec<(u32, usize)> = counts.into_iter().collect();
    ranked.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let told_apart = ranked.len() <= 256;
    let lot = RandomState::new();
    let code = |(rank, (point, _)): (usize, (u32, usize))| {
        let code = if told_apart || rank < OWN {
            rank as u8
        } else {
            (lot.hash_one(point) % (256 - OWN as u64)) as u8 + OWN as u8
        };
        (point, code)
    };
    (
        ranked.into_iter().enumerate().map(code).collect(),
        told_apart,
    )
}

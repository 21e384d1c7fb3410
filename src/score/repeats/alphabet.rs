//! Characters as bytes.

use super::{BATCH, Content};
use crate::text::PyStr;
use std::cmp::Reverse;
use std::hash::{BuildHasher, RandomState};

/// Codes that stand for one character each when there are too many characters for all to have one;
/// the rest are drawn by lot.
const OWN: usize = 128;

/// The contents of one conversation, coded.
pub(super) struct Encoded<'a> {
    texts: Vec<&'a PyStr>,
    /// Of each, if it is not its own codes.
    lengths: Vec<usize>,
    /// One after the other, where they are needed.
    codes: Vec<u8>,
    points: Vec<u32>,
}

impl<'a> Encoded<'a> {
    pub(super) fn of(texts: Vec<&'a PyStr>) -> Encoded<'a> {
        let mut encoded = Encoded {
            texts,
            lengths: Vec::new(),
            codes: Vec::new(),
            points: Vec::new(),
        };
        let texts = &encoded.texts;
        if texts.iter().all(|text| text.as_bytes().is_ascii()) {
            return encoded;
        }
        let points = || texts.iter().flat_map(|text| text.code_points());
        encoded.lengths = texts.iter().map(|text| text.len()).collect();
        if texts.len() <= BATCH {
            // They are compared with one another only, and never by code.
            encoded.points = points().collect();
            return encoded;
        }
        let (codes, told_apart) = codes(points());
        let code = |point: u32| codes.get(point as usize).copied().unwrap_or_default();
        encoded.codes.reserve_exact(encoded.lengths.iter().sum());
        encoded.codes.extend(points().map(code));
        if !told_apart {
            encoded.points.reserve_exact(encoded.codes.len());
            encoded.points.extend(points());
        }
        encoded
    }

    pub(super) fn contents(&self) -> Vec<Content<'_>> {
        if self.lengths.is_empty() {
            let ascii = |text: &&'a PyStr| Content {
                codes: text.as_bytes(),
                points: None,
                length: text.as_bytes().len(),
                sketch: 0,
            };
            return sketched(self.texts.iter().map(ascii).collect());
        }
        let mut begin = 0;
        let content = |&length: &usize| {
            let range = begin..begin + length;
            begin += length;
            Content {
                codes: self.codes.get(range.clone()).unwrap_or_default(),
                points: self.points.get(range),
                length,
                sketch: 0,
            }
        };
        sketched(self.lengths.iter().map(content).collect())
    }
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

/// A code for each code point, by its number, and whether they are all different.
///
/// If not, the most frequent ones have codes of their own. What the others share is drawn anew in
/// every run, as no dataset should be able to choose it: it decides how often code points need to be
/// looked at, and never the result.
fn codes(points: impl Iterator<Item = u32> + Clone) -> (Vec<u8>, bool) {
    let most = points.clone().max().unwrap_or_default() as usize;
    let mut counts = vec![0u32; most + 1];
    for point in points {
        if let Some(count) = counts.get_mut(point as usize) {
            *count = count.saturating_add(1);
        }
    }
    let mut ranked: Vec<(u32, u32)> = (0..).zip(counts).filter(|&(_, count)| count > 0).collect();
    ranked.sort_unstable_by_key(|&(point, count)| (Reverse(count), point));
    let told_apart = ranked.len() <= 256;
    let lot = RandomState::new();
    let mut codes = vec![0; most + 1];
    for (rank, (point, _)) in ranked.into_iter().enumerate() {
        if let Some(code) = codes.get_mut(point as usize) {
            *code = if told_apart || rank < OWN {
                rank as u8
            } else {
                (lot.hash_one(point) % (256 - OWN as u64)) as u8 + OWN as u8
            };
        }
    }
    (codes, told_apart)
}

//! Contents of about one length, and the index of their blocks.

use super::{Chars, allowed};
use std::collections::HashMap;
use std::ops::Range;

/// Below this many members, comparing with each is cheaper than an index.
const INDEX_FROM: usize = 32;

/// Members looked at to place the cuts.
const SAMPLE: usize = 64;

/// The lengths that share a class with `length`: alone up to 31, then sixteen classes for each
/// doubling.
pub(super) fn lengths(length: usize) -> Range<usize> {
    let width = 1 << length.max(16).ilog2().saturating_sub(4);
    let start = length / width * width;
    start..start + width
}

/// Kept contents that may be near one another with the shorter of them in `lengths`.
pub(super) struct Class {
    lengths: Range<usize>,
    members: Vec<usize>,
    /// How many members the index was last cut for.
    cut_for: usize,
    /// Block boundaries, over positions that all members have.
    cuts: Vec<Range<usize>>,
    /// Block number, hash, and whether the members' own lengths are the class's, to the newest
    /// entry of its chain.
    heads: HashMap<(usize, u64, bool), usize>,
    /// A member and the chain's next entry.
    entries: Vec<(usize, usize)>,
}

const END: usize = usize::MAX;

impl Class {
    pub(super) fn new(lengths: Range<usize>) -> Class {
        Class {
            lengths,
            members: Vec::new(),
            cut_for: 0,
            cuts: Vec::new(),
            heads: HashMap::new(),
            entries: Vec::new(),
        }
    }

    /// Enters a kept content; the index is cut anew whenever the class has doubled.
    pub(super) fn insert(&mut self, id: usize, kept: &[Chars<'_>]) {
        self.members.push(id);
        if self.members.len() < INDEX_FROM {
            return;
        }
        if self.members.len() >= 2 * self.cut_for {
            self.cut_for = self.members.len();
            self.cuts = self.place_cuts(kept);
            self.heads.clear();
            self.entries.clear();
            for member in self.members.clone() {
                self.enter(member, kept);
            }
        } else {
            self.enter(id, kept);
        }
    }

    fn enter(&mut self, id: usize, kept: &[Chars<'_>]) {
        let Some(chars) = kept.get(id) else { return };
        let own = self.lengths.contains(&chars.len());
        for (number, block) in self.cuts.iter().enumerate() {
            let head = self
                .heads
                .entry((number, hash(chars, block), own))
                .or_insert(END);
            self.entries.push((id, *head));
            *head = self.entries.len() - 1;
        }
    }

    /// As many blocks as characters may differ, and one more. Each gets about the same share of
    /// what the positions tell the sampled members apart by.
    fn place_cuts(&self, kept: &[Chars<'_>]) -> Vec<Range<usize>> {
        let step = self.members.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<&Chars<'_>> = self
            .members
            .iter()
            .step_by(step)
            .filter_map(|&id| kept.get(id))
            .collect();
        let weights: Vec<f64> = (0..self.lengths.start)
            .map(|position| information(&sample, position))
            .collect();
        let blocks = allowed(self.lengths.end - 1) + 1;
        let total: f64 = weights.iter().sum();
        let mut cuts = Vec::with_capacity(blocks);
        let (mut start, mut reached) = (0, 0.0);
        for (position, weight) in weights.iter().enumerate() {
            reached += weight;
            let goal = total * (cuts.len() + 1) as f64 / blocks as f64;
            if reached >= goal && cuts.len() + 1 < blocks {
                cuts.push(start..position + 1);
                start = position + 1;
            }
        }
        cuts.push(start..self.lengths.start);
        // An empty block would match everything and still be sound; there is no need for it to
        // exist as long as there are enough.
        cuts.resize(blocks, self.lengths.start..self.lengths.start);
        cuts
    }

    /// Whether `test` accepts any member that could be near, all of which it is shown.
    pub(super) fn any_candidate(&self, chars: &Chars<'_>, test: impl Fn(usize) -> bool) -> bool {
        if self.members.len() < INDEX_FROM {
            return self.members.iter().any(|&id| test(id));
        }
        // A longer content meets only the class's own here: others it meets in a longer class.
        let chains: &[bool] = if self.lengths.contains(&chars.len()) {
            &[true, false]
        } else {
            &[true]
        };
        self.cuts.iter().enumerate().any(|(number, block)| {
            let hash = hash(chars, block);
            chains
                .iter()
                .any(|&own| self.any_in_chain((number, hash, own), &test))
        })
    }

    fn any_in_chain(&self, key: (usize, u64, bool), test: impl Fn(usize) -> bool) -> bool {
        let mut at = self.heads.get(&key).copied().unwrap_or(END);
        while let Some(&(id, next)) = self.entries.get(at) {
            if test(id) {
                return true;
            }
            at = next;
        }
        false
    }
}

/// How many bits the characters at a position tell the sample apart by, never quite nothing.
fn information(sample: &[&Chars<'_>], position: usize) -> f64 {
    let mut found: Vec<Option<u32>> = sample.iter().map(|chars| chars.at(position)).collect();
    found.sort_unstable();
    let same: usize = found
        .chunk_by(|a, b| a == b)
        .map(|run| run.len() * run.len())
        .sum();
    let pairs = (sample.len() * sample.len()).max(1);
    0.01 - (same.max(1) as f64 / pairs as f64).log2()
}

/// A clash only costs a comparison.
fn hash(chars: &Chars<'_>, block: &Range<usize>) -> u64 {
    let mix = |hash: u64, point: u32| {
        (hash ^ u64::from(point))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(23)
    };
    let seed = 0xcbf2_9ce4_8422_2325;
    match chars {
        Chars::Ascii(bytes) => {
            let block = bytes.get(block.clone()).unwrap_or_default();
            block
                .iter()
                .fold(seed, |hash, &byte| mix(hash, u32::from(byte)))
        }
        Chars::Wide(points) => {
            let block = points.get(block.clone()).unwrap_or_default();
            block.iter().fold(seed, |hash, &point| mix(hash, point))
        }
    }
}

//! Many outlines, ready for comparing all pairs.

use super::super::sequence::Sequence;
use super::outline::{Key, Outline, key_bounds};
use super::share::Containment;
use super::tiles::{Seed, Tiler, seed};
use rayon::prelude::*;

/// Seeds that a thread holds at a time, at least those of one pair: 24 bytes each.
const MAX_SEEDS: usize = 1 << 20;

/// Outlines that know which grams they share: a pair costs what it has in common, and pairs that have
/// nothing in common cost nothing.
///
/// A byte a node, and 20 for every gram that another outline has too; while pairs are compared, [`MAX_SEEDS`] a thread.
#[derive(Debug, Clone)]
pub struct Outlines {
    outlines: Vec<Outline>,
    /// Of each outline, its shared grams.
    shared: Vec<Vec<Shared>>,
    /// Outline and end of every place of a shared gram, by gram and then outline.
    places: Vec<(u32, u32)>,
}

/// A gram of one outline that others have too.
#[derive(Debug, Clone, Copy)]
struct Shared {
    /// Where it ends.
    end: u32,
    /// Its places in later outlines.
    later: (u32, u32),
}

impl Outlines {
    /// The outlines of these sequences.
    pub fn new(sequences: &[&Sequence]) -> Outlines {
        let outlines = sequences.par_iter().map(|sequence| Outline::of(sequence));
        Outlines::of(outlines.collect())
    }

    pub(super) fn of(mut outlines: Vec<Outline>) -> Outlines {
        let grams: Vec<_> = outlines.iter_mut().map(Outline::take_grams).collect();
        let mut left: Vec<_> = grams.into_iter().map(Iterator::peekable).collect();
        let mut shared = vec![Vec::new(); outlines.len()];
        let mut places: Vec<(u32, u32)> = Vec::new();
        let mut part: Vec<(Key, u32, u32)> = Vec::new();
        // All at once would be several times as much as what is kept.
        for bound in key_bounds() {
            part.clear();
            for (index, grams) in (0..).zip(&mut left) {
                while let Some((key, end)) = grams.next_if(|&(key, _)| key <= bound) {
                    part.push((key, index, end));
                }
            }
            part.sort_unstable();
            for gram in part.chunk_by(|one, next| one.0 == next.0) {
                if gram.len() < 2 {
                    continue;
                }
                let until = (places.len() + gram.len()) as u32;
                for &(_, index, end) in gram {
                    places.push((index, end));
                    let later = (places.len() as u32, until);
                    if later.0 < later.1 {
                        shared[index as usize].push(Shared { end, later });
                    }
                }
            }
        }
        drop(left);
        Outlines {
            outlines,
            shared,
            places,
        }
    }

    /// Number of outlines.
    pub fn len(&self) -> usize {
        self.outlines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.outlines.is_empty()
    }

    /// New nodes in common of every pair that has enough to count: for each of the first outlines those
    /// after it, by position. All others have none.
    pub fn matches(&self, first: usize) -> Vec<Vec<(u32, u32)>> {
        (0..first.min(self.len()))
            .into_par_iter()
            .with_max_len(1)
            .map_init(Tiler::default, |tiler, left| self.row(left, tiler))
            .collect()
    }

    /// Of each, the new nodes that can be found again.
    pub(in crate::similarity) fn findable(&self) -> Vec<u32> {
        self.outlines.iter().map(Outline::findable).collect()
    }

    /// What a number of new nodes in common says of two outlines.
    pub fn containment(&self, left: usize, right: usize, matched: u32) -> Containment {
        let findable = |index: usize| self.outlines.get(index).map_or(0, Outline::findable);
        Containment::of(matched, findable(left), findable(right))
    }

    fn row(&self, left: usize, tiler: &mut Tiler) -> Vec<(u32, u32)> {
        let shared = &self.shared[left];
        // Each of the others has a gram once, so that many of them at a time cannot have more.
        let at_a_time = (MAX_SEEDS / shared.len().max(1)).max(1);
        let mut next: Vec<u32> = shared.iter().map(|gram| gram.later.0).collect();
        let mut found: Vec<(u32, Seed)> = Vec::new();
        let mut seeds: Vec<Seed> = Vec::new();
        let mut row = Vec::new();
        let mut until = left + 1;
        while until < self.len() && !shared.is_empty() {
            until = until.saturating_add(at_a_time);
            found.clear();
            for (gram, next) in shared.iter().zip(&mut next) {
                let places = &self.places[*next as usize..gram.later.1 as usize];
                let here = places.partition_point(|&(right, _)| (right as usize) < until);
                *next += here as u32;
                let here = places[..here].iter();
                found.extend(here.map(|&(right, end)| (right, seed(gram.end, end))));
            }
            found.sort_unstable();
            for pair in found.chunk_by(|one, next| one.0 == next.0) {
                let right = pair[0].0;
                seeds.clear();
                seeds.extend(pair.iter().map(|&(_, seed)| seed));
                let (left, other) = (&self.outlines[left], &self.outlines[right as usize]);
                let tiles = tiler.tiles(left, other, &mut seeds);
                let matched = tiles.iter().map(|tile| tile.new).sum();
                if matched > 0 {
                    row.push((right, matched));
                }
            }
        }
        row
    }
}

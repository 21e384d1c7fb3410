//! Stretches that two outlines have in common, none overlapping another.

use super::outline::{GRAM, NEW, Outline};
use std::cmp::Reverse;

/// The same nodes in both outlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tile {
    /// Where it begins on the left.
    pub left: u32,
    /// Where it begins on the right.
    pub right: u32,
    /// Nodes.
    pub len: u32,
    /// Nodes that are new on both sides.
    pub new: u32,
}

impl Tile {
    pub fn transposed(self) -> Tile {
        Tile {
            left: self.right,
            right: self.left,
            ..self
        }
    }
}

/// A gram that both outlines have: right end less left end, left end.
pub(super) type Seed = (i64, u32);

pub(super) fn seed(left_end: u32, right_end: u32) -> Seed {
    (i64::from(right_end) - i64::from(left_end), left_end)
}

/// The grams that both have. Each has a gram once, so there are no more than grams on either side.
pub(super) fn seeds(left: &Outline, right: &Outline) -> Vec<Seed> {
    let mut others = right.grams().peekable();
    let mut seeds = Vec::new();
    for (key, left_end) in left.grams() {
        while others.next_if(|&(other, _)| other < key).is_some() {}
        if let Some((_, right_end)) = others.next_if(|&(other, _)| other == key) {
            seeds.push(seed(left_end, right_end));
        }
    }
    seeds
}

/// Makes tiles, keeping its working memory.
#[derive(Debug, Default)]
pub(super) struct Tiler {
    runs: Vec<Tile>,
    taken_left: Vec<bool>,
    taken_right: Vec<bool>,
}

impl Tiler {
    /// The tiles, of which a place of either side is in one at most.
    ///
    /// Grams side by side or overlapping make runs; the run with the most new nodes is a tile, and so is
    /// then what is left of each other. Every run is as long as its grams at most, so the work is that
    /// of sorting them.
    pub fn tiles(&mut self, left: &Outline, right: &Outline, seeds: &mut [Seed]) -> Vec<Tile> {
        // One of the two directions decides where runs of equal worth compete.
        if order(right) < order(left) {
            for seed in seeds.iter_mut() {
                *seed = (-seed.0, (i64::from(seed.1) + seed.0) as u32);
            }
            let mut tiles = self.in_order(right, left, seeds);
            tiles.iter_mut().for_each(|tile| *tile = tile.transposed());
            return tiles;
        }
        self.in_order(left, right, seeds)
    }

    fn in_order(&mut self, left: &Outline, right: &Outline, seeds: &mut [Seed]) -> Vec<Tile> {
        seeds.sort_unstable();
        let (left, right) = (left.marks(), right.marks());
        self.runs.clear();
        let runs = seeds.chunk_by(|one, next| one.0 == next.0 && next.1 - one.1 <= GRAM as u32);
        for run in runs {
            let (Some(&(offset, first)), Some(&(_, last))) = (run.first(), run.last()) else {
                continue;
            };
            let start = first + 1 - GRAM as u32;
            let run = Tile {
                left: start,
                right: (i64::from(start) + offset) as u32,
                len: last + 1 - start,
                new: 0,
            };
            self.runs.extend(worth(run, left, right));
        }
        self.runs
            .sort_unstable_by_key(|run| (Reverse(run.new), run.left, run.right));
        if self.runs.len() < 2 {
            return self.runs.clone();
        }
        // Whatever was taken has been given back.
        self.taken_left
            .resize(left.len().max(self.taken_left.len()), false);
        self.taken_right
            .resize(right.len().max(self.taken_right.len()), false);
        let mut tiles = Vec::new();
        for run in &self.runs {
            let earlier = tiles.len();
            let mut free = 0;
            for at in 0..=run.len {
                let is_free = at < run.len
                    && !self.taken_left[(run.left + at) as usize]
                    && !self.taken_right[(run.right + at) as usize];
                if is_free {
                    free += 1;
                    continue;
                }
                let part = Tile {
                    left: run.left + at - free,
                    right: run.right + at - free,
                    len: free,
                    new: 0,
                };
                tiles.extend(worth(part, left, right));
                free = 0;
            }
            for tile in &tiles[earlier..] {
                self.taken_left[span(tile.left, tile.len)].fill(true);
                self.taken_right[span(tile.right, tile.len)].fill(true);
            }
        }
        for tile in &tiles {
            self.taken_left[span(tile.left, tile.len)].fill(false);
            self.taken_right[span(tile.right, tile.len)].fill(false);
        }
        tiles
    }
}

fn order(outline: &Outline) -> (usize, &[u8]) {
    (outline.marks().len(), outline.marks())
}

fn span(start: u32, len: u32) -> std::ops::Range<usize> {
    start as usize..(start + len) as usize
}

/// The stretch with its new nodes counted, if they are enough to say something.
fn worth(stretch: Tile, left: &[u8], right: &[u8]) -> Option<Tile> {
    if (stretch.len as usize) < GRAM {
        return None;
    }
    let left = &left[span(stretch.left, stretch.len)];
    let right = &right[span(stretch.right, stretch.len)];
    let new = left
        .iter()
        .zip(right)
        .filter(|&(l, r)| l & r & NEW != 0)
        .count();
    (new >= super::LEAST_NEW).then_some(Tile {
        new: new as u32,
        ..stretch
    })
}

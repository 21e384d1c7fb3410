//! What is compared of two contents before they are compared themselves.

use super::super::Content;
use super::super::differ::{STRIDE, few_bits_differ, few_places_differ};
use super::sketch::Sketching;
use rayon::prelude::*;

/// Of kept and of open contents, by their places in their lists. Digests of near contents differ no
/// more than these do.
pub(super) enum Digests {
    Sketches { kept: Vec<u64>, open: Vec<u64> },
    Rows { kept: Rows, open: Rows },
}

/// Digests of some kept contents side by side, so that each is waited for once and not whenever it is
/// compared.
#[derive(Default)]
pub(super) struct Gathered {
    sketches: Vec<u64>,
    rows: Vec<[u8; STRIDE]>,
}

/// What stands at the most telling positions, the most telling first.
pub(super) struct Rows {
    width: usize,
    codes: Vec<u8>,
}

impl Digests {
    pub(super) fn sketches(
        sketching: &Sketching,
        kept: &[&Content<'_>],
        open: &[&Content<'_>],
    ) -> Digests {
        let [kept, open] = [kept, open].map(|contents| sketching.of(contents));
        Digests::Sketches { kept, open }
    }

    pub(super) fn rows(positions: &[u32], kept: &[&Content<'_>], open: &[&Content<'_>]) -> Digests {
        let [kept, open] = [kept, open].map(|contents| Rows::of(contents, positions));
        Digests::Rows { kept, open }
    }

    /// Whether a kept and an open one differ in at most `limit` ways.
    pub(super) fn few_differ(&self, kept_at: u32, open_at: u32, limit: usize) -> bool {
        match self {
            Digests::Sketches { kept, open } => {
                let differing = sketch(kept, kept_at) ^ sketch(open, open_at);
                differing.count_ones() as usize <= limit
            }
            Digests::Rows { kept, open } => {
                few_places_differ(kept.row(kept_at), open.row(open_at), limit).is_some()
            }
        }
    }

    pub(super) fn gather(&self, places: impl Iterator<Item = u32>, gathered: &mut Gathered) {
        match self {
            Digests::Sketches { kept, .. } => {
                gathered.sketches.clear();
                let sketches = places.map(|place| sketch(kept, place));
                gathered.sketches.extend(sketches);
            }
            Digests::Rows { kept, .. } => {
                gathered.rows.clear();
                places.for_each(|place| gathered.rows.extend_from_slice(kept.row(place)));
            }
        }
    }

    /// The first gathered one, from the one numbered `begin` on, that differs in at most `limit` ways
    /// from an open one.
    pub(super) fn next_of(
        &self,
        gathered: &Gathered,
        begin: usize,
        open_at: u32,
        limit: usize,
    ) -> Option<usize> {
        let next = match self {
            Digests::Sketches { open, .. } => {
                let rest = gathered.sketches.get(begin..)?;
                few_bits_differ(rest, sketch(open, open_at), limit as u32)
            }
            Digests::Rows { open, .. } => {
                let row = open.row(open_at);
                let rest = gathered.rows.get(begin * row.len()..)?;
                few_places_differ(rest, row, limit)
            }
        };
        next.map(|at| begin + at)
    }
}

fn sketch(sketches: &[u64], place: u32) -> u64 {
    sketches.get(place as usize).copied().unwrap_or_default()
}

impl Rows {
    /// Of these positions, and nothing after them up to a whole stride.
    fn of(contents: &[&Content<'_>], positions: &[u32]) -> Rows {
        let width = positions.len().next_multiple_of(STRIDE).max(STRIDE);
        let mut codes = vec![0; width * contents.len()];
        codes
            .par_chunks_mut(width)
            .with_min_len(1024)
            .zip(contents)
            .for_each(|(row, content)| {
                for (place, &position) in row.iter_mut().zip(positions) {
                    let code = content.codes.get(position as usize).copied();
                    *place = code.unwrap_or_default();
                }
            });
        Rows { width, codes }
    }

    fn row(&self, place: u32) -> &[[u8; STRIDE]] {
        let begin = place as usize * self.width;
        let row = self.codes.get(begin..begin + self.width);
        row.unwrap_or_default().as_chunks().0
    }
}

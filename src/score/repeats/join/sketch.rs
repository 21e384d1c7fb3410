//! Contents as 64 bits: where two contents differ in some positions, their sketches differ in no more bits.

use super::super::Content;
use super::telling::Telling;
use rayon::prelude::*;

/// Positions in a sketch at most.
const POSITIONS: usize = 192;

/// How contents of a join are sketched: a bit is the sum of some positions' characters, each counted as
/// even or odd so that either is about as frequent.
pub(super) struct Sketching {
    /// The most telling first, with the characters that are odd there.
    positions: Vec<(u32, [u8; 256])>,
}

impl Sketching {
    pub(super) fn new(telling: &Telling, sample: &[&Content<'_>]) -> Sketching {
        let positions = telling.positions.iter().take(POSITIONS);
        let with_odd = |&(_, position): &(f64, u32)| (position, odd(sample, position as usize));
        Sketching {
            positions: positions.map(with_odd).collect(),
        }
    }

    fn sketch(&self, content: &Content<'_>) -> u64 {
        let positions = self.positions.iter().zip((0..64).cycle());
        positions.fold(0, |sketch, ((position, odd), bit)| {
            let code = content.codes.get(*position as usize).copied();
            let odd = odd.get(usize::from(code.unwrap_or_default())).copied();
            sketch ^ u64::from(odd.unwrap_or_default()) << bit
        })
    }

    pub(super) fn of(&self, contents: &[&Content<'_>]) -> Vec<u64> {
        let sketches = contents.par_iter().with_min_len(1024);
        sketches.map(|content| self.sketch(content)).collect()
    }

    /// Which share of pairs sketches do not rule out, if so many positions may differ.
    pub(super) fn share_left(
        &self,
        kept: &[&Content<'_>],
        open: &[&Content<'_>],
        limit: usize,
    ) -> f64 {
        let (kept, open) = (self.of(kept), self.of(open));
        let is_left = |a: u64, b: u64| (a ^ b).count_ones() as usize <= limit;
        let left = |&a: &u64| open.iter().filter(|&&b| is_left(a, b)).count();
        let left: usize = kept.iter().map(left).sum();
        left as f64 / (kept.len() * open.len()).max(1) as f64
    }
}

/// About every other of the characters at a position, by how frequent they are there.
fn odd(sample: &[&Content<'_>], position: usize) -> [u8; 256] {
    let mut counts: Vec<(i64, usize)> = (0..256).map(|code| (0, code)).collect();
    for content in sample {
        if let Some(&code) = content.codes.get(position)
            && let Some(count) = counts.get_mut(usize::from(code))
        {
            count.0 += 1;
        }
    }
    counts.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut odd = [0; 256];
    let mut more_even = 0;
    for (count, code) in counts {
        let is_odd = more_even > 0 || (more_even == 0 && code % 2 == 1);
        more_even += if is_odd { -count } else { count };
        if let Some(odd) = odd.get_mut(code) {
            *odd = u8::from(is_odd);
        }
    }
    odd
}

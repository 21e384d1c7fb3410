//! Which positions tell contents apart.

use super::super::Content;

/// Contents looked at on each side.
const SAMPLE: usize = 384;

/// Those of them that are compared with one another.
const PAIRED: usize = 96;

/// The most that a sample can say of one position, in bits.
const MOST: f64 = 8.0;

/// Positions that tell anything apart, the most telling first, with minus the logarithm of how often a
/// kept and an open content agree there.
pub(super) struct Telling {
    pub positions: Vec<(f64, u32)>,
    /// Which part of that each tells of its own: not all, where positions go together.
    pub own: f64,
}

impl Telling {
    /// As far as a sample shows, of the positions before `span`, which all contents have.
    pub(super) fn of(kept: &[&Content<'_>], open: &[&Content<'_>], span: usize) -> Telling {
        let (kept, open) = (sample(kept), sample(open));
        let mut positions: Vec<(f64, u32)> = (0..span as u32)
            .map(|position| (bits(&kept, &open, position as usize), position))
            .filter(|&(bits, _)| bits > 0.0)
            .collect();
        positions.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut telling = Telling {
            positions,
            own: 1.0,
        };
        telling.own = telling.measure_own(&kept, &open);
        telling
    }

    /// By how much more the number of differences varies than if all positions went their own ways.
    fn measure_own(&self, kept: &[&Content<'_>], open: &[&Content<'_>]) -> f64 {
        let row = |content: &&Content<'_>| -> Vec<u8> {
            let code = |&(_, position): &(f64, u32)| content.codes.get(position as usize).copied();
            self.positions
                .iter()
                .map(|at| code(at).unwrap_or_default())
                .collect()
        };
        let rows = |contents: &[&Content<'_>]| -> Vec<Vec<u8>> {
            contents
                .iter()
                .step_by(contents.len().div_ceil(PAIRED).max(1))
                .map(row)
                .collect()
        };
        let (kept, open) = (rows(kept), rows(open));
        let pairs = kept
            .iter()
            .flat_map(|kept| open.iter().map(move |open| (kept, open)));
        let differing = |(a, b): (&Vec<u8>, &Vec<u8>)| {
            a.iter()
                .zip(b)
                .map(|(a, b)| usize::from(a != b))
                .sum::<usize>() as f64
        };
        let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
        for differing in pairs.map(differing) {
            count += 1.0;
            sum += differing;
            squares += differing * differing;
        }
        let variance = squares / count - (sum / count) * (sum / count);
        let expected = self.positions.iter().map(|&(bits, _)| {
            let agree = (-bits).exp2();
            agree * (1.0 - agree)
        });
        // A little more is chance.
        (1.2 * expected.sum::<f64>() / variance).clamp(0.01, 1.0)
    }

    /// What all positions tell.
    pub(super) fn bits(&self) -> f64 {
        self.own * self.positions.iter().map(|&(bits, _)| bits).sum::<f64>()
    }

    /// How many of the most telling positions show of nearly all pairs that more than so many differ;
    /// at most all.
    pub(super) fn enough(&self, limit: usize) -> usize {
        let (mut mean, mut variance) = (0.0, 0.0);
        for (&(bits, _), looked_at) in self.positions.iter().zip(1..) {
            let agree = (-bits).exp2();
            mean += 1.0 - agree;
            variance += agree * (1.0 - agree);
            if mean - 2.5 * f64::sqrt(variance / self.own) > limit as f64 {
                return looked_at;
            }
        }
        self.positions.len()
    }
}

/// Evenly picked, as they may have been written in some order.
pub(super) fn sample<'c>(contents: &[&'c Content<'c>]) -> Vec<&'c Content<'c>> {
    let step = contents.len().div_ceil(SAMPLE).max(1);
    contents.iter().copied().step_by(step).collect()
}

fn bits(kept: &[&Content<'_>], open: &[&Content<'_>], position: usize) -> f64 {
    let kept = counts(kept, position);
    let open = counts(open, position);
    let all = |counts: &[u32; 256]| f64::from(counts.iter().sum::<u32>());
    let pairs = all(&kept) * all(&open);
    let agree: u32 = kept.iter().zip(&open).map(|(kept, open)| kept * open).sum();
    // Also finite where none agree.
    (-(f64::from(agree) / pairs).log2()).clamp(0.0, MOST)
}

fn counts(contents: &[&Content<'_>], position: usize) -> [u32; 256] {
    let mut counts = [0; 256];
    for content in contents {
        if let Some(count) = content
            .codes
            .get(position)
            .and_then(|&code| counts.get_mut(usize::from(code)))
        {
            *count += 1;
        }
    }
    counts
}

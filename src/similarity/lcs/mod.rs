//! Length of the longest common subsequence, hundreds of table cells a step.
//!
//! The bit-vector recurrence of Crochemore, Iliopoulos, Pinzón and Reid (also Hyyrö): a column of
//! the classic table is a bit per pattern item, zero where the value rises, and a text item turns
//! one column into the next with an addition. Columns are cut into strips that stay in registers
//! while the text runs by; a strip hands the next one its carries. Four columns go side by side
//! ([`lanes`]), and there are three ways to have four: [`Kernel`] takes four strips of one pattern,
//! each a little behind the one before; [`Query`] one pattern and four texts; [`Group`] four
//! patterns and one text. The last is the fastest, if its preparation is worth it.
//!
//! Memory of a [`Kernel`] is linear in the lengths; the other two refuse patterns whose tables
//! would be larger than [`TABLE_BYTES`].

mod group;
mod lanes;
mod query;
mod rows;

pub(super) use group::Group;
pub(super) use lanes::{LANES, Machine};
pub(super) use query::Query;

use lanes::{LIMB_BITS, Lanes, TOTAL_LAG};
use rows::{NO_ROW, Rows};

/// Limbs of a full strip: with masks and sums they fill the sixteen vector registers.
const STRIP_LIMBS: usize = 8;
/// Pattern items that one pass of the text takes.
const PASS_ITEMS: usize = LANES * STRIP_LIMBS * LIMB_BITS;
/// The largest table of a query or group: what a core's second-level cache has room for, a few times
/// over. A source of 8000 items fits.
const TABLE_BYTES: usize = 4 << 20;

/// Working memory for comparing pairs, kept from pair to pair by each thread.
pub(super) struct Kernel {
    machine: Machine,
    rows: Rows,
    /// By row, lane and limb.
    masks: Vec<u64>,
    /// Rows of the text, with room for the lanes' lag.
    steps: Vec<u16>,
    carries: Vec<u8>,
    left: Vec<u32>,
    right: Vec<u32>,
    /// Cells that may still be visited.
    cells_left: u64,
    refused: bool,
}

impl Kernel {
    /// A kernel for symbols below `symbol_count`.
    pub(super) fn new(symbol_count: usize) -> Kernel {
        Kernel::with_cells(symbol_count, u64::MAX)
    }

    /// A kernel that visits at most so many table cells in all its comparisons together.
    pub(super) fn with_cells(symbol_count: usize, cells: u64) -> Kernel {
        Kernel::on(Machine::detect(), symbol_count, cells)
    }

    fn on(machine: Machine, symbol_count: usize, cells_left: u64) -> Kernel {
        Kernel {
            machine,
            rows: Rows::new(symbol_count),
            masks: Vec::new(),
            steps: Vec::new(),
            carries: Vec::new(),
            left: Vec::new(),
            right: Vec::new(),
            cells_left,
            refused: false,
        }
    }

    /// Whether some comparison was refused for want of cells (and reported as below its least).
    pub(super) fn has_refused(&self) -> bool {
        self.refused
    }

    /// Takes the cells of a comparison; false, and a refusal, if there are too few.
    pub(super) fn spend(&mut self, left: usize, right: usize) -> bool {
        let cells = (left as u64).saturating_mul(right as u64);
        match self.cells_left.checked_sub(cells) {
            Some(cells_left) => {
                self.cells_left = cells_left;
                true
            }
            None => {
                self.refused = true;
                false
            }
        }
    }

    /// Length of the longest common subsequence.
    #[cfg(test)]
    fn lcs(&mut self, left: &[u32], right: &[u32]) -> usize {
        self.lcs_at_least(left, right, 0).unwrap_or(0)
    }

    /// Length of the longest common subsequence, or None as soon as it is sure to be below `least`.
    /// Symbols must be below the kernel's count.
    pub(super) fn lcs_at_least(
        &mut self,
        left: &[u32],
        right: &[u32],
        least: usize,
    ) -> Option<usize> {
        let (affix, left, right) = trim_affixes(left, right);
        let (pattern, text) = match left.len() <= right.len() {
            true => (left, right),
            false => (right, left),
        };
        let least = least.saturating_sub(affix);
        let inner = if pattern.len() <= PASS_ITEMS {
            // A pass drops what is foreign in the text; in so short a pattern it is not worth it.
            self.passes(pattern, text, least)
        } else {
            let (mut own, mut others) = (
                std::mem::take(&mut self.left),
                std::mem::take(&mut self.right),
            );
            self.keep_shared(pattern, text, &mut own);
            self.keep_shared(text, &own, &mut others);
            let inner = self.passes(&own, &others, least);
            (self.left, self.right) = (own, others);
            inner
        };
        inner.map(|inner| inner + affix)
    }

    /// Copies the items of `from` that occur in `other`; the rest can match nothing.
    fn keep_shared(&mut self, from: &[u32], other: &[u32], kept: &mut Vec<u32>) {
        self.rows.clear();
        if self.rows.number(other) {
            self.rows.keep(from, kept);
        } else {
            // More different symbols than there are numbers: dropping is only a shortcut.
            kept.clear();
            kept.extend_from_slice(from);
        }
    }

    fn passes(&mut self, pattern: &[u32], text: &[u32], least: usize) -> Option<usize> {
        let mut length = 0;
        let mut rest = pattern.len();
        if rest.min(text.len()) < least {
            return None;
        }
        if !self.spend(pattern.len(), text.len()) {
            return None;
        }
        self.clear_carries(text.len());
        let is_only = pattern.len() <= PASS_ITEMS;
        for part in pattern.chunks(PASS_ITEMS) {
            length += self.pass(part, text, is_only).count_rises();
            rest -= part.len();
            if length + rest < least {
                return None;
            }
        }
        Some(length)
    }

    /// For each `i`, the common length of `pattern[..i]` and all of `text`: `pattern.len() + 1`
    /// values.
    pub(super) fn prefix_lengths(&mut self, pattern: &[u32], text: &[u32]) -> Vec<u32> {
        let mut lengths = Vec::with_capacity(pattern.len() + 1);
        let mut length = 0;
        lengths.push(length);
        self.clear_carries(text.len());
        let is_only = pattern.len() <= PASS_ITEMS;
        for part in pattern.chunks(PASS_ITEMS) {
            let column = self.pass(part, text, is_only);
            for item in 0..part.len() {
                length += u32::from(column.rises_at(item));
                lengths.push(length);
            }
        }
        lengths
    }

    fn clear_carries(&mut self, text_len: usize) {
        self.carries.clear();
        self.carries.resize(text_len + 2 * TOTAL_LAG, 0);
    }

    /// Runs the text past a part of the pattern, [`PASS_ITEMS`] at most and perhaps all of it, and
    /// gives its last column.
    fn pass(&mut self, part: &[u32], text: &[u32], is_only: bool) -> Column {
        self.rows.clear();
        // There are fewer items than numbers.
        self.rows.number(part);
        self.steps.clear();
        self.steps.resize(text.len() + 2 * TOTAL_LAG, NO_ROW);
        let steps = &mut self.steps[TOTAL_LAG..];
        if is_only {
            let kept = self.rows.translate(text, |place| place, steps);
            self.steps.truncate(kept + TOTAL_LAG);
            self.steps.resize(kept + 2 * TOTAL_LAG, NO_ROW);
        } else {
            // A carry may pass an item that this part does not have.
            for (step, &symbol) in steps.iter_mut().zip(text) {
                *step = self.rows.of(symbol);
            }
        }
        match part.len().div_ceil(LANES * LIMB_BITS) {
            0 | 1 => self.run::<1>(part),
            2 => self.run::<2>(part),
            3 => self.run::<3>(part),
            4 => self.run::<4>(part),
            5 => self.run::<5>(part),
            6 => self.run::<6>(part),
            7 => self.run::<7>(part),
            _ => self.run::<STRIP_LIMBS>(part),
        }
    }

    fn run<const W: usize>(&mut self, part: &[u32]) -> Column {
        self.masks.clear();
        self.masks.resize(self.rows.count() * LANES * W, 0);
        let (limbs, _) = self.masks.as_chunks_mut::<W>();
        let (masks, _) = limbs.as_chunks_mut::<LANES>();
        for (limb, items) in part.chunks(LIMB_BITS).enumerate() {
            for (bit, &symbol) in items.iter().enumerate() {
                masks[self.rows.of(symbol) as usize][limb / W][limb % W] |= 1 << bit;
            }
        }
        let column = self.machine.cascade(masks, &self.steps, &mut self.carries);
        let mut limbs = [Lanes([u64::MAX; LANES]); STRIP_LIMBS];
        limbs[..W].copy_from_slice(&column);
        Column { limbs, width: W }
    }
}

/// The last column of a pass: zero bits where the value rises.
struct Column {
    limbs: [Lanes; STRIP_LIMBS],
    /// Limbs of each lane's strip.
    width: usize,
}

impl Column {
    fn count_rises(&self) -> usize {
        let mut lengths = [0; LANES];
        group::add_rises(&mut lengths, &self.limbs[..self.width]);
        lengths.iter().sum()
    }

    fn rises_at(&self, item: usize) -> bool {
        let (limb, bit) = (item / LIMB_BITS, item % LIMB_BITS);
        self.limbs[limb % self.width].0[limb / self.width] >> bit & 1 == 0
    }
}

/// Length of the equal beginning and end, and what lies between them on each side.
pub(super) fn trim_affixes<'a>(left: &'a [u32], right: &'a [u32]) -> (usize, &'a [u32], &'a [u32]) {
    let prefix = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[prefix..], &right[prefix..]);
    let suffix = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    (
        prefix + suffix,
        &left[..left.len() - suffix],
        &right[..right.len() - suffix],
    )
}

#[cfg(test)]
pub(super) mod tests;

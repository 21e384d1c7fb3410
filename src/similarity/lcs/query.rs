//! One pattern against four texts at a time: a query against an archive.

use super::group::add_rises;
use super::lanes::{LANES, LIMB_BITS, Machine};
use super::rows::{NO_ROW, Rows};
use super::{STRIP_LIMBS, TABLE_BYTES};

/// A pattern, ready to be compared with any number of texts. Four texts of about one length waste
/// nothing.
pub(in super::super) struct Query {
    machine: Machine,
    rows: Rows,
    /// Of the full strips, by strip, row and limb; then of the last one, which is narrower.
    masks: Vec<u64>,
    full_strips: usize,
    /// Limbs of the last strip; 0 if there is none.
    last_width: usize,
    texts: Vec<[u16; LANES]>,
    carries: Vec<u8>,
}

impl Query {
    /// For symbols below `symbol_count`.
    pub fn new(symbol_count: usize) -> Query {
        Query::on(Machine::detect(), symbol_count)
    }

    pub(super) fn on(machine: Machine, symbol_count: usize) -> Query {
        Query {
            machine,
            rows: Rows::new(symbol_count),
            masks: Vec::new(),
            full_strips: 0,
            last_width: 0,
            texts: Vec::new(),
            carries: Vec::new(),
        }
    }

    /// Takes another pattern; false if its table would be too large.
    pub fn set(&mut self, pattern: &[u32]) -> bool {
        self.rows.clear();
        (self.full_strips, self.last_width) = (0, 0);
        let limbs = pattern.len().div_ceil(LIMB_BITS);
        if limbs * size_of::<u64>() > TABLE_BYTES || !self.rows.number(pattern) {
            return false;
        }
        let rows = self.rows.count();
        if (rows * limbs).saturating_mul(size_of::<u64>()) > TABLE_BYTES {
            return false;
        }
        self.full_strips = limbs / STRIP_LIMBS;
        self.last_width = limbs % STRIP_LIMBS;
        self.masks.clear();
        self.masks.resize(rows * limbs, 0);
        for (limb, items) in pattern.chunks(LIMB_BITS).enumerate() {
            let (strip, limb) = (limb / STRIP_LIMBS, limb % STRIP_LIMBS);
            let width = match strip < self.full_strips {
                true => STRIP_LIMBS,
                false => self.last_width,
            };
            let masks = &mut self.masks[strip * rows * STRIP_LIMBS..];
            for (bit, &symbol) in items.iter().enumerate() {
                masks[self.rows.of(symbol) as usize * width + limb] |= 1 << bit;
            }
        }
        true
    }

    /// The common lengths of the pattern with each text.
    pub fn lcs(&mut self, texts: [&[u32]; LANES]) -> [usize; LANES] {
        let longest = texts.map(<[u32]>::len).into_iter().max().unwrap_or(0);
        self.texts.clear();
        self.texts.resize(longest, [NO_ROW; LANES]);
        let mut most_kept = 0;
        for (lane, text) in texts.into_iter().enumerate() {
            let into = self.texts.as_flattened_mut();
            let place = |index| index * LANES + lane;
            let kept = self.rows.translate(text, place, into);
            // The last item may have been foreign, but NO_ROW is what stands there then.
            most_kept = most_kept.max(kept);
        }
        self.texts.truncate(most_kept);
        self.carries.clear();
        self.carries.resize(most_kept, 0);
        let mut lengths = [0; LANES];
        let full_len = self.full_strips * STRIP_LIMBS * self.rows.count();
        let (full, _) = self.masks[..full_len].as_chunks::<STRIP_LIMBS>();
        for strip in full.chunks(self.rows.count()).take(self.full_strips) {
            let column = self.machine.query(strip, &self.texts, &mut self.carries);
            add_rises(&mut lengths, &column);
        }
        match self.last_width {
            0 => {}
            1 => self.last::<1>(&mut lengths),
            2 => self.last::<2>(&mut lengths),
            3 => self.last::<3>(&mut lengths),
            4 => self.last::<4>(&mut lengths),
            5 => self.last::<5>(&mut lengths),
            6 => self.last::<6>(&mut lengths),
            _ => self.last::<7>(&mut lengths),
        }
        lengths
    }

    fn last<const W: usize>(&mut self, lengths: &mut [usize; LANES]) {
        let start = self.full_strips * STRIP_LIMBS * self.rows.count();
        let (masks, _) = self.masks[start..].as_chunks::<W>();
        let column = self.machine.query(masks, &self.texts, &mut self.carries);
        add_rises(lengths, &column);
    }
}

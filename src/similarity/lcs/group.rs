//! Four patterns against one text after the other: all pairs.

use super::lanes::{LANES, LIMB_BITS, Lanes, Machine};
use super::rows::Rows;
use super::{STRIP_LIMBS, TABLE_BYTES};

/// Four patterns, ready to be compared with any number of texts. Patterns of about one length waste
/// nothing.
pub(in super::super) struct Group {
    machine: Machine,
    rows: Rows,
    /// By strip, row and limb.
    masks: Vec<Lanes>,
    /// Limbs of a strip.
    width: usize,
    strips: usize,
    text: Vec<u16>,
    carries: Vec<u8>,
}

impl Group {
    /// For symbols below `symbol_count`.
    pub fn new(symbol_count: usize) -> Group {
        Group::on(Machine::detect(), symbol_count)
    }

    pub(super) fn on(machine: Machine, symbol_count: usize) -> Group {
        Group {
            machine,
            rows: Rows::new(symbol_count),
            masks: Vec::new(),
            width: 1,
            strips: 0,
            text: Vec::new(),
            carries: Vec::new(),
        }
    }

    /// Takes other patterns; false if their table would be too large.
    pub fn set(&mut self, patterns: [&[u32]; LANES]) -> bool {
        self.rows.clear();
        self.strips = 0;
        let limbs = patterns.map(<[u32]>::len).into_iter().max().unwrap_or(0);
        let limbs = limbs.div_ceil(LIMB_BITS);
        if limbs * size_of::<Lanes>() > TABLE_BYTES
            || !patterns.iter().all(|pattern| self.rows.number(pattern))
        {
            return false;
        }
        let strips = limbs.div_ceil(STRIP_LIMBS);
        // Strips of equal width, none of them nearly empty.
        self.width = limbs.div_ceil(strips.max(1)).max(1);
        let strip_len = self.rows.count() * self.width;
        if (strips * strip_len).saturating_mul(size_of::<Lanes>()) > TABLE_BYTES {
            return false;
        }
        self.strips = strips;
        self.masks.clear();
        self.masks.resize(strips * strip_len, Lanes::default());
        for (lane, pattern) in patterns.into_iter().enumerate() {
            for (limb, items) in pattern.chunks(LIMB_BITS).enumerate() {
                let (strip, limb) = (limb / self.width, limb % self.width);
                for (bit, &symbol) in items.iter().enumerate() {
                    let row = self.rows.of(symbol) as usize;
                    self.masks[strip * strip_len + row * self.width + limb].0[lane] |= 1 << bit;
                }
            }
        }
        true
    }

    /// The common lengths of each pattern with a text.
    pub fn lcs(&mut self, text: &[u32]) -> [usize; LANES] {
        self.text.resize(text.len(), 0);
        let kept = self.rows.translate(text, |place| place, &mut self.text);
        self.text.truncate(kept);
        self.carries.clear();
        self.carries.resize(kept, 0);
        match self.width {
            1 => self.strips::<1>(),
            2 => self.strips::<2>(),
            3 => self.strips::<3>(),
            4 => self.strips::<4>(),
            5 => self.strips::<5>(),
            6 => self.strips::<6>(),
            7 => self.strips::<7>(),
            _ => self.strips::<STRIP_LIMBS>(),
        }
    }

    fn strips<const W: usize>(&mut self) -> [usize; LANES] {
        let mut lengths = [0; LANES];
        let (masks, _) = self.masks.as_chunks::<W>();
        for strip in masks.chunks(self.rows.count()).take(self.strips) {
            let column = self
                .machine
                .group::<W>(strip, &self.text, &mut self.carries);
            add_rises(&mut lengths, &column);
        }
        lengths
    }
}

/// Adds the number of zeros in each lane's limbs: where the table's value rises.
pub(super) fn add_rises(lengths: &mut [usize; LANES], column: &[Lanes]) {
    for limb in column {
        for (length, bits) in lengths.iter_mut().zip(limb.0) {
            // Bit 63 is always 0 and none of the pattern's.
            *length += bits.count_zeros() as usize - 1;
        }
    }
}

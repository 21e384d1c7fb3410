//! A cheap upper bound of the common length: how often each symbol occurs.

use super::lcs::Machine;
use super::sequence::Sequence;
use super::symbol::{self, Class};

/// Symbols are counted in this many buckets: 1 kB a sequence, and hardly less sharp than exact
/// counts.
const BUCKETS: usize = 512;

/// Length and symbol counts of a sequence: the same for equal sequences in every process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    len: usize,
    counts: Box<[u16; BUCKETS]>,
}

impl Profile {
    /// Counts a sequence's symbols.
    pub fn of(sequence: &Sequence) -> Profile {
        let own: Vec<u32> = sequence
            .own_names()
            .iter()
            .map(|name| name_hash(name))
            .collect();
        let mut counts = Box::new([0u16; BUCKETS]);
        for &symbol in sequence.symbols() {
            let key = match symbol::class_and_payload(symbol) {
                (Class::Own, index) => symbol & 15 ^ own.get(index as usize).copied().unwrap_or(0),
                _ => symbol,
            };
            let count = &mut counts[bucket(key)];
            *count = count.saturating_add(1);
        }
        Profile {
            len: sequence.len(),
            counts,
        }
    }

    /// Number of items counted.
    pub fn item_count(&self) -> usize {
        self.len
    }

    /// No common subsequence of the two sequences is longer than this.
    pub fn common_at_most(&self, other: &Profile) -> usize {
        self.common_on(Machine::detect(), other)
    }

    /// As [`Profile::common_at_most`], by a machine that is known already: thousands of profiles are
    /// compared in a row.
    pub(super) fn common_on(&self, machine: Machine, other: &Profile) -> usize {
        let shorter = self.len.min(other.len);
        match u16::try_from(shorter) {
            // All counts of the shorter one are exact, and the sum is at most its length.
            Ok(_) => machine.shared(&self.counts, &other.counts).into(),
            Err(_) => shorter,
        }
    }
}

/// Multiplicative (Fibonacci) hashing: the top bits of a product with 2^32 over the golden ratio.
fn bucket(key: u32) -> usize {
    (key.wrapping_mul(0x9E37_79B1) >> (32 - BUCKETS.ilog2())) as usize
}

/// FNV-1a. Names that collide only share a bucket, which keeps the bound a bound.
fn name_hash(name: &str) -> u32 {
    name.bytes().fold(0x811C_9DC5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

//! Many sequences made ready for comparison with one another.

use super::bounds::Profile;
use super::lcs::{Kernel, Machine, trim_affixes};
use super::numbers::Numbers;
use super::score::percent;
use super::sequence::Sequence;
use rayon::prelude::*;

/// Sequences whose symbols have been given common, dense numbers.
///
/// Costs four bytes an item and 1 kB a sequence beside the sequences themselves, which it does not
/// need any more.
#[derive(Debug, Clone)]
pub struct Corpus {
    items: Vec<Item>,
    numbers: Numbers,
}

/// A sequence in the numbers of a corpus.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub symbols: Vec<u32>,
    pub profile: Profile,
}

/// Sequences of fewer symbols are counted before other threads would have woken up.
const WORTH_SHARING: usize = 1 << 18;

impl Corpus {
    /// Numbers the symbols of all sequences, in their order.
    pub fn new(sequences: &[&Sequence]) -> Corpus {
        let mut numbers = Numbers::new();
        let renumbered: Vec<Vec<u32>> = sequences
            .iter()
            .map(|sequence| numbers.renumber(sequence))
            .collect();
        let symbols: usize = renumbered.iter().map(Vec::len).sum();
        let item = |(symbols, sequence): (Vec<u32>, &&Sequence)| Item {
            symbols,
            profile: Profile::of(sequence),
        };
        let items = match symbols < WORTH_SHARING {
            true => renumbered.into_iter().zip(sequences).map(item).collect(),
            false => renumbered
                .into_par_iter()
                .zip(sequences)
                .map(item)
                .collect(),
        };
        Corpus { items, numbers }
    }

    /// Adds a sequence and gives its position: the next one.
    pub fn push(&mut self, sequence: &Sequence) -> usize {
        self.items.push(Item {
            symbols: self.numbers.renumber(sequence),
            profile: Profile::of(sequence),
        });
        self.items.len() - 1
    }

    /// Number of sequences.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no sequence.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Score of two sequences by their positions, which must be below [`Corpus::len`]. For many see
    /// [`Corpus::comparer`].
    pub fn score(&self, left: usize, right: usize) -> u32 {
        self.comparer().score(left, right)
    }

    /// What compares pairs one after the other and keeps its working memory.
    pub fn comparer(&self) -> Comparer<'_> {
        Comparer {
            corpus: self,
            kernel: self.kernel(),
        }
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// A sequence that is not of the corpus, in its numbers.
    pub(super) fn stranger(&self, sequence: &Sequence) -> Item {
        Item {
            symbols: self.numbers.look_up(sequence),
            profile: Profile::of(sequence),
        }
    }

    pub(super) fn symbols(&self, index: usize) -> &[u32] {
        &self.items[index].symbols
    }

    /// All symbols are below this.
    pub(super) fn symbol_count(&self) -> usize {
        self.numbers.count()
    }

    pub(super) fn kernel(&self) -> Kernel {
        Kernel::new(self.symbol_count())
    }
}

/// Compares pairs of a corpus.
pub struct Comparer<'c> {
    corpus: &'c Corpus,
    kernel: Kernel,
}

impl Comparer<'_> {
    /// As [`Corpus::score`].
    pub fn score(&mut self, left: usize, right: usize) -> u32 {
        let (left, right) = (&self.corpus.items[left], &self.corpus.items[right]);
        let length = self
            .kernel
            .lcs_at_least(&left.symbols, &right.symbols, 0)
            .unwrap_or(0);
        left.score_of(right, length)
    }
}

impl Item {
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// The score for a common length.
    pub fn score_of(&self, other: &Item, length: usize) -> u32 {
        percent(length, self.len().max(other.len()))
    }

    /// Whether most of the table of the two is never visited where equal beginnings and ends are left out.
    pub fn differs_in_part(&self, other: &Item) -> bool {
        const WORTH_IT: usize = 16;
        let (_, own, others) = trim_affixes(&self.symbols, &other.symbols);
        let (rest, all) = (
            own.len().saturating_mul(others.len()),
            self.len().saturating_mul(other.len()),
        );
        rest.saturating_mul(WORTH_IT) < all
    }

    /// No common subsequence is longer.
    pub fn common_at_most(&self, machine: Machine, other: &Item) -> usize {
        self.profile.common_on(machine, &other.profile)
    }
}

#[cfg(test)]
#[path = "corpus_tests.rs"]
pub(super) mod tests;

//! Many sequences made ready for comparison with one another.

use super::bounds::Profile;
use super::lcs::Kernel;
use super::score::{least_lcs, percent};
use super::sequence::Sequence;
use super::symbol::{self, Class};
use rayon::prelude::*;
use std::collections::HashMap;

/// A compared pair of a [`Corpus`]: `left < right`, as positions in the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScoredPair {
    /// Position of the first.
    pub left: usize,
    /// Position of the second.
    pub right: usize,
    /// Percent of the service's rule.
    pub score: u32,
}

/// The answer of a bounded search for the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// Position and score of the best that was compared.
    pub nearest: Option<(usize, u32)>,
    /// Whether everything that could be better was compared, so that `nearest` is exact.
    pub is_complete: bool,
}

/// Sequences whose symbols have been given common, dense numbers.
///
/// Costs four bytes an item and 2 kB a sequence beside the sequences themselves.
#[derive(Debug, Clone)]
pub struct Corpus {
    items: Vec<Item>,
    symbol_count: usize,
}

#[derive(Debug, Clone)]
struct Item {
    symbols: Vec<u32>,
    profile: Profile,
}

impl Corpus {
    /// Numbers the symbols of all sequences, in their order.
    pub fn new(sequences: &[&Sequence]) -> Corpus {
        let mut numbers = Numbers::default();
        let renumbered: Vec<Vec<u32>> = sequences
            .iter()
            .map(|sequence| numbers.renumber(sequence))
            .collect();
        let items = renumbered
            .into_par_iter()
            .zip(sequences)
            .map(|(symbols, sequence)| Item {
                symbols,
                profile: Profile::of(sequence),
            })
            .collect();
        Corpus {
            items,
            symbol_count: numbers.count(),
        }
    }

    /// Number of sequences.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no sequence.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Score of two sequences by their positions, which must be below [`Corpus::len`].
    pub fn score(&self, left: usize, right: usize) -> u32 {
        self.score_with(&mut self.kernel(), left, right, 0)
            .unwrap_or(0)
    }

    /// The best of `candidates` for the sequence at `query`: its position and score, the first
    /// among equals. Best first by an upper bound, so unrelated candidates are rarely compared; the
    /// result is exact.
    pub fn nearest(
        &self,
        query: usize,
        candidates: impl IntoIterator<Item = usize>,
    ) -> Option<(usize, u32)> {
        self.nearest_with(&mut self.kernel(), query, candidates)
    }

    /// As [`Corpus::nearest`], visiting at most `max_cells` table cells; comparisons that would go
    /// beyond are left out and the answer says so.
    pub fn nearest_within(
        &self,
        query: usize,
        candidates: impl IntoIterator<Item = usize>,
        max_cells: u64,
    ) -> Search {
        let mut kernel = Kernel::with_cells(self.symbol_count, max_cells);
        let nearest = self.nearest_with(&mut kernel, query, candidates);
        Search {
            nearest,
            is_complete: !kernel.has_refused(),
        }
    }

    fn nearest_with(
        &self,
        kernel: &mut Kernel,
        query: usize,
        candidates: impl IntoIterator<Item = usize>,
    ) -> Option<(usize, u32)> {
        let mut ranked: Vec<(u32, usize, usize)> = candidates
            .into_iter()
            .enumerate()
            .map(|(order, index)| (self.score_at_most(query, index), order, index))
            .collect();
        ranked.sort_unstable_by_key(|&(bound, order, _)| (std::cmp::Reverse(bound), order));
        let mut best: Option<(u32, usize, usize)> = None;
        for (bound, order, index) in ranked {
            let needed = match best {
                None => 0,
                // A candidate that comes earlier wins with an equal score, a later one needs more.
                Some((score, best_order, _)) if order < best_order => score,
                Some((score, ..)) => score + 1,
            };
            if bound < needed {
                // Bounds only fall from here on; an equal bound may still belong to an earlier
                // candidate.
                if best.is_some_and(|(score, ..)| bound < score) {
                    break;
                }
                continue;
            }
            if let Some(score) = self.score_with(kernel, query, index, needed) {
                best = Some((score, order, index));
            }
        }
        best.map(|(score, _, index)| (index, score))
    }

    /// For each sequence the nearest of all others, in order; None if it is alone.
    pub fn nearest_of_each(&self) -> Vec<Option<(usize, u32)>> {
        (0..self.len())
            .into_par_iter()
            .map_init(
                || self.kernel(),
                |kernel, query| {
                    let others = (0..self.len()).filter(|&other| other != query);
                    self.nearest_with(kernel, query, others)
                },
            )
            .collect()
    }

    /// All pairs that score at least `min_score`, by first and then second position. Pairs that
    /// cannot reach it cost next to nothing.
    pub fn pairs(&self, min_score: u32) -> Vec<ScoredPair> {
        let rows: Vec<Vec<ScoredPair>> = (0..self.len())
            .into_par_iter()
            .with_max_len(1)
            .map_init(
                || self.kernel(),
                |kernel, left| self.row(kernel, left, min_score),
            )
            .collect();
        rows.concat()
    }

    fn row(&self, kernel: &mut Kernel, left: usize, min_score: u32) -> Vec<ScoredPair> {
        (left + 1..self.len())
            .filter_map(|right| {
                let score = self.score_with(kernel, left, right, min_score)?;
                Some(ScoredPair { left, right, score })
            })
            .collect()
    }

    /// The exact score, or None if it is below `needed`.
    fn score_with(
        &self,
        kernel: &mut Kernel,
        left: usize,
        right: usize,
        needed: u32,
    ) -> Option<u32> {
        let (left, right) = (&self.items[left], &self.items[right]);
        let longest = left.symbols.len().max(right.symbols.len());
        let least = least_lcs(needed.min(100), longest);
        if needed > 100 || left.profile.common_at_most(&right.profile) < least {
            return None;
        }
        let length = kernel.lcs_at_least(&left.symbols, &right.symbols, least)?;
        let score = percent(length, longest);
        (score >= needed).then_some(score)
    }

    fn score_at_most(&self, left: usize, right: usize) -> u32 {
        let (left, right) = (&self.items[left].profile, &self.items[right].profile);
        percent(
            left.common_at_most(right),
            left.item_count().max(right.item_count()),
        )
    }

    fn kernel(&self) -> Kernel {
        Kernel::new(self.symbol_count)
    }

    pub(super) fn symbols(&self, index: usize) -> &[u32] {
        &self.items[index].symbols
    }

    pub(super) fn symbol_count(&self) -> usize {
        self.symbol_count
    }
}

/// Dense numbers for the symbols of several sequences; names of their own are matched as text.
#[derive(Default)]
struct Numbers<'a> {
    symbols: HashMap<u32, u32>,
    own_names: HashMap<&'a str, u32>,
}

impl<'a> Numbers<'a> {
    fn renumber(&mut self, sequence: &'a Sequence) -> Vec<u32> {
        let own: Vec<u32> = sequence
            .own_names()
            .iter()
            .map(|name| {
                let next = self.own_names.len() as u32;
                *self.own_names.entry(name).or_insert(next)
            })
            .collect();
        let mut local: HashMap<u32, u32> = HashMap::new();
        sequence
            .symbols()
            .iter()
            .map(|&symbol| {
                *local
                    .entry(symbol)
                    .or_insert_with(|| self.number(symbol, &own))
            })
            .collect()
    }

    fn number(&mut self, symbol: u32, own: &[u32]) -> u32 {
        let common = match symbol::class_and_payload(symbol) {
            (Class::Own, index) => symbol::with_payload(symbol, own[index as usize]),
            _ => symbol,
        };
        let next = self.symbols.len() as u32;
        *self.symbols.entry(common).or_insert(next)
    }

    fn count(&self) -> usize {
        self.symbols.len()
    }
}

#[cfg(test)]
#[path = "corpus_tests.rs"]
pub(super) mod tests;

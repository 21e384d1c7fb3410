//! The nearest of many: best first by a bound, until no bound is left that could win.

use super::corpus::{Corpus, Item};
use super::lcs::{Kernel, LANES, Machine, Query};
use super::score::{least_lcs, percent};
use super::sequence::Sequence;
use rayon::prelude::*;

/// The answer of a bounded search for the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// Position and score of the best that was compared.
    pub nearest: Option<(usize, u32)>,
    /// Whether everything that could be better was compared, so that `nearest` is exact.
    pub is_complete: bool,
}

impl Corpus {
    /// The best of `candidates` for the sequence at `query`: its position and score, the first
    /// among equals. The result is exact, though unrelated candidates are rarely compared.
    pub fn nearest(
        &self,
        query: usize,
        candidates: impl IntoIterator<Item = usize>,
    ) -> Option<(usize, u32)> {
        self.nearest_within(query, candidates, u64::MAX).nearest
    }

    /// As [`Corpus::nearest`], visiting at most `max_cells` table cells; comparisons that would go
    /// beyond are left out and the answer says so.
    pub fn nearest_within(
        &self,
        query: usize,
        candidates: impl IntoIterator<Item = usize>,
        max_cells: u64,
    ) -> Search {
        let mut finder = Finder::new(self, max_cells);
        let nearest = finder.nearest(&self.items()[query], candidates);
        finder.answer(nearest)
    }

    /// The best of all sequences for a further one, as [`Corpus::nearest_within`] finds it.
    pub fn nearest_to(&self, sequence: &Sequence, max_cells: u64) -> Search {
        let mut finder = Finder::new(self, max_cells);
        let nearest = finder.nearest(&self.stranger(sequence), 0..self.len());
        finder.answer(nearest)
    }

    /// For each sequence the nearest of all others, in order; None if it is alone.
    pub fn nearest_of_each(&self) -> Vec<Option<(usize, u32)>> {
        self.nearest_of_first(self.len(), |_, _| true)
    }

    /// For each of the first `count` sequences the nearest of all others that it may be compared with.
    pub fn nearest_of_first(
        &self,
        count: usize,
        may_compare: impl Fn(usize, usize) -> bool + Sync,
    ) -> Vec<Option<(usize, u32)>> {
        (0..count.min(self.len()))
            .into_par_iter()
            .with_max_len(1)
            .map_init(
                || Finder::new(self, u64::MAX),
                |finder, query| {
                    let others = (0..self.len())
                        .filter(|&other| other != query && may_compare(query, other));
                    finder.nearest(&self.items()[query], others)
                },
            )
            .collect()
    }
}

/// A candidate that may win.
#[derive(Clone, Copy)]
struct Ranked {
    /// Its place among the candidates.
    order: u32,
    index: u32,
}

/// The best so far.
#[derive(Clone, Copy)]
struct Best {
    score: u32,
    order: u32,
    index: u32,
}

impl Best {
    /// The score that a candidate needs to take its place: one that comes earlier wins with an equal
    /// one.
    fn needed(best: Option<Best>, order: u32) -> u32 {
        best.map_or(0, |best| best.score + u32::from(order > best.order))
    }
}

struct Finder<'c> {
    corpus: &'c Corpus,
    machine: Machine,
    kernel: Kernel,
    query: Query,
    /// Candidates by the highest score that their bound allows.
    by_bound: [Vec<Ranked>; 101],
}

impl<'c> Finder<'c> {
    fn new(corpus: &'c Corpus, max_cells: u64) -> Finder<'c> {
        Finder {
            corpus,
            machine: Machine::detect(),
            kernel: Kernel::with_cells(corpus.symbol_count(), max_cells),
            query: Query::new(corpus.symbol_count()),
            by_bound: [const { Vec::new() }; 101],
        }
    }

    fn answer(&self, nearest: Option<(usize, u32)>) -> Search {
        Search {
            nearest,
            is_complete: !self.kernel.has_refused(),
        }
    }

    fn nearest(
        &mut self,
        one: &Item,
        candidates: impl IntoIterator<Item = usize>,
    ) -> Option<(usize, u32)> {
        let corpus = self.corpus;
        self.by_bound.iter_mut().for_each(Vec::clear);
        for (order, index) in (0..).zip(candidates) {
            let item = &corpus.items()[index];
            let longest = one.len().max(item.len());
            let bound = percent(one.common_at_most(self.machine, item), longest);
            self.by_bound[bound as usize].push(Ranked {
                order,
                index: index as u32,
            });
        }
        let mut best: Option<Best> = None;
        let mut is_set = None;
        for bound in (0..=100).rev() {
            if best.is_some_and(|best| bound < best.score) {
                break;
            }
            let mut open = std::mem::take(&mut self.by_bound[bound as usize]);
            // What is compared side by side should end together.
            open.sort_unstable_by_key(|r| (corpus.items()[r.index as usize].len(), r.order));
            // Four at a time, and whatever can no longer win is passed over.
            let mut rest = open.iter();
            loop {
                let may_win = |ranked: &&Ranked| bound >= Best::needed(best, ranked.order);
                let four: Vec<Ranked> =
                    rest.by_ref().filter(may_win).take(LANES).copied().collect();
                if four.is_empty() {
                    break;
                }
                self.compare(one, &four, &mut is_set, &mut best);
            }
            open.clear();
            self.by_bound[bound as usize] = open;
        }
        best.map(|best| (best.index as usize, best.score))
    }

    /// Compares four candidates at most, none of them ruled out.
    fn compare(
        &mut self,
        one: &Item,
        four: &[Ranked],
        is_set: &mut Option<bool>,
        best: &mut Option<Best>,
    ) {
        let corpus = self.corpus;
        let mut lanes: [&[u32]; LANES] = [&[]; LANES];
        let mut open: [Option<Ranked>; LANES] = [None; LANES];
        let mut count = 0;
        for &ranked in four {
            let item = &corpus.items()[ranked.index as usize];
            // Nothing has to be visited to know these.
            let known = match one.symbols == item.symbols {
                true => Some(one.len()),
                false if one.common_at_most(self.machine, item) == 0 => Some(0),
                false => None,
            };
            if let Some(length) = known {
                take(best, one, item, ranked, length);
            } else if one.differs_in_part(item) {
                self.compare_alone(one, ranked, best);
            } else {
                (lanes[count], open[count]) = (&item.symbols, Some(ranked));
                count += 1;
            }
        }
        let in_lanes = count > 1 && *is_set.get_or_insert_with(|| self.query.set(&one.symbols));
        let open = open.iter().flatten();
        if in_lanes
            && lanes
                .iter()
                .all(|lane| self.kernel.spend(one.len(), lane.len()))
        {
            for (&ranked, length) in open.zip(self.query.lcs(lanes)) {
                take(
                    best,
                    one,
                    &corpus.items()[ranked.index as usize],
                    ranked,
                    length,
                );
            }
            return;
        }
        if in_lanes {
            return;
        }
        for &ranked in open {
            self.compare_alone(one, ranked, best);
        }
    }

    fn compare_alone(&mut self, one: &Item, ranked: Ranked, best: &mut Option<Best>) {
        let item = &self.corpus.items()[ranked.index as usize];
        let needed = Best::needed(*best, ranked.order);
        if needed > 100 {
            return;
        }
        let least = least_lcs(needed, one.len().max(item.len()));
        if let Some(length) = self.kernel.lcs_at_least(&one.symbols, &item.symbols, least) {
            take(best, one, item, ranked, length);
        }
    }
}

/// Makes a candidate the best if it is.
fn take(best: &mut Option<Best>, one: &Item, item: &Item, ranked: Ranked, length: usize) {
    let score = one.score_of(item, length);
    if score >= Best::needed(*best, ranked.order) {
        *best = Some(Best {
            score,
            order: ranked.order,
            index: ranked.index,
        });
    }
}

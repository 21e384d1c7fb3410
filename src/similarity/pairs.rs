//! All pairs of a corpus, each compared only if nothing cheaper rules it out.

use super::corpus::{Corpus, Item};
use super::lcs::{Group, Kernel, LANES, Machine, Query};
use super::score::{least_lcs, percent};
use super::sequence::Sequence;
use rayon::prelude::*;

/// A compared pair of a [`Corpus`]: `left < right`, as positions in the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScoredPair {
    /// Position of the first.
    pub left: u32,
    /// Position of the second.
    pub right: u32,
    /// Percent of the service's rule.
    pub score: u32,
}

/// Patterns up to this many items are compared in groups.
const GROUPED_ITEMS: usize = 4096;
/// Texts that one task runs past a group: enough to be worth the group's preparation, few enough to
/// share the work out evenly.
const TASK_TEXTS: usize = 128;

impl Corpus {
    /// All pairs that score at least `min_score`, by first and then second position. Pairs that
    /// cannot reach it cost next to nothing.
    pub fn pairs(&self, min_score: u32) -> Vec<ScoredPair> {
        // By length, so that what is compared side by side ends together.
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_by_key(|&index| self.item(index).len());
        let rows: Vec<Vec<ScoredPair>> = match min_score {
            0 => self.every_pair(&order),
            1..=100 => self.pairs_above(&order, min_score),
            _ => Vec::new(),
        };
        let mut pairs = rows.concat();
        pairs.par_sort_unstable();
        pairs
    }

    /// As [`Corpus::pairs`], but of pairs with at least one of the first `count` sequences: each of them is
    /// a query for what comes after it, and the others are not compared with one another.
    pub fn pairs_with_first(&self, count: usize, min_score: u32) -> Vec<ScoredPair> {
        if count >= self.len() {
            return self.pairs(min_score);
        }
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_by_key(|&index| self.item(index).len());
        let tasks: Vec<(u32, &[u32])> = (0..count as u32)
            .flat_map(|one| order.chunks(TASK_TEXTS).map(move |others| (one, others)))
            .collect();
        let rows: Vec<Vec<ScoredPair>> = tasks
            .into_par_iter()
            .with_max_len(1)
            .map_init(
                || Workers::new(self),
                |workers, (one, others)| {
                    let others: Vec<u32> = others
                        .iter()
                        .copied()
                        .filter(|&other| other > one)
                        .collect();
                    let found = workers.row(self, self.item(one), &others, min_score);
                    let pair = |(other, score)| scored(one, other, score);
                    found.into_iter().map(pair).collect()
                },
            )
            .collect();
        let mut pairs = rows.concat();
        pairs.par_sort_unstable();
        pairs
    }

    /// Position and score of all sequences that score at least `min_score` with a further one, by
    /// position: what the further one adds to a finished comparison.
    pub fn scores_with(&self, sequence: &Sequence, min_score: u32) -> Vec<(usize, u32)> {
        let stranger = self.stranger(sequence);
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_by_key(|&index| self.item(index).len());
        let tasks = order.par_chunks(TASK_TEXTS).map_init(
            || Workers::new(self),
            |workers, others| workers.row(self, &stranger, others, min_score),
        );
        let mut scores: Vec<(usize, u32)> = tasks
            .flatten_iter()
            .map(|(index, score)| (index as usize, score))
            .collect();
        scores.sort_unstable();
        scores
    }

    fn item(&self, index: u32) -> &Item {
        &self.items()[index as usize]
    }

    /// Patterns in groups of four, each against all that are longer.
    fn every_pair(&self, order: &[u32]) -> Vec<Vec<ScoredPair>> {
        let grouped = order.partition_point(|&index| self.item(index).len() <= GROUPED_ITEMS);
        let (grouped, long) = order.split_at(grouped);
        let tasks: Vec<(usize, usize)> = (0..grouped.len())
            .step_by(LANES)
            .flat_map(|group| {
                (group..order.len())
                    .step_by(TASK_TEXTS)
                    .map(move |text| (group, text))
            })
            .collect();
        let mut rows: Vec<Vec<ScoredPair>> = tasks
            .into_par_iter()
            .with_max_len(1)
            .map_init(
                || Workers::new(self),
                |workers, (group, text)| {
                    let patterns = &grouped[group..grouped.len().min(group + LANES)];
                    let texts = &order[text..order.len().min(text + TASK_TEXTS)];
                    workers.group(self, patterns, texts)
                },
            )
            .collect();
        let long_pairs: Vec<(u32, u32)> = (0..long.len())
            .flat_map(|at| long[at + 1..].iter().map(move |&other| (long[at], other)))
            .collect();
        rows.push(
            long_pairs
                .into_par_iter()
                .with_max_len(1)
                .map_init(
                    || self.kernel(),
                    |kernel, (left, right)| self.pair(kernel, left, right),
                )
                .collect(),
        );
        rows
    }

    fn pair(&self, kernel: &mut Kernel, left: u32, right: u32) -> ScoredPair {
        let (a, b) = (self.item(left), self.item(right));
        let length = kernel.lcs_at_least(&a.symbols, &b.symbols, 0).unwrap_or(0);
        scored(left, right, a.score_of(b, length))
    }

    /// Each sequence as a query against those of the longer ones that its length allows.
    fn pairs_above(&self, order: &[u32], min_score: u32) -> Vec<Vec<ScoredPair>> {
        (0..order.len())
            .into_par_iter()
            .with_max_len(1)
            .map_init(
                || Workers::new(self),
                |workers, at| {
                    let (left, longer) = (order[at], &order[at + 1..]);
                    let len = self.item(left).len();
                    let end = longer.partition_point(|&other| {
                        percent(len, self.item(other).len()) >= min_score
                    });
                    let found = workers.row(self, self.item(left), &longer[..end], min_score);
                    let pair = |(right, score)| scored(left, right, score);
                    found.into_iter().map(pair).collect()
                },
            )
            .collect()
    }
}

fn scored(one: u32, other: u32, score: u32) -> ScoredPair {
    ScoredPair {
        left: one.min(other),
        right: one.max(other),
        score,
    }
}

/// What a thread compares with.
struct Workers {
    machine: Machine,
    kernel: Kernel,
    query: Query,
    group: Group,
}

impl Workers {
    fn new(corpus: &Corpus) -> Workers {
        let symbols = corpus.symbol_count();
        Workers {
            machine: Machine::detect(),
            kernel: Kernel::new(symbols),
            query: Query::new(symbols),
            group: Group::new(symbols),
        }
    }

    /// The pairs of at most four patterns with the texts that come after them.
    fn group(&mut self, corpus: &Corpus, patterns: &[u32], texts: &[u32]) -> Vec<ScoredPair> {
        let mut pairs = Vec::with_capacity(patterns.len() * texts.len());
        let mut symbols: [&[u32]; LANES] = [&[]; LANES];
        for (place, &pattern) in symbols.iter_mut().zip(patterns) {
            *place = &corpus.item(pattern).symbols;
        }
        let is_set = self.group.set(symbols);
        for &text in texts {
            // Of the group itself, each is the text for those before it.
            let before = patterns.iter().position(|&pattern| pattern == text);
            let patterns = &patterns[..before.unwrap_or(patterns.len())];
            if patterns.is_empty() {
                continue;
            }
            if !is_set {
                let all = patterns
                    .iter()
                    .map(|&one| corpus.pair(&mut self.kernel, one, text));
                pairs.extend(all);
                continue;
            }
            let item = corpus.item(text);
            let lengths = self.group.lcs(&item.symbols);
            pairs.extend(patterns.iter().zip(lengths).map(|(&pattern, length)| {
                scored(pattern, text, corpus.item(pattern).score_of(item, length))
            }));
        }
        pairs
    }

    /// Those of the others that score at least `min_score` with one.
    fn row(
        &mut self,
        corpus: &Corpus,
        one: &Item,
        others: &[u32],
        min_score: u32,
    ) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        let wanted: Vec<u32> = others
            .iter()
            .copied()
            .filter(|&other| {
                let item = corpus.item(other);
                let most = one.common_at_most(self.machine, item);
                let score = one.score_of(item, most);
                if most == 0 && score >= min_score {
                    found.push((other, score));
                }
                most > 0 && score >= min_score
            })
            .collect();
        // What differs in one place is soon compared where it differs; a query goes through all of it.
        let (near, far): (Vec<u32>, Vec<u32>) = wanted
            .iter()
            .partition(|&&other| one.differs_in_part(corpus.item(other)));
        // A few comparisons are not worth a query's preparation.
        let is_set = far.len() >= LANES / 2 && self.query.set(&one.symbols);
        let near = near.chunks(LANES).map(|four| (four, false));
        for (four, as_query) in near.chain(far.chunks(LANES).map(|four| (four, is_set))) {
            let lengths = self.lengths(corpus, one, four, min_score, as_query);
            for (&other, length) in four.iter().zip(lengths) {
                let score = one.score_of(corpus.item(other), length);
                if score >= min_score {
                    found.push((other, score));
                }
            }
        }
        found
    }

    /// Common lengths; 0 where `min_score` cannot be reached.
    fn lengths(
        &mut self,
        corpus: &Corpus,
        one: &Item,
        four: &[u32],
        min_score: u32,
        as_query: bool,
    ) -> [usize; LANES] {
        if as_query && four.len() > 1 {
            let mut texts: [&[u32]; LANES] = [&[]; LANES];
            for (place, &other) in texts.iter_mut().zip(four) {
                *place = &corpus.item(other).symbols;
            }
            return self.query.lcs(texts);
        }
        let mut lengths = [0; LANES];
        for (length, &other) in lengths.iter_mut().zip(four) {
            let item = corpus.item(other);
            let least = least_lcs(min_score, one.len().max(item.len()));
            *length = self
                .kernel
                .lcs_at_least(&one.symbols, &item.symbols, least)
                .unwrap_or(0);
        }
        lengths
    }
}

//! How alike conversations open: the similarity of every pair, without visiting every pair's words.
//!
//! Conversations with the same message count and the same words in their first message behave
//! alike towards all others, so pairs are taken between such groups ([`keys`]). How many words a group
//! shares with each other one is counted from its words: those that many groups use are bits per group,
//! counted hundreds of groups at a time ([`planes`]); each other word lists its groups ([`index`]).
//! Groups stand in order of message count, so that those a group can be compared with follow one
//! another, and then of the number of words: what a pair adds to the mean depends on the two numbers
//! of words and on how many are common, so of pairs with the same first two only how often each third
//! occurs is counted.

mod index;
mod keys;
mod number;
mod planes;

use super::sum::ExactSum;
use crate::dataset::Conversation;
use index::{Index, Indexing};
use keys::{Group, Keyed};
use number::Number;
use rayon::prelude::*;
use std::ops::Range;

/// The groups of a dataset and what is needed to compare them.
pub(super) struct Openings {
    groups: Vec<Group>,
    conversations: usize,
    /// Per group, how many conversations it has.
    sizes: Vec<u32>,
    /// Runs of groups with as many messages and words, in order.
    runs: Vec<Range<usize>>,
    index: AnyIndex,
}

/// In the smaller numbers wherever these suffice.
enum AnyIndex {
    Small(Index<u16>),
    Large(Index<u32>),
}

/// Runs of fewer groups are not counted but added pair by pair: a table is worth it from some length
/// on, and tables of many short runs would be many.
const COUNTED_RUN: usize = 16;

/// At most so many groups are compared with all others by one task: the more there are, the more often
/// what one reads is still in the processor's cache for the next.
const TASK: usize = 128;

/// Counts that a task may take.
const TASK_COUNTS: usize = 1 << 21;

impl Openings {
    pub(super) fn new(conversations: &[Conversation]) -> Openings {
        let mut keyed = Keyed::new(conversations);
        let found = std::mem::take(&mut keyed.groups);
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by_key(|&at| (found[at].messages, found[at].words));
        let mut ranks = vec![0u32; found.len()];
        for (rank, &at) in (0..).zip(&order) {
            ranks[at] = rank;
        }
        let mut ranked: Vec<(u32, Group)> = ranks.iter().copied().zip(found).collect();
        ranked.sort_unstable_by_key(|&(rank, _)| rank);
        let groups: Vec<Group> = ranked.into_iter().map(|(_, group)| group).collect();
        let index = match fits::<u16>(&groups) {
            true => AnyIndex::Small(index_of(keyed, &ranks)),
            false => AnyIndex::Large(index_of(keyed, &ranks)),
        };
        let same = |a: &Group, b: &Group| (a.messages, a.words) == (b.messages, b.words);
        let mut start = 0;
        let runs = groups
            .chunk_by(same)
            .map(|run| {
                start += run.len();
                start - run.len()..start
            })
            .collect();
        Openings {
            sizes: groups
                .iter()
                .map(|group| group.members.len() as u32)
                .collect(),
            groups,
            conversations: conversations.len(),
            runs,
            index,
        }
    }

    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The mean similarity over all pairs of conversations, 0 if there is none: the exact sum of
    /// the pairs' binary64 values, rounded once, over their number.
    pub(super) fn mean_similarity(&self) -> f64 {
        let pairs = pair_count(self.conversations);
        if pairs == 0 {
            return 0.0;
        }
        let sum = match &self.index {
            AnyIndex::Small(index) => self.sum(index),
            AnyIndex::Large(index) => self.sum(index),
        };
        sum.value() / pairs as f64
    }

    fn sum<N: Number>(&self, index: &Index<N>) -> ExactSum {
        self.tasks(index)
            .into_par_iter()
            .map_init(Vec::new, |shared, lefts| self.sum_of(index, lefts, shared))
            .reduce(ExactSum::default, ExactSum::merge)
    }

    /// Ranges of groups that share the work out evenly enough.
    fn tasks<N: Number>(&self, index: &Index<N>) -> Vec<Range<usize>> {
        let most = (TASK_COUNTS / index.room().max(1)).clamp(1, TASK);
        (0..self.groups.len())
            .step_by(most)
            .map(|start| start..(start + most).min(self.groups.len()))
            .collect()
    }

    /// The sum over the pairs of some groups with themselves and later ones.
    fn sum_of<N: Number>(
        &self,
        index: &Index<N>,
        lefts: Range<usize>,
        shared: &mut Vec<N>,
    ) -> ExactSum {
        let mut tables = Tables::new(self);
        let mut sum = ExactSum::default();
        self.count_shared(index, lefts.clone(), shared);
        for (left, shared) in lefts.zip(shared.chunks(index.room())) {
            let group = &self.groups[left];
            if group.words == 0 {
                continue;
            }
            let count = group.members.len() as u64;
            sum.add(1.0, pair_count(group.members.len()));
            let others = self.others(left);
            let first_run = self.runs.partition_point(|run| run.end <= others.start);
            for (number, run) in self.runs.iter().enumerate().skip(first_run) {
                let run = run.start.max(others.start)..run.end.min(others.end);
                if run.is_empty() {
                    break;
                }
                let both = &shared[run.clone()];
                let pairs = both
                    .iter()
                    .zip(&self.sizes[run])
                    .map(|(&both, &size)| (both.get() as usize, count * u64::from(size)));
                match tables.of(number, group.words, &mut sum) {
                    Some(table) => pairs.for_each(|(both, times)| {
                        if let Some(counted) = table.get_mut(both) {
                            *counted += times;
                        }
                    }),
                    None => pairs.for_each(|(both, times)| {
                        let words = self.words_of(number);
                        sum.add(similarity(group.words, words, both), times);
                    }),
                }
            }
        }
        tables.empty_into(&mut sum);
        sum
    }

    /// Shows every pair of groups whose similarity is not 0.
    pub(super) fn visit<T: Send>(
        &self,
        empty: impl Fn() -> T + Sync,
        merge: impl Fn(T, T) -> T + Sync,
        see: impl Fn(&mut T, &PairOfGroups) + Sync,
    ) -> T {
        match &self.index {
            AnyIndex::Small(index) => self.visit_in(index, empty, merge, see),
            AnyIndex::Large(index) => self.visit_in(index, empty, merge, see),
        }
    }

    fn visit_in<N: Number, T: Send>(
        &self,
        index: &Index<N>,
        empty: impl Fn() -> T + Sync,
        merge: impl Fn(T, T) -> T + Sync,
        see: impl Fn(&mut T, &PairOfGroups) + Sync,
    ) -> T {
        self.tasks(index)
            .into_par_iter()
            .map_init(Vec::new, |shared, lefts| {
                let mut found = empty();
                self.count_shared(index, lefts.clone(), shared);
                for (left, shared) in lefts.zip(shared.chunks(index.room())) {
                    self.row(left, shared, |pair| see(&mut found, &pair));
                }
                found
            })
            .reduce(&empty, &merge)
    }

    /// Shows one group's pairs with later ones, of which `shared` says how many words they have in common.
    fn row<N: Number>(&self, left: usize, shared: &[N], mut see: impl FnMut(PairOfGroups)) {
        let words = self.groups[left].words;
        for right in self.others(left) {
            let both = shared[right].get() as usize;
            if both > 0 {
                see(PairOfGroups {
                    left,
                    right,
                    similarity: similarity(words, self.groups[right].words, both),
                });
            }
        }
    }

    /// The later groups that a group can be compared with.
    fn others(&self, left: usize) -> Range<usize> {
        // They have as many messages or more; twice as many is the most that compares.
        let most = self.groups[left].messages.saturating_mul(2);
        let end = self.groups.partition_point(|other| other.messages <= most);
        left + 1..end.max(left + 1)
    }

    /// Counts the words that each of some groups has in common with those it can be compared with.
    fn count_shared<N: Number>(&self, index: &Index<N>, lefts: Range<usize>, shared: &mut Vec<N>) {
        shared.clear();
        shared.resize(lefts.len() * index.room(), N::default());
        let end = lefts
            .clone()
            .next_back()
            .map_or(0, |last| self.others(last).end);
        index.count(lefts, end, shared);
    }

    /// Words of the groups of a run.
    fn words_of(&self, run: usize) -> usize {
        let first = self.runs.get(run).map_or(0, |run| run.start);
        self.groups.get(first).map_or(0, |group| group.words)
    }
}

/// Whether the groups' numbers and what two of them have in common can be such numbers.
fn fits<N: Number>(groups: &[Group]) -> bool {
    // What two groups have in common is more only if each of them has more.
    let many = groups.iter().filter(|group| group.words > N::MOST);
    groups.len() <= N::MARK as usize && many.count() < 2
}

/// `ranks` says where each of the groups stands.
fn index_of<N: Number>(keyed: Keyed, ranks: &[u32]) -> Index<N> {
    let mut indexing = Indexing::new(ranks.len());
    // Each part's room is given back before the next one is indexed.
    for part in keyed.short {
        indexing.add(part, ranks);
    }
    for part in keyed.long {
        indexing.add(part, ranks);
    }
    indexing.finish()
}

/// The Jaccard index of two sets of these sizes with so many words in both.
fn similarity(left: usize, right: usize, both: usize) -> f64 {
    both as f64 / (left + right - both) as f64
}

/// How often groups of one number of words have how many in common with those of each run.
struct Tables<'o> {
    openings: &'o Openings,
    /// Words of the groups counted.
    words: usize,
    /// By run; empty where nothing was counted yet.
    counts: Vec<Vec<u64>>,
}

impl<'o> Tables<'o> {
    fn new(openings: &'o Openings) -> Tables<'o> {
        Tables {
            openings,
            words: 0,
            counts: vec![Vec::new(); openings.runs.len()],
        }
    }

    /// The table of a run for groups of so many words; None if the run is too short for one. What was
    /// counted for another number of words goes into the sum.
    fn of(&mut self, run: usize, words: usize, sum: &mut ExactSum) -> Option<&mut [u64]> {
        if self.openings.runs.get(run)?.len() < COUNTED_RUN {
            return None;
        }
        if self.words != words {
            self.empty_into(sum);
            self.words = words;
        }
        let most = words.min(self.openings.words_of(run));
        let table = self.counts.get_mut(run)?;
        table.resize(most + 1, 0);
        Some(table)
    }

    fn empty_into(&mut self, sum: &mut ExactSum) {
        for (run, table) in self.counts.iter_mut().enumerate() {
            let words = self.openings.words_of(run);
            for (both, times) in table.drain(..).enumerate().filter(|&(_, times)| times > 0) {
                sum.add(similarity(self.words, words, both), times);
            }
        }
    }
}

/// Two different groups.
pub(super) struct PairOfGroups {
    pub left: usize,
    pub right: usize,
    /// Of any conversation of one with any of the other, in (0, 1].
    pub similarity: f64,
}

fn pair_count(items: usize) -> u64 {
    let items = items as u64;
    items * items.saturating_sub(1) / 2
}

//! How alike conversations open: the similarity of every pair, without visiting every pair's words.
//!
//! Conversations with the same message count and the same words in their first message behave
//! alike towards all others, so pairs are taken between such groups. Words of two groups are
//! intersected in two ways: words that many groups use are bits in a row per group, counted many
//! at a time; for the others each word lists its groups. Groups stand in order of message count,
//! so that those a group can be compared with are a run.

use super::sum::ExactSum;
use crate::dataset::Conversation;
use crate::text::PyStr;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// Conversations that no pair can tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// How many messages each has.
    pub messages: usize,
    /// Indices into the dataset, ascending.
    pub members: Vec<usize>,
    /// How many distinct words the first message has.
    pub words: usize,
}

/// The groups of a dataset and what is needed to compare them.
pub(super) struct Openings {
    groups: Vec<Group>,
    conversations: usize,
    /// Per group, `row_len` words of 64 bits: which common words it has.
    rows: Vec<u64>,
    row_len: usize,
    /// Per group, its other words.
    rare: Vec<Vec<u32>>,
    /// Per rare word, the groups that have it, ascending.
    lists: Vec<Vec<u32>>,
}

/// A word becomes a bit when more than one in this many groups has it.
const COMMON_SHARE: usize = 8;

/// Groups compared by one task.
const TASK: usize = 64;

impl Openings {
    pub(super) fn new(conversations: &[Conversation]) -> Openings {
        let words: Vec<Vec<Box<[u8]>>> = conversations.par_iter().map(opening_words).collect();
        let mut numbers: HashMap<&[u8], u32> = HashMap::new();
        let mut sets: BTreeMap<(usize, Vec<u32>), Vec<usize>> = BTreeMap::new();
        for (index, (conversation, words)) in conversations.iter().zip(&words).enumerate() {
            let mut set = Vec::with_capacity(words.len());
            for word in words {
                let next = numbers.len() as u32;
                set.push(*numbers.entry(word).or_insert(next));
            }
            set.sort_unstable();
            sets.entry((conversation.messages.len(), set))
                .or_default()
                .push(index);
        }
        let vocabulary = numbers.len();
        let (groups, sets): (Vec<Group>, Vec<Vec<u32>>) = sets
            .into_iter()
            .map(|((messages, set), members)| {
                (
                    Group {
                        messages,
                        members,
                        words: set.len(),
                    },
                    set,
                )
            })
            .unzip();
        Self::index(groups, sets, vocabulary, conversations.len())
    }

    fn index(
        groups: Vec<Group>,
        sets: Vec<Vec<u32>>,
        vocabulary: usize,
        conversations: usize,
    ) -> Openings {
        let mut lists: Vec<Vec<u32>> = vec![Vec::new(); vocabulary];
        for (group, set) in (0u32..).zip(&sets) {
            for &word in set {
                lists[word as usize].push(group);
            }
        }
        let is_common =
            |list: &Vec<u32>| list.len() > 1 && list.len() * COMMON_SHARE > groups.len();
        let row_len = lists
            .iter()
            .filter(|list| is_common(list))
            .count()
            .div_ceil(64);
        let mut rows = vec![0u64; row_len * groups.len()];
        for (bit, list) in lists.iter_mut().filter(|list| is_common(list)).enumerate() {
            for group in std::mem::take(list) {
                rows[group as usize * row_len + bit / 64] |= 1 << (bit % 64);
            }
        }
        // What is left of a set are the words another group has too and that are not bits.
        let rare = sets
            .into_iter()
            .map(|set| {
                set.into_iter()
                    .filter(|&word| lists[word as usize].len() > 1)
                    .collect()
            })
            .collect();
        Openings {
            groups,
            conversations,
            rows,
            row_len,
            rare,
            lists,
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
        let sum = self.visit(ExactSum::default, ExactSum::merge, |sum, pair| {
            sum.add(pair.similarity, pair.pairs);
        });
        sum.value() / pairs as f64
    }

    /// Shows every pair of groups, and every group with itself, whose similarity is not 0.
    pub(super) fn visit<T: Send>(
        &self,
        empty: impl Fn() -> T + Sync,
        merge: impl Fn(T, T) -> T + Sync,
        see: impl Fn(&mut T, &PairOfGroups) + Sync,
    ) -> T {
        let tasks: Vec<Range<usize>> = (0..self.groups.len())
            .step_by(TASK)
            .map(|start| start..(start + TASK).min(self.groups.len()))
            .collect();
        tasks
            .into_par_iter()
            .map(|rows| {
                let mut shared = vec![0u32; self.groups.len()];
                let mut found = empty();
                for left in rows {
                    self.row(left, &mut shared, |pair| see(&mut found, &pair));
                }
                found
            })
            .reduce(&empty, &merge)
    }

    /// Shows one group's pairs with itself and later ones. `shared` is all zeros before and after.
    fn row(&self, left: usize, shared: &mut [u32], mut see: impl FnMut(PairOfGroups)) {
        let group = &self.groups[left];
        if group.words == 0 {
            return;
        }
        let count = group.members.len();
        if count > 1 {
            see(PairOfGroups {
                left,
                right: left,
                similarity: 1.0,
                pairs: pair_count(count),
            });
        }
        // Later groups have as many messages or more; twice as many is the most that compares.
        let end = self
            .groups
            .partition_point(|other| other.messages <= 2 * group.messages);
        for &word in &self.rare[left] {
            let list = &self.lists[word as usize];
            let later = list.partition_point(|&other| other as usize <= left);
            for &other in &list[later..] {
                shared[other as usize] += 1;
            }
        }
        let bits = self.bits(left);
        let others = self.groups.iter().zip(&*shared).enumerate();
        for (right, (other, &rare)) in others.take(end).skip(left + 1) {
            let common: u32 = bits
                .iter()
                .zip(self.bits(right))
                .map(|(a, b)| (a & b).count_ones())
                .sum();
            let both = (rare + common) as usize;
            if both > 0 {
                let either = group.words + other.words - both;
                let similarity = both as f64 / either as f64;
                let pairs = count as u64 * other.members.len() as u64;
                see(PairOfGroups {
                    left,
                    right,
                    similarity,
                    pairs,
                });
            }
        }
        shared[left + 1..].fill(0);
    }

    fn bits(&self, group: usize) -> &[u64] {
        &self.rows[group * self.row_len..(group + 1) * self.row_len]
    }
}

/// Two groups, or one twice.
pub(super) struct PairOfGroups {
    pub left: usize,
    pub right: usize,
    /// Of any conversation of one with any of the other, in (0, 1].
    pub similarity: f64,
    /// How many pairs of conversations that is.
    pub pairs: u64,
}

fn pair_count(items: usize) -> u64 {
    let items = items as u64;
    items * items.saturating_sub(1) / 2
}

/// The distinct lower-cased words of the first message.
fn opening_words(conversation: &Conversation) -> Vec<Box<[u8]>> {
    let lowered = conversation
        .messages
        .first()
        .map(|first| first.content.lower());
    let mut words: Vec<Box<[u8]>> = lowered
        .iter()
        .flat_map(PyStr::words)
        .map(Box::from)
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

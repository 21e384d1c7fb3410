//! How alike conversations open: the similarity of every pair, without visiting every pair's words.
//!
//! Conversations with the same message count and the same words in their first message behave
//! alike towards all others, so pairs are taken between such groups. Words of two groups are
//! intersected in two ways: words that many groups use are bits in a row per group, counted many
//! at a time; for the others each word lists its groups. Groups stand in order of message count, so
//! that those a group can be compared with follow one another, and then of the number of words: what
//! a pair adds to the mean depends on the two numbers of words and on how many are common, so of
//! pairs with the same first two only how often each third occurs is counted.

use super::bits::add_common;
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
    /// Per group, how many conversations it has.
    sizes: Vec<u32>,
    /// Runs of groups with as many messages and words, in order.
    runs: Vec<Range<usize>>,
    /// Per group, `row_len` words of 64 bits: which common words it has.
    rows: Vec<u64>,
    row_len: usize,
    /// Per group, its other words.
    rare: Vec<Vec<u32>>,
    /// Per rare word, the groups that have it, ascending.
    lists: Vec<Vec<u32>>,
}

/// A word becomes a bit when more than one in this many groups has it. Measured: a bit costs every pair
/// a little, a list only the pairs of the groups in it, but those more.
const COMMON_SHARE: usize = 16;

/// Runs of fewer groups are not counted but added pair by pair: a table is worth it from some length
/// on, and tables of many short runs would be many.
const COUNTED_RUN: usize = 16;

/// Groups compared by one task.
const TASK: usize = 64;

impl Openings {
    pub(super) fn new(conversations: &[Conversation]) -> Openings {
        let words: Vec<OpeningWords> = conversations.par_iter().map(OpeningWords::of).collect();
        let mut numbers: HashMap<&[u8], u32> = HashMap::new();
        let mut sets: BTreeMap<(usize, usize, Vec<u32>), Vec<usize>> = BTreeMap::new();
        for (index, (conversation, words)) in conversations.iter().zip(&words).enumerate() {
            let words = words.iter();
            let mut set = Vec::with_capacity(words.len());
            for word in words {
                let next = numbers.len() as u32;
                set.push(*numbers.entry(word).or_insert(next));
            }
            set.sort_unstable();
            sets.entry((conversation.messages.len(), set.len(), set))
                .or_default()
                .push(index);
        }
        let vocabulary = numbers.len();
        let (groups, sets): (Vec<Group>, Vec<Vec<u32>>) = sets
            .into_iter()
            .map(|((messages, words, set), members)| {
                let group = Group {
                    messages,
                    members,
                    words,
                };
                (group, set)
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
            conversations,
            runs,
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
        let sum = self
            .tasks()
            .into_par_iter()
            .map(|lefts| self.sum_of(lefts))
            .reduce(ExactSum::default, ExactSum::merge);
        sum.value() / pairs as f64
    }

    /// Ranges of groups that share the work out evenly enough.
    fn tasks(&self) -> Vec<Range<usize>> {
        (0..self.groups.len())
            .step_by(TASK)
            .map(|start| start..(start + TASK).min(self.groups.len()))
            .collect()
    }

    /// The sum over the pairs of some groups with themselves and later ones.
    fn sum_of(&self, lefts: Range<usize>) -> ExactSum {
        let mut shared = vec![0u32; self.groups.len()];
        let mut tables = Tables::new(self);
        let mut sum = ExactSum::default();
        for left in lefts {
            let group = &self.groups[left];
            if group.words == 0 {
                continue;
            }
            let count = group.members.len() as u64;
            sum.add(1.0, pair_count(group.members.len()));
            let others = self.count_shared(left, &mut shared);
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
                    .map(|(&both, &size)| (both as usize, count * u64::from(size)));
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
            shared[others].fill(0);
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
        self.tasks()
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

    /// Shows one group's pairs with later ones. `shared` is all zeros before and after.
    fn row(&self, left: usize, shared: &mut [u32], mut see: impl FnMut(PairOfGroups)) {
        let group = &self.groups[left];
        if group.words == 0 {
            return;
        }
        let others = self.count_shared(left, shared);
        for right in others.clone() {
            let (other, both) = (&self.groups[right], shared[right] as usize);
            if both > 0 {
                see(PairOfGroups {
                    left,
                    right,
                    similarity: similarity(group.words, other.words, both),
                });
            }
        }
        shared[others].fill(0);
    }

    /// Counts the words that a group has in common with each later one it can be compared with, and
    /// says which those are. `shared` is all zeros before.
    fn count_shared(&self, left: usize, shared: &mut [u32]) -> Range<usize> {
        // Later groups have as many messages or more; twice as many is the most that compares.
        let most = self.groups[left].messages.saturating_mul(2);
        let end = self.groups.partition_point(|other| other.messages <= most);
        let others = left + 1..end.max(left + 1);
        for &word in &self.rare[left] {
            let list = &self.lists[word as usize];
            let later = list.partition_point(|&other| other as usize <= left);
            for &other in &list[later..] {
                shared[other as usize] += 1;
            }
        }
        shared[others.end..].fill(0);
        let rows = &self.rows[others.start * self.row_len..others.end * self.row_len];
        add_common(self.bits(left), rows, &mut shared[others.clone()]);
        others
    }

    /// Words of the groups of a run.
    fn words_of(&self, run: usize) -> usize {
        let first = self.runs.get(run).map_or(0, |run| run.start);
        self.groups.get(first).map_or(0, |group| group.words)
    }

    fn bits(&self, group: usize) -> &[u64] {
        &self.rows[group * self.row_len..(group + 1) * self.row_len]
    }
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

/// The distinct lower-cased words of a first message. Places in one text: a box for each word would take
/// several times the dataset.
struct OpeningWords {
    lowered: PyStr,
    words: Vec<Range<u32>>,
}

impl OpeningWords {
    fn of(conversation: &Conversation) -> OpeningWords {
        let first = conversation.messages.first();
        let lowered = first.map(|first| first.content.lower()).unwrap_or_default();
        let start = lowered.as_bytes().as_ptr().addr();
        let mut words: Vec<Range<u32>> = lowered
            .words()
            .map(|word| {
                // A line of a dataset is at most a gibibyte long.
                let at = (word.as_ptr().addr() - start) as u32;
                at..at + word.len() as u32
            })
            .collect();
        let bytes = lowered.as_bytes();
        words.sort_unstable_by(|a, b| text_at(bytes, a).cmp(text_at(bytes, b)));
        words.dedup_by(|a, b| text_at(bytes, a) == text_at(bytes, b));
        words.shrink_to_fit();
        OpeningWords { lowered, words }
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.words
            .iter()
            .map(|place| text_at(self.lowered.as_bytes(), place))
    }
}

fn text_at<'t>(bytes: &'t [u8], place: &Range<u32>) -> &'t [u8] {
    bytes
        .get(place.start as usize..place.end as usize)
        .unwrap_or_default()
}

//! Which groups have a word in common with a group, found from its words.
//!
//! A word that only one group has is in no pair. One that many have becomes a bit of each group;
//! for the others the groups are listed one after the other, and each group knows where, in the lists
//! it is in, those after it begin.

use super::keys::{Key, Part};
use super::number::Number;
use super::planes::{BLOCK, Maps};
use std::ops::Range;

/// A word becomes bits when at least one in this many groups has it. From about there on reading them
/// takes no longer than a list, which by then is as large.
const COMMON_SHARE: usize = 32;

/// Among the rests of lists, marks one that is a single group, which stands there itself.
const ALONE: u32 = 1 << 31;

/// What the words of some groups have in common.
pub(super) struct Index<N> {
    groups: usize,
    /// The words that many groups have.
    maps: Maps,
    /// Per group, which of these it has.
    common: Rows,
    /// Of each other word that more than two groups have, these groups, ascending, the last
    /// with its mark.
    lists: Vec<N>,
    /// Per group, where in `lists` the groups after it begin.
    rests: Rows,
}

impl<N: Number> Index<N> {
    /// How many counts [`Index::count`] takes for each group.
    pub(super) fn room(&self) -> usize {
        self.groups.next_multiple_of(BLOCK)
    }

    /// Adds to the counts of each of some groups how many words it has in common with each group after it and
    /// before `end`. What it adds to others means nothing.
    pub(super) fn count(&self, lefts: Range<usize>, end: usize, counts: &mut [N]) {
        let room = self.room();
        for (left, counts) in lefts.clone().zip(counts.chunks_mut(room)) {
            self.count_listed(left, counts);
        }
        // Block by block, so that what all these groups read of it stays in the processor's cache.
        for block in (lefts.start + 1) / BLOCK..end.div_ceil(BLOCK) {
            for (left, counts) in lefts.clone().zip(counts.chunks_mut(room)) {
                let counts = &mut counts[block * BLOCK..(block + 1) * BLOCK];
                self.maps.add(self.common.of(left), block, counts);
            }
        }
    }

    fn count_listed(&self, left: usize, counts: &mut [N]) {
        for &rest in self.rests.of(left) {
            if rest & ALONE != 0 {
                counts[(rest ^ ALONE) as usize].add(1);
                continue;
            }
            for other in &self.lists[rest as usize..] {
                counts[(other.get() & !N::MARK) as usize].add(1);
                if other.get() & N::MARK != 0 {
                    break;
                }
            }
        }
    }
}

/// Builds an [`Index`] part by part.
pub(super) struct Indexing<N> {
    groups: usize,
    maps: Maps,
    lists: Vec<N>,
    /// Of words that two groups have, these two.
    twos: Vec<[N; 2]>,
}

impl<N: Number> Indexing<N> {
    pub(super) fn new(groups: usize) -> Indexing<N> {
        Indexing {
            groups,
            maps: Maps::new(groups),
            lists: Vec::new(),
            twos: Vec::new(),
        }
    }

    /// Adds the words of a part. `ranks` says which group each of its groups is.
    pub(super) fn add<K: Key>(&mut self, part: Part<K>, ranks: &[u32]) {
        let mut keys = part.keys.iter();
        let mut entries: Vec<(K, u32)> = Vec::with_capacity(part.keys.len());
        for (&count, &rank) in part.counts.iter().zip(ranks) {
            let keys = keys.by_ref().take(count as usize);
            entries.extend(keys.map(|&key| (key, rank)));
        }
        drop(part);
        entries.sort_unstable();
        for word in entries.chunk_by(|a, b| a.0 == b.0) {
            self.add_word(word.iter().map(|&(_, group)| group));
        }
    }

    /// Adds a word that these groups have, ascending.
    fn add_word(&mut self, groups: impl ExactSizeIterator<Item = u32>) {
        let count = groups.len();
        if count < 2 {
            return;
        }
        // Places in lists have no more than 31 bits; what does not fit is right as bits, too.
        let is_full = self.lists.len() + count > ALONE as usize;
        if count * COMMON_SHARE >= self.groups || is_full {
            self.maps.push(groups);
            return;
        }
        let start = self.lists.len();
        self.lists.extend(groups.map(N::new));
        if let [one, other] = self.lists[start..] {
            self.lists.truncate(start);
            self.twos.push([one, other]);
        } else if let Some(last) = self.lists.last_mut() {
            last.add(N::MARK);
        }
    }
}

impl<N: Number> Indexing<N> {
    pub(super) fn finish(self) -> Index<N> {
        let Indexing {
            groups,
            maps,
            mut lists,
            mut twos,
        } = self;
        lists.shrink_to_fit();
        twos.shrink_to_fit();
        let rests = Rows::new(groups, || {
            let twos = twos
                .iter()
                .map(|&[one, other]| (one.get(), other.get() | ALONE));
            let longer = (1..).zip(lists.iter().map(|group| group.get()));
            let followed = longer.filter(|(_, group)| group & N::MARK == 0);
            twos.chain(followed.map(|(next, group)| (group, next)))
        });
        drop(twos);
        let common = Rows::new(groups, || {
            let words = (0..).zip(maps.lists());
            words.flat_map(|(word, list)| list.map(move |group| (group as u32, word)))
        });
        Index {
            groups,
            maps,
            common,
            lists,
            rests,
        }
    }
}

/// Rows of numbers, one after the other.
struct Rows {
    /// Where each begins, and where the last ends.
    starts: Vec<usize>,
    items: Vec<u32>,
}

impl Rows {
    /// Items with the row each is to stand in; in a row they keep their order.
    fn new<I: Iterator<Item = (u32, u32)>>(rows: usize, items: impl Fn() -> I) -> Rows {
        let mut starts = vec![0; rows + 1];
        for (row, _) in items() {
            starts[row as usize + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut sorted = vec![0; starts[rows]];
        let mut next = starts.clone();
        for (row, item) in items() {
            let next = &mut next[row as usize];
            sorted[*next] = item;
            *next += 1;
        }
        Rows {
            starts,
            items: sorted,
        }
    }

    fn of(&self, row: usize) -> &[u32] {
        &self.items[self.starts[row]..self.starts[row + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn counted<N: Number>(sets: &[BTreeSet<u64>], ranks: &[u32], step: usize) -> Vec<Vec<u32>> {
        let mut indexing = Indexing::<N>::new(sets.len());
        // Two parts, as if words lay there by their last bit.
        for bit in 0..2 {
            let of = |set: &BTreeSet<u64>| set.iter().filter(|&key| key % 2 == bit).count() as u32;
            let all = sets.iter().flatten().copied();
            let part = Part {
                keys: all.filter(|key| key % 2 == bit).collect(),
                counts: sets.iter().map(of).collect(),
            };
            indexing.add(part, ranks);
        }
        let index = indexing.finish();
        let mut found = Vec::new();
        for start in (0..sets.len()).step_by(step) {
            let lefts = start..(start + step).min(sets.len());
            let mut counts = vec![N::default(); lefts.len() * index.room()];
            index.count(lefts.clone(), sets.len(), &mut counts);
            found.extend(
                lefts
                    .zip(counts.chunks(index.room()))
                    .map(|(left, counts)| {
                        let later = &counts[left + 1..sets.len()];
                        later.iter().map(|count| count.get()).collect::<Vec<_>>()
                    }),
            );
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn words_in_common_are_counted_however_many_have_them(
            (sets, ranks) in prop_oneof![1usize..60, 500usize..530, 1000usize..1100]
                .prop_flat_map(|groups| {
                    // Words below 4 are in nearly every set, those from 1000 on in next to none.
                    let word = prop_oneof![0u64..4, 10u64..60, 100u64..300, 1000u64..9000];
                    let sets = prop::collection::vec(prop::collection::btree_set(word, 0..12), groups);
                    (sets, Just((0..groups as u32).collect::<Vec<u32>>()).prop_shuffle())
                }),
            step in 1usize..200,
        ) {
            let mut ranked = sets.clone();
            for (set, &rank) in sets.iter().zip(&ranks) {
                ranked[rank as usize] = set.clone();
            }
            let expected: Vec<Vec<u32>> = (0..sets.len())
                .map(|left| {
                    let both = |other| ranked[left].intersection(other).count() as u32;
                    ranked[left + 1..].iter().map(both).collect()
                })
                .collect();
            prop_assert_eq!(&counted::<u16>(&sets, &ranks, step), &expected);
            prop_assert_eq!(&counted::<u32>(&sets, &ranks, step), &expected);
        }
    }
}

//! Which groups have a word as bits, and how many of some words each group has: 512 groups at a time,
//! their counts held as binary digits, one plane of bits for each place.
#![allow(
    unsafe_code,
    reason = "calling a function compiled for instructions that not every processor has is unsafe; it \
              happens once, right after they were looked for"
)]

use super::number::Number;

/// Bits of 256 groups: what a wide register holds.
type Half = [u64; 4];

/// Bits of 512 groups: what the processor's cache fetches at a time.
type Block = [Half; 2];

/// Groups of a block.
pub(super) const BLOCK: usize = 512;

/// Digits a count may have.
const PLACES: usize = 32;

/// Words added before their sum is carried on.
const AT_ONCE: usize = 8;

/// For each of some words, a bit per group.
#[derive(Debug, Clone, Default)]
pub(super) struct Maps {
    /// For each 512 groups, every word's bits.
    columns: Vec<Vec<Block>>,
}

impl Maps {
    pub(super) fn new(groups: usize) -> Maps {
        Maps {
            columns: vec![Vec::new(); groups.div_ceil(BLOCK)],
        }
    }

    /// Adds a word that these groups have.
    pub(super) fn push(&mut self, groups: impl Iterator<Item = u32>) {
        for column in &mut self.columns {
            column.push([[0; 4]; 2]);
        }
        for group in groups {
            let (column, bit) = (group as usize / BLOCK, group as usize % BLOCK);
            if let Some(block) = self.columns[column].last_mut() {
                block[bit / 256][bit % 256 / 64] |= 1 << (bit % 64);
            }
        }
    }

    /// Per word, the groups that have it, ascending.
    pub(super) fn lists(&self) -> impl Iterator<Item = impl Iterator<Item = usize>> {
        let words = self.columns.first().map_or(0, Vec::len);
        (0..words).map(|word| {
            let blocks = self
                .columns
                .iter()
                .filter_map(move |column| column.get(word));
            let lanes = blocks.flatten().flatten().enumerate();
            lanes.flat_map(|(lane, &bits)| ones(bits).map(move |bit| lane * 64 + bit))
        })
    }

    /// Adds to the count of each group of a block how many of these words it has.
    pub(super) fn add<N: Number>(&self, words: &[u32], block: usize, counts: &mut [N]) {
        let (Some(column), Some(counts)) = (self.columns.get(block), counts.first_chunk_mut())
        else {
            return;
        };
        if words.is_empty() {
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the function is safe but for its need of what was just found.
            return unsafe { add_wide(column, words, counts) };
        }
        add(column, words, counts);
    }
}

/// The places of the bits that are set, ascending.
fn ones(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros() as usize;
        (bits != 0).then(|| {
            bits &= bits - 1;
            place
        })
    })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_wide<N: Number>(column: &[Block], words: &[u32], counts: &mut [N; BLOCK]) {
    add(column, words, counts);
}

#[inline(always)]
fn add<N: Number>(column: &[Block], words: &[u32], counts: &mut [N; BLOCK]) {
    let (eights, rest) = words.as_chunks::<AT_ONCE>();
    // Made up to eight with a word that no group has.
    let mut last = [u32::MAX; AT_ONCE];
    last[..rest.len()].copy_from_slice(rest);
    let last = (!rest.is_empty()).then_some(&last);
    let mut planes = [[[0; 4]; PLACES]; 2];
    for eight in eights.iter().chain(last) {
        let blocks = eight.map(|word| column.get(word as usize).unwrap_or(&[[0; 4]; 2]));
        for (half, planes) in planes.iter_mut().enumerate() {
            add_eight(planes, blocks.map(|block| block[half]));
        }
    }
    let places = (words.len().ilog2() as usize + 1).min(PLACES);
    let (halves, _) = counts.as_chunks_mut();
    for (planes, counts) in planes.iter().zip(halves) {
        read(&planes[..places], counts);
    }
}

/// Adds eight words' bits to the counts.
#[inline(always)]
fn add_eight(planes: &mut [Half; PLACES], [a, b, c, d, e, f, g, h]: [Half; AT_ONCE]) {
    let [ones, twos, fours, higher @ ..] = planes;
    let (one, two) = (carry(*ones, a, b), *twos);
    let (one, first) = (carry(one.0, c, d), one.1);
    let (two, four) = (carry(two, first, one.1), *fours);
    let (one, first) = (carry(one.0, e, f), two.1);
    let (one, second) = (carry(one.0, g, h), one.1);
    let two = carry(two.0, second, one.1);
    let four = carry(four, first, two.1);
    (*ones, *twos, *fours) = (one.0, two.0, four.0);
    let mut eight = four.1;
    for plane in higher {
        if eight == [0; 4] {
            return;
        }
        for (digit, carried) in plane.iter_mut().zip(&mut eight) {
            (*digit, *carried) = (*digit ^ *carried, *digit & *carried);
        }
    }
}

/// Adds three digits: the lower and the higher digit of the sum.
#[inline(always)]
fn carry(a: Half, b: Half, c: Half) -> (Half, Half) {
    let lower = std::array::from_fn(|lane| a[lane] ^ b[lane] ^ c[lane]);
    let higher = std::array::from_fn(|lane| (a[lane] & b[lane]) | ((a[lane] ^ b[lane]) & c[lane]));
    (lower, higher)
}

/// Adds the numbers that the planes hold to the counts.
#[inline(always)]
fn read<N: Number>(planes: &[Half], counts: &mut [N; BLOCK / 2]) {
    let (lanes, _) = counts.as_chunks_mut::<64>();
    for (lane, counts) in lanes.iter_mut().enumerate() {
        let (halves, _) = counts.as_chunks_mut::<32>();
        for (half, counts) in halves.iter_mut().enumerate() {
            let mut numbers = [0u32; 32];
            for plane in planes.iter().rev() {
                let digits = (plane[lane] >> (32 * half)) as u32;
                for (bit, number) in numbers.iter_mut().enumerate() {
                    *number = *number << 1 | (digits >> bit & 1);
                }
            }
            for (count, number) in counts.iter_mut().zip(numbers) {
                count.add(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_group_is_counted_as_often_as_it_has_a_word(
            (groups, lists) in (1usize..1200).prop_flat_map(|groups| {
                let list = prop::collection::btree_set(0..groups as u32, 0..groups.min(40) + 1);
                (Just(groups), prop::collection::vec(list, 1..70))
            }),
        ) {
            let mut maps = Maps::new(groups);
            for list in &lists {
                maps.push(list.iter().copied());
            }
            let back: Vec<Vec<usize>> = maps.lists().map(Iterator::collect).collect();
            let same = lists.iter().zip(&back).all(|(list, back)| {
                list.iter().map(|&group| group as usize).eq(back.iter().copied())
            });
            prop_assert!(same && back.len() == lists.len());
            let words: Vec<u32> = (0..lists.len() as u32).filter(|word| word % 7 != 3).collect();
            for block in 0..groups.div_ceil(BLOCK) {
                let expected: Vec<u32> = (block * BLOCK..(block + 1) * BLOCK)
                    .map(|group| {
                        let has = |word: &&u32| lists[**word as usize].contains(&(group as u32));
                        10 + words.iter().filter(has).count() as u32
                    })
                    .collect();
                let mut counts = [10u32; BLOCK];
                maps.add(&words, block, &mut counts);
                prop_assert_eq!(&counts[..], &expected);
                let mut counts = [10u16; BLOCK];
                add(&maps.columns[block], &words, &mut counts);
                prop_assert!(counts.iter().map(|&count| u32::from(count)).eq(expected));
            }
        }
    }
}

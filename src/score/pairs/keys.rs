//! Words of openings as numbers to compare, and which openings have the same ones.

use crate::dataset::Conversation;
use crate::text::PyStr;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Conversations that no pair can tell apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::score) struct Group {
    /// How many messages each has.
    pub messages: usize,
    /// Indices into the dataset, ascending.
    pub members: Vec<usize>,
    /// How many distinct words the first message has.
    pub words: usize,
}

/// Conversations whose words are taken at a time: what each has is held twice for that long.
const BATCH: usize = 256;

/// Parts the keys lie in, by their first bits. One that is indexed should fit a processor's cache.
const PARTS: usize = 32;

/// What stands for a word; keys are equal exactly for equal words.
pub(super) trait Key: Copy + Ord + Send {
    /// Which part it lies in: ascending, as keys are.
    fn part(self) -> usize;
}

impl Key for u64 {
    fn part(self) -> usize {
        (self >> 59) as usize
    }
}

impl Key for u128 {
    fn part(self) -> usize {
        (self >> 123) as usize
    }
}

/// Keys of some words of every group.
pub(super) struct Part<K> {
    /// Group after group, those of each ascending.
    pub keys: Vec<K>,
    /// How many of them each group has.
    pub counts: Vec<u32>,
}

/// The groups of a dataset, by their first members, and the keys of their words.
pub(super) struct Keyed {
    pub groups: Vec<Group>,
    /// Words of up to seven bytes.
    pub short: Vec<Part<u64>>,
    /// Longer ones.
    pub long: Vec<Part<u128>>,
}

impl Keyed {
    pub(super) fn new(conversations: &[Conversation]) -> Keyed {
        let keying = Keying::new();
        let mut keyed = Keyed {
            groups: Vec::new(),
            short: parts(),
            long: parts(),
        };
        let mut known: HashMap<(usize, [u8; 32]), usize> = HashMap::new();
        let mut first = 0;
        for batch in conversations.chunks(BATCH) {
            let openings: Vec<Opening> = batch
                .par_iter()
                .map(|conversation| Opening::of(conversation, &keying))
                .collect();
            for (index, (conversation, opening)) in (first..).zip(batch.iter().zip(openings)) {
                let messages = conversation.messages.len();
                let next = keyed.groups.len();
                let group = *known.entry((messages, opening.identity)).or_insert(next);
                if let Some(group) = keyed.groups.get_mut(group) {
                    group.members.push(index);
                    continue;
                }
                keyed.groups.push(Group {
                    messages,
                    members: vec![index],
                    words: opening.short.len() + opening.long.len(),
                });
                deal_out(&opening.short, &mut keyed.short);
                deal_out(&opening.long, &mut keyed.long);
            }
            first += batch.len();
        }
        keyed
    }
}

fn parts<K>() -> Vec<Part<K>> {
    std::iter::repeat_with(|| Part {
        keys: Vec::new(),
        counts: Vec::new(),
    })
    .take(PARTS)
    .collect()
}

/// Puts a group's keys, which are ascending, where they belong.
fn deal_out<K: Key>(mut keys: &[K], parts: &mut [Part<K>]) {
    for (number, part) in parts.iter_mut().enumerate() {
        let count = keys.iter().take_while(|key| key.part() == number).count();
        let (here, rest) = keys.split_at(count);
        part.keys.extend_from_slice(here);
        // A line of a dataset is at most a gibibyte long.
        part.counts.push(count as u32);
        keys = rest;
    }
}

/// The distinct lower-cased words of a first message as keys, ascending.
struct Opening {
    short: Vec<u64>,
    long: Vec<u128>,
    /// Equal exactly where the keys are.
    identity: [u8; 32],
}

impl Opening {
    fn of(conversation: &Conversation, keying: &Keying) -> Opening {
        let first = conversation.messages.first();
        let lowered = first.map(|first| first.content.lower()).unwrap_or_default();
        let (mut short, mut long) = keying.keys(&lowered);
        short.sort_unstable();
        short.dedup();
        long.sort_unstable();
        long.dedup();
        // Short ones are followed by how many there are, so that none passes for half a long one.
        let bytes: Vec<u8> = (short.iter().flat_map(|key| key.to_le_bytes()))
            .chain((short.len() as u64).to_le_bytes())
            .chain(long.iter().flat_map(|key| key.to_le_bytes()))
            .collect();
        Opening {
            short,
            long,
            identity: Sha256::digest(&bytes).into(),
        }
    }
}

/// How words become keys. Drawn in each run, so that no dataset chooses what lies where.
struct Keying {
    /// Odd, so that multiplying by it takes different numbers to different ones.
    factor: u64,
    hashes: [RandomState; 2],
}

impl Keying {
    fn new() -> Keying {
        let hashes = [RandomState::new(), RandomState::new()];
        Keying {
            factor: RandomState::new().hash_one(0) | 1,
            hashes,
        }
    }

    /// A short word is its own key. Of a longer one two keyed hashes are: that any two among a billion
    /// words have 128 equal bits is less likely than that the processor errs.
    fn keys(&self, lowered: &PyStr) -> (Vec<u64>, Vec<u128>) {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        for word in lowered.words() {
            match short_key(word) {
                Some(key) => short.push(key.wrapping_mul(self.factor)),
                None => {
                    let [high, low] = self.hashes.each_ref().map(|hash| hash.hash_one(word));
                    long.push(u128::from(high) << 64 | u128::from(low));
                }
            }
        }
        (short, long)
    }
}

/// The bytes and their number, if that fits.
fn short_key(word: &[u8]) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes[..7].get_mut(..word.len())?.copy_from_slice(word);
    bytes[7] = word.len() as u8;
    Some(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_are_equal_exactly_where_their_keys_are(
            words in prop::collection::vec("[ab\0é]{1,9}", 1..40),
        ) {
            let keying = Keying::new();
            let keys: Vec<(Vec<u64>, Vec<u128>)> = words
                .iter()
                .map(|word| keying.keys(&PyStr::from(word.as_str())))
                .collect();
            for (left, word) in keys.iter().zip(&words) {
                for (right, other) in keys.iter().zip(&words) {
                    prop_assert_eq!(left == right, word == other);
                }
            }
        }
    }
}

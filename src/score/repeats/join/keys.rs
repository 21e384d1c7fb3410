//! Hashes of parts of contents, and contents filed by sums of them.

use super::super::Content;
use rayon::prelude::*;
use std::hash::BuildHasher;

/// Contents whose hashes stand together, part by part.
const CHUNK: usize = 1024;

/// Hashes of some parts of many contents.
pub(super) struct Hashes {
    parts: usize,
    contents: usize,
    /// For each chunk of contents, for each part, for each content.
    hashes: Vec<u32>,
}

/// Positions, each with what its character is multiplied by.
pub(super) struct Part(Vec<(u32, u64)>);

impl Part {
    /// With multipliers drawn in this run, so that no dataset can choose what collides. What does is
    /// compared in vain, and nothing worse.
    pub(super) fn new(positions: &[u32], lot: &impl BuildHasher) -> Part {
        let with_multiplier = |&position| (position, lot.hash_one(position));
        Part(positions.iter().map(with_multiplier).collect())
    }

    fn hash(&self, content: &Content<'_>) -> u32 {
        let sum = match content.points {
            // Code points where there are any, since codes may not tell all apart.
            Some(points) => self.sum(points),
            None => self.sum(content.codes),
        };
        (sum >> 32) as u32
    }

    fn sum<T: Copy + Default + Into<u64>>(&self, symbols: &[T]) -> u64 {
        self.0.iter().fold(0, |sum: u64, &(position, by)| {
            let symbol = symbols.get(position as usize).copied().unwrap_or_default();
            sum.wrapping_add(symbol.into().wrapping_mul(by))
        })
    }
}

impl Hashes {
    pub(super) fn of(contents: &[&Content<'_>], parts: &[Part]) -> Hashes {
        let mut hashes = vec![0; contents.len().next_multiple_of(CHUNK) * parts.len()];
        hashes
            .par_chunks_mut(CHUNK * parts.len().max(1))
            .zip(contents.par_chunks(CHUNK))
            .for_each(|(hashes, contents)| {
                for (at, content) in contents.iter().enumerate() {
                    for (part, hashes) in parts.iter().zip(hashes.chunks_mut(CHUNK)) {
                        if let Some(hash) = hashes.get_mut(at) {
                            *hash = part.hash(content);
                        }
                    }
                }
            });
        Hashes {
            parts: parts.len(),
            contents: contents.len(),
            hashes,
        }
    }

    /// The sum of some parts' hashes, for each content.
    pub(super) fn keys(&self, parts: &[usize], keys: &mut Vec<u32>) {
        keys.clear();
        keys.resize(self.contents, 0);
        let chunks = self.hashes.chunks(CHUNK * self.parts.max(1));
        for (hashes, keys) in chunks.zip(keys.chunks_mut(CHUNK)) {
            for &part in parts {
                let hashes = hashes.get(part * CHUNK..).unwrap_or_default();
                for (key, hash) in keys.iter_mut().zip(hashes) {
                    *key = key.wrapping_add(*hash);
                }
            }
        }
    }
}

/// Contents, by their place in a list, filed by key.
#[derive(Default)]
pub(super) struct Table {
    /// Where the entries of each drawer end.
    ends: Vec<u32>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    pub key: u32,
    pub place: u32,
}

/// How many bits of a key say the drawer, for so many contents.
pub(super) fn drawer_bits(contents: usize) -> u32 {
    (usize::BITS - contents.leading_zeros()).clamp(4, 24)
}

impl Table {
    /// Files contents anew.
    pub(super) fn fill(&mut self, keys: &[u32], bits: u32) {
        let drawer = |key: u32| (key >> (u32::BITS - bits)) as usize;
        self.ends.clear();
        self.ends.resize((1 << bits) + 1, 0);
        for &key in keys {
            if let Some(count) = self.ends.get_mut(drawer(key) + 1) {
                *count += 1;
            }
        }
        // For now, where each drawer begins.
        let mut begin = 0;
        for end in &mut self.ends {
            begin += *end;
            *end = begin;
        }
        self.entries.resize(keys.len(), Entry::default());
        for (&key, place) in keys.iter().zip(0..) {
            if let Some(at) = self.ends.get_mut(drawer(key)) {
                if let Some(entry) = self.entries.get_mut(*at as usize) {
                    *entry = Entry { key, place };
                }
                *at += 1;
            }
        }
    }

    /// The entries of each drawer, the first drawer first.
    pub(super) fn drawers(&self) -> impl Iterator<Item = &[Entry]> {
        let mut begin = 0;
        let drawers = self.ends.split_last().map_or(&[][..], |(_, ends)| ends);
        drawers.iter().map(move |&end| {
            let drawer = self.entries.get(begin..end as usize);
            begin = end as usize;
            drawer.unwrap_or_default()
        })
    }
}

//! Which lines of two sources line up: one longest common subsequence, traced back in linear
//! memory.

use super::corpus::Corpus;
use super::lcs::{Kernel, trim_affixes};
use super::sequence::Sequence;
use crate::python::Tree;
use serde::Serialize;

/// Table cells [`align`] may visit by default: some seconds of one core (two sources of about 300
/// 000 items each).
pub const DEFAULT_ALIGN_CELLS: u64 = 100_000_000_000;

/// Matched items in a row that make a region. Measured elsewhere on disguised copies: with names
/// taken as one, runs of 20 are found in all of them and hardly ever between unrelated sources.
const MIN_RUN: usize = 20;
/// Items on either side between two runs of one region: about one changed statement.
const MAX_GAP: usize = 16;
/// Tables up to this size are traced back directly.
const DIRECT_CELLS: usize = 1 << 14;

/// Where an item of a sequence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Position of the source among those the sequence was made of.
    pub source: usize,
    /// 1-based line within that source.
    pub line: u32,
}

/// A sequence with the place of every item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    sequence: Sequence,
    places: Vec<Place>,
}

impl Located {
    /// As [`Sequence::of_trees`], each item with its source and line. Items without a position of
    /// their own, such as operators, have that of the item before them.
    pub fn of_trees(trees: &[&Tree]) -> Located {
        let mut places: Vec<Place> = Vec::new();
        let sequence = Sequence::of_trees_with(trees, |source, node| {
            let own_line = trees
                .get(source)
                .and_then(|tree| tree.nodes.get(node))
                .map(|n| n.line);
            let line = match (own_line, places.last()) {
                (Some(line), _) if line > 0 => line,
                (_, Some(last)) if last.source == source => last.line,
                _ => 1,
            };
            places.push(Place { source, line });
        });
        Located { sequence, places }
    }

    /// The same for a tree of several sources written one after the other: `first_lines` are the
    /// lines at which each begins, ascending, and lines before the first count as its own.
    pub fn of_joined_tree(tree: &Tree, first_lines: &[u32]) -> Located {
        let mut located = Located::of_trees(&[tree]);
        for place in &mut located.places {
            let source = first_lines
                .partition_point(|&first| first <= place.line)
                .saturating_sub(1);
            let first = first_lines.get(source).copied().unwrap_or(1);
            place.source = source;
            place.line = (place.line + 1).saturating_sub(first).max(1);
        }
        located
    }

    /// A sequence with the places that were kept of it; None where their numbers differ.
    pub(super) fn at(sequence: Sequence, places: Vec<Place>) -> Option<Located> {
        (places.len() == sequence.len()).then_some(Located { sequence, places })
    }

    /// A sequence of which no source is at hand: each item stands on a line of its own.
    pub(super) fn by_position(sequence: Sequence) -> Located {
        let places = (1..)
            .take(sequence.len())
            .map(|line| Place { source: 0, line });
        Located {
            places: places.collect(),
            sequence,
        }
    }

    /// The sequence.
    pub fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// The place of each item.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Some of the items, as [`Sequence::keeping`], with their places.
    pub(super) fn keeping(&self, is_kept: impl Fn(usize) -> bool) -> Located {
        let places = self.places.iter().enumerate();
        Located {
            sequence: self.sequence.keeping(&is_kept),
            places: places
                .filter(|&(at, _)| is_kept(at))
                .map(|(_, &place)| place)
                .collect(),
        }
    }
}

/// Lines of one source, first and last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LineRange {
    /// Position of the source among those the sequence was made of.
    pub source: usize,
    /// 1-based.
    pub first_line: u32,
    /// 1-based.
    pub last_line: u32,
}

/// A stretch that both sides have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Region {
    /// Lines on the left.
    pub left: LineRange,
    /// Lines on the right.
    pub right: LineRange,
    /// Items matched within it.
    pub matched_items: usize,
}

/// How two sequences line up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Alignment {
    /// One longest common subsequence, numbered names as one, and its long stretches in order.
    Aligned {
        /// Length of the common subsequence.
        matched_items: usize,
        /// Stretches worth showing.
        regions: Vec<Region>,
    },
    /// The table has more cells than were allowed; nothing was computed.
    TooLarge {
        /// Cells of the table: one length times the other, but for equal beginnings and ends.
        cells: u64,
        /// Cells allowed.
        limit: u64,
    },
}

/// Lines up two sequences, unless their table has more than `max_cells` cells between an equal beginning and an equal
/// end. Time is at most about twice that of a score, memory linear.
pub fn align(left: &Located, right: &Located, max_cells: u64) -> Alignment {
    let (plain_left, plain_right) = (
        left.sequence.with_names_as_one(),
        right.sequence.with_names_as_one(),
    );
    let corpus = Corpus::new(&[&plain_left, &plain_right]);
    let (_, inner_left, inner_right) = trim_affixes(corpus.symbols(0), corpus.symbols(1));
    let cells = (inner_left.len() as u64).saturating_mul(inner_right.len() as u64);
    if cells > max_cells {
        return Alignment::TooLarge {
            cells,
            limit: max_cells,
        };
    }
    let mut tracer = Tracer {
        kernel: Kernel::new(corpus.symbol_count()),
        matches: Vec::new(),
    };
    tracer.trace(corpus.symbols(0), 0, corpus.symbols(1), 0);
    let matches = tracer.matches;
    Alignment::Aligned {
        matched_items: matches.len(),
        regions: regions(&matches, &left.places, &right.places),
    }
}

/// Hirschberg's divide and conquer over the kernel's columns. Matches come out in order.
struct Tracer {
    kernel: Kernel,
    matches: Vec<(usize, usize)>,
}

impl Tracer {
    /// Adds the matches of `left` and `right`, which begin at these positions of the whole. Each
    /// call halves `right`, so calls nest no deeper than its length has binary digits.
    fn trace(&mut self, left: &[u32], left_at: usize, right: &[u32], right_at: usize) {
        let (_, inner_left, inner_right) = trim_affixes(left, right);
        let prefix = left.iter().zip(right).take_while(|(a, b)| a == b).count();
        self.matches
            .extend((0..prefix).map(|k| (left_at + k, right_at + k)));
        self.trace_inner(inner_left, left_at + prefix, inner_right, right_at + prefix);
        let suffix = left.len() - prefix - inner_left.len();
        let (left_end, right_end) = (left_at + left.len(), right_at + right.len());
        self.matches
            .extend((1..=suffix).rev().map(|k| (left_end - k, right_end - k)));
    }

    fn trace_inner(&mut self, left: &[u32], left_at: usize, right: &[u32], right_at: usize) {
        if left.is_empty() || right.is_empty() {
            return;
        }
        if let [only] = right {
            if let Some(index) = left.iter().position(|symbol| symbol == only) {
                self.matches.push((left_at + index, right_at));
            }
            return;
        }
        if left.len().saturating_mul(right.len()) <= DIRECT_CELLS {
            return self.trace_table(left, left_at, right, right_at);
        }
        let middle = right.len() / 2;
        let before = self.kernel.prefix_lengths(left, &right[..middle]);
        let left_back: Vec<u32> = left.iter().rev().copied().collect();
        let right_back: Vec<u32> = right[middle..].iter().rev().copied().collect();
        let after = self.kernel.prefix_lengths(&left_back, &right_back);
        let split = (0..=left.len())
            .max_by_key(|&at| before[at] + after[left.len() - at])
            .unwrap_or(0);
        self.trace(&left[..split], left_at, &right[..middle], right_at);
        self.trace(
            &left[split..],
            left_at + split,
            &right[middle..],
            right_at + middle,
        );
    }

    /// The classic table of suffixes, walked from its start.
    fn trace_table(&mut self, left: &[u32], left_at: usize, right: &[u32], right_at: usize) {
        let width = right.len() + 1;
        let mut table = vec![0u16; (left.len() + 1) * width];
        for i in (0..left.len()).rev() {
            for j in (0..right.len()).rev() {
                table[i * width + j] = match left[i] == right[j] {
                    true => table[(i + 1) * width + j + 1] + 1,
                    false => table[(i + 1) * width + j].max(table[i * width + j + 1]),
                };
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < left.len() && j < right.len() {
            if left[i] == right[j] {
                self.matches.push((left_at + i, right_at + j));
                (i, j) = (i + 1, j + 1);
            } else if table[(i + 1) * width + j] >= table[i * width + j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
    }
}

/// The long runs among the matches, those close to one another joined.
fn regions(matches: &[(usize, usize)], left: &[Place], right: &[Place]) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    // Where the last region's last run ends, exclusive.
    let mut last_end = (0, 0);
    let runs = matches.chunk_by(|a, b| {
        let same_sources =
            left[a.0].source == left[b.0].source && right[a.1].source == right[b.1].source;
        a.0 + 1 == b.0 && a.1 + 1 == b.1 && same_sources
    });
    for run in runs.filter(|run| run.len() >= MIN_RUN) {
        let (start, end) = (run[0], (run[0].0 + run.len(), run[0].1 + run.len()));
        let region = Region {
            left: LineRange::of(left[start.0..end.0].iter().copied()),
            right: LineRange::of(right[start.1..end.1].iter().copied()),
            matched_items: run.len(),
        };
        let near = start.0 - last_end.0 <= MAX_GAP && start.1 - last_end.1 <= MAX_GAP;
        match regions.last_mut() {
            Some(last) if near && last.continues_in(&region) => last.extend(&region),
            _ => regions.push(region),
        }
        last_end = end;
    }
    regions
}

impl Region {
    pub(super) fn continues_in(&self, next: &Region) -> bool {
        self.left.source == next.left.source && self.right.source == next.right.source
    }

    pub(super) fn extend(&mut self, next: &Region) {
        self.left.extend(&next.left);
        self.right.extend(&next.right);
        self.matched_items += next.matched_items;
    }
}

impl LineRange {
    /// From the first of the lines to the last. They do not always ascend along a sequence: decorators
    /// come after the body they stand above.
    pub(super) fn of(places: impl Iterator<Item = Place> + Clone) -> LineRange {
        let lines = places.clone().map(|place| place.line);
        LineRange {
            source: places.clone().next().map_or(0, |place| place.source),
            first_line: lines.clone().min().unwrap_or(0),
            last_line: lines.max().unwrap_or(0),
        }
    }

    fn extend(&mut self, next: &LineRange) {
        self.first_line = self.first_line.min(next.first_line);
        self.last_line = self.last_line.max(next.last_line);
    }
}

#[cfg(test)]
#[path = "align_tests.rs"]
mod tests;

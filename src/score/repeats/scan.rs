//! Kept contents, by length, laid out so that one content is compared with many at once.

use super::{Content, allowed, lengths_near, near};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Contents side by side in one tile.
const ROWS: usize = 64;

/// Positions compared between two looks at whether all rows are out.
const BLOCK: usize = 8;

/// The longest contents that go into tiles, whose counts are bytes. Of longer ones there cannot be
/// many, and reading them one after the other is as fast.
const TILED: usize = 2048;

/// All kept contents.
#[derive(Default)]
pub(super) struct Kept<'c> {
    groups: BTreeMap<usize, Group<'c>>,
}

/// Kept contents of one length.
#[derive(Default)]
struct Group<'c> {
    tiles: Vec<Tile<'c>>,
    /// Those not in a tile: less than a tile's worth, unless they are too long for tiles.
    rows: Vec<&'c Content<'c>>,
}

/// As many contents of one length as there are rows, position by position.
struct Tile<'c> {
    rows: Vec<&'c Content<'c>>,
    /// For each position the codes of all rows.
    columns: Box<[[u8; ROWS]]>,
    /// Where blocks of positions start, those first in which rows differ most: what all share, a
    /// preamble say, rules nothing out.
    blocks: Box<[usize]>,
}

impl<'c> Kept<'c> {
    pub(super) fn insert(&mut self, content: &'c Content<'c>) {
        let group = self.groups.entry(content.length).or_default();
        group.rows.push(content);
        if group.rows.len() == ROWS && content.length <= TILED {
            group.tiles.push(Tile::new(std::mem::take(&mut group.rows)));
        }
    }

    /// Whether there is a near one, for each of some contents that equal no kept one.
    pub(super) fn have_near(&self, contents: &[Content<'_>]) -> Vec<bool> {
        let mut found = vec![false; contents.len()];
        let lengths = || contents.iter().map(|content| content.length);
        let shortest = lengths().min().unwrap_or_default() * 9 / 10;
        let longest = lengths().max().unwrap_or_default() * 10 / 9;
        for (&length, group) in self.groups.range(shortest..=longest) {
            let mut open: Vec<(&Content<'_>, &mut bool)> = contents
                .iter()
                .zip(&mut found)
                .filter(|(content, found)| {
                    // Contents of one length of which no character may differ are equal or not.
                    let equal_or_not = content.length == length && allowed(length) == 0;
                    !**found && lengths_near(content.length, length) && !equal_or_not
                })
                .collect();
            for tile in &group.tiles {
                open.retain_mut(|(content, found)| {
                    **found = tile.has_near(content, length);
                    !**found
                });
            }
            for row in &group.rows {
                open.retain_mut(|(content, found)| {
                    **found = near(row, content);
                    !**found
                });
            }
        }
        found
    }
}

impl<'c> Tile<'c> {
    fn new(rows: Vec<&'c Content<'c>>) -> Tile<'c> {
        let length = rows.first().map_or(0, |row| row.length);
        let mut columns = vec![[0; ROWS]; length].into_boxed_slice();
        for (number, row) in rows.iter().enumerate() {
            for (column, &code) in columns.iter_mut().zip(row.codes.iter()) {
                if let Some(place) = column.get_mut(number) {
                    *place = code;
                }
            }
        }
        let changes =
            |column: &[u8; ROWS]| column.windows(2).filter(|w| w.first() != w.last()).count();
        let mut blocks: Vec<(usize, usize)> = columns
            .chunks(BLOCK)
            .map(|block| block.iter().map(changes).sum())
            .zip((0..).step_by(BLOCK))
            .collect();
        blocks.sort_by_key(|&(changes, _)| Reverse(changes));
        Tile {
            rows,
            columns,
            blocks: blocks.into_iter().map(|(_, start)| start).collect(),
        }
    }

    /// Whether a row is near a content, their lengths being near.
    fn has_near(&self, content: &Content<'_>, length: usize) -> bool {
        let limit = allowed(content.length.min(length));
        let Ok(limit) = u8::try_from(limit) else {
            return self.rows.iter().any(|row| near(row, content));
        };
        let Some(differing) = self.differing(&content.codes, limit) else {
            return false;
        };
        self.rows
            .iter()
            .zip(differing)
            .any(|(row, differing)| differing <= limit && near(row, content))
    }

    /// How many codes differ in each row, over the shorter length and up to 255; nothing if it is
    /// more than `limit` in all of them.
    fn differing(&self, codes: &[u8], limit: u8) -> Option<[u8; ROWS]> {
        let mut differing = [0u8; ROWS];
        for &start in &self.blocks {
            let columns = self.columns.get(start..).unwrap_or_default();
            let block = columns.get(..BLOCK).unwrap_or(columns);
            let codes = codes.get(start..).unwrap_or_default();
            let counts = differing_in(block, codes);
            for (sum, count) in differing.iter_mut().zip(counts) {
                *sum = sum.saturating_add(count);
            }
            if differing
                .iter()
                .fold(u8::MAX, |least, &count| least.min(count))
                > limit
            {
                return None;
            }
        }
        Some(differing)
    }
}

/// How many codes differ in each row of at most [`BLOCK`] positions. The sum cannot overflow, and
/// an addition that need not look for it keeps all rows' counts in registers.
fn differing_in(block: &[[u8; ROWS]], codes: &[u8]) -> [u8; ROWS] {
    let mut counts = [0u8; ROWS];
    for (column, &code) in block.iter().zip(codes) {
        for (count, &other) in counts.iter_mut().zip(column) {
            *count = count.wrapping_add(u8::from(other != code));
        }
    }
    counts
}

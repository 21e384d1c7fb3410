//! Kept contents of about one length, laid out so that one content is compared with many at once.

use super::differ::{BLOCK, ROWS, differing};
use super::{Content, allowed, lengths_near, near};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Contents compared one after the other before they become a tile.
const LOOSE: usize = 24;

/// The longest contents that go into tiles, whose counts are bytes. Of longer ones there cannot be
/// many, and reading them one after the other is as fast.
const TILED: usize = 2048;

/// Kept contents by length.
#[derive(Default)]
pub(super) struct ByLength<'c>(BTreeMap<usize, Pile<'c>>);

impl<'c> ByLength<'c> {
    pub(super) fn insert(&mut self, content: &'c Content<'c>) {
        let length = content.length;
        let pile = self.0.entry(length);
        pile.or_insert_with(|| Pile::new(length, length))
            .insert(content);
    }

    /// Whether there is a near one, for each of some contents that equal no kept one.
    pub(super) fn have_near(&self, contents: &[&Content<'_>]) -> Vec<bool> {
        let mut found = vec![false; contents.len()];
        let lengths = || contents.iter().map(|content| content.length);
        let shortest = lengths().min().unwrap_or_default() * 9 / 10;
        let longest = lengths().max().unwrap_or_default() * 10 / 9;
        for (&length, pile) in self.0.range(shortest..=longest) {
            let open = contents.iter().copied().zip(&mut found);
            let open = open.filter(|(content, found)| {
                // Contents of one length of which no character may differ are equal or not.
                let equal_or_not = content.length == length && allowed(length) == 0;
                !**found && !equal_or_not && lengths_near(content.length, length)
            });
            pile.mark_near(&mut open.collect());
        }
        found
    }
}

/// Contents of lengths from `least` to `most`.
pub(super) struct Pile<'c> {
    least: usize,
    most: usize,
    tiles: Vec<Tile<'c>>,
    /// Those not in a tile: few, unless they are too long for tiles.
    rows: Vec<Row<'c>>,
}

/// A content with what is looked at before it: reading a content itself is to wait for memory.
#[derive(Clone, Copy)]
struct Row<'c> {
    sketch: u64,
    content: &'c Content<'c>,
}

impl<'c> Row<'c> {
    fn new(content: &'c Content<'c>) -> Row<'c> {
        Row {
            sketch: content.sketch,
            content,
        }
    }

    /// Whether it is near a content, if their sketches may differ in so many bits.
    fn is_near(&self, content: &Content<'_>, limit: usize) -> bool {
        (self.sketch ^ content.sketch).count_ones() as usize <= limit && near(self.content, content)
    }
}

/// At most as many contents as there are rows, position by position.
struct Tile<'c> {
    rows: Vec<&'c Content<'c>>,
    /// For each position that all have the codes of all rows; rows not taken yet are like the first.
    columns: Box<[[u8; ROWS]]>,
    /// Where blocks of positions start, those first in which rows differ most: what all share, a
    /// preamble say, rules nothing out.
    starts: Box<[u32]>,
}

impl<'c> Pile<'c> {
    /// For contents of lengths from `least` to `most`, none of them in it yet.
    pub(super) fn new(least: usize, most: usize) -> Pile<'c> {
        Pile {
            least,
            most,
            tiles: Vec::new(),
            rows: Vec::new(),
        }
    }

    pub(super) fn insert(&mut self, content: &'c Content<'c>) {
        if let Some(tile) = self.tiles.last_mut()
            && tile.rows.len() < ROWS
        {
            return tile.insert(content);
        }
        self.rows.push(Row::new(content));
        if self.rows.len() == LOOSE && self.least <= TILED {
            let rows = std::mem::take(&mut self.rows);
            self.tiles.push(Tile::new(rows, self.least));
        }
    }

    /// How many of the positions that all have may differ between a content and a near one.
    fn limit(&self, content: &Content<'_>) -> usize {
        allowed(content.length.min(self.most))
    }

    /// In how many bits the sketches of a content and a near one differ at most.
    fn sketches_differ(&self, content: &Content<'_>) -> usize {
        let length = content.length;
        // What only the longer one has is in its sketch too.
        self.limit(content) + length.abs_diff(self.least).max(length.abs_diff(self.most))
    }

    /// Marks contents that have a near one, several at a time because they share what is read; marked
    /// ones leave the list.
    pub(super) fn mark_near(&self, open: &mut Vec<(&Content<'_>, &mut bool)>) {
        for tile in &self.tiles {
            open.retain_mut(|(content, found)| {
                **found = tile.has_near(content, self.limit(content));
                !**found
            });
        }
        for row in &self.rows {
            open.retain_mut(|(content, found)| {
                **found = row.is_near(content, self.sketches_differ(content));
                !**found
            });
        }
    }
}

impl<'c> Tile<'c> {
    fn new(rows: Vec<Row<'c>>, positions: usize) -> Tile<'c> {
        let first: &[u8] = rows.first().map_or(&[], |row| row.content.codes);
        let columns = first.iter().take(positions);
        let columns = columns.map(|&code| [code; ROWS]).collect();
        let mut tile = Tile {
            rows: Vec::with_capacity(ROWS),
            columns,
            starts: Box::default(),
        };
        rows.into_iter().for_each(|row| tile.insert(row.content));
        tile.order();
        tile
    }

    fn insert(&mut self, row: &'c Content<'c>) {
        let number = self.rows.len();
        for (column, &code) in self.columns.iter_mut().zip(row.codes.iter()) {
            if let Some(place) = column.get_mut(number) {
                *place = code;
            }
        }
        self.rows.push(row);
        if self.rows.len() == ROWS {
            self.order();
        }
    }

    /// Orders the blocks of positions by how much they tell apart.
    fn order(&mut self) {
        let changes =
            |column: &[u8; ROWS]| column.windows(2).filter(|w| w.first() != w.last()).count();
        let mut blocks: Vec<(usize, u32)> = self
            .columns
            .chunks(BLOCK)
            .map(|block| block.iter().map(changes).sum())
            .zip((0..).step_by(BLOCK))
            .collect();
        blocks.sort_by_key(|&(changes, _)| Reverse(changes));
        self.starts = blocks.into_iter().map(|(_, start)| start).collect();
    }

    /// Whether a row is near a content, of which so many positions may differ.
    fn has_near(&self, content: &Content<'_>, limit: usize) -> bool {
        let Ok(limit) = u8::try_from(limit) else {
            return self.rows.iter().any(|row| near(row, content));
        };
        let Some(differing) = differing(&self.columns, &self.starts, content.codes, limit) else {
            return false;
        };
        self.rows
            .iter()
            .zip(differing)
            .any(|(row, differing)| differing <= limit && near(row, content))
    }
}

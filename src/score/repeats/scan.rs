//! Kept contents of about one length, laid out so that one content is compared with many at once.

use super::differ::{BLOCK, ROWS, differing};
use super::{Content, allowed, near};
use std::cmp::Reverse;

/// Contents compared one after the other before they become a tile.
const LOOSE: usize = 24;

/// The longest contents that go into tiles, whose counts are bytes. Of longer ones there cannot be
/// many, and reading them one after the other is as fast.
const TILED: usize = 2048;

/// Contents of lengths from `least` to `most`.
pub(super) struct Pile<'c> {
    least: usize,
    most: usize,
    tiles: Vec<Tile<'c>>,
    /// Those not in a tile: few, unless they are too long for tiles.
    rows: Vec<Row<'c>>,
    count: usize,
}

/// A content with what is looked at before it: reading a content itself is to wait for memory.
#[derive(Clone, Copy)]
pub(super) struct Row<'c> {
    sketch: u64,
    pub content: &'c Content<'c>,
}

impl<'c> Row<'c> {
    pub(super) fn new(content: &'c Content<'c>) -> Row<'c> {
        Row {
            sketch: content.sketch,
            content,
        }
    }

    /// Whether it is near a content, if their sketches may differ in so many bits.
    pub(super) fn is_near(&self, content: &Content<'_>, limit: usize) -> bool {
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

/// In how many bits the sketches of near contents differ at most, one of them of a length, the other
/// of a length from `least` to `most`.
pub(super) fn sketches_differ(length: usize, least: usize, most: usize) -> usize {
    // What only the longer one has is in its sketch too.
    allowed(length.min(most)) + length.abs_diff(least).max(length.abs_diff(most))
}

impl<'c> Pile<'c> {
    /// For contents of lengths from `least` to `most`, none of them in it yet.
    pub(super) fn new(least: usize, most: usize) -> Pile<'c> {
        Pile {
            least,
            most,
            tiles: Vec::new(),
            rows: Vec::new(),
            count: 0,
        }
    }

    pub(super) fn insert(&mut self, content: &'c Content<'c>) {
        self.count += 1;
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

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &'c Content<'c>> {
        let tiled = self.tiles.iter().flat_map(|tile| &tile.rows);
        tiled
            .copied()
            .chain(self.rows.iter().map(|row| row.content))
    }

    /// How many of the positions that all have may differ between a content and a near one.
    fn limit(&self, content: &Content<'_>) -> usize {
        allowed(content.length.min(self.most))
    }

    fn sketches_differ(&self, content: &Content<'_>) -> usize {
        sketches_differ(content.length, self.least, self.most)
    }

    /// Whether any is near a content.
    pub(super) fn has_near(&self, content: &Content<'_>) -> bool {
        let limit = self.limit(content);
        self.tiles.iter().any(|tile| tile.has_near(content, limit)) || {
            let limit = self.sketches_differ(content);
            self.rows.iter().any(|row| row.is_near(content, limit))
        }
    }

    /// The same for several contents, which share what is read; those with a near one are marked and
    /// leave the list.
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
        let first: &[u8] = rows.first().map_or(&[], |row| &row.content.codes);
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
        let Some(differing) = differing(&self.columns, &self.starts, &content.codes, limit) else {
            return false;
        };
        self.rows
            .iter()
            .zip(differing)
            .any(|(row, differing)| differing <= limit && near(row, content))
    }
}

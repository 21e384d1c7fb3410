//! Containment: how much of one source is found in another, whatever was done to it.
//!
//! A second, advisory view beside the service's rule, which it never changes. All names count as one,
//! so that renaming does nothing; common stretches are looked for wherever they stand, so that order,
//! padding and mixing do nothing; and what a source only repeats does not count, so that tables and
//! boilerplate do not look like copies. The share of the left found in the right and the share of
//! the right found in the left are two numbers: a small program inside a large one is all there.
//!
//! Work and memory are linear in the lengths but for sorting, whatever the sources are; results are
//! the same in either direction and on any number of threads.

mod lines;
mod nearest;
mod nodes;
mod outline;
mod outlines;
mod share;
mod tiles;
mod widen;

pub use lines::{CommonLines, ContainmentLines, FileLines, contained_lines};
pub use outline::Outline;
pub use outlines::Outlines;
pub use share::{CONTAINED_FROM, Containment};

use super::sequence::Sequence;

/// New nodes that a common stretch must have to count: about two statements.
const LEAST_NEW: usize = 18;

/// How much of each sequence is found in the other.
pub fn contained(left: &Sequence, right: &Sequence) -> Containment {
    Outline::of(left).contained(&Outline::of(right))
}

impl Outline {
    /// The outline of a sequence.
    pub fn of(sequence: &Sequence) -> Outline {
        Outline::of_classes(nodes::classes(sequence).map(|(_, class)| class))
    }

    /// How much of each is found in the other.
    pub fn contained(&self, other: &Outline) -> Containment {
        let mut seeds = tiles::seeds(self, other);
        let tiles = tiles::Tiler::default().tiles(self, other, &mut seeds);
        Containment::of(
            tiles.iter().map(|tile| tile.new).sum(),
            self.findable(),
            other.findable(),
        )
    }
}

#[cfg(test)]
mod tests;

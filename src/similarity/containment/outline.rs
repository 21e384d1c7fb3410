//! What of a sequence containment looks at: node classes, and which of them say something new.

use foldhash::HashSet;

/// Bits of a node class in a key, and in a mark below [`NEW`].
const CLASS_BITS: usize = 7;
/// Set in the mark of a node that says something new.
pub(super) const NEW: u8 = 1 << CLASS_BITS;

/// Nodes of a gram: the least that two sources have to have in common at a place. As many as fit into a
/// key, so that equal keys are equal grams.
pub(super) const GRAM: usize = 18;
/// Nodes, the last one included, that make a repetition if the same source had them before. Twelve and
/// eighteen were measured beside their neighbours: `benches/disguises.py`.
const REPETITION: usize = 12;

/// A gram: its classes, seven bits each.
pub(super) type Key = u128;

/// The outline of a source: its node classes in walk order, all names alike.
///
/// A node is *new* unless it ends a stretch of twelve that the source had before: of a table of a
/// thousand rows the first says something, and so do the first of many like functions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// Node classes, with [`NEW`] where it applies.
    marks: Vec<u8>,
    /// The grams that end in a new node, each of which the outline therefore has once, by key.
    keys: Vec<Key>,
    /// Where each ends.
    ends: Vec<u32>,
    /// New nodes that can be found again: those in a tile of the outline with itself.
    findable: u32,
}

impl Outline {
    /// The outline of node classes (each below 128) in walk order.
    pub(super) fn of_classes(classes: impl Iterator<Item = u8>) -> Outline {
        let mut seen: HashSet<Key> = HashSet::default();
        let mut outline = Outline::default();
        let mut grams: Vec<(Key, u32)> = Vec::new();
        let mut rolling = Rolling::default();
        for (end, class) in classes.enumerate() {
            rolling.push(class);
            let is_new = end + 1 < REPETITION || seen.insert(last(rolling.gram(), REPETITION));
            outline
                .marks
                .push(if is_new { class | NEW } else { class & !NEW });
            if is_new && end + 1 >= GRAM {
                grams.push((rolling.gram(), end as u32));
            }
        }
        drop(seen);
        outline.findable = outline.findable_from(grams.iter().map(|&(_, end)| end));
        grams.sort_unstable();
        (outline.keys, outline.ends) = grams.into_iter().unzip();
        outline
    }

    /// Node classes with their marks.
    pub(super) fn marks(&self) -> &[u8] {
        &self.marks
    }

    /// The grams and where they end, by key.
    pub(super) fn grams(&self) -> impl ExactSizeIterator<Item = (Key, u32)> + '_ {
        self.keys.iter().copied().zip(self.ends.iter().copied())
    }

    /// The same, taken away: what is left has no grams.
    pub(super) fn take_grams(&mut self) -> impl Iterator<Item = (Key, u32)> + use<> {
        let (keys, ends) = (
            std::mem::take(&mut self.keys),
            std::mem::take(&mut self.ends),
        );
        keys.into_iter().zip(ends)
    }

    /// New nodes that can be found again.
    pub(super) fn findable(&self) -> u32 {
        self.findable
    }

    /// The ends, ascending, are all seeds of the outline with itself.
    fn findable_from(&self, ends: impl Iterator<Item = u32>) -> u32 {
        let mut findable = 0;
        let mut stretch = 0..0;
        let mut count = |stretch: std::ops::Range<usize>| {
            let new = self.marks[stretch]
                .iter()
                .filter(|&&mark| mark & NEW != 0)
                .count();
            findable += if new >= super::LEAST_NEW {
                new as u32
            } else {
                0
            };
        };
        for end in ends.map(|end| end as usize + 1) {
            if end - stretch.end > GRAM {
                count(std::mem::replace(&mut stretch, end - GRAM..end));
            }
            stretch.end = end;
        }
        count(stretch);
        findable
    }
}

/// Keys, ascending, that part all keys by the first two classes of their grams; the last is the highest.
pub(super) fn key_bounds() -> impl Iterator<Item = Key> {
    let shift = (GRAM - 2) * CLASS_BITS;
    (1..=1 << (2 * CLASS_BITS)).map(move |prefix: Key| (prefix << shift) - 1)
}

/// The last gram of a walk so far.
#[derive(Debug, Default)]
pub(super) struct Rolling(Key);

impl Rolling {
    pub fn push(&mut self, class: u8) {
        self.0 = last(self.0 << CLASS_BITS | Key::from(class & !NEW), GRAM);
    }

    /// Its key, once there are that many nodes.
    pub fn gram(&self) -> Key {
        self.0
    }
}

/// The last classes of a key.
fn last(key: Key, classes: usize) -> Key {
    key & ((1 << (classes * CLASS_BITS)) - 1)
}

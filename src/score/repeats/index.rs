//! Which kept contents need to be compared: an index for lengths of which there are many.
//!
//! If at most `k` of some positions may differ and they are cut into `k + 1` blocks, then two near
//! contents agree on at least one whole block. So contents are filed once for each block, under what
//! stands there, and a content is compared with those only that it finds under its own blocks.
//!
//! Which positions make a block is learned from the contents: each is to tell as much apart as any
//! other. Where too many contents are still filed together, they are cut anew among themselves: there
//! other positions may tell them apart. That is what makes the index hard to defeat; where contents
//! are really alike in all but a few positions, few of them can be kept.

use super::scan::{Pile, Row, sketches_differ};
use super::{Content, allowed, lengths_near};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hasher};

type Hashing = foldhash::fast::RandomState;

/// What decides whether there is an index: how long the answer takes, never what it is.
#[derive(Clone, Copy)]
pub(super) struct Tuning {
    /// Contents of a class, for each block of an index, from which on an index may be worth it.
    pub many: usize,
    /// Nanoseconds to compare one of many contents that are read for several at once.
    pub shared_cost: f64,
    /// Nanoseconds to compare one of a pile that is read for a single one.
    pub own_cost: f64,
    /// Nanoseconds to look a pile up.
    pub look_up_cost: f64,
}

impl Tuning {
    /// As measured; most of a look-up is waiting for memory.
    pub(super) const MEASURED: Tuning = Tuning {
        many: 192,
        shared_cost: 0.45,
        own_cost: 2.0,
        look_up_cost: 300.0,
    };

    /// Indexes whatever can be, for tests.
    #[cfg(test)]
    pub(super) const EAGER: Tuning = Tuning {
        many: 3,
        shared_cost: 1.0,
        own_cost: 0.3,
        look_up_cost: 0.0,
    };
}

/// Contents looked at to learn which positions tell them apart.
const SAMPLE: usize = 512;

/// The lengths of a class differ by at most this part of the shortest: what only longer ones have is
/// in no block.
const CLASS: usize = 10;

/// Times a content may be filed below one another, which bounds memory: each cut multiplies it by the
/// number of blocks.
const COPIES: usize = 32;

/// Times contents may be filed in all, for each content there is.
const ALL_COPIES: usize = 12;

/// All kept contents.
pub(super) struct Kept<'c> {
    /// By length.
    groups: BTreeMap<usize, Group<'c>>,
    classes: Vec<Class<'c>>,
    filing: Filing,
}

/// What all indexes share.
struct Filing {
    tuning: Tuning,
    /// With numbers drawn anew in every run, so that no dataset can choose what collides.
    hashing: Hashing,
    /// Times that contents may still be filed.
    left: usize,
}

/// Kept contents of one length.
struct Group<'c> {
    pile: Pile<'c>,
    /// Position of the class that indexes them.
    class: Option<usize>,
}

/// Lengths that share their indexes, so that a content is not looked up for each of them.
struct Class<'c> {
    least: usize,
    most: usize,
    /// For contents at least as long as the shortest of these.
    for_longer: Cut<'c>,
    /// For shorter ones, but none shorter than `shortest`.
    for_shorter: Cut<'c>,
    shortest: usize,
}

/// An index over all contents of a class, if there is one yet.
#[derive(Default)]
struct Cut<'c> {
    index: Option<Index<'c>>,
    count: usize,
    /// With how many contents it is worth trying (again).
    due: usize,
}

/// Contents filed once for each block of positions.
struct Index<'c> {
    least: usize,
    most: usize,
    blocks: Vec<Block<'c>>,
}

struct Block<'c> {
    positions: Box<[u32]>,
    /// Contents by the hash of what stands at these positions; different ones under one hash are
    /// compared in vain and nothing worse.
    filed: HashMap<u64, Filed<'c>, Hashing>,
}

enum Filed<'c> {
    One(Row<'c>),
    Many(Box<Folder<'c>>),
}

/// Contents filed together.
enum Folder<'c> {
    Pile {
        pile: Pile<'c>,
        /// With how many contents it is worth cutting.
        due: usize,
    },
    Index(Index<'c>),
}

/// What an index is for.
#[derive(Clone, Copy)]
struct Purpose {
    /// Lengths of the contents in it.
    least: usize,
    most: usize,
    /// Positions that these have in common with whatever is looked up, from the first.
    span: usize,
    /// How many of them may differ.
    limit: usize,
    /// Times that contents are filed already on the way here.
    copies: usize,
}

impl<'c> Kept<'c> {
    /// For contents of these lengths, none of them kept yet.
    pub(super) fn for_lengths(lengths: impl Iterator<Item = usize>, tuning: Tuning) -> Kept<'c> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for length in lengths {
            *counts.entry(length).or_default() += 1;
        }
        let all: usize = counts.values().sum();
        // A few are as well compared with all.
        let frequent = counts.iter().filter(|&(_, &count)| count >= tuning.many);
        let mut classes: Vec<Class<'c>> = Vec::new();
        for (&length, _) in frequent {
            match classes.last_mut() {
                Some(last) if length - last.least <= last.least / CLASS => last.most = length,
                _ => classes.push(Class::from(length)),
            }
        }
        for at in 0..classes.len() {
            let (before, rest) = classes.split_at_mut(at);
            if let Some(class) = rest.first_mut() {
                let near = before
                    .iter()
                    .map(|before| before.least.max(class.least * 9 / 10));
                let near = near.filter(|&least| least < class.least);
                class.shortest = near.min().unwrap_or(class.least);
            }
        }
        Kept {
            groups: BTreeMap::new(),
            classes,
            filing: Filing {
                tuning,
                hashing: Hashing::default(),
                left: ALL_COPIES * all,
            },
        }
    }

    pub(super) fn insert(&mut self, content: &'c Content<'c>) {
        let length = content.length;
        let group = self.groups.entry(length).or_insert_with(|| Group {
            pile: Pile::new(length, length),
            class: self.classes.iter().position(|class| class.holds(length)),
        });
        group.pile.insert(content);
        let Some(class) = group.class.and_then(|class| self.classes.get_mut(class)) else {
            return;
        };
        let kept = || {
            let groups = self.groups.range(class.least..=class.most);
            let of_class = groups.filter(|(_, group)| group.class.is_some());
            of_class.flat_map(|(_, group)| group.pile.rows()).collect()
        };
        let longer = class.purpose(class.least, class.most);
        class
            .for_longer
            .insert(content, kept, longer, &mut self.filing);
        if class.shortest < class.least {
            let shorter = class.purpose(class.shortest, class.least - 1);
            class
                .for_shorter
                .insert(content, kept, shorter, &mut self.filing);
        }
    }

    /// Whether anything is indexed.
    #[cfg(test)]
    pub(super) fn has_index(&self) -> bool {
        let has = |class: &Class<'_>| {
            class.for_longer.index.is_some() || class.for_shorter.index.is_some()
        };
        self.classes.iter().any(has)
    }

    /// Whether there is a near one, for each of some contents that equal no kept one.
    pub(super) fn have_near(&self, contents: &[Content<'_>]) -> Vec<bool> {
        let mut found = self.indexed_near(contents);
        let lengths = || contents.iter().map(|content| content.length);
        let shortest = lengths().min().unwrap_or_default() * 9 / 10;
        let longest = lengths().max().unwrap_or_default() * 10 / 9;
        for (&length, group) in self.groups.range(shortest..=longest) {
            let class = group.class.and_then(|class| self.classes.get(class));
            let open = contents.iter().zip(&mut found).filter(|(content, found)| {
                // Contents of one length of which no character may differ are equal or not.
                let equal_or_not = content.length == length && allowed(length) == 0;
                let is_open = !**found && !equal_or_not && lengths_near(content.length, length);
                is_open && class.is_none_or(|class| class.index_for(content.length).is_none())
            });
            group.pile.mark_near(&mut open.collect());
        }
        found
    }

    /// The same among those that are looked up in an index.
    fn indexed_near(&self, contents: &[Content<'_>]) -> Vec<bool> {
        let is_near = |content: &Content<'_>| {
            let longest = content.length * 10 / 9;
            let start = self
                .classes
                .partition_point(|class| 10 * class.most < 9 * content.length);
            let classes = self.classes.iter().skip(start);
            classes
                .take_while(|class| class.least <= longest)
                .filter_map(|class| class.index_for(content.length))
                .any(|index| index.has_near(content, &self.filing.hashing))
        };
        contents.iter().map(is_near).collect()
    }
}

impl<'c> Class<'c> {
    /// Of one length for now.
    fn from(length: usize) -> Class<'c> {
        Class {
            least: length,
            most: length,
            for_longer: Cut::default(),
            for_shorter: Cut::default(),
            shortest: length,
        }
    }

    fn holds(&self, length: usize) -> bool {
        (self.least..=self.most).contains(&length)
    }

    /// For pairs with contents of the class that have so many positions in common, at least and at
    /// most.
    fn purpose(&self, least: usize, most: usize) -> Purpose {
        Purpose {
            least: self.least,
            most: self.most,
            span: least,
            limit: allowed(most),
            copies: 1,
        }
    }

    /// The index for contents of a length.
    fn index_for(&self, length: usize) -> Option<&Index<'c>> {
        if length >= self.least {
            self.for_longer.index.as_ref()
        } else if length >= self.shortest {
            self.for_shorter.index.as_ref()
        } else {
            None
        }
    }
}

impl Purpose {
    fn blocks(&self) -> usize {
        self.limit + 1
    }

    /// Below one more cut, if there may be one.
    fn below(self) -> Option<Purpose> {
        let copies = self.copies * self.blocks();
        (copies <= COPIES).then_some(Purpose { copies, ..self })
    }

    /// How many contents make it worth looking for a cut.
    fn due(&self, filing: &Filing) -> usize {
        match self.below() {
            Some(_) => filing.tuning.many * self.blocks(),
            None => usize::MAX,
        }
    }
}

impl<'c> Cut<'c> {
    /// Files a content that is among all `kept` ones already.
    fn insert(
        &mut self,
        content: &'c Content<'c>,
        kept: impl Fn() -> Vec<&'c Content<'c>>,
        purpose: Purpose,
        filing: &mut Filing,
    ) {
        if let Some(index) = &mut self.index {
            return index.insert(content, purpose, filing);
        }
        self.count += 1;
        self.due = self.due.max(purpose.due(filing));
        if self.count >= self.due {
            self.index = Index::of(&kept(), purpose, filing);
            self.due = self.count.saturating_mul(2);
        }
    }
}

impl<'c> Index<'c> {
    /// Files contents, if that spares much.
    fn of(
        contents: &[&'c Content<'c>],
        purpose: Purpose,
        filing: &mut Filing,
    ) -> Option<Index<'c>> {
        purpose.below()?;
        if contents.len() * purpose.blocks() > filing.left {
            return None;
        }
        // Evenly picked, as they may have been written in some order.
        let step = contents.len().div_ceil(SAMPLE).max(1);
        let sample: Vec<&Content<'_>> = contents.iter().copied().step_by(step).collect();
        let blocks = cut(&sample, purpose);
        let met: f64 = blocks
            .iter()
            .map(|positions| share_met(&sample, positions, &filing.hashing))
            .sum();
        let count = contents.len() as f64;
        let Tuning {
            shared_cost,
            own_cost,
            look_up_cost,
            ..
        } = filing.tuning;
        let without = match purpose.copies {
            1 => shared_cost * count,
            _ => own_cost * count,
        };
        let with = own_cost * met * count + look_up_cost * purpose.blocks() as f64;
        if with > 0.8 * without {
            return None;
        }
        let hashing = filing.hashing.clone();
        let block = |positions| Block {
            positions,
            filed: HashMap::with_hasher(hashing.clone()),
        };
        let mut index = Index {
            least: purpose.least,
            most: purpose.most,
            blocks: blocks.into_iter().map(block).collect(),
        };
        for content in contents {
            index.insert(content, purpose, filing);
        }
        Some(index)
    }

    fn insert(&mut self, content: &'c Content<'c>, purpose: Purpose, filing: &mut Filing) {
        let below = purpose.below().unwrap_or(purpose);
        for block in &mut self.blocks {
            filing.left = filing.left.saturating_sub(1);
            let key = key(&content.codes, &block.positions, &filing.hashing);
            block
                .filed
                .entry(key)
                .and_modify(|filed| filed.insert(content, below, filing))
                .or_insert(Filed::One(Row::new(content)));
        }
    }

    fn has_near(&self, content: &Content<'_>, hashing: &Hashing) -> bool {
        let limit = sketches_differ(content.length, self.least, self.most);
        self.blocks.iter().any(|block| {
            let key = key(&content.codes, &block.positions, hashing);
            match block.filed.get(&key) {
                None => false,
                Some(Filed::One(row)) => row.is_near(content, limit),
                Some(Filed::Many(folder)) => match &**folder {
                    Folder::Pile { pile, .. } => pile.has_near(content),
                    Folder::Index(index) => index.has_near(content, hashing),
                },
            }
        })
    }
}

impl<'c> Filed<'c> {
    fn insert(&mut self, content: &'c Content<'c>, purpose: Purpose, filing: &mut Filing) {
        match self {
            Filed::Many(folder) => folder.insert(content, purpose, filing),
            Filed::One(first) => {
                let mut pile = Pile::new(purpose.least, purpose.most);
                pile.insert(first.content);
                pile.insert(content);
                let due = purpose.due(filing);
                *self = Filed::Many(Box::new(Folder::Pile { pile, due }));
            }
        }
    }
}

impl<'c> Folder<'c> {
    fn insert(&mut self, content: &'c Content<'c>, purpose: Purpose, filing: &mut Filing) {
        match self {
            Folder::Index(index) => index.insert(content, purpose, filing),
            Folder::Pile { pile, due } => {
                pile.insert(content);
                if pile.len() < *due {
                    return;
                }
                match Index::of(&pile.rows().collect::<Vec<_>>(), purpose, filing) {
                    Some(index) => *self = Folder::Index(index),
                    None => *due = pile.len().saturating_mul(2),
                }
            }
        }
    }
}

/// Cuts positions into blocks that tell about equally much apart; those that tell nothing apart are
/// in none.
fn cut(sample: &[&Content<'_>], purpose: Purpose) -> Vec<Box<[u32]>> {
    let mut informative: Vec<(f64, u32)> = (0..purpose.span as u32)
        .map(|position| (information(sample, position as usize), position))
        .filter(|&(information, _)| information > 0.0)
        .collect();
    informative.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut blocks: Vec<(f64, Vec<u32>)> = vec![(0.0, Vec::new()); purpose.blocks()];
    for (information, position) in informative {
        // The most telling that is left goes to the block that tells least so far.
        if let Some(least) = blocks.iter_mut().min_by(|a, b| a.0.total_cmp(&b.0)) {
            least.0 += information;
            least.1.push(position);
        }
    }
    blocks.sort_by_key(|(information, _)| Reverse(information.to_bits()));
    blocks
        .into_iter()
        .map(|(_, mut positions)| {
            positions.sort_unstable();
            positions.into_boxed_slice()
        })
        .collect()
}

/// Minus the logarithm of how often two contents agree at a position.
fn information(sample: &[&Content<'_>], position: usize) -> f64 {
    let mut counts = [0u32; 256];
    for content in sample {
        if let Some(count) = content
            .codes
            .get(position)
            .and_then(|&code| counts.get_mut(usize::from(code)))
        {
            *count += 1;
        }
    }
    -share_of_pairs(counts.into_iter(), sample.len()).log2()
}

/// How likely a content is to meet another one of the sample in a block.
fn share_met(sample: &[&Content<'_>], positions: &[u32], hashing: &Hashing) -> f64 {
    let mut counts: HashMap<u64, u32> = HashMap::new();
    for content in sample {
        *counts
            .entry(key(&content.codes, positions, hashing))
            .or_default() += 1;
    }
    share_of_pairs(counts.into_values(), sample.len())
}

/// How likely two of the things counted are of one kind.
fn share_of_pairs(counts: impl Iterator<Item = u32>, all: usize) -> f64 {
    let squares: f64 = counts
        .map(|count| (f64::from(count) / all as f64).powi(2))
        .sum();
    squares.min(1.0)
}

/// A hash of the codes at some positions.
fn key(codes: &[u8], positions: &[u32], hashing: &Hashing) -> u64 {
    const STRIDE: usize = 32;
    let mut hasher = hashing.build_hasher();
    for positions in positions.chunks(STRIDE) {
        let mut gathered = [0; STRIDE];
        for (place, &position) in gathered.iter_mut().zip(positions) {
            *place = codes.get(position as usize).copied().unwrap_or_default();
        }
        hasher.write(gathered.get(..positions.len()).unwrap_or_default());
    }
    hasher.finish()
}

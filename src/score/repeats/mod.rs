//! Repeated contents within one conversation.
//!
//! A content repeats an earlier kept one if they are equal, or near: the lengths differ by at most
//! a tenth of the longer, and more than nine tenths of the characters at equal positions are
//! equal. Only whether a near one exists matters, so the walk does not compare all pairs.
//!
//! Contents of about one length form a class. If at most k characters may differ and the positions
//! all members have are cut into k + 1 blocks, near contents agree on at least one whole block, so
//! each class keeps an index from blocks to contents. Where the cuts are is free; they are put
//! where each block tells the class's contents apart about equally well, because a block that all
//! share (a common preamble, say) finds everything.

mod class;

use crate::text::PyStr;
use class::Class;
use std::collections::{BTreeMap, HashSet};

/// What the walk found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Repeats {
    /// Contents that repeat no earlier kept one.
    pub kept: usize,
    /// Contents in all.
    pub all: usize,
}

/// Walks contents, none of them empty, in order.
pub(super) fn repeats<'a>(contents: impl Iterator<Item = &'a PyStr>) -> Repeats {
    let mut walk = Walk::default();
    let mut all = 0;
    for content in contents {
        all += 1;
        walk.visit(content);
    }
    Repeats {
        kept: walk.kept.len(),
        all,
    }
}

/// A content by code points; plain ASCII, the usual case, is used as it is.
enum Chars<'a> {
    Ascii(&'a [u8]),
    Wide(Box<[u32]>),
}

impl<'a> Chars<'a> {
    fn new(text: &'a PyStr) -> Self {
        if text.as_bytes().is_ascii() {
            Chars::Ascii(text.as_bytes())
        } else {
            Chars::Wide(text.code_points().collect())
        }
    }

    fn len(&self) -> usize {
        match self {
            Chars::Ascii(bytes) => bytes.len(),
            Chars::Wide(points) => points.len(),
        }
    }

    fn at(&self, position: usize) -> Option<u32> {
        match self {
            Chars::Ascii(bytes) => bytes.get(position).copied().map(u32::from),
            Chars::Wide(points) => points.get(position).copied(),
        }
    }
}

fn lengths_near(a: usize, b: usize) -> bool {
    10 * a.min(b) >= 9 * a.max(b)
}

/// How many of `common` characters may differ while more than nine tenths are equal.
fn allowed(common: usize) -> usize {
    common.saturating_sub(1) / 10
}

fn near(a: &Chars<'_>, b: &Chars<'_>) -> bool {
    let common = a.len().min(b.len());
    if !lengths_near(a.len(), b.len()) {
        return false;
    }
    let limit = allowed(common);
    match (a, b) {
        (Chars::Ascii(a), Chars::Ascii(b)) => few_differ(a, b, limit, |a, b| a == b),
        (Chars::Wide(a), Chars::Wide(b)) => few_differ(a, b, limit, |a, b| a == b),
        (Chars::Ascii(a), Chars::Wide(b)) | (Chars::Wide(b), Chars::Ascii(a)) => {
            few_differ(a, b, limit, |&a, &b| u32::from(a) == b)
        }
    }
}

/// Whether at most `limit` positions differ over the shorter length, looking no further than it
/// takes to know.
fn few_differ<A, B>(a: &[A], b: &[B], limit: usize, equal: impl Fn(&A, &B) -> bool) -> bool {
    const STRIDE: usize = 32;
    let common = a.len().min(b.len());
    let (a, b) = (a.get(..common).unwrap_or(a), b.get(..common).unwrap_or(b));
    let mut differing = 0;
    for (a, b) in a.chunks(STRIDE).zip(b.chunks(STRIDE)) {
        differing += a.iter().zip(b).filter(|(a, b)| !equal(a, b)).count();
        if differing > limit {
            return false;
        }
    }
    true
}

#[derive(Default)]
struct Walk<'a> {
    /// Every content seen: an equal one was either kept, or is near a kept one still.
    seen: HashSet<&'a PyStr>,
    kept: Vec<Chars<'a>>,
    /// By the shortest length of each.
    classes: BTreeMap<usize, Class>,
}

impl<'a> Walk<'a> {
    fn visit(&mut self, content: &'a PyStr) {
        if !self.seen.insert(content) {
            return;
        }
        let chars = Chars::new(content);
        // The shorter of two near contents decides in which class they meet, so each is looked
        // for, and entered, in its own class and in those of the shorter ones it can be near.
        let shortest = class::lengths((9 * chars.len()).div_ceil(10)).start;
        let is_near = |id| self.kept.get(id).is_some_and(|kept| near(kept, &chars));
        let mut classes = self.classes.range_mut(shortest..=chars.len());
        if classes.any(|(_, class)| class.any_candidate(&chars, is_near)) {
            return;
        }
        let id = self.kept.len();
        self.kept.push(chars);
        let Some(chars) = self.kept.last() else {
            return;
        };
        let mut length = shortest;
        while length <= chars.len() {
            let lengths = class::lengths(length);
            length = lengths.end;
            let class = self
                .classes
                .entry(lengths.start)
                .or_insert_with(|| Class::new(lengths));
            class.insert(id, &self.kept);
        }
    }
}

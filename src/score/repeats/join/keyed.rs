//! Joining two lists of contents by keys of which near ones share at least one.

use super::super::{Content, near};
use super::digests::{Digests, Gathered};
use super::keys::{Entry, Hashes, Part, Table, drawer_bits};
use super::plan::Plan;
use super::{Join, Task};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pairs that are compared without gathering what is compared.
const FEW_PAIRS: usize = 16;

/// Parts hashed at a time, unless a group has more.
const PARTS: usize = 16;

/// A join by keys.
pub(super) struct Keyed<'j, 'c, 't> {
    pub join: &'j Join<'c>,
    pub task: Task<'t>,
    pub kept: Vec<&'c Content<'c>>,
    pub open: Vec<&'c Content<'c>>,
    pub digests: Digests,
    /// Pairs compared so far.
    pub compared: AtomicU64,
    /// With how many of them comparing all would have been done.
    pub enough: u64,
}

/// What one core needs for a key.
#[derive(Default)]
struct Desk {
    keys: Vec<u32>,
    kept: Table,
    open: Table,
    crowds: [Vec<Entry>; 2],
    gathered: Gathered,
}

impl Keyed<'_, '_, '_> {
    /// Whether it was worth it: if not, some pairs are still to be compared.
    pub fn run(&self, plan: &Plan) -> bool {
        let mut groups = &plan.groups[..];
        while !groups.is_empty() {
            let mut parts = Vec::new();
            let mut keys: Vec<Vec<usize>> = Vec::new();
            while let Some((group, rest)) = groups.split_first()
                && (parts.is_empty() || parts.len() + group.parts.len() <= PARTS)
            {
                let shifted = |key: Vec<usize>| key.iter().map(|part| part + parts.len()).collect();
                keys.extend(group.keys().into_iter().map(shifted));
                let lot = &self.join.lot;
                parts.extend(group.parts.iter().map(|part| Part::new(part, lot)));
                groups = rest;
            }
            let kept = Hashes::of(&self.kept, &parts);
            let open = Hashes::of(&self.open, &parts);
            keys.par_iter().for_each_init(Desk::default, |desk, key| {
                if self.compared.load(Ordering::Relaxed) < self.enough {
                    let bits = drawer_bits(self.kept.len().max(self.open.len()));
                    kept.keys(key, &mut desk.keys);
                    desk.kept.fill(&desk.keys, bits);
                    open.keys(key, &mut desk.keys);
                    desk.open.fill(&desk.keys, bits);
                    self.by_key(desk);
                }
            });
            if self.compared.load(Ordering::Relaxed) >= self.enough {
                return false;
            }
        }
        true
    }

    /// Compares what shares a key.
    fn by_key(&self, desk: &mut Desk) {
        let Desk {
            kept,
            open,
            crowds: [many_kept, many_open],
            gathered,
            ..
        } = desk;
        let mut compared = 0;
        for (kept, open) in kept.drawers().zip(open.drawers()) {
            if kept.is_empty() || open.is_empty() {
                continue;
            }
            if kept.len() + open.len() <= self.join.tuning.crowd {
                compared += self.compare(kept, open, gathered);
                continue;
            }
            for (entries, many) in [(kept, &mut *many_kept), (open, &mut *many_open)] {
                many.clear();
                many.extend_from_slice(entries);
                many.sort_unstable_by_key(|entry| entry.key);
            }
            let mut all_kept = &many_kept[..];
            for open in many_open.chunk_by(|a, b| a.key == b.key) {
                let Some(&Entry { key, .. }) = open.first() else {
                    continue;
                };
                let begin = all_kept.partition_point(|entry| entry.key < key);
                all_kept = all_kept.get(begin..).unwrap_or_default();
                let end = all_kept.partition_point(|entry| entry.key == key);
                let kept = all_kept.get(..end).unwrap_or_default();
                if kept.len() * open.len() < self.join.tuning.little {
                    compared += self.compare(kept, open, gathered);
                } else {
                    self.join_anew(kept, open);
                }
            }
        }
        self.compared.fetch_add(compared, Ordering::Relaxed);
    }

    /// Compares all pairs of one key, and says how many there were.
    fn compare(&self, kept: &[Entry], open: &[Entry], gathered: &mut Gathered) -> u64 {
        let limit = self.task.limit;
        let pairs = kept.len() * open.len();
        let is_open = |place: u32| {
            let number = self.task.open.get(place as usize);
            number.is_some_and(|&number| !self.join.is_found(number))
        };
        let is_near = |kept: &Entry, open: &Entry| {
            let is_near = is_open(open.place) && self.is_near(kept.place, open.place);
            if is_near {
                self.mark(open.place);
            }
            is_near
        };
        if pairs <= FEW_PAIRS {
            for open in open {
                let same_key = kept.iter().filter(|entry| entry.key == open.key);
                let mut few =
                    same_key.filter(|kept| self.digests.few_differ(kept.place, open.place, limit));
                few.any(|kept| is_near(kept, open));
            }
            return pairs as u64;
        }
        let places = kept.iter().map(|entry| entry.place);
        self.digests.gather(places, gathered);
        for open in open.iter().filter(|open| is_open(open.place)) {
            let next = |begin| self.digests.next_of(gathered, begin, open.place, limit);
            let mut at = next(0);
            while let Some(number) = at {
                if kept.get(number).is_some_and(|kept| is_near(kept, open)) {
                    break;
                }
                at = next(number + 1);
            }
        }
        pairs as u64
    }

    fn mark(&self, open: u32) {
        if let Some(&number) = self.task.open.get(open as usize) {
            self.join.mark(number);
        }
    }

    /// Joins contents of one key by what tells them apart.
    fn join_anew(&self, kept: &[Entry], open: &[Entry]) {
        let number = |numbers: &[u32], entry: &Entry| numbers.get(entry.place as usize).copied();
        let kept: Vec<u32> = kept
            .iter()
            .filter_map(|entry| number(self.task.kept, entry))
            .collect();
        let open: Vec<u32> = open
            .iter()
            .filter_map(|entry| number(self.task.open, entry))
            .filter(|&number| !self.join.is_found(number))
            .collect();
        self.join.solve(Task {
            kept: &kept,
            open: &open,
            depth: self.task.depth + 1,
            ..self.task
        });
    }

    /// Whether a kept content and an open one are near, by their places.
    fn is_near(&self, kept: u32, open: u32) -> bool {
        let (kept, open) = (self.kept.get(kept as usize), self.open.get(open as usize));
        matches!((kept, open), (Some(a), Some(b)) if near(a, b))
    }
}

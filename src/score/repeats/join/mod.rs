//! Which of many open contents are near one of many kept ones.
//!
//! Contents of about one length are joined at a time. Where comparing all of them would show, both sides
//! are hashed under keys of which near ones share at least one ([`plan`]), one key after the other, so that
//! only one table per core is held. Which positions make a key is learned from the contents ([`telling`]),
//! and learned again among those that share a key with too many others: what makes the keys hard to defeat.

mod digests;
mod keyed;
mod keys;
mod plan;
mod sketch;
mod telling;

use super::differ::BLOCK;
use super::scan::Pile;
use super::{Content, allowed, lengths_near};
use digests::Digests;
use keyed::Keyed;
pub(super) use plan::Tuning;
use plan::{Plan, Size};
use rayon::prelude::*;
use sketch::Sketching;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use telling::{Telling, sample};

impl Tuning {
    pub(super) const MEASURED: Tuning = Tuning {
        file: 12.0,
        gather: 15.0,
        pair: 1.5,
        position: 0.8,
        block: 0.09,
        tile: 0.8,
        few: 2048,
        little: 1 << 20,
        crowd: 96,
    };

    /// Makes keys wherever there can be any, for tests.
    #[cfg(test)]
    pub(super) const EAGER: Tuning = Tuning {
        file: 0.001,
        gather: 0.001,
        pair: 0.02,
        position: 0.0,
        block: 1000.0,
        tile: 0.0,
        few: 24,
        little: 60,
        crowd: 6,
    };

    /// What things cost where sketches are looked at before contents.
    fn with_sketches(self) -> Tuning {
        Tuning {
            gather: self.gather / 2.0,
            pair: self.pair / 3.0,
            ..self
        }
    }
}

/// The lengths of open contents that are joined together differ by at most this part of the shortest:
/// what only longer ones have is in no key.
const CLASS: usize = 20;

/// The same for kept ones in one pile.
const PILE: usize = 50;

/// Contents that one task compares with the piles.
const TASK: usize = 32;

/// Keys made among contents that share keys already.
const DEPTH: u32 = 3;

type Lot = foldhash::fast::RandomState;

/// The contents of a conversation, and which of them were found to repeat others.
pub(super) struct Join<'c> {
    pub contents: &'c [Content<'c>],
    pub found: Vec<AtomicBool>,
    pub tuning: Tuning,
    pub lot: Lot,
}

/// Kept and open contents of about one length, by their numbers.
#[derive(Clone, Copy)]
struct Task<'t> {
    kept: &'t [u32],
    open: &'t [u32],
    /// Positions that all have, from the first.
    span: usize,
    /// How many positions may differ between near ones at most.
    limit: usize,
    depth: u32,
}

impl<'c> Join<'c> {
    pub(super) fn new(contents: &'c [Content<'c>], tuning: Tuning) -> Join<'c> {
        Join {
            contents,
            found: contents.iter().map(|_| AtomicBool::new(false)).collect(),
            tuning,
            lot: Lot::default(),
        }
    }

    pub(super) fn is_found(&self, number: u32) -> bool {
        let found = self.found.get(number as usize);
        found.is_some_and(|found| found.load(Ordering::Relaxed))
    }

    fn mark(&self, number: u32) {
        if let Some(found) = self.found.get(number as usize) {
            found.store(true, Ordering::Relaxed);
        }
    }

    fn content(&self, number: u32) -> Option<&'c Content<'c>> {
        self.contents.get(number as usize)
    }

    pub(super) fn list(&self, numbers: &[u32]) -> Vec<&'c Content<'c>> {
        numbers
            .iter()
            .filter_map(|&number| self.content(number))
            .collect()
    }

    fn length(&self, number: u32) -> usize {
        self.content(number).map_or(0, |content| content.length)
    }

    /// Marks those of `open` that are near one of `kept`.
    pub(super) fn mark_near(&self, kept: &[u32], open: &[u32]) {
        let sorted = |numbers: &[u32]| {
            let mut numbers = numbers.to_vec();
            numbers.sort_by_key(|&number| self.length(number));
            numbers
        };
        let (kept, open) = (sorted(kept), sorted(open));
        let mut rest = &open[..];
        while let Some(&first) = rest.first() {
            let least = self.length(first);
            let of_class = |&number: &u32| self.length(number) - least <= least / CLASS;
            let (open, others) = rest.split_at(rest.partition_point(of_class));
            rest = others;
            let most = open.last().map_or(least, |&last| self.length(last));
            let from = |least: usize| kept.partition_point(|&number| self.length(number) < least);
            let (shorter, same, longer) = (
                from((9 * least).div_ceil(10)),
                from(least),
                from(10 * most / 9 + 1),
            );
            self.join_class(kept.get(shorter..same).unwrap_or_default(), open);
            self.join_class(kept.get(same..longer).unwrap_or_default(), open);
        }
    }

    /// Both sorted by length, and all kept ones shorter than all open ones or none.
    fn join_class(&self, kept: &[u32], open: &[u32]) {
        let ends = |numbers: &[u32]| {
            let first = numbers.first().map_or(0, |&number| self.length(number));
            (
                first,
                numbers.last().map_or(0, |&number| self.length(number)),
            )
        };
        let ((least_kept, most_kept), (least_open, most_open)) = (ends(kept), ends(open));
        let limit = allowed(most_kept.min(most_open));
        // Contents of one length of which no character may differ are equal or not.
        let equal_or_not = limit == 0 && least_kept.min(least_open) == most_kept.max(most_open);
        if !kept.is_empty() && !open.is_empty() && !equal_or_not {
            self.solve(Task {
                kept,
                open,
                span: least_kept.min(least_open),
                limit,
                depth: 0,
            });
        }
    }

    /// In whichever way seems cheaper.
    fn solve(&self, task: Task<'_>) {
        let pairs = task.kept.len() as f64 * task.open.len() as f64;
        if pairs < self.tuning.little as f64 || task.depth > DEPTH {
            return self.scan(task);
        }
        let (kept, open) = (self.list(task.kept), self.list(task.open));
        let telling = Telling::of(&kept, &open, task.span);
        let enough = telling.enough(task.limit);
        let blocks = enough.div_ceil(BLOCK) as f64;
        let scan = pairs * blocks * self.tuning.block
            + task.kept.len() as f64 * task.span as f64 * self.tuning.tile;
        let size = Size {
            kept: kept.len(),
            open: open.len(),
            limit: task.limit,
        };
        let (some_kept, some_open) = (sample(&kept), sample(&open));
        let sketching = Sketching::new(&telling, &some_kept);
        let share_left = sketching.share_left(&some_kept, &some_open, task.limit);
        let by_sketch = share_left < 0.02;
        let tuning = if by_sketch {
            self.tuning.with_sketches()
        } else {
            self.tuning
        };
        let plan = Plan::best(&telling, size, &tuning);
        match plan {
            Some(plan) if plan.cost < scan => {
                let digests = if by_sketch {
                    Digests::sketches(&sketching, &kept, &open)
                } else {
                    let looked_at = telling.positions.iter().take(enough + enough / 4 + 4);
                    let positions: Vec<u32> = looked_at.map(|&(_, position)| position).collect();
                    Digests::rows(&positions, &kept, &open)
                };
                let keyed = Keyed {
                    join: self,
                    task,
                    digests,
                    kept,
                    open,
                    compared: AtomicU64::new(0),
                    enough: (scan / tuning.pair) as u64,
                };
                if !keyed.run(&plan) {
                    self.scan(task);
                }
            }
            _ => self.scan(task),
        }
    }

    /// Compares all.
    fn scan(&self, task: Task<'_>) {
        let mut piles: Vec<(usize, usize, Pile<'_>)> = Vec::new();
        let mut kept = task.kept.to_vec();
        kept.sort_by_key(|&number| self.length(number));
        let mut rest = &kept[..];
        while let Some(&first) = rest.first() {
            let least = self.length(first);
            let of_pile = |&number: &u32| self.length(number) - least <= least / PILE;
            let (kept, others) = rest.split_at(rest.partition_point(of_pile));
            rest = others;
            let most = kept.last().map_or(least, |&last| self.length(last));
            let mut pile = Pile::new(least, most);
            for content in kept.iter().filter_map(|&number| self.content(number)) {
                pile.insert(content);
            }
            piles.push((least, most, pile));
        }
        task.open.par_chunks(TASK).for_each(|numbers| {
            let mut found = vec![false; numbers.len()];
            for (least, most, pile) in &piles {
                let mut open: Vec<(&Content<'_>, &mut bool)> = numbers
                    .iter()
                    .zip(&mut found)
                    .filter(|(number, found)| !**found && !self.is_found(**number))
                    .filter_map(|(&number, found)| Some((self.content(number)?, found)))
                    .filter(|(content, _)| {
                        let nearest = content.length.clamp(*least, *most);
                        lengths_near(content.length, nearest)
                    })
                    .collect();
                pile.mark_near(&mut open);
            }
            let found = numbers.iter().zip(found).filter(|(_, found)| *found);
            found.for_each(|(&number, _)| self.mark(number));
        });
    }
}

//! The same by the definition, as slow as it likes.

use super::super::LEAST_NEW;
use super::super::outline::{GRAM, NEW};
use super::super::tiles::Tile;
use std::cmp::Reverse;

pub fn marks(classes: &[u8]) -> Vec<u8> {
    let mark = |end: usize| {
        let before = end.checked_sub(11).map(|start| &classes[start..=end]);
        let repeats =
            before.is_some_and(|last| classes[..end].windows(12).any(|earlier| earlier == last));
        if repeats {
            classes[end]
        } else {
            classes[end] | NEW
        }
    };
    (0..classes.len()).map(mark).collect()
}

pub fn tiles(left: &[u8], right: &[u8]) -> Vec<Tile> {
    let (left, right) = (marks(left), marks(right));
    let swapped = (right.len(), &right) < (left.len(), &left);
    match swapped {
        true => in_order(&right, &left)
            .into_iter()
            .map(Tile::transposed)
            .collect(),
        false => in_order(&left, &right),
    }
}

fn in_order(left: &[u8], right: &[u8]) -> Vec<Tile> {
    let is_new = |at: usize, other: usize| left[at] & right[other] & NEW != 0;
    let same = |at: usize, other: usize| left[at] & !NEW == right[other] & !NEW;
    // On each diagonal, the stretches that common grams cover which end in a node new on both sides.
    let mut runs = Vec::new();
    for offset in -(left.len() as i64)..=right.len() as i64 {
        let other = |at: usize| {
            usize::try_from(at as i64 + offset)
                .ok()
                .filter(|&other| other < right.len())
        };
        let is_gram = |end: usize| {
            end + 1 >= GRAM
                && other(end).is_some_and(|end| {
                    end + 1 >= GRAM && is_new((end as i64 - offset) as usize, end)
                })
                && (end + 1 - GRAM..=end).all(|at| other(at).is_some_and(|other| same(at, other)))
        };
        let mut covered = vec![false; left.len()];
        for end in (0..left.len()).filter(|&end| is_gram(end)) {
            covered[end + 1 - GRAM..=end].fill(true);
        }
        runs.extend(
            stretches(&covered)
                .into_iter()
                .map(|(start, len)| (start, other(start).unwrap(), len)),
        );
    }
    let new_in = |&(start, other, len): &(usize, usize, usize)| {
        (0..len).filter(|at| is_new(start + at, other + at)).count()
    };
    runs.retain(|run| new_in(run) >= LEAST_NEW);
    runs.sort_by_key(|run| (Reverse(new_in(run)), run.0, run.1));
    let (mut taken, mut other_taken) = (vec![false; left.len()], vec![false; right.len()]);
    let mut tiles = Vec::new();
    for (start, other, len) in runs {
        let free: Vec<bool> = (0..len)
            .map(|at| !taken[start + at] && !other_taken[other + at])
            .collect();
        for (at, len) in stretches(&free) {
            let part = (start + at, other + at, len);
            if len >= GRAM && new_in(&part) >= LEAST_NEW {
                taken[part.0..part.0 + len].fill(true);
                other_taken[part.1..part.1 + len].fill(true);
                tiles.push(Tile {
                    left: part.0 as u32,
                    right: part.1 as u32,
                    len: len as u32,
                    new: new_in(&part) as u32,
                });
            }
        }
    }
    tiles
}

/// Start and length of everything true.
fn stretches(flags: &[bool]) -> Vec<(usize, usize)> {
    let mut stretches = Vec::new();
    for (at, _) in flags.iter().enumerate().filter(|(_, flag)| **flag) {
        match stretches.last_mut() {
            Some((start, len)) if *start + *len == at => *len += 1,
            _ => stretches.push((at, 1)),
        }
    }
    stretches
}

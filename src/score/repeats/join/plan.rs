//! By which keys two sets of contents are joined.
//!
//! Positions are dealt out to groups, and the differences that are allowed are too: if a group may have
//! `w` of them and the numbers `w + 1` of all groups add up to one more than is allowed, then near
//! contents differ in at most `w` positions of some group. Of the parts of that group at most `w` differ,
//! so the contents agree on all others: for each choice of `w` parts, the rest is a key. More parts make
//! more keys that tell more apart each.

use super::telling::Telling;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What decides how long an answer takes, never what it is. Times are nanoseconds, as measured; most of
/// it is waiting for memory.
#[derive(Clone, Copy)]
pub(in super::super) struct Tuning {
    /// To file a content under a key.
    pub file: f64,
    /// To fetch a content that shares a key with another.
    pub gather: f64,
    /// To compare two contents that share a key.
    pub pair: f64,
    /// To make hashes of a content, for each position.
    pub position: f64,
    /// To compare a content with one of a tile, for each block of positions.
    pub block: f64,
    /// To put a content into a tile, for each position.
    pub tile: f64,
    /// Contents that are compared with all, whatever they are.
    pub few: usize,
    /// Pairs that are compared without a second thought.
    pub little: usize,
    /// Contents that may have different keys and are compared nevertheless.
    pub crowd: usize,
}

/// The most keys of one group.
const KEYS: usize = 300;

/// The most differences dealt to one group.
const SHARE: usize = 10;

/// Plans that look best at a glance and are looked at closely.
const CLOSELY: usize = 8;

/// Groups of positions.
pub(super) struct Plan {
    pub groups: Vec<Group>,
    /// Nanoseconds, about.
    pub cost: f64,
}

/// Positions of which so many parts may differ.
pub(super) struct Group {
    pub parts: Vec<Vec<u32>>,
    pub wild: usize,
}

/// How many contents are joined with how many, and how far near ones may be from one another.
#[derive(Clone, Copy)]
pub(super) struct Size {
    pub kept: usize,
    pub open: usize,
    pub limit: usize,
}

/// Groups that are alike.
#[derive(Clone, Copy, Debug)]
struct Kind {
    count: usize,
    parts: usize,
    wild: usize,
}

impl Kind {
    /// Kinds of groups with a share of the differences, of more and more parts.
    fn all(count: usize, share: usize) -> impl Iterator<Item = Kind> {
        let wild = share - 1;
        let most = if count == 0 || wild == 0 {
            share
        } else {
            share + SHARE
        };
        (share..=most)
            .map(move |parts| Kind { count, parts, wild })
            .take_while(|kind| kind.keys_of_one() <= KEYS)
    }

    fn keys_of_one(&self) -> usize {
        (0..self.wild).fold(1, |ways, chosen| {
            ways * (self.parts - chosen) / (chosen + 1)
        })
    }

    /// Of which a key has one for each part it has: what a part weighs if all keys are to tell as much.
    fn weight_of_part(&self) -> f64 {
        1.0 / (self.parts - self.wild) as f64
    }
}

impl Plan {
    /// The cheapest plan found, if there is any.
    pub(super) fn best(telling: &Telling, size: Size, tuning: &Tuning) -> Option<Plan> {
        let bits = telling.bits();
        let mut glances: Vec<(f64, [Kind; 2])> = Vec::new();
        let differences = size.limit + 1;
        let mut before = 0;
        for share in 1..=differences.min(SHARE) {
            let groups = differences.div_ceil(share);
            if groups == before {
                continue;
            }
            before = groups;
            let (less, rest) = (differences / groups, differences % groups);
            for more in Kind::all(rest, less + 1) {
                for less in Kind::all(groups - rest, less) {
                    let kinds = [more, less];
                    let parts: usize = kinds.iter().map(|kind| kind.count * kind.parts).sum();
                    if parts > telling.positions.len() {
                        continue;
                    }
                    let weight: f64 = kinds
                        .iter()
                        .map(|kind| (kind.count * kind.parts) as f64 * kind.weight_of_part())
                        .sum();
                    let keys = kinds
                        .iter()
                        .map(|kind| kind.count * kind.keys_of_one())
                        .sum::<usize>() as f64;
                    let key = cost_of_key(bits / weight, size, tuning);
                    glances.push((keys * key, kinds));
                }
            }
        }
        glances.sort_by(|a, b| a.0.total_cmp(&b.0));
        let looked_at = glances.into_iter().take(CLOSELY);
        let plans = looked_at.map(|(_, kinds)| Plan::of(kinds, telling, size, tuning));
        plans.min_by(|a, b| a.cost.total_cmp(&b.cost))
    }

    /// Deals positions out to the parts of groups.
    fn of(kinds: [Kind; 2], telling: &Telling, size: Size, tuning: &Tuning) -> Plan {
        let mut groups: Vec<(Group, Vec<f64>)> = Vec::new();
        // How full each part is, for its weight.
        let mut fill = BinaryHeap::new();
        for kind in kinds {
            for _ in 0..kind.count {
                for part in 0..kind.parts {
                    fill.push(Reverse((
                        Fill(0.0),
                        groups.len(),
                        part,
                        kind.parts - kind.wild,
                    )));
                }
                let group = Group {
                    parts: vec![Vec::new(); kind.parts],
                    wild: kind.wild,
                };
                groups.push((group, vec![0.0; kind.parts]));
            }
        }
        for &(bits, position) in &telling.positions {
            // The most telling that is left goes to the part that tells least so far.
            let Some(Reverse((Fill(full), at, part, share))) = fill.pop() else {
                break;
            };
            if let Some((group, told)) = groups.get_mut(at)
                && let (Some(positions), Some(told)) =
                    (group.parts.get_mut(part), told.get_mut(part))
            {
                positions.push(position);
                *told += bits;
            }
            fill.push(Reverse((Fill(full + bits * share as f64), at, part, share)));
        }
        let of_group = |(group, told): &(Group, Vec<f64>)| -> f64 {
            let keys = group.keys().into_iter();
            let bits = |key: Vec<usize>| {
                telling.own * key.iter().filter_map(|&part| told.get(part)).sum::<f64>()
            };
            keys.map(|key| cost_of_key(bits(key), size, tuning)).sum()
        };
        let keys: f64 = groups.iter().map(of_group).sum();
        let hashed = (size.kept + size.open) * telling.positions.len();
        Plan {
            groups: groups.into_iter().map(|(group, _)| group).collect(),
            cost: keys + hashed as f64 * tuning.position,
        }
    }
}

/// What it tuning to look up a key that tells so much.
fn cost_of_key(bits: f64, size: Size, tuning: &Tuning) -> f64 {
    let (kept, open) = (size.kept as f64, size.open as f64);
    let pairs = kept * open * (-bits).exp2();
    (kept + open) * tuning.file
        + (kept.min(pairs) + open.min(pairs)) * tuning.gather
        + pairs * tuning.pair
}

impl Group {
    /// The parts of each key.
    pub(super) fn keys(&self) -> Vec<Vec<usize>> {
        let size = self.parts.len() - self.wild;
        let mut keys = vec![Vec::new()];
        for part in 0..self.parts.len() {
            let longer: Vec<Vec<usize>> = keys
                .iter()
                .filter(|key: &&Vec<usize>| key.len() < size)
                .map(|key| key.iter().copied().chain([part]).collect())
                .collect();
            // What cannot become long enough any more is left out.
            let rest = self.parts.len() - part - 1;
            keys.retain(|key| key.len() + rest >= size);
            keys.extend(longer);
        }
        keys
    }
}

/// A number that is never NaN, in order.
#[derive(PartialEq)]
struct Fill(f64);

impl Eq for Fill {}

impl PartialOrd for Fill {
    fn partial_cmp(&self, other: &Fill) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fill {
    fn cmp(&self, other: &Fill) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn contents_that_differ_in_few_positions_share_a_key(
            positions in 1usize..60,
            limit in 0usize..12,
            different in prop::collection::btree_set(0u32..60, 0..12),
            kept in 1usize..1_000_000,
        ) {
            let telling = Telling {
                positions: (0..positions as u32).map(|position| (1.0, position)).collect(),
                own: 1.0,
            };
            let size = Size { kept, open: 1000, limit };
            let different: Vec<u32> = different.into_iter().take(limit).collect();
            if let Some(plan) = Plan::best(&telling, size, &Tuning::MEASURED) {
                let dealt: usize = plan.groups.iter().flat_map(|group| &group.parts).map(Vec::len).sum();
                prop_assert_eq!(dealt, positions);
                let shares = |group: &Group| {
                    let equal = |part: &Vec<u32>| part.iter().all(|position| !different.contains(position));
                    let equal: Vec<bool> = group.parts.iter().map(equal).collect();
                    group.keys().iter().any(|key| key.iter().all(|&part| equal[part]))
                };
                prop_assert!(plan.groups.iter().any(shares));
            } else {
                prop_assert!(positions <= limit);
            }
        }
    }
}

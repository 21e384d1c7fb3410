//! Conversations that are equal or open alike.

use std::collections::BTreeMap;

use super::super::facts::Facts;
use super::super::pairs::Openings;
use super::{SimilarOpenings, cut};
use crate::dataset::Dataset;

/// At most this many groups of similar openings are listed.
const GROUPS_LISTED: usize = 20;

/// Openings more alike than this are reported together: from here on the mean over all pairs
/// costs half of itself.
const ALIKE: f64 = 0.8;

/// Groups of at least two conversations that are linked by openings more alike than [`ALIKE`].
pub(super) fn similar_openings(
    dataset: &Dataset,
    facts: &[Facts],
) -> (Vec<SimilarOpenings>, usize) {
    let openings = Openings::new(dataset.conversations());
    let count = openings.groups().len();
    // Links found by each task are joined at once, so that they never take more than their
    // groups' number.
    let roots = openings.visit(
        || Links::new(count),
        Links::merge,
        |links, pair| {
            if pair.similarity > ALIKE {
                links.join(pair.left, pair.right);
            }
        },
    );
    let mut joined: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let groups = openings.groups().iter().enumerate();
    // Openings without words are alike in nothing.
    for (group, item) in groups.filter(|(_, item)| item.words > 0) {
        joined
            .entry(roots.root(group))
            .or_default()
            .extend(&item.members);
    }
    let mut found: Vec<SimilarOpenings> = joined
        .into_values()
        .filter(|members| members.len() > 1)
        .map(|members| {
            let members: Vec<&Facts> = members.iter().filter_map(|&at| facts.get(at)).collect();
            let distinct: std::collections::HashSet<_> =
                members.iter().map(|f| f.identity).collect();
            let mut lines: Vec<usize> = members.iter().map(|facts| facts.line).collect();
            lines.sort_unstable();
            let (count, distinct) = (lines.len(), distinct.len());
            let more = cut(&mut lines);
            SimilarOpenings {
                count,
                distinct,
                lines,
                more,
            }
        })
        .collect();
    found.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.lines.cmp(&b.lines)));
    let more = found.len().saturating_sub(GROUPS_LISTED);
    found.truncate(GROUPS_LISTED);
    (found, more)
}

/// Which groups hang together: each points to an earlier one, or to itself.
struct Links(Vec<usize>);

impl Links {
    fn new(count: usize) -> Links {
        Links((0..count).collect())
    }

    fn root(&self, mut at: usize) -> usize {
        while let Some(&up) = self.0.get(at).filter(|&&up| up != at) {
            at = up;
        }
        at
    }

    fn join(&mut self, left: usize, right: usize) {
        let (a, b) = (self.root(left), self.root(right));
        let low = a.min(b);
        for start in [left, right] {
            self.point_path(start, low);
        }
    }

    /// Points everything on the way to the root at `root`, so that ways stay short.
    fn point_path(&mut self, mut at: usize, root: usize) {
        while let Some(up) = self.0.get_mut(at) {
            let next = std::mem::replace(up, root);
            if next == at {
                return;
            }
            at = next;
        }
    }

    fn merge(mut self, other: Links) -> Links {
        for at in 0..other.0.len() {
            let root = other.root(at);
            if root != at {
                self.join(root, at);
            }
        }
        self
    }
}

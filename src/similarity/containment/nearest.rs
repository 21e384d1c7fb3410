//! Which of many sequences has most in common with one.

use super::super::sequence::Sequence;
use super::nodes;
use super::outline::{Key, Outline, Rolling};
use super::share::Containment;
use foldhash::HashSet;
use rayon::prelude::*;

impl Outline {
    /// Position and containment of the candidate with the greatest share in either direction, the first
    /// of equals; None if none has anything in common. `left` is this outline.
    ///
    /// A candidate without a gram of this outline is passed over after one look at its nodes, so that a
    /// window of many costs little.
    pub fn nearest(&self, candidates: &[&Sequence]) -> Option<(usize, Containment)> {
        let grams: HashSet<Key> = self.grams().map(|(key, _)| key).collect();
        let found: Vec<Option<Containment>> = candidates
            .par_iter()
            .with_max_len(1)
            .map(|candidate| {
                let mut rolling = Rolling::default();
                let mut classes = nodes::classes(candidate);
                let may_match = classes.any(|(_, class)| {
                    rolling.push(class);
                    grams.contains(&rolling.gram())
                });
                let found = may_match.then(|| self.contained(&Outline::of(candidate)))?;
                (found.matched_nodes > 0).then_some(found)
            })
            .collect();
        let mut best: Option<(usize, Containment)> = None;
        for (index, found) in found.into_iter().enumerate() {
            if let Some(found) = found
                && best.is_none_or(|(_, best)| found.greater() > best.greater())
            {
                best = Some((index, found));
            }
        }
        best
    }
}

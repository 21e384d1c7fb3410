//! Which sequences are compared with which, and what comes of it.

use super::clusters::clusters;
use super::containment::{Containment, Outlines};
use super::corpus::Corpus;
use super::pairs::ScoredPair;
use super::report::{
    Contained, Nearest, NearestContained, NearestStructure, Notable, SimilarityReport,
};
use super::score::status;
use rayon::prelude::*;

/// Pairs below the lowest score asked for that are listed for their containment: more than anybody looks through, and
/// comparing them all would undo what a lowest score spares.
const MAX_UNLISTED: usize = 1000;

/// What is compared with what.
#[derive(Clone, Copy)]
pub struct Comparing<'a> {
    /// What scores are decided on.
    pub corpus: &'a Corpus,
    /// The same sequences with all that was taken out of them, if anything was.
    pub whole: Option<&'a Corpus>,
    /// How many, from the first, are compared with all; the others are not compared with one another.
    pub new: usize,
    /// Whose each sequence is, if those of one owner are not compared with one another.
    pub owners: Option<&'a [usize]>,
    /// The outlines of the sequences that scores are decided on, if containment is looked for.
    pub outlines: Option<&'a Outlines>,
}

impl<'a> Comparing<'a> {
    /// All sequences of a corpus with one another.
    pub fn all(corpus: &'a Corpus) -> Comparing<'a> {
        Comparing {
            corpus,
            whole: None,
            new: corpus.len(),
            owners: None,
            outlines: None,
        }
    }

    /// The pairs that score at least `min_score`. `names` belong to the sequences one to one. Clusters are
    /// made at `cluster_threshold` or `min_score`, whichever is more.
    pub fn pairs<'n>(
        &self,
        names: &'n [String],
        min_score: u32,
        cluster_threshold: u32,
    ) -> SimilarityReport<'n> {
        let mut pairs = self.corpus.pairs_with_first(self.new, min_score);
        if self.owners.is_some() {
            pairs.retain(|pair| self.may_compare(pair.left as usize, pair.right as usize));
        }
        SimilarityReport {
            names,
            clusters: clusters(self.corpus.len(), &pairs, cluster_threshold),
            whole: self
                .whole
                .map(|whole| self.whole_scores(whole, &pairs, min_score)),
            contained: self
                .outlines
                .map(|outlines| self.contained(outlines, &pairs)),
            pairs,
        }
    }

    /// Containment of the pairs, and all pairs of which it is notable, whatever they score.
    fn contained(&self, outlines: &Outlines, pairs: &[ScoredPair]) -> Contained {
        let matches = outlines.matches(self.new);
        let matched = |pair: &ScoredPair| {
            let row = matches.get(pair.left as usize)?;
            let at = row
                .binary_search_by_key(&pair.right, |&(right, _)| right)
                .ok()?;
            Some(row[at].1)
        };
        let matched = pairs
            .iter()
            .map(|pair| matched(pair).unwrap_or(0))
            .collect();
        let (notable, omitted) = self.notable(outlines, &matches, pairs);
        Contained {
            findable: outlines.findable(),
            matched,
            notable,
            omitted,
        }
    }

    /// Pairs of which containment is notable, scored, and how many more there are: of those that are not listed for
    /// their score only the ones with the greatest shares are scored, for each is a whole comparison.
    fn notable(
        &self,
        outlines: &Outlines,
        matches: &[Vec<(u32, u32)>],
        pairs: &[ScoredPair],
    ) -> (Vec<Notable>, usize) {
        let mut found = Vec::new();
        let mut unlisted = Vec::new();
        let mut scored = pairs.iter().peekable();
        for (left, row) in matches.iter().enumerate() {
            for &(right, matched) in row {
                let share = outlines.containment(left, right as usize, matched);
                if !share.is_notable() || !self.may_compare(left, right as usize) {
                    continue;
                }
                let here = (left as u32, right);
                while scored
                    .next_if(|pair| (pair.left, pair.right) < here)
                    .is_some()
                {}
                let known = scored.peek().filter(|pair| (pair.left, pair.right) == here);
                if known.is_none() {
                    unlisted.push((share.greater(), found.len()));
                }
                found.push((here, matched, known.map(|pair| pair.score)));
            }
        }
        // The first of equals.
        unlisted.sort_by(|one, other| other.0.total_cmp(&one.0));
        let mut is_omitted = vec![false; found.len()];
        for &(_, at) in unlisted.iter().skip(MAX_UNLISTED) {
            is_omitted[at] = true;
        }
        let omitted = unlisted.len().saturating_sub(MAX_UNLISTED);
        let comparers = || (self.corpus.comparer(), self.whole.map(Corpus::comparer));
        let kept = found.into_par_iter().zip(is_omitted);
        let kept = kept.filter(|(_, is_omitted)| !is_omitted).map_init(
            comparers,
            |comparers, (((left, right), matched, known), _)| {
                let at = (left as usize, right as usize);
                let whole = comparers.1.as_mut();
                Notable {
                    whole: whole.map(|whole| whole.score(at.0, at.1)),
                    pair: ScoredPair {
                        left,
                        right,
                        score: known.unwrap_or_else(|| comparers.0.score(at.0, at.1)),
                    },
                    matched,
                    is_listed: known.is_some(),
                }
            },
        );
        (kept.collect(), omitted)
    }

    /// Of each that is compared with all, the other with the greatest share in common; the first of
    /// equals.
    fn most_contained(&self, outlines: &Outlines) -> Vec<Option<(usize, Containment)>> {
        let mut best: Vec<Option<(usize, Containment)>> = vec![None; self.new];
        for (left, row) in outlines.matches(self.new).into_iter().enumerate() {
            for (right, matched) in row {
                let right = right as usize;
                if !self.may_compare(left, right) {
                    continue;
                }
                for (one, other) in [(left, right), (right, left)] {
                    let found = outlines.containment(one, other, matched);
                    if let Some(best) = best.get_mut(one)
                        && best.is_none_or(|(_, best)| found.greater() > best.greater())
                    {
                        *best = Some((other, found));
                    }
                }
            }
        }
        best
    }

    /// The nearest other sequence of each that is compared with all, in order.
    pub fn nearest(&self, names: &[String]) -> Vec<Nearest> {
        let found = self
            .corpus
            .nearest_of_first(self.new, |one, other| self.may_compare(one, other));
        let whole_score =
            |one: usize, found: Option<(usize, u32)>| Some(self.whole?.score(one, found?.0));
        let mut contained = self.outlines.map(|outlines| self.most_contained(outlines));
        let rows = names.iter().zip(found).enumerate();
        rows.map(|(index, (path, found))| {
            let contained = contained
                .as_mut()
                .map(|all| all.get_mut(index).and_then(Option::take));
            let whole = whole_score(index, found);
            let decided = found.map(|(_, score)| score);
            Nearest {
                path: path.clone(),
                neighbor: found.and_then(|(index, _)| names.get(index).cloned()),
                score: whole.or(decided),
                own_score: whole.and(decided),
                status: decided.map(status),
                structure: contained.map(|found| NearestStructure {
                    containment: found.and_then(|(index, containment)| {
                        Some(NearestContained {
                            neighbor: names.get(index)?.clone(),
                            containment,
                        })
                    }),
                }),
            }
        })
        .collect()
    }

    fn may_compare(&self, one: usize, other: usize) -> bool {
        self.owners
            .is_none_or(|owners| owners.get(one) != owners.get(other))
    }

    fn whole_scores(&self, whole: &Corpus, pairs: &[ScoredPair], min_score: u32) -> Vec<u32> {
        if min_score == 0 && self.owners.is_none() {
            // The same pairs in the same order, side by side.
            let all = whole.pairs_with_first(self.new, 0);
            return all.into_iter().map(|pair| pair.score).collect();
        }
        pairs
            .par_iter()
            .map_init(
                || whole.comparer(),
                |comparer, pair| comparer.score(pair.left as usize, pair.right as usize),
            )
            .collect()
    }
}

#[cfg(test)]
#[path = "comparing_tests.rs"]
mod tests;

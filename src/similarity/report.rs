//! Comparisons of named sequences as plain data for output.

use super::containment::Containment;
use super::pairs::ScoredPair;
use super::score::{Status, status};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use std::collections::HashSet;

/// A compared pair.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison<'n> {
    /// Name of the first, in the order given.
    pub left: &'n str,
    /// Name of the second.
    pub right: &'n str,
    /// Percent of the service's rule, over all of both.
    pub score: u32,
    /// The same over what both have of their own, where base code was taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_score: Option<u32>,
    /// What the score means: the own one, where there is one.
    pub status: Status,
    /// What is found beside the service's rule, where it was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structure: Option<SharedStructure>,
}

/// What two sources share beside the service's rule. Nothing is decided by it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SharedStructure {
    /// How much of each is found in the other.
    pub containment: Containment,
}

impl Comparison<'_> {
    /// The score that status, order and clusters go by.
    pub fn deciding_score(&self) -> u32 {
        self.own_score.unwrap_or(self.score)
    }

    /// The greater share that one has in the other; 0 where nothing can be said.
    fn share(&self) -> f64 {
        self.structure
            .map_or(0.0, |shared| shared.containment.greater())
    }
}

/// Pairs of some named sequences. Of hundreds of thousands of pairs each takes some twelve bytes: names
/// and lists are made as they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarityReport<'n> {
    pub(super) names: &'n [String],
    pub(super) pairs: Vec<ScoredPair>,
    /// The pairs' scores over all of both, where base code was taken out.
    pub(super) whole: Option<Vec<u32>>,
    pub(super) clusters: Vec<Vec<usize>>,
    pub(super) contained: Option<Contained>,
}

/// Containment of pairs: four bytes for each, and more only for the notable ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contained {
    /// Of each sequence, the nodes that shares are of.
    pub findable: Vec<u32>,
    /// New nodes in common of each pair.
    pub matched: Vec<u32>,
    pub notable: Vec<Notable>,
    /// Notable ones that are left out.
    pub omitted: usize,
}

/// A pair with a share that calls for a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notable {
    pub pair: ScoredPair,
    pub whole: Option<u32>,
    pub matched: u32,
    /// Whether it is among the report's pairs too.
    pub is_listed: bool,
}

impl<'n> SimilarityReport<'n> {
    /// Every pair asked for, as positions, by first and then second, with the score that decides.
    pub fn pairs(&self) -> &[ScoredPair] {
        &self.pairs
    }

    /// Whether base code was taken out.
    pub fn has_base(&self) -> bool {
        self.whole.is_some()
    }

    /// Every pair asked for, by the order of its first and then its second name.
    pub fn comparisons(&self) -> impl ExactSizeIterator<Item = Comparison<'n>> {
        let pairs = self.pairs.iter().enumerate();
        pairs.map(|(at, pair)| self.named(at, pair))
    }

    /// The pair at a position of [`SimilarityReport::pairs`], with its names.
    pub fn comparison(&self, at: usize) -> Option<Comparison<'n>> {
        self.pairs.get(at).map(|pair| self.named(at, pair))
    }

    /// Positions of pairs, the highest score first; of equal ones the first.
    pub fn highest_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.pairs.len()).collect();
        order.sort_by_key(|&at| std::cmp::Reverse(self.pairs.get(at).map(|pair| pair.score)));
        order
    }

    /// Those of one status, in the same order.
    pub fn with_status(&self, wanted: Status) -> impl Iterator<Item = Comparison<'n>> {
        self.comparisons().filter(move |pair| pair.status == wanted)
    }

    /// Groups connected by scores of at least the threshold, two names or more each.
    pub fn clusters(&self) -> impl ExactSizeIterator<Item = Vec<&'n str>> {
        let named = |group: &Vec<usize>| group.iter().map(|&index| self.name(index)).collect();
        self.clusters.iter().map(named)
    }

    /// The groups as positions of names.
    pub fn cluster_members(&self) -> &[Vec<usize>] {
        &self.clusters
    }

    /// Pairs of which one is found in the other to a share that calls for a look, in the same order,
    /// whatever they score.
    pub fn contained(&self) -> impl Iterator<Item = Comparison<'n>> {
        self.notable().map(|(_, pair)| pair)
    }

    /// Those of them that the report does not list otherwise.
    pub fn contained_only(&self) -> impl Iterator<Item = Comparison<'n>> {
        self.contained_only_at().map(|(_, pair)| pair)
    }

    /// The same, with their positions.
    pub fn contained_only_at(&self) -> impl Iterator<Item = (ScoredPair, Comparison<'n>)> {
        let unlisted = self.notable().filter(|(found, _)| !found.is_listed);
        unlisted.map(|(found, pair)| (found.pair, pair))
    }

    fn notable(&self) -> impl Iterator<Item = (&Notable, Comparison<'n>)> {
        let notable = self
            .contained
            .iter()
            .flat_map(|contained| &contained.notable);
        notable.map(|found| {
            let pair = self.of_scores(&found.pair, found.whole, Some(found.matched));
            (found, pair)
        })
    }

    /// What is most worth a look: of the pairs with the highest scores, and of those of which most is found in the
    /// other, at most so many, by whichever is greater; the first of equals. With their positions.
    pub fn most_telling(&self, most: usize) -> Vec<(ScoredPair, Comparison<'n>)> {
        let mut telling: Vec<(ScoredPair, Comparison<'n>)> = Vec::new();
        for at in self.highest_first().into_iter().take(most) {
            telling.extend(self.pairs.get(at).copied().zip(self.comparison(at)));
        }
        let mut notable: Vec<(ScoredPair, Comparison<'n>)> = self
            .notable()
            .map(|(found, pair)| (found.pair, pair))
            .collect();
        notable.sort_by(|(_, one), (_, other)| other.share().total_cmp(&one.share()));
        notable.truncate(most);
        let known: HashSet<(u32, u32)> = telling
            .iter()
            .map(|(pair, _)| (pair.left, pair.right))
            .collect();
        notable.retain(|(pair, _)| !known.contains(&(pair.left, pair.right)));
        telling.extend(notable);
        let worth =
            |pair: &Comparison<'_>| f64::from(pair.deciding_score()).max(pair.share() * 100.0);
        telling.sort_by(|(at, one), (other_at, other)| {
            let by_worth = worth(other).total_cmp(&worth(one));
            by_worth.then((at.left, at.right).cmp(&(other_at.left, other_at.right)))
        });
        telling.truncate(most);
        telling
    }

    /// How many more there are, with smaller shares, that the report does not list.
    pub fn contained_omitted(&self) -> usize {
        self.contained.as_ref().map_or(0, |found| found.omitted)
    }

    /// Whether containment was looked for.
    pub fn has_containment(&self) -> bool {
        self.contained.is_some()
    }

    fn named(&self, at: usize, pair: &ScoredPair) -> Comparison<'n> {
        let whole = self.whole.as_ref().and_then(|whole| whole.get(at).copied());
        let matched = self
            .contained
            .as_ref()
            .and_then(|found| found.matched.get(at).copied());
        self.of_scores(pair, whole, matched)
    }

    fn of_scores(
        &self,
        pair: &ScoredPair,
        whole: Option<u32>,
        matched: Option<u32>,
    ) -> Comparison<'n> {
        let findable = self.contained.as_ref().map(|found| &found.findable);
        let of = |index: u32| {
            findable
                .and_then(|all| all.get(index as usize))
                .copied()
                .unwrap_or(0)
        };
        let containment = |matched| Containment::of(matched, of(pair.left), of(pair.right));
        Comparison {
            left: self.name(pair.left as usize),
            right: self.name(pair.right as usize),
            score: whole.unwrap_or(pair.score),
            own_score: whole.map(|_| pair.score),
            status: status(pair.score),
            structure: matched.map(|matched| SharedStructure {
                containment: containment(matched),
            }),
        }
    }

    fn name(&self, index: usize) -> &'n str {
        self.names.get(index).map_or("", |name| name)
    }
}

impl Serialize for SimilarityReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("SimilarityReport", 6)?;
        report.serialize_field("comparisons", &List(|| self.comparisons()))?;
        let suspicious = || self.with_status(Status::NeedsLlmVerification);
        report.serialize_field("suspicious", &List(suspicious))?;
        let plagiarized = || self.with_status(Status::Plagiarized);
        report.serialize_field("plagiarized", &List(plagiarized))?;
        match self.has_containment() {
            true => {
                report.serialize_field("contained", &List(|| self.contained()))?;
                report.serialize_field("contained_omitted", &self.contained_omitted())?;
            }
            false => {
                report.skip_field("contained")?;
                report.skip_field("contained_omitted")?;
            }
        }
        report.serialize_field("clusters", &List(|| self.clusters()))?;
        report.end()
    }
}

/// A list that is made while it is written.
struct List<F>(F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for List<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// The nearest other sequence of one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Nearest {
    /// Name of the one.
    pub path: String,
    /// Name of its nearest; null if there is no other.
    pub neighbor: Option<String>,
    /// Percent of the service's rule, over all of both.
    pub score: Option<u32>,
    /// The same over what both have of their own, where base code was taken out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_score: Option<u32>,
    /// What the score means: the own one, where there is one.
    pub status: Option<Status>,
    /// What is found beside the service's rule, where it was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structure: Option<NearestStructure>,
}

impl Nearest {
    /// The score that status and order go by.
    pub fn deciding_score(&self) -> Option<u32> {
        self.own_score.or(self.score)
    }
}

/// What one shares with others beside the service's rule. Nothing is decided by it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearestStructure {
    /// The other with the greatest share in common; null if none has anything.
    pub containment: Option<NearestContained>,
}

/// The one with the greatest share in common: `left` is the path, `right` the neighbor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NearestContained {
    /// Its name.
    pub neighbor: String,
    /// How much of each is found in the other.
    #[serde(flatten)]
    pub containment: Containment,
}

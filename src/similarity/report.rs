//! Comparisons of named sequences as plain data for output.

use super::clusters::clusters;
use super::containment::{Containment, Outlines};
use super::corpus::Corpus;
use super::pairs::ScoredPair;
use super::score::{Status, status};
use rayon::prelude::*;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

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
}

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

/// Pairs of some named sequences. Of hundreds of thousands of pairs each takes some twelve bytes: names
/// and lists are made as they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarityReport<'n> {
    names: &'n [String],
    pairs: Vec<ScoredPair>,
    /// The pairs' scores over all of both, where base code was taken out.
    whole: Option<Vec<u32>>,
    clusters: Vec<Vec<usize>>,
    contained: Option<Contained>,
}

/// Pairs below the lowest score asked for that are listed for their containment: more than anybody looks through, and
/// comparing them all would undo what a lowest score spares.
const MAX_UNLISTED: usize = 1000;

/// Containment of pairs: four bytes for each, and more only for the notable ones.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Contained {
    /// Of each sequence, the nodes that shares are of.
    findable: Vec<u32>,
    /// New nodes in common of each pair.
    matched: Vec<u32>,
    notable: Vec<Notable>,
    /// Notable ones that are left out.
    omitted: usize,
}

/// A pair with a share that calls for a look.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Notable {
    pair: ScoredPair,
    whole: Option<u32>,
    matched: u32,
    /// Whether it is among the report's pairs too.
    is_listed: bool,
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
        let notable = self
            .contained
            .iter()
            .flat_map(|contained| &contained.notable);
        notable.map(|found| self.of_scores(&found.pair, found.whole, Some(found.matched)))
    }

    /// Those of them that the report does not list otherwise.
    pub fn contained_only(&self) -> impl Iterator<Item = Comparison<'n>> {
        let notable = self
            .contained
            .iter()
            .flat_map(|contained| &contained.notable);
        let unlisted = notable.filter(|found| !found.is_listed);
        unlisted.map(|found| self.of_scores(&found.pair, found.whole, Some(found.matched)))
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

#[cfg(test)]
mod tests {
    use super::super::corpus::tests::sequence_of;
    use super::super::sequence::Sequence;
    use super::*;

    fn corpus() -> (Vec<String>, Corpus) {
        let sequences = [
            sequence_of(&(0..100).collect::<Vec<_>>()),
            sequence_of(&(0..98).chain([7, 7]).collect::<Vec<_>>()),
            sequence_of(&(60..160).collect::<Vec<_>>()),
            sequence_of(&(500..600).collect::<Vec<_>>()),
        ];
        let names = ["a", "b", "c", "d"].map(String::from).to_vec();
        (names, Corpus::new(&sequences.each_ref()))
    }

    #[test]
    fn report_lists_pairs_in_order_and_by_status() {
        let (names, corpus) = corpus();
        let report = Comparing::all(&corpus).pairs(&names, 0, 97);
        let pairs: Vec<_> = report
            .comparisons()
            .map(|c| (c.left, c.right, c.score))
            .collect();
        let expected = [
            ("a", "b", 98),
            ("a", "c", 40),
            ("a", "d", 0),
            ("b", "c", 38),
            ("b", "d", 0),
            ("c", "d", 0),
        ];
        assert_eq!(pairs, expected);
        let json = serde_json::to_value(&report).unwrap();
        let first = serde_json::json!(
            {"left": "a", "right": "b", "score": 98, "status": "plagiarized"}
        );
        assert_eq!(json["comparisons"][0], first);
        assert_eq!(json["comparisons"].as_array().unwrap().len(), 6);
        assert_eq!(json["plagiarized"], serde_json::json!([first]));
        assert_eq!(json["suspicious"].as_array().unwrap().len(), 2);
        assert_eq!(json["clusters"], serde_json::json!([["a", "b"]]));
    }

    #[test]
    fn low_pairs_can_be_left_out() {
        let (names, corpus) = corpus();
        let report = Comparing::all(&corpus).pairs(&names, 40, 40);
        let scores: Vec<_> = report.comparisons().map(|c| c.score).collect();
        assert_eq!(scores, [98, 40]);
        let clusters: Vec<_> = report.clusters().collect();
        assert_eq!(clusters, [["a", "b", "c"]]);
    }

    #[test]
    fn everyone_has_a_nearest_other() {
        let (names, corpus) = corpus();
        let nearest = Comparing::all(&corpus).nearest(&names);
        let found: Vec<_> = nearest
            .iter()
            .map(|n| n.neighbor.as_deref().unwrap())
            .collect();
        assert_eq!(found, ["b", "a", "a", "a"]);
        let alone = Corpus::new(&[&Default::default()]);
        assert_eq!(
            Comparing::all(&alone).nearest(&names[..1])[0].neighbor,
            None
        );
    }

    fn scores(report: &SimilarityReport<'_>) -> Vec<(String, String, u32, Option<u32>)> {
        let pairs = report.comparisons();
        pairs
            .map(|pair| {
                (
                    pair.left.into(),
                    pair.right.into(),
                    pair.score,
                    pair.own_score,
                )
            })
            .collect()
    }

    #[test]
    fn old_ones_are_not_compared_with_one_another() {
        let (names, corpus) = corpus();
        let all = Comparing::all(&corpus).pairs(&names, 0, 97);
        for new in 0..=4 {
            for min_score in [0, 30, 40] {
                let comparing = Comparing {
                    new,
                    ..Comparing::all(&corpus)
                };
                let found = scores(&comparing.pairs(&names, min_score, 97));
                let is_due =
                    |pair: &&ScoredPair| (pair.left as usize) < new && pair.score >= min_score;
                assert_eq!(found.len(), all.pairs().iter().filter(is_due).count());
                let all = scores(&all);
                assert!(found.iter().all(|pair| all.contains(pair)));
            }
        }
    }

    #[test]
    fn those_of_one_owner_are_not_compared() {
        let (names, corpus) = corpus();
        let comparing = Comparing {
            owners: Some(&[0, 0, 1, 1]),
            ..Comparing::all(&corpus)
        };
        let found = scores(&comparing.pairs(&names, 0, 97));
        let names_of = |at: usize| (found[at].0.as_str(), found[at].1.as_str());
        assert_eq!([names_of(0), names_of(1)], [("a", "c"), ("a", "d")]);
        assert_eq!(found.len(), 4);
        let nearest = comparing.nearest(&names);
        assert_eq!(nearest[0].neighbor.as_deref(), Some("c"));
    }

    #[test]
    fn with_a_base_the_own_score_decides_and_the_whole_one_stays() {
        let (names, whole) = corpus();
        let own = [
            sequence_of(&(0..10).collect::<Vec<_>>()),
            sequence_of(&(0..5).chain(20..25).collect::<Vec<_>>()),
            sequence_of(&(60..70).collect::<Vec<_>>()),
            sequence_of(&(60..70).collect::<Vec<_>>()),
        ];
        let own = Corpus::new(&own.each_ref());
        let comparing = Comparing {
            whole: Some(&whole),
            ..Comparing::all(&own)
        };
        for min_score in [0, 40] {
            let report = comparing.pairs(&names, min_score, 97);
            let found = scores(&report);
            let of = |left: &str, right: &str| {
                let mut pairs = found.iter();
                pairs
                    .find(|pair| pair.0 == left && pair.1 == right)
                    .cloned()
            };
            assert_eq!(of("a", "b"), Some(("a".into(), "b".into(), 98, Some(50))));
            assert_eq!(of("c", "d"), Some(("c".into(), "d".into(), 0, Some(100))));
            assert_eq!(report.with_status(Status::Plagiarized).count(), 1);
            assert_eq!(report.clusters().collect::<Vec<_>>(), [["c", "d"]]);
        }
        let nearest = comparing.nearest(&names);
        assert_eq!(
            (nearest[0].score, nearest[0].own_score),
            (Some(98), Some(50))
        );
        let json = serde_json::to_value(&nearest[0]).unwrap();
        assert_eq!(json["status"], "needs_llm_verification");
    }

    #[test]
    fn below_the_lowest_score_the_greatest_shares_are_listed_and_the_rest_counted() {
        let common = "def f(a, b):\n    return [a + x * b for x in range(a) if x % b] or {a: b, b: [a, b]}\n";
        let own = "class C:\n    def g(self, c):\n        try:\n            self.c = c[0](c, key=len)\n        \
                   except KeyError as e:\n            raise ValueError(c) from e\n";
        // The last two have all in common, the others a part.
        let sources: Vec<Sequence> = (0..47)
            .map(|n| match n {
                0..45 => format!("x = {}\n{common}{}", "-".repeat(n) + "1", own.repeat(n % 2)),
                _ => common.to_owned(),
            })
            .map(|source| Sequence::of_tree(&crate::python::parse(&source).unwrap()))
            .collect();
        let sequences: Vec<&Sequence> = sources.iter().collect();
        let (corpus, outlines) = (Corpus::new(&sequences), Outlines::new(&sequences));
        let names: Vec<String> = (0..47).map(|name| format!("n{name:02}")).collect();
        let comparing = Comparing {
            outlines: Some(&outlines),
            ..Comparing::all(&corpus)
        };
        let report = comparing.pairs(&names, 101, 97);
        assert_eq!(report.pairs().len(), 0);
        let listed: Vec<_> = report.contained_only().collect();
        assert_eq!(
            (listed.len(), report.contained_omitted()),
            (1000, 47 * 46 / 2 - 1000)
        );
        let last = listed.last().expect("the pair with all in common");
        assert_eq!((last.left, last.right, last.score), ("n45", "n46", 100));
        // With all of them asked for, nothing is left out.
        let all = comparing.pairs(&names, 0, 97);
        assert_eq!(
            (all.contained().count(), all.contained_omitted()),
            (47 * 46 / 2, 0)
        );
    }
}

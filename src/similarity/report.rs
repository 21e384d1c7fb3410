//! Comparisons of named sequences as plain data for output.

use super::clusters::clusters;
use super::corpus::Corpus;
use super::pairs::ScoredPair;
use super::score::{Status, status};
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

/// A compared pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Comparison<'n> {
    /// Name of the first, in the order given.
    pub left: &'n str,
    /// Name of the second.
    pub right: &'n str,
    /// Percent.
    pub score: u32,
    /// What the score means.
    pub status: Status,
}

/// All pairs of some named sequences. Of hundreds of thousands of pairs each takes twelve bytes: names
/// and lists are made as they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarityReport<'n> {
    names: &'n [String],
    pairs: Vec<ScoredPair>,
    clusters: Vec<Vec<usize>>,
}

impl<'n> SimilarityReport<'n> {
    /// Every pair asked for, as positions, by first and then second.
    pub fn pairs(&self) -> &[ScoredPair] {
        &self.pairs
    }

    /// Every pair asked for, by the order of its first and then its second name.
    pub fn comparisons(&self) -> impl ExactSizeIterator<Item = Comparison<'n>> {
        self.pairs.iter().map(|pair| self.comparison(pair))
    }

    /// A pair with its names.
    pub fn comparison(&self, pair: &ScoredPair) -> Comparison<'n> {
        Comparison {
            left: self.name(pair.left as usize),
            right: self.name(pair.right as usize),
            score: pair.score,
            status: status(pair.score),
        }
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

    fn name(&self, index: usize) -> &'n str {
        self.names.get(index).map_or("", |name| name)
    }
}

impl Serialize for SimilarityReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("SimilarityReport", 4)?;
        report.serialize_field("comparisons", &List(|| self.comparisons()))?;
        let suspicious = || self.with_status(Status::NeedsLlmVerification);
        report.serialize_field("suspicious", &List(suspicious))?;
        let plagiarized = || self.with_status(Status::Plagiarized);
        report.serialize_field("plagiarized", &List(plagiarized))?;
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Nearest {
    /// Name of the one.
    pub path: String,
    /// Name of its nearest; null if there is no other.
    pub neighbor: Option<String>,
    /// Percent.
    pub score: Option<u32>,
    /// What the score means.
    pub status: Option<Status>,
}

/// Compares all pairs of a corpus. `names` belong to its sequences one to one; pairs below
/// `min_score` are left out, and clusters are made at `cluster_threshold` or `min_score`, whichever
/// is more.
pub fn compare_all<'n>(
    names: &'n [String],
    corpus: &Corpus,
    min_score: u32,
    cluster_threshold: u32,
) -> SimilarityReport<'n> {
    let pairs = corpus.pairs(min_score);
    SimilarityReport {
        names,
        clusters: clusters(corpus.len(), &pairs, cluster_threshold),
        pairs,
    }
}

/// The nearest other sequence of each, in order. `names` belong to the sequences one to one.
pub fn nearest_of_each(names: &[String], corpus: &Corpus) -> Vec<Nearest> {
    let nearest = corpus.nearest_of_each();
    names
        .iter()
        .zip(nearest)
        .map(|(path, found)| Nearest {
            path: path.clone(),
            neighbor: found.and_then(|(index, _)| names.get(index).cloned()),
            score: found.map(|(_, score)| score),
            status: found.map(|(_, score)| status(score)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::corpus::tests::sequence_of;
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
        let report = compare_all(&names, &corpus, 0, 97);
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
        let report = compare_all(&names, &corpus, 40, 40);
        let scores: Vec<_> = report.comparisons().map(|c| c.score).collect();
        assert_eq!(scores, [98, 40]);
        let clusters: Vec<_> = report.clusters().collect();
        assert_eq!(clusters, [["a", "b", "c"]]);
    }

    #[test]
    fn everyone_has_a_nearest_other() {
        let (names, corpus) = corpus();
        let nearest = nearest_of_each(&names, &corpus);
        let found: Vec<_> = nearest
            .iter()
            .map(|n| n.neighbor.as_deref().unwrap())
            .collect();
        assert_eq!(found, ["b", "a", "a", "a"]);
        let alone = Corpus::new(&[&Default::default()]);
        assert_eq!(nearest_of_each(&names[..1], &alone)[0].neighbor, None);
    }
}

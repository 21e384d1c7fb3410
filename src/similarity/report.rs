//! Comparisons of named sequences as plain data for output.

use super::clusters::clusters;
use super::corpus::{Corpus, ScoredPair};
use super::score::{Status, status};
use serde::Serialize;

/// A compared pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Name of the first, in the order given.
    pub left: String,
    /// Name of the second.
    pub right: String,
    /// Percent.
    pub score: u32,
    /// What the score means.
    pub status: Status,
}

/// All pairs of some named sequences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimilarityReport {
    /// Every pair asked for, by the order of its first and then its second name.
    pub comparisons: Vec<Comparison>,
    /// Those that want a second look.
    pub suspicious: Vec<Comparison>,
    /// Those that count as plagiarized.
    pub plagiarized: Vec<Comparison>,
    /// Groups connected by scores of at least the threshold, two names or more each.
    pub clusters: Vec<Vec<String>>,
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
pub fn compare_all(
    names: &[String],
    corpus: &Corpus,
    min_score: u32,
    cluster_threshold: u32,
) -> SimilarityReport {
    let pairs = corpus.pairs(min_score);
    let name = |index: usize| names.get(index).cloned().unwrap_or_default();
    let comparison = |pair: &ScoredPair| Comparison {
        left: name(pair.left),
        right: name(pair.right),
        score: pair.score,
        status: status(pair.score),
    };
    let with_status = |wanted: Status| {
        pairs
            .iter()
            .filter(|pair| status(pair.score) == wanted)
            .map(comparison)
            .collect()
    };
    SimilarityReport {
        comparisons: pairs.iter().map(comparison).collect(),
        suspicious: with_status(Status::NeedsLlmVerification),
        plagiarized: with_status(Status::Plagiarized),
        clusters: clusters(corpus.len(), &pairs, cluster_threshold)
            .into_iter()
            .map(|group| group.into_iter().map(name).collect())
            .collect(),
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
            .comparisons
            .iter()
            .map(|c| (&*c.left, &*c.right, c.score))
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
        assert_eq!(report.plagiarized, [report.comparisons[0].clone()]);
        assert_eq!(report.suspicious.len(), 2);
        assert_eq!(report.clusters, [["a", "b"]]);
        let json = serde_json::to_value(&report.comparisons[0]).unwrap();
        let expected = serde_json::json!(
            {"left": "a", "right": "b", "score": 98, "status": "plagiarized"}
        );
        assert_eq!(json, expected);
    }

    #[test]
    fn low_pairs_can_be_left_out() {
        let (names, corpus) = corpus();
        let report = compare_all(&names, &corpus, 40, 40);
        let scores: Vec<_> = report.comparisons.iter().map(|c| c.score).collect();
        assert_eq!(scores, [98, 40]);
        assert_eq!(report.clusters, [["a", "b", "c"]]);
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

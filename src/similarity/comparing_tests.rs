use super::super::corpus::tests::sequence_of;
use super::super::score::Status;
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
            let is_due = |pair: &&ScoredPair| (pair.left as usize) < new && pair.score >= min_score;
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
    let common =
        "def f(a, b):\n    return [a + x * b for x in range(a) if x % b] or {a: b, b: [a, b]}\n";
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

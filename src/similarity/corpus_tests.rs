use super::super::lcs::tests::table_lcs;
use super::super::{ScoredPair, Search, nearest, nearest_within, pair_score};
use super::*;
use crate::python::{Kind, Text, tree::by_hand};
use proptest::prelude::*;

/// Sequences of usual size, so that groups, queries and several limbs take part. Some are as another one but for a
/// place.
fn longer_ones() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let names = (1u32..40, 0usize..400);
    let one = names.prop_flat_map(|(symbols, len)| prop::collection::vec(0..symbols, len));
    let change = prop::option::of((any::<prop::sample::Index>(), any::<prop::sample::Index>()));
    let all = prop::collection::vec((one, change), 2..14);
    all.prop_map(|all| {
        let mut made: Vec<Vec<u32>> = Vec::new();
        for (one, change) in all {
            match change {
                Some((of, at)) if !made.is_empty() => {
                    let mut changed = of.get(&made).clone();
                    changed.insert(at.index(changed.len() + 1), 0);
                    made.push(changed);
                }
                _ => made.push(one),
            }
        }
        made
    })
}

/// A sequence of `Module` and these names, numbers below 1000 standing for `__` names so that they
/// keep their identity.
pub(crate) fn sequence_of(names: &[u32]) -> Sequence {
    let names: Vec<String> = names.iter().map(|name| format!("__{name}")).collect();
    let mut nodes = vec![(Kind::Module, Text::None, 0, names.len() as u32)];
    nodes.extend(
        names
            .iter()
            .map(|name| (Kind::Name, Text::Identifier(name), 1, 0)),
    );
    let module = Sequence::of_tree(&by_hand(&nodes));
    // Without the Module, lengths and scores are those of the names.
    module.without_module()
}

#[test]
fn names_are_matched_across_tables() {
    assert_eq!(
        pair_score(&sequence_of(&[1, 2, 3]), &sequence_of(&[3, 2, 1])),
        33
    );
    assert_eq!(
        pair_score(&sequence_of(&[1, 2, 3, 4]), &sequence_of(&[9, 1, 2, 4])),
        75
    );
    let (left, right) = (sequence_of(&[5, 6]), sequence_of(&[7, 8]));
    assert_eq!(
        left.symbols(),
        right.symbols(),
        "their own tables number alike"
    );
    assert_eq!(pair_score(&left, &right), 0);
}

#[test]
fn empty_sequences_follow_the_rule() {
    let (empty, some) = (Sequence::default(), sequence_of(&[1]));
    assert_eq!(pair_score(&empty, &empty), 100);
    assert_eq!(pair_score(&empty, &some), 0);
    assert_eq!(nearest(&some, &[]), None);
    assert_eq!(nearest(&some, &[&empty, &empty]), Some((0, 0)));
}

#[test]
fn first_of_equals_is_nearest() {
    let query = sequence_of(&[1, 2, 3, 4]);
    // The second has the better bound and the same score as the first.
    let first = sequence_of(&[1, 2, 9, 9]);
    let second = sequence_of(&[4, 3, 1, 2]);
    assert_eq!(nearest(&query, &[&first, &second]), Some((0, 50)));
    assert_eq!(nearest(&query, &[&second, &first]), Some((0, 50)));
    assert_eq!(nearest(&query, &[&second, &query, &query]), Some((1, 100)));
}

#[test]
fn a_bounded_search_says_when_it_left_something_out() {
    let query = sequence_of(&[1, 2, 3, 4]);
    let shuffled = sequence_of(&[2, 1, 4, 3]);
    let foreign = sequence_of(&[9]);
    // Nothing in common costs nothing; the shuffled one has 16 cells.
    let search = nearest_within(&query, &[&foreign, &shuffled], 15);
    assert_eq!(
        search,
        Search {
            nearest: Some((0, 0)),
            is_complete: false
        }
    );
    let search = nearest_within(&query, &[&foreign, &shuffled], 16);
    assert_eq!(
        search,
        Search {
            nearest: Some((1, 50)),
            is_complete: true
        }
    );
    // Equal sequences are trimmed away before any cell is visited, and nothing can beat them.
    let search = nearest_within(&query, &[&shuffled, &query], 0);
    assert_eq!(search.nearest, Some((1, 100)));
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let names = |seed: u32| -> Vec<u32> {
        (0..300)
            .map(|at| at * (seed % 7 + 1) % (9 + seed))
            .collect()
    };
    let sequences: Vec<_> = (0..40).map(|seed| sequence_of(&names(seed))).collect();
    let corpus = Corpus::new(&sequences.iter().collect::<Vec<_>>());
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            let scores = corpus.scores_with(&sequences[3], 0);
            (
                corpus.pairs(0),
                corpus.pairs(25),
                corpus.nearest_of_each(),
                scores,
            )
        })
    };
    let alone = on(1);
    assert_eq!(on(2), alone);
    assert_eq!(on(7), alone);
}

#[test]
fn counts_beyond_the_profiles_range_stay_a_bound() {
    let long = sequence_of(&vec![1; 70_000]);
    let longer = sequence_of(&vec![1; 70_010]);
    assert_eq!(
        Profile::of(&long).common_at_most(&Profile::of(&longer)),
        70_000
    );
    assert_eq!(
        nearest(&long, &[&sequence_of(&[1]), &longer]),
        Some((1, 99))
    );
    let few = sequence_of(&[1, 1, 1, 2]);
    assert_eq!(Profile::of(&few).common_at_most(&Profile::of(&long)), 3);
}

fn brute_score(left: &[u32], right: &[u32]) -> u32 {
    percent(table_lcs(left, right), left.len().max(right.len()))
}

fn names(symbols: u32) -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..symbols, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn longer_sequences_score_as_the_table_whichever_way_they_are_compared(all in longer_ones()) {
        let sequences: Vec<_> = all.iter().map(|names| sequence_of(names)).collect();
        let corpus = Corpus::new(&sequences.iter().collect::<Vec<_>>());
        let mut expected = Vec::new();
        for left in 0..all.len() {
            for right in left + 1..all.len() {
                let score = brute_score(&all[left], &all[right]);
                prop_assert_eq!(corpus.score(right, left), score);
                let (left, right) = (left as u32, right as u32);
                expected.push(ScoredPair { left, right, score });
            }
        }
        prop_assert_eq!(&corpus.pairs(0), &expected);
        for min_score in [1, 20, 40, 90] {
            let mut above = expected.clone();
            above.retain(|pair| pair.score >= min_score);
            prop_assert_eq!(corpus.pairs(min_score), above);
        }
        for (index, found) in corpus.nearest_of_each().into_iter().enumerate() {
            let scores = expected.iter().filter_map(|pair| match index as u32 {
                at if at == pair.left => Some((pair.score, std::cmp::Reverse(pair.right as usize))),
                at if at == pair.right => Some((pair.score, std::cmp::Reverse(pair.left as usize))),
                _ => None,
            });
            let best = scores.max().map(|(score, index)| (index.0, score));
            prop_assert_eq!(found, best);
        }
    }
}

proptest! {
    #[test]
    fn score_is_symmetric_and_equals_the_table(left in names(6), right in names(6)) {
        let expected = brute_score(&left, &right);
        let (left, right) = (sequence_of(&left), sequence_of(&right));
        prop_assert_eq!(pair_score(&left, &right), expected);
        prop_assert_eq!(pair_score(&right, &left), expected);
    }

    #[test]
    fn bound_is_never_below_the_length(left in names(30), right in names(30)) {
        let (left, right) = (sequence_of(&left), sequence_of(&right));
        let corpus = Corpus::new(&[&left, &right]);
        let length = table_lcs(corpus.symbols(0), corpus.symbols(1));
        prop_assert!(Profile::of(&left).common_at_most(&Profile::of(&right)) >= length);
    }

    #[test]
    fn nearest_equals_trying_all(all in prop::collection::vec(names(4), 1..12)) {
        let sequences: Vec<_> = all.iter().map(|names| sequence_of(names)).collect();
        let candidates: Vec<_> = sequences[1..].iter().collect();
        let mut expected = None;
        for (index, names) in all[1..].iter().enumerate() {
            let score = brute_score(&all[0], names);
            if expected.is_none_or(|(_, best)| score > best) {
                expected = Some((index, score));
            }
        }
        prop_assert_eq!(nearest(&sequences[0], &candidates), expected);
    }

    #[test]
    fn pairs_equal_trying_all(all in prop::collection::vec(names(5), 0..8), min_score in 0u32..=100) {
        let sequences: Vec<_> = all.iter().map(|names| sequence_of(names)).collect();
        let mut expected = Vec::new();
        for left in 0..all.len() {
            for right in left + 1..all.len() {
                let score = brute_score(&all[left], &all[right]);
                if score >= min_score {
                    let (left, right) = (left as u32, right as u32);
                    expected.push(ScoredPair { left, right, score });
                }
            }
        }
        let corpus = Corpus::new(&sequences.iter().collect::<Vec<_>>());
        prop_assert_eq!(corpus.pairs(min_score), expected);
    }

    #[test]
    fn one_more_sequence_costs_one_query(all in prop::collection::vec(names(5), 1..8), min_score in 0u32..=100) {
        let sequences: Vec<_> = all.iter().map(|names| sequence_of(names)).collect();
        let (last, before) = sequences.split_last().unwrap();
        let mut corpus = Corpus::new(&before.iter().collect::<Vec<_>>());
        let mut pairs = corpus.pairs(min_score);
        let added = corpus.scores_with(last, min_score);
        let right = before.len() as u32;
        pairs.extend(added.iter().map(|&(left, score)| ScoredPair { left: left as u32, right, score }));
        pairs.sort();
        prop_assert_eq!(corpus.push(last), before.len());
        prop_assert_eq!(&corpus.pairs(min_score), &pairs);
        let all_at_once = Corpus::new(&sequences.iter().collect::<Vec<_>>());
        prop_assert_eq!(all_at_once.pairs(min_score), pairs);
    }
}

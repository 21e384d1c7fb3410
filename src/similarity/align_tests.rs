use super::super::corpus::tests::sequence_of;
use super::super::lcs::tests::table_lcs;
use super::*;
use proptest::prelude::*;

/// Names as items, ten to a line, all of source 0.
fn located(names: &[u32]) -> Located {
    let sequence = sequence_of(names);
    let places = (0..sequence.len()).map(|at| Place {
        source: 0,
        line: at as u32 / 10 + 1,
    });
    Located {
        places: places.collect(),
        sequence,
    }
}

fn aligned(left: &Located, right: &Located) -> (usize, Vec<Region>) {
    match align(left, right, DEFAULT_ALIGN_CELLS) {
        Alignment::Aligned {
            matched_items,
            regions,
        } => (matched_items, regions),
        too_large => panic!("{too_large:?}"),
    }
}

#[test]
fn equal_beginnings_and_ends_cost_nothing() {
    let left: Vec<u32> = (0..100).collect();
    let mut right = left.clone();
    right.insert(50, 7);
    let aligned = align(&located(&left), &located(&right), 1);
    let Alignment::Aligned { matched_items, .. } = aligned else {
        panic!("{aligned:?}");
    };
    assert_eq!(matched_items, 100);
}

#[test]
fn a_copied_stretch_is_shown_with_its_lines() {
    let left: Vec<u32> = (0..100).collect();
    let right: Vec<u32> = (500..540).chain(20..60).chain(600..640).collect();
    let (matched, regions) = aligned(&located(&left), &located(&right));
    assert_eq!(matched, 40);
    let range = |first_line, last_line| LineRange {
        source: 0,
        first_line,
        last_line,
    };
    let expected = Region {
        left: range(3, 6),
        right: range(5, 8),
        matched_items: 40,
    };
    assert_eq!(regions, [expected]);
}

#[test]
fn stretches_with_a_small_change_between_them_are_one() {
    let left: Vec<u32> = (0..100).collect();
    let mut right = left.clone();
    right[50] = 900;
    assert_eq!(aligned(&located(&left), &located(&right)).1.len(), 1);
    right.splice(50..50, 700..760);
    assert_eq!(aligned(&located(&left), &located(&right)).1.len(), 2);
}

#[test]
fn regions_stay_within_one_source() {
    let left = located(&(0..100).collect::<Vec<_>>());
    let mut right = left.clone();
    for place in &mut right.places[50..] {
        place.source = 1;
    }
    let (_, regions) = aligned(&left, &right);
    assert_eq!(
        regions
            .iter()
            .map(|region| region.right.source)
            .collect::<Vec<_>>(),
        [0, 1]
    );
}

#[test]
fn scattered_matches_are_no_regions() {
    let left: Vec<u32> = (0..200)
        .map(|at| if at % 3 == 0 { at } else { 999 - at })
        .collect();
    let right: Vec<u32> = (0..200)
        .map(|at| if at % 3 == 0 { at } else { 700 - at })
        .collect();
    let (matched, regions) = aligned(&located(&left), &located(&right));
    assert!(matched >= 67);
    assert!(regions.is_empty());
}

#[test]
fn too_large_tables_are_refused_before_any_work() {
    let one = located(&(0..100).collect::<Vec<_>>());
    let other = located(&(50..100).chain(0..50).collect::<Vec<_>>());
    assert_eq!(
        align(&one, &other, 9_999),
        Alignment::TooLarge {
            cells: 10_000,
            limit: 9_999
        }
    );
    assert!(matches!(
        align(&one, &other, 10_000),
        Alignment::Aligned {
            matched_items: 50,
            ..
        }
    ));
}

#[test]
fn a_joined_tree_is_split_into_its_sources() {
    use crate::python::{Kind, Text, tree::by_hand};
    let pass = |line| (Kind::Pass, Text::None, line, 0);
    let module = (Kind::Module, Text::None, 0, 4);
    let tree = by_hand(&[module, pass(3), pass(4), pass(8), pass(9)]);
    let located = Located::of_joined_tree(&tree, &[3, 8]);
    let places: Vec<_> = located
        .places
        .iter()
        .map(|place| (place.source, place.line))
        .collect();
    assert_eq!(places, [(0, 1), (0, 1), (0, 2), (1, 1), (1, 2)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn traced_matches_are_a_longest_common_subsequence(
        left in prop::collection::vec(0u32..12, 0..700),
        right in prop::collection::vec(0u32..12, 0..700),
    ) {
        let mut tracer = Tracer { kernel: Kernel::new(12), matches: Vec::new() };
        tracer.trace(&left, 0, &right, 0);
        let matches = tracer.matches;
        prop_assert!(matches.iter().all(|&(i, j)| left[i] == right[j]));
        prop_assert!(matches.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1));
        prop_assert_eq!(matches.len(), table_lcs(&left, &right));
    }
}

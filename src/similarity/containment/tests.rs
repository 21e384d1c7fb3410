use super::super::align::{LineRange, Located, Place, Region};
use super::super::located::LocatedPackage;
use super::outline::{GRAM, NEW};
use super::tiles::{Tile, Tiler, seeds};
use super::*;
use crate::python;
use proptest::prelude::*;

mod disguises;
mod plain;

fn outline(classes: &[u8]) -> Outline {
    Outline::of_classes(classes.iter().copied())
}

fn tiles(left: &Outline, right: &Outline) -> Vec<Tile> {
    Tiler::default().tiles(left, right, &mut seeds(left, right))
}

fn located(source: &str) -> Located {
    Located::of_trees(&[&python::parse(source).unwrap()])
}

/// Nodes that repeat nothing.
fn varied(seed: u32, len: u32) -> Vec<u8> {
    let mut state = u64::from(seed) << 32 | 0x9e37_79b9;
    (0..len)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as u8 % 100
        })
        .collect()
}

#[test]
fn a_source_is_contained_in_itself_and_in_what_it_is_put_into() {
    let part = varied(1, 60);
    let whole = [varied(2, 100), part.clone(), varied(3, 80)].concat();
    let (part, whole) = (outline(&part), outline(&whole));
    let share = |left: &Outline, right: &Outline| {
        let found = left.contained(right);
        (found.left, found.right, found.matched_nodes)
    };
    assert_eq!(share(&part, &part), (Some(1.0), Some(1.0), 60));
    assert_eq!(share(&part, &whole), (Some(1.0), Some(0.25), 60));
    assert_eq!(share(&whole, &part), (Some(0.25), Some(1.0), 60));
}

#[test]
fn a_common_stretch_counts_from_eighteen_new_nodes_on() {
    let around =
        |stretch: &[u8], seed| [&varied(seed, 30), stretch, &varied(seed + 1, 30)].concat();
    let stretch = varied(5, GRAM as u32);
    let found = |stretch: &[u8]| {
        outline(&around(stretch, 10))
            .contained(&outline(&around(stretch, 20)))
            .matched_nodes
    };
    assert_eq!(found(&stretch), 18);
    assert_eq!(found(&stretch[1..]), 0);
}

#[test]
fn what_a_source_repeats_does_not_count() {
    let row = varied(1, 7);
    let table: Vec<u8> = row.iter().copied().cycle().take(7000).collect();
    // The first rows are new until twelve nodes have been seen before.
    assert_eq!(
        outline(&table)
            .marks()
            .iter()
            .filter(|&&mark| mark & NEW != 0)
            .count(),
        18
    );
    let one_thing = outline(&[42; 7000]);
    let none = one_thing.contained(&one_thing);
    assert_eq!((none.left, none.right, none.matched_nodes), (None, None, 0));
    let with_code = [varied(2, 50), table.clone()].concat();
    let other = [table, varied(3, 50)].concat();
    let found = outline(&with_code).contained(&outline(&other));
    assert!(found.matched_nodes <= 18, "{found:?}");
}

#[test]
fn a_stretch_copied_twice_is_found_once() {
    let part = varied(1, 40);
    let twice = [part.clone(), varied(2, 30), part.clone()].concat();
    let found = outline(&part).contained(&outline(&twice));
    assert_eq!((found.left, found.matched_nodes), (Some(1.0), 40));
}

#[test]
fn nothing_and_little_have_no_share() {
    let (nothing, little, some) = (outline(&[]), outline(&[1, 2, 3]), outline(&varied(1, 40)));
    for small in [&nothing, &little] {
        let found = small.contained(&some);
        assert_eq!(
            (found.left, found.right, found.greater()),
            (None, Some(0.0), 0.0)
        );
        assert!(!found.is_notable());
    }
}

#[test]
fn the_nearest_is_the_first_with_the_greatest_share() {
    let sources = [
        "import os\n",
        "def f(a, b):\n    return [a + x * b for x in range(a) if x % b] or {a: b, b: [a, b, f(b)]}\nprint(f(1, 2), f)\n",
        "class A:\n    def g(c, d):\n        return [c + x * d for x in range(c) if x % d] or {c: d, d: [c, d, g(d)]}\n",
    ];
    let sequence = |source: &str| Sequence::of_tree(&python::parse(source).unwrap());
    let all: Vec<Sequence> = sources.iter().map(|source| sequence(source)).collect();
    let query = sequence(
        "def h(x, y):\n    return [x + z * y for z in range(x) if z % y] or {x: y, y: [x, y, h(y)]}\n",
    );
    let nearest = |order: &[usize]| {
        let candidates: Vec<&Sequence> = order.iter().map(|&index| &all[index]).collect();
        Outline::of(&query)
            .nearest(&candidates)
            .map(|(at, found)| (order[at], found))
    };
    let (index, found) = nearest(&[0, 2, 1, 1]).unwrap();
    assert_eq!((index, found), (1, contained(&query, &all[1])));
    assert!(found.greater() > contained(&query, &all[2]).greater());
    assert_eq!(nearest(&[0]), None);
    assert_eq!(nearest(&[]), None);
}

#[test]
fn only_the_largest_of_many_regions_are_named() {
    let region = |line: u32, nodes: usize| {
        let range = LineRange {
            source: 1,
            first_line: line,
            last_line: line,
        };
        Region {
            left: range,
            right: LineRange { source: 0, ..range },
            matched_items: nodes,
        }
    };
    let regions = [region(1, 20), region(2, 50), region(3, 19), region(4, 30)];
    let left = ["a.py".to_owned(), "b.py".to_owned()];
    let right = ["c.py".to_owned()];
    let files = (&left[..], Some(&right[..]));
    let nothing = ContainmentLines::without(outline(&[]).contained(&outline(&[])));
    let found = nothing.with(&regions, files, 2);
    let (named, left_out) = (found.regions.unwrap(), found.regions_omitted);
    let lines: Vec<_> = named
        .iter()
        .map(|lines| {
            (
                lines.left.file.as_str(),
                lines.left.first_line,
                lines.right.as_ref().unwrap().file.as_str(),
            )
        })
        .collect();
    assert_eq!(
        (lines, left_out),
        (vec![("b.py", 2, "c.py"), ("b.py", 4, "c.py")], 2)
    );
}

#[test]
fn lines_of_the_left_are_known_without_the_source_of_the_right() {
    let source = "import json\n\n\ndef weigh(row, weights):\n    total = 0\n    for key, weight in weights.items():\n        \
                  total += weight * min(row.get(key, 0) / 40, 1)\n    return round(total, 3)\n";
    let package = |source: &str| LocatedPackage {
        files: vec!["a.py".to_owned()],
        located: located(source),
    };
    let (own, other) = (package(source), package(&format!("x = [1, 2]\n\n{source}")));
    let both = ContainmentLines::of(&own, &other);
    let left = ContainmentLines::of_left(&own, other.sequence());
    assert_eq!(left.containment, both.containment);
    let lines = |found: &ContainmentLines| -> Vec<FileLines> {
        let regions = found.regions.iter().flatten();
        regions.map(|lines| lines.left.clone()).collect()
    };
    assert_eq!(lines(&left), lines(&both));
    assert_eq!(lines(&left).len(), 1);
    assert!(
        left.regions
            .iter()
            .flatten()
            .all(|lines| lines.right.is_none())
    );
}

#[test]
fn lines_in_common_are_named_on_both_sides() {
    let copied = "def total(rows):\n    result = 0\n    for row in rows:\n        if row.kind != 'skip':\n            \
                  result += row.price * (1 + row.tax) - row.rebate\n    return round(result, 2)\n";
    let left = format!("import sys\n\n\n{copied}\n\nprint(total(sys.argv))\n");
    let right = format!("'''Sums.'''\n\nLIMIT = [1, 2]\n\n\n\n{copied}");
    let (containment, regions) = contained_lines(&located(&left), &located(&right));
    assert!(containment.is_notable(), "{containment:?}");
    let lines: Vec<_> = regions
        .iter()
        .map(|region| {
            let (left, right) = (region.left, region.right);
            (
                left.first_line,
                left.last_line,
                right.first_line,
                right.last_line,
            )
        })
        .collect();
    assert_eq!(lines, [(4, 9, 7, 12)]);
}

#[test]
fn lines_of_several_files_stay_apart() {
    let first =
        "def one(a, b):\n    return [a + x * b for x in range(a) if x % b] or {a: b, b: [a, b]}\n";
    let second = "class Two:\n    def two(self, c):\n        try:\n            self.c = c[0](c, key=len)\n        \
                  except KeyError as e:\n            raise ValueError(c) from e\n";
    let tree = |source: &str| python::parse(source).unwrap();
    let apart = Located::of_trees(&[&tree(first), &tree(second)]);
    let together = located(&format!("{first}{second}"));
    let (containment, regions) = contained_lines(&apart, &together);
    assert_eq!(
        (containment.left, containment.right),
        (Some(1.0), Some(1.0))
    );
    let files: Vec<_> = regions
        .iter()
        .map(|region| (region.left.source, region.right.first_line))
        .collect();
    assert_eq!(files, [(0, 1), (1, 3)]);
}

#[test]
fn all_pairs_say_what_each_pair_says_on_any_number_of_threads() {
    let parts: Vec<Vec<u8>> = (0..6).map(|seed| varied(seed, 30 + seed * 7)).collect();
    let sources: Vec<Outline> = (0..24)
        .map(|n| {
            outline(
                &[
                    &parts[n % 6][..],
                    &varied(100 + n as u32, 40),
                    &parts[(n / 3) % 6],
                    &parts[n % 4],
                ]
                .concat(),
            )
        })
        .collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| Outlines::of(sources.clone()).matches(24))
    };
    let matches = on(1);
    assert_eq!(on(2), matches);
    assert_eq!(on(5), matches);
    let outlines = Outlines::of(sources.clone());
    assert_eq!(outlines.matches(7), matches[..7]);
    for left in 0..sources.len() {
        for right in left + 1..sources.len() {
            let row = &matches[left];
            let matched = row
                .iter()
                .find(|(index, _)| *index as usize == right)
                .map_or(0, |pair| pair.1);
            assert_eq!(
                outlines.containment(left, right, matched),
                sources[left].contained(&sources[right])
            );
        }
    }
}

/// Sources made of a few common parts, of few classes, so that everything repeats and competes.
fn sources() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let part = (1u8..6).prop_flat_map(|classes| prop::collection::vec(0..classes, 1..50));
    let parts = prop::collection::vec(part, 1..6);
    let order = || prop::collection::vec((0usize..6, 0u8..8), 0..9);
    (parts, order(), order()).prop_map(|(parts, left, right)| {
        let written = |order: Vec<(usize, u8)>| {
            let mut source = Vec::new();
            for (part, between) in order {
                source.extend(&parts[part % parts.len()]);
                source.extend((between > 4).then_some(between));
            }
            source
        };
        (written(left), written(right))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn tiles_are_those_of_the_plain_definition((left, right) in sources()) {
        let (l, r) = (outline(&left), outline(&right));
        prop_assert_eq!(l.marks(), &plain::marks(&left)[..]);
        let mut found = tiles(&l, &r);
        let mut expected = plain::tiles(&left, &right);
        found.sort_unstable_by_key(|tile| tile.left);
        expected.sort_unstable_by_key(|tile| tile.left);
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(l.findable(), plain::tiles(&left, &left).iter().map(|tile| tile.new).sum::<u32>());
        let swapped: Vec<Tile> = tiles(&r, &l).into_iter().map(Tile::transposed).collect();
        for tile in &swapped {
            prop_assert!(found.contains(tile), "both directions find the same");
        }
        prop_assert_eq!(swapped.len(), found.len());
        for side in [found.iter().map(|t| (t.left, t.len)).collect(), found.iter().map(|t| (t.right, t.len)).collect::<Vec<_>>()] {
            let mut side: Vec<(u32, u32)> = side;
            side.sort_unstable();
            prop_assert!(side.windows(2).all(|two| two[0].0 + two[0].1 <= two[1].0), "tiles overlap");
        }
        for tile in &found {
            let part = |source: &[u8], start: u32| source[start as usize..(start + tile.len) as usize].to_vec();
            prop_assert_eq!(part(&left, tile.left), part(&right, tile.right));
        }
        let itself = l.contained(&l);
        prop_assert!(itself.left.is_none_or(|share| share == 1.0));
        let (one, other) = (l.contained(&r), r.contained(&l));
        prop_assert_eq!((one.left, one.right, one.matched_nodes), (other.right, other.left, other.matched_nodes));
        let rows = Outlines::of(vec![l, r]).matches(1);
        prop_assert_eq!(rows[0].first().map_or(0, |pair| pair.1), one.matched_nodes);
    }
}

#[test]
fn places_of_the_sequence_are_those_of_its_nodes() {
    let source = "def f(a, b=1):\n    return a\n\n\nclass C:\n    pass\n";
    let located = located(source);
    let lines: Vec<u32> = nodes::classes(located.sequence())
        .map(|(position, _)| located.places()[position])
        .map(|Place { line, .. }| line)
        .collect();
    let kinds = python::parse(source).unwrap();
    assert_eq!(lines.len(), kinds.nodes.len(), "every node once");
    assert!(lines.is_sorted());
    let classes: Vec<u8> = nodes::classes(located.sequence())
        .map(|(_, class)| class)
        .collect();
    let expected: Vec<u8> = kinds.nodes.iter().map(|node| node.kind as u8).collect();
    assert_eq!(classes, expected);
}

#[test]
fn a_copy_is_shown_whole_where_it_repeats_itself() {
    let entry = |n: u32| format!("    'k{n}': [{n}, 'v', (1, 2)],\n");
    let table: String = (0..40).map(entry).collect();
    let source = format!(
        "import sys\n\n\ndef load(path):\n    with open(path) as file:\n        return [line for line in file if line]\n\n\nTABLE = {{\n{table}}}\n"
    );
    let (_, regions) = contained_lines(&located(&source), &located(&source));
    let lines: Vec<_> = regions
        .iter()
        .map(|region| (region.left.first_line, region.left.last_line))
        .collect();
    assert_eq!(lines, [(1, 49)]);
}

#[test]
fn a_node_in_common_with_the_next_statement_is_no_reason_to_show_it() {
    let copied = "def total(rows):\n    result = 0\n    for row in rows:\n        if row.kind != 'skip':\n            \
                  result += row.price * (1 + row.tax) - row.rebate\n    return round(result, 2)\n";
    let left = format!("{copied}\n\nLIMIT = 4\n");
    let right = format!("{copied}\n\nLIMIT += [4]\n");
    let (_, regions) = contained_lines(&located(&left), &located(&right));
    let last: Vec<_> = regions
        .iter()
        .map(|region| (region.left.last_line, region.right.last_line))
        .collect();
    assert_eq!(last, [(6, 6)]);
}

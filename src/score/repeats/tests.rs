use super::index::{Kept, Tuning};
use super::*;
use proptest::prelude::*;

fn naive_near(a: &[char], b: &[char]) -> bool {
    let (short, long) = (a.len().min(b.len()), a.len().max(b.len()));
    let same = a.iter().zip(b).filter(|(a, b)| a == b).count();
    short as f64 / long as f64 >= 0.9 && same as f64 / short as f64 > 0.9
}

fn naive_kept(contents: &[String]) -> usize {
    let mut kept: Vec<Vec<char>> = Vec::new();
    for content in contents {
        let chars: Vec<char> = content.chars().collect();
        if !kept
            .iter()
            .any(|other| *other == chars || naive_near(other, &chars))
        {
            kept.push(chars);
        }
    }
    kept.len()
}

fn found(contents: &[String]) -> usize {
    let texts: Vec<PyStr> = contents.iter().map(|text| text.as_str().into()).collect();
    let found = repeats(texts.iter());
    assert_eq!(found.all, contents.len());
    found.kept
}

/// The same with an index wherever there can be one.
fn found_indexed(contents: &[String]) -> usize {
    let texts: Vec<PyStr> = contents.iter().map(|text| text.as_str().into()).collect();
    let mut seen = HashSet::new();
    let distinct: Vec<&PyStr> = texts.iter().filter(|&text| seen.insert(text)).collect();
    kept(&encode(&distinct), Tuning::EAGER)
}

/// Numbers below a bound, the same ones for the same seed.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed | 1;
    move |bound| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % bound
    }
}

/// What hostile contents are made of.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// Letters of an alphabet of this size.
    Random(usize),
    /// Blocks of one of two letters each: every pair shares half of them.
    Blocks(usize),
    /// A common beginning and an own end, just longer than what may differ.
    Preamble,
    /// A common text in which about half of what may differ does, so that pairs are just near or
    /// just not.
    Threshold(usize),
    /// Several common texts, in each of which other few places differ.
    Families(usize),
}

/// The n-th letter: ASCII, then Latin-1, then others.
fn letter(n: usize) -> char {
    let point = match n {
        0..26 => 0x61 + n,
        26..58 => 0xe0 + n - 26,
        _ => 0x4e00 + n,
    };
    char::from_u32(point as u32).expect("letter")
}

fn make(shape: Shape, count: usize, length: usize, spread: usize, seed: u64) -> Vec<String> {
    let mut next = numbers(seed);
    let most = length + spread;
    let base: Vec<char> = (0..most).map(|_| letter(next(2))).collect();
    let families: Vec<(Vec<char>, Vec<usize>)> = (0..6)
        .map(|_| {
            let text = (0..most).map(|_| letter(next(26))).collect();
            (text, (0..length / 10 + 3).map(|_| next(length)).collect())
        })
        .collect();
    (0..count)
        .map(|_| {
            let length = length + next(spread + 1);
            let mut text: Vec<char> = base.iter().copied().take(length).collect();
            match shape {
                Shape::Random(letters) => text.fill_with(|| letter(next(letters))),
                Shape::Blocks(size) => {
                    for block in text.chunks_mut(size) {
                        block.fill(letter(next(2)));
                    }
                }
                Shape::Preamble => {
                    let start = length - (length / 10 + 1).min(length);
                    text[start..].fill_with(|| letter(next(26)));
                }
                Shape::Families(letters) => {
                    let (common, places) = &families[next(families.len())];
                    text.copy_from_slice(&common[..length]);
                    for &place in places {
                        text[place] = letter(next(letters));
                    }
                }
                Shape::Threshold(letters) => {
                    for _ in 0..length / 20 + 1 {
                        text[next(length)] = letter(next(letters));
                    }
                }
            }
            text.into_iter().collect()
        })
        .collect()
}

fn shapes() -> impl Strategy<Value = Shape> {
    prop_oneof![
        (2usize..5).prop_map(Shape::Random),
        Just(Shape::Random(60)),
        Just(Shape::Random(600)),
        (2usize..12).prop_map(Shape::Blocks),
        Just(Shape::Preamble),
        prop_oneof![Just(2usize), Just(26), Just(60), Just(5000)].prop_map(Shape::Threshold),
        prop_oneof![Just(2usize), Just(26), Just(300)].prop_map(Shape::Families),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn hostile_contents_are_found_as_by_comparing_all(
        shape in shapes(),
        count in 100usize..400,
        length in prop_oneof![1usize..32, 32usize..130],
        spread in prop_oneof![Just(0usize), 0usize..16],
        seed in any::<u64>(),
    ) {
        let contents = make(shape, count, length, spread, seed);
        let expected = naive_kept(&contents);
        prop_assert_eq!(found(&contents), expected);
        prop_assert_eq!(found_indexed(&contents), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn many_contents_are_found_as_by_comparing_all_when_indexes_nest(
        shape in shapes(),
        length in 9usize..50,
        spread in prop_oneof![Just(0usize), 0usize..8],
        seed in any::<u64>(),
    ) {
        let contents = make(shape, 1200, length, spread, seed);
        prop_assert_eq!(found_indexed(&contents), naive_kept(&contents));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn long_contents_are_found_as_by_comparing_all(
        shape in shapes(),
        length in prop_oneof![Just(2040usize), Just(2549)],
        spread in prop_oneof![Just(0usize), Just(9)],
        seed in any::<u64>(),
    ) {
        let contents = make(shape, 200, length, spread, seed);
        prop_assert_eq!(found(&contents), naive_kept(&contents));
    }
}

#[test]
fn the_lengths_at_the_edge_of_every_rule_are_found() {
    for length in (1..13usize).chain(18..24).chain([29, 30, 31, 32, 40, 41]) {
        let mut contents = Vec::new();
        let mut next = numbers(length as u64);
        // More than a batch and a tile of others come first.
        for _ in 0..300 {
            contents.push((0..length).map(|_| letter(next(26))).collect::<String>());
        }
        for at in 0..150 {
            let of: Vec<char> = contents[at].chars().collect();
            let mut changed = of.clone();
            for place in changed.iter_mut().take(next(length / 5 + 2)) {
                *place = '.';
            }
            contents.push(changed.iter().collect());
            contents.push(changed[..length - next(length / 5 + 1)].iter().collect());
            changed.extend((0..next(length / 5 + 2)).map(|_| '!'));
            contents.push(changed.iter().collect());
        }
        contents.retain(|content| !content.is_empty());
        let expected = naive_kept(&contents);
        assert_eq!(found(&contents), expected, "length {length}");
        assert_eq!(found_indexed(&contents), expected, "length {length}");
    }
}

#[test]
fn a_late_repeat_of_each_early_content_is_found() {
    let early = make(Shape::Random(26), 1000, 100, 0, 1);
    for (tuning, nine) in [Tuning::MEASURED, Tuning::EAGER]
        .into_iter()
        .flat_map(|tuning| [(tuning, 9), (tuning, 10)])
    {
        let late = early
            .iter()
            .map(|text| format!("{}{}", ".".repeat(nine), &text[nine..]));
        let texts: Vec<PyStr> = early
            .iter()
            .cloned()
            .chain(late)
            .map(|text| text.as_str().into())
            .collect();
        let encoded = encode(&texts.iter().collect::<Vec<_>>());
        let (early, late) = encoded.split_at(early.len());
        let mut kept = Kept::for_lengths(early.iter().map(|content| content.length), tuning);
        early.iter().for_each(|content| kept.insert(content));
        assert_eq!(kept.has_index(), tuning.many == Tuning::EAGER.many);
        let near = kept.have_near(late);
        assert!(near.iter().all(|&near| near == (nine == 9)), "{nine}");
    }
}

#[test]
fn very_many_contents_have_an_index_and_few_have_none() {
    let kept = |count| {
        let contents = make(Shape::Random(26), count, 30, 3, 1);
        let texts: Vec<PyStr> = contents.iter().map(|text| text.as_str().into()).collect();
        let encoded = encode(&texts.iter().collect::<Vec<_>>());
        let lengths = encoded.iter().map(|content| content.length);
        let mut kept = Kept::for_lengths(lengths, Tuning::MEASURED);
        encoded.iter().for_each(|content| kept.insert(content));
        kept.has_index()
    };
    assert!(kept(8000));
    assert!(!kept(1000));
}

#[test]
fn thousands_of_contents_that_share_half_their_blocks_finish() {
    assert_eq!(found(&make(Shape::Blocks(10), 1500, 1000, 0, 1)), 1500);
}

#[test]
fn long_contents_that_share_half_their_blocks_finish() {
    assert_eq!(found(&make(Shape::Blocks(10), 60, 100_000, 0, 1)), 60);
}

#[test]
fn many_short_contents_of_two_letters_finish() {
    assert_eq!(found(&make(Shape::Random(2), 4000, 90, 0, 1)), 4000);
}

#[test]
fn very_many_tiny_contents_finish() {
    // Of eleven characters one may differ: here at least two do.
    let contents: Vec<String> = (0..5000).map(|n| format!("{n:04}{n:04}xyz")).collect();
    assert_eq!(found(&contents), 5000);
}

#[test]
fn contents_of_all_lengths_finish() {
    let contents = make(Shape::Random(2), 2000, 200, 1000, 1);
    assert_eq!(found(&contents), 2000);
}

#[test]
fn contents_under_a_long_preamble_finish() {
    let contents = make(Shape::Preamble, 4000, 150, 0, 1);
    let kept = found(&contents);
    assert!(kept > 0 && kept < 4000);
}

#[test]
fn contents_of_more_letters_than_a_byte_holds_finish() {
    assert_eq!(
        found(&make(Shape::Random(20_000), 10_000, 60, 0, 1)),
        10_000
    );
}

#[test]
fn contents_just_beyond_the_threshold_from_one_another_finish() {
    // Two numbers below a prime, their sum and another: any two contents differ in three of the
    // four places at least, one more than may. And there are too many letters for a byte.
    const PRIME: usize = 307;
    let contents: Vec<String> = (0..4000)
        .map(|n| {
            let (x, y) = (n / PRIME * 23 % PRIME, n % PRIME);
            let mut text = vec!['a'; 30];
            for (place, value) in [x, y, (x + y) % PRIME, (x + 2 * y) % PRIME]
                .iter()
                .enumerate()
            {
                text[3 + 7 * place] = letter(100 + value);
            }
            text.into_iter().collect()
        })
        .collect();
    assert_eq!(found(&contents), 4000);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let contents = make(Shape::Threshold(26), 3000, 60, 12, 7);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("pool").install(|| found(&contents))
    };
    assert_eq!(with(1), with(4));
}

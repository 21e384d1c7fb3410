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

/// The same with keys wherever there can be any.
fn found_by_keys(contents: &[String]) -> usize {
    let texts: Vec<PyStr> = contents.iter().map(|text| text.as_str().into()).collect();
    let mut seen = HashSet::new();
    let distinct: Vec<&PyStr> = texts.iter().filter(|&text| seen.insert(text)).collect();
    kept(&Encoded::of(distinct).contents(), Tuning::EAGER)
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
    /// One text with so many places changed: pairs differ in about twice as many.
    Ball(usize),
    /// Copies of earlier contents in which one place more or less differs than may.
    Copies,
    /// The same letters in another order.
    Shuffled,
    /// A counter, three times.
    Counter,
    /// Few telling places, most of which any two contents differ in: all values of polynomials.
    Polynomials(usize),
    /// One letter, in all lengths.
    OneLetter,
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
    let places: Vec<usize> = (0..length / 8 + 2).map(|_| next(length)).collect();
    let mut made: Vec<String> = Vec::new();
    (0..count)
        .map(|number| {
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
                Shape::Ball(differing) => {
                    for _ in 0..differing {
                        let place = next(length);
                        text[place] = letter(25 - next(2));
                    }
                }
                Shape::Copies => {
                    text.fill_with(|| letter(next(3)));
                    if number > count / 2 {
                        text = made[next(made.len())].chars().collect();
                        let first = next(text.len());
                        let differing = (text.len() / 10).max(1) + next(2) - 1;
                        for place in 0..differing {
                            let place = (first + 7 * place) % text.len();
                            text[place] = letter(30);
                        }
                    }
                }
                Shape::Shuffled => {
                    for place in 1..length {
                        text.swap(place, next(place + 1));
                    }
                }
                Shape::Counter => {
                    let counters = [number, number * 7919, number * 104_729];
                    for (place, digit) in counters
                        .iter()
                        .flat_map(|counter| format!("{counter:07}  ").into_bytes())
                        .enumerate()
                        .filter(|(place, _)| *place < length)
                    {
                        text[place] = char::from(digit);
                    }
                }
                Shape::Polynomials(prime) => {
                    let (a, b) = (number % prime, number / prime % prime);
                    for (x, &place) in places.iter().enumerate() {
                        text[place] = letter((a + b * x) % prime);
                    }
                }
                Shape::OneLetter => text.fill(letter(0)),
                Shape::Threshold(letters) => {
                    for _ in 0..length / 20 + 1 {
                        text[next(length)] = letter(next(letters));
                    }
                }
            }
            let text: String = text.into_iter().collect();
            made.push(text.clone());
            text
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
        (1usize..20).prop_map(Shape::Ball),
        Just(Shape::Copies),
        Just(Shape::Shuffled),
        Just(Shape::Counter),
        prop_oneof![Just(7usize), Just(29), Just(307)].prop_map(Shape::Polynomials),
        Just(Shape::OneLetter),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn hostile_contents_are_found_as_by_comparing_all(
        shape in shapes(),
        count in 100usize..400,
        length in prop_oneof![1usize..32, 32usize..130],
        spread in prop_oneof![Just(0usize), 0usize..16, Just(60)],
        seed in any::<u64>(),
    ) {
        let contents = make(shape, count, length, spread, seed);
        let expected = naive_kept(&contents);
        prop_assert_eq!(found(&contents), expected);
        prop_assert_eq!(found_by_keys(&contents), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn many_contents_are_found_as_by_comparing_all_when_keys_nest(
        shape in shapes(),
        length in 9usize..50,
        spread in prop_oneof![Just(0usize), 0usize..8],
        seed in any::<u64>(),
    ) {
        let contents = make(shape, 1200, length, spread, seed);
        prop_assert_eq!(found_by_keys(&contents), naive_kept(&contents));
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
        assert_eq!(found_by_keys(&contents), expected, "length {length}");
    }
}

#[test]
fn a_late_repeat_of_each_early_content_is_found() {
    let early = make(Shape::Random(26), 1000, 100, 0, 1);
    for tuning in [Tuning::MEASURED, Tuning::EAGER] {
        for differing in [9, 10] {
            let changed =
                |text: &String| format!("{}{}", ".".repeat(differing), &text[differing..]);
            let texts: Vec<PyStr> = early
                .iter()
                .cloned()
                .chain(early.iter().map(changed))
                .map(|text| text.as_str().into())
                .collect();
            let encoded = Encoded::of(texts.iter().collect());
            let contents = encoded.contents();
            let join = Join::new(&contents, tuning);
            let numbers: Vec<u32> = (0..2000).collect();
            let (early, late) = numbers.split_at(1000);
            join.mark_near(early, late);
            assert!(
                late.iter()
                    .all(|&number| join.is_found(number) == (differing == 9))
            );
            assert!(!early.iter().any(|&number| join.is_found(number)));
        }
    }
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

use super::*;
use proptest::prelude::*;

/// The classic table, row by row.
pub(crate) fn table_lcs(left: &[u32], right: &[u32]) -> usize {
    let mut row = vec![0; right.len() + 1];
    for a in left {
        let mut diagonal = 0;
        for (index, b) in right.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if a == b {
                diagonal + 1
            } else {
                above.max(row[index])
            };
            diagonal = above;
        }
    }
    row[right.len()]
}

/// What this processor can do and what every processor can.
fn machines() -> [Machine; 2] {
    [Machine::detect(), Machine::portable()]
}

fn kernels(symbols: usize) -> [Kernel; 2] {
    machines().map(|machine| Kernel::on(machine, symbols, u64::MAX))
}

#[test]
fn empty_and_foreign_sequences_share_nothing() {
    for mut kernel in kernels(10) {
        assert_eq!(kernel.lcs(&[], &[]), 0);
        assert_eq!(kernel.lcs(&[1, 2], &[]), 0);
        assert_eq!(kernel.lcs(&[1, 2], &[3, 4]), 0);
    }
    for machine in machines() {
        let mut query = Query::on(machine, 10);
        assert!(query.set(&[]));
        assert_eq!(query.lcs([&[1], &[], &[2, 3], &[9]]), [0; 4]);
        let mut group = Group::on(machine, 10);
        assert!(group.set([&[], &[1], &[], &[2, 3]]));
        assert_eq!(group.lcs(&[]), [0; 4]);
        assert_eq!(group.lcs(&[3, 1]), [0, 1, 0, 1]);
    }
}

#[test]
fn carries_cross_limbs_lanes_and_passes() {
    let left = vec![0; PASS_ITEMS * 3 + 5];
    let mut right = vec![1];
    right.extend(vec![0; PASS_ITEMS * 2 + 9]);
    right.push(1);
    for mut kernel in kernels(2) {
        assert_eq!(kernel.lcs(&left, &right), PASS_ITEMS * 2 + 9);
        assert_eq!(kernel.lcs(&right, &left), PASS_ITEMS * 2 + 9);
    }
}

#[test]
fn every_width_of_a_strip_is_right() {
    let items = |len: usize, times: usize| -> Vec<u32> {
        (0..len)
            .map(|at| (at * times % 7 + at % 3) as u32)
            .collect()
    };
    let right = items(333, 11);
    for limbs in 1..=STRIP_LIMBS + 1 {
        for len in [
            limbs * LIMB_BITS - 1,
            limbs * LIMB_BITS,
            limbs * LIMB_BITS + 1,
        ] {
            let left = items(len, 5);
            let expected = table_lcs(&left, &right);
            for machine in machines() {
                let mut query = Query::on(machine, 16);
                assert!(query.set(&left));
                assert_eq!(query.lcs([&right, &right[..9], &[], &right])[0], expected);
                let mut group = Group::on(machine, 16);
                assert!(group.set([&left[..1], &left, &[], &left]));
                assert_eq!(group.lcs(&right)[3], expected);
            }
        }
        // A lane's strip is a quarter of the pattern, which is the shorter side.
        let left = items(LANES * limbs * LIMB_BITS, 5);
        let text = items(left.len() + 1, 11);
        let expected = table_lcs(&left, &text);
        for mut kernel in kernels(16) {
            assert_eq!(kernel.lcs(&left, &text), expected);
        }
    }
}

#[test]
fn tables_that_would_be_too_large_are_refused() {
    let long: Vec<u32> = (0..100_000).collect();
    let mut query = Query::new(long.len());
    assert!(!query.set(&long));
    assert!(query.set(&long[..500]));
    assert_eq!(query.lcs([&long, &[], &[], &[]])[0], 500);
    let mut group = Group::new(long.len());
    assert!(!group.set([&long, &[], &[], &[]]));
    assert!(group.set([&long[..500], &[], &[], &[]]));
    assert_eq!(group.lcs(&long)[0], 500);
}

#[test]
fn more_different_symbols_than_there_are_numbers_are_compared_all_the_same() {
    let left: Vec<u32> = (0..PASS_ITEMS as u32 + 50).collect();
    let right: Vec<u32> = (50..70_000).collect();
    let mut kernel = Kernel::new(70_000);
    assert_eq!(kernel.lcs(&left, &right), PASS_ITEMS);
}

#[test]
fn a_kernel_without_cells_refuses() {
    let mut kernel = Kernel::with_cells(4, 9);
    assert_eq!(kernel.lcs_at_least(&[1, 0, 2], &[0, 3, 0], 0), Some(1));
    assert!(!kernel.has_refused());
    assert_eq!(kernel.lcs_at_least(&[1, 0], &[0, 3], 0), None);
    assert!(kernel.has_refused());
}

fn sequence(symbols: u32, longest: usize) -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(0..symbols, 0..longest)
}

fn pair() -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
    (1u32..40).prop_flat_map(|symbols| (sequence(symbols, 1500), sequence(symbols, 1500)))
}

fn five() -> impl Strategy<Value = (Vec<u32>, [Vec<u32>; LANES])> {
    (1u32..40).prop_flat_map(|symbols| {
        let lanes = [(); LANES].map(|()| sequence(symbols, 700));
        (sequence(symbols, 700), lanes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn pairs_equal_the_table((left, right) in pair()) {
        let expected = table_lcs(&left, &right);
        for mut kernel in kernels(40) {
            prop_assert_eq!(kernel.lcs(&left, &right), expected);
            prop_assert_eq!(kernel.lcs(&right, &left), expected);
            prop_assert_eq!(kernel.lcs_at_least(&left, &right, expected), Some(expected));
            let more = kernel.lcs_at_least(&left, &right, expected + 1);
            prop_assert!(more.is_none_or(|length| length == expected));
        }
    }

    #[test]
    fn prefix_lengths_equal_the_table((left, right) in pair(), cut in 0usize..1500) {
        let cut = cut.min(left.len());
        let expected = table_lcs(&left[..cut], &right);
        for mut kernel in kernels(40) {
            let lengths = kernel.prefix_lengths(&left, &right);
            prop_assert_eq!(lengths.len(), left.len() + 1);
            prop_assert_eq!(lengths[cut] as usize, expected);
        }
    }

    #[test]
    fn queries_and_groups_equal_the_table((one, four) in five(), others in five()) {
        let expected = four.each_ref().map(|other| table_lcs(&one, other));
        for machine in machines() {
            let mut query = Query::on(machine, 40);
            let mut group = Group::on(machine, 40);
            // What was there before must leave no trace.
            prop_assert!(query.set(&others.0) && group.set(others.1.each_ref().map(|s| &s[..])));
            prop_assert!(query.set(&one) && group.set(four.each_ref().map(|s| &s[..])));
            prop_assert_eq!(query.lcs(four.each_ref().map(|s| &s[..])), expected);
            prop_assert_eq!(group.lcs(&one), expected);
        }
    }

    #[test]
    fn long_pairs_equal_rapidfuzz(
        left in prop::collection::vec(0u32..300, 0..6000),
        right in prop::collection::vec(0u32..300, 0..6000),
    ) {
        let expected = rapidfuzz::distance::lcs_seq::similarity(
            left.iter().copied(),
            right.iter().copied(),
        );
        for mut kernel in kernels(300) {
            prop_assert_eq!(kernel.lcs(&left, &right), expected);
        }
    }

    #[test]
    fn shared_counts_are_sums_of_the_smaller(
        left in prop::collection::vec(0u16..60, 64),
        right in prop::collection::vec(0u16..60, 64),
    ) {
        let expected: u16 = left.iter().zip(&right).map(|(a, b)| a.min(b)).sum();
        let (left, _) = left.as_chunks::<64>();
        let (right, _) = right.as_chunks::<64>();
        for machine in machines() {
            prop_assert_eq!(machine.shared(&left[0], &right[0]), expected);
        }
    }
}

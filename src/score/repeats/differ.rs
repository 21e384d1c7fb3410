//! Counting positions at which contents differ, with wide instructions where the processor has them.
#![allow(
    unsafe_code,
    reason = "calling a function compiled for instructions that not every processor has is unsafe; it \
              happens once, right after they were looked for"
)]

/// Contents side by side in one tile.
pub(super) const ROWS: usize = 64;

/// Positions compared between two looks at whether all rows are out.
pub(super) const BLOCK: usize = 8;

/// How many codes differ in each row of a tile, over the shorter length and up to 255; nothing if it
/// is more than `limit` in all of them. `columns` hold the codes of all rows for each position,
/// `starts` where blocks of positions start, in the order in which they are looked at.
pub(super) fn differing(
    columns: &[[u8; ROWS]],
    starts: &[u32],
    codes: &[u8],
    limit: u8,
) -> Option<[u8; ROWS]> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the function is safe but for its need of what was just found.
        return unsafe { differing_avx2(columns, starts, codes, limit) };
    }
    differing_anywhere(columns, starts, codes, limit)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn differing_avx2(
    columns: &[[u8; ROWS]],
    starts: &[u32],
    codes: &[u8],
    limit: u8,
) -> Option<[u8; ROWS]> {
    differing_anywhere(columns, starts, codes, limit)
}

#[inline(always)]
fn differing_anywhere(
    columns: &[[u8; ROWS]],
    starts: &[u32],
    codes: &[u8],
    limit: u8,
) -> Option<[u8; ROWS]> {
    let mut differing = [0u8; ROWS];
    for &start in starts {
        let columns = columns.get(start as usize..).unwrap_or_default();
        let codes = codes.get(start as usize..).unwrap_or_default();
        let counts = match (columns.first_chunk(), codes.first_chunk()) {
            (Some(columns), Some(codes)) => differing_in::<BLOCK>(columns, codes),
            _ => differing_in_few(columns, codes),
        };
        for (sum, count) in differing.iter_mut().zip(counts) {
            *sum = sum.saturating_add(count);
        }
        if differing
            .iter()
            .fold(u8::MAX, |least, &count| least.min(count))
            > limit
        {
            return None;
        }
    }
    Some(differing)
}

/// How many codes differ in each row of a block. The sum cannot overflow, and an addition that need
/// not look for it keeps all rows' counts in registers.
#[inline(always)]
fn differing_in<const N: usize>(columns: &[[u8; ROWS]; N], codes: &[u8; N]) -> [u8; ROWS] {
    let mut counts = [0u8; ROWS];
    for (column, &code) in columns.iter().zip(codes) {
        for (count, &other) in counts.iter_mut().zip(column) {
            *count = count.wrapping_add(u8::from(other != code));
        }
    }
    counts
}

/// The same for the last positions, fewer than a block has.
#[inline(always)]
fn differing_in_few(columns: &[[u8; ROWS]], codes: &[u8]) -> [u8; ROWS] {
    let mut counts = [0u8; ROWS];
    for (column, &code) in columns.iter().take(BLOCK).zip(codes) {
        for (count, &other) in counts.iter_mut().zip(column) {
            *count = count.wrapping_add(u8::from(other != code));
        }
    }
    counts
}

/// Positions of a row that are compared at once.
pub(super) const STRIDE: usize = 32;

/// The first of some rows, each as long as another one, that differs from it in at most `limit` places.
pub(super) fn few_places_differ(
    rows: &[[u8; STRIDE]],
    other: &[[u8; STRIDE]],
    limit: usize,
) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("popcnt")
    {
        // SAFETY: the function is safe but for its need of what was just found.
        return unsafe { few_places_differ_avx2(rows, other, limit) };
    }
    few_places_differ_anywhere(rows, other, limit)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn few_places_differ_avx2(
    rows: &[[u8; STRIDE]],
    other: &[[u8; STRIDE]],
    limit: usize,
) -> Option<usize> {
    few_places_differ_anywhere(rows, other, limit)
}

#[inline(always)]
fn few_places_differ_anywhere(
    rows: &[[u8; STRIDE]],
    other: &[[u8; STRIDE]],
    limit: usize,
) -> Option<usize> {
    let mut rows = rows.chunks_exact(other.len().max(1));
    rows.position(|row| {
        let mut differing = 0;
        row.iter().zip(other).all(|(a, b)| {
            let places = a.iter().zip(b).filter(|(a, b)| a != b);
            differing += places.count();
            differing <= limit
        })
    })
}

/// The first of some numbers that differs from another in at most `limit` bits.
pub(super) fn few_bits_differ(numbers: &[u64], other: u64, limit: u32) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the function is safe but for its need of what was just found.
        return unsafe { few_bits_differ_avx2(numbers, other, limit) };
    }
    few_bits_differ_anywhere(numbers, other, limit)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn few_bits_differ_avx2(numbers: &[u64], other: u64, limit: u32) -> Option<usize> {
    few_bits_differ_anywhere(numbers, other, limit)
}

#[inline(always)]
fn few_bits_differ_anywhere(numbers: &[u64], other: u64, limit: u32) -> Option<usize> {
    const STRIDE: usize = 16;
    let few = |number: &u64| (number ^ other).count_ones() <= limit;
    let (strides, rest) = numbers.as_chunks::<STRIDE>();
    for (stride, begin) in strides.iter().zip((0..).step_by(STRIDE)) {
        // All at once, most often in vain.
        let some = stride.iter().fold(false, |some, number| some | few(number));
        if some {
            return stride.iter().position(few).map(|at| begin + at);
        }
    }
    let begin = numbers.len() - rest.len();
    rest.iter().position(few).map(|at| begin + at)
}

/// Whether at most `limit` positions differ over the shorter length, looking no further than it
/// takes to know.
pub(super) fn few_differ<T: PartialEq>(a: &[T], b: &[T], limit: usize) -> bool {
    const STRIDE: usize = 64;
    let common = a.len().min(b.len());
    let (a, b) = (a.get(..common).unwrap_or(a), b.get(..common).unwrap_or(b));
    let (a_strides, a_rest) = a.as_chunks::<STRIDE>();
    let (b_strides, b_rest) = b.as_chunks::<STRIDE>();
    let mut differing = 0;
    for (a, b) in a_strides.iter().zip(b_strides) {
        // Counted in a byte, so that the processor counts many positions at once.
        let count: u8 = a.iter().zip(b).map(|(a, b)| u8::from(a != b)).sum();
        differing += usize::from(count);
        if differing > limit {
            return false;
        }
    }
    differing += a_rest.iter().zip(b_rest).filter(|(a, b)| a != b).count();
    differing <= limit
}

/// As [`few_differ`], eight bytes at a time: for short contents, most of which differ at once.
pub(super) fn few_bytes_differ(a: &[u8], b: &[u8], limit: usize) -> bool {
    const SHORT: usize = 128;
    let common = a.len().min(b.len());
    if common > SHORT {
        return few_differ(a, b, limit);
    }
    let (a, b) = (a.get(..common).unwrap_or(a), b.get(..common).unwrap_or(b));
    let (a_words, a_rest) = a.as_chunks::<8>();
    let (b_words, b_rest) = b.as_chunks::<8>();
    let mut differing = 0;
    for (a, b) in a_words.iter().zip(b_words) {
        differing += bytes_set(u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b));
        if differing > limit {
            return false;
        }
    }
    differing += a_rest.iter().zip(b_rest).filter(|(a, b)| a != b).count();
    differing <= limit
}

/// How many bytes of a word are not zero.
fn bytes_set(word: u64) -> usize {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The top bit of each byte says whether any of its bits is set; their sum gathers in the top byte.
    let set = (((word & LOW) + LOW) | word) & !LOW;
    ((set >> 7).wrapping_mul(ONES) >> 56) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_are_compared_as_one_by_one(
            (a, b) in (0usize..150).prop_flat_map(|length| {
                let few = || prop::collection::vec(prop_oneof![Just(0u8), Just(1), Just(128), Just(255)], length);
                (few(), few())
            }),
            cut in 0usize..20,
            limit in 0usize..120,
        ) {
            let b = &b[..b.len().saturating_sub(cut)];
            let differing = a.iter().zip(b).filter(|(a, b)| a != b).count();
            prop_assert_eq!(few_bytes_differ(&a, b, limit), differing <= limit);
            prop_assert_eq!(few_differ(&a, b, limit), differing <= limit);
        }

        #[test]
        fn the_first_number_with_few_other_bits_is_found(
            numbers in prop::collection::vec(0u64..4096, 0..70),
            other in 0u64..4096,
            limit in 0u32..6,
        ) {
            let expected = numbers.iter().position(|number| (number ^ other).count_ones() <= limit);
            prop_assert_eq!(few_bits_differ(&numbers, other, limit), expected);
            prop_assert_eq!(few_bits_differ_anywhere(&numbers, other, limit), expected);
        }

        #[test]
        fn the_first_row_with_few_other_places_is_found(
            (width, places) in (1usize..4).prop_flat_map(|width| {
                let place = prop_oneof![9 => Just(0u8), 1 => Just(1), 1 => Just(255)];
                let rows = 0..10 * STRIDE * width;
                (Just(width), prop::collection::vec(place, rows))
            }),
            limit in 0usize..20,
        ) {
            let (strides, _) = places.as_chunks::<STRIDE>();
            let whole = strides.len() / width * width;
            if let Some((other, rows)) = strides[..whole].split_at_checked(width) {
                let differing = |row: &[[u8; STRIDE]]| {
                    row.as_flattened().iter().zip(other.as_flattened()).filter(|(a, b)| a != b).count()
                };
                let expected = rows.chunks(width).position(|row| differing(row) <= limit);
                prop_assert_eq!(few_places_differ(rows, other, limit), expected);
                prop_assert_eq!(few_places_differ_anywhere(rows, other, limit), expected);
            }
        }

        #[test]
        fn all_rows_of_a_tile_are_compared_as_one_by_one(
            columns in (0usize..40).prop_flat_map(|length| {
                prop::collection::vec(prop::collection::vec(0u8..3, ROWS), length)
            }),
            codes in prop::collection::vec(0u8..3, 0..40),
            limit in 0u8..30,
        ) {
            let columns: Vec<[u8; ROWS]> = columns
                .iter()
                .map(|column| std::array::from_fn(|row| column[row]))
                .collect();
            let starts: Vec<u32> = (0..columns.len() as u32).step_by(BLOCK).rev().collect();
            let expected: [u8; ROWS] = std::array::from_fn(|row| {
                columns.iter().zip(&codes).filter(|(column, code)| column[row] != **code).count() as u8
            });
            let few = expected.iter().any(|&count| count <= limit);
            let found = differing(&columns, &starts, &codes, limit);
            prop_assert_eq!(found, differing_anywhere(&columns, &starts, &codes, limit));
            match found {
                Some(found) if few => prop_assert_eq!(found, expected),
                Some(found) => prop_assert!(found.iter().all(|&count| count > limit)),
                None => prop_assert!(!few),
            }
        }
    }
}

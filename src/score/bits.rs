//! Counting common bits of many rows, with the processor's own instruction where it has one.
#![allow(
    unsafe_code,
    reason = "calling a function compiled for instructions that not every processor has is unsafe; it \
              happens once, right after they were looked for"
)]

/// Adds to each count how many bits a row has in common with `bits`. `rows` holds as many words for
/// each count as there are in `bits`.
pub(super) fn add_common(bits: &[u64], rows: &[u64], counts: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("popcnt")
    {
        // SAFETY: the function is safe but for its need of what was just found.
        return unsafe { counted(bits, rows, counts) };
    }
    add(bits, rows, counts);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn counted(bits: &[u64], rows: &[u64], counts: &mut [u32]) {
    add(bits, rows, counts);
}

#[inline(always)]
fn add(bits: &[u64], rows: &[u64], counts: &mut [u32]) {
    // The usual lengths with loops of their own.
    match bits.len() {
        0 => {}
        1 => add_fixed::<1>(bits, rows, counts),
        2 => add_fixed::<2>(bits, rows, counts),
        3 => add_fixed::<3>(bits, rows, counts),
        4 => add_fixed::<4>(bits, rows, counts),
        5 => add_fixed::<5>(bits, rows, counts),
        len => {
            for (row, count) in rows.chunks_exact(len).zip(counts) {
                *count += common(bits, row);
            }
        }
    }
}

#[inline(always)]
fn add_fixed<const W: usize>(bits: &[u64], rows: &[u64], counts: &mut [u32]) {
    let Some(bits) = bits.first_chunk::<W>() else {
        return;
    };
    let (rows, _) = rows.as_chunks::<W>();
    for (row, count) in rows.iter().zip(counts) {
        *count += common(bits, row);
    }
}

#[inline(always)]
fn common(left: &[u64], right: &[u64]) -> u32 {
    left.iter()
        .zip(right)
        .map(|(a, b)| (a & b).count_ones())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn common_bits_are_counted_at_any_length(
            (bits, rows) in (0usize..9).prop_flat_map(|len| {
                (prop::collection::vec(any::<u64>(), len), prop::collection::vec(any::<u64>(), len * 7))
            }),
        ) {
            let expected: Vec<u32> = (0..7)
                .map(|row| {
                    let row = &rows[row * bits.len()..];
                    10 + bits.iter().zip(row).map(|(a, b)| (a & b).count_ones()).sum::<u32>()
                })
                .collect();
            let mut counts = [10; 7];
            add_common(&bits, &rows, &mut counts);
            prop_assert_eq!(counts.as_slice(), &expected);
            let mut counts = [10; 7];
            add(&bits, &rows, &mut counts);
            prop_assert_eq!(counts.as_slice(), &expected);
        }
    }
}

//! Four columns of the table side by side, in vector registers where the processor has them.
//!
//! A column is cut into *limbs* of [`LIMB_BITS`] pattern items. Bit 63 stays free: after an addition
//! it is the carry, which saves the comparison that a full word would need. One step takes the
//! columns over one text item each: with `c` a limb, `m` the bits at which its pattern items equal
//! the text item, the sum `s = c + (c & m) + carry` gives the next limb `(s | (c & !m))` without bit
//! 63 and, in bit 63, the carry into the next limb. Seven operations for four times 63 cells.
//!
//! The loops are written once and compiled twice: for AVX2 and for any processor. Both do the same
//! integer arithmetic, so their results are equal bit for bit.
#![allow(
    unsafe_code,
    reason = "calling a function compiled for AVX2 is unsafe wherever AVX2 is not known at compile \
              time; it happens in one macro, behind the value that only detection makes"
)]

/// Pattern items of a limb.
pub(super) const LIMB_BITS: usize = 63;
/// Columns side by side.
pub(in super::super) const LANES: usize = 4;
/// A limb of which nothing has matched yet.
const FRESH: u64 = u64::MAX >> 1;
/// Steps between a lane of [`Machine::cascade`] and the next: two, so that a carry has a whole step's
/// time to arrive.
const LAG: usize = 2;
/// Steps between the first lane of a cascade and the last.
pub(super) const TOTAL_LAG: usize = LAG * (LANES - 1);

/// A number for each lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C, align(32))]
pub(in super::super) struct Lanes(pub [u64; LANES]);

/// The carry vectors of four carry bits.
const CARRIES: [Lanes; 1 << LANES] = {
    let mut all = [Lanes([0; LANES]); 1 << LANES];
    let mut bits = 0;
    while bits < all.len() {
        let mut lane = 0;
        while lane < LANES {
            all[bits].0[lane] = bits as u64 >> lane & 1;
            lane += 1;
        }
        bits += 1;
    }
    all
};

/// What the loops are run with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Machine {
    /// Set by [`Machine::detect`] only, as `unsafe` code relies on it.
    has_avx2: bool,
}

impl Machine {
    /// What this processor can do.
    pub fn detect() -> Machine {
        #[cfg(target_arch = "x86_64")]
        let has_avx2 = std::arch::is_x86_feature_detected!("avx2");
        #[cfg(not(target_arch = "x86_64"))]
        let has_avx2 = false;
        Machine { has_avx2 }
    }

    /// What every processor can do.
    #[cfg(test)]
    pub fn portable() -> Machine {
        Machine { has_avx2: false }
    }
}

/// Runs the loop of this name that fits the machine.
macro_rules! dispatch {
    ($machine:expr, $name:ident::<$width:ident>($($argument:expr),*)) => {{
        #[cfg(target_arch = "x86_64")]
        if $machine.has_avx2 {
            // SAFETY: the function is safe but for its need of AVX2, which was detected.
            return unsafe { avx2::$name::<$width>($($argument),*) };
        }
        portable::$name::<$width>($($argument),*)
    }};
}

impl Machine {
    /// Takes four patterns' columns over one text: a strip of `W` limbs of each. `masks` are those of
    /// the strip, by row; `text` the rows of its items; `carries`, a byte per text item with a bit per
    /// lane, come from the strip before and go to the next.
    pub(super) fn group<const W: usize>(
        self,
        masks: &[[Lanes; W]],
        text: &[u16],
        carries: &mut [u8],
    ) -> [Lanes; W] {
        dispatch!(self, group::<W>(masks, text, carries))
    }

    /// Takes four columns of one pattern over a text each: a strip of `W` limbs. As
    /// [`Machine::group`], with the rows of all four texts for each step.
    pub(super) fn query<const W: usize>(
        self,
        masks: &[[u64; W]],
        texts: &[[u16; LANES]],
        carries: &mut [u8],
    ) -> [Lanes; W] {
        dispatch!(self, query::<W>(masks, texts, carries))
    }

    /// Takes one pattern's column over one text, four strips of `W` limbs at a time, each lane
    /// some steps behind the one before, from which it gets its carries. `text` has
    /// [`TOTAL_LAG`] rows without matches before and behind; `carries` has a byte, 0 or 1, for each
    /// row, and those before and behind the text's own are 0.
    pub(super) fn cascade<const W: usize>(
        self,
        masks: &[[[u64; W]; LANES]],
        text: &[u16],
        carries: &mut [u8],
    ) -> [Lanes; W] {
        dispatch!(self, cascade::<W>(masks, text, carries))
    }

    /// The sum of the smaller of two counts, bucket by bucket, as long as it is below 2^16.
    pub fn shared<const N: usize>(self, left: &[u16; N], right: &[u16; N]) -> u16 {
        dispatch!(self, shared::<N>(left, right))
    }
}

/// The loops, over operations on four numbers.
macro_rules! loops {
    ($(#[$compiled:meta])*) => {
        $(#[$compiled])*
        pub fn group<const W: usize>(
            masks: &[[Lanes; W]],
            text: &[u16],
            carries: &mut [u8],
        ) -> [Lanes; W] {
            let fresh = splat(FRESH);
            let mut column = [fresh; W];
            for (&row, carries) in text.iter().zip(carries) {
                let masks = &masks[row as usize];
                let mut carry = load(&CARRIES[(*carries & 15) as usize]);
                let mut sum = fresh;
                for (limb, mask) in column.iter_mut().zip(masks) {
                    (sum, carry) = advance(limb, load(mask), carry);
                }
                *carries = signs(sum);
            }
            store(column)
        }

        $(#[$compiled])*
        pub fn query<const W: usize>(
            masks: &[[u64; W]],
            texts: &[[u16; LANES]],
            carries: &mut [u8],
        ) -> [Lanes; W] {
            let fresh = splat(FRESH);
            let mut column = [fresh; W];
            for (&[a, b, c, d], carries) in texts.iter().zip(carries) {
                let rows = [&masks[a as usize], &masks[b as usize], &masks[c as usize], &masks[d as usize]];
                let mut carry = load(&CARRIES[(*carries & 15) as usize]);
                let mut sum = fresh;
                for (index, [low, high]) in column.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                    let masks = gather(rows, 2 * index);
                    (_, carry) = advance(low, masks.0, carry);
                    (sum, carry) = advance(high, masks.1, carry);
                }
                if W % 2 == 1 {
                    (sum, carry) = advance(&mut column[W - 1], gather_last(rows), carry);
                }
                *carries = signs(sum);
            }
            store(column)
        }

        $(#[$compiled])*
        pub fn cascade<const W: usize>(
            masks: &[[[u64; W]; LANES]],
            text: &[u16],
            carries: &mut [u8],
        ) -> [Lanes; W] {
            let fresh = splat(FRESH);
            let mut column = [fresh; W];
            // Carries out of the last step and of the one before.
            let (mut last, mut before) = (splat(0), splat(0));
            let window = text.array_windows::<{ TOTAL_LAG + 1 }>();
            for (step, rows) in window.enumerate() {
                let rows = [
                    &masks[rows[TOTAL_LAG] as usize][0],
                    &masks[rows[TOTAL_LAG - LAG] as usize][1],
                    &masks[rows[TOTAL_LAG - 2 * LAG] as usize][2],
                    &masks[rows[TOTAL_LAG - 3 * LAG] as usize][3],
                ];
                let mut carry = next_lane(before, carries[step + TOTAL_LAG]);
                let mut sum = fresh;
                for (index, [low, high]) in column.as_chunks_mut::<2>().0.iter_mut().enumerate() {
                    let masks = gather(rows, 2 * index);
                    (_, carry) = advance(low, masks.0, carry);
                    (sum, carry) = advance(high, masks.1, carry);
                }
                if W % 2 == 1 {
                    (sum, carry) = advance(&mut column[W - 1], gather_last(rows), carry);
                }
                before = last;
                last = carry;
                carries[step] = signs(sum) >> (LANES - 1);
            }
            store(column)
        }

        /// Takes a limb over a text item; gives the sum and the carry out of it.
        #[inline]
        $(#[$compiled])*
        fn advance(limb: &mut Four, mask: Four, carry: Four) -> (Four, Four) {
            let sum = add(add(*limb, and(*limb, mask)), carry);
            *limb = and(or(sum, and_not(*limb, mask)), splat(FRESH));
            (sum, top_bits(sum))
        }

        $(#[$compiled])*
        pub fn shared<const N: usize>(left: &[u16; N], right: &[u16; N]) -> u16 {
            let mut sums = [0u16; 16];
            let (left, _) = left.as_chunks::<16>();
            let (right, _) = right.as_chunks::<16>();
            for (left, right) in left.iter().zip(right) {
                for lane in 0..16 {
                    sums[lane] = sums[lane].wrapping_add(left[lane].min(right[lane]));
                }
            }
            sums.iter().fold(0, |sum, &part| sum.wrapping_add(part))
        }
    };
}

/// For any processor.
mod portable {
    use super::{CARRIES, FRESH, LAG, LANES, Lanes, TOTAL_LAG};
    use std::array::from_fn;

    loops!();

    type Four = [u64; LANES];

    #[inline(always)]
    fn splat(value: u64) -> Four {
        [value; LANES]
    }

    #[inline(always)]
    fn load(lanes: &Lanes) -> Four {
        lanes.0
    }

    #[inline(always)]
    fn store<const W: usize>(column: [Four; W]) -> [Lanes; W] {
        column.map(Lanes)
    }

    #[inline(always)]
    fn add(a: Four, b: Four) -> Four {
        from_fn(|lane| a[lane].wrapping_add(b[lane]))
    }

    #[inline(always)]
    fn and(a: Four, b: Four) -> Four {
        from_fn(|lane| a[lane] & b[lane])
    }

    #[inline(always)]
    fn or(a: Four, b: Four) -> Four {
        from_fn(|lane| a[lane] | b[lane])
    }

    #[inline(always)]
    fn and_not(a: Four, b: Four) -> Four {
        from_fn(|lane| a[lane] & !b[lane])
    }

    /// Bit 63 of each as a number.
    #[inline(always)]
    fn top_bits(a: Four) -> Four {
        a.map(|value| value >> 63)
    }

    /// Bit 63 of each, a bit per lane.
    #[inline(always)]
    fn signs(a: Four) -> u8 {
        a.iter()
            .rev()
            .fold(0, |bits, value| bits << 1 | (value >> 63) as u8)
    }

    /// Each lane gets what the one before it had, the first one something new.
    #[inline(always)]
    fn next_lane(a: Four, first: u8) -> Four {
        [u64::from(first), a[0], a[1], a[2]]
    }

    /// Two neighbouring limbs of each row, by limb.
    #[inline(always)]
    fn gather<const W: usize>(rows: [&[u64; W]; LANES], index: usize) -> (Four, Four) {
        (rows.map(|row| row[index]), rows.map(|row| row[index + 1]))
    }

    /// The last limb of each row.
    #[inline(always)]
    fn gather_last<const W: usize>(rows: [&[u64; W]; LANES]) -> Four {
        rows.map(|row| row[W - 1])
    }
}

/// For processors that have AVX2.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{CARRIES, FRESH, LAG, LANES, Lanes, TOTAL_LAG};
    use std::arch::x86_64::*;

    loops!(#[target_feature(enable = "avx2")]);

    type Four = __m256i;

    #[inline]
    #[target_feature(enable = "avx2")]
    fn splat(value: u64) -> Four {
        _mm256_set1_epi64x(value as i64)
    }

    /// One aligned load: the compiler sees that the four numbers are neighbours.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(lanes: &Lanes) -> Four {
        let [a, b, c, d] = lanes.0.map(|value| value as i64);
        _mm256_set_epi64x(d, c, b, a)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn store<const W: usize>(column: [Four; W]) -> [Lanes; W] {
        let mut lanes = [Lanes::default(); W];
        for (lanes, limb) in lanes.iter_mut().zip(column) {
            lanes.0 = [
                _mm256_extract_epi64::<0>(limb) as u64,
                _mm256_extract_epi64::<1>(limb) as u64,
                _mm256_extract_epi64::<2>(limb) as u64,
                _mm256_extract_epi64::<3>(limb) as u64,
            ];
        }
        lanes
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn add(a: Four, b: Four) -> Four {
        _mm256_add_epi64(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn and(a: Four, b: Four) -> Four {
        _mm256_and_si256(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn or(a: Four, b: Four) -> Four {
        _mm256_or_si256(a, b)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn and_not(a: Four, b: Four) -> Four {
        _mm256_andnot_si256(b, a)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn top_bits(a: Four) -> Four {
        _mm256_srli_epi64::<63>(a)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn signs(a: Four) -> u8 {
        _mm256_movemask_pd(_mm256_castsi256_pd(a)) as u8
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn next_lane(a: Four, first: u8) -> Four {
        let moved = _mm256_permute4x64_epi64::<0b10_01_00_00>(a);
        let first = _mm256_set_epi64x(0, 0, 0, i64::from(first));
        _mm256_blend_epi32::<0b0000_0011>(moved, first)
    }

    /// Two rows in each register, then their limbs interleaved.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn gather<const W: usize>(rows: [&[u64; W]; LANES], index: usize) -> (Four, Four) {
        let [a, b, c, d] = rows;
        let even = _mm256_set_m128i(neighbours(c, index), neighbours(a, index));
        let odd = _mm256_set_m128i(neighbours(d, index), neighbours(b, index));
        (
            _mm256_unpacklo_epi64(even, odd),
            _mm256_unpackhi_epi64(even, odd),
        )
    }

    /// One load, as in [`load`].
    #[inline]
    #[target_feature(enable = "avx2")]
    fn neighbours<const W: usize>(row: &[u64; W], index: usize) -> __m128i {
        _mm_set_epi64x(row[index + 1] as i64, row[index] as i64)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn gather_last<const W: usize>(rows: [&[u64; W]; LANES]) -> Four {
        let [a, b, c, d] = rows;
        _mm256_set_epi64x(
            d[W - 1] as i64,
            c[W - 1] as i64,
            b[W - 1] as i64,
            a[W - 1] as i64,
        )
    }
}

//! Length of the longest common subsequence, 64 table cells a step.
//!
//! The bit-vector recurrence of Crochemore, Iliopoulos, Pinzón and Reid (also Hyyrö): a column of
//! the classic table is a bit per pattern item, zero where the value rises, and a text item turns
//! one column into the next with an addition. The pattern is cut into strips of [`STRIP_WORDS`]
//! words that stay in registers while the text runs by; a strip hands the next one its carries, a
//! bit per text item. Memory is therefore linear (about 33 kB, two bytes per distinct symbol and a
//! bit per text item), whatever the lengths, and time is their product over 64.

/// Words of a full strip. Eight words and their masks fit the registers and the first-level cache.
const STRIP_WORDS: usize = 8;
const WORD_BITS: usize = u64::BITS as usize;
const STRIP_BITS: usize = STRIP_WORDS * WORD_BITS;

/// Working memory of the kernel, kept from pair to pair by each thread.
#[derive(Default)]
pub(super) struct Kernel {
    /// Row of `masks` for a symbol; 0, the row without matches, for all but the strip's own
    /// symbols.
    rows: Vec<u16>,
    masks: Vec<u64>,
    /// Carries out of the strips done so far, a bit per text item.
    carries: Vec<u64>,
    left: Vec<u32>,
    right: Vec<u32>,
    /// Cells that may still be visited.
    cells_left: u64,
    refused: bool,
}

impl Kernel {
    /// A kernel for symbols below `symbol_count`.
    pub(super) fn new(symbol_count: usize) -> Kernel {
        Kernel::with_cells(symbol_count, u64::MAX)
    }

    /// A kernel that visits at most so many table cells in all its comparisons together.
    pub(super) fn with_cells(symbol_count: usize, cells: u64) -> Kernel {
        Kernel {
            rows: vec![0; symbol_count],
            cells_left: cells,
            ..Kernel::default()
        }
    }

    /// Whether some comparison was refused for want of cells (and reported as below its least).
    pub(super) fn has_refused(&self) -> bool {
        self.refused
    }

    /// Length of the longest common subsequence.
    #[cfg(test)]
    fn lcs(&mut self, left: &[u32], right: &[u32]) -> usize {
        self.lcs_at_least(left, right, 0).unwrap_or(0)
    }

    /// Length of the longest common subsequence, or None as soon as it is sure to be below `least`.
    /// Symbols must be below the kernel's count.
    pub(super) fn lcs_at_least(
        &mut self,
        left: &[u32],
        right: &[u32],
        least: usize,
    ) -> Option<usize> {
        let (affix, left, right) = trim_affixes(left, right);
        let mut own_left = std::mem::take(&mut self.left);
        let mut own_right = std::mem::take(&mut self.right);
        self.keep_shared(left, right, &mut own_left);
        self.keep_shared(right, left, &mut own_right);
        let (pattern, text) = match own_left.len() <= own_right.len() {
            true => (&own_left, &own_right),
            false => (&own_right, &own_left),
        };
        let inner = self.strips(pattern, text, least.saturating_sub(affix));
        self.left = own_left;
        self.right = own_right;
        inner.map(|inner| inner + affix)
    }

    /// Copies the items of `from` that occur in `other`; the rest can match nothing.
    fn keep_shared(&mut self, from: &[u32], other: &[u32], kept: &mut Vec<u32>) {
        for &symbol in other {
            self.rows[symbol as usize] = 1;
        }
        kept.clear();
        kept.extend(
            from.iter()
                .filter(|&&symbol| self.rows[symbol as usize] == 1),
        );
        for &symbol in other {
            self.rows[symbol as usize] = 0;
        }
    }

    fn strips(&mut self, pattern: &[u32], text: &[u32], least: usize) -> Option<usize> {
        let mut length = 0;
        let mut rest = pattern.len();
        if rest.min(text.len()) < least {
            return None;
        }
        let cells = (pattern.len() as u64).saturating_mul(text.len() as u64);
        let Some(cells_left) = self.cells_left.checked_sub(cells) else {
            self.refused = true;
            return None;
        };
        self.cells_left = cells_left;
        self.clear_carries(text.len());
        for strip in pattern.chunks(STRIP_BITS) {
            let column = self.strip(strip, text);
            length += column
                .iter()
                .map(|word| word.count_zeros() as usize)
                .sum::<usize>();
            rest -= strip.len();
            if length + rest < least {
                return None;
            }
        }
        Some(length)
    }

    /// For each `i`, the common length of `pattern[..i]` and all of `text`: `pattern.len() + 1`
    /// values.
    pub(super) fn prefix_lengths(&mut self, pattern: &[u32], text: &[u32]) -> Vec<u32> {
        let mut lengths = Vec::with_capacity(pattern.len() + 1);
        let mut length = 0;
        lengths.push(length);
        self.clear_carries(text.len());
        for strip in pattern.chunks(STRIP_BITS) {
            let column = self.strip(strip, text);
            for bit in 0..strip.len() {
                let rises = column[bit / WORD_BITS] >> (bit % WORD_BITS) & 1 == 0;
                length += u32::from(rises);
                lengths.push(length);
            }
        }
        lengths
    }

    fn clear_carries(&mut self, text_len: usize) {
        self.carries.clear();
        self.carries.resize(text_len.div_ceil(WORD_BITS), 0);
    }

    /// Runs the text past one strip of the pattern and gives its last column; bits past the strip
    /// are 1.
    fn strip(&mut self, strip: &[u32], text: &[u32]) -> [u64; STRIP_WORDS] {
        match strip.len().div_ceil(WORD_BITS) {
            0 | 1 => self.run::<1>(strip, text),
            2 => self.run::<2>(strip, text),
            3 | 4 => self.run::<4>(strip, text),
            _ => self.run::<STRIP_WORDS>(strip, text),
        }
    }

    fn run<const WORDS: usize>(&mut self, strip: &[u32], text: &[u32]) -> [u64; STRIP_WORDS] {
        self.masks.clear();
        self.masks.resize(WORDS, 0);
        for (bit, &symbol) in strip.iter().enumerate() {
            let row = &mut self.rows[symbol as usize];
            if *row == 0 {
                // At most STRIP_BITS rows are made, so the number fits.
                *row = (self.masks.len() / WORDS) as u16;
                self.masks.resize(self.masks.len() + WORDS, 0);
            }
            self.masks[*row as usize * WORDS + bit / WORD_BITS] |= 1 << (bit % WORD_BITS);
        }
        let (masks, _) = self.masks.as_chunks::<WORDS>();
        let mut column = [u64::MAX; WORDS];
        for (block, carries) in text.chunks(WORD_BITS).zip(&mut self.carries) {
            let carries_in = *carries;
            let mut carries_out = 0;
            for (bit, &symbol) in block.iter().enumerate() {
                let mask = &masks[self.rows[symbol as usize] as usize];
                let mut carry = carries_in >> bit & 1 == 1;
                for (word, mask) in column.iter_mut().zip(mask) {
                    let sum;
                    (sum, carry) = word.carrying_add(*word & mask, carry);
                    *word = sum | *word & !mask;
                }
                carries_out |= u64::from(carry) << bit;
            }
            *carries = carries_out;
        }
        for &symbol in strip {
            self.rows[symbol as usize] = 0;
        }
        let mut full = [u64::MAX; STRIP_WORDS];
        full[..WORDS].copy_from_slice(&column);
        full
    }
}

/// Length of the equal beginning and end, and what lies between them on each side.
pub(super) fn trim_affixes<'a>(left: &'a [u32], right: &'a [u32]) -> (usize, &'a [u32], &'a [u32]) {
    let prefix = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (&left[prefix..], &right[prefix..]);
    let suffix = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    (
        prefix + suffix,
        &left[..left.len() - suffix],
        &right[..right.len() - suffix],
    )
}

#[cfg(test)]
pub(super) mod tests {
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

    #[test]
    fn empty_and_foreign_sequences_share_nothing() {
        let mut kernel = Kernel::new(10);
        assert_eq!(kernel.lcs(&[], &[]), 0);
        assert_eq!(kernel.lcs(&[1, 2], &[]), 0);
        assert_eq!(kernel.lcs(&[1, 2], &[3, 4]), 0);
    }

    #[test]
    fn carries_cross_words_and_strips() {
        let mut kernel = Kernel::new(2);
        let left = vec![0; STRIP_BITS * 3 + 5];
        let mut right = vec![1];
        right.extend(vec![0; STRIP_BITS * 2 + 9]);
        right.push(1);
        assert_eq!(kernel.lcs(&left, &right), STRIP_BITS * 2 + 9);
        assert_eq!(kernel.lcs(&right, &left), STRIP_BITS * 2 + 9);
    }

    fn sequences() -> impl Strategy<Value = (Vec<u32>, Vec<u32>)> {
        (1u32..40, 0usize..1300, 0usize..1300).prop_flat_map(|(symbols, left, right)| {
            let items = |len| prop::collection::vec(0..symbols, len);
            (items(left), items(right))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn kernel_equals_the_table((left, right) in sequences()) {
            let mut kernel = Kernel::new(40);
            let expected = table_lcs(&left, &right);
            prop_assert_eq!(kernel.lcs(&left, &right), expected);
            prop_assert_eq!(kernel.lcs(&right, &left), expected);
            prop_assert_eq!(kernel.lcs_at_least(&left, &right, expected), Some(expected));
            prop_assert_eq!(kernel.lcs_at_least(&left, &right, expected + 1).unwrap_or(0).max(expected), expected);
        }

        #[test]
        fn prefix_lengths_equal_the_table((left, right) in sequences(), cut in 0usize..1300) {
            let mut kernel = Kernel::new(40);
            let lengths = kernel.prefix_lengths(&left, &right);
            prop_assert_eq!(lengths.len(), left.len() + 1);
            let cut = cut.min(left.len());
            prop_assert_eq!(lengths[cut] as usize, table_lcs(&left[..cut], &right));
        }
    }
}

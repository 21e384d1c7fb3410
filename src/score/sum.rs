//! Sums as CPython 3.12 makes them.

/// `sum(values)` of floats: Neumaier's compensated summation, in the order given.
pub(super) fn python_sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut compensation) = (0.0f64, 0.0f64);
    for value in values {
        let total = sum + value;
        compensation += if sum.abs() >= value.abs() {
            (sum - total) + value
        } else {
            (value - total) + sum
        };
        sum = total;
    }
    if compensation.is_finite() {
        sum + compensation
    } else {
        sum
    }
}

/// `sum(values) / count`, or 0 without values.
pub(super) fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len();
    if count == 0 {
        0.0
    } else {
        python_sum(values) / count as f64
    }
}

/// Into [0, 1]; NaN becomes 0.
pub(super) fn clamp(value: f64) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(0.0, 1.0)
    }
}

/// A sum of values in [0, 1] whose result is the exact sum rounded once, in any order.
///
/// Fixed point with 80 binary places. A share of two counts below 2^27 has no digit beyond them,
/// so nothing is lost; what fits above them is 2^48 pairs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ExactSum(u128);

impl ExactSum {
    const PLACES: i32 = 80;

    /// Adds `value` in [0, 1] `times` over.
    pub(super) fn add(&mut self, value: f64, times: u64) {
        let bits = value.to_bits();
        let exponent = (bits >> 52) as i32;
        let mantissa = u128::from((bits & ((1 << 52) - 1)) | 1 << 52);
        let shift = exponent - 1075 + Self::PLACES;
        let fixed = match shift {
            _ if value == 0.0 => 0,
            0.. => mantissa << shift.min(75),
            -63..0 => mantissa >> -shift,
            _ => 0,
        };
        self.0 = self
            .0
            .saturating_add(fixed.saturating_mul(u128::from(times)));
    }

    pub(super) fn merge(self, other: Self) -> Self {
        ExactSum(self.0.saturating_add(other.0))
    }

    pub(super) fn value(self) -> f64 {
        self.0 as f64 / 2f64.powi(Self::PLACES)
    }
}

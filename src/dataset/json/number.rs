//! Numbers: exact integers, and floats of any length rounded correctly.

use super::value::Int;

/// CPython's default limit on converting between text and `int`, in digits.
pub(super) const MAX_INT_DIGITS: usize = 4300;

/// Tokens up to this length go to the standard parser as they are. It rounds correctly, but it
/// gives up counting once an exponent has about six digits, which matters only if the mantissa is
/// long enough to balance it.
const PLAIN_FLOAT_LEN: usize = 500;

/// Enough digits to round any binary64 correctly (767 are significant at most).
const SIGNIFICANT_DIGITS: usize = 800;

/// The integer a token `-?(0|[1-9][0-9]*)` stands for, or how many digits it has if too many.
pub(super) fn int(token: &str) -> Result<Int, usize> {
    if let Ok(value) = token.parse() {
        return Ok(Int::Small(value));
    }
    let digits = token.strip_prefix('-').unwrap_or(token).len();
    if digits > MAX_INT_DIGITS {
        Err(digits)
    } else {
        Ok(Int::Big(token.into()))
    }
}

/// The binary64 nearest to a JSON number token; too large ones are infinite.
pub(super) fn float(token: &str) -> f64 {
    if token.len() <= PLAIN_FLOAT_LEN {
        return parse(token);
    }
    let (mantissa, exponent) = token.split_once(['e', 'E']).unwrap_or((token, "0"));
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let zeros = |digits: &str| digits.bytes().take_while(|&digit| digit == b'0').count();
    // The value is 0.DIGITS · 10^point with DIGITS starting at the first that is not zero.
    let (skipped, point) = match zeros(whole) {
        leading if leading < whole.len() => (leading, whole.len() - leading),
        leading => (leading + zeros(fraction), 0),
    };
    let below_one = if point == 0 { zeros(fraction) } else { 0 };
    let mut digits: String = whole
        .chars()
        .chain(fraction.chars())
        .skip(skipped)
        .take(SIGNIFICANT_DIGITS)
        .collect();
    let cut = whole
        .bytes()
        .chain(fraction.bytes())
        .skip(skipped + SIGNIFICANT_DIGITS);
    // What is cut off can still decide a tie.
    if cut.into_iter().any(|digit| digit != b'0') {
        digits.push('1');
    }
    let length = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let scale = exponent_value(exponent)
        .saturating_add(length(point))
        .saturating_sub(length(below_one))
        .clamp(-10_000, 10_000);
    parse(&format!("{sign}0.{digits}e{scale}"))
}

fn exponent_value(exponent: &str) -> i64 {
    let (negative, digits) = match exponent.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    let size = digits.bytes().fold(0i64, |size, digit| {
        size.saturating_mul(10)
            .saturating_add(i64::from(digit.saturating_sub(b'0')))
    });
    if negative { -size } else { size }
}

/// The reader hands on only tokens the standard parser takes; NaN is what JSON cannot spell here.
fn parse(token: &str) -> f64 {
    token.parse().unwrap_or(f64::NAN)
}

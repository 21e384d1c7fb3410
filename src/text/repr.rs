//! Python's `repr` of strings and floats.

use super::is_printable;
use super::pystr::PyStr;
use std::fmt::Write;

/// Appends `repr(text)`: single quotes unless that would need escaping and double quotes would not.
pub(super) fn push_repr(out: &mut String, text: &PyStr) {
    let has = |quote: u8| text.as_bytes().contains(&quote);
    let quote = if has(b'\'') && !has(b'"') { '"' } else { '\'' };
    out.push(quote);
    for code_point in text.code_points() {
        push_escaped(out, code_point, quote);
    }
    out.push(quote);
}

fn push_escaped(out: &mut String, code_point: u32, quote: char) {
    let shown = char::from_u32(code_point).filter(|_| is_printable(code_point));
    // Writing to a String cannot fail.
    let _ = match (shown, code_point) {
        (Some(c), _) if c == quote || c == '\\' => write!(out, "\\{c}"),
        (Some(c), _) => out.write_char(c),
        (None, 0x09) => out.write_str("\\t"),
        (None, 0x0a) => out.write_str("\\n"),
        (None, 0x0d) => out.write_str("\\r"),
        (None, 0..=0xff) => write!(out, "\\x{code_point:02x}"),
        (None, 0x100..=0xffff) => write!(out, "\\u{code_point:04x}"),
        (None, _) => write!(out, "\\U{code_point:08x}"),
    };
}

/// Python's `repr` of a float: the shortest digits that read back as the same number, in
/// exponent form below 1e-4 and from 1e16 on, otherwise with at least one decimal.
pub fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let (sign, value) = if value.is_sign_negative() {
        ("-", -value)
    } else {
        ("", value)
    };
    let scientific = shortest_scientific(value);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{exponent_sign}{:02}", exponent.abs());
    }
    let digits = mantissa.replace('.', "");
    match usize::try_from(exponent) {
        Err(_) => {
            let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
            format!("{sign}0.{zeros}{digits}")
        }
        Ok(exponent) => match digits.split_at_checked(exponent + 1) {
            Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
            _ => format!("{sign}{digits:0<width$}.0", width = exponent + 1),
        },
    }
}

/// The shortest digits that read back as `value`, as `d.ddde±x`. Where two are equally near, Rust
/// rounds up and Python to the even one, as rounding to that many digits does.
fn shortest_scientific(value: f64) -> String {
    let shortest = format!("{value:e}");
    let mantissa = shortest
        .split_once('e')
        .map_or("", |(mantissa, _)| mantissa);
    let decimals = mantissa.len().saturating_sub(2);
    let rounded = format!("{value:.decimals$e}");
    if rounded.parse() == Ok(value) {
        rounded
    } else {
        shortest
    }
}

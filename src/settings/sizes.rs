//! Sizes of memory and files, in bytes or with a unit.

use serde_json::json;

use super::kinds::{Kind, Secrecy, text, trimmed};
use super::sources::Given;

/// Bytes of a size such as `4MiB`, `1.5 GB`, `512m` or `1048576`. `KiB` and its like and single
/// letters (as Docker and `ulimit` use them) are powers of 1024, `KB` and its like of 1000; case
/// does not matter. A fraction of a byte is dropped. None for anything else, or from 2^63 on.
pub(crate) fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_');
    let (number, unit) = text.split_at(split.unwrap_or(text.len()));
    let unit: u128 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    // 19 digits hold every size below 2^63; 12 of a fraction tell single bytes of a terabyte apart.
    if whole.len() > 25 || fraction.is_empty() || fraction.len() > 12 {
        return None;
    }
    let whole = u128::from(super::kinds::whole(&Given::Text(whole.to_owned()))?);
    let part: u128 = if fraction.bytes().all(|b| b.is_ascii_digit()) {
        fraction.parse().ok()?
    } else {
        return None;
    };
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let bytes = whole.checked_mul(unit)?.checked_add(part * unit / scale)?;
    // SQLite, resource limits and file offsets count in signed 64 bits.
    i64::try_from(bytes).ok()?.try_into().ok()
}

pub(super) const SIZE: Kind<u64> = Kind {
    accepts: "a size of at least one byte, such as 4MiB, 1.5GB, 512m or 4194304",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| parse_size(text(given)?).filter(|&bytes| bytes > 0),
    show: |v| json!(v),
};

/// Docker refuses containers with less.
const LEAST_DOCKER_MEMORY: u64 = 6 << 20;

/// A size in Docker's own syntax, kept as text because Docker reads it (its `KB` is 1024 bytes).
fn docker_size(given: &Given) -> Option<String> {
    let text = trimmed(given)?;
    parse_size(text).filter(|&bytes| bytes >= LEAST_DOCKER_MEMORY)?;
    Some(text.to_owned())
}

pub(super) const DOCKER_SIZE: Kind<String> = Kind {
    accepts: "a size of at least 6m in Docker's syntax, such as 4g or 512m",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: docker_size,
    show: |v| json!(v),
};

pub(super) const DOCKER_SWAP: Kind<String> = Kind {
    accepts: "a size of at least 6m in Docker's syntax, such as 4g or 512m, or -1 for no limit",
    secrecy: Secrecy::Open,
    choices: &[],
    parse: |given| match trimmed(given)? {
        "-1" => Some("-1".to_owned()),
        _ => docker_size(given),
    },
    show: |v| json!(v),
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_in_every_unit() {
        for (text, bytes) in [
            ("0", 0),
            ("4MiB", 4 << 20),
            ("4mib", 4 << 20),
            ("4 MiB", 4 << 20),
            ("1.5GiB", 3 << 29),
            ("1kb", 1000),
            ("2MB", 2_000_000),
            ("1GB", 1_000_000_000),
            ("1TiB", 1 << 40),
            ("3k", 3072),
            ("3m", 3 << 20),
            ("3g", 3 << 30),
            ("7b", 7),
            ("1.3KiB", 1331),
            ("9223372036854775807", i64::MAX as u64),
        ] {
            assert_eq!(parse_size(text), Some(bytes), "{text}");
        }
        for text in [
            "",
            "k",
            ".5k",
            "1.k",
            "1.2.3k",
            "-1",
            "+ 1",
            "1 k b",
            "1e3",
            "9223372036854775808",
            "9999999999TiB",
            "0x10",
            "1,5k",
            "1.0000000000000k",
            "¼k",
        ] {
            assert_eq!(parse_size(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_size_in_any_unit_and_case_is_its_product(
            number in 0u64..1_000_000, unit in 0usize..9, upper: bool, space in "[ ]{0,2}",
        ) {
            let (name, bytes) = [
                ("", 1u64), ("k", 1 << 10), ("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30),
                ("tib", 1 << 40), ("kb", 1_000), ("mb", 1_000_000), ("gb", 1_000_000_000),
            ][unit];
            let name = if upper { name.to_uppercase() } else { name.to_owned() };
            prop_assert_eq!(parse_size(&format!("{number}{space}{name}")), Some(number * bytes));
        }

        #[test]
        fn a_fraction_is_cut_not_rounded(whole in 0u64..1000, thousandths in 0u64..1000) {
            let expected = (whole * 1000 + thousandths) * 1024 / 1000;
            prop_assert_eq!(parse_size(&format!("{whole}.{thousandths:03}KiB")), Some(expected));
        }
    }
}

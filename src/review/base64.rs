//! Large blobs of strict base64 in a source.

/// Characters of a run that is looked at.
const MIN_RUN: usize = 512;
/// Decoded bytes a blob must exceed.
const MIN_DECODED: usize = 256;
/// Zero bytes at which a blob counts as harmless binary data.
const MAX_ZEROS: usize = 3;

/// Whether some maximal run of 512 or more characters of `[A-Za-z0-9+/=]` is strict base64 whose
/// decoding is over 256 bytes long with fewer than three zero bytes. Linear in the source.
pub(super) fn has_large_blob(source: &str) -> bool {
    source
        .as_bytes()
        .split(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')))
        .any(|run| run.len() >= MIN_RUN && is_blob(run))
}

fn is_blob(run: &[u8]) -> bool {
    let Some(data) = strict_data(run) else {
        return false;
    };
    let decoded_len = data.len() * 6 / 8;
    decoded_len > MIN_DECODED && zero_bytes(data) < MAX_ZEROS
}

/// The data characters of a run that CPython 3.12's `b64decode(run, validate=True)` accepts.
///
/// Padding ends the run and completes the last group of four. One oddity is kept: after complete
/// groups any amount of padding is accepted.
fn strict_data(run: &[u8]) -> Option<&[u8]> {
    let data_len = run
        .iter()
        .position(|&byte| byte == b'=')
        .unwrap_or(run.len());
    let (data, padding) = run.split_at(data_len);
    if padding.iter().any(|&byte| byte != b'=') || (data.is_empty() && !padding.is_empty()) {
        return None;
    }
    let complete = match data.len() % 4 {
        0 => true,
        2 => padding.len() == 2,
        3 => padding.len() == 1,
        _ => false,
    };
    complete.then_some(data)
}

fn zero_bytes(data: &[u8]) -> usize {
    data.chunks(4)
        .map(|group| {
            let bits = group
                .iter()
                .fold(0u32, |bits, &byte| bits << 6 | value(byte));
            // Left-aligned in 24 bits; a short group's last bits are dropped, whatever they are.
            let bits = bits << (6 * (4 - group.len()));
            let bytes = [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8];
            bytes[..group.len() * 6 / 8]
                .iter()
                .filter(|&&byte| byte == 0)
                .count()
        })
        .sum()
}

fn value(byte: u8) -> u32 {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    u32::from(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn accepted(run: &str) -> bool {
        strict_data(run.as_bytes()).is_some()
    }

    #[test]
    fn padding_is_as_strict_as_in_cpython() {
        for run in [
            "AA==", "AAA=", "AB==", "AAAA", "AAAA=", "AAAA==", "AAAA====", "AAAAAA==",
        ] {
            assert!(accepted(run), "{run}");
        }
        let refused = [
            "AA=",
            "AAA==",
            "=AAA",
            "A===",
            "AA=A",
            "AA==AAAA",
            "AAAAA",
            "AAAAAA",
            "AAAA=AAA",
            "A=A=",
            "AA===",
            "AAA=====",
            "AAAAA===",
            "AAAAAA=",
            "AAAAAA====",
            "=",
        ];
        for run in refused {
            assert!(!accepted(run), "{run}");
        }
    }

    #[test]
    fn runs_are_maximal_and_long() {
        let blob = "QUJD".repeat(128);
        assert!(has_large_blob(&format!("x = '{blob}'")));
        assert!(has_large_blob(&blob));
        assert!(!has_large_blob(&blob[4..]), "508 characters");
        assert!(
            !has_large_blob(&format!("x={blob}")),
            "the run starts with x="
        );
        assert!(!has_large_blob(&format!("{blob}A")));
        assert!(has_large_blob(&format!("{}\u{e9}{blob}", "x".repeat(600))));
    }

    #[test]
    fn three_zero_bytes_make_it_harmless() {
        let with_zeros = |count: usize| format!("{}{}", "AEFB".repeat(count), "QUJD".repeat(200));
        assert!(has_large_blob(&with_zeros(2)));
        assert!(!has_large_blob(&with_zeros(3)));
        // The dropped bits of a short group are no byte.
        assert!(has_large_blob(&format!("{}{}AAA=", with_zeros(0), "QUJD")));
        assert!(!has_large_blob(&format!("{}AAA=", with_zeros(1))));
    }

    #[test]
    fn padding_alone_does_not_make_a_blob() {
        assert!(!has_large_blob(&format!("QUJD{}", "=".repeat(600))));
        assert!(!has_large_blob(&"=".repeat(600)));
    }

    proptest! {
        #[test]
        fn zero_bytes_are_those_of_the_decoding(bytes in prop::collection::vec(0u8..4, 0..100)) {
            use ::base64::Engine;
            let text = ::base64::engine::general_purpose::STANDARD.encode(&bytes);
            let zeros = bytes.iter().filter(|&&byte| byte == 0).count();
            prop_assert_eq!(zero_bytes(strict_data(text.as_bytes()).unwrap()), zeros);
        }
    }
}

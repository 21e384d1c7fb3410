//! The live service's rule: from a common subsequence's length to percent and status.

use serde::{Deserialize, Serialize};

/// From this score on a pair counts as plagiarized.
pub const PLAGIARIZED_FROM: u32 = 97;
/// From this score on a pair wants a second look.
pub const REVIEW_FROM: u32 = 30;

/// What a pair's score means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// 97 and above.
    Plagiarized,
    /// 30 to 96.
    NeedsLlmVerification,
    /// Below 30.
    Clean,
}

impl Status {
    /// As it is written in JSON and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Plagiarized => "plagiarized",
            Status::NeedsLlmVerification => "needs_llm_verification",
            Status::Clean => "clean",
        }
    }
}

/// What a score of the service's rule means.
pub fn status(score: u32) -> Status {
    match score {
        PLAGIARIZED_FROM.. => Status::Plagiarized,
        REVIEW_FROM.. => Status::NeedsLlmVerification,
        _ => Status::Clean,
    }
}

/// `min(100, int(lcs / max_len * 100))` in binary64: truncated after two roundings, so that 29 of
/// 100 gives 28. Two empty sequences are equal; never falls as `lcs` grows.
pub(super) fn percent(lcs: usize, max_len: usize) -> u32 {
    if max_len == 0 {
        return 100;
    }
    ((lcs as f64 / max_len as f64 * 100.0) as u32).min(100)
}

/// The least common length that scores at least `score`, which is at most 100.
pub(super) fn least_lcs(score: u32, max_len: usize) -> usize {
    let (mut low, mut high) = (0, max_len);
    while low < high {
        let middle = low + (high - low) / 2;
        if percent(middle, max_len) >= score {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percent_truncates_in_binary64() {
        assert_eq!(percent(29, 100), 28);
        assert_eq!(percent(57, 100), 56);
        assert_eq!(percent(97, 100), 97);
        assert_eq!(percent(0, 7), 0);
        assert_eq!(percent(7, 7), 100);
        assert_eq!(percent(0, 0), 100);
    }

    #[test]
    fn least_lcs_follows_the_rule_and_not_the_fraction() {
        assert_eq!(least_lcs(29, 100), 30);
        assert_eq!(least_lcs(30, 100), 30);
        assert_eq!(least_lcs(0, 100), 0);
        assert_eq!(least_lcs(100, 100), 100);
    }

    #[test]
    fn status_has_its_borders() {
        let expected = [
            (0, Status::Clean),
            (29, Status::Clean),
            (30, Status::NeedsLlmVerification),
            (96, Status::NeedsLlmVerification),
            (97, Status::Plagiarized),
            (100, Status::Plagiarized),
        ];
        for (score, expected) in expected {
            assert_eq!(status(score), expected, "{score}");
            let json = serde_json::to_string(&expected).unwrap();
            assert_eq!(json, format!("\"{}\"", expected.as_str()));
        }
    }

    proptest! {
        #[test]
        fn least_lcs_is_the_first_that_reaches_the_score(score in 0u32..=100, len in 1usize..3000) {
            let least = least_lcs(score, len);
            prop_assert!(percent(least, len) >= score);
            prop_assert!(least == 0 || percent(least - 1, len) < score);
        }
    }
}

//! What a comparison says: shares, and how many nodes stand behind them.

use serde::{Deserialize, Serialize};

/// Share from which somebody should look. Of unrelated pairs fewer than one in a thousand reach it; of
/// copies nearly all do, in whatever disguise, down to a fifth of a file within another. Measured in
/// `benches/disguises.py`; it decides nothing.
pub const CONTAINED_FROM: f64 = 0.05;

/// How much of each of two sources is found in the other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Containment {
    /// Share of the left found in the right, 0 to 1; null if the left is too small or repetitive to
    /// say.
    pub left: Option<f64>,
    /// Share of the right found in the left.
    pub right: Option<f64>,
    /// New nodes in common: what the shares are of.
    pub matched_nodes: u32,
}

impl Containment {
    /// From the new nodes in common and those that each side has.
    pub(in crate::similarity) fn of(matched: u32, left: u32, right: u32) -> Containment {
        // Four digits are more than the numbers mean.
        let share = |of: u32| {
            let share = f64::from(matched) / f64::from(of);
            (of > 0).then_some(((share * 10_000.0).round() / 10_000.0).min(1.0))
        };
        Containment {
            left: share(left),
            right: share(right),
            matched_nodes: matched,
        }
    }

    /// The greater share, 0 where neither is known: by this, pairs are ranked.
    pub fn greater(&self) -> f64 {
        self.left.unwrap_or(0.0).max(self.right.unwrap_or(0.0))
    }

    /// Whether somebody should look.
    pub fn is_notable(&self) -> bool {
        self.greater() >= CONTAINED_FROM
    }
}

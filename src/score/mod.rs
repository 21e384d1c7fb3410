//! Dataset to metrics and score.
//!
//! Nine metrics, each a number in [0, 1], and their weighted sum. What a conversation contributes
//! is collected first ([`facts`]), in parallel; sums run in line order with the live service's
//! arithmetic, so results never depend on the number of threads. The penalty for copied code and
//! the judge come later and elsewhere.

mod assess;
mod explain;
mod facts;
mod identity;
mod pairs;
mod repeats;
mod sum;
#[cfg(test)]
mod tests;

use crate::dataset::Dataset;
use assess::Assessment;
pub use explain::{Change, ConversationCost, Explanation, MetricCost, SimilarOpenings};
use serde::{Deserialize, Serialize};
use sum::clamp;

/// How many conversations a dataset may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversationLimits {
    /// Fewer are `too small`.
    pub min_conversations: usize,
    /// More are `too large`.
    pub max_conversations: usize,
}

/// The nine metrics, each in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// Share of conversations in which every message has content or a function call.
    pub format_score: f64,
    /// Turns, content length and how little contents repeat.
    pub quality_score: f64,
    /// Distinct conversations, distinct openings, answers with substance.
    pub originality_score: f64,
    /// Tools declared, called and answering.
    pub agentic_score: f64,
    /// Share of assistant messages with reasoning.
    pub reasoning_score: f64,
    /// Share of calls that name a known tool or say how to use it.
    pub function_call_score: f64,
    /// How much it is about code.
    pub coding_relevance_score: f64,
    /// Answers, tests and tool results to check by.
    pub verifiability_score: f64,
    /// Distinct task types, difficulties and tools.
    pub diversity_score: f64,
}

impl Metrics {
    /// Name, weight in the score and value of each, in the order the score adds them up. The
    /// weights are the live service's.
    pub fn weighted(&self) -> [(&'static str, f64, f64); 9] {
        [
            ("format_score", 0.10, self.format_score),
            ("quality_score", 0.25, self.quality_score),
            ("originality_score", 0.15, self.originality_score),
            ("agentic_score", 0.15, self.agentic_score),
            ("reasoning_score", 0.10, self.reasoning_score),
            ("function_call_score", 0.10, self.function_call_score),
            ("coding_relevance_score", 0.08, self.coding_relevance_score),
            ("verifiability_score", 0.05, self.verifiability_score),
            ("diversity_score", 0.02, self.diversity_score),
        ]
    }

    /// The weighted sum, in [0, 1].
    pub fn total(&self) -> f64 {
        clamp(
            self.weighted()
                .into_iter()
                .fold(0.0, |sum, (_, weight, value)| sum + weight * value),
        )
    }
}

/// A dataset's result, as reported.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Score {
    /// Whether the score reaches [`PASSING_SCORE`].
    pub passed: bool,
    /// In [0, 1].
    pub score: f64,
    /// Conversations in the dataset.
    pub conversation_count: usize,
    /// Messages in all of them; 0 if there were too few or too many.
    pub total_messages: usize,
    /// UTF-8 length of the decoded dataset.
    pub size_bytes: u64,
    /// All 0 if there were too few or too many conversations.
    pub metrics: Metrics,
    /// `too small` or `too large`.
    pub error: Option<String>,
}

/// The score from which on a dataset passes.
pub const PASSING_SCORE: f64 = 0.5;

/// Scores a dataset. One that was read with [`Dataset::parse_keeping`] must have been allowed to keep
/// as many conversations as `limits` allow.
pub fn score(dataset: &Dataset, limits: &ConversationLimits) -> Score {
    assess(dataset, limits).0
}

/// Scores a dataset and says where it lost points. The lists of an explanation are bounded whatever
/// the dataset's size.
pub fn score_and_explain(dataset: &Dataset, limits: &ConversationLimits) -> (Score, Explanation) {
    let (score, assessment) = assess(dataset, limits);
    let explanation = explain::explain(dataset, &score, assessment.as_ref());
    (score, explanation)
}

/// The score and what it was made of, if there were neither too few nor too many conversations.
fn assess(dataset: &Dataset, limits: &ConversationLimits) -> (Score, Option<Assessment>) {
    let conversations = dataset.conversations();
    let unscored = Score {
        conversation_count: dataset.count(),
        size_bytes: dataset.size_bytes(),
        ..Score::default()
    };
    if let Some(error) = limits.refuse(dataset.count()) {
        let error = Some(error.to_owned());
        return (Score { error, ..unscored }, None);
    }
    let assessment = Assessment::of(dataset);
    let metrics = assessment.metrics();
    let score = metrics.total();
    let result = Score {
        passed: score >= PASSING_SCORE,
        score,
        total_messages: conversations.iter().map(|c| c.messages.len()).sum(),
        metrics,
        ..unscored
    };
    (result, Some(assessment))
}

impl ConversationLimits {
    fn refuse(&self, count: usize) -> Option<&'static str> {
        if count < self.min_conversations {
            Some("too small")
        } else if count > self.max_conversations {
            Some("too large")
        } else {
            None
        }
    }
}

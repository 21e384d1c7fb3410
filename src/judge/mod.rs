//! Review and score to a judgement and the final score.
//!
//! Three steps, in this order: [`penalise`] a score for being a near copy, [`judge`] the penalised
//! result, [`finalise`] both into the score that is stored. The numbers equal the live service's:
//! weights, factors and the order of the additions are its rules, and floating point makes the
//! order part of the rule.
//!
//! A language model may have its say in between ([`llm`]): its opinion takes the place of the judge's
//! scores, its audit can make a near copy count as a copy.
//!
//! Finding the nearest neighbour, and deciding whether a dataset is judged at all (failed runs and
//! rejected reviews are not), is left to the caller.

pub mod llm;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    review::Review,
    score::{Metrics, Score},
    similarity::Status,
};

/// Error text of a submission whose nearest neighbour makes it a copy.
pub const PLAGIARISM_ERROR: &str = "nearest-neighbor code plagiarism detected";

/// Least score, before and after judging, that passes (the live service's rule).
const PASSING_SCORE: f64 = 0.5;
/// Least anti-cheat score that passes (the live service's rule).
const PASSING_ANTI_CHEAT: f64 = 0.4;
/// What is left of the score of a copy, and of a submission that may be one.
const PLAGIARIZED_FACTOR: f64 = 0.2;
const NEEDS_VERIFICATION_FACTOR: f64 = 0.85;

/// What the judge makes of a submission. All scores are in [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// Weighted sum of the three scores below.
    pub overall_score: f64,
    /// How good the conversations are.
    pub quality_score: f64,
    /// How complete the dataset is.
    pub completeness_score: f64,
    /// How little the code gives reason for suspicion.
    pub anti_cheat_score: f64,
    /// One sentence for people.
    pub reasoning: String,
    /// What was looked at: objects of `name`, `arguments` and `result`.
    pub tool_events: Vec<serde_json::Value>,
    /// Whether a language model took part.
    pub llm_used: bool,
}

/// Takes the plagiarism penalty off a score, before judging. A copy gets [`PLAGIARISM_ERROR`] in
/// place of any error the score had.
pub fn penalise(mut score: Score, status: Option<Status>) -> Score {
    match status {
        Some(Status::Plagiarized) => {
            score.score *= PLAGIARIZED_FACTOR;
            score.error = Some(PLAGIARISM_ERROR.to_owned());
        }
        Some(Status::NeedsLlmVerification) => score.score *= NEEDS_VERIFICATION_FACTOR,
        Some(Status::Clean) | None => {}
    }
    score.passed = score.passed && score.score >= PASSING_SCORE;
    score
}

/// Judges a dataset and the code that made it by rules alone. `passed` is the verdict after
/// [`penalise`]; `entrypoint_compiles` is true for an entrypoint that has just run.
pub fn judge(
    metrics: &Metrics,
    passed: bool,
    review: &Review,
    entrypoint_compiles: bool,
) -> Judgement {
    let quality_score = clamp(mean(&[
        metrics.quality_score,
        metrics.agentic_score,
        metrics.reasoning_score,
        metrics.function_call_score,
        metrics.coding_relevance_score,
    ]));
    let completeness_score = clamp(
        (metrics.format_score + metrics.verifiability_score + f64::from(u8::from(passed))) / 3.0,
    );
    let compiles = if entrypoint_compiles { 0.05 } else { -0.1 };
    let anti_cheat_score = clamp(
        1.0 - 0.5 * review.critical_count as f64
            - 0.05 * review.warning_count as f64
            - 0.2 * review.suspicious_count as f64
            + compiles,
    );
    let overall_score =
        clamp(0.55 * quality_score + 0.25 * completeness_score + 0.20 * anti_cheat_score);
    Judgement {
        overall_score,
        quality_score,
        completeness_score,
        anti_cheat_score,
        reasoning: reasoning(review, passed, entrypoint_compiles),
        tool_events: tool_events(metrics, passed, review, entrypoint_compiles),
        llm_used: false,
    }
}

/// Puts a penalised score and its judgement together: the final score and verdict.
pub fn finalise(mut score: Score, judgement: &Judgement) -> Score {
    score.score = 0.85 * score.score + 0.15 * judgement.overall_score;
    score.passed = score.passed
        && score.score >= PASSING_SCORE
        && judgement.anti_cheat_score >= PASSING_ANTI_CHEAT;
    score
}

/// Into [0, 1]; what is not a number counts as 0.
fn clamp(value: f64) -> f64 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(0.0, 1.0)
    }
}

/// CPython 3.12's `sum(values) / len(values)`: its sum carries the lost low bits along (Neumaier).
fn mean(values: &[f64]) -> f64 {
    let mut sum = 0.0_f64;
    let mut lost = 0.0_f64;
    for &value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() {
            (sum - next) + value
        } else {
            (value - next) + sum
        };
        sum = next;
    }
    // As CPython: a lost part that is not finite must not turn an infinite sum into NaN.
    if lost != 0.0 && lost.is_finite() {
        sum += lost;
    }
    sum / values.len() as f64
}

fn reasoning(review: &Review, passed: bool, entrypoint_compiles: bool) -> String {
    format!(
        "The dataset {} the score bar, the review counts {} critical, {} warning and {} suspicious \
         findings, and the entrypoint {}.",
        if passed { "clears" } else { "does not clear" },
        review.critical_count,
        review.warning_count,
        review.suspicious_count,
        if entrypoint_compiles {
            "compiles"
        } else {
            "does not compile"
        },
    )
}

/// The inputs of the judgement, so that a reader can follow it without the package.
fn tool_events(
    metrics: &Metrics,
    passed: bool,
    review: &Review,
    entrypoint_compiles: bool,
) -> Vec<serde_json::Value> {
    vec![
        json!({
            "name": "static_review",
            "arguments": {"harness_hash": review.harness_hash},
            "result": {
                "files": review.files.len(),
                "critical_count": review.critical_count,
                "warning_count": review.warning_count,
                "suspicious_count": review.suspicious_count,
            },
        }),
        json!({
            "name": "compile_entrypoint",
            "arguments": {},
            "result": {"compiles": entrypoint_compiles},
        }),
        json!({
            "name": "dataset_metrics",
            "arguments": {"passed": passed},
            "result": metrics,
        }),
    ]
}

#[cfg(test)]
mod tests;

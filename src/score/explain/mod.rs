//! Where a score was lost and what would gain most. It reads the same facts the score is made of
//! and never changes the score.

mod changes;
mod costs;
mod openings;

use super::Score;
use super::assess::Assessment;
use crate::dataset::Dataset;
use changes::changes;
use costs::metric_costs;
use openings::similar_openings;
use serde::Serialize;

/// At most this many lines or conversations are listed in one place.
const LISTED: usize = 10;

/// Where a dataset lost points.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Why nothing was scored, if nothing was.
    pub error: Option<String>,
    /// Every metric, in the order of the score; empty if nothing was scored.
    pub metrics: Vec<MetricCost>,
    /// Groups of conversations that are equal or open alike, largest first.
    pub similar_openings: Vec<SimilarOpenings>,
    /// How many more groups there are.
    pub more_similar_openings: usize,
    /// What would gain most, best first.
    pub changes: Vec<Change>,
}

/// What one metric cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricCost {
    /// Its name in the result.
    pub name: String,
    /// In [0, 1].
    pub value: f64,
    /// Its weight in the score.
    pub weight: f64,
    /// Points of the score it cost: weight · (1 − value).
    pub points_lost: f64,
    /// One sentence on how it came about.
    pub summary: String,
    /// The conversations that cost most, costliest first, earlier lines first among equals.
    pub conversations: Vec<ConversationCost>,
    /// How many more cost something.
    pub more: usize,
}

/// One conversation's share in what a metric cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConversationCost {
    /// Line in the dataset, from 1.
    pub line: usize,
    /// Points of the score.
    pub points_lost: f64,
    /// Why.
    pub reason: String,
}

/// Conversations whose first messages use nearly the same words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimilarOpenings {
    /// How many there are.
    pub count: usize,
    /// How many different conversations are among them.
    pub distinct: usize,
    /// The first of their lines.
    pub lines: Vec<usize>,
    /// How many more lines.
    pub more: usize,
}

/// A change and what it is estimated to gain, everything else as it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// Points of the score.
    pub gain: f64,
    /// The metric it would raise.
    pub metric: String,
    /// What to do.
    pub text: String,
    /// The first lines it concerns; none if it concerns the dataset as a whole.
    pub lines: Vec<usize>,
    /// How many more lines.
    pub more: usize,
}

/// Explains a score by the assessment it comes from; without one nothing was scored.
pub(super) fn explain(
    dataset: &Dataset,
    score: &Score,
    assessment: Option<&Assessment>,
) -> Explanation {
    let Some(assessment) = assessment else {
        return unscored(score);
    };
    let metrics = &score.metrics;
    let (similar_openings, more_similar_openings) = similar_openings(dataset, &assessment.facts);
    let mut changes = changes(assessment, metrics);
    changes.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    Explanation {
        error: None,
        metrics: metric_costs(assessment, metrics),
        similar_openings,
        more_similar_openings,
        changes,
    }
}

fn unscored(score: &Score) -> Explanation {
    let error = score.error.as_deref().unwrap_or_default();
    let count = score.conversation_count;
    Explanation {
        error: Some(format!(
            "{error}: the dataset has {count} conversations and scores 0"
        )),
        metrics: Vec::new(),
        similar_openings: Vec::new(),
        more_similar_openings: 0,
        changes: Vec::new(),
    }
}

/// Cuts a list to what is shown and says how many more there were.
fn cut(lines: &mut Vec<usize>) -> usize {
    let more = lines.len().saturating_sub(LISTED);
    lines.truncate(LISTED);
    more
}

//! All metrics of a dataset, with the sums in the live service's order.

use super::Metrics;
use super::facts::{Facts, share};
use super::identity::Identity;
use super::pairs::Openings;
use super::sum::{clamp, mean};
use crate::dataset::Dataset;
use crate::text::PyStr;
use rayon::prelude::*;
use std::collections::HashSet;

/// Everything the metrics are made of.
pub(super) struct Assessment {
    /// In line order.
    pub facts: Vec<Facts>,
    pub originality: Originality,
    pub variety: Variety,
}

/// The parts of originality.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Originality {
    /// Distinct conversations.
    pub unique: usize,
    /// Of the openings, over all pairs.
    pub mean_similarity: f64,
    /// What is taken off for it.
    pub penalty: f64,
    /// What is left after short and filler answers.
    pub substance: f64,
    pub value: f64,
}

/// The parts of diversity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Variety {
    pub task_types: usize,
    pub difficulties: usize,
    pub tools: usize,
}

impl Variety {
    fn of(dataset: &Dataset, facts: &[Facts]) -> Variety {
        let tasks = || facts.iter().filter_map(|facts| facts.task.as_ref());
        let messages = dataset.conversations().iter().flat_map(|c| &c.messages);
        let tools: HashSet<&PyStr> = messages
            .flat_map(|message| &message.tool_calls)
            .map(|call| &call.name)
            .collect();
        Variety {
            task_types: tasks().map(|task| &task.kind).collect::<HashSet<_>>().len(),
            difficulties: tasks()
                .map(|task| &task.difficulty)
                .collect::<HashSet<_>>()
                .len(),
            tools: tools.len(),
        }
    }

    pub(super) fn value(&self) -> f64 {
        clamp(
            0.4 * share(self.task_types, 4).min(1.0)
                + 0.2 * share(self.difficulties, 3).min(1.0)
                + 0.4 * share(self.tools, 3).min(1.0),
        )
    }
}

impl Originality {
    fn of(facts: &[Facts], mean_similarity: f64) -> Originality {
        let unique = facts
            .iter()
            .map(|facts| facts.identity)
            .collect::<HashSet<Identity>>()
            .len();
        let mut hollow = 0.0;
        for facts in facts {
            for flaw in [facts.mostly_short, facts.mostly_filler] {
                if flaw {
                    hollow += 0.1;
                }
            }
        }
        Originality::from_parts(unique, facts.len(), mean_similarity, hollow)
    }

    pub(super) fn from_parts(unique: usize, all: usize, mean_similarity: f64, hollow: f64) -> Self {
        let penalty = match mean_similarity {
            mean if mean > 0.8 => mean * 0.5,
            mean if mean > 0.5 => mean * 0.2,
            _ => 0.0,
        };
        let substance = clamp(1.0 - hollow / all as f64);
        let value = clamp(clamp(share(unique, all) * (1.0 - penalty)) * substance);
        Originality {
            unique,
            mean_similarity,
            penalty,
            substance,
            value,
        }
    }
}

impl Assessment {
    pub(super) fn of(dataset: &Dataset) -> Assessment {
        // Side by side: numbering the openings' words is one thread's work.
        let (facts, mean_similarity) = rayon::join(
            || -> Vec<Facts> { dataset.conversations().par_iter().map(Facts::of).collect() },
            || Openings::new(dataset.conversations()).mean_similarity(),
        );
        Assessment {
            originality: Originality::of(&facts, mean_similarity),
            variety: Variety::of(dataset, &facts),
            facts,
        }
    }

    pub(super) fn metrics(&self) -> Metrics {
        let facts = &self.facts;
        let of_each = |value: fn(&Facts) -> f64| mean(facts.iter().map(value));
        let formatted = facts
            .iter()
            .filter(|facts| facts.silent_messages == 0)
            .count();
        let assistant_messages: usize = facts.iter().map(|facts| facts.assistant_messages).sum();
        let reasoned_messages: usize = facts.iter().map(|facts| facts.reasoned_messages).sum();
        // Not compensated, unlike the other means: the service adds these up itself.
        let agentic = facts.iter().fold(0.0, |sum, facts| sum + facts.agentic());
        Metrics {
            format_score: share(formatted, facts.len()),
            quality_score: of_each(|facts| facts.quality.value()),
            originality_score: self.originality.value,
            agentic_score: agentic / facts.len() as f64,
            reasoning_score: share(reasoned_messages, assistant_messages),
            function_call_score: of_each(Facts::function_call),
            coding_relevance_score: of_each(Facts::coding_relevance),
            verifiability_score: of_each(Facts::verifiability),
            diversity_score: self.variety.value(),
        }
    }
}

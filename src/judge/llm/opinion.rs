//! The model's opinion as a second judge.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::super::{Judgement, clamp};
use super::{Heard, reply, short};

/// Characters of the model's reasoning that are kept.
const MAX_REASONING: usize = 2000;
/// The tool event that says what became of the question.
const EVENT: &str = "llm_judge";

/// What a language model thinks of a submission. A score it does not give stays the heuristic's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Opinion {
    /// In [0, 1], as all of them.
    pub overall_score: Option<f64>,
    /// How good the conversations are.
    pub quality_score: Option<f64>,
    /// How complete the dataset is.
    pub completeness_score: Option<f64>,
    /// How little the code gives reason for suspicion.
    pub anti_cheat_score: Option<f64>,
    /// Why.
    pub reasoning: Option<String>,
}

/// Reads an answer: scores out of range are clamped, those of another type refused, and one at least must be there.
pub(super) fn read(object: Map<String, Value>) -> Result<Opinion, String> {
    let score = |key| Ok::<_, String>(reply::number(&object, key)?.map(clamp));
    let reasoning = reply::text(&object, "reasoning")?.map(str::trim);
    let opinion = Opinion {
        overall_score: score("overall_score")?,
        quality_score: score("quality_score")?,
        completeness_score: score("completeness_score")?,
        anti_cheat_score: score("anti_cheat_score")?,
        reasoning: reasoning
            .filter(|text| !text.is_empty())
            .map(|text| short(text, MAX_REASONING)),
    };
    let scores = [
        opinion.overall_score,
        opinion.quality_score,
        opinion.completeness_score,
        opinion.anti_cheat_score,
    ];
    match scores.iter().any(Option::is_some) {
        true => Ok(opinion),
        false => Err("it gives none of the scores asked for".to_owned()),
    }
}

impl Judgement {
    /// Puts a language model's opinion in place of the heuristic's; without one, says why there is none.
    pub fn hear(&mut self, model: &str, heard: &Heard<Opinion>) {
        match heard {
            Heard::Answer(opinion) => {
                for (mine, theirs) in [
                    (&mut self.overall_score, opinion.overall_score),
                    (&mut self.quality_score, opinion.quality_score),
                    (&mut self.completeness_score, opinion.completeness_score),
                    (&mut self.anti_cheat_score, opinion.anti_cheat_score),
                ] {
                    *mine = theirs.unwrap_or(*mine);
                }
                if let Some(reasoning) = &opinion.reasoning {
                    self.reasoning.clone_from(reasoning);
                }
                self.llm_used = true;
            }
            Heard::Failed { error } => {
                let add = format!(" The heuristic alone judged this: {error}.");
                self.reasoning.push_str(&add);
            }
        }
        self.tool_events.push(json!({
            "name": EVENT,
            "arguments": {"model": model},
            "result": heard,
        }));
    }

    /// Why the language model that was asked did not take part.
    pub fn llm_error(&self) -> Option<&str> {
        let asked = |event: &&Value| event.get("name").and_then(Value::as_str) == Some(EVENT);
        let event = self.tool_events.iter().find(asked)?;
        event.get("result")?.get("error")?.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::Metrics;

    fn answer(value: Value) -> Result<Opinion, String> {
        read(value.as_object().cloned().unwrap())
    }

    fn heuristic() -> Judgement {
        let review = crate::review::review(&[]).review;
        super::super::super::judge(&Metrics::default(), false, &review, true)
    }

    #[test]
    fn scores_replace_the_heuristics_clamped_and_the_others_stay() {
        let given = json!({"overall_score": 1.7, "anti_cheat_score": -3, "quality_score": 0.25,
                           "completeness_score": null, "reasoning": " fine ", "other": []});
        let opinion = answer(given).unwrap();
        let before = heuristic();
        let mut after = before.clone();
        after.hear("m", &Heard::Answer(opinion));
        assert_eq!(
            (
                after.overall_score,
                after.anti_cheat_score,
                after.quality_score
            ),
            (1.0, 0.0, 0.25)
        );
        assert_eq!(after.completeness_score, before.completeness_score);
        assert_eq!(after.reasoning, "fine");
        assert!(after.llm_used);
        assert_eq!(after.llm_error(), None);
    }

    #[test]
    fn an_answer_that_is_not_one_is_refused_whole() {
        for value in [
            json!({}),
            json!({"reasoning": "good"}),
            json!({"overall_score": "0.9"}),
            json!({"overall_score": true}),
            json!({"overall_score": [1]}),
            json!({"overall_score": 0.9, "quality_score": "high"}),
            json!({"overall_score": 0.9, "reasoning": 7}),
        ] {
            assert!(answer(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn a_failure_keeps_the_heuristic_and_says_so() {
        let before = heuristic();
        let mut after = before.clone();
        let error = "it refuses".to_owned();
        after.hear("m", &Heard::Failed { error });
        assert_eq!(after.overall_score, before.overall_score);
        assert!(!after.llm_used);
        assert!(
            after.reasoning.contains("it refuses"),
            "{}",
            after.reasoning
        );
        assert_eq!(after.llm_error(), Some("it refuses"));
        let stored = serde_json::to_string(&after).unwrap();
        let read: Judgement = serde_json::from_str(&stored).unwrap();
        assert_eq!(read.llm_error(), Some("it refuses"));
    }
}

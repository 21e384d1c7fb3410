//! The language model, if one is to be asked.

use crate::harness::Cancel;
use crate::judge::llm::LlmClient;

use super::super::context::Context;
use super::{Check, Verdict};

const NAME: &str = "language model";

/// Asks it something that any model can answer. Where it only advises, evaluation goes on without it.
pub(super) fn check(context: &Context) -> Check {
    let settings = &context.settings;
    if !settings.llm_judge_enabled && !settings.llm_plagiarism_enabled {
        let detail = "not asked: llm_judge_enabled and llm_plagiarism_enabled are false";
        return Check::new(NAME, Verdict::Ok, detail);
    }
    let client = LlmClient::new(settings);
    let model = &settings.llm_model;
    match client.probe(&Cancel::default()) {
        Ok(()) => Check::new(
            NAME,
            Verdict::Ok,
            format!("{model} at {} answers", client.shown()),
        ),
        Err(error) => {
            let is_required = settings.llm_judge_required || settings.llm_plagiarism_required;
            let mut check = Check::failed(NAME, &error, error.hint());
            if !is_required {
                check.verdict = Verdict::Warn;
                check
                    .detail
                    .push_str("; it only advises, so packages are evaluated without it");
            }
            check
        }
    }
}

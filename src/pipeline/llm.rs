//! What a language model is asked about a submission, and what follows when it does not answer.
//!
//! Its opinion depends on the package alone, so it is asked for where packages are prepared, and several are waited for
//! at once. Its audit needs the neighbour, which is known when it is a package's turn; audits are made one by one.

use crate::judge::llm::{AuditQuestion, Heard, JudgeQuestion, LlmClient, LlmError, Opinion};
use crate::package::{self, Package, PackageLimits};
use crate::review::Review;
use crate::score::Score;
use crate::similarity::Status;
use crate::store;

use super::evaluate::sources;
use super::{Evaluator, ItemError, Neighbour, Subject, SubmissionRecord};

impl Evaluator<'_> {
    /// The model's opinion on a dataset and the code that made it; None unless the settings ask for one.
    ///
    /// # Errors
    /// The user asked to stop; or there is none, and the settings require one.
    pub(super) fn opinion(
        &self,
        name: &str,
        package: &Package,
        review: &Review,
        score: &Score,
        sample: &str,
    ) -> Result<Option<Heard<Opinion>>, ItemError> {
        let settings = self.settings;
        if !settings.llm_judge_enabled {
            return Ok(None);
        }
        let question = JudgeQuestion {
            sources: &sources(package),
            entrypoint: &package.entrypoint,
            review,
            score,
            sample,
        };
        let answer = LlmClient::new(settings).judge(&question, &self.cancel);
        heard(name, answer, settings.llm_judge_required).map(Some)
    }

    /// A near neighbour with the model's audit, where the settings ask for one. A copy by the audit is a copy.
    ///
    /// # Errors
    /// The user asked to stop; or there is no audit, and the settings require one.
    pub(super) fn audited(
        &self,
        name: &str,
        subject: &Subject<'_>,
        near: Option<Neighbour>,
    ) -> Result<Option<Neighbour>, ItemError> {
        let settings = self.settings;
        let wanted =
            |near: &Neighbour| settings.llm_plagiarism_enabled && near.status != Status::Clean;
        let Some(mut near) = near else {
            return Ok(None);
        };
        if !wanted(&near) {
            return Ok(Some(near));
        }
        let answer = self.kept_package(&near.submission_id).and_then(|earlier| {
            let kept;
            let later = match subject.package {
                Some(package) => package,
                None => {
                    kept = self.kept_package(subject.id)?;
                    &kept
                }
            };
            let question = AuditQuestion {
                later: &sources(later),
                earlier: &sources(&earlier),
                shared: near.score,
            };
            LlmClient::new(settings).audit(&question, &self.cancel)
        });
        let audit = heard(name, answer, settings.llm_plagiarism_required)?;
        if matches!(&audit, Heard::Answer(audit) if audit.convicts()) {
            near.status = Status::Plagiarized;
        }
        near.llm = Some(audit);
        Ok(Some(near))
    }

    /// A submission's package, as it was kept.
    fn kept_package(&self, submission_id: &str) -> Result<Package, LlmError> {
        let kept = store::artifact_path(&self.settings.artifact_root, submission_id);
        package::open_files(&kept, &PackageLimits::from(self.settings)).map_err(|error| {
            LlmError::NothingToCompare {
                why: super::chain(&error),
            }
        })
    }
}

/// An answer, or the reason why there is none, if the evaluation can go on without.
fn heard<T>(
    name: &str,
    answer: Result<T, LlmError>,
    is_required: bool,
) -> Result<Heard<T>, ItemError> {
    match answer {
        Ok(answer) => Ok(Heard::Answer(answer)),
        Err(error) if !is_required && !matches!(error, LlmError::Interrupted) => {
            let error = super::chain(&error);
            Ok(Heard::Failed { error })
        }
        Err(source) => Err(ItemError::LanguageModel {
            package: name.to_owned(),
            source,
        }),
    }
}

impl SubmissionRecord {
    /// What a language model was asked and did not answer, in words for people.
    pub fn unanswered(&self) -> Vec<String> {
        let judge = self.judge.as_ref().and_then(|judge| judge.llm_error());
        let audit = self.plagiarism.as_ref();
        let audit = audit.and_then(|near| near.llm.as_ref()?.error());
        let parts = [
            (judge, "the heuristic alone judged this"),
            (audit, "its nearest neighbour was not audited"),
        ];
        parts
            .into_iter()
            .filter_map(|(error, so)| Some(format!("{}: {so}: {}", self.package, error?)))
            .collect()
    }
}

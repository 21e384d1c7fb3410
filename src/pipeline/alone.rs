//! One submission outside a batch: it came by itself, and its place in the order of arrival is kept already.

use crate::store::{self, Candidate, Store, StoreError};

use super::cache_key::cache_key;
use super::row::json;
use super::{Evaluated, Evaluator, ItemError, Submission, SubmissionRecord};

/// Why a submission that was prepared has no stored result.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// This machine could not do it for this submission.
    #[error(transparent)]
    Item(#[from] ItemError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Evaluator<'_> {
    /// Compares, judges and stores: the second half of an evaluation, for a submission that has arrived. The record
    /// names the package `filename`, and is durable when this returns.
    ///
    /// # Errors
    /// Nothing is stored then.
    pub fn settle(
        &self,
        store: &mut Store,
        submission: &Submission,
        evaluated: &Evaluated,
        filename: &str,
    ) -> Result<SubmissionRecord, SettleError> {
        let candidates = self.candidates(store, submission, evaluated)?;
        let neighbour = self.compare(submission, evaluated, &candidates)?;
        let mut concluded = self.conclude(submission, evaluated, neighbour);
        concluded.record.filename = filename.to_owned();
        concluded.row.filename = filename.to_owned();
        let recorded = store.record(&store::Evaluated {
            item: None,
            row: &concluded.row,
            sequence: evaluated.sequence.as_ref(),
            cache_key: &cache_key(&evaluated.id, self.settings, &candidates),
            record_json: &json(&concluded.record),
        });
        match recorded {
            Ok(()) => Ok(concluded.record),
            Err(source) if source.is_about_submission() => {
                let package = submission.package.clone();
                let source = Box::new(source);
                Err(ItemError::Unstorable { package, source }.into())
            }
            Err(source) => Err(source.into()),
        }
    }

    /// Those that a submission is compared with. A stored fingerprint that cannot be believed is made
    /// again from its package, where that was kept.
    pub(super) fn candidates(
        &self,
        store: &mut Store,
        submission: &Submission,
        evaluated: &Evaluated,
    ) -> Result<Vec<Candidate>, StoreError> {
        let settings = self.settings;
        let mut last_made_again = None;
        loop {
            let found = store.candidates(
                &evaluated.id,
                &submission.hotkey,
                settings.similarity_window,
                settings.similarity_own_history,
            );
            match found {
                Err(StoreError::UnreadableFingerprint {
                    ref submission_id, ..
                }) if last_made_again.as_ref() != Some(submission_id) => {
                    let kept = store::artifact_path(&settings.artifact_root, submission_id);
                    let Some(sequence) = self.sequence_of(&kept) else {
                        return found;
                    };
                    store.replace_fingerprint(submission_id, sequence.as_ref())?;
                    last_made_again = Some(submission_id.clone());
                }
                found => return found,
            }
        }
    }
}

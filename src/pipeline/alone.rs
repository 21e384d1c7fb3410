//! One submission outside a batch: it came by itself, and its place in the order of arrival is kept already.

use crate::store::{self, Store, StoreError};

use super::cache_key::cache_key;
use super::neighbours;
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
        let subject = evaluated.subject();
        let hotkey = &submission.hotkey;
        let window = self.settings.similarity_window;
        let candidates = neighbours::stored(self, store, subject.id, hotkey, window)?;
        let mut compared = self.compare(submission, &subject, &candidates)?;
        compared.find_lines(&subject, &candidates, |id, sequence| {
            store.located(id, sequence)
        })?;
        let mut concluded = self.conclude(submission, evaluated, compared);
        concluded.record.filename = filename.to_owned();
        concluded.row.filename = filename.to_owned();
        let recorded = store.record(&store::Evaluated {
            fingerprint: subject.fingerprint,
            cache_key: &cache_key(subject.package_key, self.settings, &candidates),
            package_key: subject.package_key,
            prepared_json: &json(subject.result),
            record_json: &json(&concluded.record),
            ..store::Evaluated::of(&concluded.row)
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

    /// Makes the fingerprints of submissions that another program queued, so that those evaluated at the same time find
    /// each other. One whose package is not there has none, as in the service.
    ///
    /// # Errors
    /// The database fails.
    pub fn fingerprint_waiting(&self, store: &mut Store) -> Result<(), StoreError> {
        for id in store.waiting_without_fingerprint()? {
            let kept = store::artifact_path(&self.settings.artifact_root, &id);
            if let Some(structure) = self.structure_of(&kept) {
                store.replace_fingerprint(&id, structure.as_ref().into())?;
            }
        }
        Ok(())
    }
}

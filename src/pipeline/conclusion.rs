//! The ordered half of a batch: one package after the other, as given.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

use crate::similarity::Sequence;
use crate::store::{
    self, Arrival, Candidate, Failure, RunItemId, RunOutcome, Store, StoreError, Timestamp,
};

use super::batch::{BatchError, Listener, Message, Summary, chain};
use super::cache_key::cache_key;
use super::evaluate::file_name;
use super::row::json;
use super::turnstile::Turnstile;
use super::{
    Evaluated, Evaluator, Event, ItemError, Prepared, Stage, Submission, SubmissionRecord,
    Unfinished,
};

/// The ordered half of a batch.
pub(super) struct Conclusion<'a, 'b> {
    pub(super) evaluator: &'a Evaluator<'a>,
    pub(super) submissions: &'a [Submission],
    pub(super) store: &'a mut Store,
    pub(super) run_id: String,
    pub(super) summary: Summary,
    pub(super) listen: &'a mut Listener<'b>,
}

impl Conclusion<'_, '_> {
    /// Concludes packages in the given order as they become ready, until all workers are done.
    pub(super) fn follow(
        &mut self,
        receive: &Receiver<Message>,
        turnstile: &Turnstile,
    ) -> Result<(), BatchError> {
        let mut ready: BTreeMap<usize, Result<Prepared, ItemError>> = BTreeMap::new();
        let mut position = 0;
        for message in receive {
            match message {
                Message::Entered(index, stage) => self.enter(index, stage),
                Message::Prepared(index, prepared) => {
                    ready.insert(index, prepared);
                }
            }
            while let Some(prepared) = ready.remove(&position) {
                self.conclude(position, prepared)?;
                position += 1;
                turnstile.advance(position);
            }
        }
        if position < self.submissions.len() {
            return Err(self.interrupted());
        }
        Ok(())
    }

    fn conclude(
        &mut self,
        index: usize,
        prepared: Result<Prepared, ItemError>,
    ) -> Result<(), BatchError> {
        let Some(submission) = self.submissions.get(index) else {
            return Ok(());
        };
        match prepared {
            Err(error) => self.item_failed(index, &error),
            Ok(Prepared::Unfinished(unfinished)) if unfinished.error.interrupted() => {
                Err(self.interrupted())
            }
            Ok(Prepared::Unfinished(unfinished)) => {
                let Unfinished {
                    id,
                    sequence,
                    error,
                } = *unfinished;
                self.take_place(index, submission, &id, sequence.as_ref())?;
                self.item_failed(index, &error)
            }
            Ok(Prepared::Refused(refused)) => {
                let record = SubmissionRecord::refused(
                    &submission.hotkey,
                    &submission.package,
                    &file_name(&submission.path),
                    refused.to_string(),
                );
                self.fail(index, Stage::Validate, &refused.to_string())?;
                self.finished(index, &record);
                Ok(())
            }
            Ok(Prepared::Evaluated(evaluated)) => self.store(index, submission, &evaluated),
        }
    }

    /// Compares, judges, stores, and only then reports.
    fn store(
        &mut self,
        index: usize,
        submission: &Submission,
        evaluated: &Evaluated,
    ) -> Result<(), BatchError> {
        let settings = self.evaluator.settings;
        self.enter(index, Stage::Similarity);
        let candidates = self.candidates(submission, evaluated)?;
        let neighbour = match self.evaluator.compare(submission, evaluated, &candidates) {
            Ok(neighbour) => neighbour,
            Err(error) if error.interrupted() => return Err(self.interrupted()),
            Err(error) => {
                self.take_place(
                    index,
                    submission,
                    &evaluated.id,
                    evaluated.sequence.as_ref(),
                )?;
                return self.item_failed(index, &error);
            }
        };
        self.enter(index, Stage::Judge);
        let concluded = self.evaluator.conclude(submission, evaluated, neighbour);
        self.enter(index, Stage::Store);
        store::keep_artifact(&settings.artifact_root, &evaluated.id, &evaluated.artifact)?;
        let recorded = self.store.record(&store::Evaluated {
            item: Some(RunItemId {
                run: &self.run_id,
                ordinal: index,
            }),
            row: &concluded.row,
            sequence: evaluated.sequence.as_ref(),
            cache_key: &cache_key(&evaluated.id, settings, &candidates),
            record_json: &json(&concluded.record),
        });
        match recorded {
            Ok(()) => self.finished(index, &concluded.record),
            // One submission that does not fit must not cost the others their results.
            Err(source) if source.is_about_submission() => {
                let package = submission.package.clone();
                let source = Box::new(source);
                self.item_failed(index, &ItemError::Unstorable { package, source })?;
            }
            Err(source) => return Err(source.into()),
        }
        Ok(())
    }

    /// Those that a submission is compared with. A stored fingerprint that cannot be believed is made
    /// again from its package, where that was kept.
    fn candidates(
        &mut self,
        submission: &Submission,
        evaluated: &Evaluated,
    ) -> Result<Vec<Candidate>, StoreError> {
        let settings = self.evaluator.settings;
        let mut last_made_again = None;
        loop {
            let found = self.store.candidates(
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
                    let Some(sequence) = self.evaluator.sequence_of(&kept) else {
                        return found;
                    };
                    self.store
                        .replace_fingerprint(submission_id, sequence.as_ref())?;
                    last_made_again = Some(submission_id.clone());
                }
                found => return found,
            }
        }
    }

    /// A submission without a result keeps its place in the order of arrival.
    fn take_place(
        &mut self,
        index: usize,
        submission: &Submission,
        submission_id: &str,
        sequence: Option<&Sequence>,
    ) -> Result<(), StoreError> {
        let hotkey = &submission.hotkey;
        let arrival = Arrival {
            ordinal: index,
            submission_id,
            hotkey,
            sequence,
        };
        self.store
            .reserve(&self.run_id, &[arrival], Timestamp::now())
    }

    fn item_failed(&mut self, index: usize, error: &ItemError) -> Result<(), BatchError> {
        self.summary.errors += 1;
        self.fail(index, error.stage(), &chain(error))?;
        self.tell(Event::ItemFailed { index, error });
        Ok(())
    }

    fn enter(&mut self, index: usize, stage: Stage) {
        self.tell(Event::StageEntered { index, stage });
    }

    fn fail(&mut self, index: usize, stage: Stage, message: &str) -> Result<(), StoreError> {
        let item = RunItemId {
            run: &self.run_id,
            ordinal: index,
        };
        let failure = Failure {
            item,
            submission_id: None,
            stage: stage.name(),
            message,
        };
        self.store.record_failure(&failure, Timestamp::now())
    }

    fn finished(&mut self, index: usize, record: &SubmissionRecord) {
        self.summary.count(record);
        self.tell(Event::ItemFinished { index, record });
    }

    fn tell(&mut self, event: Event<'_>) {
        (self.listen)(event);
    }

    fn interrupted(&self) -> BatchError {
        let finished = self.summary.completed + self.summary.failed;
        BatchError::Interrupted {
            finished,
            total: self.summary.total,
        }
    }

    /// Closes the run in the database, whatever happened.
    pub(super) fn finish(mut self, result: Result<(), BatchError>) -> Result<Summary, BatchError> {
        let outcome = match &result {
            Ok(()) => RunOutcome::Finished,
            Err(BatchError::Interrupted { .. }) => RunOutcome::Interrupted,
            Err(_) => RunOutcome::Stopped,
        };
        let closed = self
            .store
            .finish_run(&self.run_id, outcome, Timestamp::now());
        result?;
        closed?;
        let summary = std::mem::take(&mut self.summary);
        self.tell(Event::Finished { summary: &summary });
        Ok(summary)
    }
}

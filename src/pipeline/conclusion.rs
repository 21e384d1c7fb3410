//! The ordered half of a batch: one package after the other, as given.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use crate::package::PackageError;
use crate::store::{
    self, Arrival, Blame, Failure, Fingerprint, Latest, RunItemId, RunOutcome, Running, Settled,
    Store, StoreError, StoredEvaluation, Timestamp,
};

use super::batch::{BatchError, Listener, Message, Ready, Summary, chain};
use super::cache_key::cache_key;
use super::evaluate::file_name;
use super::neighbours::{self, Unstored};
use super::notes::Notes;
use super::row::json;
use super::turnstile::Turnstile;
use super::{
    Alone, BatchOptions, Compared, Concluded, Evaluated, Evaluator, Event, ItemError, Kept, Known,
    Prepared, Stage, Subject, Submission, SubmissionRecord, Unfinished,
};

/// How often another process may store a submission between a look for neighbours and the result before a place is
/// taken first.
const OVERTAKEN_AT_MOST: usize = 2;

/// The ordered half of a batch.
pub(super) struct Conclusion<'a, 'b> {
    pub(super) evaluator: &'a Evaluator<'a>,
    pub(super) submissions: &'a [Submission],
    pub(super) options: &'a BatchOptions,
    pub(super) store: &'a mut Store,
    pub(super) run_id: String,
    pub(super) unstored: Unstored,
    pub(super) notes: Notes,
    pub(super) summary: Summary,
    pub(super) listen: &'a mut Listener<'b>,
}

/// The package whose turn it is.
#[derive(Clone, Copy)]
struct Item<'a> {
    index: usize,
    submission: &'a Submission,
    started_at: Timestamp,
    /// When its conclusion began.
    concluding: Instant,
    /// Seconds of work before.
    prepared_in: f64,
}

impl Item<'_> {
    fn seconds(&self) -> f64 {
        self.prepared_in + self.concluding.elapsed().as_secs_f64()
    }
}

impl<'a> Conclusion<'a, '_> {
    /// Concludes packages in the given order as they become ready, until all workers are done.
    pub(super) fn follow(
        &mut self,
        receive: &Receiver<Message>,
        turnstile: &Turnstile,
    ) -> Result<(), BatchError> {
        let mut waiting: BTreeMap<usize, (Result<Ready, ItemError>, f64)> = BTreeMap::new();
        let mut position = 0;
        loop {
            match receive.recv_timeout(self.notes.wait()) {
                Ok(Message::Entered(index, stage)) => {
                    self.notes.enter(index, stage);
                    self.tell(Event::StageEntered { index, stage });
                }
                Ok(Message::Ready(index, ready, seconds)) => {
                    self.tell(Event::ItemPrepared { index });
                    waiting.insert(index, (ready, seconds));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.notes.wait().is_zero() {
                self.note()?;
            }
            while let Some((ready, seconds)) = waiting.remove(&position) {
                self.conclude(position, ready, seconds)?;
                position += 1;
                turnstile.advance(position);
            }
        }
        let summary = &self.summary;
        if summary.completed + summary.failed + summary.stopped + summary.errors < summary.total {
            return Err(self.interrupted());
        }
        Ok(())
    }

    /// Writes down what is being worked on. Nothing depends on it, so a database that is busy for long is no reason
    /// to stop yet.
    fn note(&mut self) -> Result<(), StoreError> {
        let running = self.notes.take();
        let noted = self
            .store
            .note_progress(&self.run_id, &running, Timestamp::now());
        match noted {
            Err(StoreError::Locked { .. }) => Ok(()),
            noted => noted,
        }
    }

    fn conclude(
        &mut self,
        index: usize,
        ready: Result<Ready, ItemError>,
        prepared_in: f64,
    ) -> Result<(), BatchError> {
        let Some(submission) = self.submissions.get(index) else {
            return Ok(());
        };
        let item = Item {
            index,
            submission,
            started_at: self.notes.leave(index),
            concluding: Instant::now(),
            prepared_in,
        };
        match ready {
            Err(error) => self.item_failed(item, None, &error),
            Ok(Ready::Unkept(error)) => Err(error.into()),
            Ok(Ready::Known(known)) => self.report_again_or_evaluate(item, &known),
            Ok(Ready::Prepared(prepared)) => self.conclude_prepared(item, prepared),
        }
    }

    fn conclude_prepared(&mut self, item: Item<'a>, prepared: Prepared) -> Result<(), BatchError> {
        match prepared {
            Prepared::Evaluated(evaluated) => self.evaluated(item, &evaluated),
            Prepared::Refused(refused) => self.refuse(item, &refused),
            Prepared::Unfinished(unfinished) => {
                let Unfinished {
                    id,
                    structure,
                    error,
                } = *unfinished;
                self.take_place(item, &id, structure.as_ref().into())?;
                self.unfinished(item, &id, &error)
            }
        }
    }

    /// A submission that has its place and no result.
    fn unfinished(
        &mut self,
        item: Item<'_>,
        id: &str,
        error: &ItemError,
    ) -> Result<(), BatchError> {
        if error.interrupted() {
            let broken_off = Running {
                ordinal: item.index,
                stage: error.stage().name(),
                started_at: item.started_at,
            };
            let now = Timestamp::now();
            self.store.note_progress(&self.run_id, &[broken_off], now)?;
            self.tell(Event::ItemInterrupted { index: item.index });
            return Ok(());
        }
        self.item_failed(item, Some(id), error)
    }

    fn refuse(&mut self, item: Item<'_>, refused: &PackageError) -> Result<(), BatchError> {
        let submission = item.submission;
        let record = SubmissionRecord::refused(
            &submission.hotkey,
            &submission.package,
            &file_name(&submission.path),
            refused.to_string(),
        );
        let failure = Failure {
            item: RunItemId {
                run: &self.run_id,
                ordinal: item.index,
            },
            submission_id: None,
            blame: Blame::Package,
            stage: Stage::Validate.name(),
            cause: refused.code(),
            message: &refused.to_string(),
            started_at: Some(item.started_at),
        };
        self.store.record_failure(&failure, Timestamp::now())?;
        self.finished(item, &record, Kept::Stored);
        Ok(())
    }

    /// Reports a stored result, which another package of this batch or another process may have got since it was
    /// looked for.
    fn evaluated(&mut self, item: Item<'a>, evaluated: &Evaluated) -> Result<(), BatchError> {
        if self.options.until < Stage::Store {
            return self.stop(item, evaluated);
        }
        if !self.options.force {
            let (id, key) = (&evaluated.id, &evaluated.package_key);
            if let Some(found) = self.store.reusable(id, key)?
                && self.report_again(item, key, found)?
            {
                return Ok(());
            }
        }
        self.store_anew(item, evaluated)
    }

    /// Compares, judges, stores and reports a result made just now.
    fn store_anew(&mut self, item: Item<'a>, evaluated: &Evaluated) -> Result<(), BatchError> {
        self.enter(item, Stage::Similarity);
        self.compare_and_store(item, &evaluated.subject(), false, |conclusion, compared| {
            conclusion.enter(item, Stage::Judge);
            let concluded = conclusion
                .evaluator
                .conclude(item.submission, evaluated, compared);
            conclusion.enter(item, Stage::Store);
            concluded
        })
    }

    /// Compares, has it judged, stores, and only then reports.
    fn compare_and_store(
        &mut self,
        item: Item<'a>,
        subject: &Subject<'_>,
        reused: bool,
        mut judge: impl FnMut(&mut Self, Compared) -> Concluded,
    ) -> Result<(), BatchError> {
        let mut overtaken = 0;
        loop {
            let latest = self.store.latest_arrival()?;
            // Another process may have stored it meanwhile. If it does so from here on, storing it says so.
            if !reused
                && !self.options.force
                && let Some(found) = self.store.reusable(subject.id, subject.package_key)?
                && self.report_again(item, subject.package_key, found)?
            {
                return Ok(());
            }
            let candidates = self.candidates(item.submission, subject.id)?;
            let found = self.compare(item.submission, subject, &candidates)?;
            let compared = match found {
                Ok(compared) => compared,
                Err(error) => {
                    self.take_place(item, subject.id, subject.fingerprint)?;
                    return self.unfinished(item, subject.id, &error);
                }
            };
            let concluded = judge(self, compared);
            let key = cache_key(subject.package_key, self.evaluator.settings, &candidates);
            match self.keep(item, subject, &concluded, &key, latest, reused) {
                Ok(()) => {
                    let kept = if reused { Kept::Reused } else { Kept::Stored };
                    self.finished(item, &concluded.record, kept);
                    return Ok(());
                }
                // Then there is one more to compare with.
                Err(StoreError::Overtaken { .. }) => {
                    overtaken += 1;
                    if overtaken >= OVERTAKEN_AT_MOST {
                        self.take_place(item, subject.id, subject.fingerprint)?;
                    }
                }
                // One submission that does not fit must not cost the others their results.
                Err(source) if source.is_about_submission() => {
                    let package = item.submission.package.clone();
                    let source = Box::new(source);
                    let error = ItemError::Unstorable { package, source };
                    return self.item_failed(item, None, &error);
                }
                Err(source) => return Err(source.into()),
            }
        }
    }

    fn keep(
        &mut self,
        item: Item<'_>,
        subject: &Subject<'_>,
        concluded: &Concluded,
        key: &str,
        latest: Latest,
        reused: bool,
    ) -> Result<(), StoreError> {
        let run_item = RunItemId {
            run: &self.run_id,
            ordinal: item.index,
        };
        self.store.record(&store::Evaluated {
            item: Some(run_item),
            row: &concluded.row,
            fingerprint: subject.fingerprint,
            cache_key: key,
            package_key: subject.package_key,
            prepared_json: &json(subject.result),
            record_json: &json(&concluded.record),
            compared_up_to: Some(latest),
            started_at: Some(item.started_at),
            reused,
        })
    }

    fn report_again_or_evaluate(
        &mut self,
        item: Item<'a>,
        known: &Known,
    ) -> Result<(), BatchError> {
        if let Some(found) = self.store.reusable(&known.id, &known.package_key)?
            && self.report_again(item, &known.package_key, found)?
        {
            return Ok(());
        }
        // The one it waited for has come to nothing, or what is stored of it cannot be read.
        let stages = std::cell::RefCell::new(Vec::new());
        let enter = |stage| stages.borrow_mut().push(stage);
        let began = Instant::now();
        let prepared = self.evaluator.prepare(item.submission, &enter);
        for stage in stages.into_inner() {
            self.enter(item, stage);
        }
        let item = Item {
            concluding: Instant::now(),
            prepared_in: item.prepared_in + began.elapsed().as_secs_f64(),
            ..item
        };
        match prepared {
            Err(error) => self.item_failed(item, None, &error),
            Ok(Prepared::Evaluated(mut evaluated)) => {
                evaluated.keep_artifact(self.evaluator.settings)?;
                self.store_anew(item, &evaluated)
            }
            Ok(prepared) => self.conclude_prepared(item, prepared),
        }
    }

    /// Reports a stored result again. Where its neighbours have changed, or it is not the submission's newest, it is
    /// judged and stored again, without running anything. False if what is stored cannot be read.
    fn report_again(
        &mut self,
        item: Item<'a>,
        package_key: &str,
        found: StoredEvaluation,
    ) -> Result<bool, BatchError> {
        let id = &found.row.id;
        let (Ok(mut record), Ok(result)) = (
            serde_json::from_str::<SubmissionRecord>(&found.record_json),
            serde_json::from_str::<Alone>(&found.prepared_json),
        ) else {
            return Ok(false);
        };
        let candidates = self.candidates(item.submission, id)?;
        // The package may have another name by now.
        record.package.clone_from(&item.submission.package);
        record.filename = file_name(&item.submission.path);
        if found.stands
            && cache_key(package_key, self.evaluator.settings, &candidates) == found.cache_key
        {
            self.store.note_settled(&Settled {
                item: RunItemId {
                    run: &self.run_id,
                    ordinal: item.index,
                },
                submission_id: Some(id),
                evaluation_id: Some(found.id),
                stage: Stage::Store.name(),
                started_at: item.started_at,
                finished_at: Timestamp::now(),
            })?;
            self.finished(item, &record, Kept::Reused);
            return Ok(true);
        }
        let (mut sequence, mut structure) = (None, None);
        match self.store.sequence_of(id) {
            Err(StoreError::UnreadableFingerprint { .. }) => {
                let root = &self.evaluator.settings.artifact_root;
                match self.evaluator.structure_of(&store::artifact_path(root, id)) {
                    Some(found) => structure = found,
                    None => return Ok(false),
                }
            }
            found => sequence = found?,
        }
        let fingerprint = match &sequence {
            Some(sequence) => Fingerprint::Sequence(sequence),
            None => structure.as_ref().into(),
        };
        let subject = Subject {
            id,
            package_key,
            result: &result,
            fingerprint,
            package: None,
        };
        self.enter(item, Stage::Similarity);
        self.compare_and_store(item, &subject, true, |conclusion, compared| {
            conclusion.enter(item, Stage::Judge);
            let evaluator = conclusion.evaluator;
            evaluator.conclude_again(record.clone(), &found.row, &result, compared)
        })?;
        Ok(true)
    }

    /// Compares and judges as far as was asked for, and reports without storing.
    fn stop(&mut self, item: Item<'a>, evaluated: &Evaluated) -> Result<(), BatchError> {
        let until = self.options.until;
        let submission = item.submission;
        let mut compared = Compared::default();
        if until >= Stage::Similarity {
            self.enter(item, Stage::Similarity);
            let candidates = self.candidates(submission, &evaluated.id)?;
            let subject = evaluated.subject();
            let found = self.compare(submission, &subject, &candidates)?;
            self.take_place(item, subject.id, subject.fingerprint)?;
            compared = match found {
                Ok(compared) => compared,
                Err(error) => return self.unfinished(item, subject.id, &error),
            };
        }
        if until >= Stage::Judge {
            self.enter(item, Stage::Judge);
        }
        let record = self
            .evaluator
            .record(submission, evaluated, compared, until);
        self.store.note_settled(&Settled {
            item: RunItemId {
                run: &self.run_id,
                ordinal: item.index,
            },
            submission_id: Some(&evaluated.id),
            evaluation_id: None,
            stage: until.name(),
            started_at: item.started_at,
            finished_at: Timestamp::now(),
        })?;
        self.finished(item, &record, Kept::Nowhere);
        Ok(())
    }

    fn candidates(
        &mut self,
        submission: &Submission,
        id: &str,
    ) -> Result<Vec<store::Candidate>, StoreError> {
        neighbours::candidates(self.evaluator, self.store, &self.unstored, submission, id)
    }

    fn compare(
        &self,
        submission: &Submission,
        subject: &Subject<'_>,
        candidates: &[store::Candidate],
    ) -> Result<Result<Compared, ItemError>, StoreError> {
        let mut compared = self.evaluator.compare(submission, subject, candidates);
        if let Ok(compared) = &mut compared {
            compared.find_lines(subject, candidates, |id, sequence| {
                neighbours::located(self.store, &self.unstored, id, sequence)
            })?;
        }
        Ok(compared)
    }

    /// A submission without a result keeps its place in the order of arrival.
    fn take_place(
        &mut self,
        item: Item<'_>,
        submission_id: &str,
        fingerprint: Fingerprint<'_>,
    ) -> Result<(), StoreError> {
        let hotkey = &item.submission.hotkey;
        if self.options.until < Stage::Store {
            self.unstored.arrive(submission_id, hotkey, fingerprint);
            return Ok(());
        }
        let arrival = Arrival {
            ordinal: item.index,
            submission_id,
            hotkey,
            fingerprint,
        };
        self.store
            .reserve(&self.run_id, &[arrival], Timestamp::now())
    }

    fn item_failed(
        &mut self,
        item: Item<'_>,
        submission_id: Option<&str>,
        error: &ItemError,
    ) -> Result<(), BatchError> {
        self.summary.errors += 1;
        let failure = Failure {
            item: RunItemId {
                run: &self.run_id,
                ordinal: item.index,
            },
            submission_id,
            blame: Blame::Machine,
            stage: error.stage().name(),
            cause: &error.cause(),
            message: &chain(error),
            started_at: Some(item.started_at),
        };
        self.store.record_failure(&failure, Timestamp::now())?;
        self.tell(Event::ItemFailed {
            index: item.index,
            error,
            seconds: item.seconds(),
        });
        Ok(())
    }

    fn enter(&mut self, item: Item<'_>, stage: Stage) {
        self.tell(Event::StageEntered {
            index: item.index,
            stage,
        });
    }

    fn finished(&mut self, item: Item<'_>, record: &SubmissionRecord, kept: Kept) {
        self.summary.count(record, kept);
        self.tell(Event::ItemFinished {
            index: item.index,
            record,
            kept,
            seconds: item.seconds(),
        });
    }

    fn tell(&mut self, event: Event<'_>) {
        (self.listen)(event);
    }

    fn interrupted(&self) -> BatchError {
        let finished = self.summary.completed + self.summary.failed + self.summary.stopped;
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

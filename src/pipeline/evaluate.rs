//! The steps of one evaluation, in the live service's order.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::dataset::{self, Dataset};
use crate::harness::workspace::Workspace;
use crate::harness::{Cancel, Coming, Executor, HarnessLimits, HarnessRequest, Outcome};
use crate::judge;
use crate::judge::llm::{Heard, Opinion};
use crate::package::{self, Opened, Package, PackageError, PackageLimits};
use crate::review::{self, Review, Source};
use crate::score::{self, ConversationLimits, Metrics, Score};
use crate::settings::Settings;
use crate::similarity::{self, LocatedPackage, Sequence};
use crate::store::{self, Candidate, Fingerprint, StoreError, SubmissionRow};

use super::cache_key::package_key;
use super::containment::structure;
use super::row::{self, Logs};
use super::workspace::{lay_out, new_workspace};
use super::{
    Compared, Execution, ItemError, Neighbour, RecordStatus, Stage, Submission, SubmissionRecord,
};

/// A package that went as far as it can go alone.
#[derive(Debug)]
pub enum Prepared {
    /// It does not keep the package contract.
    Refused(PackageError),
    /// It was reviewed and, unless the review rejected it, run and scored; or it went as far as it was asked to.
    Evaluated(Box<Evaluated>),
    /// It was reviewed and should have been run, and this machine could not.
    Unfinished(Box<Unfinished>),
}

/// A package without a result that takes its place among the submissions all the same: who is whose neighbour must
/// not depend on a machine's bad day.
#[derive(Debug)]
pub struct Unfinished {
    /// Submission id.
    pub id: String,
    /// What is compared with other packages; None if the sources are not Python.
    pub structure: Option<LocatedPackage>,
    /// What went wrong.
    pub error: ItemError,
}

/// A package that keeps the contract, and which submission it is. Nothing of it was reviewed or run.
#[derive(Debug)]
pub struct Submitted {
    /// Which submission it is.
    pub known: Known,
    artifact: Vec<u8>,
    package: Package,
}

/// A submission, and what its result depends on: enough to find one that was made before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Submission id.
    pub id: String,
    /// What its result depends on besides its neighbours.
    pub package_key: String,
}

/// How far a package is to go, and whom to tell on its way.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The stage after which it is stopped.
    pub until: Stage,
    /// Told of every stage entered.
    pub enter: &'a dyn Fn(Stage),
}

/// What is known of a package before it is compared with others.
#[derive(Debug)]
pub struct Evaluated {
    /// The ZIP.
    pub artifact: Vec<u8>,
    /// Its SHA-256.
    pub artifact_hash: String,
    /// Submission id.
    pub id: String,
    /// What is compared with other packages; None if the sources are not Python.
    pub structure: Option<LocatedPackage>,
    /// What the result depends on besides its neighbours.
    pub package_key: String,
    /// What came out.
    pub result: Alone,
    package: Package,
    /// None where it was stopped before.
    review: Option<Review>,
    run: Option<Run>,
}

/// What came out of a package by itself, before it is compared with others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alone {
    /// The review rejected it.
    Rejected,
    /// Its run, or what came out of it, cannot be used.
    NoDataset(NoDataset),
    /// Its dataset was scored.
    Scored {
        /// Without penalty and judge.
        score: Score,
        /// A language model's opinion, if it was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opinion: Option<Heard<Opinion>>,
    },
    /// It was stopped before there was a score. The counts are those of its dataset, if that was read.
    Stopped(Score),
}

/// A submission to be compared, as it was made just now or stored earlier.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its id.
    pub id: &'a str,
    /// What its result depends on besides its neighbours.
    pub package_key: &'a str,
    /// What came out of it by itself.
    pub result: &'a Alone,
    /// What is compared.
    pub fingerprint: Fingerprint<'a>,
    /// Its package, where it is at hand; else the kept one is read if it is needed.
    pub package: Option<&'a Package>,
}

/// The run of a harness and what it left.
#[derive(Debug)]
struct Run {
    execution: Execution,
    stdout: String,
    stderr: String,
    sample_jsonl: Arc<str>,
}

/// A run without a dataset that could be scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoDataset {
    error: String,
    /// Bytes of the decoded text, 0 where there was none to read.
    size_bytes: u64,
}

/// A finished evaluation: what is published and what is stored.
#[derive(Debug)]
pub struct Concluded {
    /// The published record.
    pub record: SubmissionRecord,
    /// The same as a row of the database.
    pub row: SubmissionRow,
}

/// Everything an evaluation needs besides the package.
pub struct Evaluator<'a> {
    /// Limits, seed, window.
    pub settings: &'a Settings,
    /// Where harnesses run.
    pub executor: &'a dyn Executor,
    /// Set when the user asks to stop.
    pub cancel: Cancel,
}

impl Evaluator<'_> {
    /// Validate, review, execute, parse, score. Knows nothing of other packages, so any number may run at once.
    ///
    /// # Errors
    /// Only where the package cannot be read; all that comes after is part of the result.
    pub fn prepare(
        &self,
        submission: &Submission,
        enter: &dyn Fn(Stage),
    ) -> Result<Prepared, ItemError> {
        let until = Stage::Store;
        Ok(match self.open(submission, enter)? {
            Ok(submitted) => self.prepare_until(submission, submitted, Task { until, enter }),
            Err(refused) => Prepared::Refused(refused),
        })
    }

    /// The package contract alone.
    ///
    /// # Errors
    /// The package cannot be read. That it does not keep the contract is an answer.
    pub fn open(
        &self,
        submission: &Submission,
        enter: &dyn Fn(Stage),
    ) -> Result<Result<Submitted, PackageError>, ItemError> {
        enter(Stage::Validate);
        let limits = PackageLimits::from(self.settings);
        let Opened { artifact, package } =
            package::open(&submission.path, &limits).map_err(ItemError::Unreadable)?;
        Ok(package.map(|package| {
            let id = package::submission_id(&submission.hotkey, &package.artifact_hash);
            let package_key = package_key(&id, self.settings, self.executor.name());
            Submitted {
                known: Known { id, package_key },
                artifact,
                package,
            }
        }))
    }

    /// What comes after the contract, as far as it is wanted.
    pub fn prepare_until(
        &self,
        submission: &Submission,
        submitted: Submitted,
        task: Task<'_>,
    ) -> Prepared {
        let Submitted {
            known,
            artifact,
            package,
        } = submitted;
        let Known { id, package_key } = known;
        let mut evaluated = Evaluated {
            artifact,
            artifact_hash: package.artifact_hash.clone(),
            id,
            structure: None,
            package_key,
            result: Alone::Stopped(Score::default()),
            package,
            review: None,
            run: None,
        };
        if task.until == Stage::Validate {
            return Prepared::Evaluated(Box::new(evaluated));
        }

        (task.enter)(Stage::Review);
        let sources = sources(&evaluated.package);
        let reviewed = review::review(&sources);
        let structure = review::package_located(&reviewed, &sources);
        drop(sources);
        let accepted = reviewed.review.accepted;
        evaluated.review = Some(reviewed.review);
        if !accepted {
            evaluated.result = Alone::Rejected;
        } else if task.until > Stage::Review {
            let made = self
                .run_harness(submission, &evaluated.package, task)
                .and_then(|(run, result)| {
                    let until = task.until;
                    let result = self.with_opinion(submission, &evaluated, &run, result, until)?;
                    Ok((result, run))
                });
            match made {
                Ok((result, run)) => {
                    evaluated.run = Some(run);
                    evaluated.result = result;
                }
                Err(error) => {
                    let id = evaluated.id;
                    let unfinished = Unfinished {
                        id,
                        structure,
                        error,
                    };
                    return Prepared::Unfinished(Box::new(unfinished));
                }
            }
        }
        evaluated.structure = structure;
        Prepared::Evaluated(Box::new(evaluated))
    }

    /// Execute, parse, score.
    fn run_harness(
        &self,
        submission: &Submission,
        package: &Package,
        task: Task<'_>,
    ) -> Result<(Run, Alone), ItemError> {
        (task.enter)(Stage::Execute);
        let workspace = self.new_workspace(&submission.package)?;
        self.expect(workspace.path());
        lay_out(package, workspace.path(), &submission.package)?;
        let outcome = self.execute(submission, &package.entrypoint, workspace.path())?;
        // The folder goes before scoring starts: a long score must not hold disk space.
        workspace.close().map_err(|source| ItemError::Workspace {
            package: submission.package.clone(),
            source,
        })?;

        let mut sample_jsonl = String::new();
        let result = match outcome.error_text() {
            Some(error) => Alone::NoDataset(NoDataset {
                error,
                size_bytes: 0,
            }),
            None if task.until == Stage::Execute => Alone::Stopped(Score::default()),
            None => {
                (task.enter)(Stage::Parse);
                let text = dataset::decode(outcome.dataset_bytes());
                let result = self.score(&text, task);
                sample_jsonl = dataset::sample(&text, self.settings.sample_preview_limit);
                result
            }
        };
        let execution = Execution::from(&outcome);
        let (stdout, stderr) = (outcome.stdout_tail(), outcome.stderr_tail());
        // The sample may be as large, and making it one that is shared copies it.
        drop(outcome);
        let run = Run {
            execution,
            stdout,
            stderr,
            sample_jsonl: sample_jsonl.into(),
        };
        Ok((run, result))
    }

    /// A folder for a package to be laid out in, for a run of this executor.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new_workspace(&self, package: &str) -> Result<Workspace, ItemError> {
        let limits = PackageLimits::from(self.settings);
        let memory = self.executor.takes_workspaces_in_memory();
        new_workspace(package, memory.then_some(&limits))
    }

    /// Tells the executor of a run to come in this folder, which the package is still to be laid out in.
    pub fn expect(&self, workspace: &Path) {
        self.executor.expect(&Coming {
            workspace,
            output_filename: &self.settings.runner_output_filename,
            limits: &HarnessLimits::from(self.settings),
        });
    }

    /// The run itself: also what `dfab exec` does, without a review.
    ///
    /// # Errors
    /// Where the executor itself fails.
    pub fn execute(
        &self,
        submission: &Submission,
        entrypoint: &str,
        workspace: &Path,
    ) -> Result<Outcome, ItemError> {
        let request = HarnessRequest {
            workspace,
            entrypoint,
            seed: self.settings.runner_seed,
            output_filename: &self.settings.runner_output_filename,
            limits: &HarnessLimits::from(self.settings),
        };
        self.executor
            .run(&request, &self.cancel)
            .map_err(|source| ItemError::Executor {
                package: submission.package.clone(),
                source,
            })
    }

    fn score(&self, text: &str, task: Task<'_>) -> Alone {
        let limits = ConversationLimits::from(self.settings);
        let dataset = match Dataset::parse_keeping(text, limits.max_conversations) {
            Ok(dataset) => dataset,
            Err(error) => {
                return Alone::NoDataset(NoDataset {
                    error: error.to_string(),
                    size_bytes: text.len() as u64,
                });
            }
        };
        if task.until == Stage::Parse {
            let conversations = dataset.conversations().iter();
            return Alone::Stopped(Score {
                conversation_count: dataset.count(),
                total_messages: conversations.map(|one| one.messages.len()).sum(),
                size_bytes: dataset.size_bytes(),
                ..Score::default()
            });
        }
        (task.enter)(Stage::Score);
        Alone::Scored {
            score: score::score(&dataset, &limits),
            opinion: None,
        }
    }

    /// The result with a language model's opinion, where one is asked for and the package is to be judged.
    fn with_opinion(
        &self,
        submission: &Submission,
        evaluated: &Evaluated,
        run: &Run,
        result: Alone,
        until: Stage,
    ) -> Result<Alone, ItemError> {
        match (result, &evaluated.review) {
            (Alone::Scored { score, .. }, Some(review)) if until >= Stage::Judge => {
                let (name, package) = (&submission.package, &evaluated.package);
                let opinion = self.opinion(name, package, review, &score, &run.sample_jsonl)?;
                Ok(Alone::Scored { score, opinion })
            }
            (result, _) => Ok(result),
        }
    }

    /// What a kept package is compared by, or that its source does not parse; None if there is no such
    /// package.
    pub(super) fn structure_of(&self, kept: &Path) -> Option<Option<LocatedPackage>> {
        let opened = package::open(kept, &PackageLimits::from(self.settings)).ok()?;
        let package = opened.package.ok()?;
        let sources = sources(&package);
        Some(review::package_located(&review::review(&sources), &sources))
    }

    /// The nearest of the submissions that arrived before, newest first, with a language model's audit where one is
    /// asked for; None where there is no score to penalise or nothing to compare.
    ///
    /// # Errors
    /// Finding it would take unreasonably long, or a required audit cannot be had.
    pub fn compare(
        &self,
        submission: &Submission,
        subject: &Subject<'_>,
        candidates: &[Candidate],
    ) -> Result<Compared, ItemError> {
        let near = match (subject.result, subject.fingerprint.sequence()) {
            (Alone::Scored { .. }, Some(sequence)) => nearest(submission, sequence, candidates)?,
            _ => None,
        };
        Ok(Compared {
            plagiarism: self.audited(&submission.package, subject, near)?,
            structure: structure(subject, candidates),
        })
    }

    /// Judge and final score: the record of a submission, and its row.
    pub fn conclude(
        &self,
        submission: &Submission,
        evaluated: &Evaluated,
        compared: Compared,
    ) -> Concluded {
        let record = self.record(submission, evaluated, compared, Stage::Judge);
        let artifact = row::artifact_json(&evaluated.package);
        let row = row::row(&evaluated.id, &record, artifact, evaluated.logs());
        Concluded { record, row }
    }

    /// The record of a submission that goes no further than `until`. What is wrong with it by then is final; else it
    /// is pending.
    pub fn record(
        &self,
        submission: &Submission,
        evaluated: &Evaluated,
        compared: Compared,
        until: Stage,
    ) -> SubmissionRecord {
        let review = evaluated.review.as_ref();
        let mut record = SubmissionRecord {
            id: Some(evaluated.id.clone()),
            hotkey: submission.hotkey.clone(),
            package: submission.package.clone(),
            filename: file_name(&submission.path),
            artifact_hash: Some(evaluated.artifact_hash.clone()),
            status: RecordStatus::Pending,
            score: 0.0,
            passed: false,
            conversation_count: 0,
            total_messages: 0,
            size_bytes: 0,
            error: None,
            metrics: Metrics::default(),
            static_review: review.cloned(),
            judge: None,
            plagiarism: None,
            structure: None,
            violations: review.map(Review::flat_violations).unwrap_or_default(),
            execution: evaluated.run.as_ref().map(|run| run.execution.clone()),
        };
        record.settle(&evaluated.result, compared, until, &self.settings.llm_model);
        record
    }

    /// A stored record and its row with another neighbour. The harness is not run and nothing scored again.
    pub(super) fn conclude_again(
        &self,
        stored: SubmissionRecord,
        earlier: &SubmissionRow,
        result: &Alone,
        compared: Compared,
    ) -> Concluded {
        let mut record = stored;
        record.settle(result, compared, Stage::Judge, &self.settings.llm_model);
        let logs = Logs {
            stdout: &earlier.stdout,
            stderr: &earlier.stderr,
            sample_jsonl: Some(&earlier.sample_jsonl),
        };
        let row = row::row(&earlier.id, &record, earlier.artifact_json.clone(), logs);
        Concluded { record, row }
    }
}

impl SubmissionRecord {
    /// Fills in what follows from the result by itself and the nearest neighbour: penalty, judge, final score, status.
    /// `model` is the name of the language model whose opinion the result may hold.
    fn settle(&mut self, result: &Alone, compared: Compared, until: Stage, model: &str) {
        let plagiarism = compared.plagiarism;
        let mut is_final = true;
        let mut verdict = None;
        let score = match (result, &self.static_review) {
            (Alone::Rejected, review) => {
                let hash = review.as_ref().map_or("", |review| &review.harness_hash);
                failed_score(format!("static review rejected harness {hash}"), 0)
            }
            (Alone::NoDataset(failure), _) => {
                failed_score(failure.error.clone(), failure.size_bytes)
            }
            (Alone::Scored { score, opinion }, Some(review)) if until >= Stage::Judge => {
                let status = plagiarism.as_ref().map(|near| near.status);
                let penalised = judge::penalise(score.clone(), status);
                // A harness that just ran to its end compiles.
                let mut judgement =
                    judge::judge(&penalised.metrics, penalised.passed, review, true);
                if let Some(heard) = opinion {
                    judgement.hear(model, heard);
                }
                let finalised = judge::finalise(penalised, &judgement);
                verdict = Some(judgement);
                finalised
            }
            (Alone::Scored { score, .. } | Alone::Stopped(score), _) => {
                is_final = false;
                score.clone()
            }
        };
        self.status = match (&score.error, is_final) {
            (Some(_), _) => RecordStatus::Failed,
            (None, true) => RecordStatus::Completed,
            (None, false) => RecordStatus::Pending,
        };
        self.score = score.score;
        self.passed = score.passed;
        self.conversation_count = score.conversation_count;
        self.total_messages = score.total_messages;
        self.size_bytes = score.size_bytes;
        self.error = score.error;
        self.metrics = score.metrics;
        self.judge = verdict;
        self.plagiarism = plagiarism;
        self.structure = compared.structure;
    }
}

impl Evaluated {
    /// As it is compared.
    pub fn subject(&self) -> Subject<'_> {
        Subject {
            id: &self.id,
            package_key: &self.package_key,
            result: &self.result,
            fingerprint: self.structure.as_ref().into(),
            package: Some(&self.package),
        }
    }

    /// Keeps the package beside the database, on disk when this returns. Its bytes are not needed after that.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn keep_artifact(&mut self, settings: &Settings) -> Result<(), StoreError> {
        store::keep_artifact(&settings.artifact_root, &self.id, &self.artifact)?;
        self.artifact = Vec::new();
        Ok(())
    }

    fn logs(&self) -> Logs<'_> {
        match &self.run {
            None => Logs::default(),
            Some(run) => Logs {
                stdout: &run.stdout,
                stderr: &run.stderr,
                sample_jsonl: Some(&run.sample_jsonl),
            },
        }
    }
}

/// The name a package goes by in the database: its last path segment.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn failed_score(error: String, size_bytes: u64) -> Score {
    Score {
        size_bytes,
        error: Some(error),
        ..Score::default()
    }
}

pub(super) fn sources(package: &Package) -> Vec<Source<'_>> {
    let files = package.files.iter();
    let source = files.map(|file| Source {
        path: &file.path,
        bytes: &file.content,
    });
    source.collect()
}

/// Table cells one package's comparisons may visit: about a quarter of a minute of one core. The largest packages allowed, made to
/// resist every shortcut, would take the whole day; packages of usual size take a thousandth of a second.
const MAX_CELLS: u64 = 3_000_000_000_000;

/// # Errors
/// Finding it would take unreasonably long. A guess would not do: validators must agree.
fn nearest(
    submission: &Submission,
    sequence: &Sequence,
    candidates: &[Candidate],
) -> Result<Option<Neighbour>, ItemError> {
    let sequences: Vec<&Sequence> = candidates.iter().map(|earlier| &earlier.sequence).collect();
    let search = similarity::nearest_within(sequence, &sequences, MAX_CELLS);
    if !search.is_complete {
        return Err(ItemError::ComparisonTooLarge {
            package: submission.package.clone(),
        });
    }
    let found = search
        .nearest
        .and_then(|(index, score)| Some((candidates.get(index)?, score)));
    Ok(found.map(|(earlier, score)| Neighbour {
        submission_id: earlier.submission_id.clone(),
        hotkey: earlier.hotkey.clone(),
        score,
        status: similarity::status(score),
        llm: None,
    }))
}

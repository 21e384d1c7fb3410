//! The steps of one evaluation, in the live service's order.

use std::path::Path;

use crate::dataset::{self, Dataset};
use crate::harness::{Cancel, Coming, Executor, HarnessLimits, HarnessRequest, Outcome};
use crate::judge::llm::{Heard, Opinion};
use crate::judge::{self, Judgement};
use crate::package::{self, Opened, Package, PackageError, PackageLimits};
use crate::review::{self, Review, Source};
use crate::score::{self, ConversationLimits, Score};
use crate::settings::Settings;
use crate::similarity::{self, Sequence};
use crate::store::{Candidate, SubmissionRow};

use super::row::{self, Logs};
use super::workspace::{lay_out, new_workspace};
use super::{Execution, ItemError, Neighbour, RecordStatus, Stage, Submission, SubmissionRecord};

/// A package that went as far as it can go alone.
#[derive(Debug)]
pub enum Prepared {
    /// It does not keep the package contract.
    Refused(PackageError),
    /// It was reviewed and, unless the review rejected it, run and scored.
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
    pub sequence: Option<Sequence>,
    /// What went wrong.
    pub error: ItemError,
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
    pub sequence: Option<Sequence>,
    package: Package,
    review: Review,
    run: Option<Run>,
}

/// The run of a harness and what it left.
#[derive(Debug)]
struct Run {
    execution: Execution,
    stdout: String,
    stderr: String,
    sample_jsonl: String,
    result: Result<Score, NoDataset>,
    /// A language model's, if it was asked.
    opinion: Option<Heard<Opinion>>,
}

/// A run without a dataset that could be scored.
#[derive(Debug)]
struct NoDataset {
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
        enter(Stage::Validate);
        let Opened { artifact, package } =
            package::open(&submission.path, &PackageLimits::from(self.settings))
                .map_err(ItemError::Unreadable)?;
        let package = match package {
            Ok(package) => package,
            Err(refused) => return Ok(Prepared::Refused(refused)),
        };

        enter(Stage::Review);
        let sources = sources(&package);
        let reviewed = review::review(&sources);
        let sequence = review::package_sequence(&reviewed, &sources);
        drop(sources);

        let id = package::submission_id(&submission.hotkey, &package.artifact_hash);
        let run = match reviewed.review.accepted {
            false => None,
            true => match self.run_harness(submission, &package, &reviewed.review, enter) {
                Ok(run) => Some(run),
                Err(error) => {
                    let unfinished = Unfinished {
                        id,
                        sequence,
                        error,
                    };
                    return Ok(Prepared::Unfinished(Box::new(unfinished)));
                }
            },
        };
        Ok(Prepared::Evaluated(Box::new(Evaluated {
            artifact,
            artifact_hash: package.artifact_hash.clone(),
            id,
            sequence,
            package,
            review: reviewed.review,
            run,
        })))
    }

    /// Execute, parse, score; and the language model's opinion, where one is asked for.
    fn run_harness(
        &self,
        submission: &Submission,
        package: &Package,
        review: &Review,
        enter: &dyn Fn(Stage),
    ) -> Result<Run, ItemError> {
        enter(Stage::Execute);
        let workspace = new_workspace(&submission.package)?;
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
            Some(error) => Err(NoDataset {
                error,
                size_bytes: 0,
            }),
            None => {
                enter(Stage::Parse);
                let text = dataset::decode(outcome.dataset_bytes());
                sample_jsonl = dataset::sample(&text, self.settings.sample_preview_limit);
                self.score(&text, enter)
            }
        };
        let opinion = match &result {
            Ok(score) => {
                self.opinion(&submission.package, package, review, score, &sample_jsonl)?
            }
            Err(_) => None,
        };
        Ok(Run {
            execution: Execution::from(&outcome),
            stdout: outcome.stdout_tail(),
            stderr: outcome.stderr_tail(),
            sample_jsonl,
            result,
            opinion,
        })
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

    fn score(&self, text: &str, enter: &dyn Fn(Stage)) -> Result<Score, NoDataset> {
        let limits = ConversationLimits::from(self.settings);
        let dataset =
            Dataset::parse_keeping(text, limits.max_conversations).map_err(|error| NoDataset {
                error: error.to_string(),
                size_bytes: text.len() as u64,
            })?;
        enter(Stage::Score);
        Ok(score::score(&dataset, &limits))
    }

    /// The sequence of a kept package, or that its source does not parse; None if there is no such
    /// package.
    pub(super) fn sequence_of(&self, kept: &Path) -> Option<Option<Sequence>> {
        let opened = package::open(kept, &PackageLimits::from(self.settings)).ok()?;
        let package = opened.package.ok()?;
        let sources = sources(&package);
        Some(review::package_sequence(
            &review::review(&sources),
            &sources,
        ))
    }

    /// The nearest of the submissions that arrived before, newest first, with a language model's audit where one is
    /// asked for; None where there is no score to penalise or nothing to compare.
    ///
    /// # Errors
    /// Finding it would take unreasonably long, or a required audit cannot be had.
    pub fn compare(
        &self,
        submission: &Submission,
        evaluated: &Evaluated,
        candidates: &[Candidate],
    ) -> Result<Option<Neighbour>, ItemError> {
        let is_scored = matches!(&evaluated.run, Some(Run { result: Ok(_), .. }));
        let near = match &evaluated.sequence {
            Some(sequence) if is_scored => nearest(submission, sequence, candidates)?,
            _ => None,
        };
        self.audited(&submission.package, &evaluated.package, near)
    }

    /// Judge and final score: the record of a submission, and its row.
    pub fn conclude(
        &self,
        submission: &Submission,
        evaluated: &Evaluated,
        plagiarism: Option<Neighbour>,
    ) -> Concluded {
        let review = &evaluated.review;
        let mut judgement = None;
        let score = match evaluated.run.as_ref().map(|run| &run.result) {
            None => failed_score(
                format!("static review rejected harness {}", review.harness_hash),
                0,
            ),
            Some(Err(failure)) => failed_score(failure.error.clone(), failure.size_bytes),
            Some(Ok(score)) => {
                let status = plagiarism.as_ref().map(|near| near.status);
                let penalised = judge::penalise(score.clone(), status);
                // A harness that just ran to its end compiles.
                let mut verdict = judge::judge(&penalised.metrics, penalised.passed, review, true);
                self.hear(&mut verdict, evaluated.run.as_ref());
                let finalised = judge::finalise(penalised, &verdict);
                judgement = Some(verdict);
                finalised
            }
        };
        let status = match score.error {
            None => RecordStatus::Completed,
            Some(_) => RecordStatus::Failed,
        };
        let record = SubmissionRecord {
            id: Some(evaluated.id.clone()),
            hotkey: submission.hotkey.clone(),
            package: submission.package.clone(),
            filename: file_name(&submission.path),
            artifact_hash: Some(evaluated.artifact_hash.clone()),
            status,
            score: score.score,
            passed: score.passed,
            conversation_count: score.conversation_count,
            total_messages: score.total_messages,
            size_bytes: score.size_bytes,
            error: score.error,
            metrics: score.metrics,
            static_review: Some(review.clone()),
            judge: judgement,
            plagiarism,
            violations: review.flat_violations(),
            execution: evaluated.run.as_ref().map(|run| run.execution.clone()),
        };
        let row = row::row(&evaluated.id, &record, &evaluated.package, evaluated.logs());
        Concluded { record, row }
    }

    fn hear(&self, verdict: &mut Judgement, run: Option<&Run>) {
        if let Some(heard) = run.and_then(|run| run.opinion.as_ref()) {
            verdict.hear(&self.settings.llm_model, heard);
        }
    }
}

impl Evaluated {
    fn logs(&self) -> Logs<'_> {
        match &self.run {
            None => Logs::default(),
            Some(run) => Logs {
                stdout: &run.stdout,
                stderr: &run.stderr,
                sample_jsonl: &run.sample_jsonl,
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

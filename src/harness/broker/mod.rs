//! Harnesses in containers that a broker starts for us, over HTTP.
//!
//! The broker is trusted with the harness and with the token, and with nothing else: its answers
//! are bounded while they are read and checked before they are believed, and what it says is never
//! repeated with the token in it. Inside the container runs the same shell line as with
//! [`docker`](super::docker), so outcomes are told apart by the same means.

mod answer;
mod archive;
mod error;
mod http;
mod request;

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

pub use error::BrokerError;

use super::container::{
    ContainerError, ContainerSettings, Facts, Job, Line, Maker, check_started, conclude, enforced,
    keep, most_bytes, read_guard, read_stderr, read_stdout,
};
use super::request::check_request;
use super::{Cancel, Executor, ExecutorError, HarnessRequest, Outcome, Trial};
use crate::settings::Secret;
use answer::RunAnswer;
use http::Http;

/// What an answer may take beyond the harness's own time: the live service's rule.
const HTTP_GRACE: Duration = Duration::from_secs(15);
/// What a question other than a run may take.
const QUESTION_PATIENCE: Duration = Duration::from_secs(15);
/// How often the cancel flag is looked at while the broker works.
const TICK: Duration = Duration::from_millis(20);
/// Most bytes of an answer to a question.
const MAX_ANSWER: u64 = 1 << 20;
/// Bytes of stderr a broker may pass on. The stored part is far smaller.
const MAX_STDERR: u64 = 4 << 20;
/// JSON can write one byte as six.
const JSON_FACTOR: u64 = 6;

/// Reads the token when it is needed: a file may be replaced while we run.
pub type TokenSource = Box<dyn Fn() -> Result<Option<Secret>, String> + Send + Sync>;

/// Runs harnesses through a container broker.
pub struct Broker {
    http: Http,
    settings: ContainerSettings,
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker")
            .field("url", &self.http.shown())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Broker {
    /// An executor that asks the broker at this address.
    ///
    /// # Errors
    /// An image or a network that must not be used.
    pub fn new(
        url: &str,
        token: TokenSource,
        settings: ContainerSettings,
    ) -> Result<Self, ExecutorError> {
        settings.check()?;
        let http = Http::new(url, &settings.slug, token);
        Ok(Self { http, settings })
    }

    /// The broker's address, without what may be secret in it.
    pub fn address(&self) -> &str {
        self.http.shown()
    }

    /// Names of the containers of one job.
    ///
    /// # Errors
    /// The broker does not answer, or not as it should.
    pub fn list(&self, job_id: &str) -> Result<Vec<String>, ExecutorError> {
        let body = request::about_job(job_id);
        let answer = self
            .http
            .post("/v1/docker/list", &body, QUESTION_PATIENCE, MAX_ANSWER)?;
        Ok(answer::containers(&answer)?)
    }

    /// Has the containers of one job removed.
    ///
    /// # Errors
    /// The broker does not answer, or not as it should.
    pub fn cleanup(&self, job_id: &str) -> Result<(), ExecutorError> {
        let body = request::about_job(job_id);
        self.http
            .post("/v1/docker/cleanup", &body, QUESTION_PATIENCE, MAX_ANSWER)?;
        Ok(())
    }

    /// Tries everything a run needs: asks for the containers of a job that has none, then runs a
    /// harness of our own. Returns what that showed.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn check(&self) -> Result<Trial, ExecutorError> {
        self.list(&Job::new(&self.settings.slug).id)?;
        super::trial::python_inside(self)
    }

    /// Asks for the run and waits, in a thread of its own so that an interruption need not wait for
    /// the broker. An answer that comes too late for us finds nobody listening.
    fn ask(
        &self,
        body: Vec<u8>,
        request: &HarnessRequest<'_>,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, ExecutorError> {
        let patience = request.limits.wall_time.saturating_add(HTTP_GRACE);
        let bytes = most_bytes(request.limits.max_output_size_bytes).saturating_add(MAX_STDERR);
        let most = bytes.saturating_mul(JSON_FACTOR);
        let http = self.http.clone();
        let (send, receive) = mpsc::channel();
        std::thread::Builder::new()
            .name("broker".to_owned())
            .spawn(move || {
                // Nobody listens after an interruption.
                let _ = send.send(http.post("/v1/docker/run", &body, patience, most));
            })
            .map_err(ExecutorError::io("start a thread"))?;
        loop {
            match receive.recv_timeout(TICK) {
                Ok(answer) => return Ok(answer?),
                Err(RecvTimeoutError::Timeout) if cancel.is_cancelled() => {
                    return Err(ExecutorError::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let why = "the thread that asked the broker is gone".to_owned();
                    return Err(ExecutorError::Supervisor { why });
                }
            }
        }
    }
}

impl Executor for Broker {
    fn name(&self) -> &'static str {
        "broker"
    }

    fn run(&self, request: &HarnessRequest<'_>, cancel: &Cancel) -> Result<Outcome, ExecutorError> {
        if cancel.is_cancelled() {
            return Err(ExecutorError::Interrupted);
        }
        let workspace = check_request(request)?;
        let job = Job::new(&self.settings.slug);
        let line = Line::new(&self.settings, &job, request);
        let tar = archive::of(&workspace).map_err(ExecutorError::io("pack the workspace"))?;
        let body = request::run(&self.settings, &job, &line, &tar, request);
        drop(tar);
        let asked = Instant::now();
        let answer = self
            .ask(body, request, cancel)
            .and_then(|bytes| answer::run(&bytes).map_err(|error| self.masked(error).into()))
            .map(|answer| answer.map_text(|text| self.http.without_tokens(text)));
        let answer = match answer {
            Ok(answer) if !cancel.is_cancelled() => answer,
            other => {
                // The container may be running still. That it cannot be removed either adds nothing
                // to what went wrong, and the broker's own time limit is behind it.
                let _ = self.cleanup(&job.id);
                return Err(other.err().unwrap_or(ExecutorError::Interrupted));
            }
        };
        let wall_seconds = asked.elapsed().as_secs_f64();
        self.conclude(answer, &job, request, wall_seconds)
    }
}

impl Broker {
    /// An error that quotes an answer, without the token should it be in there.
    fn masked(&self, error: BrokerError) -> BrokerError {
        match error {
            BrokerError::Shape { why } => BrokerError::Shape {
                why: self.http.mask(&why),
            },
            BrokerError::NotJson { why } => BrokerError::NotJson {
                why: self.http.mask(&why),
            },
            error => error,
        }
    }

    fn conclude(
        &self,
        mut answer: RunAnswer,
        job: &Job,
        request: &HarnessRequest<'_>,
        wall_seconds: f64,
    ) -> Result<Outcome, ExecutorError> {
        let limits = request.limits;
        let limit = limits.max_output_size_bytes;
        let said = read_stdout(&job.mark, limit, answer.stdout.as_bytes(), answer.exit());
        let guard = read_guard(&job.mark, answer.stdout.as_bytes());
        let complaints = read_stderr(&job.mark, answer.stderr.as_bytes());
        let (ended, printed) = check_started(&said, guard.as_ref(), &self.settings, complaints)
            .map_err(ExecutorError::from)
            .and_then(|()| answer::ended(&answer, &job.mark, said, &self.settings, request))
            .map_err(|error| match error {
                ExecutorError::Container(ContainerError::NotStarted { said }) => {
                    let said = self.http.mask(&said);
                    ContainerError::NotStarted { said }.into()
                }
                error => error,
            })?;
        let stdout = std::mem::take(&mut answer.stdout).into_bytes();
        let wall_time = format!(
            "{} ms, left to the broker; no answer is waited for {} s longer",
            limits.wall_time.as_millis(),
            HTTP_GRACE.as_secs()
        );
        let facts = Facts {
            stdout: keep(stdout, printed),
            stderr: read_stderr(&job.mark, answer.stderr.as_bytes()).to_vec(),
            wall_seconds,
            enforced: enforced(&self.settings, Maker::Broker, guard.as_ref(), &wall_time),
        };
        Ok(conclude(ended, facts, limits, &self.settings))
    }
}

#[cfg(test)]
mod tests;

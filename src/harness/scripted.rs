//! A fake that runs nothing and answers from a file, so that whole batches can be tested through
//! the real program without Python, privileges or waiting.
//!
//! The file is JSON. Unknown keys are refused, so that a typing error cannot make a test pass.
//!
//! ```json
//! {
//!   "journal": "runs.jsonl",
//!   "outcomes": [
//!     { "when": { "marker": "# case: slow" },
//!       "class": "timeout_wall", "stderr": "still thinking\n", "wall_seconds": 300.0 },
//!     { "when": { "entrypoint": "main.py", "sha256": "9f86d0…" },
//!       "class": "exit", "code": 3, "stderr": "boom\n" },
//!     { "when": { "marker": "# case: flaky" }, "times": 1, "error": "keeper died" },
//!     { "when": { "marker": "# case: noisy" }, "stdout": "x", "stdout_repeat": 100000 },
//!     { "stdout_file": "good.jsonl" }
//!   ]
//! }
//! ```
//!
//! The first entry whose `when` fits the request answers it; one without `when` fits always.
//! `when` may ask for
//! - `entrypoint`: the request's, exactly;
//! - `workspace`: the end of the workspace's path, whole segments;
//! - `marker`: a text that occurs in the entrypoint's source;
//! - `sha256`: of the entrypoint's bytes, in hex.
//!
//! `times` limits how many requests an entry answers, so that a second try can end differently.
//! `class` (default `ok`) is that of [`Ending`], with `code` or `number` where that has one.
//! `stdout`, `stderr` and `output_file` are texts; `…_file` in their place names a file beside the
//! script; `…_repeat` writes the content so many times. As with a real run, stdout or an output file
//! over the request's limit ends as `output_limit`. `wall_seconds`, `cpu_seconds`,
//! `peak_memory_bytes`, `detail` and `returncode` are reported as given; `sleep_seconds` really
//! waits, and can be cancelled. `error` makes it a failure of ours in place of an outcome.
//! Every finished request appends `{"entrypoint", "sha256", "entry"}` to `journal`, so that a test
//! can count what ran.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::output::{file_limit_text, stdout_limit_text};
use super::request::check_request;
use super::{Cancel, Ending, Executor, ExecutorError, HarnessRequest, Outcome, Protection};

/// How often a sleeping run looks at the cancel flag.
const TICK: Duration = Duration::from_millis(5);
/// Most bytes a repeated stream may come to: the script is trusted, its typing errors are not.
const MOST_BYTES: u64 = 1 << 30;

/// Answers from a file.
#[derive(Debug)]
pub struct Scripted {
    script: Script,
    /// Folder of the script, to which its paths are relative.
    folder: PathBuf,
    /// How often each entry has answered.
    used: Mutex<Vec<u64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    journal: Option<PathBuf>,
    outcomes: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Entry {
    when: When,
    times: Option<u64>,
    error: Option<String>,
    class: Class,
    code: Option<i32>,
    number: Option<i32>,
    returncode: Option<i32>,
    detail: Option<String>,
    stdout: Option<String>,
    stdout_file: Option<PathBuf>,
    stdout_repeat: Option<u64>,
    stderr: Option<String>,
    stderr_file: Option<PathBuf>,
    stderr_repeat: Option<u64>,
    output_file: Option<String>,
    output_file_file: Option<PathBuf>,
    output_file_repeat: Option<u64>,
    wall_seconds: f64,
    cpu_seconds: Option<f64>,
    peak_memory_bytes: Option<u64>,
    sleep_seconds: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct When {
    entrypoint: Option<String>,
    workspace: Option<PathBuf>,
    marker: Option<String>,
    sha256: Option<String>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Class {
    #[default]
    Ok,
    Exit,
    Signal,
    TimeoutWall,
    TimeoutCpu,
    Oom,
    OutputLimit,
    BadOutput,
}

impl Entry {
    fn ending(&self) -> Result<Ending, String> {
        let missing = |key: &str| format!("class {:?} needs `{key}`", self.class);
        Ok(match self.class {
            Class::Ok => Ending::Ok,
            Class::Exit => Ending::Exit {
                code: self.code.ok_or_else(|| missing("code"))?,
            },
            Class::Signal => Ending::Signal {
                number: self.number.ok_or_else(|| missing("number"))?,
            },
            Class::TimeoutWall => Ending::TimeoutWall,
            Class::TimeoutCpu => Ending::TimeoutCpu,
            Class::Oom => Ending::Oom,
            Class::OutputLimit => Ending::OutputLimit,
            Class::BadOutput => Ending::BadOutput,
        })
    }

    fn check(&self) -> Result<(), String> {
        self.ending()?;
        let sleep = Duration::try_from_secs_f64(self.sleep_seconds);
        sleep.map_err(|error| format!("`sleep_seconds`: {error}"))?;
        Ok(())
    }
}

impl When {
    fn fits(&self, request: &HarnessRequest<'_>, source: &[u8], digest: &str) -> bool {
        let marker = |marker: &String| {
            marker.is_empty()
                || source
                    .windows(marker.len())
                    .any(|part| part == marker.as_bytes())
        };
        self.entrypoint
            .as_ref()
            .is_none_or(|wanted| wanted == request.entrypoint)
            && self
                .workspace
                .as_ref()
                .is_none_or(|wanted| request.workspace.ends_with(wanted))
            && self.marker.as_ref().is_none_or(marker)
            && self
                .sha256
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(digest))
    }
}

impl Scripted {
    /// Reads a script.
    ///
    /// # Errors
    /// The file cannot be read or is not a script; says where.
    pub fn from_file(path: &Path) -> Result<Self, ExecutorError> {
        let text =
            fs::read(path).map_err(ExecutorError::io(format!("read script {}", path.display())))?;
        let wrong = |why: String| ExecutorError::Script {
            why: format!("{}: {why}", path.display()),
        };
        let script: Script =
            serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        for (index, entry) in script.outcomes.iter().enumerate() {
            entry
                .check()
                .map_err(|why| wrong(format!("outcome {index}: {why}")))?;
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let used = Mutex::new(vec![0; script.outcomes.len()]);
        Ok(Self {
            script,
            folder,
            used,
        })
    }

    fn choose(
        &self,
        request: &HarnessRequest<'_>,
        source: &[u8],
        digest: &str,
    ) -> Result<(usize, &Entry), ExecutorError> {
        // A panic elsewhere leaves the counters whole: they are only ever incremented.
        let mut used = self
            .used
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for ((index, entry), used) in self.script.outcomes.iter().enumerate().zip(used.iter_mut()) {
            let left = entry.times.is_none_or(|times| *used < times);
            if left && entry.when.fits(request, source, digest) {
                *used += 1;
                return Ok((index, entry));
            }
        }
        let why = format!(
            "no outcome for {:?} with SHA-256 {digest}",
            request.entrypoint
        );
        Err(ExecutorError::Script { why })
    }

    fn content(
        &self,
        text: Option<&String>,
        file: Option<&PathBuf>,
        repeat: Option<u64>,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, ExecutorError> {
        let once = match (text, file) {
            (Some(text), _) => text.clone().into_bytes(),
            (None, Some(file)) => {
                let path = self.folder.join(file);
                fs::read(&path).map_err(ExecutorError::io(format!("read {}", path.display())))?
            }
            (None, None) => return Ok(None),
        };
        // One byte past the limit is enough to know.
        let most = limit.saturating_add(1).min(MOST_BYTES);
        let wanted = repeat
            .unwrap_or(1)
            .saturating_mul(once.len() as u64)
            .min(most);
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < wanted && !once.is_empty() {
            let room = wanted - bytes.len() as u64;
            let take = usize::try_from(room).unwrap_or(usize::MAX).min(once.len());
            bytes.extend_from_slice(&once[..take]);
        }
        Ok(Some(bytes))
    }

    fn outcome(&self, entry: &Entry, limit: u64) -> Result<Outcome, ExecutorError> {
        let script_error = |why| ExecutorError::Script { why };
        let mut ending = entry.ending().map_err(script_error)?;
        let mut detail = entry.detail.clone();
        let stdout = self.content(
            entry.stdout.as_ref(),
            entry.stdout_file.as_ref(),
            entry.stdout_repeat,
            limit,
        )?;
        let stderr = self.content(
            entry.stderr.as_ref(),
            entry.stderr_file.as_ref(),
            entry.stderr_repeat,
            MOST_BYTES,
        )?;
        let mut output_file = self
            .content(
                entry.output_file.as_ref(),
                entry.output_file_file.as_ref(),
                entry.output_file_repeat,
                limit,
            )?
            .filter(|bytes| !bytes.is_empty());
        let mut stdout = stdout.unwrap_or_default();
        if stdout.len() as u64 > limit {
            stdout.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            (ending, detail) = (Ending::OutputLimit, Some(stdout_limit_text(limit)));
        }
        if let Some(bytes) = output_file.take_if(|bytes| bytes.len() as u64 > limit) {
            let text = file_limit_text(bytes.len() as u64, limit);
            (ending, detail) = (Ending::OutputLimit, Some(text));
        }
        Ok(Outcome {
            ending,
            returncode: entry.returncode.unwrap_or_else(|| ending.returncode()),
            detail,
            stdout,
            stderr: stderr.unwrap_or_default(),
            output_file,
            wall_seconds: entry.wall_seconds,
            cpu_seconds: entry.cpu_seconds,
            peak_memory_bytes: entry.peak_memory_bytes,
            enforced: vec![Protection::missing("isolation", "scripted: nothing is run")],
        })
    }

    fn record(
        &self,
        request: &HarnessRequest<'_>,
        digest: &str,
        entry: usize,
    ) -> Result<(), ExecutorError> {
        let Some(journal) = &self.script.journal else {
            return Ok(());
        };
        let path = self.folder.join(journal);
        let line = serde_json::json!({
            "entrypoint": request.entrypoint,
            "sha256": digest,
            "entry": entry,
        });
        // One write of one short line: appends of several processes do not mix.
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
            .map_err(ExecutorError::io(format!("write {}", path.display())))
    }
}

impl Executor for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn run(&self, request: &HarnessRequest<'_>, cancel: &Cancel) -> Result<Outcome, ExecutorError> {
        let path = check_request(request)?.join(request.entrypoint);
        let mut source = Vec::new();
        fs::File::open(&path)
            .and_then(|file| file.take(MOST_BYTES).read_to_end(&mut source))
            .map_err(ExecutorError::io(format!("read {}", path.display())))?;
        let digest: String = Sha256::digest(&source)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let (index, entry) = self.choose(request, &source, &digest)?;
        sleep(entry.sleep_seconds, cancel)?;
        self.record(request, &digest, index)?;
        match &entry.error {
            Some(why) => Err(ExecutorError::Script { why: why.clone() }),
            None => self.outcome(entry, request.limits.max_output_size_bytes),
        }
    }
}

fn sleep(seconds: f64, cancel: &Cancel) -> Result<(), ExecutorError> {
    let wanted = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
    let started = Instant::now();
    loop {
        if cancel.is_cancelled() {
            return Err(ExecutorError::Interrupted);
        }
        let left = wanted.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(TICK));
    }
}

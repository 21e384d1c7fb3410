//! How a run ended and what it left.

use serde::{Deserialize, Serialize};

use super::Protection;

/// Characters of stderr (or stdout) that become the error of a failed run: the live service's rule.
pub const ERROR_TEXT_CHARS: usize = 2_000;
/// Characters of each stream that are stored: the live service's rule.
pub const LOG_TAIL_CHARS: usize = 64_000;

/// Return code of a run that was ended for its time, as `timeout(1)` and the live service have it.
pub(crate) const TIMEOUT_RETURNCODE: i32 = 124;
/// 128 + SIGKILL.
pub(crate) const OOM_RETURNCODE: i32 = 137;
/// 128 + SIGKILL: we killed it.
pub(crate) const KILLED_RETURNCODE: i32 = 137;

/// The way a run ended. Exactly one holds; none of them is our own failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "class", rename_all = "snake_case")]
pub enum Ending {
    /// Exit code 0.
    Ok,
    /// Another exit code.
    Exit {
        /// 1 to 255.
        code: i32,
    },
    /// Killed by a signal that was not ours.
    Signal {
        /// Its number.
        number: i32,
    },
    /// Ended at the wall-clock limit.
    TimeoutWall,
    /// Ended at the processor-time limit.
    TimeoutCpu,
    /// Ended for its memory; only said when it is known.
    Oom,
    /// More output than allowed.
    OutputLimit,
    /// The output path holds something other than a plain file.
    BadOutput,
}

impl Ending {
    /// 0, the exit code, 128+n for a signal, 124 for timeouts, 137 for what we killed.
    pub fn returncode(self) -> i32 {
        match self {
            Self::Ok => 0,
            Self::Exit { code } => code,
            Self::Signal { number } => 128 + number,
            Self::TimeoutWall | Self::TimeoutCpu => TIMEOUT_RETURNCODE,
            Self::Oom => OOM_RETURNCODE,
            Self::OutputLimit => KILLED_RETURNCODE,
            Self::BadOutput => 1,
        }
    }

    /// Whether a time limit ended it.
    pub fn timed_out(self) -> bool {
        matches!(self, Self::TimeoutWall | Self::TimeoutCpu)
    }
}

/// Everything known about a finished run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The way it ended.
    pub ending: Ending,
    /// 0, the exit code, 128+n for a signal, 124 for timeouts, 137 for oom and for a run killed at
    /// the stdout limit; a run that was well but for its output file keeps its own code.
    pub returncode: i32,
    /// For limits and bad output: what exactly, as the error text to record.
    pub detail: Option<String>,
    /// All of stdout, at most the output limit; where an output file counts instead, at least the end that is stored.
    pub stdout: Vec<u8>,
    /// The end of stderr, at least the stored part.
    pub stderr: Vec<u8>,
    /// The output file's bytes if it is a regular non-empty file within the limit.
    pub output_file: Option<Vec<u8>>,
    /// Monotonic clock.
    pub wall_seconds: f64,
    /// User and system time of the whole group, where it is known.
    pub cpu_seconds: Option<f64>,
    /// Largest memory use seen, where it is known.
    pub peak_memory_bytes: Option<u64>,
    /// What was in force, and what was not.
    pub enforced: Vec<Protection>,
}

impl Outcome {
    /// The dataset: the output file if there is a non-empty one, else stdout.
    pub fn dataset_bytes(&self) -> &[u8] {
        self.output_file
            .as_deref()
            .filter(|bytes| !bytes.is_empty())
            .unwrap_or(&self.stdout)
    }

    /// The error to record, or `None` for a run that ended well.
    ///
    /// Exit codes, signals and the wall-clock timeout take the live service's text: the end of
    /// stderr, else of stdout, else a fixed sentence. The endings the service does not know say
    /// which limit was hit.
    pub fn error_text(&self) -> Option<String> {
        let fixed = match self.ending {
            Ending::Ok => return None,
            Ending::Exit { .. } | Ending::Signal { .. } | Ending::TimeoutWall => {
                return Some(self.last_words());
            }
            Ending::TimeoutCpu => "harness used more processor time than allowed",
            Ending::Oom => "harness used more memory than allowed",
            Ending::OutputLimit => "harness wrote more output than allowed",
            Ending::BadOutput => "harness output is not a regular file",
        };
        Some(self.detail.clone().unwrap_or_else(|| fixed.to_owned()))
    }

    /// The part of stdout that is stored.
    pub fn stdout_tail(&self) -> String {
        tail(&self.stdout, LOG_TAIL_CHARS)
    }

    /// The part of stderr that is stored.
    pub fn stderr_tail(&self) -> String {
        tail(&self.stderr, LOG_TAIL_CHARS)
    }

    fn last_words(&self) -> String {
        [&self.stderr, &self.stdout]
            .into_iter()
            .find(|stream| !stream.is_empty())
            .map(|stream| tail(stream, ERROR_TEXT_CHARS))
            .unwrap_or_else(|| "harness execution failed".to_owned())
    }
}

/// Lets go of all of a stream but the end that is stored.
pub(super) fn keep_end(stream: &mut Vec<u8>) {
    let start = start_of_tail(stream, LOG_TAIL_CHARS);
    if start > 0 {
        *stream = stream[start..].to_vec();
    }
}

/// Where the bytes begin that decide on the last characters. One takes at most four bytes, and a cut inside one can
/// only disturb what lies before the characters that are kept.
fn start_of_tail(bytes: &[u8], chars: usize) -> usize {
    let most = chars.saturating_mul(4).saturating_add(4);
    bytes.len().saturating_sub(most)
}

/// The last `chars` characters of bytes decoded as UTF-8 with replacement.
fn tail(bytes: &[u8], chars: usize) -> String {
    let start = start_of_tail(bytes, chars);
    let text = String::from_utf8_lossy(&bytes[start..]);
    match text.char_indices().rev().nth(chars.saturating_sub(1)) {
        Some((from, _)) => text[from..].to_owned(),
        None => text.into_owned(),
    }
}

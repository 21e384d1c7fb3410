//! What a broker answers, and what is believed of it.

use std::ops::Range;

use serde::Deserialize;
use serde_json::Value;

use super::BrokerError;
use crate::harness::container::{
    ContainerError, ContainerSettings, Ended, EndedBy, OutputFile, Report, Said,
};
use crate::harness::{ExecutorError, HarnessRequest};

/// Codes that a container never reached our line with, by Docker's convention.
const NOT_STARTED: std::ops::RangeInclusive<i64> = 125..=127;
/// Codes above are those of processes that were killed.
const LAST_PLAIN_CODE: i32 = 128;
/// Exit codes, and signals as Python's subprocess module writes them.
const RETURNCODES: std::ops::RangeInclusive<i64> = -64..=255;

/// The answer to a request for a run.
#[derive(Debug, Deserialize)]
pub(super) struct RunAnswer {
    /// Only looked at for being there: a broker that answers something else has no reason to have it.
    #[serde(rename = "container_name")]
    _container_name: String,
    pub(super) stdout: String,
    pub(super) stderr: String,
    returncode: Option<i64>,
    timed_out: bool,
}

/// Reads the answer to a run.
pub(super) fn run(bytes: &[u8]) -> Result<RunAnswer, BrokerError> {
    let answer: RunAnswer = parse(bytes)?;
    match answer.returncode {
        Some(code) if !RETURNCODES.contains(&code) => {
            Err(shape(format!("returncode {code} is no exit code")))
        }
        None if !answer.timed_out => Err(shape("returncode is null though nothing timed out")),
        _ => Ok(answer),
    }
}

/// Names in the answer to a list: `containers` holds names, or objects with one.
pub(super) fn containers(bytes: &[u8]) -> Result<Vec<String>, BrokerError> {
    let answer: Value = parse(bytes)?;
    let list = answer
        .get("containers")
        .and_then(Value::as_array)
        .ok_or_else(|| shape("containers is not a list"))?;
    list.iter()
        .map(|item| {
            let name = item.get("container_name").unwrap_or(item);
            let name = name.as_str().map(str::to_owned);
            name.ok_or_else(|| shape("a container has no container_name"))
        })
        .collect()
}

/// How the run ended, and what the harness printed.
pub(super) fn ended(
    answer: &RunAnswer,
    mark: &str,
    said: Said,
    settings: &ContainerSettings,
    request: &HarnessRequest<'_>,
) -> Result<(Ended, Range<usize>), ExecutorError> {
    let all = 0..answer.stdout.len();
    let killed_for_memory = false;
    Ok(match said {
        Said::Refused { missing } => {
            return Err(ContainerError::refused(&missing, settings, request).into());
        }
        Said::Reported { stdout, report } => (Ended::Reported(report), stdout),
        Said::Began { stdout } if answer.timed_out => {
            (Ended::TimedOut { killed_for_memory }, stdout)
        }
        Said::Alive => return Err(ContainerError::StillAlive.into()),
        // A line that ends with such a code was not killed, so it has said its last word; unless there is too much of
        // it in any case, what is missing is the broker's fault.
        Said::Began { stdout }
            if answer.code() <= LAST_PLAIN_CODE
                && stdout.len() as u64 <= request.limits.max_output_size_bytes =>
        {
            return Err(BrokerError::Shortened { kept: "beginning" }.into());
        }
        Said::Began { stdout } => {
            let code = answer.code();
            let ended = Ended::Unreported {
                code,
                killed_for_memory,
            };
            (ended, stdout)
        }
        Said::Nothing if answer.stdout.contains(mark) => {
            return Err(BrokerError::Shortened { kept: "end" }.into());
        }
        Said::Nothing if answer.timed_out => (Ended::TimedOut { killed_for_memory }, all),
        Said::Nothing => (answer.at_its_word()?, all),
    })
}

impl RunAnswer {
    /// The same with its two long texts changed.
    pub(super) fn map_text(self, change: impl Fn(String) -> String) -> RunAnswer {
        RunAnswer {
            stdout: change(self.stdout),
            stderr: change(self.stderr),
            ..self
        }
    }

    /// The code with which the line ended by itself, if it did.
    pub(super) fn exit(&self) -> Option<i32> {
        (!self.timed_out).then(|| self.code())
    }

    fn code(&self) -> i32 {
        let code = self.returncode.unwrap_or_default();
        let code = if code < 0 { 128 - code } else { code };
        i32::try_from(code).unwrap_or(255)
    }

    /// An answer without a word of our line, from a broker that runs harnesses by a line of its own:
    /// stdout is the dataset. One that shows no trace of a harness is a container that failed.
    fn at_its_word(&self) -> Result<Ended, ContainerError> {
        let silent = self.stdout.is_empty() && self.stderr.is_empty();
        if silent
            || self
                .returncode
                .is_some_and(|code| NOT_STARTED.contains(&code))
        {
            return Err(ContainerError::not_started(
                &self.stderr,
                "the broker does not say why",
            ));
        }
        Ok(Ended::Reported(Report {
            code: self.code().min(255),
            by: EndedBy::Either,
            killed_for_memory: None,
            cpu_micros: None,
            peak_bytes: None,
            output: OutputFile::None,
        }))
    }
}

fn parse<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T, BrokerError> {
    serde_json::from_slice(bytes).map_err(|error| {
        let why = error.to_string();
        match error.classify() {
            serde_json::error::Category::Data => BrokerError::Shape { why },
            serde_json::error::Category::Eof => BrokerError::Cut { why },
            _ => BrokerError::NotJson { why },
        }
    })
}

fn shape(why: impl Into<String>) -> BrokerError {
    BrokerError::Shape { why: why.into() }
}

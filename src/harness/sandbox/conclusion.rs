//! What a finished run comes to: what the keeper saw, the kernel counted and dfab read, put together.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::{ChildStderr, ChildStdout};

use super::cgroup::{Counted, Group};
use super::enforced;
use super::handle::{Finished, supervisor};
use super::output;
use super::protocol::{End, Output, Request};
use crate::harness::capture::Capture;
use crate::harness::outcome::keep_end;
use crate::harness::output::{OutputFile, read_bounded, stdout_limit_text, take_output};
use crate::harness::{Ending, ExecutorError, HarnessLimits, Outcome};

/// Puts what the keeper saw and what was read together.
pub(super) fn conclude(
    finished: Finished,
    request: &Request,
    group: &mut Group,
    capture: Capture<ChildStdout, ChildStderr>,
    limits: &HarnessLimits,
) -> Result<Outcome, ExecutorError> {
    let Finished { report, file } = finished;
    let counted = match &report.facts {
        Some(facts) => group.close().of(&facts.seats),
        None => Counted::default(),
    };
    let limit = limits.max_output_size_bytes;
    let out_of_memory = || {
        let text = format!(
            "harness used more than {} bytes of memory",
            limits.memory_bytes
        );
        (Ending::Oom, Some(text))
    };
    let out_of_time = || {
        let text = format!(
            "harness used more than {} s of processor time",
            limits.cpu_seconds
        );
        (Ending::TimeoutCpu, Some(text))
    };
    let (mut ending, mut detail) = match report.end {
        // Whichever process the kernel picked, and whatever the others made of it.
        _ if counted.killed_for_memory => out_of_memory(),
        End::Lost => return Err(supervisor("someone killed the init of the run")),
        End::Exit(0) => (Ending::Ok, None),
        End::Exit(code) => (Ending::Exit { code }, None),
        End::Signal(number) => (Ending::Signal { number }, None),
        End::WallTime => (Ending::TimeoutWall, None),
        End::CpuTime => out_of_time(),
        End::Memory => out_of_memory(),
        End::Stopped if capture.overflowed() => (Ending::OutputLimit, None),
        End::Stopped if counted.cpu_micros > Some(cpu_micros(limits)) => out_of_time(),
        End::Stopped => return Err(supervisor("the keeper stopped the harness unasked")),
    };
    if capture.overflowed() {
        (ending, detail) = (Ending::OutputLimit, Some(stdout_limit_text(limit)));
    }
    let returncode = ending.returncode();
    let (mut stdout, stderr) = capture.finish();
    if matches!(report.output, Output::File { size } if size > 0) {
        // Not both at once in memory.
        keep_end(&mut stdout);
    }
    let written = read_output(report.output, file, limit)?;
    let output_file = take_output(written, &mut ending, &mut detail);
    Ok(Outcome {
        ending,
        returncode,
        detail,
        stdout,
        stderr,
        output_file,
        wall_seconds: micros_to_seconds(report.wall_micros),
        cpu_seconds: Some(micros_to_seconds(
            counted.cpu_micros.unwrap_or(0).max(report.cpu_micros),
        )),
        peak_memory_bytes: Some(counted.peak_bytes.unwrap_or(report.peak_bytes)),
        enforced: report
            .facts
            .map_or_else(Vec::new, |facts| enforced::list(request, &facts)),
    })
}

/// The limit, as the kernel counts.
pub(super) fn cpu_micros(limits: &HarnessLimits) -> u64 {
    limits.cpu_seconds.saturating_mul(1_000_000)
}

/// Reads the output file through the descriptor the keeper opened.
fn read_output(
    output: Output,
    file: Option<OwnedFd>,
    limit: u64,
) -> Result<OutputFile, ExecutorError> {
    match (output, file) {
        (Output::None, _) => Ok(Ok(None)),
        (Output::Bad(why), _) => Ok(Err((Ending::BadOutput, why))),
        (Output::File { size }, Some(file)) => {
            let stat = rustix::fs::fstat(&file)
                .map_err(|error| ExecutorError::io("examine the output file")(error.into()))?;
            output::judge(&stat).map_err(supervisor)?;
            Ok(read_bounded(&File::from(file), size, limit))
        }
        (Output::File { .. }, None) => Err(supervisor("the output file was not handed over")),
    }
}

#[allow(clippy::cast_precision_loss)] // microseconds of any real run are far below 2^53
fn micros_to_seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

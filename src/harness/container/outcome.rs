//! From what the line said to the outcome of a run.

use crate::harness::output::{file_limit_text, stdout_limit_text, take_output};
use crate::harness::{Ending, HarnessLimits, Outcome, Protection};

use super::report::{EndedBy, OutputFile, Report, Said};
use super::{ContainerError, ContainerSettings, Guard, OPEN_FILES, TMPFS_FILES, TMPFS_OPTIONS};

/// How a container that ran a harness came to its end.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The shell line reported.
    Reported(Report),
    /// It was ended at the time limit.
    TimedOut { killed_for_memory: bool },
    /// It was ended because it printed too much.
    Flooded,
    /// It ended with this code and without a report: somebody ended the shell.
    Unreported { code: i32, killed_for_memory: bool },
}

/// What is known besides.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) wall_seconds: f64,
    pub(crate) enforced: Vec<Protection>,
}

/// The outcome, by the rules of the other executors.
pub(crate) fn conclude(
    ended: Ended,
    facts: Facts,
    limits: &HarnessLimits,
    settings: &ContainerSettings,
) -> Outcome {
    let limit = limits.max_output_size_bytes;
    let overflowed = facts.stdout.len() as u64 > limit || matches!(ended, Ended::Flooded);
    let (mut ending, mut detail) = ending_of(&ended, settings);
    if overflowed {
        (ending, detail) = (Ending::OutputLimit, Some(stdout_limit_text(limit)));
    }
    let returncode = ending.returncode();
    let mut stdout = facts.stdout;
    stdout.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut outcome = Outcome {
        ending,
        returncode,
        detail: None,
        stdout,
        stderr: facts.stderr,
        output_file: None,
        wall_seconds: facts.wall_seconds,
        cpu_seconds: None,
        peak_memory_bytes: None,
        enforced: facts.enforced,
    };
    if let Ended::Reported(report) = ended {
        outcome.cpu_seconds = report.cpu_micros.map(micros_to_seconds);
        outcome.peak_memory_bytes = report.peak_bytes;
        let file = judge_file(report.output, limit);
        outcome.output_file = take_output(file, &mut outcome.ending, &mut detail);
    }
    outcome.detail = detail;
    outcome
}

fn ending_of(ended: &Ended, settings: &ContainerSettings) -> (Ending, Option<String>) {
    let out_of_memory = || {
        let text = format!("harness used more than {} of memory", settings.memory);
        (Ending::Oom, Some(text))
    };
    let by_code = |code: i32, by: EndedBy| match code {
        0 => Ending::Ok,
        // There are 64 signals; what lies beyond can only be an exit code.
        129..=192 if by != EndedBy::Exit => Ending::Signal { number: code - 128 },
        code => Ending::Exit { code },
    };
    match ended {
        Ended::Reported(report) if report.killed_for_memory.is_some_and(|count| count > 0) => {
            out_of_memory()
        }
        Ended::TimedOut {
            killed_for_memory: true,
        }
        | Ended::Unreported {
            killed_for_memory: true,
            ..
        } => out_of_memory(),
        Ended::Reported(report) => (by_code(report.code, report.by), None),
        Ended::TimedOut { .. } => (Ending::TimeoutWall, None),
        Ended::Flooded => (Ending::OutputLimit, None),
        Ended::Unreported { code: 0, .. } => {
            let text =
                "harness output was not handed over: the harness ended the shell that ran it";
            (Ending::BadOutput, Some(text.to_owned()))
        }
        Ended::Unreported { code, .. } => (by_code(*code, EndedBy::Either), None),
    }
}

/// An error if the harness was not started, though the line was.
pub(crate) fn check_started(
    said: &Said,
    guard: Option<&Guard>,
    settings: &ContainerSettings,
    stderr: &[u8],
) -> Result<(), ContainerError> {
    match (said, guard) {
        (Said::Refused { .. } | Said::Nothing, _) => Ok(()),
        (Said::Alive, _) => Err(ContainerError::StillAlive),
        (_, Some(guard)) => guard.check(settings),
        // Memory too small for a Python is the settings' fault, and has an ending of its own.
        (Said::Reported { report, .. }, None) if report.killed_for_memory.unwrap_or(0) == 0 => {
            let said = String::from_utf8_lossy(stderr).trim().to_owned();
            Err(ContainerError::not_started(
                &said,
                "its Python does not start",
            ))
        }
        (Said::Reported { .. } | Said::Began { .. }, None) => Ok(()),
    }
}

/// User 0 of the container, which is user 0 of the host unless the engine maps users.
fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    name == "root" || name.parse() == Ok(0_u32)
}

fn judge_file(output: OutputFile, limit: u64) -> Result<Option<Vec<u8>>, (Ending, String)> {
    match output {
        OutputFile::None => Ok(None),
        OutputFile::Bytes(bytes) => Ok(Some(bytes)),
        OutputFile::TooLarge { size } => Err((Ending::OutputLimit, file_limit_text(size, limit))),
        OutputFile::Bad(why) => Err((Ending::BadOutput, format!("harness output {why}"))),
    }
}

#[allow(clippy::cast_precision_loss)] // microseconds of any real run are far below 2^53
fn micros_to_seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// Who makes the container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// An engine that we command.
    Engine,
    /// A broker: what it was asked for is known, what it did besides is not.
    Broker,
}

/// What a container of these settings is held by. What an engine adds by itself (its seccomp
/// profile, user namespaces) depends on how it is set up and is not promised.
pub(crate) fn enforced(
    settings: &ContainerSettings,
    maker: Maker,
    guard: Option<&Guard>,
    wall_time: &str,
) -> Vec<Protection> {
    fn by(name: &str, means: impl Into<String>) -> Protection {
        Protection::by(name, means)
    }
    /// What we ask an engine for, and no request to a broker can.
    fn unasked(maker: Maker, name: &str, means: &str) -> Protection {
        match maker {
            Maker::Engine => by(name, means),
            Maker::Broker => Protection::missing(name, "left to the broker"),
        }
    }
    let asked = |name: &str, means: String| match maker {
        Maker::Engine => by(name, means),
        Maker::Broker => by(name, format!("{means}, asked of the broker")),
    };
    let mut list: Vec<Protection> = ["mount", "pid", "ipc", "uts"]
        .iter()
        .map(|name| {
            let name = format!("{name}_namespace");
            unasked(maker, &name, "the engine's container")
        })
        .collect();
    list.extend([
        match settings.network.as_str() {
            "none" => asked("network_namespace", "network none".to_owned()),
            network => Protection::missing("network_namespace", format!("network {network}")),
        },
        match settings.user() {
            user if is_root(user) => Protection::missing("identity", format!("user {user}")),
            user => asked("identity", format!("user {user}")),
        },
        asked("workspace", "mounted read-only".to_owned()),
        by("environment", "built from empty"),
        unasked(maker, "capabilities", "all dropped"),
        match guard {
            Some(guard) if guard.has_filter() => by("no_new_privs", "prctl"),
            _ => unasked(maker, "no_new_privs", "no-new-privileges"),
        },
        by("core_dumps", "RLIMIT_CORE 0"),
        by("wall_time", wall_time),
        asked("memory", format!("control group, {}", settings.memory)),
        asked(
            "processes",
            format!("control group, {}", settings.pids_limit),
        ),
        asked("cpus", format!("control group, {}", settings.cpus_text())),
        asked("open_files", format!("RLIMIT_NOFILE {OPEN_FILES}")),
        asked(
            "scratch_space",
            match maker {
                Maker::Engine => format!("tmpfs of {TMPFS_OPTIONS},{TMPFS_FILES}"),
                Maker::Broker => format!("tmpfs of {TMPFS_OPTIONS}"),
            },
        ),
        by("output_size", "stdout is counted, the output file measured"),
        match settings.read_only {
            true => asked("private_root", "the image, read-only".to_owned()),
            false => Protection::missing("private_root", "docker_read_only is false"),
        },
        Protection::missing("cpu_time", "containers are limited in wall-clock time only"),
        Protection::missing(
            "file_locks",
            "nobody is asked in a container; whether others share its files is up to the engine",
        ),
    ]);
    list.extend(guard.map_or_else(Guard::unknown, |guard| guard.protections(settings)));
    list
}

//! One run: follows the command line, ends what has to be ended, and makes an outcome of it.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::cli::{Cli, Running, words};
use super::{DockerError, wall_time};
use crate::harness::container::{
    ContainerError, ContainerSettings, Ended, Facts, Flood, Job, Maker, Said, check_started,
    conclude, enforced, has_begun, has_ended, keep, most_bytes, read_guard, read_stderr,
    read_stdout,
};
use crate::harness::{Cancel, ExecutorError, HarnessRequest, Outcome};

/// How often clock, flag and child are looked at.
const TICK: Duration = Duration::from_millis(10);
/// What the engine may take until the shell inside speaks. It normally takes a fraction of a second;
/// a busy machine starts many at once.
const START_PATIENCE: Duration = Duration::from_secs(120);
/// What it may take from the shell's last word to the end of the command line.
const END_PATIENCE: Duration = Duration::from_secs(30);
/// How long a command line may live on when its container is gone.
const CLI_PATIENCE: Duration = Duration::from_secs(2);
/// What the engine may take to make a container for a command line that is dead.
const DIED_PAUSE: Duration = Duration::from_millis(500);
/// What the engine may take, beyond the time limit, to hand over the end of a line that has ended in time. Also what a
/// harness gains that only prints that it has.
const LINE_PATIENCE: Duration = Duration::from_secs(10);
/// Exit code of the command line for failures that are not the container's.
const ENGINE_FAILED: i32 = 125;

/// What came first.
enum End {
    Exited(ExitStatus),
    TimedOut,
    Flooded,
    Interrupted,
    NotStarted,
}

/// Runs one container to its end; it is gone when this returns, or the error says that it is not.
pub(super) fn run(
    cli: &Cli,
    settings: &ContainerSettings,
    job: &Job,
    arguments: &[String],
    request: &HarnessRequest<'_>,
    cancel: &Cancel,
) -> Result<Outcome, ExecutorError> {
    let limits = request.limits;
    let limit = limits.max_output_size_bytes;
    let begun = Instant::now();
    let running = cli.start(arguments, most_bytes(limit))?;
    let mut container = Container {
        cli,
        name: &job.name,
        running: Some(running),
    };
    let (end, wall) = container.follow(job, request, cancel)?;
    let (stdout, stderr) = match &end {
        // The command line waits for the removal that `--rm` asks for, so there is nothing to do.
        End::Exited(status) if ended_by_itself(*status) => container.streams()?,
        _ => container.end()?,
    };
    let exit = match &end {
        End::Exited(status) => status.code(),
        _ => None,
    };
    let said = read_stdout(&job.mark, limit, &stdout, exit);
    let guard = read_guard(&job.mark, &stdout);
    if !matches!(end, End::Interrupted) {
        let complaints = read_stderr(&job.mark, &stderr);
        check_started(&said, guard.as_ref(), settings, complaints)?;
    }
    let killed_for_memory = || cli.killed_for_memory(&job.name, begun.elapsed());
    let (ended, printed) = match (end, said) {
        (End::Interrupted, _) => return Err(ExecutorError::Interrupted),
        (End::NotStarted, _) => {
            return Err(DockerError::EngineHangs {
                patience: START_PATIENCE,
            }
            .into());
        }
        (_, Said::Refused { missing }) => {
            return Err(ContainerError::refused(&missing, settings, request).into());
        }
        (_, Said::Alive) => return Err(ContainerError::StillAlive.into()),
        (_, Said::Reported { stdout, report }) => (Ended::Reported(report), stdout),
        (End::Flooded, Said::Began { stdout }) => (Ended::Flooded, stdout),
        (End::TimedOut, Said::Began { stdout }) => {
            let killed_for_memory = killed_for_memory();
            (Ended::TimedOut { killed_for_memory }, stdout)
        }
        (End::Exited(status), Said::Began { stdout }) => match status.code() {
            None => return Err(died(status)),
            // The harness ran, and the engine or the way to it failed.
            Some(ENGINE_FAILED) => {
                let said = words(&stderr, &status);
                return Err(DockerError::from_words("run", &said).into());
            }
            // A container that ends takes its command line along, not the other way round.
            Some(_) if cli.remove(&job.name, None)? => return Err(died(status)),
            Some(code) => {
                let killed_for_memory = code == 137 && killed_for_memory();
                let ended = Ended::Unreported {
                    code,
                    killed_for_memory,
                };
                (ended, stdout)
            }
        },
        (End::Exited(status), Said::Nothing) if status.signal().is_some() => {
            return Err(died(status));
        }
        (End::Exited(status), Said::Nothing) => {
            // What it asked for may be there all the same.
            cli.remove(&job.name, None)?;
            return Err(not_run(&stderr, &status, settings));
        }
        (End::Flooded | End::TimedOut, Said::Nothing) => {
            return Err(DockerError::EngineHangs {
                patience: START_PATIENCE,
            }
            .into());
        }
    };
    let facts = Facts {
        stdout: keep(stdout, printed),
        stderr: read_stderr(&job.mark, &stderr).to_vec(),
        wall_seconds: wall.as_secs_f64(),
        enforced: enforced(settings, Maker::Engine, guard.as_ref(), &wall_time(limits)),
    };
    Ok(conclude(ended, facts, limits, settings))
}

/// Whether the command line came to its own end with an answer about the container.
fn ended_by_itself(status: ExitStatus) -> bool {
    status.signal().is_none() && status.code() != Some(ENGINE_FAILED)
}

fn died(status: ExitStatus) -> ExecutorError {
    let status = status.to_string();
    DockerError::CliDied { status }.into()
}

/// Why there was no run, from the command line's words.
fn not_run(stderr: &[u8], status: &ExitStatus, settings: &ContainerSettings) -> ExecutorError {
    let said = words(stderr, status);
    let lower = said.to_lowercase();
    if lower.contains("unable to find image") || lower.contains("no such image") {
        let image = settings.image.clone();
        return DockerError::ImageMissing { image }.into();
    }
    if lower.contains("network") && lower.contains("not found") {
        let network = settings.network.clone();
        return DockerError::NetworkMissing { network }.into();
    }
    match DockerError::from_words("run", &said) {
        DockerError::Failed { said, .. } => ContainerError::NotStarted { said }.into(),
        known => known.into(),
    }
}

/// A container and the command line that started it; neither outlives this.
struct Container<'a> {
    cli: &'a Cli,
    name: &'a str,
    running: Option<Running>,
}

impl Container<'_> {
    /// Reads until something ends the run, and says how long the harness took. The clock starts with
    /// the shell: what the engine needs before is not the harness's time.
    fn follow(
        &mut self,
        job: &Job,
        request: &HarnessRequest<'_>,
        cancel: &Cancel,
    ) -> Result<(End, Duration), DockerError> {
        let asked = Instant::now();
        let mut started: Option<Instant> = None;
        let mut ended: Option<Instant> = None;
        let mut flood = Flood::new(&job.mark, request.limits.max_output_size_bytes);
        let end = loop {
            let Some(running) = &mut self.running else {
                break End::NotStarted;
            };
            let status = running.step(TICK)?;
            if started.is_none() && has_begun(&job.mark, running.stdout()) {
                started = Some(Instant::now());
            }
            // Not for good: a harness can print these words, and go on.
            ended = match has_ended(&job.mark, running.stdout()) {
                true => ended.or_else(|| Some(Instant::now())),
                false => None,
            };
            // Interrupted work is not a result, even if it got to its end.
            if cancel.is_cancelled() {
                break End::Interrupted;
            }
            if let Some(status) = status {
                break End::Exited(status);
            }
            if running.overflowed() || flood.is_in(running.stdout()) {
                break End::Flooded;
            }
            match (started, ended) {
                // A line that has ended in time may wait for its engine.
                (_, Some(ended)) if ended.elapsed() <= LINE_PATIENCE => {}
                (Some(started), _) if started.elapsed() >= request.limits.wall_time => {
                    break End::TimedOut;
                }
                (None, _) if asked.elapsed() > START_PATIENCE => break End::NotStarted,
                _ => {}
            }
        };
        let until = ended.unwrap_or_else(Instant::now);
        Ok((end, started.map_or(Duration::ZERO, |from| until - from)))
    }

    /// The streams of a command line that has ended by itself.
    fn streams(mut self) -> Result<(Vec<u8>, Vec<u8>), DockerError> {
        match self.running.take() {
            Some(running) => running.finish(),
            None => Ok((Vec::new(), Vec::new())),
        }
    }

    /// Removes the container, ends the command line, and returns what was read.
    fn end(mut self) -> Result<(Vec<u8>, Vec<u8>), DockerError> {
        match self.running.take() {
            Some(running) => end(self.cli, self.name, running),
            None => Ok((Vec::new(), Vec::new())),
        }
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            // An error is on its way already; a container that is left is the next sweep's.
            let _ = end(self.cli, self.name, running);
        }
    }
}

/// Removes the container and ends its command line, in that order: a command line that was killed
/// before the engine made the container would leave us nothing to remove, and a container later. A
/// living one stops by itself as soon as its container is gone.
fn end(cli: &Cli, name: &str, mut running: Running) -> Result<(Vec<u8>, Vec<u8>), DockerError> {
    let begun = Instant::now();
    loop {
        let was_there = cli.remove(name, Some(&mut running))?;
        let patience = match was_there {
            true => CLI_PATIENCE,
            false => Duration::from_millis(200),
        };
        let removed = Instant::now();
        let mut status = running.step(Duration::ZERO)?;
        while status.is_none() && removed.elapsed() < patience {
            status = running.step(TICK)?;
        }
        if status.is_some() || was_there || begun.elapsed() > END_PATIENCE {
            break;
        }
    }
    let died = running
        .step(Duration::ZERO)?
        .is_some_and(|status| status.signal().is_some());
    running.kill();
    if died {
        // It may have asked for a container that the engine is still making.
        std::thread::sleep(DIED_PAUSE);
    }
    // Once more, for a container that was made in the meantime.
    cli.remove(name, None)?;
    running.finish()
}

//! A harness of our own that shows whether an executor works.

use std::fs;
use std::time::Duration;

use super::container::ContainerError;
use super::workspace::Workspace;
use super::{
    Cancel, Ending, Executor, ExecutorError, HarnessLimits, HarnessRequest, Outcome, Protection,
};

/// Says which Python runs it.
const SCRIPT: &str =
    "import platform\nprint(platform.python_implementation(), platform.python_version())\n";
/// Time enough for an engine to make a container.
const TIME: Duration = Duration::from_secs(30);

/// What a trial run in a container shows.
#[derive(Debug)]
pub struct Trial {
    /// The Python in the image, as it names itself, such as `CPython 3.12.1`.
    pub python: String,
    /// What the run was held by.
    pub enforced: Vec<Protection>,
}

/// Runs it and returns what it says.
pub(super) fn python_inside(executor: &dyn Executor) -> Result<Trial, ExecutorError> {
    let outcome = run_script(SCRIPT, TIME, |request| {
        executor.run(request, &Cancel::default())
    })?;
    match outcome.ending {
        Ending::Ok => Ok(Trial {
            python: String::from_utf8_lossy(&outcome.stdout).trim().to_owned(),
            enforced: outcome.enforced,
        }),
        _ => {
            let said = outcome.error_text().unwrap_or_default().trim().to_owned();
            Err(ContainerError::NotStarted { said }.into())
        }
    }
}

/// Lays out a small script of ours and has it run with limits that such a script keeps.
pub(super) fn run_script(
    script: &str,
    time: Duration,
    run: impl FnOnce(&HarnessRequest<'_>) -> Result<Outcome, ExecutorError>,
) -> Result<Outcome, ExecutorError> {
    let folder = Workspace::new().map_err(ExecutorError::io("create a folder for a trial run"))?;
    fs::write(folder.path().join("check.py"), script)
        .map_err(ExecutorError::io("write a file for a trial run"))?;
    let limits = HarnessLimits {
        wall_time: time,
        cpu_seconds: time.as_secs(),
        memory_bytes: 1 << 30,
        tmp_bytes: 1 << 20,
        pids: 16,
        open_files: 64,
        max_output_size_bytes: 1 << 16,
    };
    run(&HarnessRequest {
        workspace: folder.path(),
        entrypoint: "check.py",
        seed: 0,
        output_filename: "output",
        limits: &limits,
    })
}

//! Harnesses in containers, through Docker's command line.
//!
//! One `docker run` for each harness, with the shell line of [`container`](super::container) inside.
//! The command line is a child like any other: its streams are read while they flow and within
//! bounds, and it is ended when it hangs. The container is the engine's and not ours, so it does not
//! die with us; it is removed by name on every way out, and what a killed dfab has left is found by
//! its label and removed by the next one.

mod cli;
mod command;
mod error;
mod leftovers;
mod run;
mod workspace;

use std::path::PathBuf;

pub use error::DockerError;

use super::container::{ContainerSettings, Job, Line};
use super::request::check_request;
use super::{Cancel, Executor, ExecutorError, HarnessLimits, HarnessRequest, Outcome, Trial};
use cli::Cli;
use workspace::Readable;

/// Runs harnesses in containers of an engine that Docker's command line reaches.
#[derive(Debug)]
pub struct Docker {
    cli: Cli,
    settings: ContainerSettings,
}

/// What [`Docker::check`] found.
#[derive(Debug)]
pub struct DockerCheck {
    /// Versions of command line and engine.
    pub engine: String,
    /// The image's id.
    pub image: String,
    /// What a run showed.
    pub trial: Trial,
}

impl Docker {
    /// An executor that uses this command.
    ///
    /// # Errors
    /// An image or a network that must not be used.
    pub fn new(
        program: impl Into<PathBuf>,
        settings: ContainerSettings,
    ) -> Result<Self, ExecutorError> {
        settings.check()?;
        let cli = Cli::new(program.into());
        Ok(Self { cli, settings })
    }

    /// Sees to it that harnesses can run: asks the engine for the image, and removes containers
    /// that a dfab has left which is no more. Returns the names of these.
    ///
    /// # Errors
    /// No command line, no engine, no image.
    pub fn prepare(&self) -> Result<Vec<String>, ExecutorError> {
        self.image_id()?;
        self.sweep()
    }

    /// Removes containers of dead dfabs and returns their names.
    ///
    /// # Errors
    /// The engine does not answer, or a container cannot be removed.
    pub fn sweep(&self) -> Result<Vec<String>, ExecutorError> {
        Ok(leftovers::sweep(&self.cli)?)
    }

    /// Names of the containers of one job.
    ///
    /// # Errors
    /// The engine does not answer.
    pub fn list(&self, job_id: &str) -> Result<Vec<String>, ExecutorError> {
        Ok(leftovers::of_job(&self.cli, job_id)?)
    }

    /// Removes the containers of one job and returns their names.
    ///
    /// # Errors
    /// The engine does not answer, or a container cannot be removed.
    pub fn cleanup(&self, job_id: &str) -> Result<Vec<String>, ExecutorError> {
        let names = self.list(job_id)?;
        for name in &names {
            self.cli.remove(name, None)?;
        }
        Ok(names)
    }

    /// Tries everything a run needs, with a harness of our own.
    ///
    /// # Errors
    /// What stands in the way.
    pub fn check(&self) -> Result<DockerCheck, ExecutorError> {
        let engine = self.cli.versions()?;
        let image = self.image_id()?;
        let trial = super::trial::python_inside(self)?;
        Ok(DockerCheck {
            engine,
            image,
            trial,
        })
    }

    fn image_id(&self) -> Result<String, DockerError> {
        self.cli.image_id(&self.settings.image)
    }
}

impl Executor for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn run(&self, request: &HarnessRequest<'_>, cancel: &Cancel) -> Result<Outcome, ExecutorError> {
        if cancel.is_cancelled() {
            return Err(ExecutorError::Interrupted);
        }
        let workspace = Readable::of(&check_request(request)?)?;
        let job = Job::new(&self.settings.slug);
        let line = Line::new(&self.settings, &job, request);
        let arguments = command::run(&self.settings, &job, &line, workspace.path(), request)?;
        run::run(&self.cli, &self.settings, &job, &arguments, request, cancel)
    }
}

/// Limits as the record of a run names them.
fn wall_time(limits: &HarnessLimits) -> String {
    format!(
        "container removed after {} ms (monotonic clock)",
        limits.wall_time.as_millis()
    )
}

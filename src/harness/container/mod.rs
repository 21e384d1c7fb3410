//! What the executors that use containers share: the checks before a run, the shell line inside the
//! container, and what is made of its words.
//!
//! How a container is started and ended is left to [`docker`](super::docker) and
//! [`broker`](super::broker).

mod error;
mod job;
mod line;
mod outcome;
mod report;
mod settings;

pub use error::ContainerError;
pub(crate) use job::{Job, Owner};
pub(crate) use line::{Line, environment};
pub(crate) use outcome::{Ended, Facts, conclude, enforced};
pub(crate) use report::{
    EndedBy, OutputFile, Report, Said, has_begun, has_ended, has_flooded, keep, most_bytes,
    read_stderr, read_stdout,
};
#[cfg(test)]
pub(crate) use settings::usual;
pub use settings::{ContainerSettings, choose_image};

/// Where the workspace is mounted.
pub(crate) const WORKSPACE: &str = "/workspace";
/// Options of the only writable place.
pub(crate) const TMPFS_OPTIONS: &str = "rw,noexec,nosuid,size=512m";
/// Open descriptors of one process, soft and hard.
pub(crate) const OPEN_FILES: u32 = 1024;
/// The task all our containers are labelled with.
pub(crate) const TASK: &str = "dataset-generation";
/// Label with the job's id.
pub(crate) const JOB_LABEL: &str = "platform.job";
/// Label with the task.
pub(crate) const TASK_LABEL: &str = "platform.task";
/// Label with the challenge's slug.
pub(crate) const CHALLENGE_LABEL: &str = "platform.challenge";

#[cfg(test)]
mod tests;

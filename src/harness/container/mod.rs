//! What the executors that use containers share: the checks before a run, the shell line inside the
//! container, and what is made of its words.
//!
//! How a container is started and ended is left to [`docker`](super::docker) and
//! [`broker`](super::broker).

mod error;
mod guard;
mod job;
mod line;
mod outcome;
mod report;
mod settings;

pub use error::ContainerError;
pub(crate) use guard::Guard;
pub(crate) use job::{Job, Owner};
pub(crate) use line::{Line, environment};
pub(crate) use outcome::{Ended, Facts, Maker, check_started, conclude, enforced};
pub(crate) use report::{
    EndedBy, Flood, OutputFile, Report, Said, has_begun, has_ended, keep, most_bytes, read_guard,
    read_stderr, read_stdout,
};
#[cfg(test)]
pub(crate) use settings::usual;
pub use settings::{ContainerSettings, choose_image};

/// Where the workspace is mounted.
pub(crate) const WORKSPACE: &str = "/workspace";
/// Options of the only writable place, as the live service and its broker write them.
pub(crate) const TMPFS_OPTIONS: &str = "rw,noexec,nosuid,size=512m";
/// Files that it may hold, where that can be said.
pub(crate) const TMPFS_FILES: &str = "nr_inodes=32768";
/// Who a harness is if no user is set: nobody of the host, as in the sandbox.
pub(crate) const NOBODY: &str = "65534:65534";
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

//! Running a harness in isolation: a workspace and limits in, an [`Outcome`] out.
//!
//! [`Executor`] is the seam. [`Sandbox`] is the real thing (Linux namespaces, see [`sandbox`]),
//! [`Docker`] and [`Broker`] run it in a container as the live service does, [`Direct`] is a plain
//! subprocess for trusted code, [`Scripted`] a fake that reads its outcomes from
//! a file so that batches can be tested through the real program. This room knows nothing of
//! packages, datasets or scores: what the bytes of an outcome mean is decided elsewhere.

pub mod broker;
mod capture;
pub mod container;
mod direct;
pub mod docker;
mod environment;
mod error;
mod interpreter;
mod outcome;
mod output;
mod request;
pub mod sandbox;
mod scripted;
mod trial;
pub(crate) mod workspace;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use broker::Broker;
pub use container::{ContainerSettings, choose_image};
pub use direct::Direct;
pub use docker::Docker;
pub use error::ExecutorError;
pub use interpreter::Interpreter;
pub use outcome::{ERROR_TEXT_CHARS, Ending, LOG_TAIL_CHARS, Outcome};
pub use sandbox::Sandbox;
pub use scripted::Scripted;
pub use trial::Trial;

/// What one run may use. All of it is for the whole group of processes, not for one of them.
#[derive(Debug, Clone)]
pub struct HarnessLimits {
    /// Time on the monotonic clock.
    pub wall_time: Duration,
    /// Processor seconds, user and system together.
    pub cpu_seconds: u64,
    /// Bytes of memory, `/tmp` and `/dev/shm` included.
    pub memory_bytes: u64,
    /// Bytes in `/tmp` and `/dev/shm` together.
    pub tmp_bytes: u64,
    /// Processes and threads.
    pub pids: u64,
    /// Open descriptors of one process.
    pub open_files: u64,
    /// Largest output file or stdout, in bytes. More of either fails the run.
    pub max_output_size_bytes: u64,
}

/// One harness to run.
pub struct HarnessRequest<'a> {
    /// The extracted package on the host, in a folder for this run alone: the sandbox lets a harness lock its files,
    /// which others would notice.
    pub workspace: &'a Path,
    /// The Python file to start, relative to the workspace.
    pub entrypoint: &'a str,
    /// Given to the harness, and fixes Python's hash seed.
    pub seed: u64,
    /// A plain file name: the harness finds it below its `/tmp`.
    pub output_filename: &'a str,
    /// What the run may use.
    pub limits: &'a HarnessLimits,
}

impl<'a> HarnessRequest<'a> {
    /// The part of it that can be known before the package is.
    pub fn coming(&self) -> Coming<'a> {
        Coming {
            workspace: self.workspace,
            output_filename: self.output_filename,
            limits: self.limits,
        }
    }
}

/// What can be known of a run before its package is laid out.
pub struct Coming<'a> {
    /// The folder that will be the workspace. It exists already.
    pub workspace: &'a Path,
    /// As in [`HarnessRequest`].
    pub output_filename: &'a str,
    /// As in [`HarnessRequest`].
    pub limits: &'a HarnessLimits,
}

/// One protection and the means that provides it, or why it is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// Stable name in snake_case, e.g. `network_namespace`.
    pub name: String,
    /// What provides it.
    pub means: Option<String>,
    /// Why nothing does.
    pub missing: Option<String>,
}

impl Protection {
    /// A protection that is in force.
    pub fn by(name: &str, means: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            means: Some(means.into()),
            missing: None,
        }
    }

    /// A protection that could not be had.
    pub fn missing(name: &str, why: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            means: None,
            missing: Some(why.into()),
        }
    }
}

/// Set to end running harnesses early. Clones share one flag.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks every run that was given this flag to end. Safe in a signal handler's thread.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// The flag itself, for a signal handler to set.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where harnesses run.
pub trait Executor: Send + Sync {
    /// The word of the `executor` setting that selects it.
    fn name(&self) -> &'static str;

    /// Whether a workspace may lie in memory: nobody but this kernel has to find it.
    fn takes_workspaces_in_memory(&self) -> bool {
        false
    }

    /// Says that such a run is coming, so that what can be got ready is. It need not come.
    fn expect(&self, _coming: &Coming<'_>) {}

    /// Runs one harness to its end. When this returns nothing of the run is left alive.
    ///
    /// # Errors
    /// Only what is ours: whatever the harness does, however it dies, is an [`Outcome`].
    fn run(&self, request: &HarnessRequest<'_>, cancel: &Cancel) -> Result<Outcome, ExecutorError>;
}

#[cfg(test)]
mod tests;

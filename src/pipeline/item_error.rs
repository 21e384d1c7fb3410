//! Why a package has no verdict: the machine's fault, never the package's.

use crate::harness::ExecutorError;
use crate::judge::llm::LlmError;
use crate::package::PackageError;
use crate::store::StoreError;

use super::{Stage, chain};

/// A failure of this machine. `package` is the name the caller gave.
#[derive(Debug, thiserror::Error)]
pub enum ItemError {
    /// The package cannot be read: always [`PackageError::Io`].
    #[error(transparent)]
    Unreadable(PackageError),
    /// The workspace cannot be made.
    #[error("cannot lay out the workspace of {package}")]
    Workspace {
        /// As the caller named it.
        package: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Finding the nearest neighbour would take unreasonably long.
    #[error("comparing {package} with earlier packages would take too long")]
    ComparisonTooLarge {
        /// As the caller named it.
        package: String,
    },
    /// The result does not fit into the database.
    #[error("cannot keep the result of {package}")]
    Unstorable {
        /// As the caller named it.
        package: String,
        /// What the database said.
        #[source]
        source: Box<StoreError>,
    },
    /// A language model's word is required and cannot be had.
    #[error("cannot judge {package} without the language model, which is required")]
    LanguageModel {
        /// As the caller named it.
        package: String,
        /// Why there is no answer.
        #[source]
        source: LlmError,
    },
    /// The harness could not be run.
    #[error("cannot run the harness of {package}")]
    Executor {
        /// As the caller named it.
        package: String,
        /// What the executor said.
        #[source]
        source: ExecutorError,
    },
}

impl ItemError {
    /// The stage in which the machine failed.
    pub fn stage(&self) -> Stage {
        match self {
            ItemError::Unreadable(_) => Stage::Validate,
            ItemError::Workspace { .. } | ItemError::Executor { .. } => Stage::Execute,
            ItemError::ComparisonTooLarge { .. } => Stage::Similarity,
            ItemError::LanguageModel { .. } => Stage::Judge,
            ItemError::Unstorable { .. } => Stage::Store,
        }
    }

    /// What happened, without the names of packages, so that like failures can be counted.
    pub fn cause(&self) -> String {
        match self {
            ItemError::Unreadable(error) => match std::error::Error::source(error) {
                Some(why) => format!("cannot be read: {}", chain(why)),
                None => "cannot be read".to_owned(),
            },
            ItemError::Workspace { source, .. } => {
                format!("its workspace cannot be laid out: {}", chain(source))
            }
            ItemError::ComparisonTooLarge { .. } => {
                "comparing it with earlier packages would take too long".to_owned()
            }
            ItemError::LanguageModel { source, .. } => {
                format!(
                    "the language model is required and gives no answer: {}",
                    chain(source)
                )
            }
            ItemError::Unstorable { .. } => "its result does not fit into the database".to_owned(),
            ItemError::Executor { source, .. } => {
                format!("its harness cannot be run: {}", chain(source))
            }
        }
    }

    /// A next step, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            ItemError::Unreadable(error) => error.hint(),
            ItemError::Workspace { .. } => Some(
                "workspaces are made below TMPDIR (default /dev/shm or /tmp): is it writable, and not full?"
                    .into(),
            ),
            ItemError::ComparisonTooLarge { .. } => Some(
                "its code is very large; a smaller similarity_window compares it with fewer packages"
                    .into(),
            ),
            ItemError::Unstorable { source, .. } => source.hint(),
            ItemError::LanguageModel { source, .. } => source.hint(),
            ItemError::Executor { source, .. } => source.hint(),
        }
    }

    /// The user asked to stop.
    pub fn interrupted(&self) -> bool {
        matches!(
            self,
            ItemError::Executor {
                source: ExecutorError::Interrupted,
                ..
            } | ItemError::LanguageModel {
                source: LlmError::Interrupted,
                ..
            }
        )
    }
}

//! What can go wrong on our side of a run.

use std::io;
use std::path::PathBuf;

/// A run that could not be carried out. Never the harness's fault.
#[derive(Debug, thiserror::Error)]
pub enum ExecutorError {
    /// [`Cancel`](super::Cancel) was set.
    #[error("interrupted")]
    Interrupted,

    /// The request itself makes no sense.
    #[error("cannot run {what}: {why}")]
    Request {
        /// Which part of the request.
        what: String,
        /// What is wrong with it.
        why: String,
    },

    /// The `python` setting names nothing that can be started.
    #[error("python interpreter {setting:?} cannot be started: {why}")]
    PythonNotFound {
        /// The setting as given.
        setting: PathBuf,
        /// What was found instead.
        why: String,
    },

    /// It was started, but is not a Python that we can use.
    #[error("python interpreter {path:?} cannot be used: {why}")]
    PythonUnusable {
        /// The program that was started.
        path: PathBuf,
        /// What it did instead.
        why: String,
    },

    /// A part of the isolation could not be set up.
    #[error(
        "sandbox cannot be set up: {part}{}: {why}",
        path.as_ref().map(|path| format!(" ({})", path.display())).unwrap_or_default()
    )]
    Isolation {
        /// The missing part, e.g. `user namespace`.
        part: String,
        /// The file it is about, if any.
        path: Option<PathBuf>,
        /// The system's answer.
        why: String,
        /// What to do about it.
        hint: Option<String>,
    },

    /// A protection that was asked for cannot be had here.
    #[error("required protection `{name}` is missing: {why}")]
    Required {
        /// Its name, as in the list of what is enforced.
        name: String,
        /// Why it is missing.
        why: String,
    },

    /// The sandbox works but Python does not start inside it.
    #[error("python does not start inside the sandbox: {why}")]
    PythonInSandbox {
        /// What it said.
        why: String,
    },

    /// A container must not be used, or did not work.
    #[error(transparent)]
    Container(#[from] super::container::ContainerError),

    /// Docker's command line or its engine failed.
    #[error(transparent)]
    Docker(#[from] super::docker::DockerError),

    /// The container broker failed.
    #[error(transparent)]
    Broker(#[from] super::broker::BrokerError),

    /// One of our own processes died or said something we do not understand.
    #[error("sandbox failed: {why}")]
    Supervisor {
        /// What happened.
        why: String,
    },

    /// A system call of ours failed.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's answer.
        source: io::Error,
    },

    /// The script of the scripted executor has no answer, is wrong, or asks for this error.
    #[error("scripted executor: {why}")]
    Script {
        /// What is wrong.
        why: String,
    },
}

impl ExecutorError {
    /// A next step for people, where there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::PythonNotFound { .. } => Some(
                "set `python` to the path of a CPython 3.12 interpreter that this user may start"
                    .to_owned(),
            ),
            Self::PythonUnusable { .. } => Some(
                "set `python` to the real interpreter (its bin/python3.12), not to a wrapper"
                    .to_owned(),
            ),
            Self::PythonInSandbox { .. } => Some(
                "the interpreter needs files outside its own folders and the system's library \
                 folders; use a self-contained one"
                    .to_owned(),
            ),
            Self::Isolation { hint, .. } => hint.clone(),
            Self::Required { .. } => Some(
                "`dfab preflight` lists what this machine provides; without this name in the setting \
                 sandbox_require the run would go on and report what is missing"
                    .to_owned(),
            ),
            Self::Container(error) => error.hint(),
            Self::Docker(error) => error.hint(),
            Self::Broker(error) => error.hint(),
            _ => None,
        }
    }

    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

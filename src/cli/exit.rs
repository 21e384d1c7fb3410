//! Exit codes, and errors with the code and hint that belong to them.

use std::fmt;
use std::process::ExitCode;

use crate::harness::sandbox::stdout_was_closed;
use crate::package::PackageError;
use crate::pipeline::{BatchError, ItemError};
use crate::settings::SettingsError;
use crate::store::StoreError;

/// What the process says at its end. The README's table is checked against this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Everything was accepted, passed or completed.
    Success,
    /// Finished; something was refused, rejected or failed.
    Unmet,
    /// The command line or a setting is wrong.
    Usage,
    /// Could not finish: files, database, executor.
    Failure,
    /// Stopped by the user.
    Interrupted,
    /// `dfab exec` only: the harness's own exit code.
    Harness(u8),
}

impl Exit {
    /// Every code with its meaning, for the manual.
    pub const TABLE: [(Exit, &'static str); 5] = [
        (Exit::Success, "all accepted, passed or completed"),
        (
            Exit::Unmet,
            "finished, but some were not (`--exit-zero` makes it 0)",
        ),
        (Exit::Usage, "the command line or a setting is wrong"),
        (
            Exit::Failure,
            "could not finish: files, database or executor",
        ),
        (Exit::Interrupted, "interrupted"),
    ];

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Unmet => 1,
            Exit::Usage => 2,
            Exit::Failure => 3,
            Exit::Interrupted => 130,
            Exit::Harness(code) => code,
        }
    }

    /// `Success` if all is well or the user does not care, else `Unmet`.
    pub fn when(all_well: bool, exit_zero: bool) -> Exit {
        if all_well || exit_zero {
            Exit::Success
        } else {
            Exit::Unmet
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// An error on its way to the user.
#[derive(Debug)]
pub struct CliError {
    /// The exit code it means.
    pub exit: Exit,
    /// What happened, with its causes.
    pub error: anyhow::Error,
    /// What to try next.
    pub hint: Option<String>,
}

impl CliError {
    /// A mistake on the command line.
    pub fn usage(message: impl fmt::Display) -> CliError {
        CliError {
            exit: Exit::Usage,
            error: anyhow::anyhow!("{message}"),
            hint: None,
        }
    }

    /// Something this machine could not do.
    pub fn failure(error: impl Into<anyhow::Error>) -> CliError {
        CliError {
            exit: Exit::Failure,
            error: error.into(),
            hint: None,
        }
    }

    /// The same with the name of what it is about, unless it says so itself.
    pub fn about(self, name: &str) -> CliError {
        if self.error.to_string().starts_with(name) {
            return self;
        }
        CliError {
            error: self.error.context(name.to_owned()),
            ..self
        }
    }

    /// The same with a next step.
    pub fn hint(mut self, hint: impl Into<String>) -> CliError {
        self.hint = Some(hint.into());
        self
    }

    /// The reader of our output has gone away, which is a normal end.
    pub fn is_closed_pipe(&self) -> bool {
        let closed = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
        self.error
            .chain()
            .any(|cause| cause.downcast_ref().is_some_and(closed))
    }
}

/// What is not wrapped otherwise is a failed write of results.
impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> CliError {
        if stdout_was_closed() {
            // What the system said is about the device that stands in for it.
            return CliError::failure(anyhow::anyhow!("standard output is closed"))
                .hint("name a file with `>`, or /dev/null if nobody wants the results");
        }
        CliError::failure(anyhow::Error::from(error).context("cannot write to standard output"))
    }
}

impl From<SettingsError> for CliError {
    fn from(error: SettingsError) -> CliError {
        let hint = error.hint();
        CliError {
            exit: Exit::Usage,
            error: error.into(),
            hint,
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> CliError {
        let hint = error.hint();
        CliError {
            exit: Exit::Failure,
            error: error.into(),
            hint,
        }
    }
}

impl From<PackageError> for CliError {
    fn from(error: PackageError) -> CliError {
        let exit = match error {
            PackageError::Io { .. } => Exit::Failure,
            _ => Exit::Unmet,
        };
        let hint = error.hint();
        CliError {
            exit,
            error: error.into(),
            hint,
        }
    }
}

impl From<ItemError> for CliError {
    fn from(error: ItemError) -> CliError {
        let exit = if error.interrupted() {
            Exit::Interrupted
        } else {
            Exit::Failure
        };
        let hint = error.hint();
        CliError {
            exit,
            error: error.into(),
            hint,
        }
    }
}

impl From<BatchError> for CliError {
    fn from(error: BatchError) -> CliError {
        match error {
            BatchError::Store(store) => store.into(),
            BatchError::Interrupted { .. } => CliError {
                exit: Exit::Interrupted,
                error: error.into(),
                hint: None,
            },
        }
    }
}

//! The real interpreter behind the `python` setting, and the files it needs.
//!
//! The setting may name a launcher script (pyenv), a symlink, or a virtual environment. It is
//! started once, told to print what it is, and the answer becomes a [`Layout`]: the folders, files
//! and symlinks that have to exist, at the same paths, for Python to start and to import its own
//! library. Nothing is started again for later runs.

mod layout;
mod probe;
mod remembered;

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ExecutorError;
pub(crate) use layout::{Layout, LayoutEntry, LayoutKind};
use probe::Probe;

/// The real interpreter behind a `python` setting.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Interpreter {
    /// Absolute path of the program to start (for a virtual environment, the link inside it).
    pub executable: PathBuf,
    /// `3.12.1`.
    pub version: String,
    /// What has to be there for it to work.
    pub(crate) layout: Layout,
}

impl Interpreter {
    /// Starts what the setting names once and asks it. A name without a slash is looked up on PATH.
    ///
    /// # Errors
    /// Nothing by that name, or it is not a CPython, or it lies where the sandbox has something
    /// else.
    pub fn resolve(setting: &Path) -> Result<Self, ExecutorError> {
        let program = find_program(setting)?;
        Self::ask(&program)
    }

    /// As [`Interpreter::resolve`], but believes the answer of an earlier time while nothing it rests on
    /// has changed. Answers are kept in the user's cache folder.
    ///
    /// # Errors
    /// As [`Interpreter::resolve`].
    pub fn recall(setting: &Path) -> Result<Self, ExecutorError> {
        let program = find_program(setting)?;
        if let Some(known) = remembered::recall(&program) {
            return Ok(known);
        }
        let interpreter = Self::ask(&program)?;
        remembered::keep(&program, &interpreter);
        Ok(interpreter)
    }

    fn ask(program: &Path) -> Result<Self, ExecutorError> {
        let unusable = |why: String| ExecutorError::PythonUnusable {
            path: program.to_owned(),
            why,
        };
        let answer = probe::ask(program).map_err(unusable)?;
        let probe = Probe::parse(&answer).map_err(unusable)?;
        let layout = probe.layout().map_err(unusable)?;
        Ok(Self {
            executable: probe.executable,
            version: probe.version,
            layout,
        })
    }
}

fn find_program(setting: &Path) -> Result<PathBuf, ExecutorError> {
    let missing = |why: &str| ExecutorError::PythonNotFound {
        setting: setting.to_owned(),
        why: why.to_owned(),
    };
    if setting.as_os_str().as_bytes().contains(&b'/') {
        let path = std::path::absolute(setting).map_err(|error| missing(&error.to_string()))?;
        return executable(&path)
            .map(|()| path)
            .map_err(|why| missing(&why));
    }
    let search = std::env::var_os("PATH").ok_or_else(|| missing("PATH is not set"))?;
    std::env::split_paths(&search)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(setting))
        .find(|path| executable(path).is_ok())
        .ok_or_else(|| missing("no folder on PATH holds a program of that name"))
}

fn executable(path: &Path) -> Result<(), String> {
    let meta = path.metadata().map_err(|error| error.to_string())?;
    if !meta.is_file() {
        return Err("it is not a file".to_owned());
    }
    if meta.permissions().mode() & 0o111 == 0 {
        return Err("it is not executable".to_owned());
    }
    Ok(())
}

//! Files named with `-o` and the like.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::files::{is_sqlite, write_atomically};

use super::exit::CliError;

/// Refuses what must not be overwritten, before work is done for it.
pub(super) fn check(file: &Path) -> Result<(), CliError> {
    if is_sqlite(file) {
        let message = format!("{} is a database; it is not overwritten", file.display());
        return Err(CliError::usage(message).hint("name another file"));
    }
    Ok(())
}

/// As [`check`], for what is written about packages, beside them: neither one of them may be written over, nor what
/// was taken for the file because its name was forgotten.
pub(super) fn check_beside<'p>(
    option: &str,
    file: &Path,
    packages: impl IntoIterator<Item = &'p Path>,
) -> Result<(), CliError> {
    check(file)?;
    let identity = |path: &Path| fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
    if let Some(found) = identity(file)
        && packages
            .into_iter()
            .any(|package| identity(package) == Some(found))
    {
        let message = format!(
            "{} is one of the packages; it is not overwritten",
            file.display()
        );
        return Err(CliError::usage(message).hint("name another file"));
    }
    let is_source = file.extension().is_some_and(|end| {
        ["py", "zip"]
            .iter()
            .any(|name| end.eq_ignore_ascii_case(name))
    });
    if is_source {
        let message = format!(
            "{} would be written by {option}, and looks like a package",
            file.display()
        );
        return Err(CliError::usage(message).hint("name a file for the results after the option"));
    }
    Ok(())
}

/// Writes in one step; `-` is standard output.
pub(super) fn write_file(file: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if file == Path::new("-") {
        return Ok(io::stdout().write_all(bytes)?);
    }
    check(file)?;
    write_atomically(file, bytes).map_err(|error| {
        let error = anyhow::Error::from(error);
        CliError::failure(error.context(format!("cannot write {}", file.display())))
            .hint("check the folder and its permissions; nothing was changed")
    })
}

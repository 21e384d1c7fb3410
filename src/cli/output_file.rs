//! Files named with `-o` and the like.

use std::io::{self, Write};
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

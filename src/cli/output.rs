//! Standard output that may go away while the work goes on, or was never there.

use std::fs::OpenOptions;
use std::io::{self, StdoutLock, Write};

use crate::harness::sandbox::stdout_was_closed;

use super::exit::CliError;

/// Where the caller closed standard output, Rust has put `/dev/null`: results would be lost and nobody told. So writing
/// is made to fail. Where there is no device that refuses writes, nothing can be done.
pub(super) fn fail_if_closed() {
    if stdout_was_closed()
        && let Ok(full) = OpenOptions::new().write(true).open("/dev/full")
    {
        let _ = nix::unistd::dup2_stdout(full);
    }
}

/// Remembers the first error instead of passing it on: a batch must not lose results because nobody reads them.
pub(super) struct Output {
    out: StdoutLock<'static>,
    failed: Option<io::Error>,
}

impl Output {
    pub(super) fn new() -> Output {
        Output {
            out: io::stdout().lock(),
            failed: None,
        }
    }

    /// Says whether everything was written. A reader that has left is no failure.
    pub(super) fn finish(mut self) -> Result<(), CliError> {
        let flushed = self.out.flush();
        match self.failed.map_or(flushed, Err) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed.is_none() {
            self.failed = self.out.write_all(bytes).err();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.failed.is_none() {
            self.failed = self.out.flush().err();
        }
        Ok(())
    }
}

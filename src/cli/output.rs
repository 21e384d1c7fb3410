//! Standard output that may go away while the work goes on.

use std::io::{self, StdoutLock, Write};

use super::exit::CliError;

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

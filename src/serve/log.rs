//! The log on standard error, written by a thread of its own.
//!
//! Whoever reads the log may be slow or stuck; requests must not be. Lines that find no room are counted, and the
//! count is the next line that does.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::report::escape;
use crate::store::Timestamp;

/// Lines that may wait to be written.
const ROOM: usize = 4096;

/// Takes lines. Clones write to the same log.
#[derive(Clone)]
pub(super) struct Log {
    lines: SyncSender<String>,
    lost: Arc<AtomicU64>,
    quiet: bool,
}

/// The thread that writes.
pub(super) struct Writer(JoinHandle<()>);

impl Log {
    /// Starts a log; a quiet one takes complaints only.
    pub(super) fn start(quiet: bool) -> io::Result<(Log, Writer)> {
        let (lines, receive) = sync_channel(ROOM);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        let thread = std::thread::Builder::new()
            .name("log".into())
            .spawn(move || write_all(&receive, &counted))?;
        Ok((Log { lines, lost, quiet }, Writer(thread)))
    }

    /// Something that happened. Text of others in it is made harmless here.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            self.put(text);
        }
    }

    /// Something that an operator has to see.
    pub(super) fn complain(&self, text: &str) {
        self.put(&format!("error: {text}"));
    }

    fn put(&self, text: &str) {
        let line = format!("{} {}\n", Timestamp::now(), escape::line(text));
        if self.lines.try_send(line).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Writer {
    /// Waits until everything is written; to be called when every [`Log`] is gone.
    pub(super) fn join(self) {
        // It does nothing that could panic.
        let _ = self.0.join();
    }
}

fn write_all(lines: &Receiver<String>, lost: &AtomicU64) {
    for line in lines {
        // A log that cannot be written is no reason to stop serving.
        let _ = io::stderr().write_all(line.as_bytes());
        let missing = lost.swap(0, Ordering::Relaxed);
        if missing > 0 {
            let _ = writeln!(
                io::stderr(),
                "{} {missing} lines of the log were lost",
                Timestamp::now()
            );
        }
    }
}

//! Something that is done every few seconds, until it is dropped.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A thread of its own, because a batch may hear nothing for minutes while a harness runs.
pub(super) struct Ticker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(super) fn start(every: Duration, mut tick: impl FnMut() + Send + 'static) -> Ticker {
        let (stop, stopped) = channel::<()>();
        let run = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                tick();
            }
        };
        // A machine that has no thread left for it goes without.
        let thread = std::thread::Builder::new()
            .name("progress".into())
            .spawn(run);
        Ticker {
            stop: Some(stop),
            thread: thread.ok(),
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // What it said before it panicked is all there is.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn it_ticks_until_it_is_dropped() {
        let (send, receive) = channel();
        let ticker = Ticker::start(Duration::from_millis(1), move || {
            let _ = send.send(());
        });
        for _ in 0..3 {
            receive.recv().unwrap();
        }
        drop(ticker);
        while receive.try_recv().is_ok() {}
        assert!(receive.recv().is_err(), "nobody is left who could tick");
    }
}

//! Keeps workers from running too far ahead.

use std::sync::{Condvar, Mutex, PoisonError};

/// Lets workers run at most so many packages ahead of the one that is concluded next.
pub(super) struct Turnstile {
    ahead: usize,
    position: Mutex<usize>,
    moved: Condvar,
}

impl Turnstile {
    pub(super) fn new(ahead: usize) -> Turnstile {
        Turnstile {
            ahead,
            position: Mutex::new(0),
            moved: Condvar::new(),
        }
    }

    pub(super) fn wait_for(&self, index: usize) {
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        while index >= position.saturating_add(self.ahead) {
            position = self
                .moved
                .wait(position)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn advance(&self, to: usize) {
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = to;
        self.moved.notify_all();
    }

    /// Nobody waits any more.
    pub(super) fn open(&self) {
        self.advance(usize::MAX);
    }
}

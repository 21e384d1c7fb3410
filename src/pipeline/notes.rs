//! What is being worked on, for those who look at a run while it goes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::store::{Running, Timestamp};

use super::Stage;

/// How often what has changed is noted. Notes cost a little time and no wait for the disk.
const NOTE_EVERY: Duration = Duration::from_secs(1);

/// How often a run shows that it is alive if nothing has changed.
const SHOW_EVERY: Duration = Duration::from_secs(10);

/// Stages of the packages that are being worked on.
#[derive(Debug)]
pub(super) struct Notes {
    running: BTreeMap<usize, (Running, bool)>,
    last: Instant,
}

impl Notes {
    pub(super) fn new() -> Notes {
        Notes {
            running: BTreeMap::new(),
            last: Instant::now(),
        }
    }

    /// A package enters a stage.
    pub(super) fn enter(&mut self, ordinal: usize, stage: Stage) {
        let started_at = match self.running.get(&ordinal) {
            Some((running, _)) => running.started_at,
            None => Timestamp::now(),
        };
        let running = Running {
            ordinal,
            stage: stage.name(),
            started_at,
        };
        self.running.insert(ordinal, (running, true));
    }

    /// A package is done with. When work on it began.
    pub(super) fn leave(&mut self, ordinal: usize) -> Timestamp {
        let left = self.running.remove(&ordinal);
        left.map_or_else(Timestamp::now, |(running, _)| running.started_at)
    }

    /// How long until there is something to note.
    pub(super) fn wait(&self) -> Duration {
        let changed = self.running.values().any(|(_, is_new)| *is_new);
        let every = if changed { NOTE_EVERY } else { SHOW_EVERY };
        every.saturating_sub(self.last.elapsed())
    }

    /// What has changed since the last time.
    pub(super) fn take(&mut self) -> Vec<Running> {
        self.last = Instant::now();
        let changed = self.running.values_mut().filter(|(_, is_new)| *is_new);
        let taken = changed.map(|(running, is_new)| {
            *is_new = false;
            *running
        });
        taken.collect()
    }
}

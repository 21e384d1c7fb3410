//! Answers over the whole database, kept for as long as nothing changes in it.
//!
//! A leaderboard over ten thousand submissions takes a hundredth of a second to make, and is asked for far more often
//! than it changes. Each such answer has a connection of its own, on which SQLite tells whether anybody, this process
//! or another, has committed anything since.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::settings::Settings;
use crate::store::{Store, StoreError};

use super::fault::Fault;

/// Makes the answer.
type Make = fn(&Store, &Settings) -> Result<Vec<u8>, StoreError>;

/// One answer.
pub(super) struct Kept {
    slot: Arc<Mutex<Slot>>,
}

struct Slot {
    store: Store,
    settings: Arc<Settings>,
    make: Make,
    made: Option<Made>,
}

/// An answer that was made.
struct Made {
    /// Of the database.
    version: i64,
    answer: Bytes,
    /// It is true of every moment since.
    since: Instant,
}

impl Kept {
    pub(super) fn new(
        path: &Path,
        settings: &Arc<Settings>,
        make: Make,
    ) -> Result<Kept, StoreError> {
        Ok(Kept {
            slot: Arc::new(Mutex::new(Slot {
                store: Store::open_read_only(path)?,
                settings: Arc::clone(settings),
                make,
                made: None,
            })),
        })
    }

    /// The answer as of now, or of some moment since it was asked for: those who wait while it is being made share the
    /// next one that is begun, so that a database which changes all the time has it made one at a time all the same.
    ///
    /// # Errors
    /// The database fails.
    pub(super) async fn get(&self) -> Result<Bytes, Fault> {
        let asked = Instant::now();
        let mut slot = Arc::clone(&self.slot).lock_owned().await;
        if let Some(made) = slot.made.as_ref().filter(|made| made.since >= asked) {
            return Ok(made.answer.clone());
        }
        match spawn_blocking(move || slot.current()).await {
            Ok(answer) => answer.map_err(Fault::Store),
            Err(panic) => Err(Fault::Internal(panic.to_string())),
        }
    }
}

impl Slot {
    fn current(&mut self) -> Result<Bytes, StoreError> {
        // Before it is made: what changes meanwhile is seen the next time.
        let since = Instant::now();
        let version = self.store.data_version()?;
        if let Some(made) = self.made.as_mut().filter(|made| made.version == version) {
            made.since = since;
            return Ok(made.answer.clone());
        }
        let answer = Bytes::from((self.make)(&self.store, &self.settings)?);
        self.made = Some(Made {
            version,
            answer: answer.clone(),
            since,
        });
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use crate::store::{Fingerprint, NewSubmission, Timestamp};

    use super::*;

    static TIMES_MADE: AtomicUsize = AtomicUsize::new(0);

    fn make(store: &Store, _: &Settings) -> Result<Vec<u8>, StoreError> {
        TIMES_MADE.fetch_add(1, Ordering::Relaxed);
        Ok(store.totals()?.submissions.to_string().into_bytes())
    }

    #[tokio::test]
    async fn an_answer_is_made_once_for_each_change_and_never_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sqlite3");
        let mut store = Store::open(&path).unwrap();
        let kept = Kept::new(&path, &Arc::new(Settings::default()), make).unwrap();
        for number in 0..5_u8 {
            for _ in 0..3 {
                assert_eq!(kept.get().await.unwrap(), number.to_string());
            }
            let id = number.to_string();
            let new = NewSubmission {
                id: &id,
                hotkey: "key",
                artifact_hash: "hash",
                filename: "",
                fingerprint: Fingerprint::None,
            };
            store.queue(&new, 100, Timestamp::now()).unwrap();
        }
        assert_eq!(TIMES_MADE.load(Ordering::Relaxed), 5);
    }
}

//! Answers over the whole database, kept for as long as nothing changes in it.
//!
//! A leaderboard over ten thousand submissions takes a hundredth of a second to make, and is asked for far more often
//! than it changes. Each such answer has a connection of its own, on which SQLite tells whether anybody, this process
//! or another, has committed anything since.

use std::path::Path;
use std::sync::Arc;

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
    made: Option<(i64, Bytes)>,
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

    /// The answer as of now. Those who ask while it is being made wait for that, and nobody makes it twice.
    ///
    /// # Errors
    /// The database fails.
    pub(super) async fn get(&self) -> Result<Bytes, Fault> {
        let mut slot = Arc::clone(&self.slot).lock_owned().await;
        match spawn_blocking(move || slot.current()).await {
            Ok(answer) => answer.map_err(Fault::Store),
            Err(panic) => Err(Fault::Internal(panic.to_string())),
        }
    }
}

impl Slot {
    fn current(&mut self) -> Result<Bytes, StoreError> {
        // Before it is made: what changes meanwhile is seen the next time.
        let version = self.store.data_version()?;
        if let Some((of, answer)) = &self.made
            && *of == version
        {
            return Ok(answer.clone());
        }
        let answer = Bytes::from((self.make)(&self.store, &self.settings)?);
        self.made = Some((version, answer.clone()));
        Ok(answer)
    }
}

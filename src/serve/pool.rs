//! Connections to the database, for work off the threads that answer requests.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::store::{Store, StoreError};

use super::fault::Fault;

/// How long a request waits for a connection. Queries take milliseconds, so only a server with more requests than it
/// can deal with lets anybody wait that long.
const WAIT: Duration = Duration::from_secs(10);

/// A few connections that are lent out one query at a time.
pub(super) struct Pool {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Store>>>,
    path: PathBuf,
    open: fn(&std::path::Path) -> Result<Store, StoreError>,
}

impl Pool {
    /// So many connections that read.
    pub(super) fn of_readers(path: PathBuf, size: usize) -> Result<Pool, StoreError> {
        Pool::new(path, size, Store::open_read_only)
    }

    /// The one connection that writes: writers exclude each other anyway, and here they wait in order.
    pub(super) fn of_one_writer(path: PathBuf) -> Result<Pool, StoreError> {
        Pool::new(path, 1, Store::open)
    }

    fn new(
        path: PathBuf,
        size: usize,
        open: fn(&std::path::Path) -> Result<Store, StoreError>,
    ) -> Result<Pool, StoreError> {
        let idle: Result<Vec<Store>, StoreError> = (0..size).map(|_| open(&path)).collect();
        Ok(Pool {
            permits: Arc::new(Semaphore::new(size)),
            idle: Arc::new(Mutex::new(idle?)),
            path,
            open,
        })
    }

    /// Does some work with a connection.
    ///
    /// # Errors
    /// None was free for too long, or the work fails.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Fault> {
        let permits = Arc::clone(&self.permits);
        let permit = timeout(WAIT, permits.acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Fault::Busy);
        };
        let idle = Arc::clone(&self.idle);
        let (path, open) = (self.path.clone(), self.open);
        // Also when the caller goes away: what was begun is done, and the connection comes back.
        let done = spawn_blocking(move || {
            let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            // One is missing only where work panicked with it.
            let mut store = kept.map_or_else(|| open(&path), Ok)?;
            let result = work(&mut store);
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(store);
            drop(permit);
            result
        });
        match done.await {
            Ok(result) => result.map_err(Fault::Store),
            Err(panic) => Err(Fault::Internal(panic.to_string())),
        }
    }
}

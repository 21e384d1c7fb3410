//! What every route can use.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::sync::Semaphore;

use crate::settings::Settings;
use crate::store::StoreError;

use super::documents;
use super::kept::Kept;
use super::log::Log;
use super::page;
use super::pool::Pool;
use super::queue::Bell;

/// Connections that read single submissions.
const READERS: usize = 4;

/// Pages with code that are made at a time.
const VIEWS: usize = 2;

/// Uploads that are in memory at a time, together, in KiB.
const UPLOAD_BUDGET_KIB: usize = 256 * 1024;

/// How long clients may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For the head of a request, between two pieces of a body, and for taking a piece of the answer.
    pub(super) piece: Duration,
    /// For the whole body.
    pub(super) body: Duration,
    /// For a connection, whatever is done on it.
    pub(super) connection: Duration,
}

impl Patience {
    /// All of it from how long a client may be silent.
    pub(super) fn of(piece: Duration) -> Patience {
        Patience {
            piece,
            body: piece * 4,
            connection: piece * 40,
        }
    }
}

/// What every route can use.
pub(super) struct App {
    pub(super) settings: Arc<Settings>,
    pub(super) readers: Pool,
    pub(super) writer: Pool,
    pub(super) kept: Documents,
    /// Bounds the memory of all uploads together.
    pub(super) budget: Arc<Semaphore>,
    /// Bounds how many packages are unpacked and reviewed at a time before they are queued.
    pub(super) checks: Arc<Semaphore>,
    /// Bounds how many pages with code are made at a time.
    pub(super) views: Arc<Semaphore>,
    pub(super) bell: Arc<Bell>,
    pub(super) queue_limit: u64,
    pub(super) patience: Patience,
    pub(super) log: Log,
    pub(super) openapi: Bytes,
}

/// The answers over the whole database.
pub(super) struct Documents {
    pub(super) home: Kept,
    pub(super) submissions: Kept,
    pub(super) leaderboard: Kept,
    pub(super) weights: Kept,
    pub(super) status: Kept,
    pub(super) stats: Kept,
}

/// What an [`App`] is made of besides the settings.
pub(super) struct Parts {
    pub(super) bell: Arc<Bell>,
    pub(super) checks: usize,
    pub(super) queue_limit: u64,
    pub(super) patience: Patience,
    pub(super) log: Log,
    pub(super) openapi: Bytes,
}

impl App {
    /// Opens every connection. The database is there already.
    pub(super) fn new(settings: Arc<Settings>, parts: Parts) -> Result<App, StoreError> {
        let path = &settings.database;
        let kept = |make| Kept::new(path, &settings, make);
        Ok(App {
            readers: Pool::of_readers(path.clone(), READERS)?,
            writer: Pool::of_one_writer(path.clone())?,
            kept: Documents {
                home: kept(page::home)?,
                submissions: kept(documents::submissions)?,
                leaderboard: kept(documents::leaderboard)?,
                weights: kept(documents::weights)?,
                status: kept(documents::status)?,
                stats: kept(documents::stats)?,
            },
            budget: Arc::new(Semaphore::new(UPLOAD_BUDGET_KIB)),
            views: Arc::new(Semaphore::new(VIEWS)),
            checks: Arc::new(Semaphore::new(parts.checks)),
            bell: parts.bell,
            queue_limit: parts.queue_limit,
            patience: parts.patience,
            log: parts.log,
            openapi: parts.openapi,
            settings,
        })
    }
}

//! The service's HTTP contract on the same store and pipeline as a batch.
//!
//! Requests are answered by a few asynchronous threads that never wait for a disk or a database: connections, packages
//! and the token file are dealt with on others. Evaluations have threads of their own, which take from a queue that
//! stands in the database ([`queue`]). So no route waits for another, and none for an evaluation.

mod answers;
mod auth;
mod connections;
mod documents;
mod fault;
mod headers;
mod intake;
mod io;
mod kept;
mod lock;
mod log;
mod openapi;
mod page;
mod pool;
mod queue;
mod routes;
mod state;
mod upload;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::harness::Cancel;
use crate::pipeline::Evaluator;
use crate::store::{Store, StoreError};

use connections::Bounds;
use lock::Lock;
use log::Log;
use queue::{Bell, Delayed, Worker};
use state::{App, Parts, Patience};

pub use lock::LockError;

/// How often it is looked whether somebody asked to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// How a server is to run.
#[derive(Debug, Clone, Copy)]
pub struct ServePlan {
    /// Submissions evaluated at once.
    pub jobs: usize,
    /// Submissions that may wait.
    pub queue_limit: u64,
    /// Connections that may be open.
    pub connections: usize,
    /// How long a client may be silent.
    pub client_timeout: Duration,
    /// Whether only errors are logged.
    pub quiet: bool,
}

/// Why a server cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It cannot listen there.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another server has the database.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread, a signal or a timer cannot be had.
    #[error("cannot start the server")]
    System(#[from] std::io::Error),
}

/// A socket that listens; requests wait in it until [`serve`] is called.
///
/// # Errors
/// The address is taken, is not this machine's, or may not be used.
pub fn listen(host: &str, port: u16) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind((host.trim_start_matches('[').trim_end_matches(']'), port));
    bound.map_err(|source| ServeError::Listen {
        address: format!("{host}:{port}"),
        source,
    })
}

/// Whether only this machine can reach an address.
pub fn is_loopback(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// Serves until a signal asks to stop (the evaluator's cancel flag is set by then), and leaves what was not finished in
/// the queue.
///
/// # Errors
/// It cannot start.
pub fn serve(
    listener: TcpListener,
    evaluator: &Evaluator<'_>,
    plan: &ServePlan,
) -> Result<(), ServeError> {
    let settings = Arc::new(evaluator.settings.clone());
    let _lock = Lock::take(&settings.database)?;
    let mut store = Store::open(&settings.database)?;
    let (log, writer) = Log::start(plan.quiet)?;
    let unfinished = store.put_all_back()?;
    if unfinished > 0 {
        log.say(&format!("{unfinished} submissions were being evaluated when an earlier server ended; they wait again"));
    }
    evaluator.fingerprint_waiting(&mut store)?;
    crate::harness::workspace::sweep_workspaces();

    let bell = Arc::new(Bell::default());
    let patience = Patience::of(plan.client_timeout);
    let app = App::new(
        Arc::clone(&settings),
        Parts {
            bell: Arc::clone(&bell),
            checks: plan.jobs.max(2),
            queue_limit: plan.queue_limit,
            patience,
            log: log.clone(),
            openapi: answers::written(&routes::description(&settings)).into(),
        },
    )?;
    let bounds = Bounds {
        connections: plan.connections,
        patience,
    };
    let delayed = Delayed::default();
    let mut stores = vec![store];
    while stores.len() < plan.jobs {
        stores.push(Store::open(&settings.database)?);
    }
    let runtime = runtime()?;
    let served = std::thread::scope(|scope| {
        for store in stores {
            let worker = Worker {
                evaluator,
                store,
                bell: &bell,
                delayed: &delayed,
                log: log.clone(),
                stuck: None,
            };
            scope.spawn(|| worker.work());
        }
        let served = runtime.block_on(answer(
            listener,
            Arc::new(app),
            &bounds,
            &log,
            &evaluator.cancel,
        ));
        // Whatever ended it: nobody evaluates for a server that does not answer.
        evaluator.cancel.cancel();
        bell.ring();
        served
    });
    drop(runtime);
    if served.is_ok() {
        log.say("stopped");
    }
    drop(log);
    writer.join();
    served
}

fn runtime() -> Result<tokio::runtime::Runtime, std::io::Error> {
    tokio::runtime::Builder::new_multi_thread()
        .thread_name("http")
        .max_blocking_threads(64)
        .enable_all()
        .build()
}

/// Answers requests until asked to stop.
async fn answer(
    listener: TcpListener,
    app: Arc<App>,
    bounds: &Bounds,
    log: &Log,
    cancel: &Cancel,
) -> Result<(), ServeError> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (stop, stopped) = watch::channel(false);
    let router = routes::router(app);
    let serving = connections::serve(listener, router, bounds, log, stopped);
    let signalled = async {
        while !cancel.is_cancelled() {
            tokio::time::sleep(GLANCE).await;
        }
        log.say("stopping: no new requests; what is being evaluated waits for the next start");
        // The receiver is there for as long as somebody serves.
        let _ = stop.send(true);
    };
    tokio::join!(serving, signalled);
    Ok(())
}

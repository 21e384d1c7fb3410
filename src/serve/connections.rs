//! Accepting connections, and cutting off those who only hold them.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::io::Patient;
use super::log::Log;
use super::state::Patience;

/// Bytes of a request's head; also what hyper reads ahead of a body.
const MOST_HEAD_BYTES: usize = 32 * 1024;
const MOST_HEADERS: usize = 64;

/// How long requests under way have when the server is stopped, or a connection has lasted long enough.
const LAST_REQUEST: Duration = Duration::from_secs(10);

/// Clients that are told at once that there is no room, and how long that may take.
const TURNED_AWAY: usize = 64;
const FAREWELL: Duration = Duration::from_secs(1);

/// After an error of accepting, which is most often that there are no descriptors left.
const BREATH: Duration = Duration::from_millis(100);

/// What there is room for.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: 31\r\n\
retry-after: 2\r\nconnection: close\r\n\r\n{\"detail\":\"the server is busy\"}";

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

/// The bounds of all connections together.
pub(super) struct Bounds {
    pub(super) connections: usize,
    pub(super) patience: Patience,
}

/// Serves until `stop` changes, then lets requests under way end.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: &Bounds,
    log: &Log,
    mut stop: watch::Receiver<bool>,
) {
    let room = Arc::new(Semaphore::new(bounds.connections));
    let doorstep = Arc::new(Semaphore::new(TURNED_AWAY));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = stop.wait_for(|stopped| *stopped) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                log.complain(&format!("cannot accept a connection: {error}"));
                sleep(BREATH).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            // Even this has its bound.
            if let Ok(place) = Arc::clone(&doorstep).try_acquire_owned() {
                connections.spawn(async move {
                    turn_away(stream).await;
                    drop(place);
                });
            }
            continue;
        };
        let connection = talk(stream, peer, router.clone(), bounds.patience, stop.clone());
        connections.spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(LAST_REQUEST, ended).await.is_err() {
        log.say("requests that did not end were cut off");
        connections.shutdown().await;
    }
}

/// One connection, until either side has had enough.
async fn talk(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    patience: Patience,
    mut stop: watch::Receiver<bool>,
) {
    // Answers are written whole, so waiting to fill a packet only costs time.
    let _ = stream.set_nodelay(true);
    let io = TokioIo::new(Patient::new(stream, patience.piece));
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        inner.call(request)
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(patience.piece)
            .max_headers(MOST_HEADERS)
            .max_buf_size(MOST_HEAD_BYTES)
            .serve_connection(io, service)
    );
    tokio::select! {
        // How a connection ends is the client's business: most errors here are clients that left.
        _ = connection.as_mut() => return,
        _ = stop.wait_for(|stopped| *stopped) => {}
        () = sleep(patience.connection) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LAST_REQUEST.max(patience.body), connection).await;
}

/// There is no room: says so, and waits a moment for the request to come and go, because a connection that is closed
/// over unread bytes takes the answer with it.
async fn turn_away(mut stream: TcpStream) {
    let farewell = async {
        stream.write_all(FULL).await?;
        stream.shutdown().await?;
        let mut scratch = [0; 4096];
        while stream.read(&mut scratch).await? > 0 {}
        std::io::Result::Ok(())
    };
    // Whether it was heard is the client's business.
    let _ = timeout(FAREWELL, farewell).await;
}

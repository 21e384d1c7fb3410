//! Bodies, bounded while they stream: in bytes, in time, and all of them together in memory.

use std::sync::Arc;

use axum::body::Body;
use http_body_util::BodyExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use crate::serve::fault::Fault;
use crate::serve::state::App;

/// What is read and thrown away of a body that is refused, so that its sender gets to read why: a connection that is
/// closed over unread bytes takes the answer with it.
const MOST_DISCARDED_BYTES: u64 = 64 << 20;

/// A body, and its share of the memory that all uploads have together.
#[derive(Debug)]
pub(in crate::serve) struct Received {
    bytes: Vec<u8>,
    share: Share,
}

/// A share of the memory that all uploads have together, given back when it is dropped.
#[derive(Debug, Default)]
pub(in crate::serve) struct Share(Option<OwnedSemaphorePermit>);

impl Received {
    pub(super) fn into_parts(self) -> (Vec<u8>, Share) {
        (self.bytes, self.share)
    }

    /// Takes a share that grows with the body.
    fn take(&mut self, app: &App, piece: &[u8]) -> Result<(), Fault> {
        let held = self
            .share
            .0
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let needed = (self.bytes.len() + piece.len()).div_ceil(1024);
        if needed > held {
            let more = u32::try_from(needed - held).map_err(|_| Fault::Busy)?;
            let more = Arc::clone(&app.budget).try_acquire_many_owned(more);
            let more = more.map_err(|_| Fault::Busy)?;
            match &mut self.share.0 {
                Some(share) => share.merge(more),
                none => *none = Some(more),
            }
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

/// Reads a body of at most so many bytes; None if it has more.
///
/// # Errors
/// It comes too slowly, breaks off or is not what HTTP calls a body, or there is no memory left for it.
pub(in crate::serve) async fn receive(
    app: &App,
    mut body: Body,
    most: u64,
) -> Result<Option<Received>, Fault> {
    let end = Instant::now() + app.patience.body;
    let mut received = Received {
        bytes: Vec::new(),
        share: Share::default(),
    };
    let announced = hyper::body::Body::size_hint(&body).lower();
    if announced > most {
        discard(app, body).await;
        return Ok(None);
    }
    while let Some(piece) = next(app, &mut body, end).await? {
        if received.bytes.len() as u64 + piece.len() as u64 > most {
            drop(received);
            discard(app, body).await;
            return Ok(None);
        }
        if let Err(fault) = received.take(app, &piece) {
            drop(received);
            discard(app, body).await;
            return Err(fault);
        }
    }
    Ok(Some(received))
}

/// Reads what is left of a body, up to a point, and forgets it.
pub(in crate::serve) async fn discard(app: &App, mut body: Body) {
    let end = Instant::now() + app.patience.piece;
    let mut discarded = 0;
    while discarded <= MOST_DISCARDED_BYTES {
        match next(app, &mut body, end).await {
            Ok(Some(piece)) => discarded += piece.len() as u64,
            Ok(None) | Err(_) => return,
        }
    }
}

async fn next(
    app: &App,
    body: &mut Body,
    end: Instant,
) -> Result<Option<axum::body::Bytes>, Fault> {
    loop {
        let patience = end.min(Instant::now() + app.patience.piece);
        match timeout_at(patience, body.frame()).await {
            Err(_) => return Err(Fault::TooSlow),
            Ok(None) => return Ok(None),
            Ok(Some(Err(error))) => {
                return Err(Fault::Refused(format!(
                    "the request body cannot be read: {error}"
                )));
            }
            // Trailers are nothing to us.
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(piece) if piece.is_empty() => {}
                Ok(piece) => return Ok(Some(piece)),
                Err(_) => {}
            },
        }
    }
}

//! From an upload to a place in the queue.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::package::{self, Package, PackageLimits};
use crate::review::{self, Source};
use crate::similarity::LocatedPackage;
use crate::store::{self, NewSubmission, Queued, SubmissionRow, Timestamp};

use super::fault::Fault;
use super::state::App;
use super::upload::Upload;

/// How long an upload waits until it is looked into.
const WAIT: Duration = Duration::from_secs(30);

/// An upload that keeps the package contract.
struct Checked {
    id: String,
    upload: Upload,
    package: Package,
}

/// Checks a package, keeps it and queues it: it is on disk when this returns. One that was here before is answered
/// with how it stands, and what it earned is left alone.
///
/// # Errors
/// It breaks the package contract, too many wait, or something of ours fails.
pub(super) async fn submit(app: &App, upload: Upload) -> Result<SubmissionRow, Fault> {
    let checks = Arc::clone(&app.checks);
    let Ok(Ok(permit)) = timeout(WAIT, checks.acquire_owned()).await else {
        return Err(Fault::Busy);
    };
    let limits = PackageLimits::from(&*app.settings);
    let checked = blocking(move || check(upload, &limits)).await??;

    let id = checked.id.clone();
    let limit = app.queue_limit;
    // A look ahead, so that nothing is worked out or written for a package that has no place: the queue itself decides
    // again.
    let ahead = app.readers.with(move |store| {
        let known = store.is_settled(&id)?;
        Ok((known, store.waiting()? >= limit))
    });
    let (is_known, is_full) = ahead.await?;
    if is_full && !is_known {
        return Err(Fault::QueueFull);
    }
    let root = app.settings.artifact_root.clone();
    let kept = blocking(move || -> Result<_, Fault> {
        let mut structure = None;
        if !is_known {
            structure = structure_of(&checked.package);
            store::keep_artifact(&root, &checked.id, &checked.upload.artifact)?;
        }
        Ok((checked, structure))
    });
    let (checked, structure) = kept.await??;
    drop(permit);

    let queued = app.writer.with(move |store| {
        let new = NewSubmission {
            id: &checked.id,
            hotkey: &checked.upload.hotkey,
            artifact_hash: &checked.package.artifact_hash,
            filename: &checked.upload.filename,
            fingerprint: structure.as_ref().into(),
        };
        store.queue(&new, limit, Timestamp::now())
    });
    match queued.await? {
        Queued::Full => Err(Fault::QueueFull),
        Queued::Known(row) => Ok(row),
        Queued::Pending(row) => {
            app.bell.ring();
            Ok(row)
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    spawn_blocking(work)
        .await
        .map_err(|panic| Fault::Internal(panic.to_string()))
}

fn check(upload: Upload, limits: &PackageLimits) -> Result<Checked, Fault> {
    let package = package::read_zip(&upload.artifact, limits)
        .map_err(|refused| Fault::Refused(refused.to_string()))?;
    Ok(Checked {
        id: package::submission_id(&upload.hotkey, &package.artifact_hash),
        upload,
        package,
    })
}

/// What the package is compared by. It is worked out now, so that whoever comes next is compared with this one however
/// long it waits.
fn structure_of(package: &Package) -> Option<LocatedPackage> {
    let sources: Vec<Source<'_>> = package
        .files
        .iter()
        .map(|file| Source {
            path: &file.path,
            bytes: &file.content,
        })
        .collect();
    review::package_located(&review::review(&sources), &sources)
}

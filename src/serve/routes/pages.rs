//! The pages for people.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use tokio::task::spawn_blocking;

use crate::package::PackageLimits;
use crate::serve::fault::{Fault, StoreFaults};
use crate::serve::page::{self, PageBytes, Shown};
use crate::serve::state::App;
use crate::store::artifact_path;

use super::{Answer, Segment};

/// The overview: leaderboard and recent submissions.
#[utoipa::path(get, path = "/", tag = "pages", responses(
    (status = 200, body = String, content_type = "text/html"),
    StoreFaults,
))]
pub(super) async fn home(State(app): State<Arc<App>>) -> Answer {
    Ok(PageBytes(app.kept.home.get().await?).into_response())
}

/// One submission, with its findings in the lines of its code.
#[utoipa::path(get, path = "/view/{submission_id}", tag = "pages",
    params(("submission_id" = String, Path, description = "Its id")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 404, description = "There is none of that id", body = String, content_type = "text/html"),
        StoreFaults,
    ))]
pub(super) async fn view(State(app): State<Arc<App>>, Segment(id): Segment) -> Answer {
    let found = app.readers.with(move |store| {
        let row = store.submission(&id)?;
        let record = match row {
            Some(_) => store.standing_record(&id)?,
            None => None,
        };
        Ok(row.map(|row| (row, record)))
    });
    let Some((row, record)) = found.await? else {
        return Ok(page::unknown());
    };
    // Unpacking is work; not everybody's at once.
    let permit = Arc::clone(&app.views).acquire_owned().await;
    let permit = permit.map_err(|_| Fault::Busy)?;
    let settings = Arc::clone(&app.settings);
    let made = spawn_blocking(move || {
        let kept = artifact_path(&settings.artifact_root, &row.id);
        let shown = Shown::of(row, record.as_deref());
        let limits = PackageLimits::from(&*settings);
        let sources = page::read_sources(&kept, &limits, &shown.placed());
        drop(permit);
        page::submission(&shown, &sources)
    });
    match made.await {
        Ok(page) => Ok(PageBytes(page.into()).into_response()),
        Err(panic) => Err(Fault::Internal(panic.to_string())),
    }
}

//! How the answers over the whole database are made.

use crate::settings::Settings;
use crate::store::{Store, StoreError};

use super::answers::{Leader, ServerStatus, Stats, Submission, Weights, written};

/// Rows of a list.
const LISTED: u32 = 100;

/// The newest submissions.
pub(super) fn submissions(store: &Store, _: &Settings) -> Result<Vec<u8>, StoreError> {
    let newest = store.summaries(LISTED)?.into_iter();
    Ok(written(&newest.map(Submission::from).collect::<Vec<_>>()))
}

/// The best submission of each hotkey.
pub(super) fn leaderboard(store: &Store, _: &Settings) -> Result<Vec<u8>, StoreError> {
    let best = store.leaderboard(Some(LISTED as usize))?.into_iter();
    Ok(written(&best.map(Leader::from).collect::<Vec<_>>()))
}

/// The best score of each hotkey, without a limit.
pub(super) fn weights(store: &Store, _: &Settings) -> Result<Vec<u8>, StoreError> {
    Ok(written(&Weights {
        weights: store.weights()?,
    }))
}

/// What this server does.
pub(super) fn status(store: &Store, settings: &Settings) -> Result<Vec<u8>, StoreError> {
    Ok(written(&ServerStatus {
        slug: settings.slug.clone(),
        status: "ok",
        evaluation_enabled: true,
        upload_enabled: settings.public_submissions_enabled,
        total_submissions: store.totals()?.submissions,
    }))
}

/// Counts.
pub(super) fn stats(store: &Store, _: &Settings) -> Result<Vec<u8>, StoreError> {
    let totals = store.totals()?;
    let best = store.leaderboard(Some(1))?;
    Ok(written(&Stats {
        total_submissions: totals.submissions,
        completed_submissions: totals.completed,
        active_miners: totals.hotkeys,
        best_score: best.first().map_or(0.0, |best| best.score),
    }))
}

//! The overview: who leads, and what came last.

use maud::{Markup, html};

use crate::report::count;
use crate::report::html::{Narrow, Page, Table, line, section};
use crate::settings::Settings;
use crate::store::{LeaderboardRow, Store, StoreError, SubmissionSummary};

use super::{SHORT_CHARACTERS, link, moment, score, status};

/// Rows of each table.
const SHOWN: u32 = 50;

/// Longest error in a table.
const ERROR_CHARACTERS: usize = 120;

/// The page, for as long as nothing changes.
pub(in crate::serve) fn home(store: &Store, settings: &Settings) -> Result<Vec<u8>, StoreError> {
    let totals = store.totals()?;
    let leaders = store.leaderboard(Some(SHOWN as usize))?;
    let newest = store.summaries(SHOWN)?;
    let page = Page {
        title: &settings.name,
        lead: html! {
            (count(number(totals.submissions), "submission")) " of " (count(number(totals.hotkeys), "hotkey")) ", "
            (totals.completed) " completed, " (totals.waiting) " waiting or running."
        },
        links: &[
            ("#leaderboard", "Leaderboard"),
            ("#recent", "Recent submissions"),
            ("openapi.json", "API"),
        ],
    };
    let content = html! {
        (section("leaderboard", "Leaderboard", leaderboard(&leaders)))
        (section("recent", "Recent submissions", recent(&newest)))
    };
    Ok(page.whole(&content).into_bytes())
}

fn number(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn leaderboard(leaders: &[LeaderboardRow]) -> Markup {
    if leaders.is_empty() {
        return html! { p { "Nothing is completed yet." } };
    }
    let columns = [
        ">rank",
        "hotkey",
        ">score",
        ">conversations",
        ">messages",
        "submission",
    ];
    let mut table = Table::new("Leaderboard", Narrow::Stack, &columns);
    for leader in leaders {
        table.row([
            html! { (leader.rank) },
            line(&leader.hotkey, SHORT_CHARACTERS),
            score(leader.score),
            html! { (leader.conversation_count) },
            html! { (leader.total_messages) },
            link("view/", &leader.submission_id),
        ]);
    }
    table.markup()
}

fn recent(newest: &[SubmissionSummary]) -> Markup {
    if newest.is_empty() {
        return html! { p { "Nothing has been submitted yet." } };
    }
    let columns = [
        "submission",
        "hotkey",
        "status",
        "passed",
        ">score",
        "arrived",
        "error",
    ];
    let mut table = Table::new("Recent submissions", Narrow::Stack, &columns);
    for submission in newest {
        table.row([
            link("view/", &submission.id),
            line(&submission.hotkey, SHORT_CHARACTERS),
            status(&submission.status, submission.passed),
            html! {
                @match (submission.status.as_str(), submission.passed) {
                    ("completed", true) => "yes",
                    ("completed", false) => "no",
                    _ => "–",
                }
            },
            score(submission.score),
            moment(&submission.created_at),
            html! {
                @match &submission.error {
                    Some(error) => (line(error, ERROR_CHARACTERS)),
                    None => "–",
                }
            },
        ]);
    }
    table.markup()
}

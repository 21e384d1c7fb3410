//! The leaderboard for people.

use crate::store::LeaderboardRow;

use super::{Display, Paint, Table};

/// Best completed score per hotkey, highest first, with its share of the positive weights.
pub fn leaderboard(rows: &[LeaderboardRow], display: Display) -> String {
    if rows.is_empty() {
        return "no completed submission yet\n".to_owned();
    }
    let total: f64 = rows.iter().map(|row| row.score.max(0.0)).sum();
    let mut table = Table::new(
        &[
            ">rank",
            "hotkey",
            ">score",
            ">share",
            ">conversations",
            "submission",
        ],
        display,
    );
    for row in rows {
        let share = if total > 0.0 {
            row.score.max(0.0) / total * 100.0
        } else {
            0.0
        };
        table.row([
            (Paint::Plain, row.rank.to_string().as_str()),
            (Paint::Plain, row.hotkey.as_str()),
            (Paint::Plain, format!("{:.4}", row.score).as_str()),
            (Paint::Plain, format!("{share:.1}%").as_str()),
            (Paint::Plain, row.conversation_count.to_string().as_str()),
            (Paint::Faint, row.submission_id.as_str()),
        ]);
    }
    table.text()
}

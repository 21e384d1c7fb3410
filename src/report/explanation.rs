//! `dfab score --explain` for people: what would gain most first, then what each metric cost and where.

use crate::score::{Change, ConversationCost, Explanation, MetricCost, SimilarOpenings};

use super::{Display, Paint, Table, escape};

/// Less than this many points is shown as nothing lost.
const NOTHING: f64 = 0.000_05;

/// The whole text.
pub fn explanation_text(explanation: &Explanation, display: Display) -> String {
    if let Some(error) = &explanation.error {
        return format!("{}\n", escape::line(error));
    }
    let mut text = changes(&explanation.changes, display);
    for metric in explanation
        .metrics
        .iter()
        .filter(|metric| metric.points_lost >= NOTHING)
    {
        text.push_str(&metric_text(metric, display));
    }
    text.push_str(&openings(explanation, display));
    text
}

fn changes(changes: &[Change], display: Display) -> String {
    let heading = heading("What would gain most", display);
    if changes.is_empty() {
        return format!("{heading}nothing: every metric is full\n");
    }
    let mut table = Table::new(&[">gain", "metric", "change", "lines"], display);
    for change in changes {
        table.row([
            (Paint::Good, format!("+{:.4}", change.gain).as_str()),
            (Paint::Faint, change.metric.trim_end_matches("_score")),
            (Paint::Plain, change.text.as_str()),
            (Paint::Faint, lines(&change.lines, change.more).as_str()),
        ]);
    }
    format!("{heading}{}", table.text())
}

fn metric_text(metric: &MetricCost, display: Display) -> String {
    let name = metric.name.trim_end_matches("_score");
    let title = format!("{name} cost {:.4} points", metric.points_lost);
    let summary = escape::line(&metric.summary);
    let mut text = format!("\n{}{summary}\n", heading(&title, display));
    if metric.conversations.is_empty() {
        return text;
    }
    let mut table = Table::new(&["  line", ">points", "reason"], display);
    for ConversationCost {
        line,
        points_lost,
        reason,
    } in &metric.conversations
    {
        table.row([
            (Paint::Plain, format!("  {line}").as_str()),
            (Paint::Warning, format!("{points_lost:.4}").as_str()),
            (Paint::Plain, reason.as_str()),
        ]);
    }
    text.push_str(&table.text());
    if metric.more > 0 {
        text.push_str(&format!("  and {} more\n", metric.more));
    }
    text
}

fn openings(explanation: &Explanation, display: Display) -> String {
    if explanation.similar_openings.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}", heading("Conversations that open alike", display));
    for SimilarOpenings {
        count,
        distinct,
        lines: first,
        more,
    } in &explanation.similar_openings
    {
        let lines = lines(first, *more);
        text.push_str(&format!(
            "  {count} conversations, {distinct} of them different: lines {lines}\n"
        ));
    }
    if explanation.more_similar_openings > 0 {
        text.push_str(&format!(
            "  and {} more groups\n",
            explanation.more_similar_openings
        ));
    }
    text
}

fn heading(text: &str, display: Display) -> String {
    format!("{}\n", Paint::Strong.text(text, display.color))
}

/// `3, 5, 8 and 12 more`.
fn lines(first: &[usize], more: usize) -> String {
    let mut text = first
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

//! The first conversations of a dataset, to look into.

use maud::{Markup, html};
use serde_json::Value;

use crate::report::html::{block, fold, line};

/// Conversations shown, whatever the setting keeps.
const MOST_SAMPLES: usize = 50;
/// Characters of one shown.
const SAMPLE_CHARACTERS: usize = 10_000;
const SUMMARY_CHARACTERS: usize = 100;

/// Each line folded away behind the first thing that is said in it.
pub(super) fn samples(jsonl: &str) -> Markup {
    let lines: Vec<&str> = jsonl
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    if lines.is_empty() {
        return html! { p { "None." } };
    }
    html! {
        @for (index, text) in lines.iter().take(MOST_SAMPLES).enumerate() {
            (sample(index + 1, text))
        }
        @if lines.len() > MOST_SAMPLES { p { (lines.len() - MOST_SAMPLES) " more are not shown here." } }
    }
}

fn sample(number: usize, text: &str) -> Markup {
    // What is no JSON, or nested too deeply for it, is shown as it stands.
    let value: Option<Value> = serde_json::from_str(text).ok();
    let said = value.as_ref().and_then(first_content).unwrap_or(text);
    let pretty = value
        .as_ref()
        .and_then(|value| serde_json::to_string_pretty(value).ok());
    let whole = pretty.as_deref().unwrap_or(text);
    let shown = whole
        .char_indices()
        .nth(SAMPLE_CHARACTERS)
        .map_or(whole, |(end, _)| &whole[..end]);
    let summary = html! { (number) ". " (line(said, SUMMARY_CHARACTERS)) };
    let body = html! {
        pre tabindex="0" { (block(shown)) }
        @if shown.len() < whole.len() { p { small { "The rest of it is left out." } } }
    };
    fold(summary, body, false)
}

/// The first message's text.
fn first_content(conversation: &Value) -> Option<&str> {
    let messages = conversation.get("messages")?.as_array()?;
    let texts = messages
        .iter()
        .filter_map(|message| message.get("content")?.as_str());
    texts.into_iter().find(|text| !text.trim().is_empty())
}

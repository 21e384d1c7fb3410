//! The JSON object in an endpoint's answer.

use serde_json::{Map, Value};

use super::short;

/// Characters of an answer that go into an error.
const MAX_SAID: usize = 80;

/// The object between the first `{` and the last `}` of what the model said. Of two equal keys the last one counts, as
/// for the live service.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, String> {
    let said = said(body)?;
    let braces = said.find('{').zip(said.rfind('}'));
    let inner = braces.and_then(|(first, last)| said.get(first..=last));
    let Some(inner) = inner else {
        return Err(match said.trim() {
            "" => "it is empty".to_owned(),
            said => format!(
                "there is no JSON object in it, but: {}",
                short(said, MAX_SAID)
            ),
        });
    };
    serde_json::from_str(inner).map_err(|error| format!("it is not JSON: {error}"))
}

/// The message of a chat reply, in Ollama's or OpenAI's shape; of another body all of it.
fn said(body: &[u8]) -> Result<String, String> {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let message = parsed.as_ref().and_then(|reply| {
        let choice = || reply.get("choices")?.get(0)?.get("message");
        reply.get("message").or_else(choice)
    });
    match message {
        Some(Value::Object(message)) => content(message),
        _ => Ok(String::from_utf8_lossy(body).into_owned()),
    }
}

fn content(message: &Map<String, Value>) -> Result<String, String> {
    match message.get("content") {
        Some(Value::String(text)) => Ok(text.clone()),
        // Some servers split a message into parts.
        Some(Value::Array(parts)) => Ok(parts
            .iter()
            .filter_map(|part| part.get("text")?.as_str())
            .collect()),
        _ => match message.get("refusal").and_then(Value::as_str) {
            Some(refusal) => Err(format!("it refuses: {}", short(refusal, MAX_SAID))),
            None => Err("its message has no text".to_owned()),
        },
    }
}

/// A number that stands for a key: none if the key is absent or null.
pub(super) fn number(object: &Map<String, Value>, key: &str) -> Result<Option<f64>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64().filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err(format!("{key} is not a number")),
        },
    }
}

/// A text that stands for a key: none if the key is absent or null.
pub(super) fn text<'a>(
    object: &'a Map<String, Value>,
    key: &str,
) -> Result<Option<&'a str>, String> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{key} is not text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object_of(body: &str) -> Result<Value, String> {
        object(body.as_bytes()).map(Value::Object)
    }

    #[test]
    fn the_answer_is_found_in_every_shape_of_reply() {
        let answer = json!({"a": 1});
        for body in [
            r#"{"a": 1}"#.to_owned(),
            "Sure! ```json\n{\"a\": 1}\n``` That is all.".to_owned(),
            json!({"model": "m", "message": {"role": "assistant", "content": "So: {\"a\": 1}."}, "done": true}).to_string(),
            json!({"choices": [{"index": 0, "message": {"role": "assistant", "content": "{\"a\": 1}"}}]}).to_string(),
            json!({"choices": [{"message": {"content": [{"type": "text", "text": "{\"a\""}, {"type": "text", "text": ": 1}"}]}}]}).to_string(),
        ] {
            assert_eq!(object_of(&body), Ok(answer.clone()), "{body}");
        }
        assert_eq!(
            object_of(r#"{"a": 0, "a": 1}"#),
            Ok(answer),
            "the last counts"
        );
        let nested = object_of(r#"x {"a": {"b": "}{"}} y"#);
        assert_eq!(nested, Ok(json!({"a": {"b": "}{"}})));
    }

    #[test]
    fn what_is_no_answer_is_named() {
        for (body, why) in [
            ("".to_owned(), "it is empty"),
            (
                "I cannot help with that.".to_owned(),
                "there is no JSON object in it",
            ),
            ("} {".to_owned(), "there is no JSON object in it"),
            ("{a: 1}".to_owned(), "it is not JSON"),
            (r#"{"a": NaN}"#.to_owned(), "it is not JSON"),
            (r#"{"a": 1e999}"#.to_owned(), "it is not JSON"),
            (r#"{"a": 1} and {"b": 2}"#.to_owned(), "it is not JSON"),
            (
                "{\"a\":".repeat(5000) + "1" + &"}".repeat(5000),
                "it is not JSON",
            ),
            (
                json!({"message": {"content": "I must decline."}}).to_string(),
                "there is no JSON object",
            ),
            (
                json!({"message": {"content": null}}).to_string(),
                "its message has no text",
            ),
            (
                json!({"choices": [{"message": {"content": null, "refusal": "No."}}]}).to_string(),
                "it refuses: No.",
            ),
        ] {
            let error = object_of(&body).unwrap_err();
            assert!(error.starts_with(why), "{body}: {error}");
        }
    }
}

//! Advisories: datasets that come with the package.

use super::{Check, Effect, Rule};
use crate::review::Severity;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

pub(super) const RULES: &[Rule] = &[Rule {
    id: "shipped-dataset",
    severity: Severity::Warning,
    effect: Effect::Advisory,
    summary: "ships finished conversations inside the package",
    explanation: "A harness is meant to make its data. Conversations (objects with a list of `messages` that have \
        roles) in a .jsonl, .json or text file, or in a long text constant, suggest that it only copies them out.",
    example: "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}, {\"role\": \"assistant\", \"content\": \"a\"}]}\n",
    check: Check::Data(shipped_dataset),
}];

/// Lines looked at in one file.
const MAX_LINES: usize = 1000;

fn shipped_dataset(_path: &str, bytes: &[u8]) -> Option<String> {
    let by_line: usize = bytes
        .split(|&byte| byte == b'\n')
        .take(MAX_LINES)
        .map(conversations)
        .sum();
    let count = if by_line > 0 {
        by_line
    } else {
        conversations(bytes)
    };
    match count {
        0 => None,
        1 => Some("holds a finished conversation".to_owned()),
        _ => Some(format!("holds {count} finished conversations")),
    }
}

/// Conversations in a JSON document, 0 if it is none.
fn conversations(json: &[u8]) -> usize {
    // Most lines of most files are no JSON objects or lists; what is none need not be read to its
    // end.
    let start = json.iter().find(|byte| !byte.is_ascii_whitespace());
    match start {
        Some(b'{' | b'[') => {
            serde_json::from_slice::<Shape>(json).map_or(0, |shape| shape.conversations)
        }
        _ => 0,
    }
}

/// What matters of a JSON value. Reading one builds nothing, so its memory does not grow with the
/// file.
#[derive(Default)]
struct Shape {
    /// Conversations in it: objects whose `messages` is a list of messages.
    conversations: usize,
    /// It is an object with a `role`.
    is_message: bool,
    /// It is a list of two or more messages.
    is_message_list: bool,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shape, D::Error> {
        deserializer.deserialize_any(ShapeVisitor)
    }
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Shape;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shape, A::Error> {
        let mut object = Shape::default();
        let mut is_conversation = false;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let value: Shape = map.next_value()?;
            object.conversations += value.conversations;
            object.is_message |= key == "role";
            is_conversation |= key == "messages" && value.is_message_list;
        }
        object.conversations += usize::from(is_conversation);
        Ok(object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Shape, A::Error> {
        let mut shape = Shape::default();
        let (mut values, mut messages) = (0usize, 0usize);
        while let Some(value) = list.next_element::<Shape>()? {
            shape.conversations += value.conversations;
            values += 1;
            messages += usize::from(value.is_message);
        }
        shape.is_message_list = values >= 2 && messages == values;
        Ok(shape)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
        Ok(Shape::default())
    }

    fn visit_unit<E>(self) -> Result<Shape, E> {
        Ok(Shape::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"messages":[{"role":"user"},{"role":"assistant"}]}"#;

    #[test]
    fn conversations_are_found_by_line_and_in_documents() {
        let found = |text: &str| shipped_dataset("x", text.as_bytes());
        assert_eq!(found(LINE).unwrap(), "holds a finished conversation");
        assert_eq!(
            found(&format!("{LINE}\n\n{LINE}")).unwrap(),
            "holds 2 finished conversations"
        );
        let document = format!("{{\"data\":\n[{LINE},\n{LINE},{LINE}]}}");
        assert_eq!(found(&document).unwrap(), "holds 3 finished conversations");
    }

    #[test]
    fn templates_settings_and_noise_are_no_datasets() {
        for text in [
            "",
            "[]",
            "{\"messages\": 3}",
            "{\"messages\": []}",
            "name: messages",
            r#"{"messages":[{"role":"system"}]}"#,
            "\u{0}\u{1}",
            "[[[[[[[",
            r#"{"messages":[{"role":1},2,null,true,-1,0.5]}"#,
        ] {
            assert_eq!(shipped_dataset("x", text.as_bytes()), None, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(shipped_dataset("x", deep.as_bytes()), None);
    }
}

//! When two conversations are the same.

use crate::dataset::json::{Int, Object, Value};
use crate::dataset::{Conversation, FunctionCall, Message, Role};
use crate::text::PyStr;
use sha2::{Digest, Sha256};

/// Equal exactly for equal conversations.
pub(super) type Identity = [u8; 32];

/// A hash over every parsed field, written so that no two different conversations write the same
/// bytes: each item starts with a tag, text and lists with their length.
pub(super) fn identity(conversation: &Conversation) -> Identity {
    let mut writer = Writer(Sha256::new());
    writer.optional_text(conversation.id.as_ref());
    writer.object(&conversation.task);
    writer.list(&conversation.messages, Writer::message);
    writer.list(&conversation.tools, Writer::value);
    writer.object(&conversation.final_state);
    match &conversation.function_calls {
        None => writer.tag(b'-'),
        Some(calls) => writer.list(calls, Writer::function_call),
    }
    writer.optional_text(conversation.thinking.as_ref());
    writer.object(&conversation.metadata);
    writer.0.finalize().into()
}

struct Writer(Sha256);

impl Writer {
    fn tag(&mut self, tag: u8) {
        self.0.update([tag]);
    }

    fn text(&mut self, text: &[u8]) {
        self.tag(b's');
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    fn optional_text(&mut self, text: Option<&PyStr>) {
        match text {
            None => self.tag(b'-'),
            Some(text) => self.text(text.as_bytes()),
        }
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.tag(b'[');
        self.0.update((items.len() as u64).to_le_bytes());
        for item in items {
            each(self, item);
        }
    }

    fn object(&mut self, members: &Object) {
        let mut sorted: Vec<(&PyStr, &Value)> = members.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| *key);
        self.tag(b'{');
        self.list(&sorted, |writer, (key, value)| {
            writer.text(key.as_bytes());
            writer.value(value);
        });
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.tag(b'n'),
            Value::Bool(value) => self.tag(if *value { b't' } else { b'f' }),
            Value::Int(Int::Small(value)) => {
                self.tag(b'i');
                self.0.update(value.to_le_bytes());
            }
            Value::Int(Int::Big(digits)) => {
                self.tag(b'I');
                self.text(digits.as_bytes());
            }
            Value::Float(value) => {
                // All NaNs are one; the two zeros are two.
                let value = if value.is_nan() { f64::NAN } else { *value };
                self.tag(b'd');
                self.0.update(value.to_bits().to_le_bytes());
            }
            Value::Str(text) => self.text(text.as_bytes()),
            Value::List(items) => self.list(items, Self::value),
            Value::Object(members) => self.object(members),
        }
    }

    fn function_call(&mut self, call: &FunctionCall) {
        self.text(call.name.as_bytes());
        self.text(call.arguments.as_bytes());
    }

    fn message(&mut self, message: &Message) {
        self.tag(match message.role {
            Role::System => b'S',
            Role::User => b'U',
            Role::Assistant => b'A',
            Role::Function => b'F',
            Role::Tool => b'T',
        });
        self.text(message.content.as_bytes());
        self.optional_text(message.name.as_ref());
        self.optional_text(message.reasoning.as_ref());
        match &message.function_call {
            None => self.tag(b'-'),
            Some(call) => self.function_call(call),
        }
        self.list(&message.tool_calls, |writer, call| {
            writer.optional_text(call.id.as_ref());
            writer.text(call.name.as_bytes());
            writer.object(&call.arguments);
        });
    }
}

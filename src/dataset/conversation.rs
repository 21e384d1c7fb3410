//! Typed conversations, and the checks that make them.

use super::error::LineError;
use super::json::{Object, Value};
use crate::text::PyStr;

/// Who a message is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// `system`
    System,
    /// `user`
    User,
    /// `assistant`
    Assistant,
    /// `function`, the older form of a tool's answer
    Function,
    /// `tool`
    Tool,
}

impl Role {
    fn from_name(name: &PyStr) -> Option<Role> {
        match name.as_bytes() {
            b"system" => Some(Role::System),
            b"user" => Some(Role::User),
            b"assistant" => Some(Role::Assistant),
            b"function" => Some(Role::Function),
            b"tool" => Some(Role::Tool),
            _ => None,
        }
    }

    fn may_open(self) -> bool {
        matches!(self, Role::System | Role::User | Role::Assistant)
    }

    fn may_precede(self, next: Role) -> bool {
        use Role::{Assistant, Function, System, Tool, User};
        match self {
            System => matches!(next, User | Assistant),
            User => matches!(next, Assistant | Function | Tool),
            Assistant => matches!(next, User | Function | Tool),
            Function | Tool => matches!(next, User | Assistant),
        }
    }
}

/// A call in the older form: one per message, arguments as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionCall {
    /// May be empty.
    pub name: PyStr,
    /// As written; empty if absent.
    pub arguments: PyStr,
}

/// A call in the newer form.
#[derive(Debug, Clone)]
pub struct ToolCall {
    /// Absent unless it is text.
    pub id: Option<PyStr>,
    /// May be empty.
    pub name: PyStr,
    /// Empty if absent.
    pub arguments: Object,
}

/// One message of a conversation.
#[derive(Debug, Clone)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// Empty if absent or null.
    pub content: PyStr,
    /// Absent unless it is text.
    pub name: Option<PyStr>,
    /// Absent unless it is text.
    pub reasoning: Option<PyStr>,
    /// The older form of calling.
    pub function_call: Option<FunctionCall>,
    /// The newer form; empty if absent.
    pub tool_calls: Vec<ToolCall>,
}

impl Message {
    /// Whether it is a tool's or function's answer.
    pub fn is_tool_result(&self) -> bool {
        matches!(self.role, Role::Tool | Role::Function)
    }
}

/// One line of a dataset that passed every check.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Line number in the dataset, from 1, blank lines counted.
    pub line: usize,
    /// Absent unless it is text.
    pub id: Option<PyStr>,
    /// What was asked; empty unless it is an object.
    pub task: Object,
    /// At least two, in a valid order of roles.
    pub messages: Vec<Message>,
    /// Declared tools; empty unless it is a list.
    pub tools: Vec<Value>,
    /// What came out; empty unless it is an object.
    pub final_state: Object,
    /// Calls listed beside the messages, nulls left out. They are compared but never counted.
    pub function_calls: Option<Vec<FunctionCall>>,
    /// Absent unless it is text.
    pub thinking: Option<PyStr>,
    /// Empty unless it is an object.
    pub metadata: Object,
}

impl Conversation {
    /// Checks a parsed line. The order of checks decides which error a line with several gets.
    pub(super) fn check(line: usize, value: Value) -> Result<Conversation, LineError> {
        let Value::Object(mut fields) = value else {
            return Err(LineError::NotAnObject);
        };
        let items = match take(&mut fields, "messages") {
            None => return Err(LineError::MissingMessages),
            Some(Value::List(items)) => items,
            Some(_) => return Err(LineError::MessagesNotAList),
        };
        // A role nobody knows is an error of the sequence, found only after all messages.
        let mut roles_known = true;
        let mut messages = Vec::with_capacity(items.len());
        for item in items {
            let (role, message) = message(item)?;
            roles_known &= role.is_some();
            messages.push(message);
        }
        let function_calls = match take(&mut fields, "function_calls") {
            None | Some(Value::Null) => None,
            Some(Value::List(items)) => {
                let present = items
                    .into_iter()
                    .filter(|item| !matches!(item, Value::Null));
                Some(present.map(function_call).collect::<Result<_, _>>()?)
            }
            Some(_) => return Err(LineError::FunctionCallsNotAList),
        };
        check_sequence(&messages, roles_known)?;
        Ok(Conversation {
            line,
            id: take_text(&mut fields, "id"),
            task: take_object(&mut fields, "task"),
            messages,
            tools: match take(&mut fields, "tools") {
                Some(Value::List(items)) => items,
                _ => Vec::new(),
            },
            final_state: take_object(&mut fields, "final"),
            function_calls,
            thinking: take_text(&mut fields, "thinking"),
            metadata: take_object(&mut fields, "metadata"),
        })
    }
}

/// The checks on a conversation as a whole.
fn check_sequence(messages: &[Message], roles_known: bool) -> Result<(), LineError> {
    let first = messages.first().ok_or(LineError::NoMessages)?;
    if messages.len() < 2 {
        return Err(LineError::TooFewMessages);
    }
    let ordered = messages
        .array_windows()
        .all(|[a, b]| a.role.may_precede(b.role));
    if !roles_known || !first.role.may_open() || !ordered {
        return Err(LineError::RoleSequence);
    }
    let says_something = |message: &Message| {
        !message.content.is_empty()
            || message.function_call.is_some()
            || !message.tool_calls.is_empty()
    };
    if messages.iter().all(says_something) {
        Ok(())
    } else {
        Err(LineError::EmptyContent)
    }
}

/// A message and whether its role is known; an unknown one is held as `user` until the sequence
/// is checked.
fn message(value: Value) -> Result<(Option<Role>, Message), LineError> {
    let Value::Object(mut fields) = value else {
        return Err(LineError::MessageNotAnObject);
    };
    let role = take_text(&mut fields, "role")
        .filter(|name| !name.is_empty())
        .ok_or(LineError::RoleRequired)?;
    let role = Role::from_name(&role);
    let content = match take(&mut fields, "content") {
        None | Some(Value::Null) => PyStr::default(),
        Some(Value::Str(text)) => text,
        Some(_) => return Err(LineError::ContentNotAString),
    };
    let function_call = match take(&mut fields, "function_call") {
        None | Some(Value::Null) => None,
        Some(value) => Some(function_call(value)?),
    };
    let tool_calls = match take(&mut fields, "tool_calls") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items)) => items.into_iter().map(tool_call).collect::<Result<_, _>>()?,
        Some(_) => return Err(LineError::ToolCallsNotAList),
    };
    let message = Message {
        role: role.unwrap_or(Role::User),
        content,
        name: take_text(&mut fields, "name"),
        reasoning: take_text(&mut fields, "reasoning"),
        function_call,
        tool_calls,
    };
    Ok((role, message))
}

fn function_call(value: Value) -> Result<FunctionCall, LineError> {
    let Value::Object(mut fields) = value else {
        return Err(LineError::FunctionCallNotAnObject);
    };
    let name = take_text(&mut fields, "name").ok_or(LineError::FunctionCallFields)?;
    let arguments = match take(&mut fields, "arguments") {
        None => PyStr::default(),
        Some(Value::Str(text)) => text,
        Some(_) => return Err(LineError::FunctionCallFields),
    };
    Ok(FunctionCall { name, arguments })
}

fn tool_call(value: Value) -> Result<ToolCall, LineError> {
    let Value::Object(mut fields) = value else {
        return Err(LineError::ToolCallNotAnObject);
    };
    let name = take_text(&mut fields, "name").ok_or(LineError::ToolCallNameRequired)?;
    let arguments = match take(&mut fields, "arguments") {
        None => Object::default(),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(LineError::ToolCallArgumentsNotAnObject),
    };
    Ok(ToolCall {
        id: take_text(&mut fields, "id"),
        name,
        arguments,
    })
}

/// Takes a field out. The order of what is left changes, which no longer matters here.
fn take(fields: &mut Object, name: &str) -> Option<Value> {
    fields.swap_remove(name.as_bytes())
}

fn take_text(fields: &mut Object, name: &str) -> Option<PyStr> {
    match take(fields, name) {
        Some(Value::Str(text)) => Some(text),
        _ => None,
    }
}

fn take_object(fields: &mut Object, name: &str) -> Object {
    match take(fields, name) {
        Some(Value::Object(members)) => members,
        _ => Object::default(),
    }
}

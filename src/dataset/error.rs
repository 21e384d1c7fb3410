//! Why a dataset was refused, in the live service's words.

use super::json::JsonError;

/// Why a text is not a dataset. The texts are the live service's, except the reason after
/// `invalid JSON: `, which follows CPython where it has one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// No text, or only white space.
    #[error("dataset is empty")]
    Empty,
    /// The first line that is not a conversation.
    #[error("line {line}: {cause}")]
    Line {
        /// Its number, from 1, blank lines counted.
        line: usize,
        /// What was wrong with it.
        cause: LineError,
    },
}

/// Why a line is not a conversation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not JSON.
    #[error("invalid JSON: {0}")]
    InvalidJson(#[from] JsonError),
    /// JSON, but not an object.
    #[error("expected JSON object")]
    NotAnObject,
    /// No `messages`.
    #[error("missing messages field")]
    MissingMessages,
    /// `messages` is something else.
    #[error("messages must be a list")]
    MessagesNotAList,
    /// A message is something else.
    #[error("message must be an object")]
    MessageNotAnObject,
    /// `role` is absent, empty or not text.
    #[error("message role is required")]
    RoleRequired,
    /// `content` is neither absent, null nor text.
    #[error("message content must be a string")]
    ContentNotAString,
    /// A function call is something else.
    #[error("function_call must be an object")]
    FunctionCallNotAnObject,
    /// A function call's name is absent or not text, or its arguments are not text.
    #[error("invalid function_call fields")]
    FunctionCallFields,
    /// `tool_calls` is something else.
    #[error("tool_calls must be a list")]
    ToolCallsNotAList,
    /// A tool call is something else, null included.
    #[error("tool call must be an object")]
    ToolCallNotAnObject,
    /// A tool call's name is absent or not text.
    #[error("tool call name is required")]
    ToolCallNameRequired,
    /// A tool call's arguments are something else, null included.
    #[error("tool call arguments must be an object")]
    ToolCallArgumentsNotAnObject,
    /// The conversation's `function_calls` is something else.
    #[error("function_calls must be a list")]
    FunctionCallsNotAList,
    /// `messages` is empty.
    #[error("messages array is empty")]
    NoMessages,
    /// One message only.
    #[error("need at least 2 messages")]
    TooFewMessages,
    /// An unknown role, or one that may not stand where it does.
    #[error("invalid role sequence")]
    RoleSequence,
    /// A message with neither content nor calls.
    #[error("message content is empty")]
    EmptyContent,
}

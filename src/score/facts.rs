//! What each conversation contributes, before anything is averaged.

use super::identity::{Identity, identity};
use super::repeats::{Repeats, repeats};
use super::sum::clamp;
use crate::dataset::json::{Object, Value};
use crate::dataset::{Conversation, Message, Role};
use crate::text::PyStr;
use memchr::memmem::Finder;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Names of tools every coding agent is known to have.
pub(super) const KNOWN_TOOLS: [&str; 7] =
    ["read", "grep", "bash", "list_dir", "edit", "test", "python"];

/// Words that show a conversation is about code.
pub(super) const CODING_WORDS: [&str; 11] = [
    "code",
    "bug",
    "test",
    "patch",
    "repo",
    "function",
    "class",
    "debug",
    "refactor",
    "swe",
    "benchmark",
];

/// Phrases of a model that has nothing to say.
pub(super) const FILLER_PHRASES: [&str; 5] = [
    "i understand",
    "that makes sense",
    "thank you for sharing",
    "as an ai language model",
    "i hope this helps",
];

/// Words of reasoning from which on it counts.
pub(super) const REASONING_WORDS: usize = 8;

/// Characters below which an assistant's content is short.
pub(super) const SHORT_CONTENT: usize = 20;

/// Coding words that give the full mark.
pub(super) const CODING_WORDS_ENOUGH: usize = 4;

/// One conversation's contribution to every metric.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub line: usize,
    pub messages: usize,
    /// Messages with neither content nor a function call.
    pub silent_messages: usize,
    pub quality: Quality,
    pub identity: Identity,
    /// Most assistant contents are short.
    pub mostly_short: bool,
    /// More than a third of the assistant contents are filler.
    pub mostly_filler: bool,
    pub has_tools: bool,
    pub has_calls: bool,
    pub has_tool_results: bool,
    pub assistant_messages: usize,
    pub reasoned_messages: usize,
    pub calls: usize,
    pub accepted_calls: usize,
    pub coding_words: usize,
    pub has_answer: bool,
    pub has_tests: bool,
    /// `None` if the task is empty.
    pub task: Option<TaskLabels>,
}

/// What a task is called.
#[derive(Debug, Clone)]
pub(super) struct TaskLabels {
    pub kind: PyStr,
    pub difficulty: PyStr,
}

/// The parts of one conversation's quality.
#[derive(Debug, Clone, Default)]
pub(super) struct Quality {
    /// 0.3 or 0.2, by the number of messages.
    pub turns: f64,
    /// 0.3, 0.15 or 0, by the mean content length.
    pub length: f64,
    pub mean_length: f64,
    /// In [0, 1], by the share of contents that repeat no other.
    pub diversity: f64,
    pub repeats: Repeats,
}

impl Quality {
    pub(super) const TURNS: f64 = 0.3;
    pub(super) const LENGTH: f64 = 0.3;

    fn of(conversation: &Conversation) -> Quality {
        let messages = &conversation.messages;
        let characters: usize = messages.iter().map(|message| message.content.len()).sum();
        let mean_length = share(characters, messages.len());
        let contents = messages.iter().map(|message| &message.content);
        let repeats = repeats(contents.filter(|content| !content.is_empty()));
        Quality {
            turns: if (4..=20).contains(&messages.len()) {
                Self::TURNS
            } else {
                0.2
            },
            length: match mean_length {
                50.0..=500.0 => Self::LENGTH,
                10.0.. => 0.15,
                _ => 0.0,
            },
            mean_length,
            diversity: match share(repeats.kept, repeats.all) {
                _ if repeats.all < 2 => 0.0,
                distinct if distinct < 0.5 => distinct * 0.5,
                distinct => distinct,
            },
            repeats,
        }
    }

    pub(super) fn value(&self) -> f64 {
        clamp(self.turns + self.length + 0.4 * self.diversity)
    }
}

impl Facts {
    pub(super) fn of(conversation: &Conversation) -> Facts {
        let messages = &conversation.messages;
        let assistant: Vec<&Message> = messages
            .iter()
            .filter(|message| message.role == Role::Assistant)
            .collect();
        let short = assistant
            .iter()
            .filter(|message| message.content.len() < SHORT_CONTENT)
            .count();
        let (coding_words, filler) = coding_and_filler(conversation);
        let reasoned = |message: &&&Message| {
            let words = message.reasoning.iter().flat_map(PyStr::words);
            words.take(REASONING_WORDS).count() == REASONING_WORDS
        };
        let (calls, accepted_calls) = count_calls(conversation);
        let final_state = &conversation.final_state;
        let truthy = |name| field(final_state, name).is_some_and(Value::truthy);
        Facts {
            line: conversation.line,
            messages: messages.len(),
            silent_messages: messages.iter().filter(|message| is_silent(message)).count(),
            quality: Quality::of(conversation),
            identity: identity(conversation),
            mostly_short: 2 * short > assistant.len(),
            mostly_filler: 3 * filler > assistant.len(),
            has_tools: !conversation.tools.is_empty(),
            has_calls: calls > 0,
            has_tool_results: messages.iter().any(Message::is_tool_result),
            assistant_messages: assistant.len(),
            reasoned_messages: assistant.iter().filter(reasoned).count(),
            calls,
            accepted_calls,
            coding_words,
            has_answer: truthy("patch") || truthy("answer"),
            has_tests: matches!(field(final_state, "tests"), Some(Value::List(tests)) if !tests.is_empty()),
            task: (!conversation.task.is_empty()).then(|| TaskLabels {
                kind: label(&conversation.task, "type"),
                difficulty: label(&conversation.task, "difficulty"),
            }),
        }
    }

    pub(super) fn agentic(&self) -> f64 {
        thirds([self.has_tools, self.has_calls, self.has_tool_results])
    }

    pub(super) fn function_call(&self) -> f64 {
        share(self.accepted_calls, self.calls)
    }

    pub(super) fn coding_relevance(&self) -> f64 {
        share(self.coding_words, CODING_WORDS_ENOUGH).min(1.0)
    }

    pub(super) fn verifiability(&self) -> f64 {
        thirds([self.has_answer, self.has_tests, self.has_tool_results])
    }
}

/// `part / whole`, 0 of nothing.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn thirds(flags: [bool; 3]) -> f64 {
    f64::from(flags.into_iter().map(u8::from).sum::<u8>()) / 3.0
}

fn field<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name.as_bytes())
}

/// Python's `str(object.get(name, ""))`.
fn label(object: &Object, name: &str) -> PyStr {
    field(object, name)
        .map(Value::to_py_str)
        .unwrap_or_default()
}

fn is_silent(message: &Message) -> bool {
    message.content.is_empty() && message.function_call.is_none()
}

fn is_filler(lowered: &PyStr) -> bool {
    FILLER_SEARCHES
        .iter()
        .any(|phrase| phrase.find(lowered.as_bytes()).is_some())
}

/// Prepared once: there are sixteen searches in every message.
static FILLER_SEARCHES: LazyLock<[Finder<'static>; FILLER_PHRASES.len()]> =
    LazyLock::new(|| FILLER_PHRASES.map(Finder::new));
static CODING_SEARCHES: LazyLock<[Finder<'static>; CODING_WORDS.len()]> =
    LazyLock::new(|| CODING_WORDS.map(Finder::new));

/// All calls, and those that name a tool we know, a tool declared, or (newer form) say how it is
/// to be used.
fn count_calls(conversation: &Conversation) -> (usize, usize) {
    let mut declared: Option<HashSet<PyStr>> = None;
    let (mut all, mut accepted) = (0, 0);
    for message in &conversation.messages {
        for call in &message.tool_calls {
            all += 1;
            let is_accepted = !call.arguments.is_empty()
                || KNOWN_TOOLS.iter().any(|known| call.name == *known)
                || declared
                    .get_or_insert_with(|| declared_tools(&conversation.tools))
                    .contains(&call.name);
            accepted += usize::from(is_accepted);
        }
        if let Some(call) = &message.function_call {
            all += 1;
            accepted += usize::from(!call.name.is_empty());
        }
    }
    (all, accepted)
}

/// Names of declared tools; one without a name is called `None`.
fn declared_tools(tools: &[Value]) -> HashSet<PyStr> {
    let names = tools.iter().filter_map(|tool| match tool {
        Value::Object(members) => Some(field(members, "name").unwrap_or(&Value::Null)),
        _ => None,
    });
    names.map(Value::to_py_str).collect()
}

/// Coding words that were not found yet. No word has a space in it, so what the service joins with
/// spaces can be searched piece by piece.
struct CodingWords {
    missing: Vec<&'static Finder<'static>>,
}

impl CodingWords {
    fn new() -> CodingWords {
        CodingWords {
            missing: CODING_SEARCHES.iter().collect(),
        }
    }

    /// Whether a piece not searched yet can still tell something.
    fn is_open(&self) -> bool {
        !self.missing.is_empty()
    }

    fn search(&mut self, lowered: &PyStr) {
        self.missing
            .retain(|word| word.find(lowered.as_bytes()).is_none());
    }

    fn found(&self) -> usize {
        CODING_SEARCHES.len() - self.missing.len()
    }
}

/// How many coding words occur in task, contents or tags, and how many assistant contents are filler.
/// Both look at contents in lower case, which is made once.
fn coding_and_filler(conversation: &Conversation) -> (usize, usize) {
    let mut coding = CodingWords::new();
    let labels = [
        label(&conversation.task, "type"),
        label(&conversation.task, "prompt"),
        label(&conversation.metadata, "benchmark_tags"),
    ];
    labels
        .iter()
        .for_each(|label| coding.search(&label.lower()));
    let mut filler = 0;
    for message in &conversation.messages {
        let is_answer = message.role == Role::Assistant;
        if is_answer || coding.is_open() {
            let lowered = message.content.lower();
            coding.search(&lowered);
            filler += usize::from(is_answer && is_filler(&lowered));
        }
    }
    (coding.found(), filler)
}

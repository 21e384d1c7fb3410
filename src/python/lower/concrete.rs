//! tree-sitter's tree, copied in one walk into a flat list.
//!
//! A node of tree-sitter's own finds its children and their fields by searching, and its tree takes
//! several hundred bytes a token. The copy takes 16 bytes a node, leaves out comments and line
//! continuations, and lets the tree go before anything is lowered.

use std::cell::Cell;
use std::ops::Range;
use std::sync::LazyLock;

use smallvec::SmallVec;
use tree_sitter::Language;

/// Names of the grammar's node kinds and fields, by their numbers.
struct Names {
    kinds: Vec<Kind>,
    fields: Vec<Option<&'static str>>,
}

pub(super) struct Kind {
    name: &'static str,
    is_named: bool,
    pub(super) content: Content,
    /// A comment or a line continuation.
    pub(super) is_extra: bool,
    /// Whether its children can be in fields.
    has_fields: bool,
}

/// An error node, or one that is in no grammar.
static UNKNOWN: Kind = Kind {
    name: "ERROR",
    is_named: false,
    content: Content::Matters,
    is_extra: false,
    has_fields: true,
};

/// Whether anything below a node matters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Matters,
    /// Its own text says it all.
    Opaque,
    /// A literal: only replacement fields matter.
    String,
}

/// Nodes whose children are passed over.
const OPAQUE: [&str; 6] = [
    "pass_statement",
    "break_statement",
    "continue_statement",
    "global_statement",
    "nonlocal_statement",
    "import_prefix",
];

/// Nodes that may stand anywhere and mean nothing.
const EXTRAS: [&str; 2] = ["comment", "line_continuation"];

/// Nodes whose children can be in fields, as the grammar's own description lists them.
const WITH_FIELDS: [&str; 49] = [
    "aliased_import",
    "as_pattern",
    "assignment",
    "attribute",
    "augmented_assignment",
    "binary_operator",
    "block",
    "boolean_operator",
    "call",
    "case_clause",
    "class_definition",
    "comparison_operator",
    "decorated_definition",
    "default_parameter",
    "dict_pattern",
    "dictionary_comprehension",
    "elif_clause",
    "else_clause",
    "except_clause",
    "exec_statement",
    "for_in_clause",
    "for_statement",
    "format_expression",
    "function_definition",
    "future_import_statement",
    "generator_expression",
    "if_statement",
    "import_from_statement",
    "import_statement",
    "interpolation",
    "keyword_argument",
    "lambda",
    "list_comprehension",
    "match_statement",
    "named_expression",
    "not_operator",
    "pair",
    "print_statement",
    "raise_statement",
    "set_comprehension",
    "subscript",
    "try_statement",
    "type_alias_statement",
    "typed_default_parameter",
    "typed_parameter",
    "unary_operator",
    "while_statement",
    "with_item",
    "with_statement",
];

pub(super) static LANGUAGE: LazyLock<Language> =
    LazyLock::new(|| tree_sitter_python::LANGUAGE.into());

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let kinds = (0..=u16::MAX)
        .take(LANGUAGE.node_kind_count())
        .map(|id| {
            let name = LANGUAGE.node_kind_for_id(id).unwrap_or_default();
            let is_named = LANGUAGE.node_kind_is_named(id);
            let content = match name {
                "string" if is_named => Content::String,
                name if OPAQUE.contains(&name) => Content::Opaque,
                _ => Content::Matters,
            };
            Kind {
                name,
                is_named,
                content,
                is_extra: is_named && EXTRAS.contains(&name),
                has_fields: is_named && WITH_FIELDS.contains(&name),
            }
        })
        .collect();
    let fields = (0..=u16::MAX)
        .take(LANGUAGE.field_count() + 1)
        .map(|id| LANGUAGE.field_name_for_id(id))
        .collect();
    Names { kinds, fields }
});

/// A node whose children are being copied.
struct Open {
    index: u32,
    /// Those that are still to come, the one at hand included.
    children: u32,
    has_fields: bool,
}

/// A copied tree.
pub(super) struct Concrete {
    nodes: Vec<Record>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    start: u32,
    end: u32,
    /// Index one past the last node below.
    pub(super) next: u32,
    kind: u16,
    /// In its parent; 0 is none.
    field: u16,
}

/// Nodes whose room is kept for the next source: a megabyte, more than nearly every source needs.
const MAX_SPARE_NODES: usize = 1 << 16;

thread_local! {
    /// Room for nodes, left by the last source of this thread.
    static SPARE: Cell<Vec<Record>> = const { Cell::new(Vec::new()) };
}

impl Drop for Concrete {
    fn drop(&mut self) {
        if self.nodes.capacity() <= MAX_SPARE_NODES {
            self.nodes.clear();
            // Where the thread is ending there is nothing to keep it for.
            let _ = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.nodes)));
        }
    }
}

impl Concrete {
    /// Copies a tree; `None` if it is of more than 4 GiB of source.
    pub(super) fn of(root: tree_sitter::Node<'_>, source: &str) -> Option<Concrete> {
        u32::try_from(source.len()).ok()?;
        let mut nodes = SPARE.try_with(Cell::take).unwrap_or_default();
        nodes.reserve(root.descendant_count());
        #[cfg(all(target_endian = "little", target_pointer_width = "64"))]
        if !root.has_error() && super::subtree::copy(root, source, &mut nodes) {
            return Some(Concrete { nodes });
        }
        Some(Concrete::by_cursor(root, source, nodes))
    }

    /// Copies a tree as a cursor shows it, errors included.
    pub(super) fn by_cursor(
        root: tree_sitter::Node<'_>,
        source: &str,
        mut nodes: Vec<Record>,
    ) -> Concrete {
        let kinds = kinds();
        let has_errors = root.has_error();
        let mut open: Vec<Open> = Vec::new();
        let mut cursor = root.walk();
        // Every question to the cursor costs as much as a token's share of the parsing, so none is asked that the
        // grammar answers: which nodes are comments, whose children have fields, where the last child is.
        loop {
            let node = cursor.node();
            let number = node.kind_id();
            // What error recovery passed over may hold anything.
            let kind = of_number(kinds, number);
            let is_extra = kind.is_extra || has_errors && node.is_extra() && !node.is_error();
            if !is_extra {
                let index = nodes.len() as u32;
                let (start, end) = (node.start_byte(), node.end_byte());
                let field = match open.last() {
                    Some(parent) if parent.has_fields => cursor.field_id(),
                    _ => None,
                };
                let field = field.map_or(0, |field| field.get());
                let mut record = Record::new(start as u32, end as u32, number, field);
                record.next = index + 1;
                nodes.push(record);
                let is_entered = match kind.content {
                    Content::Matters => true,
                    Content::Opaque => false,
                    Content::String => is_formatted(source, start),
                };
                let children = if is_entered { node.child_count() } else { 0 };
                if children > 0 && cursor.goto_first_child() {
                    open.push(Open {
                        index,
                        children,
                        has_fields: kind.has_fields,
                    });
                    continue;
                }
            }
            loop {
                let Some(parent) = open.last_mut() else {
                    return Concrete { nodes };
                };
                parent.children -= 1;
                if parent.children > 0 && cursor.goto_next_sibling() {
                    break;
                }
                let copied = nodes.len() as u32;
                if let Some(record) = nodes.get_mut(parent.index as usize) {
                    record.next = copied;
                }
                open.pop();
                cursor.goto_parent();
            }
        }
    }

    /// Its nodes as they were copied.
    #[cfg(test)]
    pub(super) fn into_records(mut self) -> Vec<Record> {
        std::mem::take(&mut self.nodes)
    }

    /// The module.
    pub(super) fn root(&self) -> Node<'_> {
        Node { tree: self, at: 0 }
    }

    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many levels are below each node.
    pub(super) fn heights(&self) -> Vec<u32> {
        let mut heights = vec![0; self.nodes.len()];
        for at in (0..self.nodes.len()).rev() {
            let node = Node {
                tree: self,
                at: at as u32,
            };
            let highest = node.offspring().map(|child| heights[child.index()] + 1);
            heights[at] = highest.max().unwrap_or(0);
        }
        heights
    }
}

impl Record {
    /// A node in a field, or in none with 0. What is below it is not said yet.
    pub(super) fn new(start: u32, end: u32, kind: u16, field: u16) -> Record {
        Record {
            start,
            end,
            next: 0,
            kind,
            field,
        }
    }
}

/// What the grammar says of its nodes, by their numbers.
pub(super) fn kinds() -> &'static [Kind] {
    &NAMES.kinds
}

/// The one with this number.
pub(super) fn of_number(kinds: &'static [Kind], number: u16) -> &'static Kind {
    kinds.get(usize::from(number)).unwrap_or(&UNKNOWN)
}

/// Whether an `f` stands among the letters before a literal's quotes.
pub(super) fn is_formatted(source: &str, start: usize) -> bool {
    let letters = source.as_bytes().get(start..).unwrap_or_default();
    let mut prefix = letters.iter().take_while(|byte| byte.is_ascii_alphabetic());
    prefix.any(|byte| byte.eq_ignore_ascii_case(&b'f'))
}

/// A node of a copied tree.
#[derive(Clone, Copy)]
pub(super) struct Node<'t> {
    tree: &'t Concrete,
    at: u32,
}

/// A child and the name of the field it is in.
pub(super) type Child<'t> = (Option<&'static str>, Node<'t>);

impl<'t> Node<'t> {
    fn record(self) -> &'t Record {
        &self.tree.nodes[self.index()]
    }

    /// Its place in the list.
    pub(super) fn index(self) -> usize {
        self.at as usize
    }

    /// The grammar's name for it; the text itself for tokens without one.
    pub(super) fn kind(self) -> &'static str {
        of_number(kinds(), self.record().kind).name
    }

    pub(super) fn is_named(self) -> bool {
        of_number(kinds(), self.record().kind).is_named
    }

    pub(super) fn start_byte(self) -> usize {
        self.record().start as usize
    }

    pub(super) fn end_byte(self) -> usize {
        self.record().end as usize
    }

    pub(super) fn byte_range(self) -> Range<usize> {
        self.start_byte()..self.end_byte()
    }

    fn offspring(self) -> impl Iterator<Item = Node<'t>> {
        let Node { tree, at } = self;
        let end = self.record().next;
        let mut next = at + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let node = Node { tree, at: next };
                next = node.record().next;
                node
            })
        })
    }
}

/// Every child that is not a comment or a line continuation, anonymous tokens included.
pub(super) fn children(node: Node<'_>) -> SmallVec<[Child<'_>; 6]> {
    node.offspring()
        .map(|child| {
            let field = usize::from(child.record().field);
            (NAMES.fields.get(field).copied().flatten(), child)
        })
        .collect()
}

/// The named children, comments aside.
pub(super) fn named(node: Node<'_>) -> SmallVec<[Node<'_>; 6]> {
    node.offspring().filter(|child| child.is_named()).collect()
}

/// The first child in a field.
pub(super) fn field<'t>(children: &[Child<'t>], name: &str) -> Option<Node<'t>> {
    children
        .iter()
        .find(|(field, _)| *field == Some(name))
        .map(|(_, child)| *child)
}

#[cfg(test)]
#[path = "concrete_tests.rs"]
mod tests;

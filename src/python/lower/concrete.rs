//! tree-sitter's tree, copied in one walk into a flat list.
//!
//! A node of tree-sitter's own finds its children and their fields by searching, and its tree takes
//! several hundred bytes a token. The copy takes 16 bytes a node, leaves out comments and line
//! continuations, and lets the tree go before anything is lowered.

use std::ops::Range;
use std::sync::LazyLock;

use smallvec::SmallVec;
use tree_sitter::{Language, Tree};

/// Names of the grammar's node kinds and fields, by their numbers.
struct Names {
    kinds: Vec<Kind>,
    fields: Vec<Option<&'static str>>,
}

struct Kind {
    name: &'static str,
    is_named: bool,
    content: Content,
}

/// Whether anything below a node matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
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

static LANGUAGE: LazyLock<Language> = LazyLock::new(|| tree_sitter_python::LANGUAGE.into());

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
            }
        })
        .collect();
    let fields = (0..=u16::MAX)
        .take(LANGUAGE.field_count() + 1)
        .map(|id| LANGUAGE.field_name_for_id(id))
        .collect();
    Names { kinds, fields }
});

/// A copied tree.
pub(super) struct Concrete {
    nodes: Vec<Record>,
}

struct Record {
    start: u32,
    end: u32,
    /// Index one past the last node below.
    next: u32,
    kind: u16,
    /// In its parent; 0 is none.
    field: u16,
}

impl Concrete {
    /// Copies a tree; `None` if it is of more than 4 GiB of source.
    pub(super) fn of(tree: &Tree, source: &str) -> Option<Concrete> {
        let mut nodes: Vec<Record> = Vec::with_capacity(tree.root_node().descendant_count());
        let mut open: Vec<usize> = Vec::new();
        let mut cursor = tree.walk();
        loop {
            let node = cursor.node();
            let mut entered = false;
            // What error recovery passed over may hold anything.
            if !node.is_extra() || node.is_error() {
                let index = nodes.len();
                nodes.push(Record {
                    start: u32::try_from(node.start_byte()).ok()?,
                    end: u32::try_from(node.end_byte()).ok()?,
                    next: index as u32 + 1,
                    kind: node.kind_id(),
                    field: cursor.field_id().map_or(0, |field| field.get()),
                });
                let content = NAMES.kinds.get(usize::from(node.kind_id()));
                let is_entered = match content.map_or(Content::Matters, |kind| kind.content) {
                    Content::Matters => true,
                    Content::Opaque => false,
                    Content::String => is_formatted(source, node.start_byte()),
                };
                entered = is_entered && cursor.goto_first_child();
                if entered {
                    open.push(index);
                }
            }
            if entered {
                continue;
            }
            while !cursor.goto_next_sibling() {
                let Some(parent) = open.pop() else {
                    return Some(Concrete { nodes });
                };
                nodes[parent].next = nodes.len() as u32;
                cursor.goto_parent();
            }
        }
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

/// Whether an `f` stands among the letters before a literal's quotes.
fn is_formatted(source: &str, start: usize) -> bool {
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
        NAMES
            .kinds
            .get(usize::from(self.record().kind))
            .map_or("ERROR", |kind| kind.name)
    }

    pub(super) fn is_named(self) -> bool {
        NAMES
            .kinds
            .get(usize::from(self.record().kind))
            .is_some_and(|kind| kind.is_named)
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

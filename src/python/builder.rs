//! Writes a [`Tree`] in pre-order, or compares what would be written with a tree that is there, and
//! holds the rule that no tree is deeper than [`MAX_LEVELS`].

use std::borrow::Cow;

use super::SyntaxError;
use super::source::Lines;
use super::tree::{Kind, Node, TextId, Tree};
use indexmap::IndexSet;

/// Levels a tree may have, the module's included. dfab's own rule: CPython itself gives up on far
/// shallower trees, at a depth that depends on its build and its caller.
pub(crate) const MAX_LEVELS: usize = 1000;

/// Stands where `ast` gives a node no position.
pub(crate) const NOWHERE: Option<usize> = None;

/// A node that has been opened and not yet closed.
#[must_use]
pub(crate) struct Open(usize);

/// A place in what has been written.
pub(crate) struct Mark {
    nodes: usize,
    asnames: usize,
    levels: usize,
}

/// Takes nodes; each is opened, filled with its children, and closed.
pub(crate) struct Builder<'a> {
    lines: &'a Lines<'a>,
    output: Output<'a>,
    levels: usize,
    /// Where the last node with a position is, for the error about too many levels.
    last: (u32, u32),
}

enum Output<'a> {
    Write(Written),
    Compare {
        tree: &'a Tree,
        /// Nodes opened so far.
        opened: usize,
        same: bool,
    },
}

#[derive(Default)]
struct Written {
    nodes: Vec<Node>,
    texts: Texts,
    asnames: Vec<(u32, TextId)>,
}

/// Sources are hostile: the hash is seeded, so that no names can be made to collide.
pub(crate) type Texts = IndexSet<Box<str>, foldhash::quality::RandomState>;

/// What every lowering step returns.
pub(crate) type Lowered<T = ()> = Result<T, SyntaxError>;

impl<'a> Builder<'a> {
    /// Writes a tree.
    pub(crate) fn new(lines: &'a Lines<'a>) -> Self {
        let nodes = Vec::with_capacity(lines.source().len() / 6);
        Builder::with(
            lines,
            Output::Write(Written {
                nodes,
                ..Written::default()
            }),
        )
    }

    /// Writes nothing, but compares with a tree.
    pub(crate) fn comparing(lines: &'a Lines<'a>, tree: &'a Tree) -> Self {
        Builder::with(
            lines,
            Output::Compare {
                tree,
                opened: 0,
                same: true,
            },
        )
    }

    fn with(lines: &'a Lines<'a>, output: Output<'a>) -> Self {
        Builder {
            lines,
            output,
            levels: 0,
            last: (1, 0),
        }
    }

    /// What has been written so far, to come back to.
    pub(crate) fn mark(&self) -> Mark {
        let (nodes, asnames) = match &self.output {
            Output::Write(written) => (written.nodes.len(), written.asnames.len()),
            Output::Compare { opened, .. } => (*opened, 0),
        };
        Mark {
            nodes,
            asnames,
            levels: self.levels,
        }
    }

    /// Nodes added since.
    pub(crate) fn written_since(&self, mark: &Mark) -> usize {
        self.mark().nodes - mark.nodes
    }

    /// Takes back what was written since. Texts stay in their table.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.levels = mark.levels;
        if let Output::Write(written) = &mut self.output {
            written.nodes.truncate(mark.nodes);
            written.asnames.truncate(mark.asnames);
        }
    }

    /// Starts a node at byte `offset` of the source.
    pub(crate) fn open(&mut self, kind: Kind, offset: impl Into<Option<usize>>) -> Lowered<Open> {
        self.open_text(kind, offset.into(), None, false)
    }

    /// Starts a node that carries an identifier.
    pub(crate) fn open_named(
        &mut self,
        kind: Kind,
        offset: impl Into<Option<usize>>,
        name: &str,
    ) -> Lowered<Open> {
        self.open_text(kind, offset.into(), Some(&normalise(name)), false)
    }

    fn open_text(
        &mut self,
        kind: Kind,
        offset: Option<usize>,
        text: Option<&str>,
        is_str: bool,
    ) -> Lowered<Open> {
        let (line, column) = offset.map_or((0, 0), |offset| self.lines.position(offset));
        if line > 0 {
            self.last = (line, column);
        }
        if self.levels == MAX_LEVELS {
            return Err(self.too_deep());
        }
        self.levels += 1;
        match &mut self.output {
            Output::Write(written) => {
                let text = text.map_or(TextId::NONE, |text| written.place(text));
                written.nodes.push(Node {
                    kind,
                    is_str,
                    end: 0,
                    line,
                    column,
                    positional: 0,
                    text,
                });
                Ok(Open(written.nodes.len() - 1))
            }
            Output::Compare { tree, opened, same } => {
                *same = *same
                    && tree.nodes.get(*opened).is_some_and(|node| {
                        (node.kind, node.is_str) == (kind, is_str)
                            && (node.line, node.column) == (line, column)
                            && tree.lookup(node.text) == text
                    });
                *opened += 1;
                Ok(Open(*opened - 1))
            }
        }
    }

    /// Ends a node: everything added since it was opened is below it.
    pub(crate) fn close(&mut self, open: Open) {
        self.close_counted(open, 0);
    }

    /// Ends a node that counts something: positional arguments, leading dots.
    pub(crate) fn close_counted(&mut self, open: Open, count: usize) {
        self.levels -= 1;
        let count = count as u32;
        match &mut self.output {
            Output::Write(written) => {
                let end = written.nodes.len() as u32;
                let node = &mut written.nodes[open.0];
                (node.end, node.positional) = (end, count);
            }
            Output::Compare { tree, opened, same } => {
                *same = *same
                    && tree.nodes.get(open.0).is_some_and(|node| {
                        node.end as usize == *opened && node.positional == count
                    });
            }
        }
    }

    /// Adds a node without children.
    pub(crate) fn leaf(&mut self, kind: Kind, offset: impl Into<Option<usize>>) -> Lowered {
        let open = self.open(kind, offset)?;
        self.close(open);
        Ok(())
    }

    /// Adds a node without children that carries an identifier.
    pub(crate) fn named_leaf(
        &mut self,
        kind: Kind,
        offset: impl Into<Option<usize>>,
        name: &str,
    ) -> Lowered {
        let open = self.open_named(kind, offset, name)?;
        self.close(open);
        Ok(())
    }

    /// Adds a text constant.
    pub(crate) fn text_constant(
        &mut self,
        offset: impl Into<Option<usize>>,
        value: &str,
    ) -> Lowered {
        let open = self.open_text(Kind::Constant, offset.into(), Some(value), true)?;
        self.close(open);
        Ok(())
    }

    /// Adds an `alias` and the name after its `as`.
    pub(crate) fn alias(&mut self, offset: usize, name: &str, asname: Option<&str>) -> Lowered {
        let open = self.open_named(Kind::Alias, offset, name)?;
        let asname = asname.map(normalise);
        match (&mut self.output, asname) {
            (Output::Write(_), None) => {}
            (Output::Write(written), Some(asname)) => {
                let asname = written.place(&asname);
                written.asnames.push((open.0 as u32, asname));
            }
            (Output::Compare { tree, same, .. }, asname) => {
                *same = *same && tree.asname(open.0) == asname.as_deref();
            }
        }
        self.close(open);
        Ok(())
    }

    /// The finished tree; where none was written, the one that was compared with.
    pub(crate) fn finish(self) -> Tree {
        match self.output {
            Output::Write(written) => written.finish(),
            Output::Compare { tree, .. } => tree.clone(),
        }
    }

    /// Whether all that was added is the tree it was compared with.
    pub(crate) fn is_same(&self) -> bool {
        match &self.output {
            Output::Write(_) => false,
            Output::Compare { tree, opened, same } => *same && *opened == tree.nodes.len(),
        }
    }

    fn too_deep(&self) -> SyntaxError {
        let (line, column) = self.last;
        SyntaxError {
            line,
            column,
            message: format!("nested too deeply: more than {MAX_LEVELS} levels"),
        }
    }
}

impl Written {
    fn place(&mut self, text: &str) -> TextId {
        let known = self.texts.get_index_of(text);
        TextId::of_index(known.unwrap_or_else(|| self.texts.insert_full(text.into()).0))
    }

    fn finish(mut self) -> Tree {
        // Trees of many files are kept at once.
        self.nodes.shrink_to_fit();
        self.asnames.shrink_to_fit();
        Tree {
            nodes: self.nodes,
            texts: self.texts.into_iter().collect(),
            asnames: self.asnames,
        }
    }
}

/// Identifiers are compared in NFKC, as CPython stores them.
fn normalise(name: &str) -> Cow<'_, str> {
    use unicode_normalization::UnicodeNormalization;
    if name.is_ascii() {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.nfkc().collect())
    }
}

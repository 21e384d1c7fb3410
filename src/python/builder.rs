//! Writes a [`Tree`] in pre-order, and holds the rule that no tree is deeper than [`MAX_LEVELS`].

use std::borrow::Cow;
use std::cell::RefCell;

use super::SyntaxError;
use super::source::Lines;
use super::tree::{Kind, Node, TextId, Tree};
use indexmap::IndexSet;

/// Levels a tree may have, the module's included. dfab's own rule: CPython itself gives up on far
/// shallower trees, at a depth that depends on its build and its caller.
pub(crate) const MAX_LEVELS: usize = 1000;

/// Stands where `ast` gives a node no position.
pub(crate) const NOWHERE: Option<usize> = None;

/// Nodes whose room is kept for another tree: a megabyte and a half, more than nearly every source needs.
const MAX_SPARE_NODES: usize = 1 << 16;

/// Trees a source has while it is read: both parsers'.
const MAX_SPARES: usize = 2;

thread_local! {
    /// Room for the nodes of a tree, left by the last ones of this thread. Room that is given back and asked for anew
    /// for every source costs more than the writing.
    static SPARES: RefCell<Vec<Vec<Node>>> = const { RefCell::new(Vec::new()) };
}

/// Room for nodes.
fn room() -> Vec<Node> {
    let spare = SPARES.try_with(|spares| spares.borrow_mut().pop());
    spare.ok().flatten().unwrap_or_default()
}

/// Leaves the room of a tree that is not needed any more to the next.
pub(crate) fn discard(tree: Tree) {
    let mut nodes = tree.nodes;
    if nodes.capacity() > MAX_SPARE_NODES {
        return;
    }
    nodes.clear();
    // Where the thread is ending there is no next.
    let _ = SPARES.try_with(|spares| {
        let mut spares = spares.borrow_mut();
        if spares.len() < MAX_SPARES {
            spares.push(nodes);
        }
    });
}

/// A tree that takes no more than it needs: trees of many files are kept at once.
pub(crate) fn settle(mut tree: Tree) -> Tree {
    tree.asnames.shrink_to_fit();
    if tree.nodes.capacity() > MAX_SPARE_NODES {
        tree.nodes.shrink_to_fit();
        return tree;
    }
    let nodes = tree.nodes.as_slice().to_vec();
    let settled = Tree {
        nodes,
        texts: std::mem::take(&mut tree.texts),
        asnames: std::mem::take(&mut tree.asnames),
    };
    discard(tree);
    settled
}

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
    nodes: Vec<Node>,
    texts: Texts,
    asnames: Vec<(u32, TextId)>,
    levels: usize,
    /// Where the last node with a position is, for the error about too many levels.
    last: (u32, u32),
}

/// Sources are hostile: the hash is seeded, so that no names can be made to collide.
pub(crate) type Texts = IndexSet<Box<str>, foldhash::quality::RandomState>;

/// What every lowering step returns.
pub(crate) type Lowered<T = ()> = Result<T, SyntaxError>;

impl<'a> Builder<'a> {
    /// Writes a tree.
    pub(crate) fn new(lines: &'a Lines<'a>) -> Self {
        Builder {
            lines,
            nodes: room(),
            texts: Texts::default(),
            asnames: Vec::new(),
            levels: 0,
            last: (1, 0),
        }
    }

    /// What has been written so far, to come back to.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            nodes: self.nodes.len(),
            asnames: self.asnames.len(),
            levels: self.levels,
        }
    }

    /// Nodes added since.
    pub(crate) fn written_since(&self, mark: &Mark) -> usize {
        self.nodes.len() - mark.nodes
    }

    /// Takes back what was written since. Texts stay in their table.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.levels = mark.levels;
        self.nodes.truncate(mark.nodes);
        self.asnames.truncate(mark.asnames);
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
        let text = text.map_or(TextId::NONE, |text| self.place(text));
        self.nodes.push(Node {
            kind,
            is_str,
            end: 0,
            line,
            column,
            positional: 0,
            text,
        });
        Ok(Open(self.nodes.len() - 1))
    }

    /// Ends a node: everything added since it was opened is below it.
    pub(crate) fn close(&mut self, open: Open) {
        self.close_counted(open, 0);
    }

    /// Ends a node that counts something: positional arguments, leading dots.
    pub(crate) fn close_counted(&mut self, open: Open, count: usize) {
        self.levels -= 1;
        let end = self.nodes.len() as u32;
        let node = &mut self.nodes[open.0];
        (node.end, node.positional) = (end, count as u32);
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
        if let Some(asname) = asname {
            let asname = self.place(&normalise(asname));
            self.asnames.push((open.0 as u32, asname));
        }
        self.close(open);
        Ok(())
    }

    fn place(&mut self, text: &str) -> TextId {
        let known = self.texts.get_index_of(text);
        TextId::of_index(known.unwrap_or_else(|| self.texts.insert_full(text.into()).0))
    }

    /// The finished tree, in all the room it was written in; see [`settle`] and [`discard`].
    pub(crate) fn finish(self) -> Tree {
        Tree {
            nodes: self.nodes,
            texts: self.texts.into_iter().collect(),
            asnames: self.asnames,
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

/// Identifiers are compared in NFKC, as CPython stores them.
fn normalise(name: &str) -> Cow<'_, str> {
    use unicode_normalization::UnicodeNormalization;
    if name.is_ascii() {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.nfkc().collect())
    }
}

//! Writes a [`Tree`] in pre-order, and holds the rule that no tree is deeper than [`MAX_LEVELS`].

use super::SyntaxError;
use super::source::Lines;
use super::tree::{Kind, Node, Text, Tree};

/// Levels a tree may have, the module's included. dfab's own rule: CPython itself gives up on far
/// shallower trees, at a depth that depends on its build and its caller.
pub(crate) const MAX_LEVELS: usize = 1000;

/// Stands where `ast` gives a node no position.
pub(crate) const NOWHERE: Option<usize> = None;

/// A node that has been opened and not yet closed.
#[must_use]
pub(crate) struct Open(usize);

/// Collects nodes; each is opened, filled with its children, and closed.
pub(crate) struct Builder<'a> {
    lines: &'a Lines<'a>,
    nodes: Vec<Node>,
    asnames: Vec<(u32, Box<str>)>,
    levels: usize,
}

/// What every lowering step returns.
pub(crate) type Lowered<T = ()> = Result<T, SyntaxError>;

impl<'a> Builder<'a> {
    pub(crate) fn new(lines: &'a Lines<'a>) -> Self {
        Builder {
            lines,
            nodes: Vec::with_capacity(lines.source().len() / 6),
            asnames: Vec::new(),
            levels: 0,
        }
    }

    /// Starts a node at byte `offset` of the source.
    pub(crate) fn open(&mut self, kind: Kind, offset: impl Into<Option<usize>>) -> Lowered<Open> {
        self.open_text(kind, offset, Text::None)
    }

    /// Starts a node that carries an identifier.
    pub(crate) fn open_named(
        &mut self,
        kind: Kind,
        offset: impl Into<Option<usize>>,
        name: &str,
    ) -> Lowered<Open> {
        self.open_text(kind, offset, Text::Identifier(normalise(name)))
    }

    fn open_text(
        &mut self,
        kind: Kind,
        offset: impl Into<Option<usize>>,
        text: Text,
    ) -> Lowered<Open> {
        let offset = offset.into();
        let (line, column) = offset.map_or((0, 0), |offset| self.lines.position(offset));
        if self.levels == MAX_LEVELS {
            return Err(self.too_deep());
        }
        self.levels += 1;
        self.nodes.push(Node {
            kind,
            end: 0,
            line,
            column,
            text,
            positional: 0,
            is_str: false,
        });
        Ok(Open(self.nodes.len() - 1))
    }

    /// Ends a node: everything added since it was opened is below it.
    pub(crate) fn close(&mut self, open: Open) {
        self.levels -= 1;
        self.nodes[open.0].end = self.nodes.len() as u32;
    }

    /// Ends a node that counts something: positional arguments, leading dots.
    pub(crate) fn close_counted(&mut self, open: Open, count: usize) {
        self.nodes[open.0].positional = count as u32;
        self.close(open);
    }

    /// Gives an open node its identifier.
    pub(crate) fn name(&mut self, open: &Open, name: &str) {
        self.nodes[open.0].text = Text::Identifier(normalise(name));
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
        value: String,
    ) -> Lowered {
        let open = self.open_text(Kind::Constant, offset, Text::Str(value.into_boxed_str()))?;
        self.nodes[open.0].is_str = true;
        self.close(open);
        Ok(())
    }

    /// Adds an `alias` and the name after its `as`.
    pub(crate) fn alias(&mut self, offset: usize, name: &str, asname: Option<&str>) -> Lowered {
        let open = self.open_named(Kind::Alias, offset, name)?;
        if let Some(asname) = asname {
            self.asnames.push((open.0 as u32, normalise(asname)));
        }
        self.close(open);
        Ok(())
    }

    /// The finished tree.
    pub(crate) fn finish(mut self) -> Tree {
        // Trees of many files are kept at once.
        self.nodes.shrink_to_fit();
        self.asnames.shrink_to_fit();
        Tree {
            nodes: self.nodes,
            asnames: self.asnames,
        }
    }

    fn too_deep(&self) -> SyntaxError {
        let (line, column) = self
            .nodes
            .iter()
            .rev()
            .find(|node| node.line > 0)
            .map_or((1, 0), |node| (node.line, node.column));
        SyntaxError {
            line,
            column,
            message: format!("nested too deeply: more than {MAX_LEVELS} levels"),
        }
    }
}

/// Identifiers are compared in NFKC, as CPython stores them.
pub(crate) fn normalise(name: &str) -> Box<str> {
    use unicode_normalization::UnicodeNormalization;
    if name.is_ascii() {
        name.into()
    } else {
        name.nfkc().collect::<String>().into_boxed_str()
    }
}

//! The first reading: tree-sitter's concrete tree, lowered to the shape of CPython's `ast`.
//!
//! Only sources the gate has accepted are lowered whole; of the others, [`salvage`] takes what can be
//! read. The grammar is a superset of Python's, so now and then
//! it reads a valid program in another way than CPython does, or not at all; whatever does not fit
//! makes the lowering give up, and the caller falls back to the gate's own reading.

mod comprehensions;
mod concrete;
mod definitions;
mod expressions;
mod patterns;
mod pool;
mod reading;
mod salvage;
mod statements;
mod strings;
#[cfg(all(target_endian = "little", target_pointer_width = "64"))]
mod subtree;
mod types;

use super::SyntaxError;
use super::builder::{Builder, Lowered, NOWHERE};
use super::source::Lines;
use super::tree::{Kind, Tree};
pub(crate) use salvage::salvage;

use concrete::{Child, Node, children, field, named};

/// The tree of `source` as tree-sitter reads it; `None` if it cannot.
pub(crate) fn lower(lines: &Lines<'_>) -> Option<Tree> {
    let tree = reading::without_errors(lines.source())?;
    let mut lowering = Lowering::new(lines);
    lowering.module(tree.root()).ok()?;
    Some(lowering.out.finish())
}

/// Whether tree-sitter comes to an end with a source, in the memory it is given here.
pub(crate) fn ends(source: &str) -> bool {
    reading::ends(source)
}

/// Lowering in progress.
struct Lowering<'a> {
    source: &'a str,
    out: Builder<'a>,
    /// Start of a `*` that has been lowered already, although the grammar has it further in.
    hoisted: Option<usize>,
    /// Start of parentheses that are the arguments of `type`, and where that word starts.
    glued: Option<(usize, usize)>,
    /// Whether the f-string around the node being lowered is triple-quoted.
    triple_quoted: bool,
}

impl<'a> Lowering<'a> {
    fn new(lines: &'a Lines<'a>) -> Self {
        Lowering {
            source: lines.source(),
            out: Builder::new(lines),
            hoisted: None,
            glued: None,
            triple_quoted: false,
        }
    }

    fn module(&mut self, root: Node<'_>) -> Lowered {
        let open = self.out.open(Kind::Module, NOWHERE)?;
        self.statements(root)?;
        self.out.close(open);
        Ok(())
    }

    fn text(&self, node: Node<'_>) -> &'a str {
        self.source.get(node.byte_range()).unwrap_or_default()
    }

    /// Where `ast` says the node starts.
    fn start(&self, node: Node<'_>) -> usize {
        let start = node.start_byte();
        if let Some((glued, word)) = self.glued
            && glued == start
        {
            return word;
        }
        match self.hoisted {
            Some(star) if star == start => {
                let after = self.source.get(start + 1..).unwrap_or_default();
                start + 1 + (after.len() - after.trim_start().len())
            }
            _ => start,
        }
    }
}

/// Gives up on a node that does not fit; nobody but a debugger sees the error.
fn unreadable<T>(node: Node<'_>) -> Lowered<T> {
    Err(SyntaxError {
        line: 0,
        column: u32::try_from(node.start_byte()).unwrap_or(u32::MAX),
        message: format!("unexpected {}", node.kind()),
    })
}

/// The child that must be there.
fn required<'t>(child: Option<Node<'t>>, parent: Node<'_>) -> Lowered<Node<'t>> {
    child.map_or_else(|| unreadable(parent), Ok)
}

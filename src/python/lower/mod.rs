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
mod salvage;
mod statements;
mod strings;
mod types;

use super::SyntaxError;
use super::builder::{Builder, Lowered, NOWHERE};
use super::source::Lines;
use super::tree::{Kind, Tree};
pub(crate) use salvage::salvage;

use concrete::{Child, Concrete, Node, children, field, named};
use std::cell::Cell;
use std::ops::ControlFlow;
use tree_sitter::{ParseOptions, ParseState, Parser};

/// Bytes given to tree-sitter at a time. Its lexer goes back now and then, and its scanner for Python
/// reads a run of comments or joined lines anew for every line of it; what it reads twice
/// is seen only where it leaves a piece, so the pieces are small.
const PIECE_BYTES: usize = 256;

/// How often, on average, tree-sitter may read a byte before the other reading is used: hundreds of
/// comment lines in a row make a program, a hundred thousand an attack. Counted in bytes, not in time,
/// so that the same source always takes the same path.
const MAX_READS: usize = 64;

/// Bytes that small sources may have read on top of that.
const FREE_BYTES: usize = 4 << 20;

/// Progress calls, of a hundred steps each, after which the other reading is used: its error recovery can
/// be slow, and a valid source that needs it is one the grammar misreads anyway. Also bounds its memory
/// where a token of the gate's is many of tree-sitter's: braces and escapes in strings, names with dots.
const MAX_PROGRESS_CALLS: usize = 1 << 15;

/// The tree of `source` as tree-sitter reads it; `None` if it cannot.
pub(crate) fn lower(lines: &Lines<'_>) -> Option<Tree> {
    let source = lines.source();
    let parsed =
        parse(source, Budget::of_valid(source)).filter(|tree| !tree.root_node().has_error())?;
    let tree = Concrete::of(&parsed, source)?;
    drop(parsed);
    let mut lowering = Lowering::new(lines);
    lowering.module(tree.root()).ok()?;
    Some(lowering.out.finish())
}

/// What tree-sitter may take over one source.
#[derive(Clone, Copy)]
struct Budget {
    progress_calls: usize,
    read_bytes: usize,
}

impl Budget {
    /// For a source that is Python.
    fn of_valid(source: &str) -> Budget {
        Budget {
            progress_calls: MAX_PROGRESS_CALLS,
            read_bytes: FREE_BYTES.saturating_add(source.len().saturating_mul(MAX_READS)),
        }
    }
}

/// Parses, unless that takes more than the budget.
fn parse(source: &str, budget: Budget) -> Option<tree_sitter::Tree> {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .ok()?;
    let bytes = source.as_bytes();
    let read = Cell::new(0_usize);
    let is_over = || read.get() > budget.read_bytes;
    let mut calls = 0;
    let mut progress = |_: &ParseState| {
        calls += 1;
        if calls > budget.progress_calls || is_over() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let tree = parser.parse_with_options(
        &mut |offset, _| {
            // The source seems to end here; the progress callback does the rest.
            if is_over() {
                return &[][..];
            }
            let piece = piece(bytes, offset);
            read.set(read.get() + piece.len());
            piece
        },
        None,
        Some(ParseOptions::new().progress_callback(&mut progress)),
    );
    if is_over() { None } else { tree }
}

/// The piece of a source that starts at `offset`.
fn piece(bytes: &[u8], offset: usize) -> &[u8] {
    let rest = bytes.get(offset..).unwrap_or_default();
    // A character that is cut in two is asked for again: its first byte is the next offset.
    rest.get(..PIECE_BYTES).unwrap_or(rest)
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

//! tree-sitter's reading of a source, within a budget, and copied before it is let go.
#![allow(unsafe_code)] // for the memory it takes; argued where it stands

use super::concrete::{Concrete, LANGUAGE};
use super::pool;
use std::cell::Cell;
use std::ops::ControlFlow;
use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

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

/// What tree-sitter may take over one source.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    pub(super) progress_calls: usize,
    pub(super) read_bytes: usize,
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

/// The copied tree of a source; `None` if tree-sitter finds an error in it, or takes too long.
pub(super) fn without_errors(source: &str) -> Option<Concrete> {
    read(source, Budget::of_valid(source), |root| !root.has_error())
}

/// The copied tree of a source, whatever tree-sitter has made of its mistakes; `None` if it takes too long.
pub(super) fn with_errors(source: &str, budget: Budget) -> Option<Concrete> {
    read(source, budget, |_| true)
}

/// Whether tree-sitter comes to an end with a source; nothing is copied.
pub(super) fn ends(source: &str) -> bool {
    let has_ended = Cell::new(false);
    read(source, Budget::of_valid(source), |_| {
        has_ended.set(true);
        false
    });
    has_ended.get()
}

/// Parses and copies the tree, if it is of use. Nothing of tree-sitter's gets out of here.
fn read(
    source: &str,
    budget: Budget,
    is_of_use: impl Fn(tree_sitter::Node<'_>) -> bool,
) -> Option<Concrete> {
    // SAFETY: parser, tree and cursor are made in the closure and dropped or forgotten in it, in this thread; a copied
    // tree has nothing of tree-sitter's in it, nothing is made by `is_of_use`, and nothing was made before.
    unsafe {
        pool::scope(|scope| {
            let tree = parse(source, budget)?;
            let copied = is_of_use(tree.root_node())
                .then(|| Concrete::of(tree.root_node(), source))
                .flatten();
            // The scope takes it back in one go, where freeing is a walk over all of it.
            if scope.holds_everything() {
                std::mem::forget(tree);
            }
            copied
        })
    }
}

/// Parses, unless that takes more than the budget.
fn parse(source: &str, budget: Budget) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&LANGUAGE).ok()?;
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
            let piece = piece(source, offset);
            read.set(read.get() + piece.len());
            piece
        },
        None,
        Some(ParseOptions::new().progress_callback(&mut progress)),
    );
    if is_over() { None } else { tree }
}

/// The piece of a source that starts at `offset`.
///
/// It ends between two characters. Of one that is cut in two tree-sitter asks for the rest, and reads what it is answered
/// without looking whether that is anything: where the budget is used up it is nothing, and that would be the end of
/// the process.
fn piece(source: &str, offset: usize) -> &[u8] {
    let end = source.floor_char_boundary(offset.saturating_add(PIECE_BYTES));
    let piece = source.get(offset..end);
    piece.map(str::as_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_between_characters_and_are_the_whole_source() {
        for letter in ["a", "я", "漢", "🐍"] {
            let source = format!("# {}", letter.repeat(700));
            let mut offset = 0;
            while offset < source.len() {
                let piece = piece(&source, offset);
                assert!(std::str::from_utf8(piece).is_ok() && !piece.is_empty());
                offset += piece.len();
            }
            assert_eq!(offset, source.len());
            assert!(piece(&source, offset).is_empty());
        }
    }

    #[test]
    fn a_budget_may_be_used_up_at_any_character() {
        for letter in ["a", "я", "漢", "🐍"] {
            let comments = format!("# {}\n", letter.repeat(150)).repeat(6);
            let source = format!("def f():\n    a = 1\n{comments}b = = '{letter}'\n");
            let mut ended = 0;
            for read_bytes in (0..80_000).step_by(211) {
                let budget = Budget {
                    progress_calls: 1000,
                    read_bytes,
                };
                ended += usize::from(with_errors(&source, budget).is_some());
            }
            assert!(ended > 0, "{letter}: no budget was enough");
        }
    }
}

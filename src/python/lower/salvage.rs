//! What tree-sitter can read of a source that is not Python.
//!
//! Its grammar is made for editors: behind a mistake it finds its way back. The statements and
//! expressions that lower are taken in their order, the rest is passed over, so that a review can
//! say something of a file that is refused. Nothing that decides anything rests on such a tree.

use super::Lowering;
use super::concrete::{Node, named};
use super::reading::{Budget, with_errors};
use crate::python::builder::{Lowered, NOWHERE, settle};
use crate::python::source::Lines;
use crate::python::tree::{Kind, Tree};

/// Levels of tree-sitter's tree that are lowered in one go: nothing has bounded them before, as the gate
/// does for valid sources, and lowering is recursive.
const MAX_HEIGHT: u32 = 2000;

/// Nodes that may be written for each of tree-sitter's, those taken back included: a mistake inside many
/// blocks makes every one of them fail in turn.
const MAX_TRIES: usize = 8;

/// Progress calls of tree-sitter, of a hundred steps each, that any source may take, and the bytes for each
/// further one. A source without mistakes takes about a step a byte.
const FREE_CALLS: usize = 256;
/// See [`FREE_CALLS`].
const BYTES_PER_CALL: usize = 64;

/// How often, on average, a byte may be read.
const MAX_READS: usize = 8;

/// The readable parts of a source, below one module; `None` if tree-sitter takes too long over it.
pub(crate) fn salvage(lines: &Lines<'_>) -> Option<Tree> {
    let bytes = lines.source().len();
    let budget = Budget {
        progress_calls: FREE_CALLS + bytes / BYTES_PER_CALL,
        read_bytes: bytes.saturating_mul(MAX_READS),
    };
    let tree = with_errors(lines.source(), budget)?;
    let heights = tree.heights();
    let mut lowering = Lowering::new(lines);
    let module = lowering.out.open(Kind::Module, NOWHERE).ok()?;
    let mut budget = tree.len().saturating_mul(MAX_TRIES);
    let mut waiting = vec![tree.root()];
    while let Some(node) = waiting.pop() {
        let mark = lowering.out.mark();
        let is_flat = heights
            .get(node.index())
            .is_some_and(|height| *height <= MAX_HEIGHT);
        let is_read = is_flat && lowering.part(node).is_ok();
        let written = lowering.out.written_since(&mark);
        if !is_read {
            lowering.out.rewind(mark);
            lowering.forget();
            waiting.extend(named(node).into_iter().rev());
        }
        match budget.checked_sub(written.max(1)) {
            Some(rest) => budget = rest,
            None => break,
        }
    }
    lowering.out.close(module);
    Some(settle(lowering.out.finish()))
}

impl Lowering<'_> {
    /// A statement, or an expression as if it were one.
    fn part(&mut self, node: Node<'_>) -> Lowered {
        let mark = self.out.mark();
        if self.statement(node).is_ok() {
            return Ok(());
        }
        self.out.rewind(mark);
        self.forget();
        let open = self.out.open(Kind::Expr, node.start_byte())?;
        self.expression(node, Kind::Load)?;
        self.out.close(open);
        Ok(())
    }

    /// What a lowering that failed half-way has left.
    fn forget(&mut self) {
        self.hoisted = None;
        self.glued = None;
        self.triple_quoted = false;
    }
}

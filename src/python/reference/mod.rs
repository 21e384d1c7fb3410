//! The second reading: the gate's own syntax tree, lowered to the same shape.
//!
//! The gate has to parse a source to say whether it is Python at all. Lowering what it read costs
//! little, as long as it is done at once; every tree-sitter tree is compared with it, and where there is none it takes its place.

mod expressions;
mod patterns;
mod statements;
mod strings;

use super::SyntaxError;
use super::builder::{Builder, Lowered, NOWHERE};
use super::gate::Module;
use super::source::Lines;
use super::tree::{Kind, Tree};
use ruff_python_ast::ExprContext;

/// Lowers a module the gate has accepted, and drops it on the way.
pub(crate) fn lower(module: Module, lines: &Lines<'_>) -> Lowered<Tree> {
    let mut lowering = Lowering::new(lines, Builder::new(lines));
    let open = lowering.out.open(Kind::Module, NOWHERE)?;
    module.consume(|statement| lowering.statement(statement))?;
    lowering.out.close(open);
    Ok(lowering.out.finish())
}

/// Lowering in progress.
struct Lowering<'a> {
    source: &'a str,
    lines: &'a Lines<'a>,
    out: Builder<'a>,
    /// Format specifications around the node being lowered, within one f-string.
    specs: usize,
    /// Whether the f-string around the node being lowered is triple-quoted.
    triple_quoted: bool,
}

impl<'a> Lowering<'a> {
    fn new(lines: &'a Lines<'a>, out: Builder<'a>) -> Self {
        Lowering {
            source: lines.source(),
            lines,
            specs: 0,
            triple_quoted: false,
            out,
        }
    }

    /// What the gate's parser accepts and only its tree shows to be wrong.
    fn refuse(&self, offset: usize, message: &str) -> SyntaxError {
        let (line, column) = self.lines.position(offset);
        SyntaxError {
            line,
            column,
            message: message.to_owned(),
        }
    }
}

fn context(ctx: ExprContext) -> Kind {
    match ctx {
        ExprContext::Store => Kind::Store,
        ExprContext::Del => Kind::Del,
        ExprContext::Load | ExprContext::Invalid => Kind::Load,
    }
}

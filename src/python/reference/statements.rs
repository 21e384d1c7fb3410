//! Statements, and what only occurs inside them.

use super::Lowering;
use super::expressions::operator;
use crate::python::builder::{Lowered, NOWHERE};
use crate::python::tree::Kind;
use ruff_python_ast::{
    Alias, Decorator, ElifElseClause, ExceptHandler, Expr, Identifier, MatchCase, Stmt,
    StmtClassDef, StmtFunctionDef, StmtIf, StmtImportFrom, StmtMatch, StmtTry, StmtWith, TypeParam,
    TypeParams,
};
use ruff_text_size::{Ranged, TextRange};

impl Lowering<'_> {
    pub(super) fn suite(&mut self, body: &[Stmt]) -> Lowered {
        body.iter()
            .try_for_each(|statement| self.statement(statement))
    }

    pub(super) fn statement(&mut self, statement: &Stmt) -> Lowered {
        let start = statement.start().to_usize();
        match statement {
            Stmt::FunctionDef(node) => return self.function(node),
            Stmt::ClassDef(node) => return self.class(node),
            Stmt::If(node) => return self.if_statement(node),
            Stmt::Try(node) => return self.try_statement(node),
            Stmt::With(node) => return self.with_statement(node),
            Stmt::Match(node) => return self.match_statement(node),
            Stmt::ImportFrom(node) => return self.import_from(node),
            Stmt::Pass(_) => return self.out.leaf(Kind::Pass, start),
            // The gate had to read `raise;` as a statement of the same length.
            Stmt::Break(_) if self.source[start..].starts_with("raise") => {
                return self.out.leaf(Kind::Raise, start);
            }
            Stmt::Break(_) => return self.out.leaf(Kind::Break, start),
            Stmt::Continue(_) => return self.out.leaf(Kind::Continue, start),
            Stmt::Global(_) => return self.out.leaf(Kind::Global, start),
            Stmt::Nonlocal(_) => return self.out.leaf(Kind::Nonlocal, start),
            // Only notebooks have them, and the gate parses modules.
            Stmt::IpyEscapeCommand(_) => return Ok(()),
            _ => {}
        }
        let open = self.out.open(simple_kind(statement), start)?;
        match statement {
            Stmt::Return(node) => self.optional(node.value.as_deref())?,
            Stmt::Delete(node) => self.expressions(&node.targets)?,
            Stmt::TypeAlias(node) => {
                self.expression(&node.name)?;
                self.type_params(node.type_params.as_deref())?;
                self.expression(&node.value)?;
            }
            Stmt::Assign(node) => {
                self.expressions(&node.targets)?;
                self.expression(&node.value)?;
            }
            Stmt::AugAssign(node) => {
                self.expression(&node.target)?;
                self.out.leaf(operator(node.op), NOWHERE)?;
                self.expression(&node.value)?;
            }
            Stmt::AnnAssign(node) => {
                let is_bare = node.target.start().to_usize() == start;
                if is_bare && starts_with_parenthesised_target(&node.target) {
                    return Err(self.refuse(start, "illegal target for annotation"));
                }
                self.expression(&node.target)?;
                self.expression(&node.annotation)?;
                self.optional(node.value.as_deref())?;
            }
            Stmt::For(node) => {
                self.expression(&node.target)?;
                self.expression(&node.iter)?;
                self.suite(&node.body)?;
                self.suite(&node.orelse)?;
            }
            Stmt::While(node) => {
                self.expression(&node.test)?;
                self.suite(&node.body)?;
                self.suite(&node.orelse)?;
            }
            Stmt::Raise(node) => {
                self.optional(node.exc.as_deref())?;
                self.optional(node.cause.as_deref())?;
            }
            Stmt::Assert(node) => {
                self.expression(&node.test)?;
                self.optional(node.msg.as_deref())?;
            }
            Stmt::Import(node) => self.aliases(&node.names)?,
            Stmt::Expr(node) => self.expression(&node.value)?,
            _ => {}
        }
        self.out.close(open);
        Ok(())
    }

    fn function(&mut self, node: &StmtFunctionDef) -> Lowered {
        let kind = if node.is_async {
            Kind::AsyncFunctionDef
        } else {
            Kind::FunctionDef
        };
        let start = self.after_decorators(&node.decorator_list, node.range);
        let open = self.out.open_named(kind, start, &node.name)?;
        self.parameters(Some(&node.parameters))?;
        self.suite(&node.body)?;
        self.decorators(&node.decorator_list)?;
        self.optional(node.returns.as_deref())?;
        self.type_params(node.type_params.as_deref())?;
        self.out.close(open);
        Ok(())
    }

    fn class(&mut self, node: &StmtClassDef) -> Lowered {
        let start = self.after_decorators(&node.decorator_list, node.range);
        let open = self.out.open_named(Kind::ClassDef, start, &node.name)?;
        if let Some(arguments) = node.arguments.as_deref() {
            arguments
                .args
                .iter()
                .try_for_each(|argument| self.argument(argument))?;
            self.keywords(&arguments.keywords)?;
        }
        self.suite(&node.body)?;
        self.decorators(&node.decorator_list)?;
        self.type_params(node.type_params.as_deref())?;
        self.out.close(open);
        Ok(())
    }

    fn decorators(&mut self, decorators: &[Decorator]) -> Lowered {
        decorators
            .iter()
            .try_for_each(|decorator| self.expression(&decorator.expression))
    }

    /// `ast` places a decorated definition at its `def`, `async` or `class`.
    fn after_decorators(&self, decorators: &[Decorator], range: TextRange) -> usize {
        let Some(last) = decorators.last() else {
            return range.start().to_usize();
        };
        let mut offset = last.end().to_usize();
        loop {
            let rest = &self.source[offset..];
            let blank = rest.len()
                - rest
                    .trim_start_matches([' ', '\t', '\x0c', '\n', '\r', ')', '\\'])
                    .len();
            offset += blank;
            match self.source[offset..].strip_prefix('#') {
                Some(comment) => offset += 1 + comment.find('\n').unwrap_or(comment.len()),
                None => return offset,
            }
        }
    }

    fn if_statement(&mut self, node: &StmtIf) -> Lowered {
        let open = self.out.open(Kind::If, node.start().to_usize())?;
        self.expression(&node.test)?;
        self.suite(&node.body)?;
        self.alternatives(&node.elif_else_clauses)?;
        self.out.close(open);
        Ok(())
    }

    /// `elif` is an `If` inside the `orelse` of the one before.
    fn alternatives(&mut self, clauses: &[ElifElseClause]) -> Lowered {
        let Some((first, rest)) = clauses.split_first() else {
            return Ok(());
        };
        let Some(test) = &first.test else {
            return self.suite(&first.body);
        };
        let open = self.out.open(Kind::If, first.start().to_usize())?;
        self.expression(test)?;
        self.suite(&first.body)?;
        self.alternatives(rest)?;
        self.out.close(open);
        Ok(())
    }

    fn try_statement(&mut self, node: &StmtTry) -> Lowered {
        let kind = if node.is_star {
            Kind::TryStar
        } else {
            Kind::Try
        };
        let open = self.out.open(kind, node.start().to_usize())?;
        self.suite(&node.body)?;
        if let (true, Some(first)) = (node.handlers.is_empty(), node.orelse.first()) {
            let message = "expected `except` before the `else` of a `try`";
            return Err(self.refuse(first.start().to_usize(), message));
        }
        for handler in &node.handlers {
            let ExceptHandler::ExceptHandler(handler) = handler;
            let start = handler.start().to_usize();
            let open = self.open_optional(Kind::ExceptHandler, start, handler.name.as_ref())?;
            self.optional(handler.type_.as_deref())?;
            self.suite(&handler.body)?;
            self.out.close(open);
        }
        self.suite(&node.orelse)?;
        self.suite(&node.finalbody)?;
        self.out.close(open);
        Ok(())
    }

    fn with_statement(&mut self, node: &StmtWith) -> Lowered {
        let kind = if node.is_async {
            Kind::AsyncWith
        } else {
            Kind::With
        };
        let open = self.out.open(kind, node.start().to_usize())?;
        for item in &node.items {
            let open = self.out.open(Kind::WithItem, NOWHERE)?;
            self.expression(&item.context_expr)?;
            self.optional(item.optional_vars.as_deref())?;
            self.out.close(open);
        }
        self.suite(&node.body)?;
        self.out.close(open);
        Ok(())
    }

    fn match_statement(&mut self, node: &StmtMatch) -> Lowered {
        let open = self.out.open(Kind::Match, node.start().to_usize())?;
        self.expression(&node.subject)?;
        node.cases.iter().try_for_each(|case| self.case(case))?;
        self.out.close(open);
        Ok(())
    }

    fn case(&mut self, case: &MatchCase) -> Lowered {
        let open = self.out.open(Kind::MatchCase, NOWHERE)?;
        self.pattern(&case.pattern)?;
        self.optional(case.guard.as_deref())?;
        self.suite(&case.body)?;
        self.out.close(open);
        Ok(())
    }

    fn import_from(&mut self, node: &StmtImportFrom) -> Lowered {
        let start = node.start().to_usize();
        let open = self.open_optional(Kind::ImportFrom, start, node.module.as_ref())?;
        self.aliases(&node.names)?;
        self.out.close_counted(open, node.level as usize);
        Ok(())
    }

    fn aliases(&mut self, names: &[Alias]) -> Lowered {
        names.iter().try_for_each(|alias| {
            let asname = alias.asname.as_ref().map(Identifier::as_str);
            self.out
                .alias(alias.start().to_usize(), &alias.name, asname)
        })
    }

    fn type_params(&mut self, params: Option<&TypeParams>) -> Lowered {
        params.into_iter().flatten().try_for_each(|param| {
            // The gate's parser takes `*Ts = *b` for a default of its own making.
            if let Some(default) = param.default() {
                let at = default.start().to_usize();
                return Err(self.refuse(at, "type parameters have no defaults in Python 3.12"));
            }
            let (kind, name, bound): (_, _, Option<&Expr>) = match param {
                TypeParam::TypeVar(node) => (Kind::TypeVar, &node.name, node.bound.as_deref()),
                TypeParam::ParamSpec(node) => (Kind::ParamSpec, &node.name, None),
                TypeParam::TypeVarTuple(node) => (Kind::TypeVarTuple, &node.name, None),
            };
            let open = self.out.open_named(kind, param.start().to_usize(), name)?;
            self.optional(bound)?;
            self.out.close(open);
            Ok(())
        })
    }
}

/// `(a).b: c`: CPython takes `(a)` for the whole target and then misses the colon.
fn starts_with_parenthesised_target(target: &Expr) -> bool {
    let start = target.start();
    let mut node = target;
    while node.start() == start {
        node = match node {
            Expr::Attribute(inner) => &inner.value,
            Expr::Subscript(inner) => &inner.value,
            Expr::Call(inner) => &inner.func,
            _ => return false,
        };
    }
    matches!(
        node,
        Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_)
    )
}

fn simple_kind(statement: &Stmt) -> Kind {
    match statement {
        Stmt::Return(_) => Kind::Return,
        Stmt::Delete(_) => Kind::Delete,
        Stmt::TypeAlias(_) => Kind::TypeAlias,
        Stmt::Assign(_) => Kind::Assign,
        Stmt::AugAssign(_) => Kind::AugAssign,
        Stmt::AnnAssign(_) => Kind::AnnAssign,
        Stmt::For(node) if node.is_async => Kind::AsyncFor,
        Stmt::For(_) => Kind::For,
        Stmt::While(_) => Kind::While,
        Stmt::Raise(_) => Kind::Raise,
        Stmt::Assert(_) => Kind::Assert,
        Stmt::Import(_) => Kind::Import,
        _ => Kind::Expr,
    }
}

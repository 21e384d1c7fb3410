//! Statements.

use super::{Child, Lowering, Node, children, field, named, required, unreadable};
use crate::python::builder::{Lowered, NOWHERE};
use crate::python::tree::Kind;

impl Lowering<'_> {
    /// Every statement below a module or block.
    pub(super) fn statements(&mut self, block: Node<'_>) -> Lowered {
        named(block)
            .into_iter()
            .try_for_each(|node| self.statement(node))
    }

    pub(super) fn statement(&mut self, node: Node<'_>) -> Lowered {
        let start = node.start_byte();
        match node.kind() {
            "expression_statement" => self.expression_statement(node),
            "import_statement" => self.import(node),
            "import_from_statement" => self.import_from(node),
            "future_import_statement" => {
                let open = self.out.open_named(Kind::ImportFrom, start, "__future__")?;
                self.aliases(&children(node))?;
                self.out.close(open);
                Ok(())
            }
            "print_statement" => self.chevron(node),
            "assert_statement" => self.simple(Kind::Assert, node),
            "return_statement" => self.simple(Kind::Return, node),
            "raise_statement" => self.simple(Kind::Raise, node),
            "delete_statement" => self.delete(node),
            "pass_statement" => self.out.leaf(Kind::Pass, start),
            "break_statement" => self.out.leaf(Kind::Break, start),
            "continue_statement" => self.out.leaf(Kind::Continue, start),
            "global_statement" => self.out.leaf(Kind::Global, start),
            "nonlocal_statement" => self.out.leaf(Kind::Nonlocal, start),
            "type_alias_statement" => self.type_alias(node),
            "if_statement" => self.if_statement(node),
            "for_statement" => self.for_statement(node),
            "while_statement" => self.while_statement(node),
            "try_statement" => self.try_statement(node),
            "with_statement" => self.with_statement(node),
            "match_statement" => self.match_statement(node),
            "function_definition" => self.function(node, &[]),
            "class_definition" => self.class(node, &[]),
            "decorated_definition" => self.decorated(node),
            _ => unreadable(node),
        }
    }

    /// A statement that is its expressions in a row.
    fn simple(&mut self, kind: Kind, node: Node<'_>) -> Lowered {
        let open = self.out.open(kind, node.start_byte())?;
        for child in named(node) {
            self.expression(child, Kind::Load)?;
        }
        self.out.close(open);
        Ok(())
    }

    fn delete(&mut self, node: Node<'_>) -> Lowered {
        let open = self.out.open(Kind::Delete, node.start_byte())?;
        for child in named(node) {
            if child.kind() == "expression_list" {
                for target in named(child) {
                    self.expression(target, Kind::Del)?;
                }
            } else {
                self.expression(child, Kind::Del)?;
            }
        }
        self.out.close(open);
        Ok(())
    }

    fn expression_statement(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        match parts.as_slice() {
            [(_, only)] if only.kind() == "assignment" => self.assignment(*only),
            [(_, only)] if only.kind() == "augmented_assignment" => self.augmented(*only),
            [(_, only)] => {
                let open = self.out.open(Kind::Expr, only.start_byte())?;
                self.expression(*only, Kind::Load)?;
                self.out.close(open);
                Ok(())
            }
            parts => {
                let open = self.out.open(Kind::Expr, node.start_byte())?;
                self.tuple(node.start_byte(), parts, Kind::Load)?;
                self.out.close(open);
                Ok(())
            }
        }
    }

    fn assignment(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        if let Some(annotation) = field(&parts, "type") {
            let open = self.out.open(Kind::AnnAssign, node.start_byte())?;
            self.expression(required(field(&parts, "left"), node)?, Kind::Store)?;
            self.annotation(annotation)?;
            if let Some(value) = field(&parts, "right") {
                self.expression(value, Kind::Load)?;
            }
            self.out.close(open);
            return Ok(());
        }
        let open = self.out.open(Kind::Assign, node.start_byte())?;
        let mut link = node;
        loop {
            let parts = children(link);
            self.expression(required(field(&parts, "left"), link)?, Kind::Store)?;
            let right = required(field(&parts, "right"), link)?;
            if right.kind() != "assignment" {
                self.expression(right, Kind::Load)?;
                break;
            }
            link = right;
        }
        self.out.close(open);
        Ok(())
    }

    fn augmented(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let open = self.out.open(Kind::AugAssign, node.start_byte())?;
        self.expression(required(field(&parts, "left"), node)?, Kind::Store)?;
        let operator = required(field(&parts, "operator"), node)?;
        let Some(kind) = super::expressions::binary(operator.kind().trim_end_matches('=')) else {
            return unreadable(operator);
        };
        self.out.leaf(kind, NOWHERE)?;
        self.expression(required(field(&parts, "right"), node)?, Kind::Load)?;
        self.out.close(open);
        Ok(())
    }

    /// `print >> a, b` is Python 2's way to name a file, and in Python 3 a tuple with a shift in it.
    fn chevron(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let [(_, print), (_, chevron), rest @ ..] = parts.as_slice() else {
            return unreadable(node);
        };
        let operands = named(*chevron);
        let [shifted] = operands.as_slice() else {
            return unreadable(node);
        };
        let looser = ["binary_operator", "comparison_operator", "boolean_operator"];
        let loosest = [
            "conditional_expression",
            "not_operator",
            "lambda",
            "named_expression",
        ];
        if looser.contains(&shifted.kind()) || loosest.contains(&shifted.kind()) {
            return unreadable(node);
        }
        let start = print.start_byte();
        let open = self.out.open(Kind::Expr, start)?;
        let tuple = match rest {
            [] => None,
            _ => Some(self.out.open(Kind::Tuple, start)?),
        };
        let shift = self.out.open(Kind::BinOp, start)?;
        self.out.named_leaf(Kind::Name, start, "print")?;
        self.out.leaf(Kind::RShift, NOWHERE)?;
        self.expression(*shifted, Kind::Load)?;
        self.out.close(shift);
        if let Some(tuple) = tuple {
            for (_, child) in rest.iter().filter(|(_, child)| child.is_named()) {
                self.expression(*child, Kind::Load)?;
            }
            self.out.leaf(Kind::Load, NOWHERE)?;
            self.out.close(tuple);
        }
        self.out.close(open);
        Ok(())
    }

    fn import(&mut self, node: Node<'_>) -> Lowered {
        let open = self.out.open(Kind::Import, node.start_byte())?;
        self.aliases(&children(node))?;
        self.out.close(open);
        Ok(())
    }

    fn import_from(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let module = required(field(&parts, "module_name"), node)?;
        let (mut dots, mut name) = (0, None);
        if module.kind() == "relative_import" {
            for part in named(module) {
                match part.kind() {
                    "import_prefix" => dots = self.text(part).matches('.').count(),
                    _ => name = Some(self.dotted(part)),
                }
            }
        } else {
            name = Some(self.dotted(module));
        }
        let open = match name {
            Some(name) => self
                .out
                .open_named(Kind::ImportFrom, node.start_byte(), &name)?,
            None => self.out.open(Kind::ImportFrom, node.start_byte())?,
        };
        self.aliases(&parts)?;
        self.out.close_counted(open, dots);
        Ok(())
    }

    fn aliases(&mut self, parts: &[Child<'_>]) -> Lowered {
        for (name, child) in parts {
            let start = child.start_byte();
            match (name, child.kind()) {
                (_, "wildcard_import") => self.out.alias(start, "*", None)?,
                (Some("name"), "aliased_import") => {
                    let parts = children(*child);
                    let name = self.dotted(required(field(&parts, "name"), *child)?);
                    let alias = required(field(&parts, "alias"), *child)?;
                    let asname = self.text(alias);
                    self.out.alias(start, &name, Some(asname))?;
                }
                (Some("name"), _) => {
                    let name = self.dotted(*child);
                    self.out.alias(start, &name, None)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A dotted name without the blanks that may stand in it.
    pub(super) fn dotted(&self, node: Node<'_>) -> String {
        let parts: Vec<&str> = named(node)
            .into_iter()
            .map(|part| self.text(part))
            .collect();
        parts.join(".")
    }

    fn body(&mut self, parts: &[Child<'_>], name: &str, parent: Node<'_>) -> Lowered {
        let block = required(field(parts, name), parent)?;
        self.statements(block)
    }

    fn if_statement(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let clauses: Vec<Node<'_>> = parts
            .iter()
            .filter(|(field, _)| *field == Some("alternative"))
            .map(|(_, child)| *child)
            .collect();
        self.branch(node, &clauses)
    }

    /// `if` or `elif`, and as its `orelse` the clauses after it.
    fn branch(&mut self, node: Node<'_>, clauses: &[Node<'_>]) -> Lowered {
        let parts = children(node);
        let open = self.out.open(Kind::If, node.start_byte())?;
        self.expression(required(field(&parts, "condition"), node)?, Kind::Load)?;
        self.body(&parts, "consequence", node)?;
        match clauses {
            [] => {}
            [first, rest @ ..] if first.kind() == "elif_clause" => self.branch(*first, rest)?,
            [last, ..] => self.body(&children(*last), "body", *last)?,
        }
        self.out.close(open);
        Ok(())
    }

    fn for_statement(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let kind = if is_async(&parts) {
            Kind::AsyncFor
        } else {
            Kind::For
        };
        let open = self.out.open(kind, node.start_byte())?;
        self.expression(required(field(&parts, "left"), node)?, Kind::Store)?;
        self.expression(required(field(&parts, "right"), node)?, Kind::Load)?;
        self.body(&parts, "body", node)?;
        self.alternative(&parts)?;
        self.out.close(open);
        Ok(())
    }

    fn while_statement(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let open = self.out.open(Kind::While, node.start_byte())?;
        self.expression(required(field(&parts, "condition"), node)?, Kind::Load)?;
        self.body(&parts, "body", node)?;
        self.alternative(&parts)?;
        self.out.close(open);
        Ok(())
    }

    fn alternative(&mut self, parts: &[Child<'_>]) -> Lowered {
        match field(parts, "alternative") {
            Some(clause) => self.body(&children(clause), "body", clause),
            None => Ok(()),
        }
    }

    fn try_statement(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let is_star = parts
            .iter()
            .filter(|(_, child)| child.kind() == "except_clause")
            .any(|(_, clause)| {
                children(*clause)
                    .iter()
                    .any(|(_, child)| child.kind() == "*")
            });
        let kind = if is_star { Kind::TryStar } else { Kind::Try };
        let open = self.out.open(kind, node.start_byte())?;
        self.body(&parts, "body", node)?;
        for (_, child) in &parts {
            match child.kind() {
                "except_clause" => self.except(*child)?,
                "else_clause" => self.body(&children(*child), "body", *child)?,
                "finally_clause" => {
                    let parts = named(*child);
                    self.statements(required(parts.last().copied(), *child)?)?;
                }
                _ => {}
            }
        }
        self.out.close(open);
        Ok(())
    }

    fn except(&mut self, node: Node<'_>) -> Lowered {
        let parts = named(node);
        let Some((block, head)) = parts.split_last() else {
            return unreadable(node);
        };
        let (value, alias) = match head {
            [] => (None, None),
            [value] if value.kind() == "as_pattern" => self.as_pattern(*value)?,
            [value] => (Some(*value), None),
            [value, alias] => (Some(*value), Some(*alias)),
            _ => return unreadable(node),
        };
        let start = node.start_byte();
        let open = match alias {
            Some(alias) => {
                let name = self.text(alias);
                self.out.open_named(Kind::ExceptHandler, start, name)?
            }
            None => self.out.open(Kind::ExceptHandler, start)?,
        };
        if let Some(value) = value {
            self.expression(value, Kind::Load)?;
        }
        self.statements(*block)?;
        self.out.close(open);
        Ok(())
    }

    /// `value as target`.
    fn as_pattern<'t>(&self, node: Node<'t>) -> Lowered<(Option<Node<'t>>, Option<Node<'t>>)> {
        let parts = named(node);
        let [value, target] = parts.as_slice() else {
            return unreadable(node);
        };
        let inner = named(*target);
        Ok((Some(*value), Some(*inner.first().unwrap_or(target))))
    }

    fn with_statement(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let kind = if is_async(&parts) {
            Kind::AsyncWith
        } else {
            Kind::With
        };
        let open = self.out.open(kind, node.start_byte())?;
        let clause = parts
            .iter()
            .find(|(_, child)| child.kind() == "with_clause");
        let Some((_, clause)) = clause else {
            return unreadable(node);
        };
        let clause_parts = children(*clause);
        let is_parenthesised = clause_parts
            .first()
            .is_some_and(|(_, child)| child.kind() == "(");
        let mut items: Vec<Node<'_>> = Vec::new();
        for (_, item) in clause_parts.iter().filter(|(_, child)| child.is_named()) {
            items.push(required(named(*item).first().copied(), *item)?);
        }
        if let [only] = items.as_slice()
            && !is_parenthesised
            && matches!(only.kind(), "tuple" | "parenthesized_expression")
        {
            let inner = named(*only);
            if !inner.is_empty() && !inner.iter().any(|item| is_no_item(*item)) {
                items = inner.into_vec();
            }
        } else if is_parenthesised && items.iter().any(|item| is_no_item(*item)) {
            // `with (a := b, c)`: the parentheses hold one value.
            let inside = clause_parts
                .get(1..clause_parts.len().saturating_sub(1))
                .unwrap_or_default();
            let item = self.out.open(Kind::WithItem, NOWHERE)?;
            match inside {
                [_] => self.expression(items[0], Kind::Load)?,
                _ => {
                    let tuple = self.out.open(Kind::Tuple, clause.start_byte())?;
                    for item in items.drain(..) {
                        self.expression(item, Kind::Load)?;
                    }
                    self.out.leaf(Kind::Load, NOWHERE)?;
                    self.out.close(tuple);
                }
            }
            self.out.close(item);
            items.clear();
        }
        for item in items {
            self.with_item(item)?;
        }
        self.body(&parts, "body", node)?;
        self.out.close(open);
        Ok(())
    }

    fn with_item(&mut self, item: Node<'_>) -> Lowered {
        let open = self.out.open(Kind::WithItem, NOWHERE)?;
        if item.kind() == "as_pattern" {
            let (value, target) = self.as_pattern(item)?;
            self.expression(required(value, item)?, Kind::Load)?;
            self.expression(required(target, item)?, Kind::Store)?;
        } else {
            self.expression(item, Kind::Load)?;
        }
        self.out.close(open);
        Ok(())
    }

    fn match_statement(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let open = self.out.open(Kind::Match, node.start_byte())?;
        let subject: Vec<Child<'_>> = parts
            .iter()
            .skip(1)
            .take_while(|(_, child)| child.kind() != ":")
            .copied()
            .collect();
        match subject.as_slice() {
            [(_, only)] if only.kind() != "list_splat" => self.expression(*only, Kind::Load)?,
            [(_, first), ..] => self.tuple(first.start_byte(), &subject, Kind::Load)?,
            [] => return unreadable(node),
        }
        let block = required(field(&parts, "body"), node)?;
        for clause in named(block) {
            self.case(clause)?;
        }
        self.out.close(open);
        Ok(())
    }

    fn case(&mut self, node: Node<'_>) -> Lowered {
        if node.kind() != "case_clause" {
            return unreadable(node);
        }
        let parts = children(node);
        let open = self.out.open(Kind::MatchCase, NOWHERE)?;
        let head: Vec<Child<'_>> = parts
            .iter()
            .skip(1)
            .take_while(|(field, child)| *field != Some("guard") && child.kind() != ":")
            .copied()
            .collect();
        self.open_sequence_or_pattern(&head, node)?;
        if let Some(guard) = field(&parts, "guard") {
            for test in named(guard) {
                self.expression(test, Kind::Load)?;
            }
        }
        self.body(&parts, "consequence", node)?;
        self.out.close(open);
        Ok(())
    }
}

/// What stands in parentheses after `with` and makes them a tuple instead of a list of items.
fn is_no_item(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "list_splat" | "named_expression" | "yield" | "parenthesized_list_splat"
    )
}

pub(super) fn is_async(parts: &[Child<'_>]) -> bool {
    parts
        .first()
        .is_some_and(|(_, child)| child.kind() == "async")
}

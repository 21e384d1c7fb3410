//! Expressions, except what has a file of its own.

use super::{Child, Lowering, Node, children, field, named, required, unreadable};
use crate::python::builder::{Lowered, NOWHERE};
use crate::python::tree::Kind;

impl Lowering<'_> {
    /// Lowers an expression or a target; `context` is the context it is in.
    pub(super) fn expression(&mut self, node: Node<'_>, context: Kind) -> Lowered {
        if self.hoist(node, context)? {
            return Ok(());
        }
        let start = self.start(node);
        match node.kind() {
            "identifier" => {
                let name = self.text(node);
                self.out.named_leaf(Kind::Name, start, name)
            }
            "parenthesized_expression" | "tuple" if self.is_glued(node) => self.type_call(node),
            "as_pattern_target" | "parenthesized_expression" => {
                let inner = named(node);
                let [inner] = inner.as_slice() else {
                    return unreadable(node);
                };
                self.expression(*inner, context)
            }
            "integer" | "float" | "true" | "false" | "none" | "ellipsis" => {
                self.out.leaf(Kind::Constant, start)
            }
            "string" | "concatenated_string" => self.string(node),
            "attribute" => self.attribute(node, context),
            "call" => self.call(node),
            "subscript" => self.subscript(node, context),
            "slice" => self.slice(node),
            "tuple" | "tuple_pattern" => {
                let parts = children(node);
                let inside = parts
                    .get(1..parts.len().saturating_sub(1))
                    .unwrap_or_default();
                match inside {
                    [(_, only)] => self.expression(*only, context),
                    inside => self.tuple(start, inside, context),
                }
            }
            "expression_list" | "pattern_list" => self.tuple(start, &children(node), context),
            "list" | "list_pattern" => self.sequence(Kind::List, node, context),
            "list_splat" | "list_splat_pattern" => self.starred(node, context),
            "set" => {
                let open = self.out.open(Kind::Set, start)?;
                for element in named(node) {
                    self.expression(element, Kind::Load)?;
                }
                self.out.close(open);
                Ok(())
            }
            "dictionary" => self.dictionary(node),
            "list_comprehension" => self.comprehension(Kind::ListComp, node),
            "set_comprehension" => self.comprehension(Kind::SetComp, node),
            "dictionary_comprehension" => self.comprehension(Kind::DictComp, node),
            "generator_expression" => self.comprehension(Kind::GeneratorExp, node),
            "unary_operator" => self.unary(node),
            "not_operator" => {
                let open = self.out.open(Kind::UnaryOp, start)?;
                self.out.leaf(Kind::Not, NOWHERE)?;
                let parts = children(node);
                self.expression(required(field(&parts, "argument"), node)?, Kind::Load)?;
                self.out.close(open);
                Ok(())
            }
            "binary_operator" => self.binary_operator(node),
            "boolean_operator" => self.boolean(node),
            "comparison_operator" => self.comparison(node),
            "conditional_expression" => self.conditional(node),
            "named_expression" => self.named_expression(node),
            "lambda" => self.lambda(node),
            "await" => self.await_expression(node),
            "yield" => self.yield_expression(node),
            "type" => self.annotation(node),
            _ => unreadable(node),
        }
    }

    /// `*a + b`: the grammar may bind the star to `a` alone, where it belongs to the whole.
    fn hoist(&mut self, node: Node<'_>, context: Kind) -> Lowered<bool> {
        let binds_tighter = matches!(
            node.kind(),
            "binary_operator"
                | "comparison_operator"
                | "boolean_operator"
                | "call"
                | "attribute"
                | "subscript"
                | "conditional_expression"
        );
        let start = node.start_byte();
        if !binds_tighter || self.hoisted == Some(start) || !self.source[start..].starts_with('*') {
            return Ok(false);
        }
        let open = self.out.open(Kind::Starred, start)?;
        let outer = self.hoisted.replace(start);
        self.expression(node, context)?;
        self.hoisted = outer;
        self.out.leaf(context, NOWHERE)?;
        self.out.close(open);
        Ok(true)
    }

    /// The parentheses after `type` in a statement the grammar took for a type alias.
    fn is_glued(&self, node: Node<'_>) -> bool {
        self.glued
            .is_some_and(|(start, _)| start == node.start_byte())
    }

    /// `type(x).y = z`: the grammar reads `type` as a keyword and `(x).y` as what it defines.
    pub(super) fn type_call(&mut self, node: Node<'_>) -> Lowered {
        let Some((_, start)) = self.glued.take() else {
            return unreadable(node);
        };
        let open = self.out.open(Kind::Call, start)?;
        self.out.named_leaf(Kind::Name, start, "type")?;
        let arguments = named(node);
        for argument in &arguments {
            self.expression(*argument, Kind::Load)?;
        }
        self.out.close_counted(open, arguments.len());
        Ok(())
    }

    fn starred(&mut self, node: Node<'_>, context: Kind) -> Lowered {
        let start = node.start_byte();
        let inner = named(node);
        let [inner] = inner.as_slice() else {
            return unreadable(node);
        };
        if self.hoisted == Some(start) {
            return self.expression(*inner, Kind::Load);
        }
        let open = self.out.open(Kind::Starred, start)?;
        self.expression(*inner, context)?;
        self.out.leaf(context, NOWHERE)?;
        self.out.close(open);
        Ok(())
    }

    pub(super) fn tuple(&mut self, start: usize, parts: &[Child<'_>], context: Kind) -> Lowered {
        let open = self.out.open(Kind::Tuple, start)?;
        for (_, element) in parts.iter().filter(|(_, child)| child.is_named()) {
            self.expression(*element, context)?;
        }
        self.out.leaf(context, NOWHERE)?;
        self.out.close(open);
        Ok(())
    }

    fn sequence(&mut self, kind: Kind, node: Node<'_>, context: Kind) -> Lowered {
        let open = self.out.open(kind, self.start(node))?;
        for element in named(node) {
            self.expression(element, context)?;
        }
        self.out.leaf(context, NOWHERE)?;
        self.out.close(open);
        Ok(())
    }

    fn dictionary(&mut self, node: Node<'_>) -> Lowered {
        let open = self.out.open(Kind::Dict, self.start(node))?;
        let items = named(node);
        for item in items.iter().filter(|item| item.kind() == "pair") {
            self.expression(required(field(&children(*item), "key"), *item)?, Kind::Load)?;
        }
        for item in &items {
            let parts = children(*item);
            let value = match item.kind() {
                "pair" => field(&parts, "value"),
                "dictionary_splat" => parts.last().map(|(_, value)| *value),
                _ => None,
            };
            self.expression(required(value, *item)?, Kind::Load)?;
        }
        self.out.close(open);
        Ok(())
    }

    fn attribute(&mut self, node: Node<'_>, context: Kind) -> Lowered {
        let parts = children(node);
        let name = self.text(required(field(&parts, "attribute"), node)?);
        let open = self
            .out
            .open_named(Kind::Attribute, self.start(node), name)?;
        self.expression(required(field(&parts, "object"), node)?, Kind::Load)?;
        self.out.leaf(context, NOWHERE)?;
        self.out.close(open);
        Ok(())
    }

    fn call(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let open = self.out.open(Kind::Call, self.start(node))?;
        self.expression(required(field(&parts, "function"), node)?, Kind::Load)?;
        let arguments = required(field(&parts, "arguments"), node)?;
        let positional = if arguments.kind() == "generator_expression" {
            self.expression(arguments, Kind::Load)?;
            1
        } else {
            self.arguments(arguments)?
        };
        self.out.close_counted(open, positional);
        Ok(())
    }

    fn subscript(&mut self, node: Node<'_>, context: Kind) -> Lowered {
        let parts = children(node);
        let open = self.out.open(Kind::Subscript, self.start(node))?;
        self.expression(required(field(&parts, "value"), node)?, Kind::Load)?;
        let inside: Vec<Child<'_>> = parts
            .iter()
            .skip_while(|(_, child)| child.kind() != "[")
            .skip(1)
            .take_while(|(_, child)| child.kind() != "]")
            .copied()
            .collect();
        let is_splat = |node: Node<'_>| self.source[node.start_byte()..].starts_with('*');
        match inside.as_slice() {
            [(_, only)] if !is_splat(*only) => self.expression(*only, Kind::Load)?,
            [(_, first), ..] => self.tuple(first.start_byte(), &inside, Kind::Load)?,
            [] => return unreadable(node),
        }
        self.out.leaf(context, NOWHERE)?;
        self.out.close(open);
        Ok(())
    }

    fn slice(&mut self, node: Node<'_>) -> Lowered {
        let open = self.out.open(Kind::Slice, node.start_byte())?;
        for part in named(node) {
            self.expression(part, Kind::Load)?;
        }
        self.out.close(open);
        Ok(())
    }

    fn unary(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let operator = required(field(&parts, "operator"), node)?;
        let kind = match operator.kind() {
            "-" => Kind::USub,
            "+" => Kind::UAdd,
            "~" => Kind::Invert,
            _ => return unreadable(operator),
        };
        let open = self.out.open(Kind::UnaryOp, node.start_byte())?;
        self.out.leaf(kind, NOWHERE)?;
        self.expression(required(field(&parts, "argument"), node)?, Kind::Load)?;
        self.out.close(open);
        Ok(())
    }

    fn binary_operator(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let operator = required(field(&parts, "operator"), node)?;
        let Some(kind) = binary(operator.kind()) else {
            return unreadable(operator);
        };
        if matches!(kind, Kind::BitAnd | Kind::BitXor) {
            return self.bitwise(node);
        }
        let open = self.out.open(Kind::BinOp, self.start(node))?;
        self.expression(required(field(&parts, "left"), node)?, Kind::Load)?;
        self.out.leaf(kind, NOWHERE)?;
        self.expression(required(field(&parts, "right"), node)?, Kind::Load)?;
        self.out.close(open);
        Ok(())
    }

    /// `a ^ b & c`: the grammar binds `^` tighter than `&`, Python the other way round, so chains of the
    /// two are taken apart and put together again.
    fn bitwise(&mut self, node: Node<'_>) -> Lowered {
        let (mut operands, mut operators) = (Vec::new(), Vec::new());
        flatten(node, &mut operands, &mut operators)?;
        let start = self.start(node);
        let xors = operators
            .iter()
            .filter(|kind| **kind == Kind::BitXor)
            .count();
        let mut outer = Vec::with_capacity(xors);
        for _ in 0..xors {
            outer.push(self.out.open(Kind::BinOp, start)?);
        }
        let mut at = 0;
        let groups: Vec<usize> = operators
            .split(|kind| *kind == Kind::BitXor)
            .map(<[Kind]>::len)
            .collect();
        for (index, ands) in groups.into_iter().enumerate() {
            let Some(group) = operands.get(at..=at + ands) else {
                return unreadable(node);
            };
            if index > 0 {
                self.out.leaf(Kind::BitXor, NOWHERE)?;
            }
            self.conjunction(group)?;
            if index > 0
                && let Some(open) = outer.pop()
            {
                self.out.close(open);
            }
            at += ands + 1;
        }
        Ok(())
    }

    /// Operands joined by `&`.
    fn conjunction(&mut self, operands: &[Node<'_>]) -> Lowered {
        let Some((first, rest)) = operands.split_first() else {
            return Ok(());
        };
        let mut open = Vec::with_capacity(rest.len());
        for _ in rest {
            open.push(self.out.open(Kind::BinOp, self.start(*first))?);
        }
        self.expression(*first, Kind::Load)?;
        for operand in rest {
            self.out.leaf(Kind::BitAnd, NOWHERE)?;
            self.expression(*operand, Kind::Load)?;
            if let Some(open) = open.pop() {
                self.out.close(open);
            }
        }
        Ok(())
    }

    /// `a and b and c` is one node with three values.
    fn boolean(&mut self, node: Node<'_>) -> Lowered {
        let mut values = Vec::new();
        let mut left = node;
        let mut operator = None;
        while left.kind() == "boolean_operator" {
            let parts = children(left);
            let kind = required(field(&parts, "operator"), left)?.kind();
            if operator.is_some_and(|operator| operator != kind) {
                break;
            }
            operator = Some(kind);
            values.push(required(field(&parts, "right"), left)?);
            left = required(field(&parts, "left"), left)?;
        }
        values.push(left);
        let open = self.out.open(Kind::BoolOp, self.start(node))?;
        let kind = if operator == Some("and") {
            Kind::And
        } else {
            Kind::Or
        };
        self.out.leaf(kind, NOWHERE)?;
        for value in values.into_iter().rev() {
            self.expression(value, Kind::Load)?;
        }
        self.out.close(open);
        Ok(())
    }

    fn comparison(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let (operators, operands): (Vec<Child<'_>>, Vec<Child<'_>>) = parts
            .into_iter()
            .partition(|(field, _)| *field == Some("operators"));
        let Some(((_, left), comparators)) = operands.split_first() else {
            return unreadable(node);
        };
        let open = self.out.open(Kind::Compare, self.start(node))?;
        self.expression(*left, Kind::Load)?;
        for (_, operator) in operators {
            let kind = match operator.kind() {
                "<" => Kind::Lt,
                "<=" => Kind::LtE,
                "==" => Kind::Eq,
                "!=" => Kind::NotEq,
                ">=" => Kind::GtE,
                ">" => Kind::Gt,
                "in" => Kind::In,
                "not in" => Kind::NotIn,
                "is" => Kind::Is,
                "is not" => Kind::IsNot,
                _ => return unreadable(operator),
            };
            self.out.leaf(kind, NOWHERE)?;
        }
        for (_, comparator) in comparators {
            self.expression(*comparator, Kind::Load)?;
        }
        self.out.close(open);
        Ok(())
    }

    fn conditional(&mut self, node: Node<'_>) -> Lowered {
        let parts = named(node);
        let [body, test, orelse] = parts.as_slice() else {
            return unreadable(node);
        };
        let open = self.out.open(Kind::IfExp, self.start(node))?;
        self.expression(*test, Kind::Load)?;
        self.expression(*body, Kind::Load)?;
        self.expression(*orelse, Kind::Load)?;
        self.out.close(open);
        Ok(())
    }

    fn named_expression(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let open = self.out.open(Kind::NamedExpr, node.start_byte())?;
        self.expression(required(field(&parts, "name"), node)?, Kind::Store)?;
        self.expression(required(field(&parts, "value"), node)?, Kind::Load)?;
        self.out.close(open);
        Ok(())
    }

    fn lambda(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let open = self.out.open(Kind::Lambda, node.start_byte())?;
        self.parameters(field(&parts, "parameters"))?;
        self.expression(required(field(&parts, "body"), node)?, Kind::Load)?;
        self.out.close(open);
        Ok(())
    }

    /// `await a ** b` awaits `a`; the grammar has it await the power.
    fn await_expression(&mut self, node: Node<'_>) -> Lowered {
        let start = node.start_byte();
        let inner = named(node);
        let [inner] = inner.as_slice() else {
            return unreadable(node);
        };
        if inner.kind() == "binary_operator" {
            let parts = children(*inner);
            let power = self.out.open(Kind::BinOp, start)?;
            let open = self.out.open(Kind::Await, start)?;
            self.expression(required(field(&parts, "left"), *inner)?, Kind::Load)?;
            self.out.close(open);
            self.out.leaf(Kind::Pow, NOWHERE)?;
            self.expression(required(field(&parts, "right"), *inner)?, Kind::Load)?;
            self.out.close(power);
            return Ok(());
        }
        let open = self.out.open(Kind::Await, start)?;
        self.expression(*inner, Kind::Load)?;
        self.out.close(open);
        Ok(())
    }

    fn yield_expression(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let is_from = parts
            .get(1)
            .is_some_and(|(_, child)| child.kind() == "from");
        let kind = if is_from {
            Kind::YieldFrom
        } else {
            Kind::Yield
        };
        let open = self.out.open(kind, node.start_byte())?;
        for value in named(node) {
            self.expression(value, Kind::Load)?;
        }
        self.out.close(open);
        Ok(())
    }
}

/// Operands and operators of a chain of `&` and `^`, from left to right. Either side of an operator
/// may be a chain as long as the source, so there is no recursion here.
fn flatten<'t>(node: Node<'t>, operands: &mut Vec<Node<'t>>, operators: &mut Vec<Kind>) -> Lowered {
    enum Step<'t> {
        Operand(Node<'t>),
        Operator(Kind),
    }
    let mut pending = vec![Step::Operand(node)];
    while let Some(step) = pending.pop() {
        let node = match step {
            Step::Operand(node) => node,
            Step::Operator(kind) => {
                operators.push(kind);
                continue;
            }
        };
        let parts = children(node);
        let operator = match node.kind() {
            "binary_operator" => field(&parts, "operator").and_then(|node| binary(node.kind())),
            _ => None,
        };
        if let Some(kind @ (Kind::BitAnd | Kind::BitXor)) = operator {
            pending.push(Step::Operand(required(field(&parts, "right"), node)?));
            pending.push(Step::Operator(kind));
            pending.push(Step::Operand(required(field(&parts, "left"), node)?));
        } else {
            operands.push(node);
        }
    }
    Ok(())
}

/// The node class of a binary operator.
pub(super) fn binary(operator: &str) -> Option<Kind> {
    Some(match operator {
        "+" => Kind::Add,
        "-" => Kind::Sub,
        "*" => Kind::Mult,
        "@" => Kind::MatMult,
        "/" => Kind::Div,
        "%" => Kind::Mod,
        "**" => Kind::Pow,
        "<<" => Kind::LShift,
        ">>" => Kind::RShift,
        "|" => Kind::BitOr,
        "^" => Kind::BitXor,
        "&" => Kind::BitAnd,
        "//" => Kind::FloorDiv,
        _ => return None,
    })
}

//! Expressions, arguments and parameters.

use super::{Lowering, context};
use crate::python::builder::{Lowered, NOWHERE};
use crate::python::gate::MATCH_RESPELLED;
use crate::python::tree::Kind;
use ruff_python_ast::{
    BoolOp, CmpOp, Comprehension, Expr, ExprCall, ExprCompare, ExprDict, Keyword, Operator,
    Parameter, ParameterWithDefault, Parameters, UnaryOp,
};
use ruff_text_size::Ranged;

impl Lowering<'_> {
    pub(super) fn expressions(&mut self, expressions: &[Expr]) -> Lowered {
        expressions
            .iter()
            .try_for_each(|expression| self.expression(expression))
    }

    pub(super) fn optional(&mut self, expression: Option<&Expr>) -> Lowered {
        expression.map_or(Ok(()), |expression| self.expression(expression))
    }

    pub(super) fn expression(&mut self, expression: &Expr) -> Lowered {
        let start = expression.start().to_usize();
        match expression {
            Expr::Name(node) => {
                let is_respelled =
                    node.id == MATCH_RESPELLED && self.source[start..].starts_with("match");
                let name = if is_respelled {
                    "match"
                } else {
                    node.id.as_str()
                };
                return self.out.named_leaf(Kind::Name, start, name);
            }
            Expr::StringLiteral(node) => {
                return self.out.text_constant(start, node.value.to_str());
            }
            Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => return self.out.leaf(Kind::Constant, start),
            Expr::FString(node) => return self.joined(node),
            Expr::Call(node) => return self.call(node),
            Expr::Compare(node) => return self.compare(node),
            Expr::Dict(node) => return self.dict(node),
            // Refused by the gate: neither is Python 3.12.
            Expr::TString(_) | Expr::IpyEscapeCommand(_) => return Ok(()),
            _ => {}
        }
        let open = match expression {
            Expr::Attribute(node) => self.out.open_named(Kind::Attribute, start, &node.attr)?,
            _ => self.out.open(compound_kind(expression), start)?,
        };
        match expression {
            Expr::BoolOp(node) => {
                let op = match node.op {
                    BoolOp::And => Kind::And,
                    BoolOp::Or => Kind::Or,
                };
                self.out.leaf(op, NOWHERE)?;
                self.expressions(&node.values)?;
            }
            Expr::Named(node) => {
                if node.target.start().to_usize() != start {
                    return Err(
                        self.refuse(start, "expected a name without parentheses before `:=`")
                    );
                }
                self.expression(&node.target)?;
                self.expression(&node.value)?;
            }
            Expr::BinOp(node) => {
                self.expression(&node.left)?;
                self.out.leaf(operator(node.op), NOWHERE)?;
                self.expression(&node.right)?;
            }
            Expr::UnaryOp(node) => {
                let op = match node.op {
                    UnaryOp::Invert => Kind::Invert,
                    UnaryOp::Not => Kind::Not,
                    UnaryOp::UAdd => Kind::UAdd,
                    UnaryOp::USub => Kind::USub,
                };
                self.out.leaf(op, NOWHERE)?;
                self.expression(&node.operand)?;
            }
            Expr::Lambda(node) => {
                self.parameters(node.parameters.as_deref())?;
                self.expression(&node.body)?;
            }
            Expr::If(node) => {
                self.expression(&node.test)?;
                self.expression(&node.body)?;
                self.expression(&node.orelse)?;
            }
            Expr::Set(node) => self.expressions(&node.elts)?,
            Expr::ListComp(node) => self.comprehension(&node.elt, &node.generators)?,
            Expr::SetComp(node) => self.comprehension(&node.elt, &node.generators)?,
            Expr::Generator(node) => {
                self.element(start, node.parenthesized, &node.elt)?;
                self.comprehension(&node.elt, &node.generators)?;
            }
            Expr::DictComp(node) => {
                self.optional(node.key.as_deref())?;
                self.comprehension(&node.value, &node.generators)?;
            }
            Expr::Await(node) => self.expression(&node.value)?,
            Expr::Yield(node) => self.optional(node.value.as_deref())?,
            Expr::YieldFrom(node) => self.expression(&node.value)?,
            Expr::Attribute(node) => {
                self.expression(&node.value)?;
                self.out.leaf(context(node.ctx), NOWHERE)?;
            }
            Expr::Subscript(node) => {
                self.expression(&node.value)?;
                self.subscripts(&node.slice)?;
                self.out.leaf(context(node.ctx), NOWHERE)?;
            }
            Expr::Starred(node) => {
                self.star_operand(start + 1, &node.value)?;
                self.expression(&node.value)?;
                self.out.leaf(context(node.ctx), NOWHERE)?;
            }
            Expr::List(node) => {
                self.expressions(&node.elts)?;
                self.out.leaf(context(node.ctx), NOWHERE)?;
            }
            Expr::Tuple(node) => {
                self.expressions(&node.elts)?;
                self.out.leaf(context(node.ctx), NOWHERE)?;
            }
            Expr::Slice(node) => {
                self.optional(node.lower.as_deref())?;
                self.optional(node.upper.as_deref())?;
                self.optional(node.step.as_deref())?;
            }
            _ => {}
        }
        self.out.close(open);
        Ok(())
    }

    fn call(&mut self, node: &ExprCall) -> Lowered {
        let open = self.out.open(Kind::Call, node.start().to_usize())?;
        self.expression(&node.func)?;
        match &*node.arguments.args {
            [Expr::Generator(only)] if !only.parenthesized => {
                // `f(x for x in y)`: the call's own parentheses count as the generator's.
                let start = node.arguments.start().to_usize();
                let open = self.out.open(Kind::GeneratorExp, start)?;
                self.comprehension(&only.elt, &only.generators)?;
                self.out.close(open);
            }
            arguments => arguments
                .iter()
                .try_for_each(|argument| self.argument(argument))?,
        }
        self.keywords(&node.arguments.keywords)?;
        self.out.close_counted(open, node.arguments.args.len());
        Ok(())
    }

    /// What may stand in a call or a subscript: there, unlike in displays, a star takes any expression.
    pub(super) fn argument(&mut self, argument: &Expr) -> Lowered {
        let Expr::Starred(node) = argument else {
            return self.expression(argument);
        };
        let open = self.out.open(Kind::Starred, node.start().to_usize())?;
        self.expression(&node.value)?;
        self.out.leaf(context(node.ctx), NOWHERE)?;
        self.out.close(open);
        Ok(())
    }

    /// `x[*a, b]`: the tuple has no parentheses of its own.
    fn subscripts(&mut self, slice: &Expr) -> Lowered {
        match slice {
            Expr::Tuple(tuple) if !tuple.parenthesized => {
                let open = self.out.open(Kind::Tuple, tuple.start().to_usize())?;
                tuple
                    .elts
                    .iter()
                    .try_for_each(|element| self.argument(element))?;
                self.out.leaf(context(tuple.ctx), NOWHERE)?;
                self.out.close(open);
                Ok(())
            }
            slice => self.expression(slice),
        }
    }

    /// After the stars that end at `stars`, in displays, only what binds tighter than a comparison; the
    /// gate's parser is not so strict where the operand begins with a parenthesis.
    fn star_operand(&self, stars: usize, value: &Expr) -> Lowered {
        let binds_looser = match value {
            Expr::UnaryOp(node) => node.op == UnaryOp::Not,
            Expr::BoolOp(_) | Expr::Compare(_) | Expr::If(_) | Expr::Lambda(_) | Expr::Named(_) => {
                true
            }
            _ => false,
        };
        let start = value.start().to_usize();
        let between = self.source.get(stars..start).unwrap_or_default();
        if binds_looser && !between.contains('(') {
            return Err(self.refuse(start, "expected an operand of `*` in parentheses"));
        }
        Ok(())
    }

    /// `(yield a for b in c)` would yield a generator's elements, which nothing may.
    fn element(&self, start: usize, is_parenthesised: bool, element: &Expr) -> Lowered {
        let at = element.start().to_usize();
        let before = self.source.get(start..at).unwrap_or_default();
        let opened = before.matches('(').count();
        let is_yield = matches!(element, Expr::Yield(_) | Expr::YieldFrom(_));
        if is_yield && opened <= usize::from(is_parenthesised) {
            return Err(self.refuse(at, "expected `yield` in parentheses"));
        }
        Ok(())
    }

    fn compare(&mut self, node: &ExprCompare) -> Lowered {
        let open = self.out.open(Kind::Compare, node.start().to_usize())?;
        self.expression(&node.left)?;
        for op in &node.ops {
            self.out.leaf(comparison(*op), NOWHERE)?;
        }
        self.expressions(&node.comparators)?;
        self.out.close(open);
        Ok(())
    }

    /// All keys, then all values; `**mapping` is a value without a key.
    fn dict(&mut self, node: &ExprDict) -> Lowered {
        let open = self.out.open(Kind::Dict, node.start().to_usize())?;
        for item in &node.items {
            self.optional(item.key.as_ref())?;
        }
        let mut end = node.start().to_usize();
        for item in &node.items {
            let value = &item.value;
            if item.key.is_none() {
                let between = self.source.get(end..value.start().to_usize());
                let stars = between.and_then(|between| between.rfind("**"));
                self.star_operand(stars.map_or(end, |at| end + at + 2), value)?;
            }
            self.expression(value)?;
            end = value.end().to_usize();
        }
        self.out.close(open);
        Ok(())
    }

    pub(super) fn keywords(&mut self, keywords: &[Keyword]) -> Lowered {
        keywords.iter().try_for_each(|keyword| {
            let start = keyword.start().to_usize();
            let open = self.open_optional(Kind::Keyword, start, keyword.arg.as_ref())?;
            self.expression(&keyword.value)?;
            self.out.close(open);
            Ok(())
        })
    }

    fn comprehension(&mut self, element: &Expr, generators: &[Comprehension]) -> Lowered {
        self.expression(element)?;
        generators.iter().try_for_each(|generator| {
            let open = self.out.open(Kind::Comprehension, NOWHERE)?;
            self.expression(&generator.target)?;
            self.expression(&generator.iter)?;
            self.expressions(&generator.ifs)?;
            self.out.close(open);
            Ok(())
        })
    }

    pub(super) fn parameters(&mut self, parameters: Option<&Parameters>) -> Lowered {
        let open = self.out.open(Kind::Arguments, NOWHERE)?;
        if let Some(parameters) = parameters {
            let positional = || parameters.posonlyargs.iter().chain(&parameters.args);
            for parameter in positional() {
                self.parameter(&parameter.parameter)?;
            }
            self.optional_parameter(parameters.vararg.as_deref())?;
            for parameter in &parameters.kwonlyargs {
                self.parameter(&parameter.parameter)?;
            }
            parameters
                .kwonlyargs
                .iter()
                .try_for_each(|parameter| self.default(parameter))?;
            self.optional_parameter(parameters.kwarg.as_deref())?;
            positional().try_for_each(|parameter| self.default(parameter))?;
        }
        self.out.close(open);
        Ok(())
    }

    fn default(&mut self, parameter: &ParameterWithDefault) -> Lowered {
        self.optional(parameter.default.as_deref())
    }

    fn optional_parameter(&mut self, parameter: Option<&Parameter>) -> Lowered {
        parameter.map_or(Ok(()), |parameter| self.parameter(parameter))
    }

    fn parameter(&mut self, parameter: &Parameter) -> Lowered {
        let start = parameter.name.start().to_usize();
        let open = self.out.open_named(Kind::Arg, start, &parameter.name)?;
        self.optional(parameter.annotation.as_deref())?;
        self.out.close(open);
        Ok(())
    }
}

fn compound_kind(expression: &Expr) -> Kind {
    match expression {
        Expr::BoolOp(_) => Kind::BoolOp,
        Expr::Named(_) => Kind::NamedExpr,
        Expr::BinOp(_) => Kind::BinOp,
        Expr::UnaryOp(_) => Kind::UnaryOp,
        Expr::Lambda(_) => Kind::Lambda,
        Expr::If(_) => Kind::IfExp,
        Expr::Set(_) => Kind::Set,
        Expr::ListComp(_) => Kind::ListComp,
        Expr::SetComp(_) => Kind::SetComp,
        Expr::DictComp(_) => Kind::DictComp,
        Expr::Generator(_) => Kind::GeneratorExp,
        Expr::Await(_) => Kind::Await,
        Expr::Yield(_) => Kind::Yield,
        Expr::YieldFrom(_) => Kind::YieldFrom,
        Expr::Attribute(_) => Kind::Attribute,
        Expr::Subscript(_) => Kind::Subscript,
        Expr::Starred(_) => Kind::Starred,
        Expr::List(_) => Kind::List,
        Expr::Tuple(_) => Kind::Tuple,
        _ => Kind::Slice,
    }
}

pub(super) fn operator(op: Operator) -> Kind {
    match op {
        Operator::Add => Kind::Add,
        Operator::Sub => Kind::Sub,
        Operator::Mult => Kind::Mult,
        Operator::MatMult => Kind::MatMult,
        Operator::Div => Kind::Div,
        Operator::Mod => Kind::Mod,
        Operator::Pow => Kind::Pow,
        Operator::LShift => Kind::LShift,
        Operator::RShift => Kind::RShift,
        Operator::BitOr => Kind::BitOr,
        Operator::BitXor => Kind::BitXor,
        Operator::BitAnd => Kind::BitAnd,
        Operator::FloorDiv => Kind::FloorDiv,
    }
}

fn comparison(op: CmpOp) -> Kind {
    match op {
        CmpOp::Eq => Kind::Eq,
        CmpOp::NotEq => Kind::NotEq,
        CmpOp::Lt => Kind::Lt,
        CmpOp::LtE => Kind::LtE,
        CmpOp::Gt => Kind::Gt,
        CmpOp::GtE => Kind::GtE,
        CmpOp::Is => Kind::Is,
        CmpOp::IsNot => Kind::IsNot,
        CmpOp::In => Kind::In,
        CmpOp::NotIn => Kind::NotIn,
    }
}

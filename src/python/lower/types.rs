//! Annotations, type parameters and `type` statements, which the grammar gives nodes of their own.

use super::{Lowering, Node, children, field, named, required, unreadable};
use crate::python::builder::{Lowered, NOWHERE};
use crate::python::tree::Kind;

impl Lowering<'_> {
    /// A `type` node as the expression it is.
    pub(super) fn annotation(&mut self, node: Node<'_>) -> Lowered {
        if node.kind() != "type" {
            return self.expression(node, Kind::Load);
        }
        let inner = named(node);
        let [inner] = inner.as_slice() else {
            return unreadable(node);
        };
        let start = inner.start_byte();
        let parts = named(*inner);
        match (inner.kind(), parts.as_slice()) {
            ("generic_type", [base, arguments]) => {
                let open = self.out.open(Kind::Subscript, start)?;
                self.expression(*base, Kind::Load)?;
                self.type_arguments(*arguments)?;
                self.out.leaf(Kind::Load, NOWHERE)?;
                self.out.close(open);
                Ok(())
            }
            ("union_type", _) => self.union_type(*inner),
            ("member_type", [base, name]) => {
                let name = self.text(*name);
                let open = self.out.open_named(Kind::Attribute, start, name)?;
                self.annotation(*base)?;
                self.out.leaf(Kind::Load, NOWHERE)?;
                self.out.close(open);
                Ok(())
            }
            ("splat_type", [name]) if !self.text(*inner).starts_with("**") => {
                let open = self.out.open(Kind::Starred, start)?;
                self.expression(*name, Kind::Load)?;
                self.out.leaf(Kind::Load, NOWHERE)?;
                self.out.close(open);
                Ok(())
            }
            ("splat_type" | "constrained_type", _) => unreadable(*inner),
            _ => self.expression(*inner, Kind::Load),
        }
    }

    /// `a[b] | c | d`: the grammar groups the types after the first from the right.
    fn union_type(&mut self, node: Node<'_>) -> Lowered {
        let mut operands = Vec::new();
        let mut pending = vec![node];
        while let Some(node) = pending.pop() {
            let only = match named(node).as_slice() {
                [only] if node.kind() == "type" => *only,
                _ => node,
            };
            let parts = children(only);
            match (only.kind(), parts.as_slice()) {
                ("union_type" | "binary_operator", [(_, left), (_, bar), (_, right)])
                    if bar.kind() == "|" =>
                {
                    pending.push(*right);
                    pending.push(*left);
                }
                _ => operands.push(node),
            }
        }
        let Some((first, rest)) = operands.split_first() else {
            return unreadable(node);
        };
        let mut open = Vec::with_capacity(rest.len());
        for _ in rest {
            open.push(self.out.open(Kind::BinOp, node.start_byte())?);
        }
        self.annotation(*first)?;
        for operand in rest {
            self.out.leaf(Kind::BitOr, NOWHERE)?;
            self.annotation(*operand)?;
            if let Some(open) = open.pop() {
                self.out.close(open);
            }
        }
        Ok(())
    }

    /// What stands in the brackets of `list[int]`.
    fn type_arguments(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let has_comma = parts.iter().any(|(_, child)| child.kind() == ",");
        let types = named(node);
        let is_splat = |node: &Node<'_>| self.text(*node).starts_with('*');
        match types.as_slice() {
            [only] if !has_comma && !is_splat(only) => self.annotation(*only),
            [first, ..] => {
                let open = self.out.open(Kind::Tuple, first.start_byte())?;
                for node in &types {
                    self.annotation(*node)?;
                }
                self.out.leaf(Kind::Load, NOWHERE)?;
                self.out.close(open);
                Ok(())
            }
            [] => unreadable(node),
        }
    }

    /// `[T: bound, *Ts, **P]`.
    pub(super) fn type_params(&mut self, node: Node<'_>) -> Lowered {
        for param in named(node) {
            let inner = named(param);
            let [inner] = inner.as_slice() else {
                return unreadable(param);
            };
            let start = inner.start_byte();
            let parts = named(*inner);
            let (kind, name, bound) = match (inner.kind(), parts.as_slice()) {
                ("identifier", _) => (Kind::TypeVar, *inner, None),
                ("constrained_type", [name, bound]) => (Kind::TypeVar, *name, Some(*bound)),
                ("splat_type", [name]) if self.text(*inner).starts_with("**") => {
                    (Kind::ParamSpec, *name, None)
                }
                ("splat_type", [name]) => (Kind::TypeVarTuple, *name, None),
                // `*Ts` and `**P` are read as splats of expressions by other rules.
                ("list_splat", [name]) => (Kind::TypeVarTuple, *name, None),
                _ => return unreadable(*inner),
            };
            let name = self.text(name);
            let open = self.out.open_named(kind, start, name)?;
            if let Some(bound) = bound {
                self.annotation(bound)?;
            }
            self.out.close(open);
        }
        Ok(())
    }

    pub(super) fn type_alias(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let left = required(field(&parts, "left"), node)?;
        let right = required(field(&parts, "right"), node)?;
        let inner = named(left);
        let [inner] = inner.as_slice() else {
            return unreadable(left);
        };
        if matches!(inner.kind(), "attribute" | "subscript") {
            return self.assignment_to_type(node, *inner, right);
        }
        let open = self.out.open(Kind::TypeAlias, node.start_byte())?;
        let generic = named(*inner);
        match (inner.kind(), generic.as_slice()) {
            ("identifier", _) => self.expression(*inner, Kind::Store)?,
            ("generic_type", [name, params]) => {
                self.expression(*name, Kind::Store)?;
                self.type_params(*params)?;
            }
            _ => return unreadable(*inner),
        }
        self.annotation(right)?;
        self.out.close(open);
        Ok(())
    }

    /// `type(x).y = z` is no alias.
    fn assignment_to_type(&mut self, node: Node<'_>, target: Node<'_>, value: Node<'_>) -> Lowered {
        let start = node.start_byte();
        if !self.text(target).starts_with('(') {
            return unreadable(target);
        }
        let open = self.out.open(Kind::Assign, start)?;
        self.glued = Some((target.start_byte(), start));
        self.expression(target, Kind::Store)?;
        if self.glued.take().is_some() {
            return unreadable(target);
        }
        self.annotation(value)?;
        self.out.close(open);
        Ok(())
    }
}

//! Names and calls of a tree as rules see them.

use crate::python::{Kind, Text, Tree};

/// The dotted name of an expression, outermost part first: `a.b.c` of names and attributes. An
/// attribute of anything else starts over, so `model.cuda().eval` is just `eval`. None for other
/// expressions.
pub(super) fn dotted(tree: &Tree, index: usize) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut next = Some(index);
    while let Some(at) = next.take() {
        let Some(node) = tree.nodes.get(at) else {
            break;
        };
        if matches!(node.kind, Kind::Name | Kind::Attribute)
            && let Text::Identifier(name) = tree.text_of(node)
        {
            parts.push(name);
            // An attribute's base comes right after it.
            next = (node.kind == Kind::Attribute).then_some(at + 1);
        }
    }
    parts.reverse();
    (!parts.is_empty()).then_some(parts)
}

/// A call expression.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// Position of the call's node.
    pub index: usize,
    /// Position of what is called.
    pub callee: usize,
    /// Number of positional arguments, starred ones included.
    pub positional: usize,
}

impl Call {
    /// The call at a node, if it is one.
    pub fn at(tree: &Tree, index: usize) -> Option<Call> {
        let node = tree
            .nodes
            .get(index)
            .filter(|node| node.kind == Kind::Call)?;
        Some(Call {
            index,
            callee: index + 1,
            positional: node.positional as usize,
        })
    }

    /// Position of a positional argument, counted from 0.
    pub fn argument(self, tree: &Tree, number: usize) -> Option<usize> {
        (number < self.positional)
            .then(|| tree.children(self.index).nth(number + 1))
            .flatten()
    }
}

/// All calls of a tree, in pre-order.
pub(super) fn calls(tree: &Tree) -> impl Iterator<Item = Call> + '_ {
    (0..tree.nodes.len()).filter_map(|index| Call::at(tree, index))
}

/// The value of a text constant.
pub(super) fn text_constant(tree: &Tree, index: usize) -> Option<&str> {
    match tree.text(index) {
        Text::Str(value) => Some(value),
        _ => None,
    }
}

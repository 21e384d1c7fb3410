//! Patterns of `match`. The grammar flattens a minus sign and its number into whatever they stand in.

use super::{Child, Lowering, Node, children, named, required, unreadable};
use crate::python::builder::{Lowered, NOWHERE, Open};
use crate::python::tree::Kind;

impl Lowering<'_> {
    /// What follows `case`: a pattern, or several that make a sequence without brackets.
    pub(super) fn open_sequence_or_pattern(
        &mut self,
        head: &[Child<'_>],
        parent: Node<'_>,
    ) -> Lowered {
        match head {
            [(_, only)] if !self.source[only.start_byte()..].starts_with('*') => {
                self.pattern(&[*only])
            }
            [(_, first), ..] => {
                let open = self.out.open(Kind::MatchSequence, first.start_byte())?;
                self.elements(head)?;
                self.out.close(open);
                Ok(())
            }
            [] => unreadable(parent),
        }
    }

    /// Patterns between commas.
    fn elements(&mut self, parts: &[Child<'_>]) -> Lowered {
        let nodes: Vec<Node<'_>> = parts.iter().map(|(_, node)| *node).collect();
        nodes
            .split(|node| node.kind() == ",")
            .filter(|element| !element.is_empty())
            .try_for_each(|element| self.pattern(element))
    }

    /// One pattern: a node, or a minus sign and a number.
    fn pattern(&mut self, nodes: &[Node<'_>]) -> Lowered {
        let [node] = nodes else {
            return self.number(nodes);
        };
        let node = *node;
        let start = node.start_byte();
        match node.kind() {
            "case_pattern" => {
                let inner: Vec<Node<'_>> =
                    children(node).into_iter().map(|(_, child)| child).collect();
                self.pattern(&inner)
            }
            "as_pattern" => {
                let parts = named(node);
                let [pattern, name] = parts.as_slice() else {
                    return unreadable(node);
                };
                let name = self.text(*name);
                let open = self.out.open_named(Kind::MatchAs, start, name)?;
                self.pattern(&[*pattern])?;
                self.out.close(open);
                Ok(())
            }
            "_" => self.out.leaf(Kind::MatchAs, start),
            "true" | "false" | "none" => self.out.leaf(Kind::MatchSingleton, start),
            "integer" | "float" | "string" | "concatenated_string" | "complex_pattern" => {
                let open = self.out.open(Kind::MatchValue, start)?;
                self.value(&[node])?;
                self.out.close(open);
                Ok(())
            }
            "dotted_name" => self.dotted_pattern(node),
            "union_pattern" => self.union(node),
            "list_pattern" => self.bracketed(node, true),
            "tuple_pattern" => self.bracketed(node, false),
            "splat_pattern" => {
                let open = self.open_splat(Kind::MatchStar, start, node)?;
                self.out.close(open);
                Ok(())
            }
            "class_pattern" => self.class_pattern(node),
            "dict_pattern" => self.mapping(node),
            _ => unreadable(node),
        }
    }

    fn number(&mut self, nodes: &[Node<'_>]) -> Lowered {
        let Some(first) = nodes.first() else {
            return Ok(());
        };
        let open = self.out.open(Kind::MatchValue, first.start_byte())?;
        self.value(nodes)?;
        self.out.close(open);
        Ok(())
    }

    /// The expression of a value pattern or of a mapping's key.
    fn value(&mut self, nodes: &[Node<'_>]) -> Lowered {
        match nodes {
            [node] if node.kind() == "complex_pattern" => {
                let parts: Vec<Node<'_>> = children(*node)
                    .into_iter()
                    .map(|(_, child)| child)
                    .collect();
                let Some((imaginary, rest)) = parts.split_last() else {
                    return unreadable(*node);
                };
                let Some((operator, real)) = rest.split_last() else {
                    return unreadable(*node);
                };
                let kind = if operator.kind() == "-" {
                    Kind::Sub
                } else {
                    Kind::Add
                };
                let open = self.out.open(Kind::BinOp, node.start_byte())?;
                self.value(real)?;
                self.out.leaf(kind, NOWHERE)?;
                self.value(&[*imaginary])?;
                self.out.close(open);
                Ok(())
            }
            [node] if node.kind() == "dotted_name" => self.names(*node),
            [node] => self.expression(*node, Kind::Load),
            [minus, number] if minus.kind() == "-" => {
                let open = self.out.open(Kind::UnaryOp, minus.start_byte())?;
                self.out.leaf(Kind::USub, NOWHERE)?;
                self.expression(*number, Kind::Load)?;
                self.out.close(open);
                Ok(())
            }
            [node, ..] => unreadable(*node),
            [] => Ok(()),
        }
    }

    fn dotted_pattern(&mut self, node: Node<'_>) -> Lowered {
        let parts = named(node);
        let start = node.start_byte();
        match parts.as_slice() {
            [name] if self.text(*name) == "_" => self.out.leaf(Kind::MatchAs, start),
            [name] => {
                let name = self.text(*name);
                self.out.named_leaf(Kind::MatchAs, start, name)
            }
            _ => {
                let open = self.out.open(Kind::MatchValue, start)?;
                self.names(node)?;
                self.out.close(open);
                Ok(())
            }
        }
    }

    /// `a.b.c` as the attributes it is.
    fn names(&mut self, node: Node<'_>) -> Lowered {
        let start = node.start_byte();
        let parts = named(node);
        let Some((base, attributes)) = parts.split_first() else {
            return unreadable(node);
        };
        let mut open: Vec<Open> = Vec::new();
        for attribute in attributes.iter().rev() {
            let name = self.text(*attribute);
            open.push(self.out.open_named(Kind::Attribute, start, name)?);
        }
        let name = self.text(*base);
        self.out.named_leaf(Kind::Name, start, name)?;
        while let Some(attribute) = open.pop() {
            self.out.leaf(Kind::Load, NOWHERE)?;
            self.out.close(attribute);
        }
        Ok(())
    }

    /// `a | b | c`, which the grammar may have read as pairs.
    fn union(&mut self, node: Node<'_>) -> Lowered {
        let open = self.out.open(Kind::MatchOr, node.start_byte())?;
        self.alternatives(node)?;
        self.out.close(open);
        Ok(())
    }

    fn alternatives(&mut self, node: Node<'_>) -> Lowered {
        let parts: Vec<Node<'_>> = children(node).into_iter().map(|(_, child)| child).collect();
        for alternative in parts.split(|node| node.kind() == "|") {
            match alternative {
                [nested] if nested.kind() == "union_pattern" => self.alternatives(*nested)?,
                alternative => self.pattern(alternative)?,
            }
        }
        Ok(())
    }

    fn bracketed(&mut self, node: Node<'_>, is_list: bool) -> Lowered {
        let parts = children(node);
        let inside = parts
            .get(1..parts.len().saturating_sub(1))
            .unwrap_or_default();
        if let ([(_, only)], false) = (inside, is_list)
            && !self.source[only.start_byte()..].starts_with('*')
        {
            return self.pattern(&[*only]);
        }
        let open = self.out.open(Kind::MatchSequence, node.start_byte())?;
        self.elements(inside)?;
        self.out.close(open);
        Ok(())
    }

    fn open_splat(&mut self, kind: Kind, start: usize, splat: Node<'_>) -> Lowered<Open> {
        let name = named(splat).first().map(|name| self.text(*name));
        match name {
            Some(name) if name != "_" => self.out.open_named(kind, start, name),
            _ => self.out.open(kind, start),
        }
    }

    fn class_pattern(&mut self, node: Node<'_>) -> Lowered {
        let parts = named(node);
        let Some((class, arguments)) = parts.split_first() else {
            return unreadable(node);
        };
        let open = self.out.open(Kind::MatchClass, node.start_byte())?;
        self.names(*class)?;
        for argument in arguments {
            let inner = named(*argument);
            match inner.as_slice() {
                [keyword] if keyword.kind() == "keyword_pattern" => {
                    let parts: Vec<Node<'_>> = children(*keyword)
                        .into_iter()
                        .map(|(_, child)| child)
                        .collect();
                    self.pattern(parts.get(2..).unwrap_or_default())?;
                }
                _ => self.pattern(&[*argument])?,
            }
        }
        self.out.close(open);
        Ok(())
    }

    /// All keys, then all patterns.
    fn mapping(&mut self, node: Node<'_>) -> Lowered {
        let parts: Vec<Node<'_>> = children(node).into_iter().map(|(_, child)| child).collect();
        let inside = parts
            .get(1..parts.len().saturating_sub(1))
            .unwrap_or_default();
        let items: Vec<&[Node<'_>]> = inside
            .split(|node| node.kind() == ",")
            .filter(|item| !item.is_empty())
            .collect();
        let rest = items
            .iter()
            .find_map(|item| item.first().filter(|node| node.kind() == "splat_pattern"));
        let start = node.start_byte();
        let open = match rest {
            Some(rest) => self.open_splat(Kind::MatchMapping, start, *rest)?,
            None => self.out.open(Kind::MatchMapping, start)?,
        };
        let pairs: Vec<Vec<&[Node<'_>]>> = items
            .iter()
            .map(|item| item.split(|node| node.kind() == ":").collect())
            .filter(|pair: &Vec<_>| pair.len() == 2)
            .collect();
        for pair in &pairs {
            self.value(pair[0])?;
        }
        for pair in &pairs {
            required(pair[1].first().copied(), node)?;
            self.pattern(pair[1])?;
        }
        self.out.close(open);
        Ok(())
    }
}

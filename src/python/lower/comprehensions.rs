//! Comprehensions and generator expressions.

use super::{Child, Lowering, Node, children, field, named, required};
use crate::python::builder::{Lowered, NOWHERE};
use crate::python::tree::Kind;

impl Lowering<'_> {
    pub(super) fn comprehension(&mut self, kind: Kind, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let body = required(field(&parts, "body"), node)?;
        let open = self.out.open(kind, self.start(node))?;
        if body.kind() == "pair" {
            let pair = children(body);
            self.expression(required(field(&pair, "key"), body)?, Kind::Load)?;
            self.expression(required(field(&pair, "value"), body)?, Kind::Load)?;
        } else {
            self.expression(body, Kind::Load)?;
        }
        let clauses: Vec<Node<'_>> = parts
            .iter()
            .map(|(_, child)| *child)
            .filter(|child| matches!(child.kind(), "for_in_clause" | "if_clause"))
            .collect();
        let mut at = 0;
        while let Some(clause) = clauses.get(at) {
            let ifs = clauses[at + 1..]
                .iter()
                .take_while(|clause| clause.kind() == "if_clause")
                .count();
            self.generator(*clause, &clauses[at + 1..at + 1 + ifs])?;
            at += 1 + ifs;
        }
        self.out.close(open);
        Ok(())
    }

    fn generator(&mut self, clause: Node<'_>, ifs: &[Node<'_>]) -> Lowered {
        let open = self.out.open(Kind::Comprehension, NOWHERE)?;
        let parts = children(clause);
        self.expression(required(field(&parts, "left"), clause)?, Kind::Store)?;
        let right: Vec<Child<'_>> = parts
            .iter()
            .skip_while(|(field, _)| *field != Some("right"))
            .copied()
            .collect();
        match right.as_slice() {
            [(_, only)] => self.expression(*only, Kind::Load)?,
            _ => return super::unreadable(clause),
        }
        for clause in ifs {
            for test in named(*clause) {
                self.expression(test, Kind::Load)?;
            }
        }
        self.out.close(open);
        Ok(())
    }
}

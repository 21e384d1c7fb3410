//! Patterns of `match`.

use super::Lowering;
use crate::python::builder::{Lowered, Open};
use crate::python::tree::Kind;
use ruff_python_ast::{Expr, Identifier, Pattern};
use ruff_text_size::Ranged;

impl Lowering<'_> {
    pub(super) fn pattern(&mut self, pattern: &Pattern) -> Lowered {
        let start = pattern.start().to_usize();
        let open = match pattern {
            Pattern::MatchValue(node) => {
                self.refuse_wildcard_base(&node.value)?;
                let open = self.out.open(Kind::MatchValue, start)?;
                self.expression(&node.value)?;
                open
            }
            Pattern::MatchSingleton(_) => self.out.open(Kind::MatchSingleton, start)?,
            Pattern::MatchSequence(node) => {
                self.commas(&node.patterns)?;
                let open = self.out.open(Kind::MatchSequence, start)?;
                self.patterns(&node.patterns)?;
                open
            }
            Pattern::MatchMapping(node) => {
                let open = self.open_optional(Kind::MatchMapping, start, node.rest.as_ref())?;
                self.expressions(&node.keys)?;
                self.patterns(&node.patterns)?;
                open
            }
            Pattern::MatchClass(node) => {
                self.refuse_wildcard_base(&node.cls)?;
                let open = self.out.open(Kind::MatchClass, start)?;
                self.expression(&node.cls)?;
                self.patterns(&node.arguments.patterns)?;
                for keyword in &node.arguments.keywords {
                    if keyword.start() != keyword.attr.start() {
                        let at = keyword.start().to_usize();
                        return Err(self.refuse(at, "the name of a keyword pattern is bare"));
                    }
                    self.pattern(&keyword.pattern)?;
                }
                open
            }
            Pattern::MatchStar(node) => {
                self.open_optional(Kind::MatchStar, start, node.name.as_ref())?
            }
            Pattern::MatchAs(node) => {
                let open = self.open_optional(Kind::MatchAs, start, node.name.as_ref())?;
                if let Some(pattern) = &node.pattern {
                    self.pattern(pattern)?;
                }
                open
            }
            Pattern::MatchOr(node) => {
                let open = self.out.open(Kind::MatchOr, start)?;
                self.patterns(&node.patterns)?;
                open
            }
        };
        self.out.close(open);
        Ok(())
    }

    /// `_.x` is no value: `_` has been read as the wildcard before the dot is seen.
    fn refuse_wildcard_base(&self, value: &Expr) -> Lowered {
        let mut base = value;
        while let Expr::Attribute(node) = base {
            base = &node.value;
        }
        let is_wildcard = matches!(base, Expr::Name(name) if name.id.as_str() == "_");
        if is_wildcard && value.is_attribute_expr() {
            return Err(self.refuse(
                value.start().to_usize(),
                "the wildcard `_` has no attributes",
            ));
        }
        Ok(())
    }

    /// The gate's parser does without commas between the patterns of a sequence.
    fn commas(&self, patterns: &[Pattern]) -> Lowered {
        for pair in patterns.windows(2) {
            let (end, start) = (pair[0].end().to_usize(), pair[1].start().to_usize());
            let between = self.source.get(end..start).unwrap_or("");
            let code = between
                .lines()
                .map(|line| line.split('#').next().unwrap_or(""));
            if !code.into_iter().any(|code| code.contains(',')) {
                return Err(self.refuse(start, "expected `,` between patterns"));
            }
        }
        Ok(())
    }

    fn patterns(&mut self, patterns: &[Pattern]) -> Lowered {
        patterns
            .iter()
            .try_for_each(|pattern| self.pattern(pattern))
    }

    /// Opens a node that may carry a name.
    pub(super) fn open_optional(
        &mut self,
        kind: Kind,
        start: usize,
        name: Option<&Identifier>,
    ) -> Lowered<Open> {
        match name {
            Some(name) => self.out.open_named(kind, start, name),
            None => self.out.open(kind, start),
        }
    }
}

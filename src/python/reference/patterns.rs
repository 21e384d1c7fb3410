//! Patterns of `match`.

use super::Lowering;
use crate::python::builder::{Lowered, Open};
use crate::python::tree::Kind;
use ruff_python_ast::{Expr, Identifier, Pattern, PatternArguments};
use ruff_text_size::Ranged;

impl Lowering<'_> {
    pub(super) fn pattern(&mut self, pattern: &Pattern) -> Lowered {
        let start = pattern.start().to_usize();
        let open = match pattern {
            Pattern::MatchValue(node) => {
                self.refuse_wildcard_base(&node.value)?;
                self.refuse_parentheses(&node.value)?;
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
                if node.cls.start() != node.start() {
                    return Err(self.refuse(start, "expected a class name without parentheses"));
                }
                self.refuse_wildcard_keyword(&node.arguments)?;
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
                self.refuse_star_in_parentheses(start, node.end().to_usize())?;
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

    /// `(1) + 2j`: the parts of a complex number are bare.
    fn refuse_parentheses(&self, value: &Expr) -> Lowered {
        let range = value.start().to_usize()..value.end().to_usize();
        let text = self.source.get(range.clone()).unwrap_or_default();
        if value.is_bin_op_expr() && text.contains('(') {
            return Err(self.refuse(range.start, "expected a number without parentheses"));
        }
        Ok(())
    }

    /// `A(x, _=1)`: after a positional pattern, `_` is taken for another one before the `=` is seen.
    fn refuse_wildcard_keyword(&self, arguments: &PatternArguments) -> Lowered {
        let Some(first) = arguments.keywords.first() else {
            return Ok(());
        };
        let range = first.attr.start().to_usize()..first.attr.end().to_usize();
        let is_wildcard = self.source.get(range.clone()) == Some("_");
        if is_wildcard && !arguments.patterns.is_empty() {
            return Err(self.refuse(range.start, "expected `,` or `)` after the wildcard `_`"));
        }
        Ok(())
    }

    /// `[(*a)]`: parentheses around a star make no sequence.
    fn refuse_star_in_parentheses(&self, start: usize, end: usize) -> Lowered {
        let blank = [' ', '\t', '\n', '\x0c', '\\'];
        let before = self.source.get(..start).unwrap_or_default();
        let after = self.source.get(end..).unwrap_or_default();
        let is_alone = before.trim_end_matches(blank).ends_with('(')
            && after.trim_start_matches(blank).starts_with(')');
        if is_alone {
            return Err(self.refuse(start, "expected `,` after a starred pattern in parentheses"));
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

//! Formatted strings, piece by piece as CPython 3.12 keeps them.

use super::Lowering;
use crate::python::builder::Lowered;
use crate::python::joined::{Piece, SpecPieces, debug_text, merge};
use crate::python::literals::{Literal, decode_text};
use crate::python::tree::Kind;
use ruff_python_ast::{
    ExprFString, FString, FStringPart, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringFormatSpec, StringFlags,
};
use ruff_text_size::Ranged;

/// Fields may stand in a format specification, and in the specifications of those, but no deeper.
const MAX_SPECS: usize = 2;

impl Lowering<'_> {
    pub(super) fn joined(&mut self, node: &ExprFString) -> Lowered {
        let mut pieces = Vec::new();
        for part in &node.value {
            match part {
                FStringPart::Literal(literal) => {
                    pieces.push(Piece::Text(
                        literal.start().to_usize(),
                        literal.value.to_string(),
                    ));
                }
                FStringPart::FString(string) => {
                    self.debug_texts(string)?;
                    collect(string, &mut pieces);
                }
            }
        }
        let open = self.out.open(Kind::JoinedStr, node.start().to_usize())?;
        for piece in merge(pieces) {
            match piece {
                Piece::Text(start, value) => self.out.text_constant(start, &value)?,
                Piece::Field((field, triple_quoted)) => {
                    let outer = std::mem::replace(&mut self.triple_quoted, triple_quoted);
                    self.field(field)?;
                    self.triple_quoted = outer;
                }
            }
        }
        self.out.close(open);
        Ok(())
    }

    /// What a field with `=` shows of itself has its escapes read like the text around it.
    fn debug_texts(&self, string: &FString) -> Lowered {
        let literal = Literal {
            raw: string.flags.prefix().is_raw(),
            ..Literal::TEXT
        };
        for element in &string.elements {
            if let InterpolatedStringElement::Interpolation(field) = element
                && let Some(debug) = &field.debug_text
                && decode_text(&debug_text(debug.as_str()), literal).is_none()
            {
                let start = field.start().to_usize();
                return Err(self.refuse(start, "f-string: malformed escape in a field with `=`"));
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &InterpolatedElement) -> Lowered {
        let start = field.start().to_usize();
        if self.specs > MAX_SPECS {
            return Err(self.refuse(start, "f-string: expressions nested too deeply"));
        }
        if self.specs > 0 && field.debug_text.is_some() {
            return Err(self.refuse(start, "f-string: `=` inside a format specification"));
        }
        let open = self.out.open(Kind::FormattedValue, start)?;
        // An f-string inside the expression counts its own specifications.
        let specs = std::mem::take(&mut self.specs);
        self.expression(&field.expression)?;
        self.specs = specs;
        if let Some(spec) = &field.format_spec {
            self.specs += 1;
            self.format_spec(spec)?;
            self.specs -= 1;
        }
        self.out.close(open);
        Ok(())
    }

    fn format_spec(&mut self, spec: &InterpolatedStringFormatSpec) -> Lowered {
        // The range starts after the colon, where `ast` counts it in.
        let open = self
            .out
            .open(Kind::JoinedStr, spec.start().to_usize().saturating_sub(1))?;
        let mut pieces = SpecPieces::new();
        for element in &spec.elements {
            let range = element.range();
            let raw = &self.source[range.start().to_usize()..range.end().to_usize()];
            match element {
                InterpolatedStringElement::Literal(_) => {
                    let start = range.start().to_usize();
                    if !pieces.text(start, raw, self.triple_quoted) {
                        return Err(self.refuse(start, "f-string: malformed escape"));
                    }
                }
                InterpolatedStringElement::Interpolation(field) => {
                    pieces.field(range.start().to_usize(), raw, field);
                }
            }
        }
        for piece in pieces.finish(spec.end().to_usize()) {
            match piece {
                Piece::Text(start, value) => self.out.text_constant(start, &value)?,
                Piece::Field(field) => self.field(field)?,
            }
        }
        self.out.close(open);
        Ok(())
    }
}

/// A replacement field, and whether its string is triple-quoted.
type Field<'a> = (&'a InterpolatedElement, bool);

fn collect<'a>(string: &'a FString, pieces: &mut Vec<Piece<Field<'a>>>) {
    for element in &string.elements {
        match element {
            InterpolatedStringElement::Literal(literal) => {
                pieces.push(Piece::Text(
                    literal.start().to_usize(),
                    literal.value.to_string(),
                ));
            }
            InterpolatedStringElement::Interpolation(field) => {
                if let Some(debug) = &field.debug_text {
                    let start = field.start().to_usize() + 1;
                    pieces.push(Piece::Text(start, debug_text(debug.as_str())));
                }
                pieces.push(Piece::Field((field, string.flags.is_triple_quoted())));
            }
        }
    }
}

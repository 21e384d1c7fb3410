//! String literals and f-strings.

use super::{Lowering, Node, children, field, named, unreadable};
use crate::python::builder::Lowered;
use crate::python::joined::{Piece, SpecPieces, debug_text, literal_text, merge};
use crate::python::literals::{Literal, decode_text};
use crate::python::tree::Kind;
use smallvec::smallvec;
use std::borrow::Cow;
use std::ops::Range;

/// A replacement field, and whether its string is triple-quoted.
type Field<'t> = (Node<'t>, bool);

/// What a string's opening says.
struct Opening {
    literal: Literal,
    formatted: bool,
    triple_quoted: bool,
    /// Letters before the quotes.
    prefix: usize,
}

impl<'a> Lowering<'a> {
    /// A literal, or several in a row: a text, bytes, or a formatted string.
    pub(super) fn string(&mut self, node: Node<'_>) -> Lowered {
        let parts = match node.kind() {
            "concatenated_string" => named(node),
            _ => smallvec![node],
        };
        let start = self.start(node);
        if let [only] = parts.as_slice() {
            // Nearly all of them, so without the detour.
            let opening = self.opening(*only)?;
            if !opening.formatted && !opening.literal.bytes {
                let value = self.plain_value(*only, &opening)?;
                return self.out.text_constant(start, &value);
            }
        }
        let mut pieces: Vec<Piece<Field<'_>>> = Vec::new();
        let (mut formatted, mut bytes) = (false, false);
        for part in parts {
            let opening = self.opening(part)?;
            formatted |= opening.formatted;
            bytes |= opening.literal.bytes;
            if opening.formatted {
                self.formatted_pieces(part, &opening, &mut pieces)?;
            } else {
                let value = self.plain_value(part, &opening)?.into_owned();
                pieces.push(Piece::Text(part.start_byte(), value));
            }
        }
        if bytes {
            return self.out.leaf(Kind::Constant, start);
        }
        if !formatted {
            let mut value = String::new();
            for piece in pieces {
                if let Piece::Text(_, text) = piece {
                    value.push_str(&text);
                }
            }
            return self.out.text_constant(start, &value);
        }
        let open = self.out.open(Kind::JoinedStr, start)?;
        for piece in merge(pieces) {
            match piece {
                Piece::Text(start, value) => self.out.text_constant(start, &value)?,
                Piece::Field((node, triple_quoted)) => {
                    let outer = std::mem::replace(&mut self.triple_quoted, triple_quoted);
                    self.field(node)?;
                    self.triple_quoted = outer;
                }
            }
        }
        self.out.close(open);
        Ok(())
    }

    fn opening(&self, node: Node<'_>) -> Lowered<Opening> {
        if node.kind() != "string" {
            return unreadable(node);
        }
        let text = self.text(node);
        let quotes = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let prefix = &text[..text.len() - quotes.len()];
        let has = |letter: u8| {
            prefix
                .bytes()
                .any(|byte| byte.eq_ignore_ascii_case(&letter))
        };
        Ok(Opening {
            literal: Literal {
                raw: has(b'r'),
                bytes: has(b'b'),
            },
            formatted: has(b'f'),
            triple_quoted: quotes.starts_with("\"\"\"") || quotes.starts_with("'''"),
            prefix: prefix.len(),
        })
    }

    /// The source between the quotes.
    fn inside(node: Node<'_>, opening: &Opening) -> Range<usize> {
        let quotes = if opening.triple_quoted { 3 } else { 1 };
        node.start_byte() + opening.prefix + quotes..node.end_byte().saturating_sub(quotes)
    }

    fn plain_value(&self, node: Node<'_>, opening: &Opening) -> Lowered<Cow<'a, str>> {
        let inside = Self::inside(node, opening);
        let body = self.source.get(inside).unwrap_or_default();
        if opening.literal.bytes {
            return Ok(Cow::Borrowed(""));
        }
        decode_text(body, opening.literal).map_or_else(|| unreadable(node), Ok)
    }

    fn formatted_pieces<'t>(
        &self,
        node: Node<'t>,
        opening: &Opening,
        pieces: &mut Vec<Piece<Field<'t>>>,
    ) -> Lowered {
        let Range { start, end } = Self::inside(node, opening);
        let mut at = start;
        for (_, child) in children(node) {
            if child.kind() != "interpolation" {
                continue;
            }
            self.literal_piece(at, child.start_byte(), opening, node, pieces)?;
            if let Some(text) = self.debug(child) {
                pieces.push(Piece::Text(child.start_byte() + 1, text));
            }
            pieces.push(Piece::Field((child, opening.triple_quoted)));
            at = child.end_byte();
        }
        self.literal_piece(at, end, opening, node, pieces)
    }

    fn literal_piece<'t>(
        &self,
        start: usize,
        end: usize,
        opening: &Opening,
        node: Node<'t>,
        pieces: &mut Vec<Piece<Field<'t>>>,
    ) -> Lowered {
        let raw = self.source.get(start..end).unwrap_or_default();
        let Some(value) = literal_text(raw, opening.literal) else {
            return unreadable(node);
        };
        pieces.push(Piece::Text(start, value));
        Ok(())
    }

    /// The text that `{x = }` shows before its value.
    fn debug(&self, field: Node<'_>) -> Option<String> {
        let parts = children(field);
        let at = parts.iter().position(|(_, child)| child.kind() == "=")?;
        let (_, next) = parts.get(at + 1)?;
        let text = self.source.get(field.start_byte() + 1..next.start_byte())?;
        Some(debug_text(text))
    }

    fn field(&mut self, node: Node<'_>) -> Lowered {
        let parts = children(node);
        let open = self.out.open(Kind::FormattedValue, node.start_byte())?;
        let Some(expression) = field(&parts, "expression") else {
            return unreadable(node);
        };
        if expression.kind() == "named_expression" {
            self.walrus_field(node, expression)?;
            self.out.close(open);
            return Ok(());
        }
        self.expression(expression, Kind::Load)?;
        if let Some(spec) = field(&parts, "format_specifier") {
            self.format_spec(spec)?;
        }
        self.out.close(open);
        Ok(())
    }

    /// `{a:=5}` is `a` with the specification `=5`; the grammar sees an assignment.
    fn walrus_field(&mut self, field_node: Node<'_>, expression: Node<'_>) -> Lowered {
        let parts = children(expression);
        let [(_, name), (_, walrus), ..] = parts.as_slice() else {
            return unreadable(expression);
        };
        let start = walrus.start_byte();
        let end = field_node.end_byte().saturating_sub(1);
        let raw = self.source.get(start + 1..end).unwrap_or_default();
        if raw.contains(['{', '\n']) {
            return unreadable(expression);
        }
        self.expression(*name, Kind::Load)?;
        let open = self.out.open(Kind::JoinedStr, start)?;
        let mut pieces: SpecPieces<Node<'_>> = SpecPieces::new();
        self.spec_text(start + 1, end, &mut pieces, expression)?;
        for piece in pieces.finish(end) {
            if let Piece::Text(start, value) = piece {
                self.out.text_constant(start, &value)?;
            }
        }
        self.out.close(open);
        Ok(())
    }

    fn format_spec(&mut self, node: Node<'_>) -> Lowered {
        let start = node.start_byte();
        let open = self.out.open(Kind::JoinedStr, start)?;
        let mut pieces: SpecPieces<Node<'_>> = SpecPieces::new();
        let mut at = start + 1;
        let end = node.end_byte();
        for (_, child) in children(node) {
            if child.kind() != "format_expression" {
                continue;
            }
            self.spec_text(at, child.start_byte(), &mut pieces, node)?;
            pieces.field(child.start_byte(), self.text(child), child);
            at = child.end_byte();
        }
        self.spec_text(at, end, &mut pieces, node)?;
        for piece in pieces.finish(end) {
            match piece {
                Piece::Text(start, value) => self.out.text_constant(start, &value)?,
                Piece::Field(field) => self.field(field)?,
            }
        }
        self.out.close(open);
        Ok(())
    }

    fn spec_text<'t>(
        &self,
        start: usize,
        end: usize,
        pieces: &mut SpecPieces<Node<'t>>,
        node: Node<'t>,
    ) -> Lowered {
        let raw = self.source.get(start..end).unwrap_or_default();
        if raw.is_empty() || pieces.text(start, raw, self.triple_quoted) {
            Ok(())
        } else {
            unreadable(node)
        }
    }
}

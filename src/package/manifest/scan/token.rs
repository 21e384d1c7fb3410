//! One function per kind of token: what it does to keys and indentation, and how far it reaches.

use super::super::super::error::{ManifestFault, ManifestTrouble};
use super::{Kind, Scanned, Scanner, Token, is_break_or_end, is_gap};

impl Scanner {
    pub(super) fn fetch_end(&mut self) -> Scanned<()> {
        self.unwind_indent(-1);
        self.remove_key()?;
        self.push(Kind::StreamEnd);
        self.is_done = true;
        Ok(())
    }

    pub(super) fn fetch_marker(&mut self) -> Scanned<()> {
        self.unwind_indent(-1);
        self.remove_key()?;
        self.may_be_key = false;
        let kind = if self.peek() == '-' {
            Kind::DocumentStart
        } else {
            Kind::DocumentEnd
        };
        self.push(kind);
        self.forward(3);
        Ok(())
    }

    pub(super) fn fetch_directive(&mut self) -> Scanned<()> {
        self.unwind_indent(-1);
        self.remove_key()?;
        self.may_be_key = false;
        let line = self.line + 1;
        self.forward(1);
        let name = self.scan_word();
        if name.is_empty() || !(self.peek() == ' ' || is_break_or_end(self.peek())) {
            return self.error("a directive needs a name of letters, digits, '-' and '_'");
        }
        let kind = match name.as_str() {
            "YAML" => Kind::VersionDirective(self.scan_version()?),
            "TAG" => {
                let fault = ManifestFault::Tag("%TAG".to_owned());
                return Err(ManifestTrouble { line, fault });
            }
            _ => {
                while !is_break_or_end(self.peek()) {
                    self.forward(1);
                }
                Kind::OtherDirective
            }
        };
        self.end_line()?;
        self.tokens.push(Token { line, kind });
        Ok(())
    }

    fn scan_version(&mut self) -> Scanned<u32> {
        self.skip_spaces();
        let major = self.scan_number()?;
        if self.peek() != '.' {
            return self.error("expected a version such as 1.1");
        }
        self.forward(1);
        self.scan_number()?;
        if !(self.peek() == ' ' || is_break_or_end(self.peek())) {
            return self.error("expected a version such as 1.1");
        }
        Ok(major)
    }

    fn scan_number(&mut self) -> Scanned<u32> {
        let mut number = None;
        while let Some(digit) = self.peek().to_digit(10) {
            number = Some(
                number
                    .unwrap_or(0_u32)
                    .saturating_mul(10)
                    .saturating_add(digit),
            );
            self.forward(1);
        }
        match number {
            Some(number) => Ok(number),
            None => self.error("expected a version such as 1.1"),
        }
    }

    fn scan_word(&mut self) -> String {
        let mut word = String::new();
        while self.peek().is_ascii_alphanumeric() || matches!(self.peek(), '-' | '_') {
            word.push(self.peek());
            self.forward(1);
        }
        word
    }

    /// The rest of a line that may hold only a comment.
    pub(super) fn end_line(&mut self) -> Scanned<()> {
        self.skip_spaces();
        self.skip_comment();
        if !is_break_or_end(self.peek()) {
            return self.error("expected a comment or a line break");
        }
        self.scan_break();
        Ok(())
    }

    pub(super) fn fetch_flow_start(&mut self, kind: Kind) -> Scanned<()> {
        self.save_key()?;
        self.flow_level += 1;
        self.may_be_key = true;
        self.push_single(kind);
        Ok(())
    }

    pub(super) fn fetch_flow_end(&mut self, kind: Kind) -> Scanned<()> {
        self.remove_key()?;
        self.flow_level -= 1;
        self.may_be_key = false;
        self.push_single(kind);
        Ok(())
    }

    pub(super) fn fetch_flow_entry(&mut self) -> Scanned<()> {
        self.may_be_key = true;
        self.remove_key()?;
        self.push_single(Kind::FlowEntry);
        Ok(())
    }

    pub(super) fn fetch_block_entry(&mut self) -> Scanned<()> {
        if !self.in_flow() {
            if !self.may_be_key {
                return self.error("sequence entries are not allowed here");
            }
            if self.add_indent(self.column) {
                self.push(Kind::BlockSequenceStart);
            }
        }
        self.may_be_key = true;
        self.remove_key()?;
        self.push_single(Kind::BlockEntry);
        Ok(())
    }

    pub(super) fn fetch_key(&mut self) -> Scanned<()> {
        if !self.in_flow() {
            if !self.may_be_key {
                return self.error("mapping keys are not allowed here");
            }
            if self.add_indent(self.column) {
                self.push(Kind::BlockMappingStart);
            }
        }
        self.may_be_key = !self.in_flow();
        self.remove_key()?;
        self.push_single(Kind::Key);
        Ok(())
    }

    pub(super) fn fetch_value(&mut self) -> Scanned<()> {
        if let Some(key) = self.keys.remove(&self.flow_level) {
            let starts_mapping = !self.in_flow() && self.add_indent(key.column);
            self.inserts.push((key.token, starts_mapping, key.line + 1));
            self.may_be_key = false;
        } else {
            if !self.in_flow() {
                if !self.may_be_key {
                    return self.error("mapping values are not allowed here");
                }
                if self.add_indent(self.column) {
                    self.push(Kind::BlockMappingStart);
                }
            }
            self.may_be_key = !self.in_flow();
            self.remove_key()?;
        }
        self.push_single(Kind::Value);
        Ok(())
    }

    pub(super) fn fetch_anchor(&mut self, is_alias: bool) -> Scanned<()> {
        self.save_key()?;
        self.may_be_key = false;
        let line = self.line + 1;
        self.forward(1);
        let name = self.scan_word();
        let next = self.peek();
        let ends_well =
            is_gap(next) || matches!(next, '?' | ':' | ',' | ']' | '}' | '%' | '@' | '`');
        if name.is_empty() || !ends_well {
            return self.error("anchors and aliases are made of letters, digits, '-' and '_'");
        }
        let kind = if is_alias {
            Kind::Alias(name)
        } else {
            Kind::Anchor(name)
        };
        self.tokens.push(Token { line, kind });
        Ok(())
    }

    pub(super) fn refuse_tag<T>(&mut self) -> Scanned<T> {
        let tag: String = self
            .text
            .iter()
            .skip(self.index)
            .take(40)
            .copied()
            .take_while(|&c| !is_gap(c))
            .collect();
        Err(ManifestTrouble {
            line: self.line + 1,
            fault: ManifestFault::Tag(tag),
        })
    }

    pub(super) fn push_scalar(&mut self, line: usize, text: String, is_plain: bool) {
        self.tokens.push(Token {
            line: line + 1,
            kind: Kind::Scalar { text, is_plain },
        });
    }
}

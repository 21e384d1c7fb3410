//! The scalar forms: plain, quoted, literal and folded text, with line folding and escapes.

use super::{END, Scanned, Scanner, is_break, is_break_or_end, is_gap};

impl Scanner {
    pub(super) fn fetch_plain(&mut self) -> Scanned<()> {
        self.save_key()?;
        self.may_be_key = false;
        let line = self.line;
        let indent = self.indent + 1;
        let mut text = String::new();
        let mut spaces = String::new();
        while self.peek() != '#' {
            let start = self.index;
            while !self.ends_plain() {
                self.index += 1;
                if self.text.get(self.index - 1) != Some(&'\u{feff}') {
                    self.column += 1;
                }
            }
            if self.index == start {
                break;
            }
            self.may_be_key = false;
            text.push_str(&spaces);
            text.extend(self.text.get(start..self.index).unwrap_or_default());
            spaces = self.scan_plain_spaces();
            let is_over = spaces.is_empty() || (!self.in_flow() && self.column < indent);
            if is_over {
                break;
            }
        }
        self.push_scalar(line, text, true);
        Ok(())
    }

    fn ends_plain(&self) -> bool {
        let c = self.peek();
        if is_gap(c) {
            return true;
        }
        let next = self.peek_at(1);
        if self.in_flow() {
            matches!(c, ',' | '?' | '[' | ']' | '{' | '}')
                || (c == ':' && (is_gap(next) || matches!(next, ',' | '[' | ']' | '{' | '}')))
        } else {
            c == ':' && is_gap(next)
        }
    }

    /// The folded white space after a piece of plain text; empty where the text must end.
    fn scan_plain_spaces(&mut self) -> String {
        let mut blanks = String::new();
        while self.peek() == ' ' {
            blanks.push(' ');
            self.forward(1);
        }
        let Some(first) = self.scan_break() else {
            return blanks;
        };
        self.may_be_key = true;
        let mut breaks = String::new();
        loop {
            if self.column == 0 && self.at_document_marker() {
                return String::new();
            }
            self.skip_spaces();
            match self.scan_break() {
                Some(c) => breaks.push(c),
                None => return fold(first, breaks),
            }
        }
    }

    pub(super) fn fetch_quoted(&mut self, quote: char) -> Scanned<()> {
        self.save_key()?;
        self.may_be_key = false;
        let line = self.line;
        self.forward(1);
        let mut text = String::new();
        self.scan_quoted_text(quote, &mut text)?;
        while self.peek() != quote {
            self.scan_quoted_spaces(&mut text)?;
            self.scan_quoted_text(quote, &mut text)?;
        }
        self.forward(1);
        self.push_scalar(line, text, false);
        Ok(())
    }

    fn scan_quoted_text(&mut self, quote: char, text: &mut String) -> Scanned<()> {
        loop {
            match self.peek() {
                '\'' if quote == '\'' => {
                    if self.peek_at(1) != '\'' {
                        return Ok(());
                    }
                    text.push('\'');
                    self.forward(2);
                }
                '"' if quote == '"' => return Ok(()),
                '\\' if quote == '"' => {
                    self.forward(1);
                    self.scan_escape(text)?;
                }
                c if is_gap(c) => return Ok(()),
                c => {
                    text.push(c);
                    self.forward(1);
                }
            }
        }
    }

    fn scan_escape(&mut self, text: &mut String) -> Scanned<()> {
        let c = self.peek();
        let digits = match c {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        if digits > 0 {
            self.forward(1);
            let mut code = 0;
            for _ in 0..digits {
                let Some(digit) = self.peek().to_digit(16) else {
                    return self.error(format!(
                        "expected {digits} hexadecimal digits after '\\{c}'"
                    ));
                };
                code = code << 4 | digit;
                self.forward(1);
            }
            let Some(character) = char::from_u32(code) else {
                return self.error(format!("'\\{c}' gives no Unicode character (U+{code:04X})"));
            };
            text.push(character);
            return Ok(());
        }
        if let Some(_break) = self.scan_break() {
            return self.scan_quoted_breaks(text);
        }
        let meaning = match c {
            '0' => '\0',
            'a' => '\x07',
            'b' => '\x08',
            't' | '\t' => '\t',
            'n' => '\n',
            'v' => '\x0b',
            'f' => '\x0c',
            'r' => '\r',
            'e' => '\x1b',
            ' ' | '"' | '\\' | '/' => c,
            'N' => '\u{85}',
            '_' => '\u{a0}',
            'L' => '\u{2028}',
            'P' => '\u{2029}',
            _ => return self.error(format!("unknown escape '\\{}'", c.escape_debug())),
        };
        text.push(meaning);
        self.forward(1);
        Ok(())
    }

    fn scan_quoted_spaces(&mut self, text: &mut String) -> Scanned<()> {
        let mut blanks = String::new();
        while matches!(self.peek(), ' ' | '\t') {
            blanks.push(self.peek());
            self.forward(1);
        }
        if self.peek() == END {
            return self.error("a quoted scalar is not closed");
        }
        match self.scan_break() {
            None => text.push_str(&blanks),
            Some(first) => {
                let mut breaks = String::new();
                self.scan_quoted_breaks(&mut breaks)?;
                text.push_str(&fold(first, breaks));
            }
        }
        Ok(())
    }

    fn scan_quoted_breaks(&mut self, breaks: &mut String) -> Scanned<()> {
        loop {
            if self.column == 0 && self.at_document_marker() {
                return self.error("a document marker inside a quoted scalar");
            }
            while matches!(self.peek(), ' ' | '\t') {
                self.forward(1);
            }
            match self.scan_break() {
                Some(c) => breaks.push(c),
                None => return Ok(()),
            }
        }
    }

    pub(super) fn fetch_block_scalar(&mut self, is_folded: bool) -> Scanned<()> {
        self.may_be_key = true;
        self.remove_key()?;
        let line = self.line;
        self.forward(1);
        let (keep, increment) = self.scan_block_header()?;
        self.end_line()?;

        let least = (self.indent + 1).max(1);
        let mut breaks = String::new();
        let indent = match increment {
            Some(increment) => {
                let indent = least + increment - 1;
                self.scan_block_breaks(indent, &mut breaks);
                indent
            }
            None => self.scan_block_indent(&mut breaks).max(least),
        };
        let mut text = String::new();
        let mut last_break = None;
        while self.column == indent && self.peek() != END {
            text.push_str(&breaks);
            let starts_dense = !matches!(self.peek(), ' ' | '\t');
            while !is_break_or_end(self.peek()) {
                text.push(self.peek());
                self.forward(1);
            }
            last_break = self.scan_break();
            breaks.clear();
            self.scan_block_breaks(indent, &mut breaks);
            if self.column != indent || self.peek() == END {
                break;
            }
            let folds = is_folded
                && last_break == Some('\n')
                && starts_dense
                && !matches!(self.peek(), ' ' | '\t');
            match last_break {
                _ if folds && breaks.is_empty() => text.push(' '),
                Some(c) if !folds => text.push(c),
                _ => {}
            }
        }
        if keep != Some(false) {
            text.extend(last_break);
        }
        if keep == Some(true) {
            text.push_str(&breaks);
        }
        self.push_scalar(line, text, false);
        Ok(())
    }

    /// Chomping (`+` keeps, `-` strips) and indentation indicators, in either order.
    fn scan_block_header(&mut self) -> Scanned<(Option<bool>, Option<i64>)> {
        let (mut keep, mut increment) = (None, None);
        for _ in 0..2 {
            match self.peek() {
                sign @ ('+' | '-') if keep.is_none() => keep = Some(sign == '+'),
                '0' if increment.is_none() => {
                    return self.error("the indentation indicator goes from 1 to 9");
                }
                digit @ '1'..='9' if increment.is_none() => {
                    increment = digit.to_digit(10).map(i64::from);
                }
                _ => break,
            }
            self.forward(1);
        }
        if self.peek() != ' ' && !is_break_or_end(self.peek()) {
            return self.error("expected chomping or indentation indicators");
        }
        Ok((keep, increment))
    }

    fn scan_block_indent(&mut self, breaks: &mut String) -> i64 {
        let mut deepest = 0;
        loop {
            if self.peek() == ' ' {
                self.forward(1);
                deepest = deepest.max(self.column);
            } else if let Some(c) = self.scan_break() {
                breaks.push(c);
            } else {
                return deepest;
            }
        }
    }

    fn scan_block_breaks(&mut self, indent: i64, breaks: &mut String) {
        loop {
            while self.column < indent && self.peek() == ' ' {
                self.forward(1);
            }
            match self.peek() {
                c if is_break(c) => breaks.extend(self.scan_break()),
                _ => return,
            }
        }
    }
}

/// One line break becomes a space; further ones stay, and a Unicode separator always does.
fn fold(first: char, breaks: String) -> String {
    match first {
        '\n' if breaks.is_empty() => " ".to_owned(),
        '\n' => breaks,
        _ => format!("{first}{breaks}"),
    }
}

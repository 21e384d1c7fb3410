//! Limits on nesting, so that nothing recursive goes deeper than a source may.
//!
//! One pass over the tokens counts the brackets that are open and the constructs that nest to the
//! right without one (`not not x`, `lambda: lambda: x`, `a if b else c if d else e`, ...). Each
//! counted construct is a level of the tree, so a valid source is refused here only if its tree
//! would be refused as well; and the parser's own recursion is bounded by what is counted.
//! Chains that nest to the left (`a.b.c`, `1 + 1 + 1`) cost a parser no stack and are left to the
//! lowering, which counts every level.

use super::SyntaxError;
use super::builder::MAX_LEVELS;
use super::source::Lines;
use ruff_python_ast::token::{Token, TokenKind};
use ruff_python_parser::{Mode, lexer};
use ruff_text_size::Ranged;

/// CPython's limit on open brackets; the brace of a replacement field is one.
const MAX_BRACKETS: usize = 200;

/// CPython's limit on f-strings inside each other, the outermost included.
const MAX_F_STRINGS: usize = 149;

/// Levels a source may at most have without being scanned before it is parsed. The parser takes about 2 KB of
/// stack for each and gets it as it goes, so this is a bound on memory.
const MAX_UNSCANNED_LEVELS: usize = 40_000;

/// Whether a source has so many brackets, signs and words that it has to be scanned before it is parsed.
pub(crate) fn may_nest_deeply(source: &str) -> bool {
    // A table, because this looks at every byte of every source.
    const OPENERS: [u8; 256] = {
        let mut table = [0; 256];
        let mut rest: &[u8] = b"([{~-+*";
        while let [opener, others @ ..] = rest {
            table[*opener as usize] = 1;
            rest = others;
        }
        table
    };
    let openers: usize = source
        .bytes()
        .map(|byte| usize::from(OPENERS[usize::from(byte)]))
        .sum();
    // Whatever else nests takes at least four bytes: `not `, `lambda:`, `yield `.
    openers + source.len() / 4 > MAX_UNSCANNED_LEVELS
}

/// Refuses a parsed source that nests too deeply.
pub(crate) fn check_tokens(lines: &Lines<'_>, tokens: &[Token]) -> Result<(), SyntaxError> {
    let mut nesting = Nesting::default();
    for token in tokens {
        nesting.token(token.kind()).map_err(|message| {
            let (line, column) = lines.position(token.start().to_usize());
            SyntaxError {
                line,
                column,
                message,
            }
        })?;
    }
    Ok(())
}

/// Refuses what nests too deeply to be parsed.
pub(crate) fn check(lines: &Lines<'_>) -> Result<(), SyntaxError> {
    match scan(lines.source()) {
        Ok(()) => Ok(()),
        Err((tokens, message)) => {
            let (line, column) = lines.position(offset_after(lines.source(), tokens));
            Err(SyntaxError {
                line,
                column,
                message,
            })
        }
    }
}

/// Counts tokens until a limit is broken; then says how many it took.
fn scan(source: &str) -> Result<(), (usize, String)> {
    let mut lexer = lexer::lex(source, Mode::Module);
    let mut nesting = Nesting::default();
    for tokens in 1.. {
        let kind = lexer.next_token();
        if kind == TokenKind::EndOfFile {
            break;
        }
        nesting.token(kind).map_err(|message| (tokens, message))?;
    }
    Ok(())
}

/// Byte offset after which a source has `tokens` tokens. The lexer does not say where it stands, so
/// this asks it about shorter and shorter sources.
fn offset_after(source: &str, tokens: usize) -> usize {
    let (mut low, mut high) = (0, source.len());
    while low < high {
        let middle = (low + high) / 2;
        let end = (middle..=high)
            .find(|at| source.is_char_boundary(*at))
            .unwrap_or(high);
        match scan(&source[..end]) {
            Err((found, _)) if found <= tokens => high = middle,
            _ => low = middle + 1,
        }
    }
    (0..=low.saturating_sub(1))
        .rev()
        .find(|at| source.is_char_boundary(*at))
        .unwrap_or(0)
}

/// What is open between two commas, or inside one bracket.
#[derive(Default)]
struct Frame {
    /// A bracket, a lambda whose parameters are being read, or a lambda's body.
    kind: FrameKind,
    /// `else` branches, which last until the next comma.
    alternatives: usize,
    /// `not` and `yield`, which last until an operator of lower precedence.
    nots: usize,
    /// Signs, stars, `await` and powers, which last until any other operator.
    unaries: usize,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    #[default]
    Bracket,
    Parameters,
    Body,
}

impl Frame {
    fn clear(&mut self) {
        (self.alternatives, self.nots, self.unaries) = (0, 0, 0);
    }

    fn levels(&self) -> usize {
        let own = usize::from(self.kind != FrameKind::Bracket);
        own + self.alternatives + self.nots + self.unaries
    }
}

#[derive(Default)]
struct Nesting {
    /// The statement itself is the first, added when needed.
    frames: Vec<Frame>,
    /// Levels of every frame but the last.
    below: usize,
    brackets: usize,
    f_strings: usize,
    /// The last token ended an operand, so that a sign after it is a binary operator.
    after_operand: bool,
}

impl Nesting {
    fn token(&mut self, kind: TokenKind) -> Result<(), String> {
        use TokenKind as T;
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let prefix = !self.after_operand;
        match kind {
            T::Comment | T::NonLogicalNewline => return Ok(()),
            T::Newline | T::Semi => self.end_statement(),
            T::Lpar | T::Lsqb | T::Lbrace => {
                self.brackets += 1;
                if self.brackets > MAX_BRACKETS {
                    return Err(format!("more than {MAX_BRACKETS} nested brackets"));
                }
                self.push(FrameKind::Bracket);
            }
            T::Rpar | T::Rsqb | T::Rbrace => self.close_bracket(),
            T::FStringStart | T::TStringStart => {
                self.f_strings += 1;
                if self.f_strings > MAX_F_STRINGS {
                    return Err(format!("more than {MAX_F_STRINGS} nested f-strings"));
                }
            }
            T::FStringEnd | T::TStringEnd => self.f_strings = self.f_strings.saturating_sub(1),
            T::Lambda => self.push(FrameKind::Parameters),
            T::Colon => self.colon(),
            T::Comma => self.comma(),
            T::For | T::Async | T::Equal | T::ColonEqual => self.top(Frame::clear),
            T::Else => self.top(|frame| {
                frame.alternatives += 1;
                (frame.nots, frame.unaries) = (0, 0);
            }),
            T::And | T::Or | T::In | T::Is | T::If => self.top(|frame| {
                (frame.nots, frame.unaries) = (0, 0);
            }),
            T::Not | T::Yield => self.top(|frame| frame.nots += 1),
            T::DoubleStar | T::Tilde | T::Await => self.top(|frame| frame.unaries += 1),
            T::Plus | T::Minus | T::Star if prefix => self.top(|frame| frame.unaries += 1),
            _ if kind.is_operator() && !matches!(kind, T::Dot | T::Ellipsis | T::Exclamation) => {
                let is_comparison = matches!(
                    kind,
                    T::Less
                        | T::Greater
                        | T::EqEqual
                        | T::NotEqual
                        | T::LessEqual
                        | T::GreaterEqual
                );
                self.top(|frame| {
                    frame.unaries = 0;
                    if is_comparison {
                        frame.nots = 0;
                    }
                });
            }
            _ => {}
        }
        self.after_operand = ends_operand(kind);
        let top = self.frames.last().map_or(0, Frame::levels);
        if self.below + top > MAX_LEVELS {
            return Err(format!("nested too deeply: more than {MAX_LEVELS} levels"));
        }
        Ok(())
    }

    fn end_statement(&mut self) {
        // The room for frames stays.
        self.frames.clear();
        (self.below, self.brackets, self.f_strings) = (0, 0, 0);
        self.after_operand = false;
    }

    fn top(&mut self, change: impl FnOnce(&mut Frame)) {
        if let Some(frame) = self.frames.last_mut() {
            change(frame);
        }
    }

    fn push(&mut self, kind: FrameKind) {
        self.below += self.frames.last().map_or(0, Frame::levels);
        self.frames.push(Frame {
            kind,
            ..Frame::default()
        });
    }

    fn pop(&mut self) -> Option<Frame> {
        let popped = self.frames.pop()?;
        self.below -= self.frames.last().map_or(0, Frame::levels);
        Some(popped)
    }

    fn close_bracket(&mut self) {
        self.brackets = self.brackets.saturating_sub(1);
        while self.frames.len() > 1 {
            if self
                .pop()
                .is_some_and(|frame| frame.kind == FrameKind::Bracket)
            {
                break;
            }
        }
    }

    /// After a lambda's parameters comes its body; any other colon separates like a comma.
    fn colon(&mut self) {
        match self.frames.last_mut() {
            Some(frame) if frame.kind == FrameKind::Parameters => {
                frame.clear();
                frame.kind = FrameKind::Body;
            }
            _ => self.end_bodies_at_colon(),
        }
    }

    fn end_bodies_at_colon(&mut self) {
        // `lambda x=lambda: 1: 2`: the second colon ends the inner body and the outer parameters.
        self.end_bodies();
        match self.frames.last_mut() {
            Some(frame) if frame.kind == FrameKind::Parameters => {
                frame.clear();
                frame.kind = FrameKind::Body;
            }
            Some(frame) => frame.clear(),
            None => {}
        }
    }

    fn comma(&mut self) {
        self.end_bodies();
        self.top(Frame::clear);
    }

    fn end_bodies(&mut self) {
        while self.frames.len() > 1
            && self
                .frames
                .last()
                .is_some_and(|frame| frame.kind == FrameKind::Body)
        {
            self.pop();
        }
    }
}

fn ends_operand(kind: TokenKind) -> bool {
    use TokenKind as T;
    matches!(
        kind,
        T::Name
            | T::Int
            | T::Float
            | T::Complex
            | T::String
            | T::FStringEnd
            | T::Rpar
            | T::Rsqb
            | T::Rbrace
            | T::Ellipsis
            | T::None
            | T::True
            | T::False
            | T::Case
            | T::Lazy
            | T::Match
            | T::Type
    )
}

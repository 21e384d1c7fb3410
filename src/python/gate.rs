//! The gate: whether a source is Python 3.12 at all.
//!
//! A strict parser decides, with CPython 3.12 as its target; what it lets through and CPython
//! refuses is checked here and in [`layout`], [`tokens`] and [`limits`](super::limits), and what it
//! refuses although CPython accepts it is given to it in a spelling it understands.

mod explain;
mod layout;
mod tokens;

use super::source::Lines;
use super::{Refusal, SyntaxError};
use super::{limits, literals};
use ruff_python_ast::visitor::transformer::{Transformer, walk_expr};
use ruff_python_ast::{
    AtomicNodeIndex, Expr, ExprNoneLiteral, ModModule, PythonVersion, Stmt, StmtPass,
};
use ruff_python_parser::{
    InterpolatedStringErrorType, LexicalErrorType, Mode, ParseError, ParseErrorType, ParseOptions,
    Parsed,
};
use ruff_text_size::{Ranged, TextRange};
use std::cell::{Cell, RefCell};
use std::ops::Range;

/// Parses `source`, or says where it stops being Python 3.12.
pub(super) fn check(lines: &Lines<'_>) -> Result<Module, Refusal> {
    layout::characters(lines)?;
    if limits::may_nest_deeply(lines.source()) {
        limits::check(lines)?;
    }
    let parsed = parse(lines)?;
    let checked = limits::check_tokens(lines, parsed.tokens())
        .and_then(|()| layout::indentation(lines, parsed.tokens()))
        .and_then(|()| tokens::check(lines, parsed.tokens()));
    // Keeps the tree and drops the tokens.
    let module = Module::new(parsed);
    checked?;
    Ok(module)
}

/// An accepted module.
pub(crate) struct Module {
    syntax: ModModule,
    tokens: usize,
}

impl Module {
    fn new(parsed: Parsed<ModModule>) -> Self {
        Module {
            tokens: parsed.tokens().len(),
            syntax: parsed.into_syntax(),
        }
    }

    /// How many tokens the source has, comments and line ends included.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens
    }

    /// Hands every statement out, and drops it before the next. `each` refuses what is deeper than a tree may be, so
    /// that what it accepts can be dropped as it is.
    pub(crate) fn consume<E>(
        mut self,
        mut each: impl FnMut(&Stmt) -> Result<(), E>,
    ) -> Result<(), E> {
        for statement in &mut self.syntax.body {
            each(statement)?;
            *statement = no_statement();
        }
        Ok(())
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        for statement in &mut self.syntax.body {
            drop_flat(std::mem::replace(statement, no_statement()));
        }
    }
}

/// Dropping a tree is recursive, and `1+1+1+...` makes trees as deep as the source is long: deep
/// parts are cut off first and dropped one after another.
fn drop_flat(mut statement: Stmt) {
    let cutter = Cutter::default();
    cutter.visit_stmt(&mut statement);
    drop(statement);
    // Not a `while let`: its borrow would last through the body.
    loop {
        let Some(mut part) = cutter.parts.borrow_mut().pop() else {
            break;
        };
        cutter.depth.set(0);
        walk_expr(&cutter, &mut part);
    }
}

#[derive(Default)]
struct Cutter {
    depth: Cell<usize>,
    parts: RefCell<Vec<Expr>>,
}

impl Cutter {
    const DEPTH: usize = 1000;
}

impl Transformer for Cutter {
    fn visit_expr(&self, expr: &mut Expr) {
        let depth = self.depth.get();
        if depth >= Self::DEPTH {
            let rest = std::mem::replace(expr, nothing());
            self.parts.borrow_mut().push(rest);
            return;
        }
        self.depth.set(depth + 1);
        walk_expr(self, expr);
        self.depth.set(depth);
    }
}

fn nothing() -> Expr {
    Expr::NoneLiteral(ExprNoneLiteral {
        node_index: AtomicNodeIndex::NONE,
        range: TextRange::default(),
    })
}

fn no_statement() -> Stmt {
    Stmt::Pass(StmtPass {
        node_index: AtomicNodeIndex::NONE,
        range: TextRange::default(),
    })
}

/// Rounds of respelling: an f-string with two broken specifications shows one at a time.
const ROUNDS: usize = 4;

fn parse(lines: &Lines<'_>) -> Result<Parsed<ModModule>, Refusal> {
    let mut respelled = None;
    for _ in 0..ROUNDS {
        let source = respelled.as_deref().unwrap_or(lines.source());
        let parsed = parse_once(lines, source)?;
        if first_error(lines, &parsed).is_none() {
            return Ok(parsed);
        }
        // Same length, same positions: only the spelling the parser stumbles over is another.
        let Some(better) = respell(source, parsed.errors()) else {
            return refuse(lines, parsed);
        };
        drop(Module::new(parsed));
        respelled = Some(better);
    }
    let source = respelled.as_deref().unwrap_or(lines.source());
    let parsed = parse_once(lines, source)?;
    match first_error(lines, &parsed) {
        None => Ok(parsed),
        Some(_) => refuse(lines, parsed),
    }
}

fn refuse(lines: &Lines<'_>, parsed: Parsed<ModModule>) -> Result<Parsed<ModModule>, Refusal> {
    let at_end = ends_too_early(lines, parsed.errors());
    let found = match limits::check_tokens(lines, parsed.tokens()) {
        Ok(()) => first_error(lines, &parsed),
        Err(error) => Some(error),
    };
    drop(Module::new(parsed));
    let error = found.unwrap_or_else(|| error(lines, 0, "invalid syntax"));
    Err(Refusal { error, at_end })
}

/// Whether the first error is that the source stops: at its end, or in a text that nothing closes.
fn ends_too_early(lines: &Lines<'_>, errors: &[ParseError]) -> bool {
    let source = lines.source();
    let start = |found: &ParseError| found.location.start().to_usize();
    let Some(first) = errors.iter().map(start).min() else {
        return false;
    };
    first >= source.trim_end().len()
        || errors
            .iter()
            .any(|found| start(found) == first && is_unclosed(source, first, &found.error))
}

fn is_unclosed(source: &str, start: usize, error: &ParseErrorType) -> bool {
    use InterpolatedStringErrorType::{UnclosedLbrace, UnterminatedTripleQuotedString};
    match error {
        ParseErrorType::Lexical(LexicalErrorType::Eof) => true,
        ParseErrorType::Lexical(LexicalErrorType::UnclosedStringError) => {
            let quotes = source.get(start..).unwrap_or_default();
            let quotes = quotes.trim_start_matches(|c: char| c.is_ascii_alphabetic());
            quotes.starts_with("\"\"\"") || quotes.starts_with("'''")
        }
        ParseErrorType::FStringError(error)
        | ParseErrorType::Lexical(LexicalErrorType::FStringError(error)) => {
            matches!(error, UnclosedLbrace | UnterminatedTripleQuotedString)
        }
        _ => false,
    }
}

fn parse_once(lines: &Lines<'_>, source: &str) -> Result<Parsed<ModModule>, SyntaxError> {
    let options = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::PY312);
    ruff_python_parser::parse_unchecked(source, options)
        .try_into_module()
        .ok_or_else(|| error(lines, 0, "expected a module"))
}

fn first_error(lines: &Lines<'_>, parsed: &Parsed<ModModule>) -> Option<SyntaxError> {
    let grammar = parsed
        .errors()
        .iter()
        .min_by_key(|found| found.location.start());
    if let Some(found) = grammar {
        let offset = found.location.start().to_usize();
        let message = found.error.to_string();
        return Some(explain::explain(lines, parsed.tokens(), offset, &message));
    }
    let found = parsed.unsupported_syntax_errors().first()?;
    Some(error(
        lines,
        found.range().start().to_usize(),
        &found.to_string(),
    ))
}

/// CPython 3.12 lets a newline end a format specification in single quotes, if the field ends there
/// too: the blank from the newline to the closing brace, if there is nothing else between them.
fn blank_after_spec(source: &str, start: usize) -> Option<Range<usize>> {
    let newline = start + source.get(start..)?.find('\n')?;
    let mut end = newline;
    loop {
        let rest = source.get(end..)?;
        end += rest.len() - rest.trim_start_matches([' ', '\t', '\x0c', '\n']).len();
        let rest = source.get(end..)?;
        if rest.starts_with("\\\n") {
            end += 2;
            continue;
        }
        match rest.strip_prefix('#') {
            Some(comment) => end += 1 + comment.find('\n').unwrap_or(comment.len()),
            None => return rest.starts_with('}').then_some(newline..end),
        }
    }
}

fn is_newline_in_spec(error: &ParseErrorType) -> bool {
    use InterpolatedStringErrorType::NewlineInFormatSpec;
    matches!(
        error,
        ParseErrorType::FStringError(NewlineInFormatSpec)
            | ParseErrorType::Lexical(LexicalErrorType::FStringError(NewlineInFormatSpec))
    )
}

/// What the name `match` is called after a semicolon, where the parser takes it for the statement.
pub(crate) const MATCH_RESPELLED: &str = "mAtCh";

/// Valid spellings the parser refuses, replaced by ones of the same length and shape:
/// `raise;` by `break;`, `_` as the name of a keyword pattern by `x`,
/// the name `match` after a semicolon by [`MATCH_RESPELLED`], and the newline that ends a format
/// specification by spaces. The lowering looks at the source as it was.
fn respell(source: &str, errors: &[ParseError]) -> Option<String> {
    let mut respelled = source.as_bytes().to_vec();
    let mut changed = false;
    for found in errors {
        let start = found.location.start().to_usize();
        let (before, after) = (source.get(..start)?, source.get(start..)?);
        match &found.error {
            ParseErrorType::ExpectedExpression => {
                let before = before.trim_end_matches([' ', '\t', '\x0c']);
                if let Some(at) = before.strip_suffix("raise")
                    && after.trim_start().starts_with(';')
                {
                    respelled[at.len()..before.len()].copy_from_slice(b"break");
                    changed = true;
                }
            }
            ParseErrorType::OtherError(message) if message.contains("keyword pattern") => {
                let is_wildcard = after.starts_with('_');
                if is_wildcard {
                    respelled[start] = b'x';
                }
                changed |= is_wildcard;
            }
            // A longer name cannot be meant: the lexer has cut the word out.
            ParseErrorType::SimpleAndCompoundStatementOnSameLine if after.starts_with("match") => {
                respelled[start..start + MATCH_RESPELLED.len()]
                    .copy_from_slice(MATCH_RESPELLED.as_bytes());
                changed = true;
            }
            other if is_newline_in_spec(other) => {
                if let Some(blank) = blank_after_spec(source, start) {
                    respelled[blank].fill(b' ');
                    changed = true;
                }
            }
            _ => {}
        }
    }
    changed.then(|| String::from_utf8(respelled).ok()).flatten()
}

/// A refusal at byte `offset`, its message begun in lower case.
fn error(lines: &Lines<'_>, offset: usize, message: &str) -> SyntaxError {
    let (line, column) = lines.position(offset);
    let mut chars = message.chars();
    let message = match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    };
    SyntaxError {
        line,
        column,
        message,
    }
}

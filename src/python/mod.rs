//! Python source to the tree CPython 3.12 would build.
//!
//! A source is read twice. The gate parses it strictly and decides whether it is Python 3.12 at all;
//! tree-sitter parses what was accepted. Both trees are lowered to the shape of CPython's `ast` and
//! compared, positions and text values included: where they agree, which is nearly always, two
//! independent grammars vouch for the tree; where they do not, the gate's is right, because the
//! tree-sitter grammar is made for editors and reads some valid programs in its own way.
//!
//! The first source that is read sets tree-sitter's allocator, for the whole process; it stays C's outside of a reading.
//! A program that uses tree-sitter itself can go on doing so, but should not be parsing in another thread at that moment, nor
//! set an allocator of its own.
//!
//! What a tree means (findings, sequences, hashes) is left to the rooms that ask for one.

mod builder;
mod gate;
mod joined;
mod limits;
mod literals;
mod lower;
mod pieces;
mod reference;
mod source;
#[cfg(test)]
mod tests;
pub mod tree;
mod unicode;

pub use source::decode;
pub use tree::{Kind, Node, Text, TextId, Tree};

/// Why a source is not Python 3.12.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SyntaxError {
    /// 1-based.
    pub line: u32,
    /// 0-based, UTF-8 bytes.
    pub column: u32,
    /// What was expected or is not allowed there, in lower case.
    pub message: String,
}

/// Which of the two readings a tree is from; of a source read in pieces, the least of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// The gate's: tree-sitter read something else.
    Disputed,
    /// The gate's alone: tree-sitter could not read the source, or it has too many tokens to be read twice.
    Unread,
    /// Both: tree-sitter's tree, confirmed by the gate's.
    Confirmed,
}

/// A syntax error, and whether more source after it could make it go away.
#[derive(Debug)]
struct Refusal {
    error: SyntaxError,
    /// The source ended too early for the parser.
    at_end: bool,
}

impl From<SyntaxError> for Refusal {
    fn from(error: SyntaxError) -> Self {
        Refusal {
            error,
            at_end: false,
        }
    }
}

/// Stack for one parse; only the pages it touches become memory. The deepest tree of a thousand
/// levels needs less than a tenth of it in an unoptimised build.
const STACK_BYTES: usize = 64 << 20;

/// Largest source or piece, in tokens, that is read a second time. tree-sitter needs about half a kilobyte for
/// each, several times what everything else does; a megabyte of code has about as many.
const MAX_TOKENS_TO_CONFIRM: usize = 1 << 18;

/// Parses decoded source. Safe to call from any thread: never overflows the stack, linear time.
///
/// # Errors
/// Where and why the source is not Python 3.12, or nested deeper than a thousand levels.
pub fn parse(source: &str) -> Result<Tree, SyntaxError> {
    parse_with_reading(source).map(|(tree, _)| tree)
}

/// Parses like [`parse`], and says which of the two readings the tree is from.
///
/// # Errors
/// As [`parse`].
pub fn parse_with_reading(source: &str) -> Result<(Tree, Reading), SyntaxError> {
    stacker::grow(STACK_BYTES, || {
        pieces::read(source, pieces::PIECE_BYTES, read_whole)
    })
}

/// Largest source, in bytes, of which parts are read although it is not Python: in the worst case
/// tree-sitter takes a second over it.
const MAX_SALVAGED_BYTES: usize = 64 << 10;

/// What can be read of a source that is not Python, as statements below one module; nothing rests on it
/// but advice. `None` for a source over 64 KiB, or one that tree-sitter takes too long over everywhere.
pub fn salvage(source: &str) -> Option<Tree> {
    if source.len() > MAX_SALVAGED_BYTES {
        return None;
    }
    stacker::grow(STACK_BYTES, || {
        pieces::salvage(source, |piece| lower::salvage(&source::Lines::new(piece)))
    })
}

/// What [`parse`] asks of tree-sitter, and no more: whether it comes to an end with a source. For measurements.
pub fn tree_sitter_alone(source: &str) -> bool {
    lower::ends(source)
}

fn read_whole(source: &str) -> Result<(Tree, Reading), Refusal> {
    let lines = source::Lines::new(source);
    let module = gate::check(&lines)?;
    let tokens = module.tokens();
    // At once, while what the parser wrote is at hand: it is the largest thing in memory, and dropped on the way.
    let reference = reference::lower(module, &lines)?;
    let read = match tokens <= MAX_TOKENS_TO_CONFIRM {
        true => lower::lower(&lines),
        false => None,
    };
    let (tree, reading, other) = match read {
        Some(tree) if tree == reference => (tree, Reading::Confirmed, Some(reference)),
        Some(tree) => (reference, Reading::Disputed, Some(tree)),
        None => (reference, Reading::Unread, None),
    };
    if let Some(other) = other {
        builder::discard(other);
    }
    Ok((builder::settle(tree), reading))
}

//! Large sources, read a piece at a time.
//!
//! A parser's tree takes a hundred bytes and more for each byte of dense source, and packages may hold
//! 32 MiB of it. A module is its statements in a row, so what is read of one piece can be let go before
//! the next is read, if pieces end where statements end. That is guessed from the text and then proved:
//! a piece that is no module by itself, for want of what follows, is read again with more of it.

use super::source::Lines;
use super::tree::{Kind, Node, TextId, Tree};
use super::{Reading, Refusal, SyntaxError};

/// Bytes from which on a source is read in pieces, and which a piece has at least.
pub(super) const PIECE_BYTES: usize = 1 << 20;

/// Reads a source of any size; `read` reads a whole module.
pub(super) fn read(
    source: &str,
    piece_bytes: usize,
    read: impl Fn(&str) -> Result<(Tree, Reading), Refusal>,
) -> Result<(Tree, Reading), SyntaxError> {
    if source.len() <= piece_bytes {
        return read(source).map_err(|refusal| refusal.error);
    }
    let lines = Lines::new(source);
    let mut joined: Option<(Joined, Reading)> = None;
    let mut start = 0;
    while start < source.len() {
        let (first_line, _) = lines.position(start);
        let mut bytes = piece_bytes;
        let (tree, reading, end) = loop {
            let end = boundary(source, start.saturating_add(bytes));
            match read(&source[start..end]) {
                Ok((tree, reading)) => break (tree, reading, end),
                Err(refusal) if end == source.len() || !refusal.at_end => {
                    let error = refusal.error;
                    return Err(SyntaxError {
                        line: error.line + first_line - 1,
                        ..error
                    });
                }
                Err(_) => bytes = bytes.saturating_mul(2),
            }
        };
        joined = Some(match joined {
            None => (Joined::new(tree), reading),
            Some((mut whole, least)) => {
                whole.append(tree, first_line - 1);
                (whole, least.min(reading))
            }
        });
        start = end;
    }
    match joined {
        Some((whole, reading)) => Ok((whole.finish(), reading)),
        None => read(source).map_err(|refusal| refusal.error),
    }
}

/// Bytes a piece of a refused source has at least, and at most. tree-sitter's way back from mistakes takes
/// time with the square of their number, so the pieces are small.
const SALVAGED_BYTES: (usize, usize) = (2 << 10, 4 << 10);

/// What can be read of a source that is not Python, piece by piece; `salvage` takes one.
pub(super) fn salvage(source: &str, salvage: impl Fn(&str) -> Option<Tree>) -> Option<Tree> {
    let (least, most) = SALVAGED_BYTES;
    let lines = Lines::new(source);
    let mut joined: Option<Joined> = None;
    let mut start = 0;
    while start < source.len() {
        let mut end = boundary(source, start.saturating_add(least));
        if end - start > most {
            let reach = (start..=start + most).rfind(|at| source.is_char_boundary(*at));
            let reach = reach.unwrap_or(source.len());
            let line_end = source[start..reach].rfind('\n');
            end = line_end.map_or(reach, |newline| start + newline + 1);
        }
        let (first_line, _) = lines.position(start);
        if let Some(tree) = salvage(&source[start..end]) {
            let whole = joined.get_or_insert_with(Joined::empty);
            whole.append(tree, first_line - 1);
        }
        start = end;
    }
    joined.map(Joined::finish)
}

/// The start of the first line at or after `from` that may begin a statement of the module, or the
/// source's end.
fn boundary(source: &str, from: usize) -> usize {
    let bytes = source.as_bytes();
    let mut at = from.min(bytes.len());
    while let Some(newline) = bytes[at..].iter().position(|byte| *byte == b'\n') {
        let line = at + newline + 1;
        let before = at + newline;
        let is_joined = before > 0 && bytes[before - 1] == b'\\';
        if !is_joined && begins_statement(&bytes[line..]) {
            return line;
        }
        at = line;
    }
    bytes.len()
}

/// A word at the start of a line begins a statement, or goes on with the one before, or stands inside
/// brackets or a text, which reading the piece will show.
fn begins_statement(line: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = line.iter().position(|byte| !is_part(byte));
    let word = &line[..length.unwrap_or(line.len()).min(MAX_WORD)];
    let goes_on: [&[u8]; 4] = [b"else", b"elif", b"except", b"finally"];
    !word.is_empty() && !word[0].is_ascii_digit() && !goes_on.contains(&word)
}

/// More than the longest word that is looked for.
const MAX_WORD: usize = 16;

/// Trees one after the other as one module.
struct Joined {
    nodes: Vec<Node>,
    texts: super::builder::Texts,
    asnames: Vec<(u32, TextId)>,
}

impl Joined {
    fn new(tree: Tree) -> Joined {
        Joined {
            nodes: tree.nodes,
            texts: tree.texts.into_iter().collect(),
            asnames: tree.asnames,
        }
    }

    /// A module without statements.
    fn empty() -> Joined {
        Joined {
            nodes: vec![Node {
                kind: Kind::Module,
                is_str: false,
                end: 1,
                line: 0,
                column: 0,
                positional: 0,
                text: TextId::NONE,
            }],
            texts: super::builder::Texts::default(),
            asnames: Vec::new(),
        }
    }

    /// Adds the statements of a tree whose first line comes after `lines_before`.
    fn append(&mut self, tree: Tree, lines_before: u32) {
        let places: Vec<TextId> = tree
            .texts
            .into_iter()
            .map(|text| TextId::of_index(self.texts.insert_full(text).0))
            .collect();
        let place = |text: TextId| {
            let known = text.index().and_then(|index| places.get(index));
            known.copied().unwrap_or(TextId::NONE)
        };
        // The first node is the module, which is there already.
        let shift = (self.nodes.len() - 1) as u32;
        self.nodes
            .extend(tree.nodes.iter().skip(1).map(|node| Node {
                end: node.end + shift,
                line: match node.line {
                    0 => 0,
                    line => line + lines_before,
                },
                text: place(node.text),
                ..*node
            }));
        let aliases = tree.asnames.iter();
        self.asnames
            .extend(aliases.map(|(node, name)| (node + shift, place(*name))));
    }

    fn finish(mut self) -> Tree {
        let count = self.nodes.len() as u32;
        if let Some(module) = self.nodes.first_mut() {
            module.end = count;
        }
        self.nodes.shrink_to_fit();
        Tree {
            nodes: self.nodes,
            texts: self.texts.into_iter().collect(),
            asnames: self.asnames,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Text, read_whole};
    use super::*;
    use proptest::prelude::*;

    /// What is compared of two readings: where texts stand in a table does not matter.
    fn outline(result: Result<(Tree, Reading), SyntaxError>) -> Result<Vec<String>, ()> {
        let (tree, _) = result.map_err(|_| ())?;
        let node = |(index, node): (usize, &Node)| {
            let text = match tree.text_of(node) {
                Text::None => String::new(),
                Text::Identifier(text) | Text::Str(text) => text.to_owned(),
            };
            let Node {
                kind,
                is_str,
                end,
                line,
                column,
                positional,
                ..
            } = *node;
            let asname = tree.asname(index);
            format!("{kind:?} {is_str} {end} {line}:{column} {positional} {text:?} {asname:?}")
        };
        Ok(tree.nodes.iter().enumerate().map(node).collect())
    }

    fn whole(source: &str) -> Result<(Tree, Reading), SyntaxError> {
        read_whole(source).map_err(|refusal| refusal.error)
    }

    const PARTS: [&str; 22] = [
        "import a.b as c, d\n",
        "x = 1\n",
        "\n# comment\n",
        "if a:\n    b\n",
        "elif c:\n    d\n",
        "else:\n    e\n",
        "try:\n    f()\n",
        "except G as h:\n    pass\n",
        "finally:\n    pass\n",
        "@decorated\n",
        "def f(a, *b):\n    return a\n",
        "class A:\n    x: int = 1\n\n\n",
        "s = '''one\n",
        "two\n",
        "'''\n",
        "f(1,\n",
        "y\n",
        ")\n",
        "z = 1 + \\\n",
        "t = f'''{a\n",
        "}'''\n",
        "match a:\n    case b: pass\n",
    ];

    proptest! {
        #[test]
        fn pieces_give_what_the_whole_gives(parts in prop::collection::vec(0..PARTS.len(), 1..24), bytes in 1usize..60) {
            let source: String = parts.iter().map(|part| PARTS[*part]).collect();
            prop_assert_eq!(outline(read(&source, bytes, read_whole)), outline(whole(&source)));
        }
    }

    #[test]
    fn an_error_is_where_it_is_in_the_whole() {
        let source = "x = 1\n".repeat(10) + "y = = 2\n" + &"z = 3\n".repeat(10);
        let error = read(&source, 16, read_whole).expect_err("an error");
        assert_eq!((error.line, error.column), (11, 4));
        assert_eq!(Err(error), whole(&source));
    }

    #[test]
    fn what_is_wrong_early_is_not_read_again_with_more() {
        let source = "y = = 2\n".to_owned() + &"z = 3\n".repeat(10_000);
        let read_bytes = std::cell::Cell::new(0);
        let counted = |piece: &str| {
            read_bytes.set(read_bytes.get() + piece.len());
            read_whole(piece)
        };
        assert!(read(&source, 100, counted).is_err());
        assert!(read_bytes.get() < 200, "{}", read_bytes.get());
    }
}

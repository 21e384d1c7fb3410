//! The structure sequence of a source: built from trees, hashed, stored and read back.

use super::bytes::{Reader, write_text, write_varint};
use super::names;
use super::symbol::{self, Class, Form};
use crate::python::{Kind, TextId, Tree};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// First bytes of a stored sequence.
const MAGIC: &[u8; 4] = b"dfsq";
/// Version of the stored form; changes whenever an old number would mean something else.
const VERSION: u8 = 1;

/// The node sequence of a source, one 32-bit symbol an item.
///
/// Symbols are the same in every process and version, except those of names that start with `__`
/// and are rare: such names stand in a table of the sequence's own, in order of first appearance,
/// and two sequences are matched by the names themselves. Equal sequences are equal values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sequence {
    symbols: Vec<u32>,
    own_names: Vec<Box<str>>,
}

impl Sequence {
    /// The sequence of one source.
    pub fn of_tree(tree: &Tree) -> Sequence {
        Sequence::of_trees(&[tree])
    }

    /// The sequence of the sources written one after the other into a single one: one `Module`,
    /// then all their statements, the numbering of names running on.
    pub fn of_trees(trees: &[&Tree]) -> Sequence {
        Sequence::of_trees_with(trees, |_, _| {})
    }

    /// As [`Sequence::of_trees`]; `placed` is told the tree and the node behind each symbol, in
    /// order.
    pub(super) fn of_trees_with(trees: &[&Tree], mut placed: impl FnMut(usize, usize)) -> Sequence {
        let mut builder = Builder::default();
        builder.push(symbol::of_kind(Kind::Module));
        placed(0, 0);
        for (tree_index, tree) in trees.iter().enumerate() {
            builder.statements(tree, |node| placed(tree_index, node));
        }
        builder.sequence
    }

    /// The symbols, one an item. Two sequences' symbols are not to be compared directly when either
    /// has names of its own; [`super::Corpus`] takes care of that.
    pub fn symbols(&self) -> &[u32] {
        &self.symbols
    }

    /// Names that some symbols stand for and the common table lacks.
    pub(super) fn own_names(&self) -> &[Box<str>] {
        &self.own_names
    }

    /// The same items with all numbered names as one and the same.
    pub(super) fn with_names_as_one(&self) -> Sequence {
        let as_one = |&symbol: &u32| match symbol::class_and_payload(symbol) {
            (Class::Variable, _) => symbol::with_payload(symbol, 0),
            _ => symbol,
        };
        Sequence {
            symbols: self.symbols.iter().map(as_one).collect(),
            own_names: self.own_names.clone(),
        }
    }

    /// Whether the first item is the `Module` that every parsed source begins with.
    pub(super) fn begins_with_module(&self) -> bool {
        self.symbols.first() == Some(&symbol::of_kind(Kind::Module))
    }

    /// Some of the items, by their positions, with names numbered as if there had never been others.
    pub(super) fn keeping(&self, is_kept: impl Fn(usize) -> bool) -> Sequence {
        let mut variables: HashMap<u32, u32> = HashMap::new();
        let mut own: HashMap<u32, u32> = HashMap::new();
        let mut own_names = Vec::new();
        let kept = self
            .symbols
            .iter()
            .enumerate()
            .filter(|&(at, _)| is_kept(at));
        let symbols = kept.map(|(_, &symbol)| match symbol::class_and_payload(symbol) {
            (Class::Variable, number) => {
                let next = variables.len() as u32;
                symbol::with_payload(symbol, *variables.entry(number).or_insert(next))
            }
            (Class::Own, index) => {
                let next = own.len() as u32;
                let index = *own.entry(index).or_insert_with(|| {
                    own_names.extend(self.own_names.get(index as usize).cloned());
                    next
                });
                symbol::with_payload(symbol, index)
            }
            _ => symbol,
        });
        Sequence {
            symbols: symbols.collect(),
            own_names,
        }
    }

    /// The items after the `Module`, for tests that count in plain items.
    #[cfg(test)]
    pub(super) fn without_module(mut self) -> Sequence {
        self.symbols.remove(0);
        self
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Whether there is no item at all (a parsed source has at least its `Module`).
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// The items as the service writes them, for people and tests.
    pub fn items(&self) -> impl Iterator<Item = String> + '_ {
        self.symbols.iter().map(|&symbol| {
            let mut item = String::new();
            symbol::write_item(symbol, &self.own_names, &mut item);
            item
        })
    }

    /// SHA-256 over each item's UTF-8 followed by a zero byte, lower-case hex.
    pub fn structure_hash(&self) -> String {
        let mut hash = Sha256::new();
        let mut text = String::with_capacity(CHUNK + 256);
        for &symbol in &self.symbols {
            symbol::write_item(symbol, &self.own_names, &mut text);
            text.push('\0');
            if text.len() >= CHUNK {
                hash.update(&text);
                text.clear();
            }
        }
        hash.update(&text);
        hex(&hash.finalize())
    }

    /// Stable, versioned bytes for the store: magic, version, own names, symbols, counts and
    /// symbols as variable-length integers (about two bytes an item).
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.symbols.len() * 2);
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        write_varint(&mut bytes, self.own_names.len() as u64);
        for name in &self.own_names {
            write_text(&mut bytes, name);
        }
        write_varint(&mut bytes, self.symbols.len() as u64);
        for &symbol in &self.symbols {
            write_varint(&mut bytes, u64::from(symbol));
        }
        bytes
    }

    /// Reads what [`Sequence::to_bytes`] wrote. None for anything else: another version, bytes
    /// missing or left over, symbols or names that no source can have.
    pub fn from_bytes(bytes: &[u8]) -> Option<Sequence> {
        let mut reader = Reader::new(bytes.strip_prefix(MAGIC)?.strip_prefix(&[VERSION])?);
        let name_count = reader.count()?;
        let mut own_names: Vec<Box<str>> = Vec::with_capacity(name_count);
        for _ in 0..name_count {
            let name = reader.text()?;
            if !name.starts_with("__") || names::number(name).is_some() {
                return None;
            }
            own_names.push(name.into());
        }
        let symbol_count = reader.count()?;
        let mut symbols = Vec::with_capacity(symbol_count);
        let mut names_seen = 0;
        for _ in 0..symbol_count {
            let symbol = u32::try_from(reader.varint()?).ok()?;
            if !symbol::is_valid(symbol, own_names.len()) {
                return None;
            }
            if let (Class::Own, index) = symbol::class_and_payload(symbol) {
                // Names come in order of first appearance, so equal sequences have equal bytes.
                if index > names_seen {
                    return None;
                }
                names_seen = names_seen.max(index + 1);
            }
            symbols.push(symbol);
        }
        let mut sorted: Vec<&str> = own_names.iter().map(|name| &**name).collect();
        sorted.sort_unstable();
        let all_different = sorted.windows(2).all(|pair| pair[0] != pair[1]);
        let complete = reader.is_at_end() && names_seen as usize == own_names.len();
        (all_different && complete).then_some(Sequence { symbols, own_names })
    }
}

/// Bytes hashed at a time.
const CHUNK: usize = 1 << 14;

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A sequence while it grows, with the numbers names have been given.
#[derive(Default)]
struct Builder {
    sequence: Sequence,
    /// Sources are hostile: the hash is seeded.
    numbered: HashMap<Box<str>, (Class, u32), foldhash::quality::RandomState>,
    /// The same for the texts of the tree at hand, which are numbered already.
    here: Vec<Option<(Class, u32)>>,
    variables: u32,
}

impl Builder {
    fn push(&mut self, symbol: u32) {
        self.sequence.symbols.push(symbol);
    }

    /// Appends everything below the tree's `Module`.
    fn statements(&mut self, tree: &Tree, mut placed: impl FnMut(usize)) {
        self.here.clear();
        self.here.resize(tree.texts.len(), None);
        let mut index = 1;
        while let Some(node) = tree.nodes.get(index) {
            let here = index;
            index += 1;
            match node.kind {
                Kind::Name => {
                    self.name(Form::Name, tree, node.text);
                    placed(here);
                    index = (node.end as usize).max(index);
                }
                Kind::Constant => {
                    self.push(match node.is_str {
                        true => symbol::of_text_constant(),
                        false => symbol::of_kind(Kind::Constant),
                    });
                    placed(here);
                    index = (node.end as usize).max(index);
                }
                Kind::Arg => {
                    self.name(Form::Arg, tree, node.text);
                    self.push(symbol::of_kind(node.kind));
                    placed(here);
                    placed(here);
                }
                Kind::FunctionDef | Kind::AsyncFunctionDef | Kind::ClassDef => {
                    self.push(symbol::of_kind(node.kind));
                    self.name(Form::Bare, tree, node.text);
                    self.push(symbol::of_kind(node.kind));
                    for _ in 0..3 {
                        placed(here);
                    }
                }
                kind => {
                    self.push(symbol::of_kind(kind));
                    placed(here);
                }
            }
        }
    }

    fn name(&mut self, form: Form, tree: &Tree, text: TextId) {
        let place = text.index().and_then(|index| self.here.get(index).copied());
        let (class, payload) = place.flatten().unwrap_or_else(|| {
            let name = tree.lookup(text).unwrap_or_default();
            let known = self.numbered.get(name).copied();
            let number = known.unwrap_or_else(|| self.number(name));
            if let Some(place) = text.index().and_then(|index| self.here.get_mut(index)) {
                *place = Some(number);
            }
            number
        });
        self.push(symbol::of_name(form, class, payload));
    }

    fn number(&mut self, name: &str) -> (Class, u32) {
        let number = if let Some(fixed) = names::number(name) {
            (Class::Fixed, fixed)
        } else if name.starts_with("__") {
            self.sequence.own_names.push(name.into());
            (Class::Own, self.sequence.own_names.len() as u32 - 1)
        } else {
            self.variables += 1;
            (Class::Variable, self.variables - 1)
        };
        self.numbered.insert(name.into(), number);
        number
    }
}

#[cfg(test)]
#[path = "sequence_tests.rs"]
mod tests;

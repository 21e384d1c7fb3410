//! tree-sitter's tree, read where it lies.
//!
//! A cursor asks its way through the tree: several calls for every node, each of which climbs over the grammar's hidden
//! rules again. That takes a sixth of the time of parsing; going through the memory the tree is in takes two fifths of that.
//!
//! How the tree lies there is tree-sitter's own business (`SubtreeHeapData` and `SubtreeInlineData` of its `subtree.h`), so
//! it is read only as one version has it: `Cargo.toml` names that version alone. The tables of a language (`TSLanguage` of
//! `parser.h`) are what tree-sitter and a grammar, compiled apart, have agreed on; the number of that agreement is
//! looked at. Where either is not as expected the cursor is used, whose copy is the same: a test holds them together.
#![allow(unsafe_code)] // memory of C's; each use is argued where it stands

use super::concrete::{Content, Record, is_formatted, kinds, of_number};
use std::sync::LazyLock;

/// The agreement between tree-sitter and grammars whose [`Language`] is known here.
const ABI_VERSION: u32 = 15;

/// The beginning of `TSLanguage`.
#[repr(C)]
struct Language {
    abi_version: u32,
    symbol_count: u32,
    alias_count: u32,
    token_count: u32,
    external_token_count: u32,
    state_count: u32,
    large_state_count: u32,
    production_id_count: u32,
    field_count: u32,
    max_alias_sequence_length: u16,
    parse_table: *const u16,
    small_parse_table: *const u16,
    small_parse_table_map: *const u32,
    parse_actions: *const (),
    symbol_names: *const (),
    field_names: *const (),
    field_map_slices: *const Slice,
    field_map_entries: *const Field,
    symbol_metadata: *const (),
    public_symbol_map: *const u16,
    alias_map: *const u16,
    alias_sequences: *const u16,
}

/// `TSMapSlice`.
#[repr(C)]
struct Slice {
    index: u16,
    length: u16,
}

/// `TSFieldMapEntry`.
#[repr(C)]
struct Field {
    id: u16,
    child_index: u8,
    is_inherited: bool,
}

/// What the grammar says of the children of each production.
struct Tables {
    /// Children a production has room for.
    width: usize,
    /// By production and child: the symbol it is called by instead of its own, or 0.
    aliases: Vec<u16>,
    /// By production and child: its field, or 0.
    fields: Vec<u16>,
    /// By symbol: the one that is shown for it.
    shown: Vec<u16>,
}

static TABLES: LazyLock<Option<Tables>> = LazyLock::new(Tables::read);

impl Tables {
    fn read() -> Option<Tables> {
        // SAFETY: the function of the grammar's crate takes nothing and returns its static language.
        let language = unsafe { tree_sitter_python::LANGUAGE.into_raw()() }.cast::<Language>();
        // SAFETY: every version of `TSLanguage` begins with its number, and the language is never freed or written.
        if unsafe { (*language).abi_version } != ABI_VERSION {
            return None;
        }
        // SAFETY: of this version, so `Language` is how it begins; never freed or written.
        let language = unsafe { &*language };
        let productions = language.production_id_count as usize;
        let room = usize::from(language.max_alias_sequence_length);
        let symbols = (language.symbol_count + language.alias_count) as usize;
        // SAFETY: the arrays have these lengths in every generated grammar, and are as static as the language: one
        // slice for each production, the slices inside the entries, `room` aliases for each production, a symbol for each, aliases included.
        let (shown, own_aliases, slices) = unsafe {
            (
                array(language.public_symbol_map, symbols)?,
                array(language.alias_sequences, productions * room)?,
                array(language.field_map_slices, productions)?,
            )
        };
        let ends = slices
            .iter()
            .map(|slice| usize::from(slice.index) + usize::from(slice.length));
        // SAFETY: as before.
        let entries = unsafe { array(language.field_map_entries, ends.max().unwrap_or(0))? };
        let last = entries
            .iter()
            .map(|entry| usize::from(entry.child_index) + 1);
        let width = last.max().unwrap_or(0).max(room).max(1);
        let mut tables = Tables {
            width,
            aliases: vec![0; productions * width],
            fields: vec![0; productions * width],
            shown: shown.to_vec(),
        };
        for (production, slice) in slices.iter().enumerate() {
            let first = production * width;
            // The first production is that of all without aliases.
            if production > 0 {
                let own = &own_aliases[production * room..][..room];
                tables.aliases[first..first + room].copy_from_slice(own);
            }
            let entries = &entries[usize::from(slice.index)..][..usize::from(slice.length)];
            for entry in entries.iter().filter(|entry| !entry.is_inherited) {
                let field = &mut tables.fields[first + usize::from(entry.child_index)];
                if *field == 0 {
                    *field = entry.id;
                }
            }
        }
        Some(tables)
    }
}

/// # Safety
/// `first` is null, or that many values are there, for ever and never written.
unsafe fn array<T>(first: *const T, length: usize) -> Option<&'static [T]> {
    // SAFETY: as the caller promises.
    (!first.is_null()).then(|| unsafe { std::slice::from_raw_parts(first, length) })
}

/// `Length`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Length {
    bytes: u32,
    row: u32,
    column: u32,
}

/// `SubtreeHeapData`, whose children, as many [`Subtree`]s, end where it begins.
#[repr(C)]
struct Heap {
    ref_count: u32,
    padding: Length,
    size: Length,
    lookahead_bytes: u32,
    error_cost: u32,
    child_count: u32,
    symbol: u16,
    parse_state: u16,
    /// Visible, named and extra are the first three bits.
    flags: u16,
    below: Below,
}

/// The part of its union that is there if it has children.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Below {
    visible_child_count: u32,
    named_child_count: u32,
    visible_descendant_count: u32,
    dynamic_precedence: i32,
    repeat_depth: u16,
    production_id: u16,
}

/// `Subtree`: a pointer to [`Heap`], which is aligned; or a small leaf, whose first bit is set.
type Subtree = *const Heap;

/// What is wanted of a subtree.
struct Shape {
    is_visible: bool,
    is_extra: bool,
    symbol: u16,
    padding: u32,
    size: u32,
    /// The first child, how many there are, and their production.
    children: Option<(*const Subtree, u32, u16)>,
}

impl Shape {
    /// # Safety
    /// The subtree belongs to a tree that is there.
    #[inline]
    unsafe fn of(subtree: Subtree) -> Shape {
        let bits = subtree.addr() as u64;
        if bits & 1 != 0 {
            return Shape {
                is_visible: bits & 2 != 0,
                is_extra: bits & 8 != 0,
                symbol: (bits >> 8 & 0xff) as u16,
                padding: (bits >> 48 & 0xff) as u32,
                size: (bits >> 56) as u32,
                children: None,
            };
        }
        // SAFETY: not a leaf that lies in its parent, so it points to its data, which lives as long as the tree and is
        // not written while it is borrowed (its count of references aside, which is not read). What is below is read only if
        // there are children; these lie right before.
        unsafe {
            let count = (*subtree).child_count;
            Shape {
                is_visible: (*subtree).flags & 1 != 0,
                is_extra: (*subtree).flags & 4 != 0,
                symbol: (*subtree).symbol,
                padding: (*subtree).padding.bytes,
                size: (*subtree).size.bytes,
                children: (count > 0).then(|| {
                    let first = subtree.cast::<Subtree>().sub(count as usize);
                    (first, count, (*subtree).below.production_id)
                }),
            }
        }
    }
}

/// A subtree whose children are being copied.
struct Frame {
    next: *const Subtree,
    left: u32,
    /// Where the next child's padding begins.
    position: u32,
    /// Whether the next child is the first, whose padding is its parent's.
    is_first: bool,
    /// Place of the next child in the tables.
    place: usize,
    /// The field of what is visible below a hidden subtree.
    field: u16,
    /// The node to be ended with it; a hidden subtree has none.
    node: Option<u32>,
}

/// Copies a tree without errors as a cursor would. False if it cannot be read like this, and then nothing is copied.
pub(super) fn copy(root: tree_sitter::Node<'_>, source: &str, nodes: &mut Vec<Record>) -> bool {
    let Some(tables) = TABLES.as_ref() else {
        return false;
    };
    let (start, kind) = (root.start_byte() as u32, root.kind_id());
    let slot = root.into_raw().id.cast::<Subtree>();
    // SAFETY: a node's `id` points to its subtree in the tree, which `root` borrows, so that it is neither freed nor changed.
    let shape = unsafe { Shape::of(*slot) };
    let Some(children) = shape.children else {
        return false;
    };
    nodes.push(Record::new(start, start + shape.size, kind, 0));
    let kinds = kinds();
    let mut open = vec![Frame::new(tables, children, start, 0, Some(0))];
    while let Some(frame) = open.last_mut() {
        if frame.left == 0 {
            let copied = nodes.len() as u32;
            if let Some(record) = frame.node.and_then(|node| nodes.get_mut(node as usize)) {
                record.next = copied;
            }
            open.pop();
            continue;
        }
        // SAFETY: `left` children are still there from `next` on, each a subtree of the tree `root` borrows.
        let shape = unsafe {
            let child = *frame.next;
            frame.next = frame.next.add(1);
            Shape::of(child)
        };
        frame.left -= 1;
        let padding = if frame.is_first { 0 } else { shape.padding };
        let start = frame.position + padding;
        frame.position = start + shape.size;
        frame.is_first = false;
        let (mut alias, mut field) = (0, 0);
        if !shape.is_extra {
            alias = tables.aliases.get(frame.place).copied().unwrap_or(0);
            field = tables.fields.get(frame.place).copied().unwrap_or(0);
            frame.place += 1;
            if field == 0 {
                field = frame.field;
            }
        }
        if !shape.is_visible && alias == 0 {
            if let Some(children) = shape.children {
                open.push(Frame::new(tables, children, start, field, None));
            }
            continue;
        }
        let symbol = if alias == 0 { shape.symbol } else { alias };
        let shown = tables.shown.get(usize::from(symbol));
        let number = shown.copied().unwrap_or(symbol);
        let kind = of_number(kinds, number);
        if kind.is_extra {
            continue;
        }
        let index = nodes.len() as u32;
        let mut record = Record::new(start, start + shape.size, number, field);
        record.next = index + 1;
        nodes.push(record);
        let is_entered = match kind.content {
            Content::Matters => true,
            Content::Opaque => false,
            Content::String => is_formatted(source, start as usize),
        };
        if let Some(children) = shape.children.filter(|_| is_entered) {
            open.push(Frame::new(tables, children, start, 0, Some(index)));
        }
    }
    true
}

impl Frame {
    #[inline]
    fn new(
        tables: &Tables,
        (next, left, production): (*const Subtree, u32, u16),
        position: u32,
        field: u16,
        node: Option<u32>,
    ) -> Frame {
        Frame {
            next,
            left,
            position,
            is_first: true,
            place: usize::from(production) * tables.width,
            field,
            node,
        }
    }
}

#[cfg(test)]
#[path = "subtree_tests.rs"]
mod tests;

use super::*;
use crate::python::{Text, tree::by_hand};
use proptest::prelude::*;

/// A node of a tree written by hand: class, what it carries, number of nodes below it.
fn node(kind: Kind, text: Text<'_>, below: u32) -> (Kind, Text<'_>, u32) {
    (kind, text, below)
}

fn tree(nodes: &[(Kind, Text<'_>, u32)]) -> Tree {
    let nodes: Vec<_> = nodes
        .iter()
        .zip(1..)
        .map(|((kind, text, below), line)| (*kind, *text, line, *below))
        .collect();
    by_hand(&nodes)
}

fn id(name: &str) -> Text<'_> {
    Text::Identifier(name)
}

/// `def f(__a, b): print(f, "s", 1, __a, __name__)` with the fields that matter.
fn example() -> Tree {
    tree(&[
        node(Kind::Module, Text::None, 19),
        node(Kind::FunctionDef, id("f"), 18),
        node(Kind::Arguments, Text::None, 2),
        node(Kind::Arg, id("__a"), 0),
        node(Kind::Arg, id("b"), 0),
        node(Kind::Expr, Text::None, 14),
        node(Kind::Call, Text::None, 13),
        node(Kind::Name, id("print"), 1),
        node(Kind::Load, Text::None, 0),
        node(Kind::Name, id("f"), 1),
        node(Kind::Load, Text::None, 0),
        node(Kind::Constant, Text::Str("s"), 0),
        node(Kind::Constant, Text::None, 0),
        node(Kind::Name, id("__a"), 1),
        node(Kind::Load, Text::None, 0),
        node(Kind::Name, id("__name__"), 1),
        node(Kind::Load, Text::None, 0),
        node(Kind::UnaryOp, Text::None, 2),
        node(Kind::Not, Text::None, 0),
        node(Kind::Constant, Text::None, 0),
    ])
}

#[test]
fn items_follow_the_walk() {
    let items: Vec<_> = Sequence::of_tree(&example()).items().collect();
    let expected = [
        "Module",
        "FunctionDef",
        "var_0",
        "FunctionDef",
        "arguments",
        "Arg(__a)",
        "arg",
        "Arg(var_1)",
        "arg",
        "Expr",
        "Call",
        "Name(print)",
        "Name(var_0)",
        "Constant(str)",
        "Constant",
        "Name(__a)",
        "Name(__name__)",
        "UnaryOp",
        "Not",
        "Constant",
    ];
    assert_eq!(items, expected);
}

#[test]
fn hash_covers_items_and_zero_bytes() {
    let sequence = Sequence::of_tree(&example());
    let text: String = sequence.items().map(|item| item + "\0").collect();
    assert_eq!(sequence.structure_hash(), hex(&Sha256::digest(text)));
    let empty = Sequence::default().structure_hash();
    assert_eq!(
        empty,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
}

#[test]
fn several_trees_make_one_module_with_running_numbers() {
    let name = |name: &str| {
        tree(&[
            node(Kind::Module, Text::None, 3),
            node(Kind::Expr, Text::None, 2),
            node(Kind::Name, id(name), 1),
            node(Kind::Load, Text::None, 0),
        ])
    };
    let (a, b) = (name("a"), name("b"));
    let items: Vec<_> = Sequence::of_trees(&[&a, &b, &a]).items().collect();
    let expected = [
        "Module",
        "Expr",
        "Name(var_0)",
        "Expr",
        "Name(var_1)",
        "Expr",
        "Name(var_0)",
    ];
    assert_eq!(items, expected);
    assert_eq!(
        Sequence::of_trees(&[]).items().collect::<Vec<_>>(),
        ["Module"]
    );
}

#[test]
fn bytes_come_back_and_anything_else_is_refused() {
    let sequence = Sequence::of_tree(&example());
    let bytes = sequence.to_bytes();
    assert_eq!(Sequence::from_bytes(&bytes), Some(sequence));
    for end in 0..bytes.len() {
        assert_eq!(Sequence::from_bytes(&bytes[..end]), None, "cut at {end}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(Sequence::from_bytes(&longer), None);
    let mut newer = bytes;
    newer[4] = VERSION + 1;
    assert_eq!(Sequence::from_bytes(&newer), None);
}

#[test]
fn bytes_that_promise_much_allocate_little() {
    let mut bytes = MAGIC.to_vec();
    bytes.push(VERSION);
    bytes.push(0);
    write_varint(&mut bytes, u64::from(u32::MAX));
    assert_eq!(Sequence::from_bytes(&bytes), None);
}

fn any_sequence() -> impl Strategy<Value = Sequence> {
    let name = prop_oneof!["[a-c]", "__[a-c]{1,2}", Just("print".to_string()), "__é"];
    prop::collection::vec((0usize..4, name), 0..200).prop_map(|items| {
        let mut nodes = vec![node(Kind::Module, Text::None, items.len() as u32)];
        nodes.extend(items.iter().map(|(form, name)| match form {
            0 => node(Kind::Expr, Text::None, 0),
            1 => node(Kind::ClassDef, id(name), 0),
            2 => node(Kind::Name, id(name), 0),
            _ => node(Kind::Arg, id(name), 0),
        }));
        Sequence::of_tree(&tree(&nodes))
    })
}

proptest! {
    #[test]
    fn any_sequence_survives_the_store(sequence in any_sequence()) {
        prop_assert_eq!(Sequence::from_bytes(&sequence.to_bytes()), Some(sequence));
    }

    #[test]
    fn damaged_bytes_never_panic(sequence in any_sequence(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = sequence.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Some(read) = Sequence::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes, "what is accepted is canonical");
            read.structure_hash();
        }
    }
}

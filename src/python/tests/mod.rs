//! What CPython 3.12 accepts, refuses and builds, one behaviour a test.

use super::{Kind, Reading, SyntaxError, Text, Tree, decode, parse, parse_with_reading};

fn tree(source: &str) -> Tree {
    parse(source).unwrap_or_else(|error| panic!("{source:?}: {error}"))
}

fn refusal(source: &str) -> SyntaxError {
    match parse(source) {
        Ok(_) => panic!("{source:?} was accepted"),
        Err(error) => error,
    }
}

/// Class names in pre-order, the module's left out.
fn names(source: &str) -> String {
    let tree = tree(source);
    let names: Vec<&str> = tree.nodes[1..]
        .iter()
        .map(|node| node.kind.name())
        .collect();
    names.join(" ")
}

fn accepts(sources: &[&str]) {
    for source in sources {
        tree(source);
    }
}

fn refuses(sources: &[&str]) {
    for source in sources {
        refusal(source);
    }
}

/// Both grammars read each source, and the same way.
fn confirmed(sources: &[&str]) {
    for source in sources {
        let (_, reading) = parse_with_reading(source).expect("valid source");
        assert_eq!(reading, Reading::Confirmed, "{source:?}");
    }
}

/// Lines and columns of the calls, in pre-order.
fn calls(source: &str) -> Vec<(u32, u32)> {
    let tree = tree(source);
    let calls = tree.nodes.iter().filter(|node| node.kind == Kind::Call);
    calls.map(|node| (node.line, node.column)).collect()
}

/// The values of the text constants.
fn texts(source: &str) -> Vec<String> {
    let tree = tree(source);
    let text = |node| match tree.text_of(node) {
        Text::Str(value) => Some(value.to_owned()),
        _ => None,
    };
    tree.nodes.iter().filter_map(text).collect()
}

mod hostile;
mod trees;
mod verdicts;

//! Prints the tree of each Python file named on standard input, one node a line, for comparison with CPython's `ast`
//! (`tests/tools/compare.py --nodes`).
use dfab::python::{Text, decode, parse_with_reading};
use std::fmt::Write as _;
use std::io::{BufRead as _, Write as _};

fn main() {
    let stdin = std::io::stdin().lock();
    let mut out = std::io::stdout().lock();
    for path in stdin.lines().map_while(Result::ok) {
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let text = describe(&decode(&bytes));
        let _ = write!(out, "{path}\n{}\n{text}", text.lines().count());
        let _ = out.flush();
    }
}

fn describe(source: &str) -> String {
    let tree = match parse_with_reading(source) {
        Ok((tree, reading)) => {
            if std::env::var_os("READING").is_some() {
                return format!("{reading:?}\n");
            }
            tree
        }
        Err(error) => {
            return format!("error {error}\n")
                .replace("\n", " ")
                .trim_end()
                .to_owned()
                + "\n";
        }
    };
    let mut text = String::new();
    for node in &tree.nodes {
        let _ = write!(
            text,
            "{} {} {}:{}",
            node.kind.name(),
            node.end,
            node.line,
            node.column
        );
        match tree.text_of(node) {
            Text::None => {}
            Text::Identifier(name) => {
                let _ = write!(text, " {name}");
            }
            Text::Str(value) => {
                let _ = write!(text, " {}", value.escape_unicode());
            }
        }
        if node.positional > 0 {
            let _ = write!(text, " ={}", node.positional);
        }
        text.push('\n');
    }
    text
}

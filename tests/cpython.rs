//! Trees compared with CPython's own: with the committed ones, made by CPython 3.12, and with those the
//! machine's interpreter makes, if there is one that knows the same grammar.

use dfab::python::{Text, parse};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const FILES: [&str; 2] = ["statements", "expressions"];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/python")
        .join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(data(name)).expect("committed test data")
}

/// Titles and bodies of a file of sections headed `%% title`.
fn sections(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(title) = line.strip_prefix("%% ") {
            found.push((title.trim_end().to_owned(), String::new()));
        } else if let Some((_, body)) = found.last_mut() {
            body.push_str(line);
        }
    }
    found
}

/// One line a node, as `tests/tools/oracle.py` writes them.
fn describe(source: &str) -> Vec<String> {
    let tree = match parse(source) {
        Ok(tree) => tree,
        Err(error) => return vec![format!("error {error}")],
    };
    let line = |node: &dfab::python::Node| {
        let mut line = format!(
            "{} {} {}:{}",
            node.kind.name(),
            node.end,
            node.line,
            node.column
        );
        match tree.text_of(node) {
            Text::None => {}
            Text::Identifier(name) => line.push_str(&format!(" {name}")),
            Text::Str(value) => line.push_str(&format!(" {}", value.escape_unicode())),
        }
        if node.positional > 0 {
            let _ = write!(line, " ={}", node.positional);
        }
        line
    };
    tree.nodes.iter().map(line).collect()
}

/// CPython writes `?` for the positions it is of two minds about.
fn is_same(found: &str, wanted: &str) -> bool {
    let split = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let (found, wanted) = (split(found), split(wanted));
    found.len() == wanted.len()
        && found
            .iter()
            .zip(&wanted)
            .enumerate()
            .all(|(at, (left, right))| left == right || (at == 2 && right == "?"))
}

fn compare(title: &str, source: &str, wanted: &[&str]) {
    let found = describe(source);
    for (index, (left, right)) in found.iter().zip(wanted).enumerate() {
        assert!(
            is_same(left, right),
            "{title}, node {index}:\n  dfab    {left}\n  CPython {right}"
        );
    }
    assert_eq!(found.len(), wanted.len(), "{title}: number of nodes");
}

#[test]
fn snippets_give_the_trees_cpython_3_12_gave() {
    for file in FILES {
        let expected = read(&format!("{file}.expected"));
        let snippets = read(&format!("{file}.txt"));
        let (snippets, expected) = (sections(&snippets), sections(&expected));
        assert_eq!(snippets.len(), expected.len());
        for ((title, source), (wanted_title, wanted)) in snippets.iter().zip(&expected) {
            assert_eq!(title, wanted_title);
            let wanted: Vec<&str> = wanted.lines().collect();
            compare(&format!("{file}: {title}"), source, &wanted);
        }
    }
}

/// An interpreter whose grammar is 3.12's: newer ones have other trees.
fn python() -> Option<String> {
    let named = std::env::var("DFAB_PYTHON").ok();
    let candidates = named
        .into_iter()
        .chain(["python3.12", "python3"].map(str::to_owned))
        .chain(of_pyenv());
    candidates.into_iter().find(|python| {
        let check = "import sys; sys.exit(sys.version_info[:2] != (3, 12))";
        let status = Command::new(python)
            .args(["-c", check])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.is_ok_and(|status| status.success())
    })
}

/// The 3.12 interpreters pyenv keeps, whichever version its shims stand for.
fn of_pyenv() -> Vec<String> {
    let root = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let versions = root.and_then(|root| std::fs::read_dir(root.join("versions")).ok());
    let mut found: Vec<String> = versions
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("3.12"))
        .filter_map(|entry| {
            entry
                .path()
                .join("bin/python3.12")
                .to_str()
                .map(str::to_owned)
        })
        .collect();
    found.sort();
    found
}

#[test]
fn the_machine_s_cpython_agrees() {
    let Some(python) = python() else {
        eprintln!("skipped: no CPython 3.12 found (set DFAB_PYTHON to one)");
        return;
    };
    let script = "import sys; sys.path.insert(0, sys.argv[1]); import oracle\n\
                  for line in oracle.describe(sys.stdin.read()): print(line)";
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools");
    for file in FILES {
        for (title, source) in sections(&read(&format!("{file}.txt"))) {
            let output = run(
                &python,
                &["-B", "-X", "utf8", "-c", script],
                &tools,
                &source,
            );
            let wanted: Vec<&str> = output.lines().collect();
            compare(&format!("{file}: {title}"), &source, &wanted);
        }
    }
}

/// The same tool that walks whole libraries, over small sources: files of this project, and variants of them with
/// one edit each.
#[test]
fn the_comparison_tool_finds_no_difference() {
    let Some(python) = python() else {
        eprintln!("skipped: no CPython 3.12 found (set DFAB_PYTHON to one)");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compare = |options: &[&str]| {
        let output = Command::new(&python)
            .args(["-B", "-X", "utf8"])
            .arg(root.join("tests/tools/compare.py"))
            .args(["--dfab", env!("CARGO_BIN_EXE_dfab")])
            .args(options)
            .args([root.join("examples"), root.join("tests")])
            .stdin(Stdio::null())
            .output()
            .expect("the interpreter answered before");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{printed}\n{said}");
        printed
    };
    let files = compare(&[]);
    assert!(files.contains(" 0 different"), "{files}");
    let variants = compare(&["--mutations", "1500", "--seed", "3"]);
    assert!(variants.starts_with("1500 sources, "), "{variants}");
}

fn run(python: &str, arguments: &[&str], tools: &Path, input: &str) -> String {
    use std::io::Write as _;
    let mut child = Command::new(python)
        .args(arguments)
        .arg(tools)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the interpreter answered before");
    let mut stdin = child.stdin.take().expect("piped");
    stdin
        .write_all(input.as_bytes())
        .expect("it reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8(output.stdout).expect("UTF-8 as asked")
}

use super::super::concrete::Concrete;
use super::*;

/// Both copies of a source's tree; `None` if it has errors.
fn both(source: &str) -> Option<(Vec<Record>, Vec<Record>)> {
    // Before anything is made, as everywhere.
    crate::python::lower::pool::install();
    let mut parser = tree_sitter::Parser::new();
    let language = tree_sitter_python::LANGUAGE.into();
    parser
        .set_language(&language)
        .expect("the grammar fits the library");
    let tree = parser.parse(source, None).expect("no limits are set");
    let root = tree.root_node();
    if root.has_error() {
        return None;
    }
    let mut copied = Vec::new();
    assert!(
        copy(root, source, &mut copied),
        "the layout is not the known one"
    );
    Some((
        copied,
        Concrete::by_cursor(root, source, Vec::new()).into_records(),
    ))
}

#[test]
fn a_tree_is_read_as_a_cursor_shows_it() {
    let sources = [
        include_str!("../../../tests/data/python/statements.txt"),
        include_str!("../../../tests/data/python/expressions.txt"),
    ];
    let lines = sources.iter().flat_map(|text| text.split('\n'));
    let blocks = sources.iter().flat_map(|text| text.split("\n\n"));
    let mut compared = 0;
    for source in sources.iter().copied().chain(blocks).chain(lines) {
        if let Some((copied, shown)) = both(source) {
            assert_eq!(copied, shown, "{source}");
            compared += 1;
        }
    }
    assert!(compared > 300, "{compared}");
}

#[test]
fn what_the_grammar_hides_and_renames_is_read_as_a_cursor_shows_it() {
    // Aliases, hidden rules with fields, extras inside everything, tokens too large to lie in their parent.
    let name = "n".repeat(300);
    let blanks = " ".repeat(300);
    let lines = "\n".repeat(20);
    for source in [
        "match x:\n  case {'a': A(b, *c, d=1, **e)} if f: pass\n  case -1 | 2.5 | None | x.y: pass\n",
        "f'{a!r:>{w}}' f\"\"\"{b = :{c:{d}}}\"\"\" rb'x'\n",
        "with (a as b, c as d), e: pass\nprint >> f, g\nexec 'x' in y\n",
        "async def f(a, /, b: c = d, *e, g=h, **i) -> j: # comment\n  await k # another\n",
        "x = (a  # one\n  .b  # two\n  [c:d, ...]) \\\n  if e \\\n  else f\n",
        "class A[T: int, *U, **V](B, metaclass=C):\n  type X[Y] = list[Y]\n",
        "try:\n  pass\nexcept* (A, B) as c:\n  raise D from e\nelse: pass\nfinally: pass\n",
        "lambda *a, b=1: (yield), [*c for c, in d if e async for f in g]\n",
        "import a.b as c, d\nfrom ..e import (f as g, h,)\nfrom __future__ import annotations\n",
        &format!("{name}.{name}({name}={name}){blanks}# {name}\n"),
        &format!("if a:\n  b\n{lines}  c\n{lines}else:\n  d{lines}"),
        "",
        "\n\n# nothing\n",
    ] {
        let (copied, shown) = both(source).expect(source);
        assert_eq!(copied, shown, "{source}");
    }
}

/// As many files as there are on this machine, on request: `DFAB_PYTHON_FOLDERS=/usr/lib/python3`.
#[test]
fn files_are_read_as_a_cursor_shows_them() {
    let Some(folders) = std::env::var_os("DFAB_PYTHON_FOLDERS") else {
        return;
    };
    let mut compared = 0;
    let folders = std::env::split_paths(&folders);
    for entry in folders.flat_map(|folder| walkdir::WalkDir::new(folder).into_iter().flatten()) {
        let is_python = entry.path().extension().is_some_and(|end| end == "py");
        let Some(bytes) = is_python
            .then(|| std::fs::read(entry.path()).ok())
            .flatten()
        else {
            continue;
        };
        if let Some((copied, shown)) = both(&crate::python::decode(&bytes)) {
            assert!(copied == shown, "{}", entry.path().display());
            compared += 1;
        }
    }
    println!("{compared} files compared");
    assert!(compared > 0);
}

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

#[test]
fn bytes_are_decoded_with_replacement_and_newlines_become_line_feeds() {
    assert_eq!(decode(b"a\r\nb\rc\n\xff"), "a\nb\nc\n\u{fffd}");
}

#[test]
fn empty_sources_are_modules() {
    assert_eq!(names(""), "");
    assert_eq!(names("# comment"), "");
    assert_eq!(names("\n\x0c\n"), "");
}

#[test]
fn every_node_ends_after_everything_below_it() {
    let tree = tree("def f(a=1, *b: c, **d): return [x for x in a.b(c, *d, e=f)]\n");
    assert_eq!(tree.nodes[0].end as usize, tree.nodes.len());
    for (index, node) in tree.nodes.iter().enumerate() {
        assert!(node.end as usize > index && node.end as usize <= tree.nodes.len());
        for child in tree.children(index) {
            assert!(tree.nodes[child].end <= node.end);
        }
    }
}

#[test]
fn functions_list_arguments_body_decorators_returns_and_type_parameters() {
    assert_eq!(
        names("@d\ndef f[T](a, /, b=1, *c, e, g=2, **h) -> r: pass"),
        "FunctionDef arguments arg arg arg arg arg Constant arg Constant Pass Name Name TypeVar"
    );
}

#[test]
fn dictionaries_list_all_keys_before_all_values() {
    assert_eq!(
        names("{a: 1, **b, c: 'x'}"),
        "Expr Dict Name Name Constant Name Constant"
    );
}

#[test]
fn comparisons_list_operators_before_operands_to_their_right() {
    assert_eq!(
        names("a < b is not c"),
        "Expr Compare Name Lt IsNot Name Name"
    );
}

#[test]
fn attributes_and_subscripts_carry_their_context() {
    assert_eq!(
        names("a.b = c[0]"),
        "Assign Attribute Name Store Subscript Name Constant Load"
    );
    assert_eq!(
        names("del (a.b, c)"),
        "Delete Tuple Attribute Name Del Name Del"
    );
}

#[test]
fn elif_is_an_if_inside_orelse() {
    assert_eq!(
        names("if a: b\nelif c: d\nelse: e"),
        "If Name Expr Name If Name Expr Name Expr Name"
    );
}

#[test]
fn boolean_chains_are_one_node_and_parentheses_break_them() {
    assert_eq!(names("a and b and c"), "Expr BoolOp And Name Name Name");
    assert_eq!(
        names("a and (b and c)"),
        "Expr BoolOp And Name BoolOp And Name Name"
    );
}

#[test]
fn identifiers_are_normalised() {
    let tree = tree("ﬁ = 1");
    assert_eq!(tree.text(2), Text::Identifier("fi"));
}

#[test]
fn aliases_keep_their_dotted_name_and_the_name_after_as() {
    let tree = tree("import a . b as c\nfrom ..d import e as f, g");
    let aliases: Vec<(usize, Text<'_>)> = (0..tree.nodes.len())
        .filter(|index| tree.nodes[*index].kind == Kind::Alias)
        .map(|index| (index, tree.text(index)))
        .collect();
    assert_eq!(aliases[0].1, Text::Identifier("a.b"));
    assert_eq!(tree.asname(aliases[0].0), Some("c"));
    assert_eq!(tree.asname(aliases[1].0), Some("f"));
    assert_eq!(tree.asname(aliases[2].0), None);
    let from = tree
        .nodes
        .iter()
        .find(|node| node.kind == Kind::ImportFrom)
        .expect("an import");
    assert_eq!(
        (from.positional, tree.text_of(from)),
        (2, Text::Identifier("d"))
    );
}

#[test]
fn calls_count_positional_arguments_with_the_starred_ones() {
    let tree = tree("f(a, *b, c=1, *d, **e)");
    let call = tree
        .nodes
        .iter()
        .find(|node| node.kind == Kind::Call)
        .expect("a call");
    assert_eq!(call.positional, 3);
}

#[test]
fn calls_begin_where_their_function_does() {
    assert_eq!(calls("(f)(x)"), [(1, 0)]);
    assert_eq!(calls("x = (a\n  .b()\n  .c())"), [(1, 5), (1, 5)]);
    assert_eq!(calls("é(ü('ö'))"), [(1, 0), (1, 3)]);
    assert_eq!(calls("f'é{a()}' 'ü' f'{b()}'"), [(1, 5), (1, 19)]);
    assert_eq!(calls("type(x).y = z()"), [(1, 0), (1, 12)]);
}

#[test]
fn text_constants_hold_their_evaluated_value() {
    assert_eq!(texts(r#"'a' "\x62" r'\n'"#), [r"ab\n"]);
    assert_eq!(texts(r"'\N{BULLET}\u00e9\101\q'"), ["•éA\\q"]);
    assert_eq!(texts("'a\\\nb'"), ["ab"]);
    assert_eq!(texts(r"'\ud800'"), ["\u{fffd}"]);
    assert_eq!(texts("b'x'"), Vec::<String>::new());
    assert_eq!(texts(r"r'\\' r'\''"), [r"\\\'"]);
}

#[test]
fn neighbouring_texts_of_an_f_string_merge_and_empty_ones_go() {
    assert_eq!(names("f''"), "Expr JoinedStr");
    assert_eq!(texts("'a' f'b{c}d' 'e' f'{f}'"), ["ab", "de"]);
    assert_eq!(texts("f'a{x=}b'"), ["ax=", "b"]);
    assert_eq!(texts("f'{{{a}}}'"), ["{", "}"]);
    assert_eq!(texts("f'''{x # why\n = }'''"), ["x \n = "]);
}

#[test]
fn format_specifications_keep_the_empty_texts_of_the_tokenizer() {
    assert_eq!(
        names("f'{a:}'"),
        "Expr JoinedStr FormattedValue Name JoinedStr"
    );
    assert_eq!(texts("f'{a:{b}}'"), [""]);
    assert_eq!(texts("f'{a:x{b}{c}y}'"), ["x", "y"]);
    assert_eq!(texts("f'{a:{{b}}}'"), ["", ""]);
    assert_eq!(texts(r"f'{a:\N{BULLET}}'"), ["•", ""]);
}

#[test]
fn a_newline_may_end_a_format_specification_in_single_quotes() {
    assert_eq!(texts("f'{a:x\n  # comment\n}z'"), ["x", "z"]);
    assert_eq!(texts("f'{a:{b}\n}'"), [""]);
    refuses(&["f'{a:x\ny}'"]);
}

#[test]
fn patterns_are_lowered_whole() {
    assert_eq!(
        names("match a:\n case [-1, 1+2j, *_] | {'k': b, **r} | C(x, y=None) as z if g: pass"),
        "Match Name match_case MatchAs MatchOr MatchSequence MatchValue UnaryOp USub Constant \
         MatchValue BinOp Constant Add Constant MatchStar MatchMapping Constant MatchAs MatchClass \
         Name MatchAs MatchSingleton Name Pass"
    );
}

#[test]
fn tree_sitter_reads_what_its_grammar_has_otherwise() {
    confirmed(&[
        "a ^ b & c | d & e ^ f",
        "await a ** b",
        "type(x).y.z = w",
        "type(x, y)[0] = w",
        "print >> a, b",
        "f(*a or b, *c + d)",
        "with (a as b, c): d",
        "with (a, b): c",
        "with (a := b, c): d",
        "with (a, *b): c",
        "(a) = (b, c) = [d] = e",
        "x = r'\\\\'",
        "match = type = case = print = exec = _",
        "try: a\nexcept* (B, C) as d: e",
        "def f[T: int, *Ts, **P](*a: *Ts): pass",
        "type X[T] = list[T] | None",
        "x: list[a] | b | c[d] | e = f",
        "def f(x: a | b | c[d]) -> a[b] | c | d: pass",
        "f'{x:=5}'",
    ]);
}

#[test]
fn what_tree_sitter_misreads_is_read_by_the_gate() {
    let misread = |source| parse_with_reading(source).expect("valid").1 != Reading::Confirmed;
    assert!(misread("from __future__ import *"));
    assert!(misread("print >> a >> b"));
    assert_eq!(
        names("print >> a >> b"),
        "Expr BinOp BinOp Name RShift Name RShift Name"
    );
    assert_eq!(
        names("f'{x:=5}'"),
        "Expr JoinedStr FormattedValue Name JoinedStr Constant"
    );
}

#[test]
fn symbol_table_errors_are_no_syntax_errors() {
    accepts(&[
        "return 1",
        "yield",
        "await x",
        "break",
        "continue",
        "nonlocal x",
        "def f(a, a): pass",
        "from __future__ import braces",
        "x = [(yield) for a in b]",
        "async with a: pass",
        "def f():\n x = 1\n global x",
        "f(a=1, a=2)",
        "x = *a",
        "class A[T, T]: pass",
        "def f():\n from a import *",
    ]);
}

#[test]
fn python_2_is_refused() {
    refuses(&[
        "print 1",
        "exec 'a'",
        "raise A, b",
        "a <> b",
        "`a`",
        "0777",
        "1L",
        "ur'a'",
        "except A, b: pass",
        "def f((a, b)): pass",
    ]);
}

#[test]
fn newer_syntax_is_refused() {
    refuses(&[
        "t'a'",
        "try: a\nexcept A, B: c",
        "def f[T = int](): pass",
        "x = [*a for a in b]",
        "lazy import a",
    ]);
}

#[test]
fn repaired_and_misplaced_tokens_are_refused() {
    refuses(&[
        "f(",
        "x = ",
        "if a",
        "if a:",
        "def f(: pass",
        "a b",
        "1 = a",
        "f() = 1",
        "a + 1 = b",
        "f(a=1, b)",
        "f(**a, *b)",
        "def f(a=1, b): pass",
        "def f(*): pass",
        "lambda *: 1",
        "[a, b",
        "(a]",
        "a = b c",
        "for a in: b",
        "x = yield = 1",
        "None = 1",
        "del f()",
        "a: int: str",
        "import",
        "from a import",
        "from a import (b",
        "class A(: pass",
        "not",
        "a not b",
        "1__0",
        "1_",
        "0xg",
        "01",
        "1e",
        "'a",
        "'''a",
        "f'{'",
        "f'{a'",
        "f'}'",
        "f'{}'",
        "f'{a!x}'",
        "f'{a b}'",
        "'a' b'b'",
        "x = 1 $ 2",
        "a ? b",
        "if a:\nb",
        "  a",
        "if a:\n  b\n c",
        "@a",
        "async a",
        "match a:\n",
        "match a:\n case 1",
        "a if b",
        "with a as 1: b",
    ]);
}

#[test]
fn what_the_parser_behind_the_gate_lets_through_is_refused() {
    refuses(&[
        "yield, a",
        "x = yield == a",
        "yield if a else b",
        "match a:\n case [b c]: pass",
        "match a:\n case _.b: pass",
        "match a:\n case _.b(): pass",
        "f'{a:{b:{c:{d}}}}'",
        "f'{a:{b=}}'",
        r"rf'{a:\x4}'",
        "((a) := b)",
        "(a).b: c",
        "(a.b)[0].c: d",
        "with a -1as b: c",
        "type A[*b = c] = d",
        "match a:\n case B((c)=1): pass",
    ]);
    accepts(&[
        "1if a else 2",
        "[1for a in b]",
        "0xfor 1",
        "(a := (b))",
        "(a): b",
        "(a()).b: c",
    ]);
}

#[test]
fn what_the_parser_behind_the_gate_refuses_is_accepted() {
    assert_eq!(names("raise; a"), "Raise Expr Name");
    assert_eq!(names("if a: raise;"), "If Name Raise");
    assert_eq!(
        tree("a; match(1); match = 2").text(5),
        Text::Identifier("match")
    );
    refuses(&["a; match b:\n case c: pass"]);
    assert_eq!(
        names("match a:\n case A(_=1): pass"),
        "Match Name match_case MatchClass Name MatchValue Constant Pass"
    );
}

#[test]
fn invalid_characters_are_refused() {
    refuses(&[
        "\u{feff}x",
        "x = 1\0",
        "# \0",
        "x\u{a0}= 1",
        "x = \u{200b}1",
        "€ = 1",
        "x = “a”",
    ]);
    accepts(&["'\u{feff}'", "# \u{feff}", "℘ = 1", "a· = 1"]);
}

#[test]
fn characters_newer_than_unicode_15_are_refused_in_names() {
    refuses(&[
        "\u{2ebf0} = 1",
        "\u{1c89} = 1",
        r"'\N{CYRILLIC CAPITAL LETTER TJE}'",
    ]);
}

#[test]
fn bad_escapes_are_refused() {
    refuses(&[
        r"'\x4'",
        r"'\u12'",
        r"'\U00110000'",
        r"'\N{no such name}'",
        r"'\N{}'",
        r"'\NA'",
        r"b'\xZZ'",
        r"b'é'",
        r"f'\N{x}'",
        r"'\N{hangul syllable ga}'",
        r"f'\x4{a}'",
    ]);
    accepts(&[
        r"b'\u12\N'",
        r"r'\x4'",
        r"'\400'",
        r"'\N{HANGUL SYLLABLE GA}'",
        r"'\N{bell}'",
    ]);
}

#[test]
fn tabs_and_spaces_must_agree() {
    refuses(&["if a:\n\tif b:\n        c", "if a:\n        b\n\tc"]);
    accepts(&[
        "if a:\n\tb\n\tc",
        "if a:\n \x0c  b\n  c",
        "if a:\n\tif b:\n\t    c",
    ]);
}

#[test]
fn two_hundred_brackets_are_open_at_most() {
    let nested = |n: usize| format!("{}1{}", "(".repeat(n), ")".repeat(n));
    tree(&nested(200));
    assert_eq!(refusal(&nested(201)).column, 200);
    let field = |n: usize| format!("{}f'{{x}}'{}", "(".repeat(n), ")".repeat(n));
    tree(&field(199));
    refusal(&field(200));
}

#[test]
fn ninety_nine_indents_are_open_at_most() {
    let nested = |n: usize| {
        let heads: String = (0..n)
            .map(|i| format!("{}if a:\n", " ".repeat(i)))
            .collect();
        format!("{heads}{}b\n", " ".repeat(n))
    };
    tree(&nested(99));
    assert_eq!(refusal(&nested(100)).line, 101);
}

#[test]
fn decimal_integers_have_4300_digits_at_most() {
    tree(&"1".repeat(4300));
    refusal(&"1".repeat(4301));
    refusal(&format!("{}1", "1_".repeat(4300)));
    tree(&format!("0x{}", "1".repeat(5000)));
    tree(&format!("{}.0", "1".repeat(5000)));
}

#[test]
fn a_tree_has_a_thousand_levels_at_most() {
    // Module, Expr and the name are three of them.
    let signs = |n: usize| format!("{}a", "-".repeat(n));
    tree(&signs(997));
    assert!(refusal(&signs(998)).message.contains("nested too deeply"));
    let attributes = |n: usize| format!("a{}", ".b".repeat(n));
    tree(&attributes(997));
    assert!(
        refusal(&attributes(998))
            .message
            .contains("nested too deeply")
    );
}

#[test]
fn long_flat_sources_are_not_deep() {
    accepts(&[
        &format!("a{}", " and not b".repeat(3000)),
        &format!("a{}", " not in b".repeat(3000)),
        &format!("[{}]", "lambda: -a, ".repeat(3000)),
        &format!("a{}", " < -b".repeat(3000)),
        &format!("f({})", "*a, ".repeat(3000)),
        &format!("[{}]", "a if b else c, ".repeat(3000)),
        &format!("f'{}'", "{-a}".repeat(3000)),
    ]);
}

#[test]
fn hostile_nesting_ends_in_an_error_on_a_small_stack() {
    let run = || {
        for unit in [
            "(",
            "[",
            "{",
            "-",
            "~",
            "not ",
            "lambda:",
            "lambda x=",
            "a if b else ",
            "a**",
            "await ",
            "yield ",
            "*",
            "f\"{",
            "f'{a:{",
            "1+",
            "a.",
            "a[",
            "a(",
            "a()",
            "a[0]",
            "a&",
            "a^",
            "if a:",
            "class A:",
            "else ",
            "match ",
            "type ",
            "async ",
            "(yield ",
            "[x for x in ",
            "a:=",
            "a=",
            "@",
            "raise;",
            ":",
            ",",
            ")",
            "\\\n",
            "\"",
            "'''",
            "case ",
            "{a:",
            "print >>",
            "not in ",
        ] {
            let _ = parse(&unit.repeat(60_000 / unit.len()));
        }
        let elifs = format!("if a: b\n{}", "elif a: b\n".repeat(20_000));
        assert!(refusal(&elifs).message.contains("nested too deeply"));
        let sums = format!("{}a", "a+".repeat(100_000));
        assert!(refusal(&sums).message.contains("nested too deeply"));
    };
    let thread = std::thread::Builder::new().stack_size(256 << 10);
    thread
        .spawn(run)
        .expect("a thread")
        .join()
        .expect("no overflow, no panic");
}

/// The sizes here take minutes where reading is quadratic: these tests fail by not ending.
mod repeated_pieces_take_linear_time {
    use super::*;

    fn reading(source: &str) -> Reading {
        parse_with_reading(source).expect("valid").1
    }

    #[test]
    fn joined_lines() {
        let joined = "\\\n".repeat(200_000);
        assert_eq!(reading(&format!("{joined}x")), Reading::Unread);
        assert_eq!(reading(&format!("x = 1 {joined}+ 2")), Reading::Unread);
        assert_eq!(reading(&format!("({joined}2)")), Reading::Unread);
    }

    #[test]
    fn comments_before_an_indent_a_dedent_and_a_clause() {
        let comments = "#\n".repeat(200_000);
        assert_eq!(reading(&format!("if x:\n{comments} y")), Reading::Unread);
        assert_eq!(reading(&format!("if x:\n y\n{comments}z")), Reading::Unread);
        reading(&format!("if x:\n y\n{comments}else:\n z"));
        reading(&format!("try:\n y\n{comments}except:\n z"));
        reading(&format!("@x\n{comments}def f(): y"));
        reading(&format!("({comments}y)"));
    }

    #[test]
    fn hundreds_of_comments_in_a_row_are_read_twice() {
        let comments = "    # why the next line is as it is, and what else was tried\n".repeat(300);
        let source = format!("if x:\n{comments}    y\n{comments}z\n");
        assert_eq!(reading(&source), Reading::Confirmed);
    }

    #[test]
    fn characters_of_many_bytes_survive_being_handed_over_in_pieces() {
        for shift in 0..4 {
            let pad = "a".repeat(shift);
            let source = format!("{pad}x = '{}'\n{pad}ж, é, 名 = 1\n", "é名𝄞".repeat(700));
            assert_eq!(reading(&source), Reading::Confirmed);
        }
    }

    #[test]
    fn escapes_and_braces_in_f_strings() {
        for (prefix, piece) in [
            ("f", "\\n"),
            ("f", "\\{{"),
            ("rf", "\\{{"),
            ("f", "{{"),
            ("f", "}}"),
            ("rf", "}}"),
            ("f", "\\N{bell}"),
            ("rf", "\\N{{"),
        ] {
            let source = format!("{prefix}\"{}\"", piece.repeat(200_000));
            assert_eq!(reading(&source), Reading::Confirmed, "{prefix} {piece}");
        }
    }

    #[test]
    fn dotted_names() {
        let name = format!("a{}", ".a".repeat(500_000));
        for source in [format!("import {name}"), format!("from {name} import b")] {
            assert_eq!(reading(&source), Reading::Unread);
        }
    }

    #[test]
    fn short_lines() {
        assert_eq!(reading(&"x\n".repeat(200_000)), Reading::Unread);
    }
}

proptest::proptest! {
    #[test]
    fn no_source_panics(source in "[a-c0-1(){}\\[\\]:;,.=*+\\-@!'\"\\\\ \nfr#_é]{0,60}") {
        let _ = parse(&source);
    }

    #[test]
    fn mutated_programs_never_panic(at in 0usize..400, piece in "[-a(\\[{'\":,=*\\\\\n }f]{1,3}") {
        let mut source = include_str!("../../tests/data/python/expressions.txt")
            .replace("%%", "#")
            .chars()
            .skip(at * 17)
            .take(400)
            .collect::<String>();
        let middle = source.char_indices().nth(200).map_or(source.len(), |(index, _)| index);
        source.insert_str(middle, &piece);
        let _ = parse(&source);
    }
}

#[test]
fn a_refusal_names_what_was_expected_and_where() {
    let said = |source: &str| {
        let error = refusal(source);
        (error.line, error.column, error.message)
    };
    let is = |line, column, message: &str| (line, column, message.to_owned());
    assert_eq!(said("x = = 1\n"), is(1, 4, "expected an expression"));
    assert_eq!(
        said("for x in y\n  pass\n"),
        is(1, 10, "expected `:`, found newline")
    );
    assert_eq!(
        said("a b\n"),
        is(1, 2, "expected an operator, a newline or `;`")
    );
    assert_eq!(
        said("x = [1,\n  2\ny = 3\n"),
        is(1, 4, "`[` was never closed")
    );
    assert_eq!(said("f(a))\n"), is(1, 4, "unmatched `)`"));
    assert_eq!(said("f(a]\n"), is(1, 3, "`]` does not match `(`"));
    assert_eq!(
        said("f(a,\n  b]\n"),
        is(2, 3, "`]` does not match `(` on line 1")
    );
    assert_eq!(
        said("if a:\n  print b\n"),
        is(
            2,
            2,
            "`print` is a function in Python 3: expected `(` after it"
        )
    );
    assert_eq!(
        said("a = 0777\n"),
        is(
            1,
            4,
            "a decimal number cannot begin with 0; an octal one begins with 0o"
        )
    );
}

#[test]
fn an_error_inside_brackets_that_are_closed_is_where_the_parser_found_it() {
    let error = refusal("f(\n  a b,\n)\n");
    assert_eq!((error.line, error.column), (2, 4));
}

#[test]
fn what_can_be_read_of_a_refused_source_is_salvaged_in_order() {
    let parts = |source: &str| {
        refusal(source);
        let tree = super::salvage(source).expect("parts");
        let names: Vec<&str> = tree.nodes[1..]
            .iter()
            .map(|node| node.kind.name())
            .collect();
        names.join(" ")
    };
    let found = parts("a = 1\nb = = 2\nimport c\n");
    assert!(found.starts_with("Assign Name Constant"), "{found}");
    assert!(found.ends_with("Import alias"), "{found}");
    assert!(parts("def f(:\n    g(1)\n").contains("Call Name Constant"));
    assert_eq!(parts("x = (\n"), parts("x = (\n"));
}

#[test]
fn salvaging_hostile_sources_ends_quickly_and_never_overflows() {
    let pieces = [
        "(",
        "-",
        "not ",
        "f(",
        "[[",
        "{a:",
        "lambda:",
        "if a:\n",
        "f\"{",
        "match (",
        "case ((",
        "x = = y\n",
        "f(a b ",
        "def f(",
        "'",
        ",\\\n",
        "x\\\n",
        "@\\\n",
    ];
    let mut sources: Vec<String> = pieces
        .iter()
        .map(|piece| piece.repeat(super::MAX_SALVAGED_BYTES / piece.len()))
        .collect();
    let indented = |depth| format!("{}if a:\n", " ".repeat(depth));
    sources.push((0..300).map(indented).collect::<String>() + "b = = c\n");
    sources.push("(".repeat(5000) + &")".repeat(5000) + " a b");
    for source in sources {
        // Also in a thread with hardly any stack.
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        let ended = thread.spawn(move || super::salvage(&source).map(|tree| tree.nodes.len()));
        ended.expect("a thread").join().expect("no overflow");
    }
}

#[test]
fn an_else_of_try_needs_an_except() {
    refuses(&["try: a\nelse: b\nfinally: c", "try:\n a\nelse:\n b\n"]);
    accepts(&[
        "try: a\nexcept: b\nelse: c\nfinally: d",
        "try: a\nfinally: b",
    ]);
}

#[test]
fn stars_in_displays_take_no_comparison_even_after_a_parenthesis() {
    refuses(&[
        "*(a) or b,",
        "[*(args) or ()]",
        "{**(a) < b}",
        "{a: b, ** (c) and d}",
        "def f(): return *(a) in b,",
        "x = *(a)+b or c,",
        "def f(*a: *(b) or c): pass",
        "x[(*(a) or b, c)]",
    ]);
    accepts(&[
        "f(*(a) or b)",
        "f(**(a) < b)",
        "class A(*(a) or b): pass",
        "*(a or b),",
        "[*(a) + b, *((c) or d)]",
        "{**(a or b), **c}",
        "{a: (b), **(c)}",
        "x[*(a) or b, c]",
    ]);
}

#[test]
fn a_generator_s_element_is_no_bare_yield() {
    refuses(&[
        "(yield a for b in c)",
        "(yield from a for b in c)",
        "(yield a, b for b in c)",
    ]);
    accepts(&[
        "((yield a) for b in c)",
        "( (yield) for b in c)",
        "f((yield a) for b in c)",
        "(yield (a for b in c))",
    ]);
}

#[test]
fn parentheses_stand_only_where_patterns_take_them() {
    let case = |pattern: &str| format!("match a:\n case {pattern}: pass");
    for pattern in [
        "[(*a)]",
        "A(b, (*a))",
        "((*a)), b",
        "(f)()",
        "(a.b)()",
        "(a)(b=1)",
        "(1)+1j",
        "(1)+(1j)",
        "A(x, _=1)",
    ] {
        refusal(&case(pattern));
    }
    for pattern in [
        "[*a]",
        "(*a,)",
        "(*a, b)",
        "(b, *a)",
        "f()",
        "a.b()",
        "(f())",
        "(1+1j)",
        "-1-2j",
        "A(_=1)",
        "A(b=1, _=2)",
        "A(x, b=1, _=2)",
        "((a) | (b))",
    ] {
        tree(&case(pattern));
    }
}

#[test]
fn escapes_in_what_a_field_with_equals_shows_are_read() {
    refuses(&[
        r"f'{rb'\x'=}'",
        r#"f"{r'\x'=}""#,
        r#"f"{re.sub(r'\x', '')=}""#,
        r#"f"{r'\N{x}'=}""#,
    ]);
    accepts(&[r#"rf"{r'\x'=}""#, r#"f"{r'\d'=}""#, r#"f"{r'\x'}""#]);
}

#[test]
fn character_names_are_whole() {
    for name in [
        "COMBINING BREVE-MACRO",
        "CUNEIFORM SIGN ASH OVER ASH OVER AS",
        "CUNEIFORM SIGN TA ASTERIS",
        "DOGR LETTER THA",
        "MENDE KIKAKUI SYLLABLE M172 MBO",
    ] {
        refusal(&format!(r"'\N{{{name}}}'"));
    }
    for name in [
        "COMBINING BREVE-MACRON",
        "LATIN CAPITAL LETTER GHA",
        "SYRIAC SUBLINEAR COLON SKEWED LEFT",
        "NULL",
    ] {
        tree(&format!(r"'\N{{{name}}}'"));
    }
}

//! What is accepted, what is refused, and what a refusal says.

use super::*;

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

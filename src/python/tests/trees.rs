//! What is built of a source that is accepted.

use super::*;

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

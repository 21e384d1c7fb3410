//! Sources that would overflow, take forever or panic.

use super::*;

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
    use super::super::*;

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
        let mut source = include_str!("../../../tests/data/python/expressions.txt")
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
fn what_can_be_read_of_a_refused_source_is_salvaged_in_order() {
    let parts = |source: &str| {
        refusal(source);
        let tree = super::super::salvage(source).expect("parts");
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
        .map(|piece| piece.repeat(super::super::MAX_SALVAGED_BYTES / piece.len()))
        .collect();
    let indented = |depth| format!("{}if a:\n", " ".repeat(depth));
    sources.push((0..300).map(indented).collect::<String>() + "b = = c\n");
    sources.push("(".repeat(5000) + &")".repeat(5000) + " a b");
    for source in sources {
        // Also in a thread with hardly any stack.
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        let ended =
            thread.spawn(move || super::super::salvage(&source).map(|tree| tree.nodes.len()));
        ended.expect("a thread").join().expect("no overflow");
    }
}

use super::*;

fn reviewed(files: &[(&str, &str)]) -> Reviewed {
    review(&sources(files))
}

fn sources<'a>(files: &[(&'a str, &'a str)]) -> Vec<Source<'a>> {
    files
        .iter()
        .map(|(path, text)| Source {
            path,
            bytes: text.as_bytes(),
        })
        .collect()
}

/// Pattern, line and column of each violation.
fn violations(text: &str) -> Vec<(String, u32, u32)> {
    let reviewed = reviewed(&[("harness.py", text)]);
    let found = reviewed.review.files[0].violations.iter();
    found
        .map(|v| (v.pattern.clone(), v.line.unwrap(), v.column.unwrap()))
        .collect()
}

fn patterns(text: &str) -> Vec<String> {
    violations(text)
        .into_iter()
        .map(|(pattern, ..)| pattern)
        .collect()
}

#[test]
fn an_attribute_of_a_computed_value_starts_the_name_over() {
    assert_eq!(patterns("model.cuda().eval()"), ["eval"]);
    assert_eq!(patterns("a[0].os.system()"), ["os.system"]);
    assert_eq!(patterns("model.eval()"), [""; 0]);
    assert_eq!(patterns("os.path.system()"), ["os.path.system"]);
    assert_eq!(patterns("(lambda: 0)()"), [""; 0]);
}

#[test]
fn getattr_is_judged_by_its_two_constants() {
    assert_eq!(
        patterns("getattr(os, 'sys' 'tem', None)"),
        ["getattr(os, 'system')"]
    );
    assert_eq!(
        patterns("getattr(__builtins__, 'compile')"),
        ["getattr(__builtins__, 'compile')"]
    );
    assert_eq!(
        patterns("getattr(f().os, 'popen')"),
        ["getattr(os, 'popen')"]
    );
    for text in [
        "getattr(requests, 'get')",
        "getattr(os)",
        "getattr(os, name='system')",
        "getattr(os, b'system')",
        "getattr(builtins, 'eval')",
        "getattr(a.os, 'system')",
        "getattr(*os, 'system')",
    ] {
        assert_eq!(patterns(text), [""; 0], "{text}");
    }
}

#[test]
fn violations_come_in_the_trees_order() {
    let text = "@eval(1)\ndef f(a=exec(2)): compile(3)\nx = {eval(1): exec(2), exec(3): eval(4)}\n";
    let expected = [
        ("exec", 2, 8),
        ("compile", 2, 18),
        ("eval", 1, 1),
        ("eval", 3, 5),
        ("exec", 3, 23),
        ("exec", 3, 14),
        ("eval", 3, 32),
    ];
    let found = violations(text);
    let found: Vec<_> = found
        .iter()
        .map(|(pattern, line, column)| (&**pattern, *line, *column))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(
        patterns("eval(1) if exec(2) else compile(3)"),
        ["exec", "eval", "compile"]
    );
}

#[test]
fn a_syntax_error_has_a_place_and_a_message() {
    let reviewed = reviewed(&[("a.py", "x = 1\ny = = 2\n")]);
    let file = &reviewed.review.files[0];
    assert_eq!(file.structure_hash, None);
    let [violation] = &file.violations[..] else {
        panic!("{file:?}")
    };
    assert_eq!(
        (&*violation.pattern, violation.line),
        ("syntax_error", Some(2))
    );
    assert!(
        violation
            .message
            .as_ref()
            .is_some_and(|message| !message.is_empty())
    );
    assert!(!reviewed.review.accepted);
    let flat = &reviewed.review.flat_violations()[0];
    assert_eq!((&*flat.file, flat.line), ("a.py", Some(2)));
}

#[test]
fn functions_keep_duplicates_and_imports_do_not() {
    let text = "import b, a.c\nfrom .m import x\nfrom . import y\nimport b as d\n\
        def f(): pass\nasync def a():\n    def f(): pass\nclass C: pass\n";
    let reviewed = reviewed(&[("a.py", text)]);
    assert_eq!(reviewed.review.files[0].functions, ["a", "f", "f"]);
    assert_eq!(reviewed.review.files[0].imports, ["a.c", "b", "m"]);
}

#[test]
fn suspicious_text_is_found_once_each_in_the_rules_order() {
    let text = "# BEGIN PRIVATE KEY /proc/ /proc/ CHALLENGE_SHARED_TOKEN /etc/passwd";
    let reviewed = reviewed(&[("a.py", text)]);
    let expected = [
        "/etc/passwd",
        "/proc/",
        "CHALLENGE_SHARED_TOKEN",
        "BEGIN PRIVATE KEY",
    ];
    assert_eq!(reviewed.review.files[0].suspicious_patterns, expected);
    assert_eq!(reviewed.review.suspicious_count, 4);
    assert_eq!(
        (reviewed.review.critical_count, reviewed.review.accepted),
        (0, false)
    );
    let flat = reviewed.review.flat_violations();
    assert!(
        flat.iter()
            .all(|v| v.severity == Severity::Warning && v.line.is_none())
    );
}

#[test]
fn suspicious_text_is_found_in_files_that_do_not_parse() {
    let reviewed = reviewed(&[("a.py", "def (: '/proc/'")]);
    assert_eq!(reviewed.review.files[0].suspicious_patterns, ["/proc/"]);
    assert_eq!(reviewed.review.flat_violations().len(), 2);
}

#[test]
fn only_lower_case_py_files_are_reviewed() {
    let files = [
        ("a.PY", "eval(1)"),
        ("b.py.txt", "eval(1)"),
        (".py", "x"),
        ("c/d.py", "y"),
    ];
    let reviewed = reviewed(&files);
    let paths: Vec<_> = reviewed
        .review
        .files
        .iter()
        .map(|file| &*file.path)
        .collect();
    assert_eq!(paths, [".py", "c/d.py"]);
    assert_eq!(reviewed.trees.len(), 2);
}

#[test]
fn an_empty_workspace_is_accepted() {
    let reviewed = reviewed(&[]);
    assert!(reviewed.review.accepted);
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(reviewed.review.harness_hash, of_nothing);
    assert_eq!(package_sequence(&reviewed, &[]), None);
}

#[test]
fn files_that_only_parse_together_are_compared() {
    let files = [("a.py", "x = 1\\"), ("b.py", "y = 2\n")];
    let reviewed = reviewed(&files);
    assert!(
        reviewed.trees[0].1.is_none(),
        "a backslash at the end is an error on its own"
    );
    let sequence = package_sequence(&reviewed, &sources(&files)).unwrap();
    assert_eq!(sequence.items().filter(|item| item == "Assign").count(), 2);
    let located = package_located(&reviewed, &sources(&files)).unwrap();
    assert_eq!(*located.sequence(), sequence);
    assert_eq!(located.files, ["a.py", "b.py"]);
    let broken = [("a.py", "x = ="), ("b.py", "y = 2\n")];
    assert_eq!(
        package_sequence(&review(&sources(&broken)), &sources(&broken)),
        None
    );
}

#[test]
fn a_line_end_in_a_path_cannot_change_the_comparison() {
    let files = [("a\nx = 3\n#.py", "y = 2\n")];
    let sequence = package_sequence(&reviewed(&files), &sources(&files)).unwrap();
    assert_eq!(sequence.items().filter(|item| item == "Assign").count(), 2);
}

#[test]
fn shipped_data_is_an_advisory_only() {
    let line = r#"{"messages": [{"role": "user"}, {"role": "assistant"}]}"#;
    let reviewed = reviewed(&[("data.jsonl", line), ("harness.py", "x = 1\n")]);
    assert!(reviewed.review.accepted);
    let [advisory] = &reviewed.review.advisories[..] else {
        panic!()
    };
    assert_eq!(
        (&*advisory.rule, &*advisory.file),
        ("shipped-dataset", "data.jsonl")
    );
}

#[test]
fn copied_functions_line_up_across_files() {
    use crate::similarity::{Alignment, align};
    let copied = "def total(values, limit):\n    result = 0\n    for value in values:\n        \
        if value > limit:\n            break\n        result += value * 2\n    return result\n";
    let left = [("a.py", "import os\n"), ("b.py", copied)];
    let right_text = format!("X = {{'a': [1, 2, 3]}}\n\n\n{copied}");
    let right = [("main.py", right_text.as_str())];
    let located = |files: &[(&str, &str)]| {
        package_located(&reviewed(files), &sources(files))
            .unwrap()
            .located
    };
    let Alignment::Aligned { regions, .. } = align(&located(&left), &located(&right), 1 << 30)
    else {
        panic!("small sources are aligned")
    };
    let [region] = &regions[..] else {
        panic!("{regions:?}")
    };
    assert_eq!(
        (
            region.left.source,
            region.left.first_line,
            region.left.last_line
        ),
        (1, 1, 7)
    );
    assert_eq!(
        (
            region.right.source,
            region.right.first_line,
            region.right.last_line
        ),
        (0, 4, 10)
    );
}

#[test]
fn very_many_violations_are_counted_exactly_and_listed_up_to_a_limit() {
    let many = "eval()\ncompile()\n".repeat(MAX_LISTED_VIOLATIONS);
    let reviewed = reviewed(&[
        ("a.py", "exec()\n"),
        ("b.py", &many),
        ("c.py", "exec()\nrequests.get()\n"),
        ("d.py", "def f(:\n"),
    ]);
    let review = &reviewed.review;
    assert_eq!(review.critical_count, MAX_LISTED_VIOLATIONS + 3);
    assert_eq!(review.warning_count, MAX_LISTED_VIOLATIONS);
    assert!(!review.accepted);
    let listed: Vec<usize> = review.files.iter().map(|f| f.violations.len()).collect();
    // A file that does not parse always says so.
    assert_eq!(listed, [1, MAX_LISTED_VIOLATIONS - 1, 0, 1]);
    assert_eq!(review.violations_omitted, MAX_LISTED_VIOLATIONS + 3);
    assert_eq!(review.flat_violations().len(), MAX_LISTED_VIOLATIONS + 1);
    let last = review.files[1].violations.last().unwrap();
    assert_eq!(last.line, Some(MAX_LISTED_VIOLATIONS as u32 - 1));
    let json = serde_json::to_value(review).unwrap();
    assert_eq!(json["violations_omitted"], MAX_LISTED_VIOLATIONS + 3);
    assert_eq!(&serde_json::from_value::<Review>(json).unwrap(), review);
}

#[test]
fn a_review_that_lists_everything_does_not_mention_omissions() {
    let exact = "eval()\n".repeat(MAX_LISTED_VIOLATIONS);
    let review = reviewed(&[("a.py", &exact)]).review;
    assert_eq!(review.violations_omitted, 0);
    assert_eq!(review.files[0].violations.len(), MAX_LISTED_VIOLATIONS);
    let json = serde_json::to_value(&review).unwrap();
    assert!(json.get("violations_omitted").is_none());
    assert_eq!(serde_json::from_value::<Review>(json).unwrap(), review);
}

#[test]
fn a_syntax_error_shows_its_line() {
    let shown = |source: &str| {
        let reviewed = review(&[Source {
            path: "a.py",
            bytes: source.as_bytes(),
        }]);
        reviewed.review.files[0].violations[0]
            .excerpt
            .clone()
            .expect("an excerpt")
    };
    let excerpt = shown("x = 1\n  é = = 2\n");
    assert_eq!((&*excerpt.text, excerpt.caret), ("  é = = 2", 0));
    let excerpt = shown("é = = 2");
    assert_eq!((&*excerpt.text, excerpt.caret), ("é = = 2", 4));
}

#[test]
fn only_the_part_of_a_long_line_around_an_error_is_shown() {
    let source = format!(
        "x = [{}y z{}]",
        "1, ".repeat(100_000),
        ", 1".repeat(100_000)
    );
    let reviewed = review(&[Source {
        path: "a.py",
        bytes: source.as_bytes(),
    }]);
    let excerpt = reviewed.review.files[0].violations[0]
        .excerpt
        .clone()
        .expect("an excerpt");
    assert_eq!(excerpt.text.chars().nth(excerpt.caret), Some('z'));
    assert!(excerpt.text.starts_with('…') && excerpt.text.ends_with('…'));
    assert!(excerpt.text.chars().count() < 150);
}

#[test]
fn a_file_that_does_not_parse_still_gets_advice() {
    let source = "import os\nfrom ctypes import CDLL\n\ndef f(x):\n    if x:\n        os.system('ls')\n        \
                  return x +\n\nclass A:\n    def g(self):\n        e = eval\n        e('1')\n\nprint 'done'\n";
    let reviewed = review(&[Source {
        path: "a.py",
        bytes: source.as_bytes(),
    }]);
    let file = &reviewed.review.files[0];
    assert_eq!(file.violations.len(), 1, "as the service has it");
    assert_eq!(file.structure_hash, None);
    assert!(file.functions.is_empty() && file.imports.is_empty());
    assert!(reviewed.trees[0].1.is_none());
    let found: Vec<_> = reviewed
        .review
        .advisories
        .iter()
        .map(|advisory| (&*advisory.rule, advisory.line))
        .collect();
    assert!(
        found.contains(&("behind-syntax-error", Some(6))),
        "{found:?}"
    );
    assert!(found.contains(&("native-code", Some(2))), "{found:?}");
    assert!(
        found.contains(&("indirect-execution", Some(12))),
        "{found:?}"
    );
}

#[test]
fn nested_detours_cost_no_more_than_their_length() {
    let nested = (0..16).fold("os".to_owned(), |inner, _| format!("g({inner}, 'a')"));
    let source = format!(
        "import os\ng = getattr\ng = vars\n{}",
        format!("{nested}\n").repeat(2000)
    );
    // Every level twice as dear as the one inside, this would take minutes.
    let reviewed = review(&[Source {
        path: "a.py",
        bytes: source.as_bytes(),
    }]);
    assert!(reviewed.review.accepted);
}

#[test]
fn names_from_a_star_import_and_calls_of_calls_are_followed() {
    let source = "from os import *\nsystem('ls')\neval.__call__('1')\ngetcwd()\n";
    let reviewed = review(&[Source {
        path: "a.py",
        bytes: source.as_bytes(),
    }]);
    let found: Vec<_> = reviewed
        .review
        .advisories
        .iter()
        .filter(|advisory| advisory.rule == "indirect-execution")
        .map(|advisory| advisory.line)
        .collect();
    assert_eq!(found, [Some(2), Some(3)]);
}

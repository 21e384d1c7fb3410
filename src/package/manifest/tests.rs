//! Manifests as PyYAML's safe loader reads them; expected values were checked against it.

use serde_json::{Value as Json, json};

use super::{Manifest, read};
use crate::package::PackageError;

fn manifest(text: &str) -> Manifest {
    read("manifest.yaml", text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn json_of(text: &str) -> Json {
    Json::Object(manifest(text).object)
}

fn refusal(text: impl AsRef<[u8]>) -> (&'static str, String) {
    match read("manifest.yaml", text.as_ref()) {
        Ok(manifest) => panic!("accepted: {}", manifest.json),
        Err(error) => (error.code(), error.to_string()),
    }
}

fn value(text: &str) -> Json {
    json_of(&format!("k: {text}"))["k"].clone()
}

#[test]
fn scalars_follow_yaml_1_1() {
    for (text, expected) in [
        ("yes", json!(true)),
        ("Off", json!(false)),
        ("y", json!("y")),
        ("oN", json!("oN")),
        ("~", json!(null)),
        ("017", json!(15)),
        ("0o17", json!("0o17")),
        ("018", json!("018")),
        ("1_000", json!(1000)),
        ("0x_1F", json!(31)),
        ("-0b101", json!(-5)),
        ("+12", json!(12)),
        ("-0", json!(0)),
        ("0_", json!(0)),
        ("1:30", json!(90)),
        ("-1:30", json!(-90)),
        ("190:20:30", json!(685_230)),
        ("01:30", json!("01:30")),
        ("1:60", json!("1:60")),
        ("1:30.5", json!(90.5)),
        ("1.5", json!(1.5)),
        (".5", json!(0.5)),
        ("-.5", json!("-.5")),
        ("1.", json!(1.0)),
        ("1e3", json!("1e3")),
        ("1.0e3", json!("1.0e3")),
        ("1.0e+3", json!(1000.0)),
        ("6.8523015e+5", json!(685_230.15)),
        (".inf", json!(null)),
        ("-.INF", json!(null)),
        (".NaN", json!(null)),
        ("-.nan", json!("-.nan")),
        ("'1'", json!("1")),
        ("2024-01-31", json!("2024-01-31")),
        ("2024-1-31", json!("2024-1-31")),
        (
            "2001-12-14t21:59:43.10-05:00",
            json!("2001-12-14T21:59:43.100000-05:00"),
        ),
        ("2001-12-14 21:59:43Z", json!("2001-12-14T21:59:43+00:00")),
        (
            "2001-1-4  1:59:43.1234567 +5",
            json!("2001-01-04T01:59:43.123456+05:00"),
        ),
        ("2001-12-14 21:59", json!("2001-12-14 21:59")),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}

#[test]
fn values_their_form_does_not_allow_are_refused() {
    for text in [
        "0b_",
        "0x_",
        "2024-02-30",
        "0000-01-01",
        "2024-01-01 24:00:00",
        "=",
        "<<",
        "2024-01-01 1:00:00 +24:00",
    ] {
        assert_eq!(
            refusal(format!("k: {text}")).0,
            "manifest_not_yaml",
            "{text}"
        );
    }
    assert_eq!(
        refusal(format!("k: {}", "9".repeat(4301))).0,
        "manifest_not_yaml"
    );
    assert_eq!(
        refusal(format!("k: 0x{}", "f".repeat(100_000))).0,
        "manifest_not_yaml"
    );
}

#[test]
fn integers_keep_every_digit_in_json_text() {
    let digits = "9".repeat(4300);
    assert_eq!(
        manifest(&format!("k: {digits}")).json,
        format!("{{\"k\":{digits}}}")
    );
    assert_eq!(
        manifest("a: 18446744073709551616\nb: -0x8000000000000000\nc: 1.5").json,
        "{\"a\":18446744073709551616,\"b\":-9223372036854775808,\"c\":1.5}"
    );
    assert_eq!(
        value("18446744073709551616"),
        json!(1.844_674_407_370_955_2e19)
    );
}

#[test]
fn keys_become_text() {
    let text =
        "1: a\nnull: b\ntrue: c\n2.50: d\n1.0e+22: e\n2024-01-01: f\n.inf: g\n=: h\n0.00001: i";
    assert_eq!(
        manifest(text).json,
        "{\"1\":\"c\",\"null\":\"b\",\"2.5\":\"d\",\"1e+22\":\"e\",\"2024-01-01\":\"f\",\
         \"Infinity\":\"g\",\"=\":\"h\",\"1e-05\":\"i\"}"
    );
    // 1, 1.0 and true are one key with its first form; the text "1" is another with the same text.
    assert_eq!(
        manifest("1: a\n1.0: b\ntrue: c\n\"1\": d").json,
        "{\"1\":\"d\"}"
    );
    assert_eq!(refusal("[a]: b").0, "manifest_not_yaml");
    assert_eq!(refusal("? {a: 1}\n: b").0, "manifest_not_yaml");
}

#[test]
fn last_duplicate_wins_in_the_first_place() {
    assert_eq!(manifest("a: 1\nb: 2\na: 3").json, "{\"a\":3,\"b\":2}");
    assert_eq!(
        manifest("entrypoint: a.py\nentrypoint: b.py").entrypoint,
        super::Entrypoint::Text("b.py".into())
    );
}

#[test]
fn merge_keys_give_way_to_own_ones() {
    let base = "x: &x {p: 1, q: 2}\ny: &y {q: 3, r: 4}\n";
    assert_eq!(
        json_of(&format!("{base}z: {{q: 9, <<: *x}}"))["z"],
        json!({"p": 1, "q": 9})
    );
    let merged = json_of(&format!("{base}z:\n  <<: [*x, *y]"));
    assert_eq!(merged["z"], json!({"p": 1, "q": 2, "r": 4}));
    assert_eq!(
        json_of(&format!("{base}'<<': *x"))["<<"],
        json!({"p": 1, "q": 2})
    );
    for bad in ["<<: 1", "<<: [1]", "<<: text"] {
        assert_eq!(refusal(bad).0, "manifest_not_yaml", "{bad}");
    }
}

#[test]
fn text_forms_fold_and_escape() {
    for (text, expected) in [
        ("a b\n  c\n\n  d", "a b c\nd"),
        ("'it''s\n  folded'", "it's folded"),
        ("\"\\x41\\u263a\\U0001F600\\/\\e\\\n   x\"", "A☺😀/\u{1b}x"),
        ("|\n  a\n   b\n\n", "a\n b\n"),
        ("|+\n  a\n\n", "a\n\n"),
        ("|-\n  a\n", "a"),
        (">\n  a\n  b\n\n  c\n   d\n  e\n", "a b\nc\n d\ne\n"),
        ("|2\n    a\n", "  a\n"),
        ("a#b", "a#b"),
        ("http://x:1/y", "http://x:1/y"),
        ("a\u{85}  b", "a b"),
        ("a\u{2028}  b", "a\u{2028}b"),
    ] {
        assert_eq!(value(text), json!(expected), "{text}");
    }
}

#[test]
fn collections_nest_in_either_style() {
    let text = "a:\n- 1\n- - 2\n  - {b: [c: d, ? e, f]}\ng: {h, i: , 'j':k}\n? l\n: m\n";
    let expected = json!({
        "a": [1, [2, {"b": [{"c": "d"}, {"e": null}, "f"]}]],
        "g": {"h": null, "i": null, "j": "k"},
        "l": "m",
    });
    assert_eq!(json_of(text), expected);
    assert_eq!(
        json_of("\u{feff}%YAML 1.1\n--- # start\na: &x 1\nb: *x\n..."),
        json!({"a": 1, "b": 1})
    );
}

#[test]
fn syntax_errors_name_entry_line_and_cause() {
    for (text, line) in [
        ("a: [b\n", 2),
        ("a: b\n\tc: d", 2),
        ("a: b: c", 1),
        ("a: 'open", 1),
        ("a: 1\nb", 2),
        ("a: *none", 1),
        ("a: &x 1\nb: &x 2", 2),
        ("a: @b", 1),
        ("a: \"\\q\"", 1),
        ("a: \"\\ud800\"", 1),
        ("a: |0\n  b", 1),
        ("%YAML 2.0\n--- a", 1),
        ("a: 1\n- b", 2),
        ("a: \u{1}", 1),
        ("}", 1),
    ] {
        let (code, message) = refusal(text);
        assert_eq!(code, "manifest_not_yaml", "{text:?}");
        let place = format!("\"manifest.yaml\", line {line}:");
        assert!(message.contains(&place), "{text:?}: {message}");
    }
}

#[test]
fn only_utf8_single_untagged_documents_are_read() {
    assert_eq!(
        refusal(b"a: 1\nb: \xff"),
        (
            "manifest_not_utf8",
            "manifest \"manifest.yaml\", line 2: not UTF-8".into()
        )
    );
    assert_eq!(
        refusal(
            "\u{feff}a: 1"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
        )
        .0,
        "manifest_not_utf8"
    );
    for text in ["a: 1\n---\nb: 2", "--- a\n--- b", "a\n...\n---"] {
        assert_eq!(refusal(text).0, "manifest_documents", "{text}");
    }
    for text in [
        "a: !!python/object:os.system x",
        "a: !foo b",
        "!!str a",
        "a: ! b",
        "%TAG ! x:\n--- a",
    ] {
        assert_eq!(refusal(text).0, "manifest_tag", "{text}");
    }
}

#[test]
fn aliases_cannot_blow_up() {
    let mut lines = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x, x]".to_owned()];
    for level in 1..12 {
        let inner = format!("*a{}, ", level - 1).repeat(10);
        lines.push(format!("a{level}: &a{level} [{inner}]"));
    }
    let (code, message) = refusal(lines.join("\n"));
    assert_eq!(code, "manifest_aliases");
    assert!(message.contains("aliases"), "{message}");
    for text in ["a: &a [*a]", "a: &a {b: *a}", "&a ? *a\n: 1"] {
        let code = refusal(text).0;
        assert!(
            matches!(code, "manifest_aliases" | "manifest_not_yaml"),
            "{text}: {code}"
        );
    }
    // One long text many times over.
    let text = format!(
        "a: &a {}\nb: [{}]",
        "x".repeat(100_000),
        "*a, ".repeat(1000)
    );
    assert_eq!(refusal(text).0, "manifest_aliases");
    // Merge keys multiply too, even where everything lands on the same few keys.
    let pairs: String = (0..1000).map(|key| format!("k{key}: 1, ")).collect();
    let text = format!("a: &a {{{pairs}}}\nb: {{<<: [{}]}}", "*a, ".repeat(100_000));
    assert_eq!(refusal(text).0, "manifest_aliases");
    // A few aliases are fine.
    assert_eq!(json_of("a: &a [1]\nb: [*a, *a]")["b"], json!([[1], [1]]));
}

#[test]
fn nesting_and_size_are_bounded() {
    let nested = |levels| format!("k: {}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(read("manifest.yaml", nested(98).as_bytes()).is_ok());
    for text in [
        nested(101),
        "[".repeat(1_000_000),
        "{".repeat(1_000_000),
        "- ".repeat(500_000),
        "? ".repeat(500_000),
        "[a: ".repeat(200_000),
        (0..2000)
            .map(|depth| format!("{}a:\n", " ".repeat(depth % 700)))
            .collect(),
    ] {
        let code = refusal(&text).0;
        assert_eq!(code, "manifest_too_deep", "{}", &text[..20]);
    }
    // Depth through aliases counts as well.
    let chain: String = (1..150)
        .map(|at| format!("a{at}: &a{at} [*a{}]\n", at - 1))
        .collect();
    assert_eq!(
        refusal(format!("a0: &a0 [1]\n{chain}")).0,
        "manifest_too_deep"
    );
    assert_eq!(
        refusal(" ".repeat(super::MAX_BYTES + 1)).0,
        "manifest_too_large"
    );
    assert_eq!(
        refusal(format!("k: [{}]", "1,".repeat(300_000))).0,
        "manifest_aliases"
    );
}

#[test]
fn not_a_mapping_is_the_contracts_word() {
    let error = read("manifest.yaml", b"- a").expect_err("a list");
    assert!(matches!(error, PackageError::ManifestNotMapping { .. }));
}

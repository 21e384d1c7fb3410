use super::*;
use proptest::prelude::*;

fn repr(text: &str) -> String {
    read(text)
        .map(|value| value.repr())
        .unwrap_or_else(|error| error.to_string())
}

#[test]
fn python_takes_more_than_the_standard() {
    assert_eq!(repr("[NaN, Infinity, -Infinity]"), "[nan, inf, -inf]");
    assert_eq!(repr(r#""\ud800 \udc00\ud800""#), r"'\ud800 \udc00\ud800'");
    assert_eq!(repr(r#""\ud83d\ude00\ud83d\n""#), "'\u{1f600}\\ud83d\\n'");
    assert_eq!(
        repr("[1e400, -1e400, 1e-400, -0, -0.0, 1E2]"),
        "[inf, -inf, 0.0, 0, -0.0, 100.0]"
    );
}

#[test]
fn the_last_duplicate_key_wins_in_the_place_of_the_first() {
    assert_eq!(repr(r#"{"a":1,"b":2,"a":3}"#), "{'a': 3, 'b': 2}");
}

#[test]
fn integers_are_exact_up_to_4300_digits() {
    let digits = "9".repeat(4300);
    assert_eq!(repr(&digits), digits);
    assert_eq!(repr(&format!("-{digits}")), format!("-{digits}"));
    assert!(repr(&format!("{digits}9")).starts_with("Integer of 4301 digits"));
    assert_eq!(repr("9223372036854775808"), "9223372036854775808");
}

#[test]
fn floats_of_any_length_are_rounded_correctly() {
    let zeros = "0".repeat(70_000);
    assert_eq!(repr(&format!("0.{zeros}123e70001")), "1.23");
    assert_eq!(repr(&format!("1{zeros}.0e-70000")), "1.0");
    assert_eq!(repr(&format!("1e{zeros}5")), "100000.0");
    assert_eq!(repr(&format!("-0.{zeros}e9999999999999999999999")), "-0.0");
    // Halfway between 1 and the next number, then a little more, far behind.
    let half = "1.00000000000000011102230246251565404236316680908203125";
    assert_eq!(repr(&format!("{half}{zeros}")), "1.0");
    assert_eq!(repr(&format!("{half}{zeros}1")), "1.0000000000000002");
}

#[test]
fn errors_are_worded_and_placed_as_cpythons() {
    for (text, want) in [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        (
            r#"{"messages": x"#,
            "Expecting value: line 1 column 14 (char 13)",
        ),
        (
            "{'a'",
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            r#"{"a":1,}"#,
            "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)",
        ),
        (
            r#"{"a" 1}"#,
            "Expecting ':' delimiter: line 1 column 6 (char 5)",
        ),
        ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
        ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
        ("[1", "Expecting ',' delimiter: line 1 column 3 (char 2)"),
        ("01", "Extra data: line 1 column 2 (char 1)"),
        ("1.", "Extra data: line 1 column 2 (char 1)"),
        ("-", "Expecting value: line 1 column 1 (char 0)"),
        (
            "\"é",
            "Unterminated string starting at: line 1 column 1 (char 0)",
        ),
        (
            "\"é\u{1}\"",
            "Invalid control character at: line 1 column 3 (char 2)",
        ),
        (r#""\x""#, "Invalid \\escape: line 1 column 2 (char 1)"),
        (
            r#""\u12g4""#,
            "Invalid \\uXXXX escape: line 1 column 3 (char 2)",
        ),
        (
            r#""\u1234"#,
            "Invalid \\uXXXX escape: line 1 column 3 (char 2)",
        ),
        (
            "\u{feff}{}",
            "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)",
        ),
        ("\u{a0}{}", "Expecting value: line 1 column 1 (char 0)"),
    ] {
        assert_eq!(read(text).expect_err(text).to_string(), want, "{text:?}");
    }
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(&nested(MAX_DEPTH)).is_ok());
    let error = read(&nested(MAX_DEPTH + 1)).expect_err("too deep");
    assert_eq!(error.position, MAX_DEPTH);
    assert!(read(&"[".repeat(5_000_000)).is_err());
    assert!(read(&r#"{"a":"#.repeat(1_000_000)).is_err());
}

fn to_serde(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(Int::Small(value)) => (*value).into(),
        Value::Int(Int::Big(digits)) => serde_json::from_str(digits).expect("number"),
        Value::Float(value) => (*value).into(),
        Value::Str(text) => text.as_str().expect("text").into(),
        Value::List(items) => items.iter().map(to_serde).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.as_str().expect("text").to_owned(), to_serde(value)))
            .collect(),
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn valid_json_reads_as_serde_reads_it(value in any_json(), pretty: bool) {
        let text = if pretty {
            serde_json::to_string_pretty(&value)
        } else {
            serde_json::to_string(&value)
        }
        .expect("serialises");
        prop_assert_eq!(to_serde(&read(&text).expect("valid")), value);
    }

    #[test]
    fn no_text_panics(text in r#"[\[\]{}",:\\u0-9a-fDdeE+.\-NIntrl \x01é]{0,40}"#) {
        let _ = read(&text).map(|value| value.repr());
    }
}

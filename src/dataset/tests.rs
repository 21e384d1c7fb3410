use super::*;
use proptest::prelude::*;

const TALK: &str =
    r#""messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]"#;

fn error(line: &str) -> String {
    let error = Dataset::parse(line).expect_err(line).to_string();
    error
        .strip_prefix("line 1: ")
        .map(str::to_owned)
        .unwrap_or(error)
}

fn with_message(fields: &str) -> String {
    format!(r#"{{"messages":[{{"role":"user","content":"a"}},{{{fields}}}]}}"#)
}

#[test]
fn empty_means_nothing_but_white_space() {
    for text in ["", " \n", "\u{2028}\u{3000}\u{1c}"] {
        assert_eq!(Dataset::parse(text).expect_err(text), SchemaError::Empty);
    }
}

#[test]
fn blank_lines_count_but_are_skipped() {
    let dataset = Dataset::parse(&format!("\n\u{3000}\r\n{{{TALK}}}\u{2028}\n{{{TALK}}}"));
    let lines: Vec<usize> = dataset
        .expect("valid")
        .conversations()
        .iter()
        .map(|talk| talk.line)
        .collect();
    assert_eq!(lines, [3, 5]);
    let broken = format!("{{{TALK}}}\n\n[]");
    let error = Dataset::parse(&broken).expect_err("a list").to_string();
    assert_eq!(error, "line 3: expected JSON object");
}

#[test]
fn the_first_broken_line_is_reported() {
    let text = format!("{}x\n", format!("{{{TALK}}}\n").repeat(500)) + &"{}\n".repeat(500);
    let error = Dataset::parse(&text).expect_err("broken").to_string();
    assert!(
        error.starts_with("line 501: invalid JSON: Expecting value"),
        "{error}"
    );
}

#[test]
fn the_first_error_counts_wherever_batches_end() {
    let talk = format!("{{{TALK}}}\n");
    for broken in [1, BATCH_LINES, BATCH_LINES + 1, 2 * BATCH_LINES + 7] {
        let text = talk.repeat(broken - 1) + "[]\n" + &talk + "{}\n" + &talk.repeat(BATCH_LINES);
        let error = Dataset::parse(&text).expect_err("broken").to_string();
        assert_eq!(error, format!("line {broken}: expected JSON object"));
    }
    let long = format!("{}{{{TALK}}}\n", " ".repeat(BATCH_BYTES / 3));
    let text = long.repeat(7) + "7\n" + &long;
    let error = Dataset::parse(&text).expect_err("broken").to_string();
    assert_eq!(error, "line 8: expected JSON object");
    assert_eq!(Dataset::parse(&long.repeat(7)).expect("valid").count(), 7);
}

#[test]
fn a_batch_is_bounded_by_bytes_and_by_lines_and_never_empty() {
    let sizes = |length: usize, lines: usize| -> Vec<usize> {
        let line = "x".repeat(length);
        let mut lines = (1..=lines).map(|number| (number, line.as_str()));
        let batches = std::iter::from_fn(|| Some(next_batch(&mut lines).len()));
        batches.take_while(|size| *size > 0).collect()
    };
    assert_eq!(sizes(1, BATCH_LINES + 1), [BATCH_LINES, 1]);
    assert_eq!(sizes(BATCH_BYTES / 2, 5), [2, 2, 1]);
    assert_eq!(sizes(2 * BATCH_BYTES, 2), [1, 1]);
    assert!(sizes(1, 0).is_empty());
}

#[test]
fn more_conversations_than_can_be_kept_are_checked_and_counted_only() {
    let talk = format!("{{{TALK}}}\n");
    let text = talk.repeat(5);
    let kept = |most| {
        let dataset = Dataset::parse_keeping(&text, most).expect("valid");
        (dataset.count(), dataset.conversations().len())
    };
    assert_eq!(kept(5), (5, 5));
    assert_eq!(kept(4), (5, 0));
    let error = Dataset::parse_keeping(&(text.clone() + "[]"), 2).expect_err("broken");
    assert_eq!(error.to_string(), "line 6: expected JSON object");
}

#[test]
fn fields_are_checked_in_order() {
    for (fields, want) in [
        (r#""content":5"#, "message role is required"),
        (r#""role":"","content":5"#, "message role is required"),
        (
            r#""role":"x","content":5,"function_call":5"#,
            "message content must be a string",
        ),
        (
            r#""role":"x","function_call":5,"tool_calls":5"#,
            "function_call must be an object",
        ),
        (
            r#""role":"x","function_call":{},"tool_calls":5"#,
            "invalid function_call fields",
        ),
        (
            r#""role":"x","function_call":{"name":"","arguments":null}"#,
            "invalid function_call fields",
        ),
        (r#""role":"x","tool_calls":{}"#, "tool_calls must be a list"),
        (
            r#""role":"x","tool_calls":[null]"#,
            "tool call must be an object",
        ),
        (
            r#""role":"x","tool_calls":[{"arguments":5}]"#,
            "tool call name is required",
        ),
        (
            r#""role":"x","tool_calls":[{"name":"","arguments":null}]"#,
            "tool call arguments must be an object",
        ),
        (r#""role":"x""#, "invalid role sequence"),
        (r#""role":"user""#, "invalid role sequence"),
        (r#""role":"assistant""#, "message content is empty"),
        (
            r#""role":"assistant","content":null,"tool_calls":[]"#,
            "message content is empty",
        ),
    ] {
        assert_eq!(error(&with_message(fields)), want, "{fields}");
    }
    assert_eq!(error("{}"), "missing messages field");
    assert_eq!(error(r#"{"messages":null}"#), "messages must be a list");
    assert_eq!(
        error(r#"{"messages":[],"function_calls":{}}"#),
        "function_calls must be a list"
    );
    assert_eq!(
        error(r#"{"messages":[],"function_calls":[null,1]}"#),
        "function_call must be an object"
    );
    assert_eq!(error(r#"{"messages":[]}"#), "messages array is empty");
    assert_eq!(
        error(r#"{"messages":[{"role":"x"}]}"#),
        "need at least 2 messages"
    );
}

#[test]
fn white_space_is_content() {
    assert!(Dataset::parse(&with_message(r#""role":"assistant","content":" ""#)).is_ok());
}

#[test]
fn fields_of_the_wrong_type_count_as_absent() {
    let text = format!(
        r#"{{{TALK},"id":5,"task":[],"tools":{{}},"final":null,"metadata":1,"thinking":[],"function_calls":[null]}}"#
    );
    let dataset = Dataset::parse(&text).expect("valid");
    let talk = &dataset.conversations()[0];
    assert!(talk.id.is_none() && talk.thinking.is_none() && talk.task.is_empty());
    assert!(talk.tools.is_empty() && talk.final_state.is_empty() && talk.metadata.is_empty());
    assert_eq!(talk.function_calls, Some(Vec::new()));
}

#[test]
fn broken_bytes_are_replaced() {
    assert_eq!(
        decode(b"a\xff\xe2\x28\xa1\xf0\x9f\x98"),
        "a\u{fffd}\u{fffd}(\u{fffd}\u{fffd}"
    );
    assert_eq!(decode(b"\xed\xa0\x80"), "\u{fffd}\u{fffd}\u{fffd}");
}

#[test]
fn a_sample_is_the_first_lines_that_are_not_blank() {
    assert_eq!(sample("\na\r\n \u{1f}\nb\u{2028}c\n", 2), "a\nb");
    assert_eq!(sample("", 2), "");
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Dataset::parse(&decode(&bytes));
    }
}

use super::*;
use serde_json::Value as Json;
use std::path::Path;

const DEFAULT_LIMITS: ConversationLimits = ConversationLimits {
    min_conversations: 1,
    max_conversations: 10_000,
};

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9
}

fn differences(actual: &Score, expected: &Json) -> Vec<String> {
    let actual = serde_json::to_value(actual).expect("serialises");
    let mut found = Vec::new();
    for (name, want) in expected.as_object().expect("object") {
        match name.as_str() {
            "digest" => {}
            "metrics" => {
                for (metric, want) in want.as_object().expect("object") {
                    let got = actual["metrics"][metric].as_f64().expect("number");
                    if !close(got, want.as_f64().expect("number")) {
                        found.push(format!("{metric}: {got} instead of {want}"));
                    }
                }
            }
            "score" => {
                let got = actual["score"].as_f64().expect("number");
                if !close(got, want.as_f64().expect("number")) {
                    found.push(format!("score: {got} instead of {want}"));
                }
            }
            _ if actual[name] != *want => {
                found.push(format!("{name}: {} instead of {want}", actual[name]));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn results_equal_the_live_service() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity");
    let text = std::fs::read(folder.join("datasets.expected.json")).expect("expected results");
    let expected: Json = serde_json::from_slice(&text).expect("JSON");
    let mut failures = Vec::new();
    let cases = expected.as_object().expect("object");
    assert!(cases.len() > 300);
    for (name, want) in cases {
        let bytes = std::fs::read(folder.join("datasets").join(name)).expect("dataset");
        let text = crate::dataset::decode(&bytes);
        match (
            Dataset::parse(&text),
            want.get("schema_error").and_then(Json::as_str),
        ) {
            (Err(error), Some(want)) => {
                let error = error.to_string();
                let fixed = |text: &str| match text.split_once("invalid JSON: ") {
                    Some((before, _)) => before.to_owned(),
                    None => text.to_owned(),
                };
                if fixed(&error) != fixed(want) || error != want {
                    failures.push(format!("{name}: {error:?} instead of {want:?}"));
                }
            }
            (Err(error), None) => failures.push(format!("{name}: refused: {error}")),
            (Ok(_), Some(want)) => failures.push(format!("{name}: accepted instead of {want:?}")),
            (Ok(dataset), None) => {
                if Some(dataset.digest()) != want["digest"].as_str() {
                    failures.push(format!("{name}: digest"));
                }
                for difference in differences(&score(&dataset, &DEFAULT_LIMITS), want) {
                    failures.push(format!("{name}: {difference}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn dataset(lines: &[String]) -> Dataset {
    Dataset::parse(&lines.join("\n")).expect("valid")
}

fn talk(opening: &str, rest: &str) -> String {
    format!(
        r#"{{"messages":[{{"role":"user","content":{opening:?}}},{{"role":"assistant","content":"an answer that is long enough"}}]{rest}}}"#
    )
}

fn distinct(left: &str, right: &str) -> usize {
    let lines = [talk("a", left), talk("a", right)];
    Assessment::of(&dataset(&lines)).originality.unique
}

#[test]
fn conversations_are_equal_as_parsed() {
    for (left, right) in [
        (r#","task":{"a":1,"b":2}"#, r#","task":{"b":2,"a":1}"#),
        (r#","task":{"a":1e2}"#, r#","task":{"a":100.0}"#),
        (r#","task":{"a":NaN}"#, r#","task":{"a":NaN}"#),
        (r#","task":{"a":-0}"#, r#","task":{"a":0}"#),
        (r#","task":{}"#, ""),
        (r#","tools":[]"#, ""),
        (r#","unknown":1"#, ""),
        (r#","id":5"#, r#","id":null"#),
        (r#","function_calls":[null]"#, r#","function_calls":[]"#),
    ] {
        assert_eq!(distinct(left, right), 1, "{left} {right}");
    }
    for (left, right) in [
        (r#","task":{"a":1}"#, r#","task":{"a":1.0}"#),
        (r#","task":{"a":1}"#, r#","task":{"a":true}"#),
        (r#","task":{"a":0.0}"#, r#","task":{"a":-0.0}"#),
        (r#","task":{"a":"1"}"#, r#","task":{"a":1}"#),
        (r#","task":{"a":null}"#, ""),
        (r#","function_calls":[]"#, ""),
        (r#","id":"""#, ""),
        (r#","thinking":"""#, ""),
        (r#","tools":[[]]"#, r#","tools":[[],[]]"#),
    ] {
        assert_eq!(distinct(left, right), 2, "{left} {right}");
    }
}

#[test]
fn limits_leave_only_the_count() {
    let lines: Vec<String> = (0..3).map(|n| talk(&n.to_string(), "")).collect();
    for (min, max, error) in [(4, 9, "too small"), (1, 2, "too large")] {
        let limits = ConversationLimits {
            min_conversations: min,
            max_conversations: max,
        };
        let (result, explained) = score_and_explain(&dataset(&lines), &limits);
        assert_eq!(result.error.as_deref(), Some(error));
        assert_eq!((result.conversation_count, result.total_messages), (3, 0));
        assert!(result.score == 0.0 && !result.passed && result.size_bytes > 0);
        assert_eq!(result.metrics, Metrics::default());
        assert!(explained.metrics.is_empty());
        assert_eq!(score(&dataset(&lines), &limits), result);
    }
}

proptest::proptest! {
    #[test]
    fn the_pair_mean_is_that_of_all_pairs(
        openings in proptest::collection::vec("[a-dA-B ]{0,12}", 2..40),
    ) {
        // Never empty, which would not be the schema's.
        let openings: Vec<String> = openings.iter().map(|text| format!("{text}x")).collect();
        let (found, want) = pair_means(&openings);
        proptest::prop_assert_eq!(found, want);
    }

    #[test]
    fn the_pair_mean_is_that_of_all_pairs_whatever_share_of_them_has_a_word(
        openings in proptest::collection::vec(proptest::collection::vec(0u32..2000, 1..20), 40..120),
    ) {
        // From words that half of all have to words that hardly two have; every third a long one.
        let word = |number: &u32| match (f64::from(*number) / 2000.0).powi(4) {
            share if number.is_multiple_of(3) => format!("aLongerWord{}", (share * 300.0) as u32),
            share => format!("W{}", (share * 300.0) as u32),
        };
        let openings: Vec<String> = openings
            .iter()
            .map(|words| words.iter().map(word).collect::<Vec<_>>().join(" "))
            .collect();
        let (found, want) = pair_means(&openings);
        proptest::prop_assert_eq!(found, want);
    }
}

/// The mean similarity of some openings, and what it is to be.
fn pair_means(openings: &[String]) -> (f64, f64) {
    let lines: Vec<String> = openings.iter().map(|text| talk(text, "")).collect();
    let sets: Vec<std::collections::BTreeSet<String>> = openings
        .iter()
        .map(|text| {
            text.to_lowercase()
                .split_whitespace()
                .map(str::to_owned)
                .collect()
        })
        .collect();
    let mut all = Vec::new();
    for (index, left) in sets.iter().enumerate() {
        for right in &sets[index + 1..] {
            all.push(left.intersection(right).count() as f64 / left.union(right).count() as f64);
        }
    }
    let found = pairs::Openings::new(dataset(&lines).conversations()).mean_similarity();
    (found, sum::mean(all.into_iter()))
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let lines: Vec<String> = (0..300)
        .map(|n| talk(&format!("w{} w{} w{} x", n % 7, n % 11, n % 13), ""))
        .collect();
    let dataset = dataset(&lines);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("pool");
        pool.install(|| {
            let (result, explained) = score_and_explain(&dataset, &DEFAULT_LIMITS);
            assert_eq!(score(&dataset, &DEFAULT_LIMITS), result);
            (result, explained)
        })
    };
    assert_eq!(with(1), with(4));
}

#[test]
fn an_explanation_adds_up_and_names_lines() {
    let lines = [
        talk("fix the bug", ""),
        String::new(),
        talk("fix the bug", ""),
        talk("other", ""),
    ];
    let dataset = dataset(&lines);
    let (result, explained) = score_and_explain(&dataset, &DEFAULT_LIMITS);
    let lost: f64 = explained
        .metrics
        .iter()
        .map(|metric| metric.points_lost)
        .sum();
    assert!(close(lost, 1.0 - result.score));
    assert_eq!(explained.similar_openings.len(), 1);
    assert_eq!(explained.similar_openings[0].lines, [1, 3]);
    assert_eq!(explained.similar_openings[0].distinct, 1);
    let originality = &explained.metrics[2];
    assert_eq!(originality.conversations[0].line, 3);
    assert_eq!(originality.conversations[0].reason, "same as line 1");
    assert!(explained.changes.is_sorted_by(|a, b| a.gain >= b.gain));
    assert!(explained.changes.iter().all(|change| change.gain > 0.0));
}

#[test]
fn explanations_are_bounded() {
    let lines: Vec<String> = (0..400).map(|n| talk(&format!("w{}", n / 2), "")).collect();
    let dataset = dataset(&lines);
    let (_, explained) = score_and_explain(&dataset, &DEFAULT_LIMITS);
    assert!(
        explained
            .metrics
            .iter()
            .all(|metric| metric.conversations.len() <= 10)
    );
    assert_eq!(
        (
            explained.similar_openings.len(),
            explained.more_similar_openings
        ),
        (20, 180)
    );
    assert!(
        explained
            .changes
            .iter()
            .all(|change| change.lines.len() <= 10)
    );
}

#[test]
fn sums_are_compensated() {
    assert_eq!(sum::python_sum([1e100, 1.0, -1e100]), 1.0);
    assert_eq!(sum::python_sum([0.1; 10]), 1.0);
    assert_eq!(sum::clamp(f64::NAN), 0.0);
}

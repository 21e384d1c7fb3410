use super::*;
use proptest::prelude::*;

const TOLERANCE: f64 = 1e-9;

fn review(critical: usize, warning: usize, suspicious: usize) -> Review {
    Review {
        files: Vec::new(),
        critical_count: critical,
        warning_count: warning,
        suspicious_count: suspicious,
        harness_hash: "ab".repeat(32),
        accepted: critical == 0 && suspicious == 0,
        violations_omitted: 0,
        advisories: Vec::new(),
    }
}

fn scored(value: f64) -> Score {
    Score {
        passed: value >= 0.5,
        score: value,
        conversation_count: 3,
        ..Score::default()
    }
}

/// The weighted sum that stands before penalty and judgement; the stored score comes after them.
fn weighted(m: &Metrics) -> f64 {
    0.10 * m.format_score
        + 0.25 * m.quality_score
        + 0.15 * m.originality_score
        + 0.15 * m.agentic_score
        + 0.10 * m.reasoning_score
        + 0.10 * m.function_call_score
        + 0.08 * m.coding_relevance_score
        + 0.05 * m.verifiability_score
        + 0.02 * m.diversity_score
}

#[test]
fn every_judged_package_of_the_service_gets_the_services_numbers() {
    let records: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../tests/parity/packages.expected.json")).unwrap();
    let mut judged = 0;
    for record in records.iter().filter(|record| !record["judge"].is_null()) {
        judged += 1;
        let package = record["package"].as_str().unwrap();
        let expected: Score = serde_json::from_value(record["result"].clone()).unwrap();
        let status: Option<Status> = (!record["plagiarism"].is_null())
            .then(|| serde_json::from_value(record["plagiarism"]["status"].clone()).unwrap());
        let count = |severity: &str| {
            let violations = record["violations"].as_array().unwrap();
            violations
                .iter()
                .filter(|violation| violation["severity"] == severity)
                .count()
        };
        let before = Score {
            score: clamp(weighted(&expected.metrics)),
            passed: weighted(&expected.metrics) >= 0.5,
            error: None,
            ..expected.clone()
        };

        let penalised = penalise(before, status);
        let review = review(count("critical"), count("warning"), 0);
        let judgement = judge(&penalised.metrics, penalised.passed, &review, true);
        let result = finalise(penalised, &judgement);

        for (name, value) in [
            ("overall_score", judgement.overall_score),
            ("quality_score", judgement.quality_score),
            ("completeness_score", judgement.completeness_score),
            ("anti_cheat_score", judgement.anti_cheat_score),
        ] {
            let wanted = record["judge"][name].as_f64().unwrap();
            assert!(
                (value - wanted).abs() < TOLERANCE,
                "{package} {name}: {value} {wanted}"
            );
        }
        assert!(
            (result.score - expected.score).abs() < TOLERANCE,
            "{package}: {}",
            result.score
        );
        assert_eq!(result.passed, expected.passed, "{package}");
        assert_eq!(result.error, expected.error, "{package}");
    }
    assert_eq!(judged, 12, "the table lost its judged packages");
}

#[test]
fn a_copy_keeps_a_fifth_of_its_score_and_gets_the_plagiarism_error() {
    let result = penalise(scored(0.9), Some(Status::Plagiarized));
    assert_eq!(result.score, 0.9 * 0.2);
    assert!(!result.passed);
    assert_eq!(result.error.as_deref(), Some(PLAGIARISM_ERROR));
}

#[test]
fn plagiarism_wins_over_an_earlier_error() {
    let small = Score {
        error: Some("too small".into()),
        ..Score::default()
    };
    let result = penalise(small, Some(Status::Plagiarized));
    assert_eq!(result.error.as_deref(), Some(PLAGIARISM_ERROR));
}

#[test]
fn a_too_small_dataset_keeps_its_error_and_is_judged() {
    let small = Score {
        error: Some("too small".into()),
        ..Score::default()
    };
    let result = penalise(small, Some(Status::NeedsLlmVerification));
    let judgement = judge(&result.metrics, result.passed, &review(0, 0, 0), true);
    let result = finalise(result, &judgement);
    assert_eq!(result.error.as_deref(), Some("too small"));
    assert!((result.score - 0.15 * 0.2).abs() < TOLERANCE);
    assert!(!result.passed);
}

#[test]
fn the_penalty_can_cost_the_pass() {
    assert!(penalise(scored(0.6), Some(Status::NeedsLlmVerification)).passed);
    assert!(!penalise(scored(0.55), Some(Status::NeedsLlmVerification)).passed);
    assert!(penalise(scored(0.5), Some(Status::Clean)).passed);
    assert!(penalise(scored(0.5), None).passed);
}

#[test]
fn findings_and_an_entrypoint_that_does_not_compile_cost_trust() {
    let score =
        |c, w, s, ok| judge(&Metrics::default(), false, &review(c, w, s), ok).anti_cheat_score;
    assert_eq!(score(0, 0, 0, true), 1.0);
    assert!((score(0, 0, 0, false) - 0.9).abs() < TOLERANCE);
    assert!((score(1, 0, 0, true) - 0.55).abs() < TOLERANCE);
    assert!((score(0, 3, 1, true) - 0.7).abs() < TOLERANCE);
    assert_eq!(score(3, 0, 0, true), 0.0);
}

#[test]
fn too_little_trust_fails_a_good_dataset() {
    let mut judgement = judge(&Metrics::default(), true, &review(0, 0, 0), true);
    judgement.overall_score = 1.0;
    judgement.anti_cheat_score = 0.4;
    assert!(finalise(scored(0.9), &judgement).passed);
    judgement.anti_cheat_score = 0.39;
    assert!(!finalise(scored(0.9), &judgement).passed);
}

#[test]
fn what_is_not_a_number_counts_as_nothing() {
    let metrics = Metrics {
        quality_score: f64::NAN,
        ..Metrics::default()
    };
    assert_eq!(
        judge(&metrics, false, &review(0, 0, 0), true).quality_score,
        0.0
    );
    assert_eq!(clamp(f64::INFINITY), 1.0);
    assert_eq!(clamp(f64::NEG_INFINITY), 0.0);
}

#[test]
fn the_mean_carries_lost_bits_as_cpython_does() {
    // CPython 3.12: sum([0.1] * 10) is 1.0; adding plainly gives 0.9999999999999999.
    assert_eq!(mean(&[0.1; 10]), 0.1);
    // sum([1e308, 1e308]) is inf there, not nan.
    assert_eq!(mean(&[1e308, 1e308]), f64::INFINITY);
}

#[test]
fn the_judgement_says_what_it_looked_at() {
    let judgement = judge(&Metrics::default(), false, &review(1, 2, 3), false);
    assert_eq!(
        judgement.reasoning,
        "The dataset does not clear the score bar, the review counts 1 critical, 2 warning and 3 \
         suspicious findings, and the entrypoint does not compile."
    );
    assert_eq!(judgement.tool_events[0]["result"]["suspicious_count"], 3);
    assert_eq!(judgement.tool_events[1]["result"]["compiles"], false);
    for event in &judgement.tool_events {
        let keys: Vec<_> = event.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["name", "arguments", "result"]);
    }
    assert!(!judgement.llm_used);
}

proptest! {
    #[test]
    fn every_judgement_stays_between_zero_and_one(
        values in prop::array::uniform9(-1.0f64..2.0), passed: bool, compiles: bool,
        counts in prop::array::uniform3(0usize..50),
    ) {
        let metrics = Metrics {
            format_score: values[0], quality_score: values[1], originality_score: values[2],
            agentic_score: values[3], reasoning_score: values[4], function_call_score: values[5],
            coding_relevance_score: values[6], verifiability_score: values[7],
            diversity_score: values[8],
        };
        let j = judge(&metrics, passed, &review(counts[0], counts[1], counts[2]), compiles);
        for value in [j.overall_score, j.quality_score, j.completeness_score, j.anti_cheat_score] {
            prop_assert!((0.0..=1.0).contains(&value));
        }
    }
}

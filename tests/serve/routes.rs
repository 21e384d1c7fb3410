//! Every route and its shape.

use serde_json::{Value, json};

use crate::support::{Place, Server, command};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

const SUBMISSION: [&str; 10] = [
    "id",
    "hotkey",
    "code_hash",
    "status",
    "score",
    "passed",
    "conversation_count",
    "total_messages",
    "artifact_hash",
    "error",
];
const DETAIL: [&str; 7] = [
    "filename",
    "metrics",
    "violations",
    "stdout",
    "stderr",
    "static_review",
    "judge",
];

#[test]
fn an_empty_server_answers_every_plain_route() {
    let place = Place::new();
    let server = Server::start(&place, &["--version", "7.1"]);
    for (path, expected) in [
        ("/submissions", json!([])),
        ("/leaderboard", json!([])),
        ("/get_weights", json!({"weights": {}})),
        (
            "/status",
            json!({"slug": "data-fabrication", "status": "ok", "evaluation_enabled": true, "upload_enabled": true,
                   "total_submissions": 0}),
        ),
        (
            "/stats",
            json!({"total_submissions": 0, "completed_submissions": 0, "active_miners": 0, "best_score": 0.0}),
        ),
        (
            "/dataset",
            json!({"schema": "agentic-coding-conversation-jsonl", "min_conversations": 1, "max_conversations": 10000,
                   "required_fields": ["task", "tools", "messages", "final"],
                   "roles": ["system", "user", "assistant", "tool", "function"]}),
        ),
        ("/dataset/history", json!({"history": []})),
        (
            "/dataset/consensus",
            json!({"status": "local", "validator_count": 1, "agreement_level": 1.0}),
        ),
        (
            "/health",
            json!({"status": "ok", "slug": "data-fabrication", "version": "7.1"}),
        ),
        (
            "/version",
            json!({"api_version": "1.0", "challenge_version": "7.1", "sdk_version": "1.0.0",
                   "capabilities": ["get_weights", "proxy_routes", "sqlite", "zip_harness", "ast_similarity",
                                    "plagiarism_detection"]}),
        ),
    ] {
        assert_eq!(server.json(path), expected, "{path}");
    }
}

#[test]
fn settings_show_in_what_the_server_says_of_itself() {
    let place = Place::new();
    let mut command = command(
        &place,
        &[
            "--docker-enabled",
            "true",
            "--executor",
            "sandbox",
            "--slug",
            "other",
        ],
    );
    command.args([
        "--public-submissions-enabled",
        "false",
        "--min-conversations",
        "3",
    ]);
    let server = Server::of(command);
    assert_eq!(server.json("/health")["slug"], "other");
    assert_eq!(server.json("/status")["upload_enabled"], false);
    assert_eq!(server.json("/dataset")["min_conversations"], 3);
    let version = server.json("/version");
    let capabilities = version["capabilities"].as_array().expect("a list");
    assert_eq!(capabilities.last(), Some(&json!("docker_executor")));
}

#[test]
fn a_submission_is_pending_at_first_and_evaluated_in_the_end() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let zip = crate::support::zip_of(&[("harness.py", "# case: slow\n")]);
    let pending = server.submit("5Fa", &zip).with_status(200).json();
    assert_eq!(keys(&pending), SUBMISSION);
    assert_eq!(pending["status"], "pending");
    assert_eq!(pending["code_hash"], pending["artifact_hash"]);
    assert_eq!(
        (&pending["score"], &pending["error"]),
        (&json!(0.0), &Value::Null)
    );
    let id = pending["id"].as_str().expect("an id");
    let early = server.json(&format!("/submissions/{id}"));
    assert!(
        matches!(early["status"].as_str(), Some("pending" | "running")),
        "{early}"
    );
    for object in ["metrics", "static_review", "judge", "plagiarism"] {
        assert_eq!(early[object], json!({}), "{object}");
    }
    assert_eq!(
        (&early["violations"], &early["stdout"]),
        (&json!([]), &json!(""))
    );
    let early = server.json(&format!("/v1/submissions/{id}/report"));
    let expected = json!({"submission_id": id, "metrics": {}, "static_review": {}, "judge": {}, "plagiarism": {},
                          "violations": []});
    assert_eq!(early, expected);

    let detail = server.wait_for(id, "completed");
    let expected: Vec<&str> = SUBMISSION
        .into_iter()
        .chain(DETAIL)
        .chain(["plagiarism"])
        .collect();
    assert_eq!(keys(&detail), expected);
    assert_eq!(detail["filename"], "package.zip");
    assert_eq!(detail["conversation_count"], 1);
    assert_eq!(detail["plagiarism"], Value::Null, "it was the first");
    assert_eq!(
        keys(&detail["metrics"]),
        [
            "result",
            "execution",
            "violations",
            "static_review",
            "judge",
            "plagiarism"
        ]
    );
    assert_eq!(
        keys(&detail["metrics"]["result"]),
        [
            "passed",
            "score",
            "conversation_count",
            "total_messages",
            "size_bytes",
            "metrics",
            "error"
        ]
    );
    assert_eq!(
        keys(&detail["metrics"]["execution"]),
        [
            "stdout",
            "stderr",
            "returncode",
            "duration_seconds",
            "timed_out"
        ]
    );
    assert_eq!(
        detail["metrics"]["result"]["metrics"]
            .as_object()
            .map(serde_json::Map::len),
        Some(9)
    );
    assert_eq!(server.json(&format!("/results/{id}")), detail);
    assert_eq!(server.json("/agent/5Fa"), detail);
}

#[test]
fn what_was_evaluated_shows_on_every_route() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1"]);
    let worse = server.submit_harness("5Fa", "# case: broken\n");
    let good = server.submit_harness("5Fa", "import json\n");
    let copy = server.submit_harness("5Fb", "import json\n");
    let detail = server.wait_for(&copy, "failed");
    assert_eq!(detail["error"], "nearest-neighbor code plagiarism detected");
    let neighbour =
        json!({"submission_id": good, "hotkey": "5Fa", "score": 100, "status": "plagiarized"});
    assert_eq!(detail["plagiarism"], neighbour);
    let detail = server.wait_for(&good, "completed");
    let (score, hash) = (&detail["score"], &detail["artifact_hash"]);

    let leader = json!({"rank": 1, "hotkey": "5Fa", "score": score, "submission_id": good, "conversation_count": 2,
                        "total_messages": 4});
    assert_eq!(server.json("/leaderboard"), json!([leader]));
    assert_eq!(
        server.json("/get_weights"),
        json!({"weights": {"5Fa": score}})
    );
    let stats = json!({"total_submissions": 3, "completed_submissions": 1, "active_miners": 2, "best_score": score});
    assert_eq!(server.json("/stats"), stats);
    let listed = server.json("/submissions");
    let ids: Vec<&Value> = listed
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| &row["id"])
        .collect();
    assert_eq!(
        ids,
        [&json!(copy), &json!(good), &json!(worse)],
        "newest first"
    );
    assert_eq!(keys(&listed[0]), SUBMISSION);

    assert_eq!(server.json("/agent/5Fa")["id"], json!(good), "the best");
    assert_eq!(
        server.json("/agent/5Fa/code"),
        json!({"submission_id": good, "artifact_hash": hash})
    );
    let logs = server.json("/agent/5Fa/logs");
    assert_eq!(
        (&logs["stdout"], &logs["stderr"]),
        (&detail["stdout"], &json!("working\n"))
    );
    let samples = server.json(&format!("/v1/submissions/{good}/samples"));
    assert_eq!(samples["submission_id"], json!(good));
    assert_eq!(
        samples["jsonl"].as_str().map(|text| text.lines().count()),
        Some(2)
    );
    let report = server.json(&format!("/v1/submissions/{good}/report"));
    for part in [
        "metrics",
        "static_review",
        "judge",
        "plagiarism",
        "violations",
    ] {
        assert_eq!(report[part], detail[part], "{part}");
    }
    let failed = server.json(&format!("/results/{worse}"));
    assert_eq!(failed["error"], "boom \u{1b}[31m</pre>\n");
    assert_eq!(
        failed["judge"],
        Value::Null,
        "evaluated, and there was nothing to judge"
    );
}

#[test]
fn of_equal_scores_an_agent_shows_its_newest_submission() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1"]);
    let first = server.submit_harness("5Fa", "# case: broken\na = 1\n");
    let second = server.submit_harness("5Fa", "# case: broken\nb = [2]\n");
    server.wait_for(&first, "failed");
    server.wait_for(&second, "failed");
    assert_eq!(server.json("/agent/5Fa")["id"], json!(second));
}

#[test]
fn what_is_not_there_says_so_in_its_own_words() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let id = "0".repeat(32);
    for path in [
        format!("/submissions/{id}"),
        format!("/results/{id}"),
        format!("/v1/submissions/{id}/report"),
        format!("/v1/submissions/{id}/samples"),
        "/submissions/..%2f..%2fetc%2fpasswd".to_owned(),
        "/submissions/%00".to_owned(),
    ] {
        server.get(&path).is(404, "submission not found");
    }
    for path in [
        "/agent/nobody",
        "/agent/nobody/logs",
        "/agent/nobody/code",
        "/agent/%27%20OR%201=1--",
    ] {
        server.get(path).is(404, "agent not found");
    }
    for path in [
        "/nope",
        "/submissions/",
        "/submissions/%ff",
        "/internal",
        "/docs",
    ] {
        server.get(path).is(404, "Not Found");
    }
    let answer = server.request("DELETE", "/status", &[], b"");
    answer.is(405, "Method Not Allowed");
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
    server.get("/submit").is(405, "Method Not Allowed");
}

#[test]
fn every_answer_says_what_a_browser_must_not_do_with_it() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    for path in ["/status", "/nope", "/submissions/x", "/openapi.json", "/"] {
        let answer = server.get(path);
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}");
        }
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
}

#[test]
fn requests_have_ids_and_a_line_in_the_log_without_secrets() {
    let place = Place::new();
    let server = Server::with_token(&place, &[]);
    let given = server.request(
        "GET",
        "/status?token=hidden",
        &[("x-request-id", "abc-1.2_3")],
        b"",
    );
    assert_eq!(given.header("x-request-id"), Some("abc-1.2_3"));
    let hostile = ["a b", "", "<b>", &"x".repeat(65)].map(str::to_owned);
    for id in hostile {
        let answer = server.request("GET", "/status", &[("x-request-id", &id)], b"");
        let own = answer.header("x-request-id").unwrap_or_default();
        assert!(
            own.len() == 32 && own.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{own}"
        );
    }
    let secret = [
        ("authorization", "Bearer some-secret"),
        ("x-platform-challenge-slug", "data-fabrication"),
    ];
    server
        .request("GET", "/internal/v1/get_weights", &secret, b"")
        .with_status(401);
    let (code, log) = server.stop();
    assert_eq!(code, 0);
    assert!(
        log.contains(" GET /status?… 200 ") && log.contains(" ms abc-1.2_3\n"),
        "{log}"
    );
    for secret in ["hidden", "some-secret", crate::support::TOKEN, "\u{1b}"] {
        assert!(!log.contains(secret), "{log}");
    }
}

//! Who may use the internal routes.

use serde_json::json;

use crate::support::{Answer, Place, SLUG, Server, TOKEN, command, zip_of};

const WEIGHTS: &str = "/internal/v1/get_weights";
const BRIDGE: &str = "/internal/v1/bridge/submissions";

fn ask(server: &Server, slug: Option<&str>, token: Option<&str>) -> Answer {
    let token = token.map(|token| format!("Bearer {token}"));
    let mut headers = Vec::new();
    headers.extend(slug.map(|slug| ("X-Platform-Challenge-Slug", slug)));
    headers.extend(token.as_deref().map(|token| ("Authorization", token)));
    server.request("GET", WEIGHTS, &headers, b"")
}

#[test]
fn the_slug_is_looked_at_before_the_token() {
    let place = Place::new();
    let server = Server::with_token(&place, &[]);
    for slug in [None, Some("other"), Some(""), Some("Data-Fabrication")] {
        ask(&server, slug, Some(TOKEN)).is(403, "invalid challenge slug");
        ask(&server, slug, None).is(403, "invalid challenge slug");
    }
    for token in [
        None,
        Some("other"),
        Some(""),
        Some("open-sesame-471"),
        Some("open-sesame-47111"),
    ] {
        let answer = ask(&server, Some(SLUG), token);
        answer.is(401, "invalid bearer token");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let basic = [
        ("x-platform-challenge-slug", SLUG),
        ("authorization", TOKEN),
    ];
    server
        .request("GET", WEIGHTS, &basic, b"")
        .is(401, "invalid bearer token");
    let answer = ask(&server, Some(SLUG), Some(TOKEN))
        .with_status(200)
        .json();
    assert_eq!(answer["challenge_slug"], SLUG);
    assert_eq!(answer["weights"], json!({}));
    assert!(
        answer["epoch"]
            .as_i64()
            .is_some_and(|epoch| epoch > 1_700_000_000),
        "{answer}"
    );
}

#[test]
fn without_a_token_nobody_is_let_in() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    for (slug, token) in [
        (Some(SLUG), Some(TOKEN)),
        (None, None),
        (Some(SLUG), Some("")),
    ] {
        ask(&server, slug, token).is(503, "internal token is not configured");
    }
    server
        .request("POST", BRIDGE, &[], b"x")
        .is(503, "internal token is not configured");
}

#[test]
fn a_token_file_is_read_again_when_it_changes() {
    let place = Place::new();
    let file = place.file("token", "first\n");
    let server = Server::start(&place, &["--shared-token-file", "token"]);
    ask(&server, Some(SLUG), Some("first")).with_status(200);
    place.file("token", " second ");
    ask(&server, Some(SLUG), Some("first")).is(401, "invalid bearer token");
    ask(&server, Some(SLUG), Some("second")).with_status(200);
    std::fs::remove_file(&file).expect("it is there");
    ask(&server, Some(SLUG), Some("second")).is(503, "internal token is not configured");
    place.file("token", "");
    ask(&server, Some(SLUG), Some("")).is(503, "internal token is not configured");
    place.file("token", "third");
    ask(&server, Some(SLUG), Some("third")).with_status(200);
    let (_, log) = server.stop();
    assert!(
        log.contains("shared_token_file"),
        "why nobody was let in: {log}"
    );
    for token in ["first", "second", "third"] {
        assert!(!log.contains(token), "{log}");
    }
}

#[test]
fn the_platform_hands_packages_on_with_the_token_alone() {
    let place = Place::new();
    let server = Server::with_token(&place, &["--public-submissions-enabled", "false"]);
    let zip = zip_of(&[("harness.py", "x = 1\n")]);
    server
        .submit("5Fa", &zip)
        .is(404, "submission route disabled");
    let bearer = format!("Bearer {TOKEN}");
    let admitted = [
        ("x-platform-challenge-slug", SLUG),
        ("authorization", bearer.as_str()),
    ];
    server
        .request("POST", BRIDGE, &admitted, &zip)
        .is(400, "missing hotkey");
    let by = |hotkey, filename| {
        let mut headers = admitted.to_vec();
        headers.push(("x-platform-verified-hotkey", hotkey));
        headers.push(("x-submission-filename", filename));
        headers
    };
    server
        .request("POST", BRIDGE, &by("5Fa", "x.tar"), &zip)
        .is(400, "submission filename must end with .zip");
    server
        .request("POST", BRIDGE, &by("5Fa", "x.zip"), b"")
        .is(400, "empty ZIP artifact");
    server
        .request("POST", BRIDGE, &by("5Fa", "x.zip"), b"PK")
        .is(400, "submission must be a valid ZIP archive");
    server
        .request("POST", BRIDGE, &by("5Fa", "x.zip"), &vec![0; (4 << 20) + 1])
        .is(413, "submission too large");
    let answer = server
        .request("POST", BRIDGE, &by("5Fa", "x.zip"), &zip)
        .with_status(200)
        .json();
    assert_eq!(
        (&answer["status"], &answer["hotkey"]),
        (&json!("pending"), &json!("5Fa"))
    );
    // Whatever a caller without the token sends is not looked at.
    server
        .request(
            "POST",
            BRIDGE,
            &[("x-platform-challenge-slug", SLUG)],
            &vec![0; 8 << 20],
        )
        .is(401, "invalid bearer token");
}

#[test]
fn who_lets_others_in_without_a_token_is_warned() {
    let place = Place::new();
    let warned = |listen: &str, token: bool| {
        let mut command = command(&place, &[]);
        // The later one counts for a program that takes one; ours is told once.
        let mut open = place.command(&["serve-lite", "--listen", listen]);
        open.env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"));
        if token {
            open.env("DATA_FABRICATION_SHARED_TOKEN", TOKEN);
        }
        std::mem::swap(&mut command, &mut open);
        let server = Server::of(command);
        let (_, log) = server.stop();
        log.contains("can be reached from other machines and no token is configured")
    };
    assert!(warned("0.0.0.0:0", false));
    assert!(!warned("0.0.0.0:0", true));
    assert!(!warned("127.0.0.1:0", false));
}

//! What may be handed in, and what is said of everything else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Answer, Place, Server, zip_of};

const MIB: usize = 1 << 20;

fn post_json(server: &Server, body: &Value) -> Answer {
    post_text(server, &body.to_string())
}

fn post_text(server: &Server, body: &str) -> Answer {
    server.request(
        "POST",
        "/submit",
        &[("content-type", "application/json")],
        body.as_bytes(),
    )
}

/// A form of parts: the headers of each (besides `Content-Disposition: form-data; `) and its content.
fn post_form(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
    parts: &[(&str, &[u8])],
) -> Answer {
    let mut body = Vec::new();
    for (disposition, content) in parts {
        body.extend(
            format!("--line\r\nContent-Disposition: form-data; {disposition}\r\n\r\n").bytes(),
        );
        body.extend_from_slice(content);
        body.extend(b"\r\n");
    }
    body.extend(b"--line--\r\n");
    let mut all = vec![("content-type", "multipart/form-data; boundary=line")];
    all.extend(headers);
    server.request("POST", path, &all, &body)
}

fn package() -> Vec<u8> {
    zip_of(&[("harness.py", "x = 1\n")])
}

#[test]
fn the_same_package_is_the_same_submission_however_it_is_sent() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let zip = package();
    let encoded = STANDARD.encode(&zip);
    let first = server.submit("5Fa", &zip).with_status(200).json();
    let id = first["id"].as_str().expect("an id");
    let answers = [
        post_json(
            &server,
            &json!({"hotkey": "5Fa", "filename": "x.zip", "package_base64": encoded}),
        ),
        post_json(
            &server,
            &json!({"miner_hotkey": "5Fa", "filename": "X.ZIP", "package_base64": encoded,
                                   "signature": "s".repeat(512)}),
        ),
        post_form(
            &server,
            "/submit",
            &[("x-miner-hotkey", "5Fa")],
            &[("name=\"file\"; filename=\"a.zip\"", &zip)],
        ),
        post_form(
            &server,
            "/v1/submissions?hotkey=5Fa",
            &[],
            &[("name=\"package\"; filename=\"a.zip\"", &zip)],
        ),
        post_form(
            &server,
            "/v1/submissions",
            &[],
            &[
                ("name=\"hotkey\"", b"5Fa"),
                ("name=\"artifact\"; filename=\"a.zip\"", &zip),
            ],
        ),
        server.request("POST", "/v1/submissions?hotkey=5Fa", &[], &zip),
        server.request(
            "POST",
            "/submit",
            &[("x-platform-verified-hotkey", "5Fa")],
            &zip,
        ),
        server.request(
            "POST",
            "/submit",
            &[("content-type", "text/plain"), ("x-miner-hotkey", "5Fa")],
            &zip,
        ),
    ];
    for answer in answers {
        assert_eq!(answer.with_status(200).json()["id"], json!(id));
    }
    let detail = server.wait_for(id, "completed");
    assert_eq!(detail["filename"], "package.zip", "as it was sent first");
    assert_eq!(server.json("/status")["total_submissions"], 1);
    let journal = std::fs::read_to_string(place.path("journal.jsonl")).expect("a journal");
    assert_eq!(journal.lines().count(), 1, "it was run once");
}

#[test]
fn checks_of_json_come_in_their_order() {
    let place = Place::new();
    let server = Server::start(&place, &["--max-submission-size-bytes", "4096"]);
    let direct = "submit only accepts ZIP harness packages, not direct datasets or code";
    for field in ["dataset_jsonl", "code", "harness_code"] {
        post_json(&server, &json!({field: "x", "hotkey": "5Fa"})).is(400, direct);
    }
    post_json(&server, &json!({})).is(400, "missing hotkey");
    post_json(&server, &json!({"hotkey": null, "package_base64": "!"})).is(400, "missing hotkey");
    let wanted = "submission requires package_base64 ZIP artifact";
    post_json(&server, &json!({"hotkey": "a", "filename": "x"})).is(400, wanted);
    post_json(&server, &json!({"hotkey": "a", "package_base64": ""})).is(400, wanted);
    let bad = |text: &str| json!({"hotkey": "a", "filename": "x", "package_base64": text});
    for text in ["!", "UEsD\n", "UEs", " UEsD", "UEsD=", "UEs_"] {
        post_json(&server, &bad(text)).is(400, "package_base64 is invalid");
    }
    let large = STANDARD.encode(vec![0; 4097]);
    post_json(&server, &bad(&large)).is(400, "submission filename must end with .zip");
    post_json(&server, &json!({"hotkey": "a", "package_base64": large}))
        .is(400, "submission too large");
    let zip = STANDARD.encode(b"no zip");
    post_json(&server, &json!({"hotkey": "a", "package_base64": zip}))
        .is(400, "submission must be a valid ZIP archive");
}

#[test]
fn checks_of_forms_and_raw_bodies_come_in_their_order() {
    let place = Place::new();
    let server = Server::start(&place, &["--max-submission-size-bytes", "4096"]);
    let file = "name=\"file\"; filename=\"a.tar\"";
    let key = [("x-miner-hotkey", "5Fa")];
    let large = vec![0; 5000];
    post_form(&server, "/submit", &[], &[(file, b"x")]).is(400, "missing hotkey");
    let missing = "multipart upload requires a ZIP file field";
    post_form(&server, "/submit", &key, &[]).is(400, missing);
    post_form(
        &server,
        "/submit",
        &key,
        &[("name=\"other\"; filename=\"a.zip\"", b"x")],
    )
    .is(400, missing);
    post_form(&server, "/submit", &key, &[("name=\"file\"", b"x")]).is(400, missing);
    let name = "submission filename must end with .zip";
    post_form(&server, "/submit", &key, &[(file, &large)]).is(400, name);
    let file = "name=\"file\"; filename=\"a.zip\"";
    post_form(&server, "/submit", &key, &[(file, &large)]).is(400, "submission too large");
    post_form(&server, "/submit", &key, &[(file, b"")]).is(400, "empty ZIP artifact");

    server
        .request("POST", "/submit", &[], &large)
        .is(400, "missing hotkey");
    let named = [
        ("x-miner-hotkey", "5Fa"),
        ("x-submission-filename", "a.tar"),
    ];
    server
        .request("POST", "/submit", &named, &large)
        .is(400, name);
    server
        .request("POST", "/submit", &key, &large)
        .is(400, "submission too large");
    server
        .request("POST", "/submit", &key, b"")
        .is(400, "empty ZIP artifact");
    for (zip, message) in [
        (zip_of(&[]), "ZIP does not contain files"),
        (zip_of(&[("../x.py", "")]), "unsafe ZIP path: ../x.py"),
        (
            zip_of(&[("x.so", "")]),
            "file extension is not allowed: x.so",
        ),
        (
            zip_of(&[("data_fabrication.yaml", "[1]")]),
            "manifest must be a mapping",
        ),
        (
            zip_of(&[("a.py", ""), ("b.py", "")]),
            "ZIP must contain harness.py or manifest entrypoint",
        ),
    ] {
        server
            .request("POST", "/submit", &key, &zip)
            .is(400, message);
    }
    assert_eq!(server.json("/status")["total_submissions"], 0);
    assert!(
        !place.path("artifacts").exists(),
        "nothing of them was kept"
    );
}

#[test]
fn fields_of_the_wrong_shape_are_named() {
    let place = Place::new();
    let server = Server::start(&place, &[]);
    let problem = |answer: Answer| -> Value {
        let answer = answer.with_status(422).json();
        let problems = answer["detail"].as_array().expect("a list").clone();
        for problem in &problems {
            let keys: Vec<&String> = problem.as_object().expect("an object").keys().collect();
            assert_eq!(keys, ["loc", "msg", "type"]);
        }
        json!(
            problems
                .iter()
                .map(|problem| [&problem["loc"], &problem["type"]])
                .collect::<Vec<_>>()
        )
    };
    for (body, expected) in [
        (
            json!({"hotkey": 5}),
            json!([[["body", "hotkey"], "string_type"]]),
        ),
        (
            json!({"hotkey": ""}),
            json!([[["body", "hotkey"], "string_too_short"]]),
        ),
        (
            json!({"hotkey": "é".repeat(129)}),
            json!([[["body", "hotkey"], "string_too_long"]]),
        ),
        (
            json!({"filename": "f".repeat(257), "signature": "s".repeat(513), "package_base64": ["x"]}),
            json!([
                [["body", "filename"], "string_too_long"],
                [["body", "signature"], "string_too_long"],
                [["body", "package_base64"], "string_type"]
            ]),
        ),
        (json!([1]), json!([[["body"], "model_attributes_type"]])),
        (json!("x"), json!([[["body"], "model_attributes_type"]])),
    ] {
        assert_eq!(problem(post_json(&server, &body)), expected, "{body:.80}");
    }
    assert_eq!(
        problem(post_text(&server, "{\"a\": ")),
        json!([[["body", 6], "json_invalid"]])
    );
    assert_eq!(
        problem(post_text(&server, "")),
        json!([[["body", 0], "json_invalid"]])
    );
    let deep = "[".repeat(200_000);
    post_text(&server, &deep).with_status(422);
    let long = "k".repeat(129);
    let by_header = server.request("POST", "/submit", &[("x-miner-hotkey", &long)], b"x");
    assert_eq!(
        problem(by_header),
        json!([[["header", "x-miner-hotkey"], "string_too_long"]])
    );
    let by_query = server.request("POST", &format!("/submit?hotkey={long}"), &[], b"x");
    assert_eq!(
        problem(by_query),
        json!([[["query", "hotkey"], "string_too_long"]])
    );
    let form = [
        ("content-type", "multipart/form-data; boundary=line"),
        ("x-miner-hotkey", "a"),
    ];
    for body in [
        &b""[..],
        b"--line",
        b"--line\r\nno header\r\n\r\nx",
        b"--other--\r\n",
        b"\0\xff",
    ] {
        let answer = server.request("POST", "/submit", &form, body);
        assert_eq!(
            problem(answer),
            json!([[["body"], "multipart_invalid"]]),
            "{body:?}"
        );
    }
    let no_boundary = [
        ("content-type", "multipart/form-data"),
        ("x-miner-hotkey", "a"),
    ];
    server
        .request("POST", "/submit", &no_boundary, b"x")
        .with_status(422);
    server.is_alive();
}

#[test]
fn closed_routes_look_at_nothing() {
    let place = Place::new();
    let server = Server::start(&place, &["--public-submissions-enabled", "false"]);
    for path in ["/submit", "/v1/submissions"] {
        let answer = server.request("POST", path, &[("content-type", "application/json")], b"{");
        answer.is(404, "submission route disabled");
    }
}

/// A body in pieces, whose length nobody is told before.
fn chunked(path: &str, headers: &str, pieces: usize) -> Vec<u8> {
    let mut bytes = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n{headers}\r\n"
    );
    let piece = "0".repeat(65_536);
    for _ in 0..pieces {
        bytes.push_str(&format!("10000\r\n{piece}\r\n"));
    }
    bytes.push_str("0\r\n\r\n");
    bytes.into_bytes()
}

#[test]
fn too_much_is_refused_while_it_streams() {
    let place = Place::new();
    let server = Server::with_token(&place, &[]);
    let form = format!(
        "content-type: multipart/form-data; boundary={}\r\nx-miner-hotkey: a\r\n",
        "line"
    );
    // Sixteen megabytes in pieces, four times what is allowed.
    for headers in [
        "x-miner-hotkey: a\r\n",
        "content-type: application/json\r\n",
        form.as_str(),
    ] {
        server
            .exchange(&chunked("/submit", headers, 256))
            .is(400, "submission too large");
    }
    let bridge = format!(
        "authorization: Bearer {}\r\nx-platform-challenge-slug: data-fabrication\r\nx-platform-verified-hotkey: a\r\n",
        crate::support::TOKEN
    );
    let path = "/internal/v1/bridge/submissions";
    server
        .exchange(&chunked(path, &bridge, 256))
        .is(413, "submission too large");
    // A length that is announced is believed when it is too much.
    let announced =
        b"POST /submit HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-miner-hotkey: a\r\n\
        expect: 100-continue\r\ncontent-length: 99999999999\r\n\r\n";
    let mut stream = server.connect();
    std::io::Write::write_all(&mut stream, announced).expect("sent");
    stream.shutdown(std::net::Shutdown::Write).expect("ended");
    let answer = Answer::read(&mut stream);
    assert!(answer.status == 400 || answer.status == 100, "{answer:?}");
    server.is_alive();
    // Exactly as much as is allowed is looked into.
    server
        .submit("5Fa", &vec![0; 4 * MIB])
        .is(400, "submission must be a valid ZIP archive");
}

#[test]
fn names_are_texts_and_never_paths() {
    let place = Place::new();
    place.file("db/.keep", "");
    let server = Server::start(&place, &["--database", "db/x.sqlite3", "-j", "1"]);
    let before = place.names();
    let hostile = [
        "../../../../tmp/x",
        "/etc/passwd",
        "a/b",
        "..",
        "'; DROP TABLE submissions; --",
        "<script>alert(1)</script>",
        "\u{202e}evil",
        "\u{1b}[2J",
        "%00",
        "null",
        "a\u{0}b",
        "日本語",
        "-rf",
        " ",
    ];
    for name in hostile {
        let zip = STANDARD.encode(package());
        let body =
            json!({"hotkey": name, "filename": format!("../../{name}.zip"), "package_base64": zip});
        let answer = post_json(&server, &body).with_status(200).json();
        assert_eq!(answer["hotkey"], json!(name));
        let id = answer["id"].as_str().expect("an id");
        let detail = match name {
            // All hold the same program: the first is completed, the others are copies.
            "../../../../tmp/x" => server.wait_for(id, "completed"),
            _ => server.wait_for(id, "failed"),
        };
        assert_eq!(detail["filename"], json!(format!("../../{name}.zip")));
        assert!(
            place
                .path(&format!("db/artifacts/{id}/source.zip"))
                .is_file()
        );
        server.get(&format!("/view/{id}")).with_status(200);
    }
    let unexpected = |name: &String| !before.contains(name) && name != "journal.jsonl";
    assert_eq!(place.names().into_iter().find(unexpected), None);
    let mut kept = std::fs::read_dir(place.path("db/artifacts")).expect("a folder");
    assert!(kept.all(|entry| entry.expect("an entry").file_name().len() == 32));
    assert_eq!(server.json("/status")["total_submissions"], hostile.len());
    let (_, log) = server.stop();
    assert!(
        !log.contains('\u{1b}') && !log.contains('\u{202e}'),
        "{log}"
    );
}

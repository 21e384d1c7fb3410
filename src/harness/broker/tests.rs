//! Brokers that answer late, wrongly, or not at all.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::*;
use crate::harness::container::usual as settings;
use crate::harness::{Ending, HarnessLimits};

const TOKEN: &str = "s3cret-t0ken";

/// What the server does with the connection once it has read a request to run.
type Answer = Arc<dyn Fn(&mut TcpStream, &serde_json::Value) + Send + Sync>;

/// A server that answers runs as told and everything else with an empty object.
struct Server {
    url: String,
    /// Head and path of every request.
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answer: impl Fn(&mut TcpStream, &serde_json::Value) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer): (_, Answer) = (Arc::clone(&heads), Arc::new(answer));
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &seen, &answer));
            }
        });
        Server { url, heads }
    }

    fn saying(status: &'static str, body: &'static str) -> Server {
        Server::new(move |stream, _| respond(stream, status, body.as_bytes()))
    }

    fn paths(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        let path = |head: &String| head.split(' ').nth(1).unwrap_or_default().to_owned();
        heads.iter().map(path).collect()
    }

    fn broker(&self) -> Broker {
        let token: TokenSource = Box::new(|| Ok(Some(Secret::new(TOKEN))));
        Broker::new(&self.url, token, settings()).unwrap()
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<String>>, answer: &Answer) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.parse().ok())
        .unwrap_or(0);
    while bytes.len() < head_end + length {
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
    let is_run = head.contains("/v1/docker/run ");
    seen.lock().unwrap().push(head);
    match is_run {
        true => answer(
            &mut stream,
            &serde_json::from_slice(&bytes[head_end..]).unwrap(),
        ),
        false => respond(&mut stream, "200 OK", b"{\"containers\": []}"),
    }
}

fn respond(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    // A client that has heard enough hangs up.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn limits() -> HarnessLimits {
    HarnessLimits {
        wall_time: Duration::from_secs(5),
        cpu_seconds: 5,
        memory_bytes: 1,
        tmp_bytes: 1,
        pids: 1,
        open_files: 1,
        max_output_size_bytes: 1000,
    }
}

fn run(broker: &Broker, cancel: &Cancel) -> Result<Outcome, ExecutorError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("harness.py"), "print(1)\n").unwrap();
    let limits = limits();
    broker.run(&request(folder.path(), &limits), cancel)
}

fn request<'a>(workspace: &'a Path, limits: &'a HarnessLimits) -> HarnessRequest<'a> {
    HarnessRequest {
        workspace,
        entrypoint: "harness.py",
        seed: 1337,
        output_filename: "dataset.jsonl",
        limits,
    }
}

/// Runs against the server and returns the error, after the checks that hold for every error.
fn error(server: &Server) -> BrokerError {
    let error = run(&server.broker(), &Cancel::default()).unwrap_err();
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(TOKEN), "{text}");
    }
    assert!(error.hint().is_some(), "{error}");
    assert_eq!(
        server.paths(),
        ["/v1/docker/run", "/v1/docker/cleanup"],
        "what may still run is removed"
    );
    match error {
        ExecutorError::Broker(error) => error,
        other => panic!("{other}"),
    }
}

fn answer(stdout: &str, stderr: &str, returncode: i64) -> String {
    serde_json::json!({
        "container_name": "c",
        "stdout": stdout,
        "stderr": stderr,
        "returncode": returncode,
        "timed_out": false,
    })
    .to_string()
}

#[test]
fn the_request_has_the_token_the_slug_and_all_of_the_limits() {
    let body = Arc::new(Mutex::new(serde_json::Value::Null));
    let kept = Arc::clone(&body);
    let server = Server::new(move |stream, body| {
        *kept.lock().unwrap() = body.clone();
        respond(stream, "200 OK", answer("out\n", "", 0).as_bytes());
    });
    let outcome = run(&server.broker(), &Cancel::default()).unwrap();
    assert_eq!(
        (outcome.ending, outcome.stdout.as_slice()),
        (Ending::Ok, b"out\n".as_slice())
    );
    let head = server.heads.lock().unwrap()[0].to_lowercase();
    assert!(
        head.contains(&format!("authorization: bearer {TOKEN}\r\n")),
        "{head}"
    );
    assert!(
        head.contains("x-platform-challenge-slug: data-fabrication\r\n"),
        "{head}"
    );
    let body = body.lock().unwrap();
    let names: Vec<&str> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "job_id",
            "task_id",
            "image",
            "command",
            "workdir",
            "env",
            "labels",
            "limits",
            "mounts",
            "timeout_seconds"
        ]
    );
    assert_eq!(body["limits"]["cpus"], 2.0);
    assert_eq!(
        body["limits"]["tmpfs"][0],
        "/tmp:rw,noexec,nosuid,size=512m"
    );
    assert_eq!(body["limits"]["user"], "65534:65534");
    assert_eq!(body["labels"]["platform.job"], body["job_id"]);
    assert_eq!(body["timeout_seconds"], 5);
    assert_eq!(body["env"]["DATA_FABRICATION_OUTPUT"], "/tmp/dataset.jsonl");
    assert_eq!(body["mounts"][0]["target"], "/workspace");
}

#[test]
fn statuses_have_errors_of_their_own() {
    let refused = error(&Server::saying("401 Unauthorized", "{}"));
    assert!(matches!(refused, BrokerError::Refused { status: 401 }));
    let failed = error(&Server::saying(
        "500 Internal Server Error",
        "no room, Bearer s3cret-t0ken",
    ));
    assert_eq!(
        failed.to_string(),
        "the container broker answered with status 500: no room, Bearer ********"
    );
    let elsewhere = Server::new(|stream, _| {
        let head = "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
    });
    assert!(matches!(
        error(&elsewhere),
        BrokerError::Status { status: 307, .. }
    ));
}

#[test]
fn answers_that_are_none_are_told_apart() {
    let kind = |body| error(&Server::saying("200 OK", body));
    assert!(matches!(kind("hello"), BrokerError::NotJson { .. }));
    assert!(matches!(kind("{\"stdout\": \"a"), BrokerError::Cut { .. }));
    assert!(matches!(kind(""), BrokerError::Cut { .. }));
    for body in [
        "[]",
        "{}",
        r#"{"container_name": "c", "stdout": 1, "stderr": "", "returncode": 0, "timed_out": false}"#,
        r#"{"container_name": "c", "stdout": "", "stderr": null, "returncode": 0, "timed_out": false}"#,
        r#"{"container_name": "c", "stdout": "", "stderr": "", "returncode": "0", "timed_out": false}"#,
        r#"{"container_name": "c", "stdout": "", "stderr": "", "returncode": 0.5, "timed_out": false}"#,
        r#"{"container_name": "c", "stdout": "", "stderr": "", "returncode": 256, "timed_out": false}"#,
        r#"{"container_name": "c", "stdout": "", "stderr": "", "returncode": null, "timed_out": false}"#,
        r#"{"container_name": "c", "stdout": "", "stderr": "", "returncode": 0, "timed_out": "no"}"#,
        r#"{"container_name": "c", "stdout": "", "stderr": "", "timed_out": false}"#,
    ] {
        let error = error(&Server::saying("200 OK", body));
        assert!(
            matches!(error, BrokerError::Shape { .. }),
            "{body}: {error}"
        );
    }
}

#[test]
fn a_token_in_the_wrong_place_is_not_repeated() {
    for body in [
        r#"{"container_name": "c", "stdout": "", "stderr": "", "returncode": "s3cret-t0ken", "timed_out": false}"#,
        r#""s3cret-t0ken""#,
    ] {
        let error = error(&Server::saying("200 OK", body)).to_string();
        assert!(error.contains("********"), "{error}");
    }
    let body = answer("", "cannot start, said s3cret-t0ken", 125);
    let server = Server::new(move |stream, _| respond(stream, "200 OK", body.as_bytes()));
    let error = run(&server.broker(), &Cancel::default()).unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(
        text.contains("said ********") && !text.contains(TOKEN),
        "{text}"
    );
}

#[test]
fn an_answer_that_breaks_off_is_not_taken_for_whole() {
    let server = Server::new(|stream, _| {
        let body = answer("x", "", 0);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(&body.as_bytes()[..10]);
    });
    assert!(matches!(error(&server), BrokerError::Cut { .. }));
    let silent = Server::new(|_, _| {});
    assert!(matches!(error(&silent), BrokerError::Unreachable { .. }));
}

#[test]
fn an_answer_without_end_is_not_read_to_its_end() {
    let server = Server::new(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"stdout\": \"");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    assert!(matches!(error(&server), BrokerError::TooLarge { .. }));
}

#[test]
fn a_late_answer_is_not_waited_for() {
    let server = Server::new(|stream, _| {
        std::thread::sleep(Duration::from_secs(5));
        respond(stream, "200 OK", answer("x", "", 0).as_bytes());
    });
    let broker = server.broker();
    let patience = Duration::from_millis(300);
    let asked = Instant::now();
    let error = broker.http.post("/v1/docker/run", b"{}", patience, 1000);
    assert!(matches!(error, Err(BrokerError::Late { .. })), "{error:?}");
    assert!(asked.elapsed() < Duration::from_secs(4));
    // Nor one that trickles in.
    let server = Server::new(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let error = server
        .broker()
        .http
        .post("/v1/docker/run", b"{}", patience, 1000);
    assert!(matches!(error, Err(BrokerError::Late { .. })), "{error:?}");
}

#[test]
fn an_interruption_does_not_wait_for_the_broker() {
    let server = Server::new(|_, _| std::thread::sleep(Duration::from_secs(60)));
    let (broker, cancel) = (server.broker(), Cancel::default());
    let asked = Instant::now();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| run(&broker, &cancel));
        std::thread::sleep(Duration::from_millis(100));
        cancel.cancel();
        assert!(matches!(
            run.join().unwrap(),
            Err(ExecutorError::Interrupted)
        ));
    });
    assert!(asked.elapsed() < Duration::from_secs(10));
    assert!(server.paths().contains(&"/v1/docker/cleanup".to_owned()));
}

#[test]
fn a_broker_that_is_not_there_is_named_without_what_may_be_secret() {
    let token: TokenSource = Box::new(|| Ok(Some(Secret::new(TOKEN))));
    let broker = Broker::new("http://user:hunter2@127.0.0.1:1/x", token, settings()).unwrap();
    let error = run(&broker, &Cancel::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("http://********@127.0.0.1:1/x"), "{text}");
    let everything = format!("{text} {error:?} {broker:?}");
    assert!(
        !everything.contains("hunter2") && !everything.contains(TOKEN),
        "{everything}"
    );
}

#[test]
fn a_token_is_read_again_for_every_request_and_never_sent_broken() {
    let server = Server::new(|stream, _| respond(stream, "200 OK", answer("x", "", 0).as_bytes()));
    let tokens = Arc::new(Mutex::new(vec!["bro\nken", "second", "first"]));
    let source = Arc::clone(&tokens);
    let token: TokenSource = Box::new(move || Ok(source.lock().unwrap().pop().map(Secret::new)));
    let broker = Broker::new(&server.url, token, settings()).unwrap();
    for expected in ["first", "second"] {
        run(&broker, &Cancel::default()).unwrap();
        let heads = server.heads.lock().unwrap();
        assert!(
            heads
                .last()
                .unwrap()
                .contains(&format!("Bearer {expected}"))
        );
    }
    let error = run(&broker, &Cancel::default()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("ken\""), "{error:?}");
    let token_error = matches!(error, ExecutorError::Broker(BrokerError::Token { .. }));
    assert!(token_error, "{error}");
    let error = run(&broker, &Cancel::default()).unwrap_err();
    assert!(matches!(error, ExecutorError::Broker(BrokerError::NoToken)));
    assert_eq!(server.paths().len(), 2, "nothing is sent without a token");
}

#[test]
fn a_broker_that_lost_the_beginning_is_not_believed() {
    let server = Server::new(|stream, body| {
        let mark = body["command"][4].as_str().unwrap();
        let stdout = format!("the rest\n{mark} report code=0\n\n{mark} end\n");
        respond(stream, "200 OK", answer(&stdout, "", 0).as_bytes());
    });
    let error = run(&server.broker(), &Cancel::default()).unwrap_err();
    assert!(
        matches!(
            error,
            ExecutorError::Broker(BrokerError::Shortened { kept: "end" })
        ),
        "{error}"
    );
}

#[test]
fn a_broker_that_lost_the_end_is_not_believed() {
    let guard = "guard filter=dfab landlock=6 files=1000";
    let run_with = move |printed: &'static str, returncode: i64| {
        let server = Server::new(move |stream, body| {
            let mark = body["command"][4].as_str().unwrap();
            let stdout = format!("{mark} begin\n{mark} {guard}\n{printed}");
            respond(stream, "200 OK", answer(&stdout, "", returncode).as_bytes());
        });
        run(&server.broker(), &Cancel::default())
    };
    for code in [0, 1, 128] {
        let error = run_with("row\n", code).unwrap_err();
        let kept_beginning = matches!(
            error,
            ExecutorError::Broker(BrokerError::Shortened { kept: "beginning" })
        );
        assert!(kept_beginning, "{code}: {error}");
        assert!(error.hint().is_some());
    }
    // A killed shell says nothing more, and what is too much is so in any case.
    let ending = |printed, code| run_with(printed, code).unwrap().ending;
    assert_eq!(ending("row\n", 137), Ending::Signal { number: 9 });
    let more_than_the_limit = include_str!("tests.rs");
    assert_eq!(ending(more_than_the_limit, 0), Ending::OutputLimit);
}

#[test]
fn a_guard_that_refuses_and_a_python_that_does_not_start_are_ours() {
    let report = "report code=70 by=exit oom=0 cpu= peak= kind=none links= size=";
    for (guard, words) in [
        (
            "guard filter=ctypes landlock=0 files=0\n",
            "no working ctypes",
        ),
        ("", "no module named encodings"),
    ] {
        let server = Server::new(move |stream, body| {
            let mark = body["command"][4].as_str().unwrap();
            let guard = match guard {
                "" => String::new(),
                guard => format!("{mark} {guard}"),
            };
            let stdout = format!("{mark} begin\n{guard}{mark} {report}\n\n{mark} end\n");
            let stderr = format!("{mark} begin\nno module named encodings\n{mark} end\n");
            respond(stream, "200 OK", answer(&stdout, &stderr, 70).as_bytes());
        });
        let error = run(&server.broker(), &Cancel::default()).unwrap_err();
        assert!(matches!(error, ExecutorError::Container(_)), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn a_token_that_a_broker_passes_on_is_in_no_stream() {
    let body = answer("row s3cret-t0ken\n", "debug: Bearer s3cret-t0ken", 0);
    let server = Server::new(move |stream, _| respond(stream, "200 OK", body.as_bytes()));
    let outcome = run(&server.broker(), &Cancel::default()).unwrap();
    assert_eq!(outcome.stdout, b"row ********\n");
    assert_eq!(outcome.stderr, b"debug: Bearer ********");
}

#[test]
fn a_container_that_did_not_start_is_not_the_harnesses_failure() {
    for (stderr, returncode) in [("no such image", 125), ("sh: not found", 127), ("", 0)] {
        let body = answer("", stderr, returncode);
        let server = Server::new(move |stream, _| respond(stream, "200 OK", body.as_bytes()));
        let error = run(&server.broker(), &Cancel::default()).unwrap_err();
        assert!(
            matches!(
                error,
                ExecutorError::Container(ContainerError::NotStarted { .. })
            ),
            "{error}"
        );
        assert!(error.to_string().contains(stderr), "{error}");
    }
}

#[test]
fn a_run_that_the_broker_ended_timed_out() {
    let server = Server::saying(
        "200 OK",
        r#"{"container_name": "c", "stdout": "part", "stderr": "", "returncode": null, "timed_out": true}"#,
    );
    let outcome = run(&server.broker(), &Cancel::default()).unwrap();
    assert_eq!(
        (outcome.ending, outcome.returncode),
        (Ending::TimeoutWall, 124)
    );
    assert_eq!(outcome.error_text().as_deref(), Some("part"));
}

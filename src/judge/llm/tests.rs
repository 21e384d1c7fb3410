//! Endpoints that answer late, wrongly, elsewhere or not at all. The server is real, and on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;

/// What the server does with a connection once it has read the question with this number, from 0.
type Answer = dyn Fn(usize, &mut TcpStream) + Send + Sync;

struct Server {
    port: u16,
    /// Head and body of every request.
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    fn new(answer: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer): (_, Arc<Answer>) = (Arc::clone(&asked), Arc::new(answer));
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        Server { port, asked }
    }

    /// Answers one after the other; the last one for ever.
    fn saying(answers: &'static [(&'static str, &'static str)]) -> Server {
        Server::new(move |number, stream| {
            let (status, body) = answers[number.min(answers.len() - 1)];
            respond(stream, status, body.as_bytes());
        })
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api/chat", self.port)
    }

    fn client(&self) -> LlmClient {
        client(&self.url())
    }

    fn times(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

fn client(url: &str) -> LlmClient {
    LlmClient {
        endpoint: Endpoint::new(url, Duration::from_secs(20)),
        model: "m".to_owned(),
        retries: 2,
        first_delay: Duration::from_millis(1),
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<(String, Value)>>, answer: &Answer) {
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
    let number = {
        let mut seen = seen.lock().unwrap();
        let body = serde_json::from_slice(&bytes[head_end..]).unwrap();
        seen.push((head, body));
        seen.len() - 1
    };
    answer(number, &mut stream);
}

fn respond(stream: &mut TcpStream, status: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    // A client that has heard enough hangs up.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

fn ask(client: &LlmClient) -> Result<Opinion, LlmError> {
    client.ask("question", &Cancel::default(), opinion::read)
}

const GOOD: (&str, &str) = ("200 OK", r#"{"overall_score": 0.5}"#);

#[test]
fn a_question_is_one_chat_message_without_streaming() {
    let server = Server::saying(&[GOOD]);
    assert_eq!(ask(&server.client()).unwrap().overall_score, Some(0.5));
    let asked = server.asked.lock().unwrap();
    let (head, body) = &asked[0];
    assert!(head.starts_with("POST /api/chat HTTP/1.1\r\n"), "{head}");
    let expected = json!({"model": "m", "stream": false,
                          "messages": [{"role": "user", "content": "question"}]});
    assert_eq!(*body, expected);
}

#[test]
fn what_may_pass_is_asked_again() {
    let server = Server::saying(&[
        ("503 Busy", "later"),
        ("200 OK", "I would rather not."),
        GOOD,
    ]);
    assert!(ask(&server.client()).is_ok());
    assert_eq!(server.times(), 3);
}

#[test]
fn an_answer_that_never_becomes_good_fails_with_the_last_reason() {
    let server = Server::saying(&[
        ("429 Slow down", ""),
        ("200 OK", "{\"overall_score\": \"x\"}"),
    ]);
    let error = ask(&server.client()).unwrap_err();
    assert!(matches!(error, LlmError::Answer { .. }), "{error}");
    assert!(
        error.to_string().contains("overall_score is not a number"),
        "{error}"
    );
    assert_eq!(server.times(), 3);
}

#[test]
fn what_will_not_pass_is_asked_once() {
    let server = Server::saying(&[("404 Not Found", "model \"m\"\nnot found")]);
    let error = ask(&server.client()).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("status 404: model \"m\" not found"),
        "{error}"
    );
    assert_eq!(server.times(), 1);
}

#[test]
fn a_redirection_is_not_followed() {
    let elsewhere = Server::saying(&[GOOD]);
    let to = format!(
        "HTTP/1.1 307 Go\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
        elsewhere.url()
    );
    let server = Server::new(move |_, stream| drop(stream.write_all(to.as_bytes())));
    let error = ask(&server.client()).unwrap_err();
    assert!(
        matches!(error, LlmError::Redirected { status: 307 }),
        "{error}"
    );
    assert_eq!((server.times(), elsewhere.times()), (1, 0));
}

#[test]
fn an_endless_answer_is_left() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[b'x'; 65536]).is_ok() {}
    });
    let error = ask(&server.client()).unwrap_err();
    assert!(
        matches!(error, LlmError::TooLarge { limit: 1_048_576 }),
        "{error}"
    );
}

#[test]
fn an_answer_that_stops_early_is_no_answer() {
    let server = Server::new(|_, stream| {
        drop(
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"overall_score\": 1}"),
        );
    });
    let error = ask(&server.client()).unwrap_err();
    assert!(matches!(error, LlmError::Cut { .. }), "{error:?}");
}

#[test]
fn nobody_at_home_and_what_is_no_http_are_unreachable() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let garbage = Server::new(|_, stream| drop(stream.write_all(b"SSH-2.0-x\r\n\r\n")));
    for url in [format!("http://{gone}/"), garbage.url()] {
        let error = ask(&client(&url)).unwrap_err();
        assert!(matches!(error, LlmError::Unreachable { .. }), "{error:?}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn a_slow_answer_is_waited_for_only_so_long() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        // Drips, so that only a limit on the whole helps.
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let client = LlmClient {
        endpoint: Endpoint::new(&server.url(), Duration::from_millis(200)),
        retries: 0,
        ..server.client()
    };
    let error = ask(&client).unwrap_err();
    assert!(matches!(error, LlmError::Late { .. }), "{error:?}");
}

#[test]
fn stopping_does_not_wait_for_the_answer_nor_for_the_next_try() {
    let cancel = Cancel::default();
    let inside = cancel.clone();
    let silent = Server::new(move |_, _| {
        inside.cancel();
        std::thread::sleep(Duration::from_secs(3600));
    });
    let error = silent
        .client()
        .ask("q", &cancel, opinion::read)
        .unwrap_err();
    assert!(matches!(error, LlmError::Interrupted), "{error:?}");

    let cancel = Cancel::default();
    let inside = cancel.clone();
    let busy = Server::new(move |_, stream| {
        respond(stream, "503 Busy", b"");
        inside.cancel();
    });
    let patient = LlmClient {
        first_delay: Duration::from_secs(3600),
        ..busy.client()
    };
    let error = patient.ask("q", &cancel, opinion::read).unwrap_err();
    assert!(matches!(error, LlmError::Interrupted), "{error:?}");
    assert_eq!(busy.times(), 1);
}

#[test]
fn credentials_go_to_the_endpoint_and_into_no_error() {
    let server = Server::new(|_, stream| {
        respond(
            stream,
            "401 No",
            b"no: Basic bTpodW50ZXIyMg== hunter22 sk-12345",
        );
    });
    let url = format!(
        "http://m:hunter22@127.0.0.1:{}/chat?key=sk-12345",
        server.port
    );
    let client = client(&url);
    let error = ask(&client).unwrap_err();
    for said in [
        error.to_string(),
        format!("{error:?}"),
        client.shown().to_owned(),
    ] {
        for secret in ["hunter22", "sk-12345", "bTpodW50ZXIyMg"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
    let asked = server.asked.lock().unwrap();
    let head = asked[0].0.to_ascii_lowercase();
    assert!(head.starts_with("post /chat?key=sk-12345 "), "{head}");
    assert!(
        head.contains("authorization: basic btpodw50zxiymg=="),
        "{head}"
    );
}

#[test]
fn a_probe_is_content_with_any_object() {
    let server = Server::saying(&[(
        "200 OK",
        r#"{"message": {"content": "Yes: {\"ready\": true}"}}"#,
    )]);
    server.client().probe(&Cancel::default()).unwrap();
    let mute = Server::saying(&[("200 OK", "ready")]);
    assert!(mute.client().probe(&Cancel::default()).is_err());
    assert_eq!(mute.times(), 1);
}

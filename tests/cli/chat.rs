//! A language model's endpoint on loopback, for tests that need one.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// Status line and body for a question.
type Answer = dyn Fn(&str) -> (&'static str, String) + Send + Sync;

/// The endpoint. It lives as long as the test's process.
pub struct Chat {
    pub url: String,
    questions: Arc<Mutex<Vec<String>>>,
}

impl Chat {
    /// An endpoint that answers each question as told.
    pub fn new(answer: impl Fn(&str) -> (&'static str, String) + Send + Sync + 'static) -> Chat {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!(
            "http://{}/api/chat",
            listener.local_addr().expect("its number")
        );
        let questions = Arc::new(Mutex::new(Vec::new()));
        let (asked, answer): (_, Arc<Answer>) = (Arc::clone(&questions), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &asked, &*answer));
            }
        });
        Chat { url, questions }
    }

    /// One that always says this, as Ollama does.
    pub fn saying(content: impl Into<String>) -> Chat {
        let content = content.into();
        Chat::new(move |_| ("200 OK", ollama(&content)))
    }

    /// One that takes questions and never answers.
    pub fn silent() -> Chat {
        Chat::new(|_| {
            loop {
                thread::park();
            }
        })
    }

    /// What it was asked, in the order in which that came.
    pub fn questions(&self) -> Vec<String> {
        self.questions.lock().expect("no panic").clone()
    }
}

/// A message in Ollama's shape.
pub fn ollama(content: &str) -> String {
    let message = json!({"role": "assistant", "content": content});
    json!({"model": "m", "message": message, "done": true}).to_string()
}

fn serve(mut stream: TcpStream, asked: &Mutex<Vec<String>>, answer: &Answer) {
    let Some(body) = body(&mut stream) else {
        return;
    };
    let question: Value = serde_json::from_slice(&body).expect("a question is JSON");
    let question = question["messages"][0]["content"].as_str();
    let question = question.expect("one message").to_owned();
    asked.lock().expect("no panic").push(question.clone());
    let (status, said) = answer(&question);
    let length = said.len();
    // dfab may have been interrupted.
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{said}"
    );
}

/// The body of a request; none if it breaks off.
fn body(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let head_end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        if let Some(head_end) = head_end {
            let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length?.parse().ok()?;
            if bytes.len() >= head_end + 4 + length {
                return Some(bytes.split_off(head_end + 4));
            }
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

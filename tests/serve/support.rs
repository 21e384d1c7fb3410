//! A server of a test's own, and a client that sends exactly what it is told to.

#[path = "../cli/support.rs"]
#[allow(dead_code)]
mod place;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

pub use place::{Place, Ran, SMALL_HARNESS, zip_of};

pub const TOKEN: &str = "open-sesame-4711";
pub const SLUG: &str = "data-fabrication";

/// Longest that anything here may take; a server that hangs must not hang the tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    log: Arc<Mutex<String>>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// The program as a server of `place`, whose harnesses are scripted: every one prints two conversations at once, but
/// for those with a marker `# case:`.
pub fn command(place: &Place, arguments: &[&str]) -> Command {
    let line = json!({"messages": [
        {"role": "user", "content": "please fix the bug in the parser <script>alert(1)</script>"},
        {"role": "assistant", "content": "the patch guards the empty case and adds a test"}]});
    let script = json!({"journal": "journal.jsonl", "outcomes": [
        {"when": {"marker": "# case: endless"}, "stdout": "", "sleep_seconds": 600.0},
        {"when": {"marker": "# case: slow"}, "stdout": format!("{line}\n"), "sleep_seconds": 1.5},
        {"when": {"marker": "# case: flaky"}, "times": 1, "error": "the keeper died"},
        {"when": {"marker": "# case: broken"}, "class": "exit", "code": 3, "stderr": "boom \u{1b}[31m</pre>\n"},
        {"stdout": format!("{line}\n{line}\n"), "stderr": "working\n"},
    ]});
    place.file("script.json", script.to_string());
    let mut words = vec!["serve-lite", "--listen", "127.0.0.1:0"];
    words.extend(arguments);
    let mut command = place.command(&words);
    command.env("DFAB_SCRIPTED_EXECUTOR", place.path("script.json"));
    command
}

impl Server {
    pub fn start(place: &Place, arguments: &[&str]) -> Server {
        Server::of(command(place, arguments))
    }

    /// One that knows the token.
    pub fn with_token(place: &Place, arguments: &[&str]) -> Server {
        let mut command = command(place, arguments);
        command.env("DATA_FABRICATION_SHARED_TOKEN", TOKEN);
        Server::of(command)
    }

    pub fn of(mut command: Command) -> Server {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("dfab starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("stderr"));
        let log = Arc::new(Mutex::new(String::new()));
        let address = loop {
            let mut line = String::new();
            let read = stderr.read_line(&mut line).expect("a line");
            assert!(read > 0, "it ended: {}", log.lock().expect("the log"));
            log.lock().expect("the log").push_str(&line);
            if let Some(address) = line.trim().strip_prefix("listening on http://") {
                break address.parse().expect("an address");
            }
        };
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                let mut log = kept.lock().expect("the log");
                log.push_str(&line);
                log.push('\n');
            }
        });
        Server {
            child,
            address,
            log,
        }
    }

    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream.set_write_timeout(Some(PATIENCE)).expect("a limit");
        stream
    }

    /// Sends bytes and reads until the other side closes.
    pub fn exchange(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // A server may answer and close before it has read everything.
        let _ = stream.write_all(bytes);
        Answer::read(&mut stream)
    }

    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut bytes = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        for (name, value) in headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        if method == "POST" {
            bytes.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        bytes.push_str("\r\n");
        let mut bytes = bytes.into_bytes();
        bytes.extend_from_slice(body);
        self.exchange(&bytes)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], b"")
    }

    /// What a route that answers JSON answers.
    #[track_caller]
    pub fn json(&self, path: &str) -> Value {
        self.get(path).with_status(200).json()
    }

    /// Hands a ZIP in.
    pub fn submit(&self, hotkey: &str, zip: &[u8]) -> Answer {
        let headers = [
            ("content-type", "application/zip"),
            ("x-miner-hotkey", hotkey),
            ("x-submission-filename", "package.zip"),
        ];
        self.request("POST", "/submit", &headers, zip)
    }

    /// Hands a harness in; its id.
    #[track_caller]
    pub fn submit_harness(&self, hotkey: &str, source: &str) -> String {
        let zip = zip_of(&[("harness.py", source)]);
        let answer = self.submit(hotkey, &zip).with_status(200).json();
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Waits until a submission has this status, and answers its details.
    #[track_caller]
    pub fn wait_for(&self, id: &str, status: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let detail = self.json(&format!("/submissions/{id}"));
            if detail["status"] == status {
                return detail;
            }
            assert!(
                Instant::now() < end,
                "not {status}: {detail}\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    pub fn is_alive(&self) {
        assert_eq!(self.json("/health")["status"], "ok");
    }

    /// Ends it as systemd would: exit code and log.
    pub fn stop(mut self) -> (i32, String) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM).expect("it runs");
        let status = self.child.wait().expect("it ends");
        // What it wrote last is on its way through the pipe.
        let end = Instant::now() + PATIENCE;
        while !self.log().contains(" stopped\n") && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        (status.code().unwrap_or(-1), self.log())
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    /// Whatever comes until the other side closes; status 0 if it was nothing.
    pub fn read(stream: &mut TcpStream) -> Answer {
        let mut bytes = Vec::new();
        // A connection that is cut off has said what it said.
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Answer {
            status: status.unwrap_or(0),
            head: head.to_owned(),
            body: body.to_owned(),
        }
    }

    #[track_caller]
    pub fn with_status(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}\n{:.2000}", self.head, self.body);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{}",
            self.head
        );
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:.2000}", self.body))
    }

    /// That it is an error with this detail.
    #[track_caller]
    pub fn is(&self, status: u16, detail: &str) {
        assert_eq!(self.status, status, "{}\n{:.2000}", self.head, self.body);
        assert_eq!(self.json(), json!({ "detail": detail }));
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

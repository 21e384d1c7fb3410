//! A broker of our own over the real engine, and harnesses run through it.
//!
//! It does what a broker has to do and no more: three routes, a token, a time limit, bounds on what it passes on.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dfab::harness::{
    Broker, Cancel, ContainerSettings, Ending, ExecutorError, HarnessLimits, Outcome,
};
use dfab::settings::Secret;
use serde_json::{Value, json};

use crate::attacks::hostile::{armed, has_landlock};
use crate::image_or_skip;
use crate::support::{
    containers, dfab, docker_says, limits, running_container, seconds, settings, slug, try_run,
    workspace,
};

pub const TOKEN: &str = "broker-s3cret";

/// Bytes of a stream that are passed on: the beginning of stdout, the end of stderr.
const MAX_STDOUT: usize = 16 << 20;
const MAX_STDERR: usize = 1 << 20;

/// Starts a broker and returns its address. It lives as long as the test's process.
pub fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    url
}

struct Request {
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

fn serve(mut stream: TcpStream) {
    let Some(request) = read(&mut stream) else {
        return;
    };
    let header = |name: &str| {
        request
            .headers
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    };
    let (status, answer) = if header("authorization") != format!("Bearer {TOKEN}") {
        ("401 Unauthorized", json!({"detail": "bad token"}))
    } else {
        let slug = header("x-platform-challenge-slug");
        let body: Value = serde_json::from_slice(&request.body).expect("a JSON body");
        match request.path.as_str() {
            "/v1/docker/run" => ("200 OK", run(&body, slug)),
            "/v1/docker/list" => ("200 OK", json!({"containers": of_job(&body)})),
            "/v1/docker/cleanup" => {
                let names = of_job(&body);
                names.iter().for_each(|name| remove(name));
                ("200 OK", json!({"removed": names}))
            }
            _ => ("404 Not Found", json!({"detail": "no such route"})),
        }
    };
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(answer.as_bytes());
}

fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 65536];
    let mut head_end = None;
    loop {
        if head_end.is_none() {
            head_end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        }
        if let Some(end) = head_end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut lines = head.lines();
            let path = lines.next()?.split(' ').nth(1)?.to_owned();
            let headers: HashMap<String, String> = lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            let length: usize = headers.get("content-length")?.parse().ok()?;
            if bytes.len() >= end + 4 + length {
                let body = bytes[end + 4..].to_vec();
                return Some(Request {
                    path,
                    headers,
                    body,
                });
            }
        }
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is not text"))
}

fn of_job(body: &Value) -> Vec<String> {
    let filter = format!("label=platform.job={}", text(body, "job_id"));
    docker_says(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"])
        .lines()
        .map(str::to_owned)
        .collect()
}

fn remove(name: &str) {
    docker_says(&["rm", "--force", name]);
}

fn run(body: &Value, slug: &str) -> Value {
    let name = format!("{slug}-{}-broker", text(body, "job_id"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = Command::new("docker");
    command.args([
        "run",
        "--rm",
        "--init",
        "--name",
        &name,
        "--cap-drop",
        "ALL",
    ]);
    command.args([
        "--security-opt",
        "no-new-privileges",
        "--log-driver",
        "none",
    ]);
    let limits = &body["limits"];
    command.args(["--cpus", &limits["cpus"].to_string()]);
    command.args([
        "--memory",
        text(limits, "memory"),
        "--memory-swap",
        text(limits, "memory_swap"),
    ]);
    command.args(["--pids-limit", &limits["pids_limit"].to_string()]);
    command.args(["--network", text(limits, "network")]);
    if limits["read_only"] == true {
        command.arg("--read-only");
    }
    if let Some(user) = limits["user"].as_str() {
        command.args(["--user", user]);
    }
    for (option, name) in [("--tmpfs", "tmpfs"), ("--ulimit", "ulimits")] {
        for item in limits[name].as_array().expect("a list") {
            command.args([option, item.as_str().expect("text")]);
        }
    }
    for (number, mount) in body["mounts"]
        .as_array()
        .expect("a list")
        .iter()
        .enumerate()
    {
        let tar = STANDARD.decode(text(mount, "tar_base64")).expect("base64");
        let path = folder.path().join(number.to_string());
        tar::Archive::new(tar.as_slice())
            .unpack(&path)
            .expect("a tar archive");
        let mode = if mount["read_only"] == true {
            "ro"
        } else {
            "rw"
        };
        command.args([
            "-v",
            &format!("{}:{}:{mode}", path.display(), text(mount, "target")),
        ]);
    }
    command.args(["-w", text(body, "workdir")]);
    for (option, name) in [("-e", "env"), ("--label", "labels")] {
        for (key, value) in body[name].as_object().expect("an object") {
            command.args([option, &format!("{key}={}", value.as_str().expect("text"))]);
        }
    }
    command.arg(text(body, "image"));
    let words = body["command"].as_array().expect("a list");
    command.args(words.iter().map(|word| word.as_str().expect("text")));
    let timeout = Duration::from_secs_f64(body["timeout_seconds"].as_f64().expect("a number"));
    answer(&mut command, &name, timeout)
}

/// Runs the command line within the time and makes the answer.
fn answer(command: &mut Command, name: &str, timeout: Duration) -> Value {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("docker starts");
    let (mut stdout, mut stderr) = (
        child.stdout.take().expect("a pipe"),
        child.stderr.take().expect("a pipe"),
    );
    let out = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stdout
            .by_ref()
            .take(MAX_STDOUT as u64)
            .read_to_end(&mut bytes);
        let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        bytes
    });
    let err = std::thread::spawn(move || {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 65536]);
        while let Ok(count @ 1..) = stderr.read(&mut chunk) {
            bytes.extend_from_slice(&chunk[..count]);
            let surplus = bytes.len().saturating_sub(MAX_STDERR);
            bytes.drain(..surplus);
        }
        bytes
    });
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let _ = send.send(child.wait());
    });
    let status = receive.recv_timeout(timeout);
    let timed_out = status.is_err();
    if timed_out {
        remove(name);
    }
    let code = match status {
        Ok(status) => status.ok().and_then(|status| status.code()),
        Err(_) => Some(124),
    };
    json!({
        "container_name": name,
        "stdout": String::from_utf8_lossy(&out.join().expect("a thread")),
        "stderr": String::from_utf8_lossy(&err.join().expect("a thread")),
        "returncode": code,
        "timed_out": timed_out,
    })
}

fn broker(url: &str, settings: &ContainerSettings) -> Broker {
    let token = Box::new(|| Ok(Some(Secret::new(TOKEN))));
    Broker::new(url, token, settings.clone()).expect("good settings")
}

fn run_within(settings: &ContainerSettings, source: &str, limits: &HarnessLimits) -> Outcome {
    let executor = broker(&start(), settings);
    let outcome = try_run(&executor, source, limits, &Cancel::default())
        .unwrap_or_else(|error| panic!("{error}\nhint: {:?}", error.hint()));
    assert_eq!(containers(&settings.slug), Vec::<String>::new());
    outcome
}

#[test]
fn outcomes_are_told_apart_as_without_a_broker() {
    let image = image_or_skip!();
    let out = "import os, sys\npath = os.environ['DATA_FABRICATION_OUTPUT']\n";
    for (source, ending) in [
        ("print('fine')", Ending::Ok),
        ("sys.exit(125)", Ending::Exit { code: 125 }),
        ("sys.exit(139)", Ending::Exit { code: 139 }),
        ("os.kill(os.getpid(), 11)", Ending::Signal { number: 11 }),
        (
            "held = []\nwhile True: held.append(bytearray(16 << 20))",
            Ending::Oom,
        ),
        ("os.mkfifo(path)", Ending::BadOutput),
        ("open(path, 'w').write('x' * 2000000)", Ending::OutputLimit),
        ("print('x' * 2000000)", Ending::OutputLimit),
        ("while True: print('x' * 65536)", Ending::OutputLimit),
    ] {
        // The broker does not know the limit on output, so an endless flood is ended by its clock.
        let limits = seconds(5.0);
        let outcome = run_within(&settings(image), &format!("{out}{source}\n"), &limits);
        assert_eq!(outcome.ending, ending, "{source}");
    }
}

#[test]
fn the_file_arrives_byte_for_byte_and_the_streams_as_text() {
    let image = image_or_skip!();
    let source = "import os, sys\nopen(os.environ['DATA_FABRICATION_OUTPUT'], 'wb').write(bytes(range(256)))\n\
                  sys.stdout.buffer.write(b'a\\xffb')\nsys.stderr.write('e\\n')\n";
    let outcome = run_within(&settings(image), source, &limits());
    let expected: Vec<u8> = (0..=255).collect();
    assert_eq!(outcome.output_file, Some(expected));
    assert_eq!(outcome.stdout, "a\u{fffd}b".as_bytes());
    assert_eq!(outcome.stderr, b"e\n");
    assert!(outcome.cpu_seconds.is_some() && outcome.peak_memory_bytes.is_some());
}

#[test]
fn what_binds_a_harness_from_inside_holds_behind_a_broker() {
    let image = image_or_skip!();
    if !has_landlock(6) {
        return;
    }
    let source = armed(
        r#"
import mmap
for number in (425, 426, 427): attempt('ring', lambda: call(number, 8, ctypes.create_string_buffer(256), 0, 0, 0, 0), by=('ENOSYS',))
attempt('memory file', lambda: call((319, 279), b'x', 0), by=REFUSED)
if INTEL:
    def old_door():
        code = mmap.mmap(-1, 4096, prot=7); code.write(b'\xb8\x14\0\0\0\xcd\x80\xc3')
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
    status = in_child(old_door)
    expect('int 0x80', os.WIFSIGNALED(status) and os.WTERMSIG(status) in (31, 11), status)
for pid in (1, os.getppid()):
    attempt('memory of another', lambda: open(f'/proc/{pid}/mem', 'rb'), by=('EACCES', 'EPERM'))
    attempt('a signal', os.kill, pid, 9, by=('EPERM',))
expect('nobody', os.getresuid() == (65534,) * 3 and os.getresgid() == (65534,) * 3)
print('over')
"#,
    );
    let outcome = run_within(&settings(image), &source, &limits());
    let said = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert_eq!(
        outcome.ending,
        Ending::Ok,
        "{said}{}",
        outcome.stderr_tail()
    );
    assert!(
        said.ends_with("over\n") && !said.contains("BREACH"),
        "{said}"
    );
    for name in ["seccomp", "landlock", "file_size", "identity"] {
        let found = outcome.enforced.iter().find(|one| one.name == name);
        assert!(found.unwrap().means.is_some(), "{found:?}");
    }
}

#[test]
fn the_broker_ends_a_run_at_its_time() {
    let image = image_or_skip!();
    let source = "import time\nprint('up', flush=True)\ntime.sleep(60)\n";
    let outcome = run_within(&settings(image), source, &seconds(4.0));
    assert_eq!(
        (outcome.ending, outcome.returncode),
        (Ending::TimeoutWall, 124)
    );
    assert_eq!(outcome.stdout, b"up\n");
}

#[test]
fn an_interrupted_run_is_cleaned_up_by_its_job() {
    let image = image_or_skip!();
    let (settings, limits, cancel) = (settings(image), limits(), Cancel::default());
    let executor = broker(&start(), &settings);
    std::thread::scope(|scope| {
        let source = "import time\ntime.sleep(60)\n";
        let run = scope.spawn(|| try_run(&executor, source, &limits, &cancel));
        running_container(&settings.slug);
        cancel.cancel();
        assert!(matches!(
            run.join().unwrap(),
            Err(ExecutorError::Interrupted)
        ));
    });
    assert_eq!(containers(&settings.slug), Vec::<String>::new());
}

/// `dfab` with the broker, its token from a file.
fn with_broker(folder: &Path, image: &str, url: &str, arguments: &[&str]) -> std::process::Output {
    dfab(folder, image, &slug(), arguments)
        .env("DATA_FABRICATION_DOCKER_BROKER_URL", url)
        .env("DATA_FABRICATION_DOCKER_BROKER_TOKEN_FILE", "token")
        .output()
        .expect("dfab starts")
}

#[test]
fn preflight_tries_the_broker_and_never_shows_the_token() {
    let image = image_or_skip!();
    let (folder, url) = (workspace("print('ran')\n"), start());
    let token = folder.path().join("token");
    let arguments = ["preflight", "--executor", "broker", "--format", "jsonl"];
    std::fs::write(&token, format!("{TOKEN}\n")).expect("a token");
    let good = with_broker(folder.path(), image, &url, &arguments);
    assert!(good.status.success(), "{good:?}");
    std::fs::write(&token, "wr0ng-token").expect("a token");
    let wrong = with_broker(folder.path(), image, &url, &arguments);
    let shown = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert_eq!(wrong.status.code(), Some(3), "{shown}");
    assert!(shown.contains("refuses the token (status 401)"), "{shown}");
    let gone = with_broker(folder.path(), image, "http://127.0.0.1:1", &arguments);
    let text = String::from_utf8_lossy(&gone.stdout).into_owned();
    assert!(text.contains("cannot be reached"), "{text}");
    let all = format!("{good:?}{wrong:?}{gone:?}");
    assert!(!all.contains(TOKEN) && !all.contains("wr0ng"), "{all}");
    std::fs::remove_file(&token).expect("the token");
    let none = with_broker(
        folder.path(),
        image,
        &url,
        &["exec", ".", "--executor", "broker"],
    );
    assert_eq!(none.status.code(), Some(2), "{none:?}");
}

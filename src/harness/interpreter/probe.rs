//! Asking an interpreter what it is: it is started once, and prints where it and its library lie.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Longest a setting's program may take to say what it is.
const PROBE_TIME: Duration = Duration::from_secs(20);
/// Most bytes of its answer.
const PROBE_BYTES: u64 = 1 << 20;
/// First field of the answer, so that a program that merely prints something is told apart.
const MAGIC: &[u8] = b"dfab-python-probe";

/// Prints NUL-separated fields. `-I -S` keeps the operator's site packages from running.
const PROBE: &str = r"
import os, sys
v = sys.version_info
fields = ['dfab-python-probe', sys.implementation.name, '%d.%d.%d' % v[:3], sys.executable or '',
          sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix,
          os.path.dirname(os.__file__)]
fields += ['path:' + p for p in sys.path if p]
with open('/proc/self/maps', errors='surrogateescape') as maps:
    seen = {line.rstrip('\n').split(None, 5)[5] for line in maps if line.count(' /')}
fields += ['map:' + p for p in sorted(seen) if p.startswith('/') and not p.endswith(' (deleted)')]
sys.stdout.buffer.write(b'\0'.join(os.fsencode(f) for f in fields))
";

/// Runs the probe with a time limit and returns what it printed.
pub(super) fn ask(program: &Path) -> Result<Vec<u8>, String> {
    let mut child = Command::new(program)
        .args(["-I", "-S", "-c", PROBE])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("it does not start: {error}"))?;
    let readers = (
        child.stdout.take().map(read_aside).transpose(),
        child.stderr.take().map(read_aside).transpose(),
    );
    let (answer, complaint) = match readers {
        (Ok(answer), Ok(complaint)) => (answer, complaint),
        (Err(error), _) | (_, Err(error)) => {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!(
                "no thread can be started to read its answer: {error}"
            ));
        }
    };
    let deadline = Instant::now() + PROBE_TIME;
    let receive = |reader: Option<Receiver<Vec<u8>>>| {
        let left = deadline.saturating_duration_since(Instant::now());
        reader.and_then(|reader| reader.recv_timeout(left).ok())
    };
    // Both streams have ended when both are here, and so, all but surely, has the program.
    let (answer, complaint) = (receive(answer), receive(complaint));
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Some(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
        }
    };
    match (answer, status) {
        (Some(answer), Some(status)) if status.success() => Ok(answer),
        (_, Some(status)) => {
            let words = String::from_utf8_lossy(&complaint.unwrap_or_default()).into_owned();
            let last = words.lines().rev().find(|line| !line.trim().is_empty());
            let last = last
                .map(|line| format!(" ({})", line.escape_debug()))
                .unwrap_or_default();
            Err(format!("asked what it is, it ended with {status}{last}"))
        }
        (_, None) => Err(format!(
            "it gave no answer within {} s",
            PROBE_TIME.as_secs()
        )),
    }
}

/// Reads a stream to its end in a thread of its own, so that the caller can stop waiting.
fn read_aside(stream: impl Read + Send + 'static) -> io::Result<Receiver<Vec<u8>>> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        // What could be read is all there is to say; and nobody may be listening any more.
        let _ = stream.take(PROBE_BYTES).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    })?;
    Ok(receiver)
}

/// What an interpreter said of itself.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) version: String,
    pub(super) executable: PathBuf,
    /// Without doubles; the virtual environment's too.
    pub(super) prefixes: Vec<PathBuf>,
    pub(super) standard_library: PathBuf,
    pub(super) search_path: Vec<PathBuf>,
    pub(super) mapped: Vec<PathBuf>,
}

impl Probe {
    pub(super) fn parse(answer: &[u8]) -> Result<Self, String> {
        let mut fields = answer.split(|byte| *byte == 0);
        let mut field = || fields.next().unwrap_or_default();
        if field() != MAGIC {
            return Err("it is not a Python interpreter".to_owned());
        }
        let implementation = String::from_utf8_lossy(field()).into_owned();
        if implementation != "cpython" {
            return Err(format!("it is {implementation}, not CPython"));
        }
        let version = String::from_utf8_lossy(field()).into_owned();
        let path = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
        let executable = path(field());
        if !executable.is_absolute() {
            return Err("it does not know its own path".to_owned());
        }
        let mut prefixes: Vec<PathBuf> = Vec::new();
        for _ in 0..4 {
            push_new(&mut prefixes, path(field()));
        }
        let environment = executable
            .parent()
            .and_then(Path::parent)
            .map(Path::to_owned);
        if let Some(root) = environment.filter(|root| root.join("pyvenv.cfg").is_file()) {
            push_new(&mut prefixes, root);
        }
        let standard_library = path(field());
        let (mut search_path, mut mapped) = (Vec::new(), Vec::new());
        for item in fields {
            if let Some(item) = item.strip_prefix(b"path:") {
                search_path.push(path(item));
            } else if let Some(item) = item.strip_prefix(b"map:") {
                mapped.push(path(item));
            }
        }
        Ok(Self {
            version,
            executable,
            prefixes,
            standard_library,
            search_path,
            mapped,
        })
    }
}

fn push_new(list: &mut Vec<PathBuf>, item: PathBuf) {
    if item.is_absolute() && !list.contains(&item) {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_something_else_is_refused() {
        for (answer, word) in [
            ("", "not a Python"),
            ("hello", "not a Python"),
            ("dfab-python-probe\0pypy\0x", "pypy"),
            ("dfab-python-probe\0cpython\x003.12.1\0", "its own path"),
            (
                "dfab-python-probe\0cpython\x003.12.1\0python3",
                "its own path",
            ),
        ] {
            let error = Probe::parse(answer.as_bytes()).unwrap_err();
            assert!(error.contains(word), "{answer:?}: {error}");
        }
    }
}

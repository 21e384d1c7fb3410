//! Taking the shell line's words and the harness's apart.
//!
//! A harness may print the mark and anything that looks like a report. While the shell lives that
//! changes nothing: what it reports comes last, after everything else in the container is dead, and
//! the base64 text behind the report cannot hold a mark, so the last `MARK report` is the shell's. A
//! harness that ends the shell can print the last words itself, but not the code with which the line
//! then ends; without that they are only something it has printed. One that takes the shell over can
//! forge all of it, and gains the choice of its own output, exit code and counters, but no time.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::guard::{Guard, LONGEST_WORDS};

/// More than the longest report.
pub(super) const LONGEST_REPORT: usize = 1024;

/// What came of the line. What the harness printed is given as a part of stdout.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    /// Not one word of it: it did not start, or the beginning was lost.
    Nothing,
    /// It refused to start the harness.
    Refused {
        /// `entrypoint`, or the program that is missing.
        missing: String,
    },
    /// Something of the run could not be killed.
    Alive,
    /// It started the harness and did not come to its end.
    Began { stdout: Range<usize> },
    /// All of it.
    Reported {
        stdout: Range<usize>,
        report: Report,
    },
}

/// Whether a shell could tell how the harness ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBy {
    Exit,
    Signal,
    /// An exit code above 128, or a signal.
    Either,
}

/// What lies at the output path.
#[derive(Debug, PartialEq)]
pub(crate) enum OutputFile {
    None,
    /// Something that is not an output file, in words.
    Bad(&'static str),
    /// Over the limit.
    TooLarge {
        size: u64,
    },
    Bytes(Vec<u8>),
}

/// How a run ended, as the shell saw it.
#[derive(Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) code: i32,
    pub(crate) by: EndedBy,
    /// Processes the kernel killed for memory.
    pub(crate) killed_for_memory: Option<u64>,
    pub(crate) cpu_micros: Option<u64>,
    pub(crate) peak_bytes: Option<u64>,
    pub(crate) output: OutputFile,
}

/// Cuts a stream down to one of its parts, without a second copy of what may be large.
pub(crate) fn keep(mut stream: Vec<u8>, part: Range<usize>) -> Vec<u8> {
    stream.truncate(part.end);
    stream.drain(..part.start.min(stream.len()));
    stream
}

/// Whether these bytes begin as the line does when it starts a harness.
pub(crate) fn has_begun(mark: &str, stdout: &[u8]) -> bool {
    stdout.starts_with(begin(mark).as_bytes())
}

/// Whether these bytes end as the line does.
pub(crate) fn has_ended(mark: &str, stdout: &[u8]) -> bool {
    stdout.ends_with(end(mark).as_bytes())
}

/// Tells whether a harness that is still running has printed more than the limit.
pub(crate) struct Flood {
    /// A report of a harness that keeps the limit begins before.
    enough: usize,
    report: Vec<u8>,
    /// Decided once there is enough: what lies before does not change.
    flooded: Option<bool>,
}

impl Flood {
    pub(crate) fn new(mark: &str, limit: u64) -> Flood {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Flood {
            enough: (begin(mark).len() + LONGEST_WORDS + LONGEST_REPORT).saturating_add(limit),
            report: report(mark).into_bytes(),
            flooded: None,
        }
    }

    /// Looks at all of stdout so far. A harness that prints something like a report is only noticed
    /// at [`most_bytes`].
    pub(crate) fn is_in(&mut self, stdout: &[u8]) -> bool {
        if self.flooded.is_none() && stdout.len() > self.enough {
            self.flooded = Some(rfind(&stdout[..self.enough], &self.report).is_none());
        }
        self.flooded == Some(true)
    }
}

/// Most bytes the line puts on stdout for a harness that keeps the limit.
pub(crate) fn most_bytes(limit: u64) -> u64 {
    const WORDS: u64 = 4096;
    let base64 = limit.div_ceil(3).saturating_mul(4);
    limit.saturating_add(base64).saturating_add(WORDS)
}

fn begin(mark: &str) -> String {
    format!("{mark} begin\n")
}

fn end(mark: &str) -> String {
    format!("{mark} end\n")
}

fn alive(mark: &str) -> String {
    format!("\n{mark} alive\n")
}

fn report(mark: &str) -> String {
    format!("{mark} report ")
}

/// Takes stdout apart. `exit` is the code with which the line itself came to its end, if it did: the line ends with
/// the code that it reports, so a report that says something else, or from a line that was ended, is the harness's
/// own invention, like one that cannot be read.
pub(crate) fn read_stdout(mark: &str, limit: u64, all: &[u8], exit: Option<i32>) -> Said {
    if let Some(missing) = refusal(mark, all) {
        return Said::Refused { missing };
    }
    let Some((from, _)) = opening(mark, all) else {
        return Said::Nothing;
    };
    if exit == Some(0) && all.ends_with(alive(mark).as_bytes()) {
        return Said::Alive;
    }
    match find_report(mark, limit, &all[from..]) {
        Some((printed, report)) if exit == Some(report.code) => Said::Reported {
            stdout: from..from + printed,
            report,
        },
        _ => Said::Began {
            stdout: from..all.len(),
        },
    }
}

/// What the guard said. Without it nothing of the harness has run yet.
pub(crate) fn read_guard(mark: &str, all: &[u8]) -> Option<Guard> {
    opening(mark, all)?.1
}

/// Length of the words before the harness's own, and the guard's among them.
fn opening(mark: &str, all: &[u8]) -> Option<(usize, Option<Guard>)> {
    let begin = begin(mark);
    let rest = all.strip_prefix(begin.as_bytes())?;
    let word = format!("{mark} guard ");
    let guard = rest.strip_prefix(word.as_bytes()).and_then(|words| {
        let end = words
            .iter()
            .take(LONGEST_WORDS)
            .position(|&byte| byte == b'\n')?;
        let guard = Guard::read(std::str::from_utf8(&words[..end]).ok()?)?;
        Some((begin.len() + word.len() + end + 1, guard))
    });
    Some(match guard {
        Some((length, guard)) => (length, Some(guard)),
        None => (begin.len(), None),
    })
}

/// The report at the end, and how much lies before it.
fn find_report(mark: &str, limit: u64, rest: &[u8]) -> Option<(usize, Report)> {
    let body = rest.strip_suffix(end(mark).as_bytes())?;
    // The last line but one is the report, behind whatever the harness printed on it; looking for
    // the mark in that line alone leaves the file's many bytes alone.
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    let line_end = body.iter().rposition(|&byte| byte == b'\n')?;
    let (head, file) = body.split_at(line_end);
    let near = head.len().saturating_sub(LONGEST_REPORT);
    let report_word = report(mark);
    let at = near + rfind(&head[near..], report_word.as_bytes())?;
    let line = std::str::from_utf8(&head[at + report_word.len()..]).ok()?;
    Some((at, read_report(line, &file[1..], limit)?))
}

fn refusal(mark: &str, all: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(all).ok()?;
    let missing = text.strip_prefix(mark)?.strip_prefix(" no-")?;
    missing.strip_suffix('\n').map(str::to_owned)
}

fn read_report(line: &str, file: &[u8], limit: u64) -> Option<Report> {
    let field = |name: &str| {
        line.split(' ')
            .filter_map(|word| word.split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    };
    // A counter that the machine does not have is empty.
    let number = |name: &str| field(name).map(|text| text.parse::<u64>().ok());
    let code = field("code")?.parse().ok()?;
    let by = match field("by")? {
        "exit" => EndedBy::Exit,
        "signal" => EndedBy::Signal,
        "either" => EndedBy::Either,
        _ => return None,
    };
    let output = match (field("kind")?, number("links")?, number("size")?) {
        ("none", ..) => OutputFile::None,
        ("link", ..) => OutputFile::Bad("is a symbolic link"),
        ("folder", ..) => OutputFile::Bad("is a folder"),
        ("fifo", ..) => OutputFile::Bad("is a FIFO"),
        ("socket", ..) => OutputFile::Bad("is a socket"),
        ("device", ..) => OutputFile::Bad("is a device"),
        ("unreadable", ..) => OutputFile::Bad("cannot be opened: permission denied"),
        ("file", Some(1), Some(0)) => OutputFile::None,
        ("file", Some(1), Some(size)) if size > limit => OutputFile::TooLarge { size },
        ("file", Some(1), Some(size)) => read_file(file, size),
        ("file", Some(_), _) => OutputFile::Bad("has more than one name (hard link)"),
        ("file", None, _) => OutputFile::Bad("cannot be examined"),
        _ => OutputFile::Bad("is not a regular file"),
    };
    Some(Report {
        code,
        by,
        killed_for_memory: number("oom")?,
        cpu_micros: number("cpu")?,
        peak_bytes: number("peak")?,
        output,
    })
}

fn read_file(base64: &[u8], size: u64) -> OutputFile {
    match STANDARD.decode(base64) {
        Ok(bytes) if bytes.len() as u64 == size => OutputFile::Bytes(bytes),
        _ => OutputFile::Bad("changed while it was read"),
    }
}

/// What of stderr is the harness's: what lies between the first `begin` and the last `end`; where one of them is
/// missing, all on that side belongs to the harness.
pub(crate) fn read_stderr<'a>(mark: &str, all: &'a [u8]) -> &'a [u8] {
    let (begin, end) = (begin(mark), end(mark));
    let from = find(all, begin.as_bytes()).map_or(0, |at| at + begin.len());
    let rest = &all[from..];
    rfind(rest, end.as_bytes()).map_or(rest, |at| &rest[..at])
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

fn rfind(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).rposition(|part| part == wanted)
}

//! What dfab's reading of Python costs beside its parser alone, and beside CPython's.
//!
//! ```text
//! cargo bench --bench front_end -- [--rounds N] [--json] [FOLDER...]
//! ```
//!
//! Every round reads all `.py` files of the folders (default: the standard library of the `python3.12` or
//! `python3` on PATH) in turns: tree-sitter alone; dfab's whole way to a structure hash; tree-sitter alone in the
//! memory dfab gives it; and CPython's `ast.parse` with the same walk, on one core each; then the review of all
//! files, on all cores. Only ratios within one run mean something.
//!
//! tree-sitter alone is what any other program gets that uses the crate. dfab changes where tree-sitter takes its memory
//! from, for the whole process, so that turn is taken by a process of its own, in which dfab reads nothing.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dfab::python;
use dfab::review::{Source, review};
use dfab::similarity::Sequence;

/// Reads every file, parses what CPython accepts, walks the tree as the live service does, and hashes.
const CPYTHON: &str = r#"
import ast, hashlib, os, sys, time, warnings
sys.setrecursionlimit(20000)
warnings.simplefilter("ignore")
paths = sys.stdin.read().split("\0")
sources = []
for path in paths:
    with open(path, "rb") as file:
        sources.append(file.read().decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n"))
def walk(node, out):
    out.append(type(node).__name__)
    if isinstance(node, (ast.Name, ast.Constant)):
        return
    for child in ast.iter_child_nodes(node):
        walk(child, out)
began = time.perf_counter()
for source in sources:
    try:
        out = []
        walk(ast.parse(source), out)
        digest = hashlib.sha256()
        for item in out:
            digest.update(item.encode() + b"\0")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
print(time.perf_counter() - began)
"#;

struct Options {
    rounds: usize,
    json: bool,
    /// To be the other process.
    is_alone: bool,
    folders: Vec<PathBuf>,
}

/// The process in which tree-sitter is alone: for every line it is sent it reads all files, and answers in seconds.
struct Alone(Child);

impl Alone {
    fn start(folders: &[PathBuf]) -> Alone {
        let program = std::env::current_exe().expect("this program has a path");
        let child = Command::new(program)
            .arg("--alone")
            .args(folders)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        Alone(child.expect("this program runs"))
    }

    fn turn(&mut self) -> Option<Duration> {
        self.0.stdin.as_mut()?.write_all(b"\n").ok()?;
        let mut answer = String::new();
        // One line an answer, so nothing is lost with the reader.
        BufReader::new(self.0.stdout.as_mut()?)
            .read_line(&mut answer)
            .ok()?;
        Some(Duration::from_secs_f64(answer.trim().parse().ok()?))
    }

    fn answer(files: &[(String, Vec<u8>)]) {
        for _ in std::io::stdin().lines().map_while(Result::ok) {
            println!("{}", timed(|| tree_sitter_alone(files)).as_secs_f64());
        }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

fn main() {
    let options = options();
    let python = ["python3.12", "python3"]
        .into_iter()
        .find(|name| answers(name, "").is_some());
    let folders = if options.folders.is_empty() {
        let found = python.and_then(|python| {
            answers(
                python,
                "import sysconfig; print(sysconfig.get_path('stdlib'))",
            )
        });
        vec![PathBuf::from(
            found.expect("a python3 on PATH, or folders to read").trim(),
        )]
    } else {
        options.folders
    };
    let mut paths = Vec::new();
    folders
        .iter()
        .for_each(|folder| collect(folder, &mut paths));
    paths.sort();
    let files: Vec<(String, Vec<u8>)> = paths
        .iter()
        .filter_map(|path| Some((path.to_str()?.to_owned(), std::fs::read(path).ok()?)))
        .collect();
    if options.is_alone {
        return Alone::answer(&files);
    }
    let mut alone = Alone::start(&folders);
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    let mut taken: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for round in 0..=options.rounds {
        let mut note = |name, duration: Option<Duration>| {
            // The first round warms caches.
            if let Some(duration) = duration.filter(|_| round > 0) {
                taken.entry(name).or_default().push(duration);
            }
        };
        note("1 tree-sitter alone", alone.turn());
        note(
            "2 dfab, to the structure hash",
            Some(timed(|| structure_hashes(&files))),
        );
        note(
            "3 tree-sitter in dfab's memory",
            Some(timed(|| tree_sitter_in_pool(&files))),
        );
        note(
            "4 dfab, review on all cores",
            Some(timed(|| reviews(&files))),
        );
        note(
            "5 CPython, ast.parse and walk",
            python.and_then(|python| cpython(python, &files)),
        );
    }
    let medians: BTreeMap<&str, f64> = taken
        .iter()
        .map(|(name, times)| (*name, median(times)))
        .collect();
    let base = medians["1 tree-sitter alone"];
    let pooled = medians["3 tree-sitter in dfab's memory"];
    if options.json {
        println!(
            "{}",
            serde_json::json!({"files": files.len(), "bytes": bytes, "rounds": options.rounds, "seconds": medians})
        );
        return;
    }
    println!(
        "{} files, {:.1} MB, {} rounds",
        files.len(),
        bytes as f64 / 1e6,
        options.rounds
    );
    println!(
        "{:32}{:>10}{:>9}{:>15}{:>15}",
        "", "median s", "MB/s", "tree-sitter=1", "in our memory=1"
    );
    for (name, seconds) in &medians {
        println!(
            "{:32}{:10.3}{:9.1}{:15.3}{:15.3}",
            &name[2..],
            seconds,
            bytes as f64 / 1e6 / seconds,
            seconds / base,
            seconds / pooled
        );
    }
}

fn options() -> Options {
    let mut options = Options {
        rounds: 5,
        json: false,
        is_alone: false,
        folders: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // What `cargo bench` itself adds.
            "--bench" => {}
            "--json" => options.json = true,
            "--alone" => options.is_alone = true,
            "--rounds" => {
                options.rounds = arguments
                    .next()
                    .and_then(|number| number.parse().ok())
                    .expect("--rounds N")
            }
            _ => options.folders.push(argument.into()),
        }
    }
    options
}

/// What a program prints, if it runs.
fn answers(python: &str, program: &str) -> Option<String> {
    let output = Command::new(python)
        .args(["-I", "-c", program])
        .stdin(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).ok())?
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.file_name() != "site-packages")
            .for_each(|entry| collect(&entry.path(), found));
    } else if path.extension().is_some_and(|extension| extension == "py") {
        found.push(path.to_owned());
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn median(times: &[Duration]) -> f64 {
    let mut seconds: Vec<f64> = times.iter().map(Duration::as_secs_f64).collect();
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn tree_sitter_alone(files: &[(String, Vec<u8>)]) {
    let mut parser = tree_sitter::Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .expect("the grammar fits the library");
    for (_, bytes) in files {
        let source = python::decode(bytes);
        std::hint::black_box(parser.parse(&source, None));
    }
}

fn tree_sitter_in_pool(files: &[(String, Vec<u8>)]) {
    for (_, bytes) in files {
        let source = python::decode(bytes);
        std::hint::black_box(python::tree_sitter_alone(&source));
    }
}

fn structure_hashes(files: &[(String, Vec<u8>)]) {
    for (_, bytes) in files {
        let source = python::decode(bytes);
        let hash = python::parse(&source).map(|tree| Sequence::of_tree(&tree).structure_hash());
        let _ = std::hint::black_box(hash);
    }
}

fn reviews(files: &[(String, Vec<u8>)]) {
    let sources: Vec<Source<'_>> = files
        .iter()
        .map(|(path, bytes)| Source { path, bytes })
        .collect();
    std::hint::black_box(review(&sources));
}

fn cpython(python: &str, files: &[(String, Vec<u8>)]) -> Option<Duration> {
    let mut child = Command::new(python)
        .args(["-I", "-c", CPYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let paths: Vec<&str> = files.iter().map(|(path, _)| &**path).collect();
    child
        .stdin
        .take()?
        .write_all(paths.join("\0").as_bytes())
        .ok()?;
    let output = child.wait_with_output().ok()?;
    let seconds: f64 = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
    Some(Duration::from_secs_f64(seconds))
}

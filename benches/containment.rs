//! How well containment tells copies from unrelated files, and how fast, beside the service's rule.
//!
//! ```text
//! cargo bench --bench containment -- FOLDER [--rounds N] [--pairs FILE]
//! ```
//!
//! FOLDER is a labelled set (`benches/disguised.py` makes one). Prints JSON: speeds on one core, the median of
//! the rounds. With `--pairs`, writes a line `LEFT RIGHT SCORE SHARE` for every pair: positions of the files in the order
//! of their names, percent by the service's rule, and the greater share of containment. `benches/disguises.py` makes a
//! table of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use dfab::python;
use dfab::similarity::{Corpus, Outlines, Sequence};

struct Options {
    folder: PathBuf,
    rounds: usize,
    pairs: Option<PathBuf>,
}

fn main() {
    let options = options();
    let sequences = sequences(&options.folder);
    let sequences: Vec<&Sequence> = sequences.iter().collect();
    let outlines = Outlines::new(&sequences);
    let mut figures = BTreeMap::new();
    let count = sequences.len() as f64;
    let pairs = count * (count - 1.0) / 2.0;
    figures.insert("files", count);
    figures.insert("pairs", pairs);
    let items: usize = sequences.iter().map(|sequence| sequence.len()).sum();
    figures.insert("items", items as f64);
    let one_core = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    one_core.expect("a thread").install(|| {
        figures.insert(
            "outlines_s",
            median_of(options.rounds, || {
                drop(black_box(Outlines::new(&sequences)))
            }),
        );
        let taken = median_of(options.rounds, || {
            drop(black_box(outlines.matches(outlines.len())))
        });
        figures.insert("all_pairs_s", taken);
        figures.insert("pairs_per_s", pairs / taken);
    });
    if let Some(path) = &options.pairs {
        write_pairs(path, &sequences, &outlines).expect("a file that can be written");
    }
    println!(
        "{}",
        serde_json::to_string_pretty(&figures).expect("numbers")
    );
}

fn write_pairs(path: &Path, sequences: &[&Sequence], outlines: &Outlines) -> std::io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let matches = outlines.matches(outlines.len());
    let scores = Corpus::new(sequences).pairs(0);
    for pair in scores {
        let (left, right) = (pair.left as usize, pair.right as usize);
        let row = &matches[left];
        let matched = row
            .binary_search_by_key(&pair.right, |&(index, _)| index)
            .map_or(0, |at| row[at].1);
        let share = outlines.containment(left, right, matched).greater();
        writeln!(out, "{left} {right} {} {share}", pair.score)?;
    }
    out.flush()
}

/// Sequences of the folder's Python files, in the order of their names.
fn sequences(folder: &Path) -> Vec<Sequence> {
    let entries = std::fs::read_dir(folder).expect("a folder that can be read");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    paths.sort();
    let sequence = |path: &PathBuf| {
        let source = python::decode(&std::fs::read(path).expect("a file that can be read"));
        Sequence::of_tree(&python::parse(&source).expect("Python"))
    };
    paths.iter().map(sequence).collect()
}

fn options() -> Options {
    let mut options = Options {
        folder: PathBuf::new(),
        rounds: 3,
        pairs: None,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // What `cargo bench` itself adds.
            "--bench" => {}
            "--pairs" => options.pairs = arguments.next().map(PathBuf::from),
            "--rounds" => {
                let number = arguments.next().and_then(|number| number.parse().ok());
                options.rounds = number.expect("--rounds N");
            }
            _ => options.folder = argument.into(),
        }
    }
    assert!(
        options.folder.is_dir(),
        "a labelled set is needed: see benches/disguised.py"
    );
    options
}

/// Median of some rounds in seconds, after one that warms caches.
fn median_of(rounds: usize, mut work: impl FnMut()) -> f64 {
    work();
    let mut taken: Vec<f64> = (0..rounds.max(1))
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed().as_secs_f64()
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    taken[taken.len() / 2]
}

//! How fast sequences are compared: pairs, a query against an archive, all pairs, nearest neighbours.
//!
//! ```text
//! cargo bench --bench similarity -- CORPUS [--archive FOLDER] [--rounds N]
//! ```
//!
//! CORPUS is a folder of Python files (`benches/corpus.py` makes one). Pairs run beside the crate
//! rapidfuzz, in turns. With an archive, its files (9000 at most, evenly picked, every ninetieth held out
//! as a query) are searched for the nearest neighbours of those held out. Prints JSON: the median of the
//! rounds, of each figure. Cells are the product of the lengths, whatever was trimmed or left out.
//! `benches/compare.py` runs this with all other peers.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dfab::python;
use dfab::similarity::{Corpus, Sequence};
use rayon::prelude::*;

/// Sequences of an archive.
const ARCHIVE: usize = 9000;
/// One in so many is held out.
const HELD_OUT: usize = 90;

struct Options {
    corpus: PathBuf,
    archive: Option<PathBuf>,
    rounds: usize,
}

fn main() {
    let options = options();
    let sequences = sequences(&files(&options.corpus));
    let corpus = Corpus::new(&sequences.iter().collect::<Vec<_>>());
    let mut figures = BTreeMap::new();
    figures.insert("files", sequences.len() as f64);
    figures.insert("pairs", pairs_of(sequences.len()) as f64);
    figures.insert("all_pairs_cells", all_cells(&sequences));
    let one_core = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    one_core
        .expect("a thread")
        .install(|| on_one_core(&options, &sequences, &corpus, &mut figures));
    for (name, min_score) in [
        ("all_pairs_s", 0),
        ("pairs_from_30_s", 30),
        ("pairs_from_97_s", 97),
    ] {
        let taken = rounds(options.rounds, || drop(black_box(corpus.pairs(min_score))));
        figures.insert(name, taken);
    }
    figures.insert(
        "nearest_of_each_s",
        rounds(options.rounds, || drop(black_box(corpus.nearest_of_each()))),
    );
    if let Some(archive) = &options.archive {
        search_archive(archive, &mut figures);
    }
    println!(
        "{}",
        serde_json::to_string_pretty(&figures).expect("numbers")
    );
}

fn on_one_core(
    options: &Options,
    sequences: &[Sequence],
    corpus: &Corpus,
    figures: &mut BTreeMap<&'static str, f64>,
) {
    let count = sequences.len();
    let chosen: Vec<(usize, usize)> = (0..count)
        .map(|left| (left, (left * 31 + 17) % count))
        .filter(|(left, right)| left != right)
        .collect();
    let cells: f64 = chosen
        .iter()
        .map(|&(l, r)| cells(&sequences[l], &sequences[r]))
        .sum();
    let numbers = numbered(sequences);
    let mut comparer = corpus.comparer();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        let taken = timed(|| {
            chosen.iter().for_each(|&(l, r)| {
                black_box(comparer.score(l, r));
            })
        });
        let peers = timed(|| {
            for &(l, r) in &chosen {
                let (l, r) = (numbers[l].iter().copied(), numbers[r].iter().copied());
                black_box(rapidfuzz::distance::lcs_seq::similarity(l, r));
            }
        });
        // The first round warms caches.
        if round > 0 {
            ours.push(taken);
            theirs.push(peers);
        }
    }
    figures.insert("pair_gcups", cells / median(&mut ours) / 1e9);
    figures.insert(
        "pair_rapidfuzz_crate_gcups",
        cells / median(&mut theirs) / 1e9,
    );
    let queries: Vec<&Sequence> = sequences.iter().step_by(40).collect();
    let total: f64 = sequences.iter().map(|s| s.len() as f64).sum();
    let query_cells: f64 = queries.iter().map(|query| query.len() as f64 * total).sum();
    let taken = rounds(options.rounds, || {
        queries
            .iter()
            .for_each(|query| drop(black_box(corpus.scores_with(query, 0))));
    });
    figures.insert("query_gcups", query_cells / taken / 1e9);
    let taken = rounds(options.rounds, || drop(black_box(corpus.pairs(0))));
    figures.insert("all_pairs_gcups", all_cells(sequences) / taken / 1e9);
}

fn search_archive(folder: &Path, figures: &mut BTreeMap<&'static str, f64>) {
    let mut found = files(folder);
    let step = (found.len() / ARCHIVE).max(1);
    found = found
        .into_iter()
        .step_by(step)
        .take(ARCHIVE + ARCHIVE / HELD_OUT)
        .collect();
    let (queries, kept): (Vec<_>, Vec<_>) = found
        .into_iter()
        .enumerate()
        .partition(|(index, _)| index % HELD_OUT == 0);
    let strip =
        |files: Vec<(usize, PathBuf)>| files.into_iter().map(|(_, path)| path).collect::<Vec<_>>();
    let (queries, kept) = (sequences(&strip(queries)), sequences(&strip(kept)));
    let archive = Corpus::new(&kept.iter().collect::<Vec<_>>());
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for query in &queries {
        archive.nearest_to(query, u64::MAX);
        let began = Instant::now();
        let found = archive.nearest_to(query, u64::MAX).nearest;
        let taken = began.elapsed().as_secs_f64() * 1000.0;
        match found {
            Some((_, 90..)) => with.push(taken),
            Some((_, ..60)) => without.push(taken),
            _ => {}
        }
    }
    figures.insert("archive_files", archive.len() as f64);
    figures.insert("archive_queries_with_relative", with.len() as f64);
    figures.insert("archive_queries_without_relative", without.len() as f64);
    figures.insert("nearest_with_relative_ms", median(&mut with));
    figures.insert("nearest_without_relative_ms", median(&mut without));
    let bytes: Vec<Vec<u8>> = kept.iter().map(Sequence::to_bytes).collect();
    let taken = rounds(3, || {
        let read: Vec<Sequence> = bytes
            .iter()
            .filter_map(|bytes| Sequence::from_bytes(bytes))
            .collect();
        black_box(Corpus::new(&read.iter().collect::<Vec<_>>()));
    });
    figures.insert("archive_from_stored_bytes_ms", taken * 1000.0);
}

fn options() -> Options {
    let mut options = Options {
        corpus: PathBuf::new(),
        archive: None,
        rounds: 3,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // What `cargo bench` itself adds.
            "--bench" => {}
            "--archive" => options.archive = arguments.next().map(PathBuf::from),
            "--rounds" => {
                let number = arguments.next().and_then(|number| number.parse().ok());
                options.rounds = number.expect("--rounds N");
            }
            _ => options.corpus = argument.into(),
        }
    }
    assert!(
        options.corpus.is_dir(),
        "a folder of Python files is needed: see benches/corpus.py"
    );
    options
}

/// All Python files below a folder, in path order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .flatten();
    entries
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect()
}

/// Sequences of those that parse.
fn sequences(files: &[PathBuf]) -> Vec<Sequence> {
    files
        .par_iter()
        .filter_map(|path| {
            let tree = python::parse(&python::decode(&std::fs::read(path).ok()?)).ok()?;
            Some(Sequence::of_tree(&tree))
        })
        .collect()
}

/// The same items as numbers, for the peer.
fn numbered(sequences: &[Sequence]) -> Vec<Vec<u32>> {
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut number = |item: String| {
        let next = numbers.len() as u32;
        *numbers.entry(item).or_insert(next)
    };
    sequences
        .iter()
        .map(|sequence| sequence.items().map(&mut number).collect())
        .collect()
}

fn pairs_of(count: usize) -> usize {
    count * count.saturating_sub(1) / 2
}

fn cells(left: &Sequence, right: &Sequence) -> f64 {
    left.len() as f64 * right.len() as f64
}

fn all_cells(sequences: &[Sequence]) -> f64 {
    let lengths = || sequences.iter().map(|sequence| sequence.len() as f64);
    (lengths().sum::<f64>().powi(2) - lengths().map(|len| len * len).sum::<f64>()) / 2.0
}

fn timed(work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    began.elapsed().max(Duration::from_nanos(1)).as_secs_f64()
}

/// The median of some rounds in seconds, after one that warms caches.
fn rounds(count: usize, mut work: impl FnMut()) -> f64 {
    work();
    median(&mut (0..count).map(|_| timed(&mut work)).collect::<Vec<_>>())
}

fn median(taken: &mut [f64]) -> f64 {
    taken.sort_by(f64::total_cmp);
    taken.get(taken.len() / 2).copied().unwrap_or(f64::NAN)
}

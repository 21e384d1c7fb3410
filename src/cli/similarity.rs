//! `dfab similarity`

use std::io::{self, BufWriter, Write};
use std::path::Path;

use rayon::prelude::*;

use crate::package::PackageLimits;
use crate::pipeline::{Submission, chain};
use crate::report::similarity::{self as shown, AlignedPair, Document, LocatedPackage};
use crate::report::{Format, write_line, write_pretty};
use crate::review::{self, Reviewed};
use crate::similarity::{self, Corpus, PLAGIARIZED_FROM, Sequence, SimilarityReport, Status};
use crate::store::{self, Store, artifact_path};

use super::args::SimilarityArgs;
use super::context::Context;
use super::exit::{CliError, Exit};
use super::inputs::{self, Hotkeys};
use super::sources::Sources;

/// Sources to compare, by the names the caller gave them.
struct Compared {
    names: Vec<String>,
    structures: Vec<Structure>,
    /// Some argument is refused or not Python.
    refused: bool,
    /// Some argument could not be read.
    unreadable: bool,
}

/// What is compared.
enum Structure {
    Sequence(Sequence),
    /// With the place of every item, where lines will be shown.
    Located(LocatedPackage),
}

impl Structure {
    fn sequence(&self) -> &Sequence {
        match self {
            Structure::Sequence(sequence) => sequence,
            Structure::Located(package) => package.located.sequence(),
        }
    }

    fn located(&self) -> Option<&LocatedPackage> {
        match self {
            Structure::Sequence(_) => None,
            Structure::Located(package) => Some(package),
        }
    }
}

/// What is to be compared.
struct Wanted {
    submission: Submission,
    /// Its structure, if that is stored and enough.
    known: Option<Sequence>,
}

/// Why one argument is left out.
struct LeftOut {
    message: String,
    hint: Option<String>,
    unreadable: bool,
}

pub(super) fn run(context: &Context, args: &SimilarityArgs) -> Result<Exit, CliError> {
    let mut compared = read(context, args, wanted(context, args)?);
    let sequences: Vec<_> = compared
        .structures
        .iter()
        .map(Structure::sequence)
        .collect();
    let corpus = Corpus::new(&sequences);
    if !args.regions {
        // The corpus has its own copy.
        compared.structures = Vec::new();
    }
    // A line at a time would be a system call for each pair.
    let out = &mut BufWriter::with_capacity(OUTPUT_BUFFER_BYTES, io::stdout().lock());
    let plagiarized = match args.nearest {
        true => nearest(context, &compared, &corpus, out)?,
        false => pairs(context, args, &compared, &corpus, out)?,
    };
    out.flush()?;
    match compared.unreadable {
        true => Ok(Exit::Failure),
        false => Ok(Exit::when(
            !plagiarized && !compared.refused,
            args.leniency.exit_zero,
        )),
    }
}

const OUTPUT_BUFFER_BYTES: usize = 1 << 16;

/// What is to be compared: what was named, then what is stored.
fn wanted(context: &Context, args: &SimilarityArgs) -> Result<Vec<Wanted>, CliError> {
    let mut wanted = Vec::new();
    if !args.paths.is_empty() {
        for submission in inputs::expand(context, &args.paths, &Hotkeys::default())? {
            match kept_in(&submission.path) {
                kept if kept.is_empty() => wanted.push(submission),
                kept => wanted.extend(kept),
            }
        }
    }
    let to_read = |submission| Wanted {
        submission,
        known: None,
    };
    let mut wanted: Vec<Wanted> = wanted.into_iter().map(to_read).collect();
    if args.stored {
        let store = Store::open_read_only(&context.settings.database)?;
        let root = &context.settings.artifact_root;
        for stored in store.stored_fingerprints()? {
            let package = format!("{}/{}", stored.hotkey, stored.submission_id);
            if stored.is_unsound {
                let message = format!(
                    "{package}: its stored fingerprint cannot be believed; reading the package"
                );
                context.complain(&message, None);
            }
            wanted.push(Wanted {
                submission: Submission {
                    path: artifact_path(root, &stored.submission_id),
                    package,
                    hotkey: stored.hotkey,
                },
                // Lines can only be shown of sources.
                known: stored.sequence.filter(|_| !args.regions),
            });
        }
    }
    Ok(wanted)
}

/// The packages of a folder that keeps them by their submissions' ids; none of any other PATH. What
/// cannot be listed says so when it is read.
fn kept_in(folder: &Path) -> Vec<Submission> {
    let ids = store::kept_submissions(folder).unwrap_or_default();
    let kept = ids.into_iter().map(|id| Submission {
        path: artifact_path(folder, &id),
        package: folder.join(&id).display().to_string(),
        hotkey: String::new(),
    });
    kept.collect()
}

/// Reads and parses everything that is not known, in parallel; what cannot be compared is said and
/// left out.
fn read(context: &Context, args: &SimilarityArgs, wanted: Vec<Wanted>) -> Compared {
    let limits = context.package_limits();
    let read: Vec<(String, Result<Structure, LeftOut>)> = wanted
        .into_par_iter()
        .with_max_len(1)
        .map(|Wanted { submission, known }| {
            let structure = match known {
                Some(sequence) => Ok(Structure::Sequence(sequence)),
                None => structure(&submission, &limits, args.regions),
            };
            (submission.package, structure)
        })
        .collect();
    let mut compared = Compared {
        names: Vec::new(),
        structures: Vec::new(),
        refused: false,
        unreadable: false,
    };
    for (name, result) in read {
        match result {
            Ok(structure) => {
                compared.names.push(name);
                compared.structures.push(structure);
            }
            Err(LeftOut {
                message,
                hint,
                unreadable,
            }) => {
                context.complain(&named(&name, &message), hint.as_deref());
                compared.refused |= !unreadable;
                compared.unreadable |= unreadable;
            }
        }
    }
    compared
}

fn structure(
    submission: &Submission,
    limits: &PackageLimits,
    with_lines: bool,
) -> Result<Structure, LeftOut> {
    let sources = Sources::read(&submission.path, limits).map_err(|error| LeftOut {
        message: chain(&error),
        hint: error.hint(),
        unreadable: error.is_unreadable(),
    })?;
    let sources = sources.borrowed();
    let reviewed = review::review(&sources);
    let structure = if with_lines {
        review::package_located(&reviewed, &sources).map(|located| {
            let files = reviewed
                .trees
                .iter()
                .map(|(path, _)| path.clone())
                .collect();
            Structure::Located(LocatedPackage { files, located })
        })
    } else {
        review::package_sequence(&reviewed, &sources).map(Structure::Sequence)
    };
    structure.ok_or_else(|| LeftOut {
        message: why_not(&reviewed),
        hint: None,
        unreadable: false,
    })
}

/// Why there is nothing to compare: no Python, or the first place that is not.
fn why_not(reviewed: &Reviewed) -> String {
    for file in &reviewed.review.files {
        for violation in &file.violations {
            if let (Some(message), Some(line)) = (&violation.message, violation.line) {
                return format!("{}, line {line} is not Python: {message}", file.path);
            }
        }
    }
    "there is no Python file".to_owned()
}

/// The message with the name of what it is about, unless it says so itself.
fn named(package: &str, message: &str) -> String {
    match message.starts_with(package) {
        true => message.to_owned(),
        false => format!("{package}: {message}"),
    }
}

/// `--nearest`; returns whether anything is plagiarized.
fn nearest(
    context: &Context,
    compared: &Compared,
    corpus: &Corpus,
    out: &mut dyn Write,
) -> Result<bool, CliError> {
    let rows = similarity::nearest_of_each(&compared.names, corpus);
    match context.format() {
        Format::Json => write_pretty(out, &Document::nearest(&rows))?,
        Format::Jsonl => rows.iter().try_for_each(|row| write_line(out, row))?,
        Format::Table => out.write_all(shown::nearest_table(&rows, context.display).as_bytes())?,
    }
    Ok(rows
        .iter()
        .any(|row| row.status == Some(Status::Plagiarized)))
}

/// All pairs; returns whether any is plagiarized.
fn pairs(
    context: &Context,
    args: &SimilarityArgs,
    compared: &Compared,
    corpus: &Corpus,
    out: &mut dyn Write,
) -> Result<bool, CliError> {
    // Clusters are groups of copies: the live service's own bar for plagiarism.
    let threshold = args.min.max(PLAGIARIZED_FROM);
    let report = similarity::compare_all(&compared.names, corpus, args.min, threshold);
    let aligned = if args.regions {
        aligned(compared, &report)
    } else {
        Vec::new()
    };
    match (context.format(), args.regions) {
        (Format::Json, _) => write_pretty(out, &Document::pairs(&report, &aligned))?,
        (Format::Jsonl, true) => aligned.iter().try_for_each(|pair| write_line(out, pair))?,
        (Format::Jsonl, false) => {
            report
                .comparisons()
                .try_for_each(|pair| write_line(out, &pair))?;
        }
        (Format::Table, _) => {
            out.write_all(shown::pairs_table(&report, &aligned, context.display).as_bytes())?;
        }
    }
    Ok(report.with_status(Status::Plagiarized).next().is_some())
}

/// The aligned lines of every pair of the report, in its order.
fn aligned<'n>(compared: &Compared, report: &SimilarityReport<'n>) -> Vec<AlignedPair<'n>> {
    report
        .pairs()
        .par_iter()
        .filter_map(|pair| {
            let left = compared.structures.get(pair.left as usize)?.located()?;
            let right = compared.structures.get(pair.right as usize)?.located()?;
            Some(AlignedPair::new(report.comparison(pair), left, right))
        })
        .collect()
}

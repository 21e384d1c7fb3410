//! `dfab similarity`

use std::io::{self, Write};
use std::path::Path;

use rayon::prelude::*;

use crate::package::PackageLimits;
use crate::pipeline::{Submission, chain};
use crate::report::similarity::{self as shown, AlignedPair, Document, LocatedPackage};
use crate::report::{Format, write_line, write_pretty};
use crate::review::{self, Reviewed};
use crate::similarity::{self, Corpus, PLAGIARIZED_FROM, SimilarityReport, Status};
use crate::store::{self, Store, artifact_path};

use super::args::SimilarityArgs;
use super::context::Context;
use super::exit::{CliError, Exit};
use super::inputs::{self, Hotkeys};
use super::sources::Sources;

/// Sources to compare, by the names the caller gave them.
struct Compared {
    names: Vec<String>,
    packages: Vec<LocatedPackage>,
    /// Some argument is refused or not Python.
    refused: bool,
    /// Some argument could not be read.
    unreadable: bool,
}

/// Why one argument is left out.
struct LeftOut {
    message: String,
    hint: Option<String>,
    unreadable: bool,
}

pub(super) fn run(context: &Context, args: &SimilarityArgs) -> Result<Exit, CliError> {
    let compared = read(context, &wanted(context, args)?);
    let sequences: Vec<_> = compared
        .packages
        .iter()
        .map(|package| package.located.sequence())
        .collect();
    let corpus = Corpus::new(&sequences);
    let plagiarized = match args.nearest {
        true => nearest(context, &compared, &corpus)?,
        false => pairs(context, args, &compared, &corpus)?,
    };
    match compared.unreadable {
        true => Ok(Exit::Failure),
        false => Ok(Exit::when(
            !plagiarized && !compared.refused,
            args.leniency.exit_zero,
        )),
    }
}

/// What is to be compared: what was named, then what is stored.
fn wanted(context: &Context, args: &SimilarityArgs) -> Result<Vec<Submission>, CliError> {
    let mut wanted = Vec::new();
    if !args.paths.is_empty() {
        for submission in inputs::expand(context, &args.paths, &Hotkeys::default())? {
            match kept_in(&submission.path) {
                kept if kept.is_empty() => wanted.push(submission),
                kept => wanted.extend(kept),
            }
        }
    }
    if args.stored {
        let store = Store::open_read_only(&context.settings.database)?;
        let root = &context.settings.artifact_root;
        for stored in store.stored_submissions()? {
            wanted.push(Submission {
                path: artifact_path(root, &stored.submission_id),
                package: format!("{}/{}", stored.hotkey, stored.submission_id),
                hotkey: stored.hotkey,
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

/// Reads and parses everything, in parallel; what cannot be compared is said and left out.
fn read(context: &Context, submissions: &[Submission]) -> Compared {
    let limits = context.package_limits();
    let read: Vec<Result<LocatedPackage, LeftOut>> = submissions
        .par_iter()
        .map(|submission| located(submission, &limits))
        .collect();
    let mut compared = Compared {
        names: Vec::new(),
        packages: Vec::new(),
        refused: false,
        unreadable: false,
    };
    for (submission, result) in submissions.iter().zip(read) {
        match result {
            Ok(package) => {
                compared.names.push(submission.package.clone());
                compared.packages.push(package);
            }
            Err(LeftOut {
                message,
                hint,
                unreadable,
            }) => {
                let message = named(&submission.package, &message);
                context.complain(&message, hint.as_deref());
                compared.refused |= !unreadable;
                compared.unreadable |= unreadable;
            }
        }
    }
    compared
}

fn located(submission: &Submission, limits: &PackageLimits) -> Result<LocatedPackage, LeftOut> {
    let sources = Sources::read(&submission.path, limits).map_err(|error| LeftOut {
        message: chain(&error),
        hint: error.hint(),
        unreadable: error.is_unreadable(),
    })?;
    let sources = sources.borrowed();
    let reviewed = review::review(&sources);
    match review::package_located(&reviewed, &sources) {
        Some(located) => {
            let files = reviewed.trees.into_iter().map(|(path, _)| path).collect();
            Ok(LocatedPackage { files, located })
        }
        None => Err(LeftOut {
            message: why_not(&reviewed),
            hint: None,
            unreadable: false,
        }),
    }
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
fn nearest(context: &Context, compared: &Compared, corpus: &Corpus) -> Result<bool, CliError> {
    let rows = similarity::nearest_of_each(&compared.names, corpus);
    let out = &mut io::stdout().lock();
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
) -> Result<bool, CliError> {
    // Clusters are groups of copies: the live service's own bar for plagiarism.
    let threshold = args.min.max(PLAGIARIZED_FROM);
    let report = similarity::compare_all(&compared.names, corpus, args.min, threshold);
    let aligned = if args.regions {
        aligned(compared, &report)
    } else {
        Vec::new()
    };
    let out = &mut io::stdout().lock();
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
            let left = compared.packages.get(pair.left as usize)?;
            let right = compared.packages.get(pair.right as usize)?;
            Some(AlignedPair::new(report.comparison(pair), left, right))
        })
        .collect()
}

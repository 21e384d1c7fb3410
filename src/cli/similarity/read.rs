//! Reads and parses what is to be compared.

use rayon::prelude::*;

use crate::cli::args::SimilarityArgs;
use crate::cli::context::Context;
use crate::cli::sources::Sources;
use crate::package::PackageLimits;
use crate::pipeline::{Submission, chain};
use crate::python::Tree;
use crate::report::count;
use crate::review::{self, FileReview, Reviewed};
use crate::similarity::{BASE_RUN, Located, LocatedPackage, Sequence};

use super::wanted::Wanted;

/// Everything that was read, new ones first, and what could not be.
#[derive(Default)]
pub(super) struct Compared {
    pub units: Vec<Unit>,
    /// Some argument is refused or not Python.
    pub refused: bool,
    /// Some argument could not be read.
    pub unreadable: bool,
    /// What was said of each that is left out.
    pub left_out: Vec<String>,
}

impl Compared {
    /// Of all structures only their names stay.
    pub(super) fn forget_structures(&mut self) {
        for unit in &mut self.units {
            unit.structure = Structure::Sequence(Sequence::default());
        }
    }

    fn leave_out(&mut self, context: &Context, name: &str, reason: LeftOut) {
        let message = about(name, &reason.message);
        context.complain(&message, reason.hint.as_deref());
        self.left_out.push(message);
        self.refused |= !reason.unreadable;
        self.unreadable |= reason.unreadable;
    }
}

/// What is compared: a package, or with `--files` one of its files.
pub(super) struct Unit {
    pub name: String,
    /// Position of the package among those wanted.
    pub owner: usize,
    /// The file's path in it, if it is one file of several.
    pub file: Option<String>,
    pub is_old: bool,
    pub structure: Structure,
}

pub(super) enum Structure {
    Sequence(Sequence),
    /// With the place of every item, where lines will be shown.
    Located(LocatedPackage),
}

impl Structure {
    pub(super) fn sequence(&self) -> &Sequence {
        match self {
            Structure::Sequence(sequence) => sequence,
            Structure::Located(package) => package.located.sequence(),
        }
    }
}

/// Why something is left out.
pub(super) struct LeftOut {
    pub message: String,
    hint: Option<String>,
    unreadable: bool,
}

impl LeftOut {
    pub(super) fn refused(message: String) -> LeftOut {
        LeftOut {
            message,
            hint: None,
            unreadable: false,
        }
    }
}

/// What one argument gives: its structures with their files, and files that are left out.
#[derive(Default)]
struct Structures {
    found: Vec<(Option<String>, Structure)>,
    left_out: Vec<LeftOut>,
    /// Files too short to be compared.
    short: usize,
}

/// Reads and parses everything that is not known, in parallel; what cannot be compared is said and
/// left out.
pub(super) fn read(context: &Context, args: &SimilarityArgs, wanted: &mut [Wanted]) -> Compared {
    let limits = context.package_limits();
    let read: Vec<Result<Structures, LeftOut>> = wanted
        .par_iter_mut()
        .with_max_len(1)
        .map(|wanted| match wanted.known.take() {
            Some(sequence) => Ok(Structures {
                found: vec![(None, Structure::Sequence(sequence))],
                ..Structures::default()
            }),
            None => structures(&wanted.submission, &limits, args),
        })
        .collect();
    let mut compared = Compared::default();
    let mut short = 0;
    for (owner, (wanted, result)) in wanted.iter().zip(read).enumerate() {
        let package = &wanted.submission.package;
        let structures = result.unwrap_or_else(|reason| {
            compared.leave_out(context, package, reason);
            Structures::default()
        });
        for reason in structures.left_out {
            compared.leave_out(context, package, reason);
        }
        short += structures.short;
        compared
            .units
            .extend(structures.found.into_iter().map(|(file, structure)| Unit {
                name: match &file {
                    Some(file) => format!("{package}:{file}"),
                    None => package.clone(),
                },
                owner,
                file,
                is_old: wanted.is_old,
                structure,
            }));
    }
    if short > 0 {
        context.detail(&format!(
            "{} of fewer than {BASE_RUN} nodes are not compared",
            count(short, "file")
        ));
    }
    compared
}

/// The sequences of the base, one for each file, so that files that do not parse cost no others.
pub(super) fn base_sequences(
    context: &Context,
    base: Vec<Submission>,
    compared: &mut Compared,
) -> Vec<Sequence> {
    let limits = context.package_limits();
    let mut sequences = Vec::new();
    for submission in base {
        let reviewed = Sources::read(&submission.path, &limits)
            .map_err(LeftOut::from)
            .map(|sources| review::review(&sources.borrowed()));
        let reviewed = match reviewed {
            Ok(reviewed) => reviewed,
            Err(reason) => {
                compared.leave_out(context, &submission.package, reason);
                continue;
            }
        };
        let parsed = reviewed.trees.iter().filter_map(|(_, tree)| tree.as_ref());
        let before = sequences.len();
        sequences.extend(parsed.map(Sequence::of_tree));
        if sequences.len() - before < reviewed.trees.len() || reviewed.trees.is_empty() {
            let reason = LeftOut::refused(why_not(&reviewed));
            compared.leave_out(context, &submission.package, reason);
        }
    }
    sequences
}

/// A package with its places and texts, for showing lines.
pub(super) struct Shown {
    pub package: LocatedPackage,
    pub texts: Vec<String>,
}

/// Reads a package, or one file of it, once more to show it.
pub(super) fn shown(
    submission: &Submission,
    file: Option<&str>,
    limits: &PackageLimits,
) -> Result<Shown, LeftOut> {
    let sources = Sources::read(&submission.path, limits)?;
    let borrowed = sources.borrowed();
    let borrowed: Vec<_> = match file {
        Some(file) => borrowed
            .into_iter()
            .filter(|source| source.path == file)
            .collect(),
        None => borrowed,
    };
    let reviewed = review::review(&borrowed);
    let package = review::package_located(&reviewed, &borrowed);
    let package = package.ok_or_else(|| LeftOut::refused(why_not(&reviewed)))?;
    let text_of = |path: &String| {
        let source = borrowed.iter().find(|source| source.path == path);
        let text = source.map(|source| crate::python::decode(source.bytes));
        // A page shows a tab as the escape it is.
        text.unwrap_or_default().replace('\t', "    ")
    };
    Ok(Shown {
        texts: package.files.iter().map(text_of).collect(),
        package,
    })
}

impl From<crate::cli::sources::SourcesError> for LeftOut {
    fn from(error: crate::cli::sources::SourcesError) -> LeftOut {
        LeftOut {
            message: chain(&error),
            hint: error.hint(),
            unreadable: error.is_unreadable(),
        }
    }
}

fn structures(
    submission: &Submission,
    limits: &PackageLimits,
    args: &SimilarityArgs,
) -> Result<Structures, LeftOut> {
    let sources = Sources::read(&submission.path, limits)?;
    let borrowed = sources.borrowed();
    let reviewed = review::review(&borrowed);
    let is_one_file = submission.path.extension().is_some_and(|end| end == "py");
    if args.files && !is_one_file {
        return by_file(&reviewed, args.regions);
    }
    let structure = match args.regions {
        true => review::package_located(&reviewed, &borrowed).map(Structure::Located),
        false => review::package_sequence(&reviewed, &borrowed).map(Structure::Sequence),
    };
    let structure = structure.ok_or_else(|| LeftOut::refused(why_not(&reviewed)))?;
    Ok(Structures {
        found: vec![(None, structure)],
        ..Structures::default()
    })
}

/// Each file by itself. Very short ones, such as a package's empty `__init__.py`, are all alike.
fn by_file(reviewed: &Reviewed, with_lines: bool) -> Result<Structures, LeftOut> {
    if reviewed.trees.is_empty() {
        return Err(LeftOut::refused(why_not(reviewed)));
    }
    let mut structures = Structures::default();
    for ((path, tree), file) in reviewed.trees.iter().zip(&reviewed.review.files) {
        let Some(tree) = tree else {
            let reason = not_python(file).unwrap_or_else(|| format!("{path} is not Python"));
            structures.left_out.push(LeftOut::refused(reason));
            continue;
        };
        let structure = structure_of(path, tree, with_lines);
        match structure.sequence().len() < BASE_RUN {
            true => structures.short += 1,
            false => structures.found.push((Some(path.clone()), structure)),
        }
    }
    Ok(structures)
}

fn structure_of(path: &str, tree: &Tree, with_lines: bool) -> Structure {
    match with_lines {
        true => Structure::Located(LocatedPackage {
            files: vec![path.to_owned()],
            located: Located::of_trees(&[tree]),
        }),
        false => Structure::Sequence(Sequence::of_tree(tree)),
    }
}

/// Why there is nothing to compare: no Python, or the first place that is not.
fn why_not(reviewed: &Reviewed) -> String {
    let first = reviewed.review.files.iter().find_map(not_python);
    first.unwrap_or_else(|| "there is no Python file".to_owned())
}

fn not_python(file: &FileReview) -> Option<String> {
    file.violations.iter().find_map(|violation| {
        let (message, line) = (violation.message.as_ref()?, violation.line?);
        Some(format!(
            "{}, line {line} is not Python: {message}",
            file.path
        ))
    })
}

/// The message with the name of what it is about, unless it says so itself.
pub(in crate::cli) fn about(package: &str, message: &str) -> String {
    let says_so = [package, &format!("cannot read {package}")]
        .iter()
        .any(|start| message.starts_with(start));
    match says_so {
        true => message.to_owned(),
        false => format!("{package}: {message}"),
    }
}

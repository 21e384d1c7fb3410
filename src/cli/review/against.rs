//! `--against`: in which other package most of a reviewed one is found.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::cli::context::Context;
use crate::cli::exit::CliError;
use crate::cli::similarity::named;
use crate::cli::sources::{Sources, SourcesError};
use crate::package::PackageLimits;
use crate::pipeline::{Submission, chain};
use crate::report::review::{ContainedIn, Structure};
use crate::review::{self, Reviewed, Source};
use crate::similarity::{ContainmentLines, LocatedPackage, Outline, Sequence};

/// The other packages, those that can be compared.
pub(super) struct Against {
    others: Vec<Other>,
    limits: PackageLimits,
    /// Some of them could not be read.
    pub unreadable: bool,
}

struct Other {
    submission: Submission,
    sequence: Sequence,
}

impl Against {
    /// Reads and parses them all, in parallel; what cannot be compared is said and left out. None without
    /// paths.
    pub(super) fn read(context: &Context, paths: &[OsString]) -> Result<Option<Against>, CliError> {
        if paths.is_empty() {
            return Ok(None);
        }
        let limits = context.package_limits();
        let read: Vec<_> = named(context, paths)?
            .into_par_iter()
            .with_max_len(1)
            .map(|submission| (sequence(&submission.path, &limits), submission))
            .collect();
        let mut against = Against {
            others: Vec::new(),
            limits,
            unreadable: false,
        };
        for (sequence, submission) in read {
            match sequence {
                Ok(Some(sequence)) => against.others.push(Other {
                    submission,
                    sequence,
                }),
                Ok(None) => context.warn(&format!(
                    "{} is not compared: not all of it is Python, or nothing is",
                    submission.package
                )),
                Err(error) => {
                    against.unreadable |= error.is_unreadable();
                    let message = format!("{}: {}", submission.package, chain(&error));
                    context.complain(&message, error.hint().as_deref());
                }
            }
        }
        Ok(Some(against))
    }

    /// The other with the greatest share in common. A package is not compared with itself.
    pub(super) fn structure(
        &self,
        package: &Path,
        reviewed: &Reviewed,
        sources: &[Source<'_>],
    ) -> Structure {
        let place = place(package);
        let others = self.others.iter();
        let others: Vec<&Other> = others
            .filter(|other| self::place(&other.submission.path) != place)
            .collect();
        let sequences: Vec<&Sequence> = others.iter().map(|other| &other.sequence).collect();
        let located = review::package_located(reviewed, sources);
        let containment = located.and_then(|own| {
            let (index, found) = Outline::of(own.sequence()).nearest(&sequences)?;
            let other = others.get(index)?;
            let lines = match found.is_notable() {
                true => {
                    let other = self.located(other);
                    other.map(|other| ContainmentLines::of(&own, &other))
                }
                false => None,
            };
            Some(ContainedIn {
                path: other.submission.package.clone(),
                lines: lines.unwrap_or_else(|| ContainmentLines::without(found)),
            })
        });
        Structure { containment }
    }

    /// Once more, with its lines: those of all others would be held for nothing.
    fn located(&self, other: &Other) -> Option<LocatedPackage> {
        let sources = Sources::read(&other.submission.path, &self.limits).ok()?;
        let sources = sources.borrowed();
        review::package_located(&review::review(&sources), &sources)
    }
}

fn sequence(path: &Path, limits: &PackageLimits) -> Result<Option<Sequence>, SourcesError> {
    let sources = Sources::read(path, limits)?;
    let sources = sources.borrowed();
    Ok(review::package_sequence(
        &review::review(&sources),
        &sources,
    ))
}

/// Where a path leads, as far as that can be said.
fn place(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

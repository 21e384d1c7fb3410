//! `--against`: in which other package most of a reviewed one is found.

use std::ffi::OsString;
use std::path::Path;

use rayon::prelude::*;

use crate::cli::context::Context;
use crate::cli::exit::CliError;
use crate::cli::similarity::{Wanted, about, old, place};
use crate::cli::sources::{Sources, SourcesError};
use crate::package::PackageLimits;
use crate::pipeline::{Submission, chain};
use crate::report::review::{ContainedIn, Structure};
use crate::review::{self, Reviewed, Source};
use crate::similarity::{ContainmentLines, LocatedPackage, Outline, Sequence};
use crate::store::Store;

/// The other packages, those that can be compared.
pub(super) struct Against {
    others: Vec<Other>,
    limits: PackageLimits,
    /// Where the lines of stored ones are, if any are stored.
    store: Option<Store>,
    /// Some of them could not be read.
    pub unreadable: bool,
}

struct Other {
    submission: Submission,
    /// As the database knows it, if it does.
    id: Option<String>,
    sequence: Sequence,
}

impl Against {
    /// Reads and parses them all, in parallel, but for those whose structure is stored; what cannot be compared is
    /// said and left out. None without paths.
    pub(super) fn read(context: &Context, paths: &[OsString]) -> Result<Option<Against>, CliError> {
        if paths.is_empty() {
            return Ok(None);
        }
        let limits = context.package_limits();
        let read: Vec<_> = old(context, paths, true)?
            .into_par_iter()
            .with_max_len(1)
            .map(|mut wanted| (known_or_read(&mut wanted, &limits), wanted))
            .collect();
        let is_stored = read.iter().any(|(_, wanted)| wanted.id.is_some());
        let database = &context.settings.database;
        let mut against = Against {
            others: Vec::new(),
            limits,
            store: is_stored
                .then(|| Store::open_read_only(database))
                .transpose()?,
            unreadable: false,
        };
        for (sequence, wanted) in read {
            let Wanted { submission, id, .. } = wanted;
            match sequence {
                Ok(Some(sequence)) => against.others.push(Other {
                    submission,
                    id,
                    sequence,
                }),
                Ok(None) => context.warn(&format!(
                    "{} is not compared: not all of it is Python, or nothing is",
                    submission.package
                )),
                Err(error) => {
                    against.unreadable |= error.is_unreadable();
                    let message = about(&submission.package, &chain(&error));
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
        let own_place = place(package);
        let others = self.others.iter();
        let others: Vec<&Other> = others
            .filter(|other| place(&other.submission.path) != own_place)
            .collect();
        let sequences: Vec<&Sequence> = others.iter().map(|other| &other.sequence).collect();
        let located = review::package_located(reviewed, sources);
        let containment = located.as_ref().and_then(|own| {
            let (index, found) = Outline::of(own.sequence()).nearest(&sequences)?;
            let other = others.get(index)?;
            let lines = match found.is_notable() {
                true => {
                    let other = self.located(other);
                    other.map(|other| ContainmentLines::of(own, &other))
                }
                false => None,
            };
            Some(ContainedIn {
                path: other.submission.package.clone(),
                lines: lines.unwrap_or_else(|| ContainmentLines::without(found)),
            })
        });
        // What is not Python cannot be compared.
        let compared = if located.is_some() { others.len() } else { 0 };
        Structure {
            compared,
            containment,
        }
    }

    /// With its lines, as they are stored or else read once more: those of all others would be held for nothing.
    fn located(&self, other: &Other) -> Option<LocatedPackage> {
        if let (Some(id), Some(store)) = (&other.id, &self.store) {
            let stored = store.located(id, &other.sequence).ok().flatten();
            if stored.is_some() {
                return stored;
            }
        }
        let sources = Sources::read(&other.submission.path, &self.limits).ok()?;
        let sources = sources.borrowed();
        review::package_located(&review::review(&sources), &sources)
    }
}

/// The structure that is stored, or else that of the package.
fn known_or_read(
    wanted: &mut Wanted,
    limits: &PackageLimits,
) -> Result<Option<Sequence>, SourcesError> {
    if let Some(known) = wanted.known.take() {
        return Ok(Some(known));
    }
    let sources = Sources::read(&wanted.submission.path, limits)?;
    let sources = sources.borrowed();
    Ok(review::package_sequence(
        &review::review(&sources),
        &sources,
    ))
}

//! What is to be compared: what was named, what is stored, and what is old.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::cli::args::SimilarityArgs;
use crate::cli::context::Context;
use crate::cli::exit::CliError;
use crate::cli::inputs::{self, Hotkeys};
use crate::pipeline::Submission;
use crate::report::{count, escape};
use crate::similarity::Sequence;
use crate::store::{self, Store, artifact_path};

/// What `--against` takes for every package that the database knows.
const DATABASE: &str = "database";

/// One argument, or what one stands for.
pub(in crate::cli) struct Wanted {
    pub submission: Submission,
    /// Whose package it is, if the database knows it.
    pub id: Option<String>,
    /// Its structure, if that is stored and enough, until it is taken.
    pub known: Option<Sequence>,
    /// Not compared with other old ones.
    pub is_old: bool,
}

/// Everything that is to be compared, new ones first.
pub(super) fn wanted(context: &Context, args: &SimilarityArgs) -> Result<Vec<Wanted>, CliError> {
    let mut all = Vec::new();
    if !args.paths.is_empty() {
        all.extend(unknown(named(context, &args.paths)?, false));
    }
    // Lines and files can only be shown of sources.
    let with_structures = !args.regions && !args.files;
    if args.stored {
        all.extend(stored(context, with_structures, false)?);
    }
    let new: HashSet<PathBuf> = all
        .iter()
        .map(|wanted| place(&wanted.submission.path))
        .collect();
    let mut old = old(context, &args.against, with_structures)?;
    let before = old.len();
    old.retain(|wanted| !new.contains(&place(&wanted.submission.path)));
    if old.len() < before {
        let twice = count(before - old.len(), "package");
        context.say(&format!(
            "{twice} of --against are among the new ones and not compared with themselves"
        ));
    }
    all.extend(old);
    Ok(all)
}

/// What `--against` names: packages by their paths, and all of the database.
pub(in crate::cli) fn old(
    context: &Context,
    against: &[OsString],
    with_structures: bool,
) -> Result<Vec<Wanted>, CliError> {
    let (databases, paths): (Vec<OsString>, Vec<OsString>) = against
        .iter()
        .cloned()
        .partition(|path| path == OsStr::new(DATABASE));
    let mut old = Vec::new();
    if !paths.is_empty() {
        old.extend(unknown(named(context, &paths)?, true));
    }
    if !databases.is_empty() {
        old.extend(stored(context, with_structures, true)?);
    }
    Ok(old)
}

fn unknown(submissions: Vec<Submission>, is_old: bool) -> impl Iterator<Item = Wanted> {
    submissions.into_iter().map(move |submission| Wanted {
        submission,
        id: None,
        known: None,
        is_old,
    })
}

/// Where a path leads, as far as that can be said.
pub(in crate::cli) fn place(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// What paths stand for: of a folder that keeps packages by their submissions' ids, all of them.
pub(in crate::cli) fn named(
    context: &Context,
    paths: &[OsString],
) -> Result<Vec<Submission>, CliError> {
    let mut all = Vec::new();
    for submission in inputs::expand(context, paths, &Hotkeys::default())? {
        match kept_in(&submission.path) {
            kept if kept.is_empty() => all.push(submission),
            kept => all.extend(kept),
        }
    }
    Ok(all)
}

/// The packages of a folder that keeps them by their submissions' ids; none of any other PATH. What
/// cannot be listed says so when it is read.
fn kept_in(folder: &Path) -> Vec<Submission> {
    let ids = store::kept_submissions(folder).unwrap_or_default();
    let kept = ids.into_iter().map(|id| Submission {
        path: artifact_path(folder, &id),
        package: escape::path(&folder.join(&id)),
        hotkey: String::new(),
    });
    kept.collect()
}

/// Every package of the database, in the order of arrival.
fn stored(context: &Context, with_structures: bool, is_old: bool) -> Result<Vec<Wanted>, CliError> {
    let store = Store::open_read_only(&context.settings.database)?;
    let root = &context.settings.artifact_root;
    let all = store.stored_fingerprints()?.into_iter().map(|stored| {
        let package = format!("{}/{}", stored.hotkey, stored.submission_id);
        if stored.is_unsound {
            let message = format!(
                "{package}: its stored fingerprint cannot be believed; reading the package"
            );
            context.complain(&message, None);
        }
        Wanted {
            submission: Submission {
                path: artifact_path(root, &stored.submission_id),
                package,
                hotkey: stored.hotkey,
            },
            id: Some(stored.submission_id),
            known: stored.sequence.filter(|_| with_structures),
            is_old,
        }
    });
    Ok(all.collect())
}

//! Static review of a workspace.
//!
//! Takes the files of a workspace and gives a [`Review`]: per Python file its structure hash,
//! functions, imports, violations and suspicious text, exactly as the live service finds them, and
//! the verdict that follows. Beside these stand *advisories*: what the service misses and an
//! operator wants to see, which never change the verdict. Everything reported is an entry of one
//! table, [`rules()`].
//!
//! Each file is parsed once; the trees are handed on in [`Reviewed`] for comparison. The room reads
//! no files, runs no code and decides nothing about scores.

mod base64;
mod dotted;
mod file;
mod finding;
mod package;
mod resolve;
mod rules;

pub use finding::{Advisory, Excerpt, FileReview, FlatViolation, Review, Severity, Violation};
pub use package::{package_located, package_sequence};
pub use rules::{Effect, Rule, rule, rules};

use crate::python::Tree;
use crate::similarity::{is_python, path_order};
use finding::Counts;
use rayon::prelude::*;

/// How many violations of a package are listed, beside one for each file that does not parse.
/// Counts and verdict are over all of them. More than anybody reads, and a list that stays small
/// beside the source, which holds one in every seven bytes if it is made to.
pub const MAX_LISTED_VIOLATIONS: usize = 10_000;

/// How many files that do not parse are looked through for advisories: reading the others would only say
/// more of a package that is rejected anyway, and reading mistakes is slow.
const MAX_SALVAGED_FILES: usize = 8;

/// A source to review: path with `/` separators, bytes as stored.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Relative to the workspace.
    pub path: &'a str,
    /// As stored.
    pub bytes: &'a [u8],
}

/// A review and the trees it was made from (one per reviewed file, None where it does not parse),
/// in review order.
#[derive(Debug)]
pub struct Reviewed {
    /// The findings.
    pub review: Review,
    /// Path and tree of each reviewed file.
    pub trees: Vec<(String, Option<Tree>)>,
}

/// Sources of fewer bytes are looked at before other threads would have woken up.
const WORTH_SHARING: usize = 32 << 10;

/// Reviews every `.py` among the sources, in path-segment order, files in parallel. Other files are
/// only looked at for advisories. At most [`MAX_LISTED_VIOLATIONS`] calls are listed, those of the
/// first files.
pub fn review(sources: &[Source<'_>]) -> Reviewed {
    let mut sources: Vec<&Source<'_>> = sources.iter().collect();
    sources.sort_by(|left, right| path_order(left.path, right.path));
    let look_at = |source: &&Source<'_>| match is_python(source.path) {
        true => file::python(source),
        false => file::other(source),
    };
    let bytes: usize = sources.iter().map(|source| source.bytes.len()).sum();
    let mut outcomes: Vec<_> = match bytes < WORTH_SHARING {
        true => sources.iter().map(look_at).collect(),
        false => sources.par_iter().with_max_len(1).map(look_at).collect(),
    };
    let refused: Vec<_> = outcomes
        .iter_mut()
        .zip(&sources)
        .filter(|(outcome, _)| outcome.is_refused())
        .take(MAX_SALVAGED_FILES)
        .collect();
    if !refused.is_empty() {
        refused
            .into_par_iter()
            .for_each(|(outcome, source)| outcome.advisories = file::advice_on_parts(source));
    }
    let mut files = Vec::new();
    let mut trees = Vec::new();
    let mut advisories = Vec::new();
    let mut counts = Counts::default();
    let mut room = MAX_LISTED_VIOLATIONS;
    for outcome in outcomes {
        advisories.extend(outcome.advisories);
        let Some(mut python) = outcome.python else {
            continue;
        };
        counts.add_all(python.counts);
        if let Some(tree) = &python.tree
            && python.counts.total() > 0
        {
            python.review.violations = file::list_calls(tree, room);
            room -= python.review.violations.len();
        }
        trees.push((python.review.path.clone(), python.tree));
        files.push(python.review);
    }
    Reviewed {
        review: Review::of(files, counts, advisories),
        trees,
    }
}

#[cfg(test)]
mod tests;

//! The second, advisory view of a submission's structure: how much of it is found in one that came before.

use serde::{Deserialize, Serialize};

use crate::package::{self, Package, PackageLimits};
use crate::review;
use crate::similarity::{ContainmentLines, Located, Outline, Sequence};
use crate::store::{self, Candidate};

use super::evaluate::{Subject, sources};
use super::{Evaluator, Neighbour};

/// What is said of a submission beside those that came before it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compared {
    /// By the service's rule, which decides.
    pub plagiarism: Option<Neighbour>,
    /// Beside it, for a person to look at.
    pub structure: Option<Structure>,
}

/// What is said of a submission's structure beside the service's rule. No verdict and no score depends on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Structure {
    /// The earlier submission with the greatest share in common, of those that the service's rule compares; null if
    /// none has anything in common.
    pub containment: Option<ContainedIn>,
}

/// An earlier submission and what it has in common: `left` is the submission, `right` the earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainedIn {
    /// Id of the earlier submission.
    pub submission_id: String,
    /// Whose it is.
    pub hotkey: String,
    /// Shares, and lines where they are worth a look.
    #[serde(flatten)]
    pub lines: ContainmentLines,
}

impl Evaluator<'_> {
    /// The structure of a submission beside the candidates', from their stored sequences; None where there is
    /// nothing to compare. Only where somebody should look is the submission parsed again, for its lines. Those of the
    /// earlier one would have to be read from its package, and a record must not depend on what is kept of others.
    pub(super) fn structure(
        &self,
        subject: &Subject<'_>,
        candidates: &[Candidate],
    ) -> Option<Structure> {
        let outline = Outline::of(subject.sequence?);
        let sequences: Vec<&Sequence> = candidates.iter().map(|one| &one.sequence).collect();
        if sequences.is_empty() {
            return None;
        }
        let nearest = outline.nearest(&sequences);
        let found = nearest.and_then(|(index, found)| Some((candidates.get(index)?, found)));
        let containment = found.map(|(earlier, found)| {
            let lines = match found.is_notable() {
                true => self.lines(subject, earlier),
                false => None,
            };
            let lines = lines.unwrap_or_else(|| ContainmentLines::without(found));
            ContainedIn {
                submission_id: earlier.submission_id.clone(),
                hotkey: earlier.hotkey.clone(),
                lines,
            }
        });
        Some(Structure { containment })
    }

    /// None where the package is not at hand.
    fn lines(&self, subject: &Subject<'_>, earlier: &Candidate) -> Option<ContainmentLines> {
        let (own, files) = match subject.package {
            Some(package) => located(package)?,
            None => located(&self.kept(subject.id)?)?,
        };
        Some(ContainmentLines::of_left((&own, &files), &earlier.sequence))
    }

    fn kept(&self, id: &str) -> Option<Package> {
        let path = store::artifact_path(&self.settings.artifact_root, id);
        let opened = package::open(&path, &PackageLimits::from(self.settings)).ok()?;
        opened.package.ok()
    }
}

/// A package's structure with places, and its files in their order.
fn located(package: &Package) -> Option<(Located, Vec<String>)> {
    let sources = sources(package);
    let reviewed = review::review(&sources);
    let located = review::package_located(&reviewed, &sources)?;
    let files = reviewed.trees.into_iter().map(|(path, _)| path).collect();
    Some((located, files))
}

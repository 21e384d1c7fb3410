//! The second, advisory view of a submission's structure: how much of it is found in one that came before.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::similarity::{ContainmentLines, LocatedPackage, Outline, Sequence};
use crate::store::{Candidate, Fingerprint};

use super::Neighbour;
use super::evaluate::Subject;

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

/// The structure of a submission beside the candidates'; None where there is nothing to compare. Without lines.
pub(super) fn structure(subject: &Subject<'_>, candidates: &[Candidate]) -> Option<Structure> {
    let outline = Outline::of(subject.fingerprint.sequence()?);
    let sequences: Vec<&Sequence> = candidates.iter().map(|one| &one.sequence).collect();
    if sequences.is_empty() {
        return None;
    }
    let nearest = outline.nearest(&sequences);
    let found = nearest.and_then(|(index, found)| Some((candidates.get(index)?, found)));
    let containment = found.map(|(earlier, found)| ContainedIn {
        submission_id: earlier.submission_id.clone(),
        hotkey: earlier.hotkey.clone(),
        lines: ContainmentLines::without(found),
    });
    Some(Structure { containment })
}

impl Compared {
    /// Looks for the lines in common, where somebody should look at them. `located` knows the lines of a structure; of
    /// a submission whose lines are not known none are named.
    ///
    /// # Errors
    /// Those of `located`.
    pub(super) fn find_lines<E>(
        &mut self,
        subject: &Subject<'_>,
        candidates: &[Candidate],
        located: impl Fn(&str, &Sequence) -> Result<Option<LocatedPackage>, E>,
    ) -> Result<(), E> {
        let found = self
            .structure
            .as_mut()
            .and_then(|one| one.containment.as_mut());
        let Some(found) = found.filter(|found| found.lines.containment.is_notable()) else {
            return Ok(());
        };
        let is_it = |one: &&Candidate| one.submission_id == found.submission_id;
        let Some(earlier) = candidates.iter().find(is_it) else {
            return Ok(());
        };
        let own = match subject.fingerprint {
            Fingerprint::None => None,
            Fingerprint::Sequence(sequence) => located(subject.id, sequence)?.map(Cow::Owned),
            Fingerprint::Located(package) => Some(Cow::Borrowed(package)),
        };
        let Some(own) = own else {
            return Ok(());
        };
        found.lines = match located(&earlier.submission_id, &earlier.sequence)? {
            Some(earlier) => ContainmentLines::of(&own, &earlier),
            None => ContainmentLines::of_left(&own, &earlier.sequence),
        };
        Ok(())
    }
}

//! Those that a submission is compared with: the stored ones, and those of a batch whose results are not to be stored.

use crate::settings::{OwnHistory, Settings, Window};
use crate::similarity::{LocatedPackage, Sequence};
use crate::store::{self, Candidate, Fingerprint, Store, StoreError};

use super::{Evaluator, Submission};

/// Submissions of a batch that stores no results, in the order of their arrival. In the database they would have come
/// after all that are there.
#[derive(Debug, Default)]
pub(super) struct Unstored {
    arrivals: Vec<Candidate>,
    /// Positions of those without a sequence: they use up a place of the window.
    blanks: Vec<bool>,
    /// The lines of each, in their stored form, which is small; empty where they are not known.
    lines: Vec<Vec<u8>>,
}

impl Unstored {
    /// One more has come. One that comes again keeps its first place.
    pub(super) fn arrive(&mut self, id: &str, hotkey: &str, fingerprint: Fingerprint<'_>) {
        let sequence = fingerprint.sequence();
        if self.place(id).is_some() {
            return;
        }
        self.blanks.push(sequence.is_none());
        self.lines.push(match fingerprint {
            Fingerprint::Located(package) => package.lines_to_bytes(),
            _ => Vec::new(),
        });
        self.arrivals.push(Candidate {
            submission_id: id.to_owned(),
            hotkey: hotkey.to_owned(),
            sequence: sequence.cloned().unwrap_or_default(),
        });
    }

    fn located(&self, id: &str, sequence: &Sequence) -> Option<LocatedPackage> {
        let lines = self.lines.get(self.place(id)?)?;
        LocatedPackage::with_lines(sequence.clone(), lines)
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.arrivals.iter().position(|one| one.submission_id == id)
    }

    /// Those before this one, newest first, and what is left of the window for those before the batch.
    fn before(
        &self,
        id: &str,
        hotkey: &str,
        window: Window,
        own: OwnHistory,
    ) -> (Vec<Candidate>, Window) {
        let end = self.place(id).unwrap_or(self.arrivals.len());
        let most = match window {
            Window::All => usize::MAX,
            Window::Last(count) => count,
        };
        let counted = self.arrivals.iter().zip(&self.blanks).take(end).rev();
        let counted: Vec<_> = counted
            .filter(|(one, _)| own == OwnHistory::Include || one.hotkey != hotkey)
            .take(most)
            .collect();
        let left = match window {
            Window::All => Window::All,
            Window::Last(count) => Window::Last(count - counted.len()),
        };
        let found = counted.into_iter().filter(|(_, blank)| !**blank);
        (found.map(|(one, _)| one.clone()).collect(), left)
    }
}

/// Those that a submission is compared with, newest first. A stored fingerprint that cannot be believed is made again
/// from its package, where that was kept.
///
/// # Errors
/// The database fails, or holds a fingerprint that cannot be believed or made again.
pub(super) fn candidates(
    evaluator: &Evaluator<'_>,
    store: &mut Store,
    unstored: &Unstored,
    submission: &Submission,
    id: &str,
) -> Result<Vec<Candidate>, StoreError> {
    let Settings {
        similarity_window: window,
        similarity_own_history: own,
        ..
    } = *evaluator.settings;
    if unstored.arrivals.is_empty() || store.has_arrived(id)? {
        return stored(evaluator, store, id, &submission.hotkey, window);
    }
    let (mut found, left) = unstored.before(id, &submission.hotkey, window, own);
    found.extend(stored(evaluator, store, id, &submission.hotkey, left)?);
    Ok(found)
}

/// The structure of one of these with its lines; None where they are not known.
///
/// # Errors
/// The database fails.
pub(super) fn located(
    store: &Store,
    unstored: &Unstored,
    id: &str,
    sequence: &Sequence,
) -> Result<Option<LocatedPackage>, StoreError> {
    match unstored.located(id, sequence) {
        Some(package) => Ok(Some(package)),
        None => store.located(id, sequence),
    }
}

/// Those of the stored ones alone that a submission is compared with.
///
/// # Errors
/// As for [`candidates`].
pub(super) fn stored(
    evaluator: &Evaluator<'_>,
    store: &mut Store,
    id: &str,
    hotkey: &str,
    window: Window,
) -> Result<Vec<Candidate>, StoreError> {
    let settings = evaluator.settings;
    let mut last_made_again = None;
    loop {
        let found = store.candidates(id, hotkey, window, settings.similarity_own_history);
        match found {
            Err(StoreError::UnreadableFingerprint {
                ref submission_id, ..
            }) if last_made_again.as_ref() != Some(submission_id) => {
                let kept = store::artifact_path(&settings.artifact_root, submission_id);
                let Some(structure) = evaluator.structure_of(&kept) else {
                    return found;
                };
                store.replace_fingerprint(submission_id, structure.as_ref().into())?;
                last_made_again = Some(submission_id.clone());
            }
            found => return found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence() -> Sequence {
        Sequence::of_tree(&crate::python::parse("x = 1").unwrap())
    }

    fn ids(found: &[Candidate]) -> Vec<&str> {
        let ids = found.iter().map(|one| one.submission_id.as_str());
        ids.collect()
    }

    #[test]
    fn the_window_counts_what_came_before_in_the_batch_first() {
        let mut unstored = Unstored::default();
        let some = sequence();
        for (id, hotkey, fingerprint) in [
            ("a", "5A", Fingerprint::Sequence(&some)),
            ("b", "5B", Fingerprint::None),
            ("c", "5A", Fingerprint::Sequence(&some)),
            ("a", "5A", Fingerprint::Sequence(&some)),
        ] {
            unstored.arrive(id, hotkey, fingerprint);
        }
        let before = |id, hotkey, window, own| unstored.before(id, hotkey, window, own);
        let (found, left) = before("d", "5A", Window::Last(5), OwnHistory::Include);
        assert_eq!((ids(&found), left), (vec!["c", "a"], Window::Last(2)));
        let (found, left) = before("d", "5A", Window::Last(2), OwnHistory::Include);
        assert_eq!((ids(&found), left), (vec!["c"], Window::Last(0)));
        let (found, left) = before("d", "5A", Window::All, OwnHistory::Exclude);
        assert_eq!((ids(&found), left), (vec![], Window::All));
        let (found, left) = before("c", "5B", Window::Last(3), OwnHistory::Exclude);
        assert_eq!((ids(&found), left), (vec!["a"], Window::Last(2)));
    }
}

//! What can be said of a batch as a whole, gathered one package at a time.
//!
//! Nothing here grows with the number of packages: lists keep their best few, and causes beyond a bound are one.

use std::cmp::Ordering;

use indexmap::IndexMap;

use crate::pipeline::{ItemError, Kept, RecordStatus, SubmissionRecord};
use crate::score::Metrics;
use crate::similarity::Status;

use super::cause::{Cause, Kind};

/// Steps of the score distribution.
pub const SCORE_STEPS: usize = 20;

/// Entries kept of each list.
const LISTED: usize = 50;

/// Causes told apart. Whoever writes harnesses chooses their messages, so there is no other bound.
const MOST_CAUSES: usize = 200;

/// First packages kept of each cause.
const FIRST_PACKAGES: usize = 3;

/// Kinds of causes.
const KINDS: usize = Kind::Copied as usize + 1;

/// Bytes kept of a package's name.
const NAME_BYTES: usize = 1024;

/// A package in a list, with what it is listed for.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// As the caller named it, or the beginning of that.
    pub package: String,
    /// Whose it is.
    pub hotkey: String,
    /// What the list is about.
    pub what: T,
}

/// A package that copies an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Percent of structure shared.
    pub percent: u32,
    /// The earlier submission.
    pub of: String,
    /// Whose the earlier one is.
    pub of_hotkey: String,
}

/// All packages with one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub count: usize,
    /// The first of them: place and name.
    pub first: Vec<(usize, String)>,
}

/// The few greatest, of equals those that came first.
#[derive(Debug, Clone)]
pub struct Top<T> {
    entries: Vec<Listed<T>>,
    /// How many there were in all.
    pub count: usize,
}

/// The sums so far.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Packages that went as far as they were to go: with a result, good or bad, unless they were stopped.
    pub finished: usize,
    /// Passed.
    pub passed: usize,
    /// Evaluated without an error, and not passed.
    pub below: usize,
    /// Stopped where they were to stop, with nothing wrong so far.
    pub stopped: usize,
    /// Without a result.
    pub errors: usize,
    /// Of the finished: with an earlier result.
    pub reused: usize,
    /// Final scores of what was judged, in equal steps from 0 to 1.
    pub scores: [u64; SCORE_STEPS],
    /// Submissions that were judged.
    pub judged: usize,
    /// Sum of each metric over those.
    metric_sums: [f64; 9],
    /// By the seconds of work.
    pub slowest: Top<f64>,
    /// By final score.
    pub best: Top<f64>,
    /// By percent of structure shared: only copies in the service's terms.
    pub copies: Top<Copy>,
    /// Compared, and close enough to be worth a look.
    pub similar: usize,
    by_kind: [usize; KINDS],
    causes: IndexMap<Cause, Group>,
    /// Failures whose cause was one too many.
    pub other_causes: usize,
}

impl Tally {
    /// One more package has a result.
    pub fn add(&mut self, index: usize, record: &SubmissionRecord, kept: Kept, seconds: f64) {
        self.finished += 1;
        match (record.status, record.passed) {
            (RecordStatus::Failed, _) => {}
            (RecordStatus::Pending, _) => self.stopped += 1,
            (RecordStatus::Completed, true) => self.passed += 1,
            (RecordStatus::Completed, false) => self.below += 1,
        }
        self.reused += usize::from(kept == Kept::Reused);
        let listed = |what| Listed {
            index,
            package: beginning(&record.package),
            hotkey: beginning(&record.hotkey),
            what,
        };
        self.slowest.add(listed(seconds), f64::total_cmp);
        if record.judge.is_some() {
            self.judge(record);
            self.best.add(listed(record.score), f64::total_cmp);
        }
        match record.plagiarism.as_ref().map(|near| (near, near.status)) {
            Some((near, Status::Plagiarized)) => {
                let copy = Copy {
                    percent: near.score,
                    of: near.submission_id.clone(),
                    of_hotkey: beginning(&near.hotkey),
                };
                let Listed {
                    index,
                    package,
                    hotkey,
                    ..
                } = listed(0.0);
                let listed = Listed {
                    index,
                    package,
                    hotkey,
                    what: copy,
                };
                self.copies
                    .add(listed, |one, other| one.percent.cmp(&other.percent));
            }
            Some((_, Status::NeedsLlmVerification)) => self.similar += 1,
            Some((_, Status::Clean)) | None => {}
        }
        if let Some(cause) = Cause::of(record) {
            self.fail(index, &record.package, cause);
        }
    }

    /// One more package has no result.
    pub fn add_failure(&mut self, index: usize, package: &str, error: &ItemError) {
        self.errors += 1;
        self.fail(index, package, Cause::of_machine(error));
    }

    /// Mean of each metric over what was judged.
    pub fn mean_metrics(&self) -> Option<[(&'static str, f64, f64); 9]> {
        if self.judged == 0 {
            return None;
        }
        let mut mean = Metrics::default().weighted();
        for ((_, _, value), sum) in mean.iter_mut().zip(self.metric_sums) {
            *value = sum / self.judged as f64;
        }
        Some(mean)
    }

    /// Causes and their packages: what this machine could not do first, then the most frequent.
    pub fn causes(&self) -> Vec<(&Cause, &Group)> {
        let mut causes: Vec<_> = self.causes.iter().collect();
        // Stable: of equals the one seen first.
        causes.sort_by_key(|(cause, group)| {
            (cause.kind != Kind::Machine, std::cmp::Reverse(group.count))
        });
        causes
    }

    /// Packages that failed in this way.
    pub fn failed_by(&self, kind: Kind) -> usize {
        self.by_kind.get(kind as usize).copied().unwrap_or(0)
    }

    fn judge(&mut self, record: &SubmissionRecord) {
        self.judged += 1;
        // A cast keeps what is out of range at the ends.
        let step = ((record.score * SCORE_STEPS as f64) as usize).min(SCORE_STEPS - 1);
        if let Some(count) = self.scores.get_mut(step) {
            *count += 1;
        }
        for (sum, (_, _, value)) in self.metric_sums.iter_mut().zip(record.metrics.weighted()) {
            *sum += value;
        }
    }

    fn fail(&mut self, index: usize, package: &str, cause: Cause) {
        if let Some(number) = self.by_kind.get_mut(cause.kind as usize) {
            *number += 1;
        }
        if self.causes.len() >= MOST_CAUSES && !self.causes.contains_key(&cause) {
            self.other_causes += 1;
            return;
        }
        let group = self.causes.entry(cause).or_insert_with(|| Group {
            count: 0,
            first: Vec::new(),
        });
        group.count += 1;
        if group.first.len() < FIRST_PACKAGES {
            group.first.push((index, beginning(package)));
        }
    }
}

impl<T> Default for Top<T> {
    fn default() -> Top<T> {
        Top {
            entries: Vec::new(),
            count: 0,
        }
    }
}

impl<T> Top<T> {
    /// Greatest first.
    pub fn entries(&self) -> &[Listed<T>] {
        &self.entries
    }

    fn add(&mut self, listed: Listed<T>, order: impl Fn(&T, &T) -> Ordering) {
        self.count += 1;
        let after = |kept: &Listed<T>| order(&kept.what, &listed.what) != Ordering::Less;
        let place = self.entries.partition_point(after);
        if place < LISTED {
            self.entries.insert(place, listed);
            self.entries.truncate(LISTED);
        }
    }
}

/// Names are bounded where they are kept, not only where they are shown.
fn beginning(name: &str) -> String {
    name.get(..name.floor_char_boundary(NAME_BYTES))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(package: &str, error: &str) -> SubmissionRecord {
        SubmissionRecord::refused("5F", package, package, error.to_owned())
    }

    #[test]
    fn the_greatest_stay_and_of_equals_the_first() {
        let mut top = Top::default();
        for index in 0..3 * LISTED {
            let what = (index % 3) as f64;
            let listed = Listed {
                index,
                package: String::new(),
                hotkey: String::new(),
                what,
            };
            top.add(listed, f64::total_cmp);
        }
        assert_eq!(top.count, 3 * LISTED);
        let kept: Vec<usize> = top.entries().iter().map(|listed| listed.index).collect();
        assert_eq!(
            kept,
            (0..LISTED).map(|number| number * 3 + 2).collect::<Vec<_>>()
        );
    }

    #[test]
    fn causes_are_counted_and_their_first_packages_named() {
        let mut tally = Tally::default();
        for index in 0..5 {
            tally.add(
                index,
                &refused(&format!("{index}.zip"), "empty ZIP artifact"),
                Kept::Stored,
                0.1,
            );
        }
        tally.add(
            5,
            &refused("x.zip", "ZIP does not contain files"),
            Kept::Stored,
            0.1,
        );
        let causes = tally.causes();
        assert_eq!(causes.len(), 2);
        let (cause, group) = causes[0];
        assert_eq!(
            (cause.text.as_str(), group.count),
            ("empty ZIP artifact", 5)
        );
        assert_eq!(
            group.first,
            [0, 1, 2].map(|index| (index, format!("{index}.zip")))
        );
        assert_eq!(tally.failed_by(Kind::Refused), 6);
    }

    #[test]
    fn neither_causes_nor_names_grow_without_bound() {
        let mut tally = Tally::default();
        let long = "é".repeat(1 << 16);
        for index in 0..2 * MOST_CAUSES {
            tally.add(
                index,
                &refused(&long, &format!("cause {index}")),
                Kept::Stored,
                0.1,
            );
        }
        assert_eq!(tally.causes().len(), MOST_CAUSES);
        assert_eq!(tally.other_causes, MOST_CAUSES);
        assert!(
            tally
                .slowest
                .entries()
                .iter()
                .all(|listed| listed.package.len() == NAME_BYTES)
        );
    }

    #[test]
    fn a_perfect_score_belongs_to_the_last_step() {
        let mut tally = Tally::default();
        let mut record = refused("a.zip", "x");
        for score in [0.0, 0.05, 0.999, 1.0, f64::NAN] {
            record.score = score;
            tally.judge(&record);
        }
        assert_eq!(tally.scores[0], 2);
        assert_eq!(tally.scores[1], 1);
        assert_eq!(tally.scores[SCORE_STEPS - 1], 2);
    }
}

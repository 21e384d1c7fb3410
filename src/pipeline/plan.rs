//! What a batch would do, and why, without doing it.

use std::collections::HashMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::package::{self, PackageLimits};
use crate::settings::Settings;
use crate::store::{ItemState, LastTry, Store, StoreError};

use super::batch::absolute;
use super::cache_key::package_key;
use super::{BatchOptions, ItemError, Stage, Submission, chain};

/// What would be done with a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Evaluate it.
    Evaluate,
    /// Report its stored result again.
    Reuse,
    /// Evaluate it again because an earlier run was broken off.
    Redo,
    /// Evaluate it again because this machine failed at it.
    Retry,
    /// Nothing: it breaks the package contract.
    Refuse,
    /// Nothing: it cannot be read.
    Fail,
}

impl Action {
    /// The word shown and printed.
    pub fn name(self) -> &'static str {
        match self {
            Action::Evaluate => "evaluate",
            Action::Reuse => "reuse",
            Action::Redo => "redo",
            Action::Retry => "retry",
            Action::Refuse => "refuse",
            Action::Fail => "fail",
        }
    }
}

/// What would be done with a package, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The package as the caller named it.
    pub package: String,
    /// Whose it is.
    pub hotkey: String,
    /// Its submission; null where it would be refused or cannot be read.
    pub submission_id: Option<String>,
    /// What would be done.
    pub action: Action,
    /// Why.
    pub reason: String,
}

/// Looks at packages as a batch would, and only reads.
pub struct Planner<'a> {
    settings: &'a Settings,
    /// Name of the executor.
    executor: &'a str,
    options: &'a BatchOptions,
    /// None where there is no database yet.
    store: Option<&'a Store>,
    last_tries: HashMap<(PathBuf, String), Option<LastTry>>,
    /// Submissions met so far.
    met: HashMap<String, String>,
}

impl<'a> Planner<'a> {
    /// Looks up what earlier runs did with these packages.
    ///
    /// # Errors
    /// The database fails.
    pub fn new(
        settings: &'a Settings,
        executor: &'a str,
        options: &'a BatchOptions,
        store: Option<&'a Store>,
        submissions: &[Submission],
    ) -> Result<Planner<'a>, StoreError> {
        let mut last_tries = submissions.iter().map(|one| (key(one), None)).collect();
        if let Some(store) = store {
            store.last_tries(&mut last_tries)?;
        }
        Ok(Planner {
            settings,
            executor,
            options,
            store,
            last_tries,
            met: HashMap::new(),
        })
    }

    /// What would be done with the next package.
    ///
    /// # Errors
    /// The database fails.
    pub fn plan(&mut self, submission: &Submission) -> Result<Planned, StoreError> {
        let planned = |submission_id, action, reason| Planned {
            package: submission.package.clone(),
            hotkey: submission.hotkey.clone(),
            submission_id,
            action,
            reason,
        };
        let opened = package::open(&submission.path, &PackageLimits::from(self.settings));
        let package = match opened.map(|opened| opened.package) {
            Ok(Ok(package)) => package,
            Ok(Err(refused)) => {
                return Ok(planned(None, Action::Refuse, refused.to_string()));
            }
            Err(error) => {
                let reason = chain(&ItemError::Unreadable(error));
                return Ok(planned(None, Action::Fail, reason));
            }
        };
        let id = package::submission_id(&submission.hotkey, &package.artifact_hash);
        let (action, reason) = self.decide(submission, &id)?;
        Ok(planned(Some(id), action, reason))
    }

    fn decide(
        &mut self,
        submission: &Submission,
        id: &str,
    ) -> Result<(Action, String), StoreError> {
        let met = self.met.get(id).cloned();
        if met.is_none() {
            self.met.insert(id.to_owned(), submission.package.clone());
        }
        if self.options.until < Stage::Store {
            let until = self.options.until.name();
            let reason = format!("as far as {until}; its result would not be stored");
            return Ok((Action::Evaluate, reason));
        }
        if self.options.force {
            return Ok((Action::Evaluate, "asked for with --force".to_owned()));
        }
        let key_of_package = package_key(id, self.settings, self.executor);
        if let Some(store) = self.store
            && store.has_reusable(id, &key_of_package)?
        {
            let reason = "evaluated before: same bytes, settings and version of dfab";
            return Ok((Action::Reuse, reason.to_owned()));
        }
        if let Some(first) = met {
            let reason = format!("the same package and hotkey as {first}, which comes before it");
            return Ok((Action::Reuse, reason));
        }
        let last = self.last_tries.get(&key(submission));
        if let Some(Some(last)) = last {
            let stage = last.stage.as_deref();
            match last.state {
                ItemState::Failed => {
                    let at = stage.map_or(String::new(), |stage| format!(" (stage {stage})"));
                    let reason = format!("this machine failed at it in run {}{at}", last.run_id);
                    return Ok((Action::Retry, reason));
                }
                ItemState::Running | ItemState::Pending => {
                    let reason = match stage {
                        Some(stage) => {
                            format!("run {} was broken off in its stage {stage}", last.run_id)
                        }
                        None => format!("run {} ended before its turn", last.run_id),
                    };
                    return Ok((Action::Redo, reason));
                }
                ItemState::Recorded | ItemState::Refused | ItemState::Stopped => {}
            }
        }
        let evaluated = match self.store {
            Some(store) => store.was_evaluated(id)?,
            None => false,
        };
        let reason = match evaluated {
            true => "evaluated before with other settings or another version of dfab",
            false => "never evaluated",
        };
        Ok((Action::Evaluate, reason.to_owned()))
    }
}

fn key(submission: &Submission) -> (PathBuf, String) {
    (absolute(&submission.path), submission.hotkey.clone())
}

/// Of these packages, those that this machine failed at when they were last tried.
///
/// # Errors
/// The database fails.
pub(crate) fn failed_last(
    store: &Store,
    submissions: Vec<Submission>,
) -> Result<Vec<Submission>, StoreError> {
    let mut tries: HashMap<_, _> = submissions.iter().map(|one| (key(one), None)).collect();
    store.last_tries(&mut tries)?;
    let failed = |one: &Submission| {
        let last = tries.get(&key(one)).and_then(Option::as_ref);
        last.is_some_and(|last: &LastTry| last.state == ItemState::Failed)
    };
    Ok(submissions.into_iter().filter(failed).collect())
}

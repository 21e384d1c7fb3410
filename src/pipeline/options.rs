//! How a batch is to be run.

use crate::store::Origin;

use super::Stage;

/// How a batch is to be run.
#[derive(Debug, Clone)]
pub struct BatchOptions {
    /// Packages at once.
    pub jobs: usize,
    /// The stage after which each package is stopped. Before [`Stage::Store`] no result is stored.
    pub until: Stage,
    /// Evaluate also what has a result that could be reported again.
    pub force: bool,
    /// The settings as JSON, secrets masked, to be kept with the run.
    pub settings_json: String,
    /// What was asked for, to be kept with the run.
    pub origin: Origin,
}

impl Default for BatchOptions {
    fn default() -> BatchOptions {
        BatchOptions {
            jobs: 1,
            until: Stage::Store,
            force: false,
            settings_json: "{}".to_owned(),
            origin: Origin::default(),
        }
    }
}

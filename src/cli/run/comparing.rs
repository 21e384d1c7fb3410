//! `--compare`: each record beside the one the service stored.

use serde::Serialize;

use crate::pipeline::SubmissionRecord;
use crate::report::comparison::{Comparison, Totals, differences, table};
use crate::store::ServiceDatabase;

use super::super::context::Context;

/// Compares as records come.
pub(super) struct Comparing<'a> {
    database: &'a ServiceDatabase,
    rowids: &'a [i64],
    pub(super) totals: Totals,
    pub(super) table: table::Differences,
}

/// A record, and what comparing it came to.
#[derive(Serialize)]
pub(super) struct ComparedRecord<'a> {
    #[serde(flatten)]
    pub(super) record: &'a SubmissionRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comparison: Option<Comparison>,
}

impl<'a> Comparing<'a> {
    pub(super) fn new(
        context: &Context,
        database: &'a ServiceDatabase,
        rowids: &'a [i64],
    ) -> Comparing<'a> {
        Comparing {
            database,
            rowids,
            totals: Totals::default(),
            table: table::Differences::new(context.display),
        }
    }

    /// Compares one record.
    pub(super) fn take(&mut self, index: usize, record: &SubmissionRecord) -> Comparison {
        let stored = self
            .rowids
            .get(index)
            .map(|rowid| self.database.result(*rowid));
        let comparison = match stored {
            Some(Ok(stored)) => differences(record, &stored),
            Some(Err(error)) => Comparison::NotCompared {
                not_compared: error.to_string(),
            },
            None => Comparison::NotCompared {
                not_compared: "the service has no such submission".to_owned(),
            },
        };
        self.count(&record.package, &comparison);
        comparison
    }

    /// Of one submission there is no record.
    pub(super) fn without_record(&mut self, package: &str, why: &str) {
        let not_compared = format!("it could not be evaluated: {why}");
        self.count(package, &Comparison::NotCompared { not_compared });
    }

    fn count(&mut self, package: &str, comparison: &Comparison) {
        self.totals.count(comparison);
        self.table.add(package, comparison);
    }
}

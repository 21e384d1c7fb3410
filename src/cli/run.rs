//! `dfab run`

mod comparing;
mod reporter;
mod service;

use std::num::NonZero;

use crate::harness::Cancel;
use crate::pipeline::{Evaluator, Submission, run_batch};
use crate::report::count;
use crate::store::Store;

use super::args::RunArgs;
use super::context::Context;
use super::executor::executor;
use super::exit::{CliError, Exit};
use super::{inputs, interrupt};

use comparing::Comparing;
use reporter::Reporter;

pub(super) fn run(context: &Context, args: &RunArgs) -> Result<Exit, CliError> {
    let Some(database) = &args.from_service else {
        let submissions = inputs::expand(context, &args.paths, &args.owner.hotkeys())?;
        return evaluate(context, args, &submissions, &[], None);
    };
    let found = service::read(context, args, database)?;
    let comparing = args
        .compare
        .then(|| Comparing::new(context, &found.database, &found.rowids));
    evaluate(
        context,
        args,
        &found.submissions,
        &found.left_out,
        comparing,
    )
}

/// `left_out` are submissions without a package that can be used, with the reason.
fn evaluate(
    context: &Context,
    args: &RunArgs,
    submissions: &[Submission],
    left_out: &[(String, String)],
    comparing: Option<Comparing<'_>>,
) -> Result<Exit, CliError> {
    let executor = executor(context)?;
    let mut store = Store::open(&context.settings.database)?;
    if comparing.is_some() {
        service::warn_of_strangers(context, &store, submissions)?;
    }
    let cancel = Cancel::default();
    interrupt::install(&cancel)?;
    let jobs = jobs(args);
    context.detail(&format!(
        "{}, {jobs} at once, executor {}, database {}",
        count(submissions.len(), "package"),
        executor.name(),
        context.settings.database.display()
    ));
    let evaluator = Evaluator {
        settings: &context.settings,
        executor: executor.as_ref(),
        cancel,
    };
    let settings = serde_json::to_string(&context.rows).map_err(CliError::failure)?;
    let mut reporter = Reporter::new(context, submissions, comparing);
    for (package, why) in left_out {
        reporter.left_out(package, why);
    }
    let listen = &mut |event: crate::pipeline::Event<'_>| reporter.take(&event);
    let result = run_batch(&evaluator, submissions, &mut store, &settings, jobs, listen);
    let closed = reporter.close(&result);
    let summary = result?;
    let compared = closed?;
    if summary.errors > 0 || !left_out.is_empty() {
        return Ok(Exit::Failure);
    }
    // Whether submissions pass is not what was asked: whether they pass in both places is.
    let all_well = match compared {
        Some(totals) => totals.differing == 0,
        None => summary.failed == 0,
    };
    Ok(Exit::when(all_well, args.leniency.exit_zero))
}

fn jobs(args: &RunArgs) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    args.jobs.map_or_else(cores, usize::from)
}

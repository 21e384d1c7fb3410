//! `dfab run`

mod reporter;

use std::num::NonZero;

use crate::harness::Cancel;
use crate::pipeline::{Evaluator, run_batch};
use crate::report::count;
use crate::store::Store;

use super::args::RunArgs;
use super::context::Context;
use super::executor::executor;
use super::exit::{CliError, Exit};
use super::{inputs, interrupt};

use reporter::Reporter;

pub(super) fn run(context: &Context, args: &RunArgs) -> Result<Exit, CliError> {
    let submissions = inputs::expand(context, &args.paths, &args.owner.hotkeys())?;
    let executor = executor(context)?;
    let mut store = Store::open(&context.settings.database)?;
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
    let mut reporter = Reporter::new(context, &submissions);
    let listen = &mut |event: crate::pipeline::Event<'_>| reporter.take(&event);
    let result = run_batch(
        &evaluator,
        &submissions,
        &mut store,
        &settings,
        jobs,
        listen,
    );
    let written = reporter.close(&result);
    let summary = result?;
    written?;
    if summary.errors > 0 {
        return Ok(Exit::Failure);
    }
    Ok(Exit::when(summary.failed == 0, args.leniency.exit_zero))
}

fn jobs(args: &RunArgs) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    args.jobs.map_or_else(cores, usize::from)
}

//! `dfab run`

mod comparing;
mod page;
mod plan;
mod reporter;
mod service;

use std::num::NonZero;

use crate::harness::Cancel;
use crate::pipeline::{
    BatchError, BatchOptions, Evaluator, Stage, Submission, failed_last, run_batch,
};
use crate::report::count;
use crate::store::{Origin, Runner, Store};

use super::args::{RunArgs, Until};
use super::context::Context;
use super::executor::executor;
use super::exit::{CliError, Exit};
use super::{inputs, interrupt, runs};

use comparing::Comparing;
use page::PageReport;
use reporter::Reporter;

pub(super) fn run(context: &Context, args: &RunArgs) -> Result<Exit, CliError> {
    let Some(database) = &args.from_service else {
        let submissions = submissions(context, args)?;
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
    let options = options(context, args)?;
    if args.dry_run {
        for (package, why) in left_out {
            context.warn(&format!("{package} is left out: {why}"));
        }
        return plan::show(context, submissions, &options, args.leniency.exit_zero);
    }
    if submissions.is_empty() && args.retry_failed.is_some() {
        context.say("there is nothing to retry");
        return Ok(Exit::Success);
    }
    let executor = executor(context)?;
    let mut store = Store::open(&context.settings.database)?;
    if comparing.is_some() {
        service::warn_of_strangers(context, &store, submissions)?;
    }
    let cancel = Cancel::default();
    interrupt::install(&cancel)?;
    context.detail(&format!(
        "{}, {} at once, executor {}, database {}",
        count(submissions.len(), "package"),
        options.jobs,
        executor.name(),
        context.settings.database.display()
    ));
    let evaluator = Evaluator {
        settings: &context.settings,
        executor: executor.as_ref(),
        cancel,
    };
    let page = args
        .html
        .as_deref()
        .map(|file| PageReport::new(context, file, submissions, options.jobs, executor.name()))
        .transpose()?;
    let mut reporter = Reporter::new(context, submissions, options.jobs, page, comparing);
    for (package, why) in left_out {
        reporter.left_out(package, why);
    }
    let listen = &mut |event: crate::pipeline::Event<'_>| reporter.take(&event);
    let result = run_batch(&evaluator, submissions, &mut store, &options, listen);
    let closed = reporter.close(&result);
    let summary = result.map_err(|error| how_to_go_on(error, &options))?;
    let compared = closed?;
    if options.until < Stage::Store {
        context.say(&format!(
            "stopped after {}: of results nothing is stored",
            options.until.name()
        ));
    }
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

/// What is to be worked on.
fn submissions(context: &Context, args: &RunArgs) -> Result<Vec<Submission>, CliError> {
    let Some(wanted) = &args.retry_failed else {
        return inputs::expand(context, &args.paths, &args.owner.hotkeys());
    };
    let database = &context.settings.database;
    let store = Store::open_untouched(database)?;
    if !args.paths.is_empty() {
        if !wanted.is_empty() {
            return Err(CliError::usage(
                "--retry-failed takes the packages of a run or those of PATHs, not both",
            ));
        }
        let given = inputs::expand(context, &args.paths, &args.owner.hotkeys())?;
        return Ok(failed_last(&store, given)?);
    }
    let run = runs::find(&store, if wanted.is_empty() { "last" } else { wanted })?;
    let failed = store.failed_packages(&run)?;
    let submissions = failed.into_iter().map(|package| Submission {
        path: package.path,
        package: package.package,
        hotkey: package.hotkey,
    });
    Ok(submissions.collect())
}

fn options(context: &Context, args: &RunArgs) -> Result<BatchOptions, CliError> {
    let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
    let jobs = args.jobs.map_or_else(cores, usize::from);
    let until = stage(args.until);
    let folder = std::env::current_dir().ok();
    Ok(BatchOptions {
        jobs,
        until,
        force: args.force,
        settings_json: serde_json::to_string(&context.rows).map_err(CliError::failure)?,
        origin: Origin {
            command: context.command.clone(),
            folder: folder.and_then(|folder| folder.to_str().map(str::to_owned)),
            jobs: Some(jobs),
            until: (until < Stage::Store).then(|| until.name()),
            runner: Some(Runner::this()),
        },
    })
}

fn stage(until: Until) -> Stage {
    match until {
        Until::Validate => Stage::Validate,
        Until::Review => Stage::Review,
        Until::Execute => Stage::Execute,
        Until::Parse => Stage::Parse,
        Until::Score => Stage::Score,
        Until::Similarity => Stage::Similarity,
        Until::Judge => Stage::Judge,
        Until::Store => Stage::Store,
    }
}

/// A batch that was interrupted is gone on with by the command that began it.
fn how_to_go_on(error: BatchError, options: &BatchOptions) -> CliError {
    let is_interrupted = matches!(error, BatchError::Interrupted { .. });
    let error = CliError::from(error);
    if !is_interrupted {
        return error;
    }
    let reused = match options.until {
        Stage::Store if !options.force => "; what is finished is not run again",
        _ => "",
    };
    error.hint(match &options.origin.command {
        Some(command) => format!("to go on: {command}{reused}"),
        None => format!("to go on, give the same command again{reused}"),
    })
}

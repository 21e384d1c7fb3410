//! The executor the settings ask for.

use std::path::Path;

use crate::harness::{Direct, Executor, ExecutorError, Interpreter, Sandbox, Scripted};
use crate::settings::ExecutorChoice;

use super::context::Context;
use super::exit::{CliError, Exit};

/// Names a file of scripted outcomes that stands in for the executor. For dfab's own tests: batches, failures and
/// interruptions can then be tried through the real program without running anything.
const SCRIPT_VARIABLE: &str = "DFAB_SCRIPTED_EXECUTOR";

/// Makes the executor, or says what stands in its way.
pub(super) fn executor(context: &Context) -> Result<Box<dyn Executor>, CliError> {
    if let Some(script) = std::env::var_os(SCRIPT_VARIABLE) {
        context.warn("harnesses are not run: their outcomes are read from a script");
        return Ok(Box::new(
            Scripted::from_file(Path::new(&script)).map_err(failed)?,
        ));
    }
    let required = &context.settings.sandbox_require;
    if let (Some(name), true) = (
        required.first(),
        context.settings.executor != ExecutorChoice::Sandbox,
    ) {
        return Err(CliError::usage(format!(
            "{name} is required, and only the sandbox provides it"
        ))
        .hint("use --executor sandbox, or take it out of the setting sandbox_require"));
    }
    match context.settings.executor {
        ExecutorChoice::Sandbox => {
            let sandbox = Sandbox::new(interpreter(context)?).requiring(required.clone());
            Ok(Box::new(match context.take_prepared() {
                Some(prepared) => sandbox.with(prepared),
                None => sandbox,
            }))
        }
        ExecutorChoice::Direct if context.settings.direct_subprocess_enabled => {
            context.warn(
                "the direct executor does not isolate the harness: it can read and write whatever you can",
            );
            Ok(Box::new(Direct::new(interpreter(context)?)))
        }
        ExecutorChoice::Direct => Err(CliError::usage(
            "the direct executor runs code without isolation and is switched off",
        )
        .hint("for code you trust: set direct_subprocess_enabled (--allow-direct true)")),
        ExecutorChoice::Docker | ExecutorChoice::Broker => Err(CliError::usage(
            "this version of dfab has the executors sandbox and direct; docker and broker are not built yet",
        )
        .hint("use --executor sandbox")),
    }
}

pub(super) fn interpreter(context: &Context) -> Result<Interpreter, CliError> {
    Interpreter::recall(&context.settings.python).map_err(failed)
}

fn failed(error: ExecutorError) -> CliError {
    let hint = error.hint();
    CliError {
        exit: Exit::Failure,
        error: error.into(),
        hint,
    }
}

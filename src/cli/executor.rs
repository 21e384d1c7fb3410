//! The executor the settings ask for.

use std::path::Path;

use crate::harness::broker::BrokerError;
use crate::harness::{
    Broker, ContainerSettings, Direct, Docker, Executor, ExecutorError, Interpreter, Sandbox,
    Scripted, choose_image,
};
use crate::settings::{DockerSeccomp, ExecutorChoice};

use super::context::Context;
use super::exit::{CliError, Exit};

/// Names a file of scripted outcomes that stands in for the executor. For dfab's own tests: batches, failures and
/// interruptions can then be tried through the real program without running anything.
const SCRIPT_VARIABLE: &str = "DFAB_SCRIPTED_EXECUTOR";

/// The name of the executor, without making it.
pub(super) fn executor_name(context: &Context) -> &'static str {
    match (std::env::var_os(SCRIPT_VARIABLE), context.settings.executor) {
        (Some(_), _) => "scripted",
        (None, ExecutorChoice::Sandbox) => "sandbox",
        (None, ExecutorChoice::Docker) => "docker",
        (None, ExecutorChoice::Broker) => "broker",
        (None, ExecutorChoice::Direct) => "direct",
    }
}

/// Makes the executor, or says what stands in its way.
pub(super) fn executor(context: &Context) -> Result<Box<dyn Executor>, CliError> {
    // Started on the guess that this is the sandbox; nobody else has a use for it.
    let prepared = context.take_prepared();
    if let Some(script) = std::env::var_os(SCRIPT_VARIABLE) {
        context.warn("harnesses are not run: their outcomes are read from a script");
        return Ok(Box::new(
            Scripted::from_file(Path::new(&script)).map_err(failed)?,
        ));
    }
    check_required(context)?;
    match context.settings.executor {
        ExecutorChoice::Sandbox => {
            let required = context.settings.sandbox_require.clone();
            let sandbox = Sandbox::new(interpreter(context)?).requiring(required);
            Ok(Box::new(match prepared {
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
        ExecutorChoice::Docker => {
            let docker = docker(context)?;
            let removed = docker.prepare().map_err(failed)?;
            if !removed.is_empty() {
                context.say(&format!(
                    "removed what a killed dfab had left: {}",
                    removed.join(", ")
                ));
            }
            Ok(Box::new(docker))
        }
        ExecutorChoice::Broker => Ok(Box::new(broker(context)?)),
    }
}

/// Only the sandbox knows what it provides, so only it can be made to provide something.
pub(super) fn check_required(context: &Context) -> Result<(), CliError> {
    let name = context.settings.sandbox_require.first();
    match name {
        Some(name) if context.settings.executor != ExecutorChoice::Sandbox => {
            let text = format!("{name} is required, and only the sandbox provides it");
            let hint = "use --executor sandbox, or take it out of the setting sandbox_require";
            Err(CliError::usage(text).hint(hint))
        }
        _ => Ok(()),
    }
}

/// The docker executor, nothing of it tried yet.
pub(super) fn docker(context: &Context) -> Result<Docker, CliError> {
    Docker::new(&context.settings.docker_bin, container_settings(context)).map_err(misconfigured)
}

/// The broker executor, nothing of it tried yet but the token.
pub(super) fn broker(context: &Context) -> Result<Broker, CliError> {
    let settings = context.settings.clone();
    let Some(url) = settings.docker_broker_url.clone() else {
        return Err(
            CliError::usage("the broker executor needs the address of a container broker")
                .hint("set docker_broker_url, or use --executor docker or sandbox"),
        );
    };
    let token = move || {
        settings
            .read_docker_broker_token()
            .map_err(|error| error.to_string())
    };
    // A token that is missing now is missing for every package.
    match token() {
        Ok(Some(_)) => {}
        Ok(None) => return Err(misconfigured(BrokerError::NoToken.into())),
        Err(why) => return Err(misconfigured(BrokerError::Token { why }.into())),
    }
    Broker::new(&url, Box::new(token), container_settings(context)).map_err(misconfigured)
}

fn container_settings(context: &Context) -> ContainerSettings {
    let settings = &context.settings;
    ContainerSettings {
        slug: settings.slug.clone(),
        image: choose_image(&settings.docker_allowed_images),
        allowed_images: settings.docker_allowed_images.clone(),
        network: settings.docker_network.clone(),
        cpus: settings.docker_cpus,
        memory: settings.docker_memory.clone(),
        memory_swap: settings.docker_memory_swap.clone(),
        pids_limit: settings.docker_pids_limit,
        read_only: settings.docker_read_only,
        user: settings.docker_user.clone(),
        own_filter: settings.docker_seccomp == DockerSeccomp::Dfab,
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

/// The same where a setting is to blame.
fn misconfigured(error: ExecutorError) -> CliError {
    CliError {
        exit: Exit::Usage,
        ..failed(error)
    }
}

//! The interpreter, and what runs harnesses.

use std::path::Path;

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};

use crate::harness::{ExecutorError, Interpreter, Protection, sandbox};
use crate::settings::{ExecutorChoice, Origin};

use super::super::context::Context;
use super::super::executor;
use super::{Check, Verdict, containers};

/// Interpreter, executor and what it isolates; or whatever containers take; and a word on the executors that are not
/// chosen.
pub(super) fn checks(context: &Context) -> Vec<Check> {
    let mut checks = chosen(context);
    checks.push(others(context));
    checks
}

fn chosen(context: &Context) -> Vec<Check> {
    let mut checks = Vec::new();
    let chosen = context.settings.executor;
    // Containers bring a Python of their own, so this machine's does not matter.
    if let ExecutorChoice::Docker | ExecutorChoice::Broker = chosen {
        checks.push(Check::new("executor", Verdict::Ok, why(context)));
        if let Err(error) = executor::check_required(context) {
            let mut check = Check::new("required", Verdict::Fail, error.error.to_string());
            check.hint = error.hint;
            checks.push(check);
        }
        checks.extend(match chosen {
            ExecutorChoice::Docker => containers::docker(context),
            _ => containers::broker(context),
        });
        return checks;
    }
    let interpreter = match Interpreter::resolve(&context.settings.python) {
        Ok(interpreter) => interpreter,
        Err(error) => {
            checks.push(Check::failed("python", &error, error.hint()));
            checks.push(Check::new(
                "executor",
                Verdict::Warn,
                "not checked, nor what it isolates: without an interpreter it has nothing to start",
            ));
            return checks;
        }
    };
    checks.push(python(&interpreter));
    match executor::executor(context) {
        Ok(_) => checks.push(Check::new("executor", Verdict::Ok, why(context))),
        Err(error) => {
            let mut check = Check::new("executor", Verdict::Fail, error.error.to_string());
            check.hint = error.hint;
            checks.push(check);
        }
    }
    if chosen == ExecutorChoice::Sandbox {
        checks.extend(isolation(&interpreter, &context.settings.sandbox_require));
    }
    checks
}

/// What stands in the way of choosing another executor, as far as that can be seen without trying it.
fn others(context: &Context) -> Check {
    let settings = &context.settings;
    let docker = match is_command(&settings.docker_bin) {
        true => "docker: the command is there, its engine is not tried",
        false => "docker: there is no such command",
    };
    let broker = match &settings.docker_broker_url {
        Some(_) => "broker: it has an address, which is not tried",
        None => "broker: no docker_broker_url",
    };
    let direct = match settings.direct_subprocess_enabled {
        true => "direct: switched on, isolates nothing",
        false => "direct: switched off",
    };
    let all = [
        (ExecutorChoice::Sandbox, "sandbox: not tried"),
        (ExecutorChoice::Docker, docker),
        (ExecutorChoice::Broker, broker),
        (ExecutorChoice::Direct, direct),
    ];
    let others: Vec<&str> = all
        .into_iter()
        .filter(|(executor, _)| *executor != settings.executor)
        .map(|(_, text)| text)
        .collect();
    Check::new("other executors", Verdict::Ok, others.join("; "))
}

/// Whether a name is a program on PATH, or a path leads to one.
fn is_command(name: &Path) -> bool {
    let runs = |path: &Path| {
        path.is_file() && faccessat(AT_FDCWD, path, AccessFlags::X_OK, AtFlags::AT_EACCESS).is_ok()
    };
    if name.components().count() > 1 {
        return runs(name);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| runs(&folder.join(name)))
}

/// Which executor is used, and which setting says so.
fn why(context: &Context) -> String {
    let row = |name: &str| context.rows.iter().find(|row| row.name == name);
    let set = |name: &str| row(name).filter(|row| row.origin != Origin::Default);
    let text = |value: &serde_json::Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    let chosen = row("executor").map_or_else(String::new, |row| text(&row.value));
    let because = ["executor", "docker_enabled"].into_iter().find_map(set);
    match because {
        Some(row) => format!(
            "{chosen}, for {} is {} ({})",
            row.name,
            text(&row.value),
            row.origin
        ),
        None => format!("{chosen}, the default"),
    }
}

/// The live service's version; another one may print other bytes for the same seed.
pub(super) const SERVICE_PYTHON: &str = "3.12.";

fn python(interpreter: &Interpreter) -> Check {
    let Interpreter {
        executable,
        version,
        ..
    } = interpreter;
    let shown = format!("{} (CPython {version})", executable.display());
    if version.starts_with(SERVICE_PYTHON) {
        return Check::new("python", Verdict::Ok, shown);
    }
    let mut check = Check::new("python", Verdict::Warn, shown);
    check.hint = Some(version_hint("name a 3.12 in the setting python"));
    check
}

pub(super) fn version_hint(step: &str) -> String {
    format!(
        "the live service runs CPython 3.12; another version may give a harness other results: {step}"
    )
}

/// Each protection of the sandbox, as a trial run on this machine found it. One that is required must be there.
fn isolation(interpreter: &Interpreter, required: &[String]) -> Vec<Check> {
    let protections = match sandbox::check(interpreter) {
        Ok(protections) => protections,
        Err(error) => return vec![sandbox_failure(&error)],
    };
    let mut checks: Vec<Check> = protections.iter().map(protection).collect();
    for name in required {
        if let Some((_, why)) = sandbox::unmet(std::slice::from_ref(name), &protections) {
            let mut check = Check::new(&format!("required: {}", spaced(name)), Verdict::Fail, why);
            check.hint = Some(
                "exec and run refuse to start here while sandbox_require (--require) names it"
                    .to_owned(),
            );
            checks.push(check);
        }
    }
    checks
}

fn protection(protection: &Protection) -> Check {
    let name = format!("sandbox: {}", spaced(&protection.name));
    match (&protection.means, &protection.missing) {
        (Some(means), _) => Check::new(&name, Verdict::Ok, means),
        (None, missing) => Check::new(&name, Verdict::Warn, missing.clone().unwrap_or_default()),
    }
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

fn sandbox_failure(error: &ExecutorError) -> Check {
    Check::failed("sandbox", error, error.hint())
}

//! The checks of the executors that use containers.

use crate::harness::docker::DockerCheck;
use crate::harness::{ExecutorError, Trial};

use super::super::context::Context;
use super::super::executor;
use super::super::exit::CliError;
use super::harness::{SERVICE_PYTHON, version_hint};
use super::{Check, Verdict};

/// Command line, engine, image, leftovers, and a run of a harness of our own.
pub(super) fn docker(context: &Context) -> Vec<Check> {
    let docker = match executor::docker(context) {
        Ok(docker) => docker,
        Err(error) => return vec![refused("docker", error)],
    };
    let settings = &context.settings;
    let mut checks = vec![Check::new(
        "docker: network",
        Verdict::Ok,
        &settings.docker_network,
    )];
    match docker.check() {
        Ok(DockerCheck {
            engine,
            image,
            trial,
        }) => {
            checks.push(Check::new("docker: engine", Verdict::Ok, engine));
            checks.push(Check::new("docker: image", Verdict::Ok, image));
            checks.extend(shown("docker", &trial));
        }
        Err(error) => checks.push(failed("docker", &error)),
    }
    checks.push(match docker.sweep() {
        Ok(removed) if removed.is_empty() => Check::new(
            "docker: leftovers",
            Verdict::Ok,
            "no container of a dead dfab",
        ),
        Ok(removed) => Check::new(
            "docker: leftovers",
            Verdict::Ok,
            format!("removed: {}", removed.join(", ")),
        ),
        // Said once already where nothing can be asked of the engine.
        Err(_) if checks.iter().any(Check::has_failed) => return checks,
        Err(error) => failed("docker: leftovers", &error),
    });
    checks
}

/// Address, token, the list route, and a run of a harness of our own.
pub(super) fn broker(context: &Context) -> Vec<Check> {
    let broker = match executor::broker(context) {
        Ok(broker) => broker,
        Err(error) => return vec![refused("broker", error)],
    };
    let mut checks = vec![Check::new("broker: token", Verdict::Ok, "set")];
    match broker.check() {
        Ok(trial) => {
            checks.push(Check::new("broker: address", Verdict::Ok, broker.address()));
            checks.extend(shown("broker", &trial));
        }
        Err(error) => checks.push(failed("broker", &error)),
    }
    checks
}

/// What a run of a harness of our own showed: its Python, its user, and what binds it besides the container.
fn shown(executor: &str, trial: &Trial) -> Vec<Check> {
    let mut checks = vec![python(&format!("{executor}: python"), &trial.python)];
    for name in ["identity", "seccomp", "landlock"] {
        let Some(found) = trial.enforced.iter().find(|one| one.name == name) else {
            continue;
        };
        let name = format!("{executor}: {name}");
        checks.push(match (&found.means, &found.missing) {
            (Some(means), _) => Check::new(&name, Verdict::Ok, means),
            (None, why) => Check::new(&name, Verdict::Warn, why.as_deref().unwrap_or("missing")),
        });
    }
    checks
}

fn python(name: &str, version: &str) -> Check {
    let same = version
        .strip_prefix("CPython ")
        .is_some_and(|version| version.starts_with(SERVICE_PYTHON));
    if same {
        return Check::new(name, Verdict::Ok, version);
    }
    let mut check = Check::new(name, Verdict::Warn, version);
    check.hint = Some(version_hint("the image must have one"));
    check
}

fn failed(name: &str, error: &ExecutorError) -> Check {
    Check::failed(name, error, error.hint())
}

fn refused(name: &str, error: CliError) -> Check {
    let mut check = Check::new(name, Verdict::Fail, error.error.to_string());
    check.hint = error.hint;
    check
}

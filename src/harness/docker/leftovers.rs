//! Containers that were left behind.
//!
//! A dfab that is killed cannot remove its containers. Their label says which process started them,
//! so the next dfab can tell: the containers of a living process, of another machine and of other
//! programs are left alone.

use super::DockerError;
use super::cli::Cli;
use crate::harness::container::{JOB_LABEL, Owner, TASK, TASK_LABEL};

/// Removes the containers of dead owners and returns their names.
pub(super) fn sweep(cli: &Cli) -> Result<Vec<String>, DockerError> {
    let filter = format!("label={TASK_LABEL}={TASK}");
    let mut removed = Vec::new();
    for (name, job) in find(cli, &filter)? {
        if Owner::of_job(&job).is_some_and(|owner| owner.is_dead()) && cli.remove(&name, None)? {
            removed.push(name);
        }
    }
    removed.sort();
    Ok(removed)
}

/// Names of the containers of one job.
pub(super) fn of_job(cli: &Cli, job: &str) -> Result<Vec<String>, DockerError> {
    let containers = find(cli, &format!("label={JOB_LABEL}={job}"))?;
    Ok(containers.into_iter().map(|(name, _)| name).collect())
}

/// Names and jobs of the containers with a label, running or not.
fn find(cli: &Cli, filter: &str) -> Result<Vec<(String, String)>, DockerError> {
    let format = format!("{{{{.Names}}}}\t{{{{.Label \"{JOB_LABEL}\"}}}}");
    let question = [
        "ps",
        "--all",
        "--no-trunc",
        "--filter",
        filter,
        "--format",
        &format,
    ];
    let answer = cli.ask(&question)?;
    let pair = |line: &str| {
        let (name, job) = line.split_once('\t')?;
        Some((name.to_owned(), job.to_owned()))
    };
    Ok(answer.lines().filter_map(pair).collect())
}

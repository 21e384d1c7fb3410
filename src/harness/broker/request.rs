//! What is sent to a broker.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::harness::HarnessRequest;
use crate::harness::container::{
    CHALLENGE_LABEL, ContainerSettings, JOB_LABEL, Job, Line, OPEN_FILES, TASK, TASK_LABEL,
    TMPFS_OPTIONS, WORKSPACE, environment,
};

/// The body that asks for a run. `tmpfs` and `ulimits` are written as on Docker's command line.
pub(super) fn run(
    settings: &ContainerSettings,
    job: &Job,
    line: &Line,
    tar: &[u8],
    request: &HarnessRequest<'_>,
) -> Vec<u8> {
    let env: Map<String, Value> = environment(request)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect();
    let body = json!({
        "job_id": job.id,
        "task_id": TASK,
        "image": settings.image,
        "command": line.words(),
        "workdir": WORKSPACE,
        "env": env,
        "labels": {
            JOB_LABEL: job.id,
            TASK_LABEL: TASK,
            CHALLENGE_LABEL: settings.slug,
        },
        "limits": {
            "cpus": settings.cpus,
            "memory": settings.memory,
            "memory_swap": settings.memory_swap,
            "pids_limit": settings.pids_limit,
            "network": settings.network,
            "read_only": settings.read_only,
            "user": settings.user(),
            "tmpfs": [format!("/tmp:{TMPFS_OPTIONS}")],
            "ulimits": [format!("nofile={OPEN_FILES}:{OPEN_FILES}")],
        },
        "mounts": [{
            "target": WORKSPACE,
            "read_only": true,
            "tar_base64": STANDARD.encode(tar),
        }],
        "timeout_seconds": seconds(request.limits.wall_time),
    });
    body.to_string().into_bytes()
}

/// The body of the questions about one job.
pub(super) fn about_job(job_id: &str) -> Vec<u8> {
    json!({ "job_id": job_id }).to_string().into_bytes()
}

/// A whole number where it is one.
fn seconds(time: Duration) -> Value {
    match time.subsec_nanos() {
        0 => Value::from(time.as_secs()),
        _ => Value::from(time.as_secs_f64()),
    }
}

//! The arguments of `docker run`.

use std::path::Path;

use super::DockerError;
use crate::harness::HarnessRequest;
use crate::harness::container::{
    CHALLENGE_LABEL, ContainerSettings, JOB_LABEL, Job, Line, OPEN_FILES, TASK, TASK_LABEL,
    TMPFS_FILES, TMPFS_OPTIONS, WORKSPACE, environment,
};

/// What a harness sees as the machine's name, in the sandbox too: a random one would make two runs
/// with one seed differ.
const HOST_NAME: &str = "dfab";

/// Variables that the command line passes on from its own configuration unless they are set. Nothing of the
/// operator's is to be seen inside, least of all a proxy's password.
const PROXIES: [&str; 5] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
];

/// The live service's command, with options more that only take away. `--hostname` fixes what would be random,
/// `--log-driver none` keeps the engine from writing all that a harness prints to the host's disk,
/// without a bound (the streams arrive here all the same), `--pull never` keeps a batch from waiting for an image
/// that was removed meanwhile, `nr_inodes` bounds the files in `/tmp`, and there is always a user.
pub(super) fn run(
    settings: &ContainerSettings,
    job: &Job,
    line: &Line,
    workspace: &Path,
    request: &HarnessRequest<'_>,
) -> Result<Vec<String>, DockerError> {
    let mut list = Arguments(vec!["run".to_owned(), "--rm".to_owned()]);
    list.pair("--name", &job.name);
    list.pair("--network", &settings.network);
    list.pair("--cpus", settings.cpus_text());
    list.pair("--memory", &settings.memory);
    list.pair("--memory-swap", &settings.memory_swap);
    list.pair("--pids-limit", settings.pids_limit.to_string());
    list.pair("--cap-drop", "ALL");
    list.pair("--security-opt", "no-new-privileges");
    list.word("--init");
    if settings.read_only {
        list.word("--read-only");
    }
    list.pair("--user", settings.user());
    list.pair("--tmpfs", format!("/tmp:{TMPFS_OPTIONS},{TMPFS_FILES}"));
    list.pair("--ulimit", format!("nofile={OPEN_FILES}:{OPEN_FILES}"));
    list.pair("-v", volume(workspace)?);
    list.pair("-w", WORKSPACE);
    for (name, value) in environment(request) {
        list.pair("-e", format!("{name}={value}"));
    }
    for name in PROXIES {
        list.pair("-e", format!("{name}="));
        list.pair("-e", format!("{}=", name.to_lowercase()));
    }
    list.pair("--label", format!("{JOB_LABEL}={}", job.id));
    list.pair("--label", format!("{TASK_LABEL}={TASK}"));
    list.pair("--label", format!("{CHALLENGE_LABEL}={}", settings.slug));
    list.pair("--hostname", HOST_NAME);
    list.pair("--log-driver", "none");
    list.pair("--pull", "never");
    list.word(&settings.image);
    list.0.extend_from_slice(line.words());
    Ok(list.0)
}

struct Arguments(Vec<String>);

impl Arguments {
    fn word(&mut self, word: &str) {
        self.0.push(word.to_owned());
    }

    fn pair(&mut self, option: &str, value: impl Into<String>) {
        self.word(option);
        self.0.push(value.into());
    }
}

/// The value of `-v`, in which colons separate: a path with one would mean another mount.
fn volume(workspace: &Path) -> Result<String, DockerError> {
    match workspace.to_str() {
        Some(path) if !path.contains(':') => Ok(format!("{path}:{WORKSPACE}:ro")),
        _ => Err(DockerError::WorkspaceName {
            path: workspace.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::harness::HarnessLimits;
    use crate::harness::container::usual as settings;

    fn limits() -> HarnessLimits {
        HarnessLimits {
            wall_time: Duration::from_secs(5),
            cpu_seconds: 5,
            memory_bytes: 1,
            tmp_bytes: 1,
            pids: 1,
            open_files: 1,
            max_output_size_bytes: 1000,
        }
    }

    fn arguments(
        settings: &ContainerSettings,
        workspace: &str,
    ) -> Result<Vec<String>, DockerError> {
        let limits = limits();
        let job = Job {
            id: "dfab-0-1-2-3".to_owned(),
            name: "data-fabrication-dfab-0-1-2-3-01234567".to_owned(),
            mark: "MARK".to_owned(),
        };
        let request = HarnessRequest {
            workspace: Path::new(workspace),
            entrypoint: "harness.py",
            seed: 1337,
            output_filename: "dataset.jsonl",
            limits: &limits,
        };
        let line = Line::new(settings, &job, &request);
        run(settings, &job, &line, Path::new(workspace), &request)
    }

    #[test]
    fn the_command_is_the_live_services_with_what_only_takes_away() {
        let arguments = arguments(&settings(), "/tmp/w").unwrap();
        let (options, line) = arguments.split_at(arguments.len() - 11);
        assert_eq!(
            options.join(" "),
            "run --rm --name data-fabrication-dfab-0-1-2-3-01234567 --network none --cpus 2.0 \
             --memory 4g --memory-swap 4g --pids-limit 512 --cap-drop ALL \
             --security-opt no-new-privileges --init --read-only --user 65534:65534 \
             --tmpfs /tmp:rw,noexec,nosuid,size=512m,nr_inodes=32768 --ulimit nofile=1024:1024 \
             -v /tmp/w:/workspace:ro -w /workspace -e DATA_FABRICATION_SEED=1337 \
             -e DATA_FABRICATION_OUTPUT=/tmp/dataset.jsonl -e PYTHONUNBUFFERED=1 \
             -e PYTHONHASHSEED=1337 -e PATH=/usr/local/bin:/usr/local/bin:/usr/bin:/bin \
             -e HOME=/tmp -e LANG=C.UTF-8 -e TZ=UTC -e PYTHONDONTWRITEBYTECODE=1 \
             -e HTTP_PROXY= -e http_proxy= -e HTTPS_PROXY= -e https_proxy= -e FTP_PROXY= -e ftp_proxy= \
             -e NO_PROXY= -e no_proxy= -e ALL_PROXY= -e all_proxy= \
             --label platform.job=dfab-0-1-2-3 --label platform.task=dataset-generation \
             --label platform.challenge=data-fabrication --hostname dfab --log-driver none \
             --pull never python:3.12-slim"
        );
        assert_eq!(line[..2], ["sh", "-c"]);
        assert_eq!(line[3..7], ["dfab", "MARK", "harness.py", "1000"]);
        assert_eq!(line[9..], ["536870912", "none"]);
    }

    #[test]
    fn a_user_is_named_and_a_writable_root_is_left_out_only_when_asked_for() {
        let settings = ContainerSettings {
            user: Some("1000:1000".to_owned()),
            read_only: false,
            ..settings()
        };
        let text = arguments(&settings, "/tmp/w").unwrap().join(" ");
        assert!(text.contains(" --init --user 1000:1000 --tmpfs "), "{text}");
    }

    #[test]
    fn a_workspace_that_would_be_read_as_another_mount_is_refused() {
        let error = arguments(&settings(), "/tmp/a:/etc").unwrap_err();
        assert!(error.to_string().contains("/tmp/a:/etc"), "{error}");
        assert!(error.hint().is_some());
    }
}

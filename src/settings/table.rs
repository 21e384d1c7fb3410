//! The table of settings: one entry each, and everything else made from it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::kinds::{
    self, DockerBackend, DockerSeccomp, ExecutorChoice, OwnHistory, Secrecy, Window,
};
use super::sources::Lookup;
use super::{Description, Effective, Secret, SettingsError};

/// One entry is `/// help`, `name => field: Type, kind, default`. The help is the field's
/// documentation too. A default that depends on entries above it is given in words, followed by
/// the expression for its text; an optional setting's none is the empty text.
macro_rules! settings {
    ($(#[doc = $help:literal]
        $name:ident => $field:ident: $type:ty, $kind:ident, $default:literal $(= $derived:expr)?;)+
    ) => {
        /// Every setting, resolved.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $(#[doc = $help] pub $field: $type,)+
        }

        pub(super) static DESCRIPTIONS: &[Description] = &[$(
            Description {
                name: stringify!($name),
                default: $default,
                accepts: kinds::$kind.accepts,
                help: $help.trim_ascii(),
                secret: matches!(kinds::$kind.secrecy, Secrecy::Secret),
                choices: kinds::$kind.choices,
            },
        )+];

        /// Takes every value from its strongest source, in the table's order.
        pub(super) fn resolve(lookup: &mut Lookup) -> Result<Settings, SettingsError> {
            $(
                let default = settings!(@default $default $(= $derived)?);
                let $field: $type = lookup.value(stringify!($name), &kinds::$kind, &default)?;
            )+
            Ok(Settings { $($field),+ })
        }
    };
    (@default $default:literal) => { String::from($default) };
    (@default $default:literal = $derived:expr) => { String::from($derived) };
}

settings! {
    /// Short name of the challenge, as the platform knows it.
    slug => slug: String, SLUG, "data-fabrication";
    /// Name of the challenge for people.
    name => name: String, TEXT, "Data Fabrication";
    /// Version reported to the platform.
    version => version: String, TEXT, "this program's version" = env!("CARGO_PKG_VERSION");
    /// SQLite file that keeps submissions and runs.
    database_url => database: PathBuf, DATABASE, "dfab.sqlite3";
    /// Folder that keeps submitted packages.
    artifact_root => artifact_root: PathBuf, PATH, "`artifacts` beside the database" = beside(&database);
    /// Largest package, in bytes.
    max_submission_size_bytes => max_submission_size_bytes: u64, SIZE, "4MiB";
    /// Largest dataset, in bytes.
    max_output_size_bytes => max_output_size_bytes: u64, SIZE, "10MiB";
    /// Most files in a package.
    max_zip_files => max_zip_files: usize, POSITIVE, "128";
    /// Largest unpacked package, in bytes.
    max_zip_uncompressed_bytes => max_zip_uncompressed_bytes: u64, SIZE, "32MiB";
    /// Wall-clock time one harness may take, in seconds.
    evaluation_timeout_seconds => evaluation_timeout: Duration, SECONDS, "300";
    /// Lines of a dataset that are kept as its sample.
    sample_preview_limit => sample_preview_limit: usize, COUNT, "25";
    /// Fewest conversations of a dataset.
    min_conversations => min_conversations: usize, POSITIVE, "1";
    /// Most conversations of a dataset.
    max_conversations => max_conversations: usize, POSITIVE, "10000";
    /// Seed given to every harness.
    runner_seed => runner_seed: u64, SEED, "1337";
    /// File name under which a harness may leave its dataset.
    runner_output_filename => runner_output_filename: String, FILE_NAME, "dataset.jsonl";
    /// Address the HTTP server listens on.
    host => host: String, HOST, "127.0.0.1";
    /// Port the HTTP server listens on.
    port => port: u16, PORT, "8080";
    /// Whether the public submission routes are open.
    public_submissions_enabled => public_submissions_enabled: bool, BOOLEAN, "true";
    /// Token of the internal HTTP routes.
    shared_token => shared_token: Option<Secret>, SECRET, "none" = "";
    /// File that holds the token, read when the token is needed.
    shared_token_file => shared_token_file: Option<PathBuf>, OPTIONAL_PATH, "/run/secrets/platform/challenge_token";
    /// Whether the `direct` executor, which isolates nothing, may be used.
    direct_subprocess_enabled => direct_subprocess_enabled: bool, BOOLEAN, "false";
    /// Whether harnesses run in containers, unless `executor` says otherwise.
    docker_enabled => docker_enabled: bool, BOOLEAN, "false";
    /// How containers are started.
    docker_backend => docker_backend: DockerBackend, DOCKER_BACKEND, "cli";
    /// The Docker command.
    docker_bin => docker_bin: PathBuf, PATH, "docker";
    /// Network of the containers.
    docker_network => docker_network: String, DOCKER_NETWORK, "none";
    /// Processors a container may use.
    docker_cpus => docker_cpus: f64, CPUS, "2.0";
    /// Memory of a container.
    docker_memory => docker_memory: String, DOCKER_SIZE, "4g";
    /// Memory and swap of a container together.
    docker_memory_swap => docker_memory_swap: String, DOCKER_SWAP, "4g";
    /// Most processes in a container.
    docker_pids_limit => docker_pids_limit: u64, LIMIT, "512";
    /// Whether a container's root is read-only.
    docker_read_only => docker_read_only: bool, BOOLEAN, "true";
    /// User inside the containers; without one it is nobody (65534:65534).
    docker_user => docker_user: Option<String>, OPTIONAL_TEXT, "none" = "";
    /// What decides about system calls in containers: dfab's filter on top of the engine's profile, or that alone.
    docker_seccomp => docker_seccomp: DockerSeccomp, DOCKER_SECCOMP, "dfab";
    /// Images that may be used.
    docker_allowed_images => docker_allowed_images: Vec<String>, IMAGES, "python:3.12-slim";
    /// Address of the container broker.
    docker_broker_url => docker_broker_url: Option<String>, OPTIONAL_URL, "none" = "";
    /// Token for the container broker.
    docker_broker_token => docker_broker_token: Option<Secret>, SECRET, "none" = "";
    /// File that holds the broker's token, read when the token is needed.
    docker_broker_token_file => docker_broker_token_file: Option<PathBuf>, OPTIONAL_PATH, "none" = "";
    /// Whether a language model takes part in judging.
    llm_judge_enabled => llm_judge_enabled: bool, BOOLEAN, "false";
    /// Whether a language model audits near copies.
    llm_plagiarism_enabled => llm_plagiarism_enabled: bool, BOOLEAN, "false";
    /// Whether a package whose judging the language model fails stays without a result.
    llm_judge_required => llm_judge_required: bool, BOOLEAN, "false";
    /// Whether a near copy whose audit the language model fails stays without a result.
    llm_plagiarism_required => llm_plagiarism_required: bool, BOOLEAN, "false";
    /// Chat endpoint of the language model.
    llm_endpoint => llm_endpoint: String, URL, "http://localhost:11434/api/chat";
    /// The language model's name.
    llm_model => llm_model: String, TEXT, "llama3";
    /// Time one request to the language model may take, in seconds.
    llm_timeout_seconds => llm_timeout: Duration, SECONDS, "60";
    /// How often a failed request to the language model is repeated.
    llm_max_retries => llm_max_retries: u32, RETRIES, "3";
    /// Earlier submissions that a new one is compared with.
    similarity_window => similarity_window: Window, WINDOW, "50";
    /// Whether a hotkey's own earlier submissions are among them.
    similarity_own_history => similarity_own_history: OwnHistory, OWN_HISTORY, "include";
    /// Memory of a sandboxed harness, in bytes.
    sandbox_memory => sandbox_memory_bytes: u64, SIZE, "4GiB";
    /// Size of a sandboxed harness's `/tmp`, in bytes.
    sandbox_tmp => sandbox_tmp_bytes: u64, SIZE, "512MiB";
    /// Most processes and threads of a sandboxed harness.
    sandbox_pids => sandbox_pids: u64, LIMIT, "512";
    /// Most open files of one process of a sandboxed harness.
    sandbox_open_files => sandbox_open_files: u64, LIMIT, "1024";
    /// Processor time of a sandboxed harness, in seconds.
    sandbox_cpu_seconds => sandbox_cpu_seconds: u64, LIMIT, "the evaluation timeout, rounded up" = whole_seconds(evaluation_timeout);
    /// Protections without which the sandbox refuses to run anything.
    sandbox_require => sandbox_require: Vec<String>, PROTECTIONS, "none" = "";
    /// The Python interpreter, a path or a name to look for on PATH.
    python => python: PathBuf, PATH, "python3";
    /// What runs the harnesses.
    executor => executor: ExecutorChoice, EXECUTOR, "sandbox, or as `docker_enabled` and `docker_backend` say" = executor_default(docker_enabled, docker_backend);
}

impl Default for Settings {
    /// The defaults alone: no flag, no environment, no file.
    fn default() -> Settings {
        let resolved = super::resolve(&super::Sources::default());
        resolved
            .expect("every default in the table is a value its setting takes")
            .settings
    }
}

fn beside(database: &Path) -> String {
    database.with_file_name("artifacts").display().to_string()
}

fn whole_seconds(timeout: Duration) -> String {
    timeout.as_secs_f64().ceil().to_string()
}

fn executor_default(docker_enabled: bool, backend: DockerBackend) -> &'static str {
    match (docker_enabled, backend) {
        (false, _) => "sandbox",
        (true, DockerBackend::Cli) => "docker",
        (true, DockerBackend::Broker) => "broker",
    }
}

/// Refuses values that are fine alone but not together.
pub(super) fn check_together(settings: &Settings, rows: &[Effective]) -> Result<(), SettingsError> {
    let conflict = |name: &'static str, conflict: String| {
        let row = rows.iter().find(|row| row.name == name);
        let shown = |row: &Effective| (row.value.to_string(), row.origin.to_string());
        let (value, origin) = row.map(shown).unwrap_or_default();
        Err(SettingsError::Conflict {
            name,
            value,
            origin,
            conflict,
        })
    };
    if settings.max_conversations < settings.min_conversations {
        let least = settings.min_conversations;
        return conflict(
            "max_conversations",
            format!("is below min_conversations ({least})"),
        );
    }
    for (name, enabled, required) in [
        (
            "llm_judge_required",
            settings.llm_judge_enabled,
            settings.llm_judge_required,
        ),
        (
            "llm_plagiarism_required",
            settings.llm_plagiarism_enabled,
            settings.llm_plagiarism_required,
        ),
    ] {
        if required && !enabled {
            let switch = name.replace("required", "enabled");
            return conflict(name, format!("needs {switch}, which is false"));
        }
    }
    let memory = kinds::parse_size(&settings.docker_memory);
    let swap = kinds::parse_size(&settings.docker_memory_swap);
    if let (Some(memory), Some(swap)) = (memory, swap)
        && swap < memory
    {
        let memory = &settings.docker_memory;
        return conflict(
            "docker_memory_swap",
            format!(
                "counts memory and swap together, so it cannot be below docker_memory ({memory})"
            ),
        );
    }
    Ok(())
}

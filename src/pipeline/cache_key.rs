//! What a result depends on, as hashes.

use sha2::{Digest, Sha256};

use crate::harness::choose_image;
use crate::settings::{ExecutorChoice, Settings, mask_url};
use crate::store::Candidate;

/// What a result depends on besides its neighbours: the package and whose it is, the settings that matter and the
/// program. It is known as soon as the package was read. `executor` is the name of the one that runs harnesses.
pub(super) fn package_key(id: &str, settings: &Settings, executor: &str) -> String {
    let mut hash = Parts::default();
    hash.add(env!("CARGO_PKG_VERSION"));
    hash.add(id);
    for value in [
        settings.max_submission_size_bytes,
        settings.max_output_size_bytes,
        settings.max_zip_files as u64,
        settings.max_zip_uncompressed_bytes,
        settings.sample_preview_limit as u64,
        settings.min_conversations as u64,
        settings.max_conversations as u64,
        settings.runner_seed,
        settings.sandbox_memory_bytes,
        settings.sandbox_tmp_bytes,
        settings.sandbox_pids,
        settings.sandbox_open_files,
        settings.sandbox_cpu_seconds,
    ] {
        hash.add(&value.to_string());
    }
    hash.add(&format!("{:?}", settings.evaluation_timeout));
    hash.add(executor);
    hash.add(&settings.python.to_string_lossy());
    hash.add(&settings.runner_output_filename);
    if let ExecutorChoice::Docker | ExecutorChoice::Broker = settings.executor {
        for value in [
            choose_image(&settings.docker_allowed_images),
            settings.docker_network.clone(),
            settings.docker_cpus.to_string(),
            settings.docker_memory.clone(),
            settings.docker_memory_swap.clone(),
            settings.docker_pids_limit.to_string(),
            settings.docker_read_only.to_string(),
            format!("{:?}", settings.docker_user),
            format!("{:?}", settings.docker_seccomp),
        ] {
            hash.add(&value);
        }
    }
    if settings.llm_judge_enabled {
        hash.add_model(settings, settings.llm_judge_required);
    }
    hash.finish()
}

/// Equal keys mean equal results: the same with the neighbours, which the window and the order of arrival have chosen,
/// and with who audits them.
pub(super) fn cache_key(
    package_key: &str,
    settings: &Settings,
    candidates: &[Candidate],
) -> String {
    let mut hash = Parts::default();
    hash.add(package_key);
    if settings.llm_plagiarism_enabled {
        hash.add_model(settings, settings.llm_plagiarism_required);
    }
    for candidate in candidates {
        hash.add(&candidate.submission_id);
    }
    hash.finish()
}

/// Texts hashed so that no two lists of them read alike.
#[derive(Default)]
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, part: &str) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part.as_bytes());
    }

    /// A result for which the model need not have answered is none where it must.
    fn add_model(&mut self, settings: &Settings, is_required: bool) {
        self.add("language model");
        self.add(&is_required.to_string());
        // A changed password changes no answer, and a hash of one is nothing to keep.
        self.add(&mask_url(&settings.llm_endpoint));
        self.add(&settings.llm_model);
    }

    fn finish(self) -> String {
        self.0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::settings::{self, Sources};

    /// Settings that change a package's own result.
    const OF_THE_PACKAGE: &[(&str, &str)] = &[
        ("max_submission_size_bytes", "1000"),
        ("max_output_size_bytes", "1000"),
        ("max_zip_files", "3"),
        ("max_zip_uncompressed_bytes", "1000"),
        ("sample_preview_limit", "3"),
        ("min_conversations", "3"),
        ("max_conversations", "30"),
        ("runner_seed", "3"),
        ("runner_output_filename", "other.jsonl"),
        ("evaluation_timeout_seconds", "3"),
        ("sandbox_memory", "1GiB"),
        ("sandbox_tmp", "1MiB"),
        ("sandbox_pids", "3"),
        ("sandbox_open_files", "30"),
        ("sandbox_cpu_seconds", "3"),
        ("python", "/other/python3"),
    ];

    /// The same where harnesses run in containers.
    const OF_CONTAINERS: &[(&str, &str)] = &[
        ("docker_network", "platform_x"),
        ("docker_cpus", "1.0"),
        ("docker_memory", "1g"),
        ("docker_memory_swap", "8g"),
        ("docker_pids_limit", "3"),
        ("docker_read_only", "false"),
        ("docker_user", "1000"),
        ("docker_seccomp", "engine"),
        ("docker_allowed_images", "other:1"),
    ];

    /// The same where a language model judges.
    const OF_THE_MODEL: &[(&str, &str)] = &[
        ("llm_endpoint", "http://other/api/chat"),
        ("llm_model", "other"),
    ];

    /// Settings that choose the neighbours, which a result names, or the executor, whose name is given, or that switch
    /// others on.
    const BY_OTHER_WAYS: &[&str] = &[
        "llm_judge_enabled",
        "llm_judge_required",
        "llm_plagiarism_enabled",
        "llm_plagiarism_required",
        "similarity_window",
        "similarity_own_history",
        "executor",
        "docker_enabled",
        "docker_backend",
    ];

    /// Settings that change no result: where things are, who may, what is served.
    const OF_NO_MATTER: &[&str] = &[
        "slug",
        "name",
        "version",
        "database_url",
        "artifact_root",
        "host",
        "port",
        "public_submissions_enabled",
        "shared_token",
        "shared_token_file",
        "direct_subprocess_enabled",
        "docker_bin",
        "docker_broker_url",
        "docker_broker_token",
        "docker_broker_token_file",
        "sandbox_require",
        // Whether there is an answer in the end, but not which.
        "llm_timeout_seconds",
        "llm_max_retries",
    ];

    fn settings(given: &[(&'static str, &str)]) -> Settings {
        let flags = given
            .iter()
            .map(|(name, value)| (*name, *name, (*value).to_owned()));
        let sources = Sources {
            flags: flags.collect(),
            ..Sources::default()
        };
        settings::resolve(&sources).unwrap().settings
    }

    fn key(given: &[(&'static str, &str)]) -> String {
        package_key("id", &settings(given), "sandbox")
    }

    #[test]
    fn every_setting_that_matters_changes_the_key() {
        let usual = key(&[]);
        for setting in OF_THE_PACKAGE {
            assert_ne!(key(&[*setting]), usual, "{}", setting.0);
        }
        let docker = ("executor", "docker");
        let usual = key(&[docker]);
        for setting in OF_CONTAINERS {
            assert_ne!(key(&[docker, *setting]), usual, "{}", setting.0);
        }
        let (judge, audit) = (
            ("llm_judge_enabled", "true"),
            ("llm_plagiarism_enabled", "true"),
        );
        assert_ne!(key(&[judge]), key(&[]));
        assert_eq!(key(&[audit]), key(&[]), "an audit looks at neighbours");
        let whole = |given: &[_]| cache_key("k", &settings(given), &[]);
        assert_ne!(whole(&[audit]), whole(&[]));
        assert_ne!(key(&[judge, ("llm_judge_required", "true")]), key(&[judge]));
        let required = ("llm_plagiarism_required", "true");
        assert_ne!(whole(&[audit, required]), whole(&[audit]));
        for setting in OF_THE_MODEL {
            assert_ne!(key(&[judge, *setting]), key(&[judge]), "{}", setting.0);
            assert_ne!(whole(&[audit, *setting]), whole(&[audit]), "{}", setting.0);
        }
    }

    #[test]
    fn somebody_has_thought_about_every_setting() {
        let first = |list: &[(&'static str, &str)]| -> Vec<&'static str> {
            list.iter().map(|(name, _)| *name).collect()
        };
        let thought_of: BTreeSet<&str> = [
            first(OF_THE_PACKAGE),
            first(OF_CONTAINERS),
            first(OF_THE_MODEL),
            BY_OTHER_WAYS.to_vec(),
            OF_NO_MATTER.to_vec(),
        ]
        .concat()
        .into_iter()
        .collect();
        let all: BTreeSet<&str> = settings::descriptions()
            .iter()
            .map(|setting| setting.name)
            .collect();
        let forgotten: Vec<_> = all.difference(&thought_of).collect();
        assert!(
            forgotten.is_empty(),
            "do these change results? {forgotten:?}"
        );
        let gone: Vec<_> = thought_of.difference(&all).collect();
        assert!(gone.is_empty(), "{gone:?}");
    }

    #[test]
    fn executors_submissions_and_neighbours_tell_keys_apart() {
        let settings = settings(&[]);
        let key = |id, executor| package_key(id, &settings, executor);
        assert_ne!(key("a", "sandbox"), key("b", "sandbox"));
        assert_ne!(key("a", "sandbox"), key("a", "direct"));
        let sequence =
            crate::similarity::Sequence::of_tree(&crate::python::parse("x = 1").unwrap());
        let candidate = |id: &str| Candidate {
            submission_id: id.into(),
            hotkey: String::new(),
            sequence: sequence.clone(),
        };
        let lists = [
            vec![],
            vec![candidate("b")],
            vec![candidate("b"), candidate("c")],
            vec![candidate("c"), candidate("b")],
        ];
        let keys: BTreeSet<String> = lists
            .iter()
            .map(|list| cache_key("k", &settings, list))
            .collect();
        assert_eq!(keys.len(), lists.len());
    }
}

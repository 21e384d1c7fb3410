//! What a result depends on, as one hash.

use sha2::{Digest, Sha256};

use crate::harness::choose_image;
use crate::settings::{ExecutorChoice, Settings, mask_url};
use crate::store::Candidate;

/// Equal keys mean equal results: the package, the settings that matter, the program and the neighbours.
pub(super) fn cache_key(id: &str, settings: &Settings, candidates: &[Candidate]) -> String {
    let mut hash = Sha256::new();
    let mut add = |part: &str| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    };
    add(env!("CARGO_PKG_VERSION"));
    add(id);
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
        add(&value.to_string());
    }
    add(&format!("{:?}", settings.evaluation_timeout));
    add(&format!("{:?}", settings.executor));
    add(&settings.python.to_string_lossy());
    add(&settings.runner_output_filename);
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
            add(&value);
        }
    }
    if settings.llm_judge_enabled || settings.llm_plagiarism_enabled {
        for value in [
            settings.llm_judge_enabled.to_string(),
            settings.llm_plagiarism_enabled.to_string(),
            // A changed password changes no answer, and a hash of one is nothing to keep.
            mask_url(&settings.llm_endpoint),
            settings.llm_model.clone(),
        ] {
            add(&value);
        }
    }
    for candidate in candidates {
        add(&candidate.submission_id);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

//! The environment a harness sees, built from nothing.

use std::path::Path;

/// Folders searched after the interpreter's own. They need not exist.
const SEARCH_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Name and value of every variable, for a harness whose private folder is `tmp`.
pub(crate) fn harness_environment(
    python: &Path,
    seed: u64,
    tmp: &str,
    output_filename: &str,
) -> Vec<(&'static str, String)> {
    let folder = python.parent().unwrap_or(Path::new("/")).display();
    vec![
        ("DATA_FABRICATION_SEED", seed.to_string()),
        (
            "DATA_FABRICATION_OUTPUT",
            format!("{tmp}/{output_filename}"),
        ),
        ("PYTHONUNBUFFERED", "1".to_owned()),
        ("PYTHONHASHSEED", hash_seed(seed)),
        ("PATH", format!("{folder}:{SEARCH_PATH}")),
        ("HOME", tmp.to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("TZ", "UTC".to_owned()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
    ]
}

/// CPython refuses to start with a hash seed above 2^32 - 1, which would blame the harness for the
/// operator's seed, so larger seeds wrap. Every seed CPython accepts is passed on as it is.
fn hash_seed(seed: u64) -> String {
    (seed & u64::from(u32::MAX)).to_string()
}

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::kinds::BOOLEAN;
use super::sources::Given;
use super::*;

fn environment(pairs: &[(&str, &str)]) -> Sources {
    let pairs = pairs
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    Sources {
        environment: pairs.collect(),
        ..Sources::default()
    }
}

fn from_file(text: &str) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    std::fs::write(&path, text).unwrap();
    (
        folder,
        Sources {
            config_file: Some(path),
            ..Sources::default()
        },
    )
}

fn flag(name: &'static str, value: &str) -> Result<Settings, SettingsError> {
    let sources = Sources {
        flags: vec![(name, "--flag", value.into())],
        ..Sources::default()
    };
    resolve(&sources).map(|resolved| resolved.settings)
}

fn row<'r>(resolved: &'r Resolved, name: &str) -> &'r Effective {
    resolved.rows.iter().find(|row| row.name == name).unwrap()
}

fn message(text: &str) -> String {
    let (folder, sources) = from_file(text);
    let error = resolve(&sources).unwrap_err().to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn defaults_are_the_documented_ones() {
    let settings = Settings::default();
    assert_eq!(settings.slug, "data-fabrication");
    assert_eq!(settings.database, Path::new("dfab.sqlite3"));
    assert_eq!(settings.artifact_root, Path::new("artifacts"));
    assert_eq!(settings.max_submission_size_bytes, 4 << 20);
    assert_eq!(settings.max_output_size_bytes, 10 << 20);
    assert_eq!(settings.max_zip_files, 128);
    assert_eq!(settings.max_zip_uncompressed_bytes, 32 << 20);
    assert_eq!(settings.evaluation_timeout, Duration::from_secs(300));
    assert_eq!(
        (settings.min_conversations, settings.max_conversations),
        (1, 10_000)
    );
    assert_eq!(settings.runner_seed, 1337);
    assert_eq!(settings.runner_output_filename, "dataset.jsonl");
    assert_eq!((settings.host.as_str(), settings.port), ("127.0.0.1", 8080));
    assert_eq!(settings.docker_network, "none");
    assert_eq!(settings.docker_user, None);
    assert_eq!(settings.docker_allowed_images, ["python:3.12-slim"]);
    assert_eq!(settings.similarity_window, Window::Last(50));
    assert_eq!(settings.similarity_own_history, OwnHistory::Include);
    assert_eq!(settings.sandbox_memory_bytes, 4 << 30);
    assert_eq!(settings.sandbox_tmp_bytes, 512 << 20);
    assert_eq!(settings.sandbox_cpu_seconds, 300);
    assert_eq!(settings.python, Path::new("python3"));
    assert_eq!(settings.executor, ExecutorChoice::Sandbox);
    assert_eq!(settings.version, env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_setting_has_one_row_in_table_order() {
    let resolved = resolve(&Sources::default()).unwrap();
    let rows: Vec<_> = resolved.rows.iter().map(|row| row.name).collect();
    let table: Vec<_> = descriptions().iter().map(|setting| setting.name).collect();
    assert_eq!(rows, table);
    let mut unique = table.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(
        unique.len(),
        table.len(),
        "a name stands in the table twice"
    );
    assert!(
        resolved
            .rows
            .iter()
            .all(|row| row.origin == Origin::Default)
    );
    assert!(
        descriptions()
            .iter()
            .all(|setting| setting.help.ends_with('.'))
    );
}

#[test]
fn a_stronger_source_wins_and_is_named_as_origin() {
    let (_folder, mut sources) = from_file("# comment\nport: 1\n");
    let port = |sources: &Sources| {
        let resolved = resolve(sources).unwrap();
        (
            resolved.settings.port,
            row(&resolved, "port").origin.clone(),
        )
    };
    let path = sources.config_file.clone().unwrap();
    assert_eq!(port(&sources), (1, Origin::File { path, line: 2 }));
    sources
        .environment
        .push(("CHALLENGE_PORT".into(), "2".into()));
    assert_eq!(
        port(&sources),
        (2, Origin::Environment("CHALLENGE_PORT".into()))
    );
    sources
        .environment
        .insert(0, ("DATA_FABRICATION_PORT".into(), "3".into()));
    assert_eq!(
        port(&sources),
        (3, Origin::Environment("DATA_FABRICATION_PORT".into()))
    );
    sources.flags.push(("port", "--port", "4".into()));
    assert_eq!(port(&sources), (4, Origin::Flag("--port")));
}

#[test]
fn the_platform_slug_is_weaker_than_both_prefixes() {
    let slug = |pairs: &[_]| resolve(&environment(pairs)).unwrap().settings.slug;
    assert_eq!(slug(&[("PLATFORM_CHALLENGE_SLUG", "a")]), "a");
    assert_eq!(
        slug(&[("PLATFORM_CHALLENGE_SLUG", "a"), ("CHALLENGE_SLUG", "b")]),
        "b"
    );
    assert_eq!(
        slug(&[
            ("DATA_FABRICATION_SLUG", "c"),
            ("PLATFORM_CHALLENGE_SLUG", "a")
        ]),
        "c"
    );
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let sources = environment(&[("DATA_FABRICATION_PORT", ""), ("CHALLENGE_PORT", "9")]);
    assert_eq!(resolve(&sources).unwrap().settings.port, 9);
}

#[test]
fn an_empty_flag_takes_an_optional_setting_back_to_none() {
    let (_folder, mut sources) = from_file("docker_user: '1000'\n");
    assert_eq!(
        resolve(&sources).unwrap().settings.docker_user.as_deref(),
        Some("1000")
    );
    sources
        .flags
        .push(("docker_user", "--docker-user", String::new()));
    assert_eq!(resolve(&sources).unwrap().settings.docker_user, None);
    assert!(flag("slug", "").is_err());
}

#[test]
fn a_bad_value_that_is_overridden_is_not_looked_at() {
    let mut sources = environment(&[("CHALLENGE_PORT", "no port")]);
    sources.flags.push(("port", "--port", "7".into()));
    assert_eq!(resolve(&sources).unwrap().settings.port, 7);
}

#[test]
fn a_bad_value_names_setting_origin_and_what_is_accepted() {
    let error = resolve(&environment(&[("CHALLENGE_PORT", "70000")])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "port from CHALLENGE_PORT: \"70000\" is not accepted; it takes a port from 0 to 65535 (0 \
         takes a free one)"
    );
    assert!(error.hint().is_some());
}

#[test]
fn a_bad_value_in_the_file_names_the_line() {
    assert_eq!(
        message("slug: x\n\nport: [1]\n"),
        "port from config.yaml:3: \"[1]\" is not accepted; it takes a port from 0 to 65535 (0 \
         takes a free one)"
    );
}

#[test]
fn a_long_bad_value_is_shortened_and_control_characters_are_escaped() {
    let text = flag("port", &format!("\x1b[2J{}", "é".repeat(500)))
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("\\u{1b}[2J") && text.contains('…') && text.len() < 400,
        "{text}"
    );
}

#[test]
fn values_of_each_kind_are_accepted_or_refused() {
    let cases: &[(&'static str, &[&str], &[&str])] = &[
        ("slug", &["a", "a-b_c.1"], &["-a", "a b", "a/b", "é"]),
        (
            "max_zip_files",
            &["1", "+7", "1_000", " 5 "],
            &["0", "-1", "1.0", "1e3", "_1", "1__0"],
        ),
        ("min_conversations", &["1"], &["0"]),
        (
            "max_submission_size_bytes",
            &["4MiB", "1"],
            &["0", "0k", "4 XB", "-1", "9EiB"],
        ),
        (
            "evaluation_timeout_seconds",
            &["1", "0.5", "6e1"],
            &["0", "-1", "inf", "nan", "604801"],
        ),
        (
            "docker_cpus",
            &["0.5", "2"],
            &["0", "nan", "inf", "-1", "1025", "two"],
        ),
        (
            "docker_memory",
            &["4g", "512M", "1.5GiB"],
            &["5m", "-1", "4x", ""],
        ),
        ("docker_memory_swap", &["8g", "-1"], &["-2", "1k"]),
        (
            "docker_network",
            &["none", "platform_x"],
            &["host", "bridge", "platform_x y"],
        ),
        (
            "docker_allowed_images",
            &["a:1,b*", "[\"a\"]", "*", ""],
            &["a b", "*a", "[1]", "[\"a\""],
        ),
        ("docker_backend", &["cli", "BROKER"], &["x"]),
        ("docker_seccomp", &["dfab", "Engine"], &["x", "none"]),
        (
            "docker_broker_url",
            &["http://b:1/x", ""],
            &["ftp://x", "http://", "b:1", "http://a b"],
        ),
        ("runner_seed", &["0", "4294967295"], &["4294967296", "-1"]),
        (
            "runner_output_filename",
            &["out.jsonl", "…"],
            &["", ".", "..", "a/b", "/a", "a\0", "a\n"],
        ),
        (
            "similarity_window",
            &["0", "all", "ALL", "50"],
            &["-1", "some"],
        ),
        ("similarity_own_history", &["include", "Exclude"], &["x"]),
        (
            "executor",
            &["sandbox", "docker", "broker", "direct"],
            &["podman"],
        ),
        ("port", &["0", "65535"], &["65536"]),
        ("host", &["::1", "localhost"], &["", "a b"]),
        ("python", &["/usr/bin/python3", "python3.12"], &["", "a\0"]),
    ];
    for (name, good, bad) in cases {
        for value in *good {
            assert!(flag(name, value).is_ok(), "{name} refused {value:?}");
        }
        for value in *bad {
            assert!(flag(name, value).is_err(), "{name} accepted {value:?}");
        }
    }
}

#[test]
fn database_urls_name_a_file() {
    let database = |url: &str| flag("database_url", url).map(|settings| settings.database);
    for (url, path) in [
        ("runs.db", "runs.db"),
        ("/var/runs.db", "/var/runs.db"),
        ("sqlite:///runs.db", "runs.db"),
        ("sqlite:////var/runs.db", "/var/runs.db"),
        ("sqlite+aiosqlite:///./runs.db", "./runs.db"),
        ("sqlite+aiosqlite:////var/runs.db", "/var/runs.db"),
    ] {
        assert_eq!(database(url).unwrap(), PathBuf::from(path));
    }
    for url in [
        "",
        ":memory:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=ro",
        "postgresql://host/db",
        "a\0b",
    ] {
        assert!(
            database(url)
                .unwrap_err()
                .hint()
                .unwrap()
                .contains("SQLite file"),
            "{url}"
        );
    }
}

#[test]
fn artifacts_stand_beside_the_database_unless_told() {
    let settings = flag("database_url", "sqlite:////var/lib/dfab/runs.db").unwrap();
    assert_eq!(settings.artifact_root, Path::new("/var/lib/dfab/artifacts"));
    assert_eq!(
        flag("artifact_root", "kept").unwrap().artifact_root,
        Path::new("kept")
    );
}

#[test]
fn the_cpu_limit_follows_the_timeout() {
    assert_eq!(
        flag("evaluation_timeout_seconds", "12.2")
            .unwrap()
            .sandbox_cpu_seconds,
        13
    );
    assert_eq!(
        flag("evaluation_timeout_seconds", "0.1")
            .unwrap()
            .sandbox_cpu_seconds,
        1
    );
}

#[test]
fn docker_enabled_selects_the_executor_unless_it_is_set() {
    let executor = |pairs: &[_]| resolve(&environment(pairs)).unwrap().settings.executor;
    let enabled = ("CHALLENGE_DOCKER_ENABLED", "yes");
    let broker = ("CHALLENGE_DOCKER_BACKEND", "broker");
    assert_eq!(executor(&[enabled]), ExecutorChoice::Docker);
    assert_eq!(executor(&[enabled, broker]), ExecutorChoice::Broker);
    assert_eq!(executor(&[broker]), ExecutorChoice::Sandbox);
    let direct = ("CHALLENGE_EXECUTOR", "direct");
    assert_eq!(executor(&[enabled, direct]), ExecutorChoice::Direct);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let sources = environment(&[
        ("CHALLENGE_MIN_CONVERSATIONS", "10"),
        ("CHALLENGE_MAX_CONVERSATIONS", "9"),
    ]);
    assert_eq!(
        resolve(&sources).unwrap_err().to_string(),
        "max_conversations (9, from CHALLENGE_MAX_CONVERSATIONS) is below min_conversations (10)"
    );
    assert!(flag("docker_memory_swap", "1g").is_err());
}

#[test]
fn the_file_takes_scalars_and_lists() {
    let (_folder, sources) = from_file(concat!(
        "---\nslug: 'x'\nport: 9000\ndocker_enabled: on\nsandbox_memory: 1.5GiB\n",
        "docker_user: ~\ndocker_allowed_images:\n  - python:3.12-slim\n  - registry/*\n",
    ));
    let resolved = resolve(&sources).unwrap();
    let settings = &resolved.settings;
    assert_eq!((settings.slug.as_str(), settings.port), ("x", 9000));
    assert_eq!(settings.sandbox_memory_bytes, 3 << 29);
    assert_eq!(
        settings.docker_allowed_images,
        ["python:3.12-slim", "registry/*"]
    );
    assert_eq!(row(&resolved, "docker_user").origin, Origin::Default);
    assert!(resolved.warnings.is_empty(), "{:?}", resolved.warnings);
}

#[test]
fn a_file_of_comments_sets_nothing() {
    for text in [
        "",
        "# nothing\n",
        "---\n",
        "~\n",
        "{}\n",
        "\u{feff}slug: x\n",
    ] {
        let (_folder, sources) = from_file(text);
        assert!(resolve(&sources).is_ok(), "{text:?}");
    }
}

#[test]
fn unknown_names_are_warned_about_with_a_likely_correction() {
    let (folder, mut sources) = from_file(
        "evaluaton_timeout_seconds: 3\nlogging: {level: [a, {b: c}]}\nport: 1\nport: 2\n",
    );
    sources
        .environment
        .push(("DATA_FABRICATION_RUNER_SEED".into(), "1".into()));
    sources
        .environment
        .push(("DATA_FABRICATION_OUTPUT".into(), "x".into()));
    let resolved = resolve(&sources).unwrap();
    let place = format!("{}/", folder.path().display());
    let warnings: Vec<_> = resolved
        .warnings
        .iter()
        .map(|w| w.replace(&place, ""))
        .collect();
    assert_eq!(
        warnings,
        [
            "config.yaml:1: unknown setting `evaluaton_timeout_seconds`; did you mean \
             `evaluation_timeout_seconds`?",
            "config.yaml:2: unknown setting `logging`",
            "config.yaml:4: `port` is set again; the last value counts",
            "unknown environment variable `DATA_FABRICATION_RUNER_SEED`; did you mean \
             `DATA_FABRICATION_RUNNER_SEED`?",
        ]
    );
    assert_eq!(resolved.settings.port, 2);
}

#[test]
fn a_malformed_file_is_refused_with_its_line() {
    assert!(message("slug: x\nport: [1\n").starts_with("config.yaml:"));
    assert!(message("a: b\n c: d\n").starts_with("config.yaml:2:3: this is not YAML: "));
    assert_eq!(
        message("- 1\n"),
        "config.yaml:1:1: the file must hold a mapping of `name: value`"
    );
    assert_eq!(message("port: *x\n").split(':').next(), Some("config.yaml"));
    assert_eq!(
        message("slug: a\nport: &x 1\n"),
        "config.yaml:2:7: anchors are not allowed here"
    );
    assert!(message("port: !!int 1\n").ends_with("tags are not allowed here"));
    assert!(message("port: {a: 1}\n").ends_with("not a mapping"));
    assert!(message("docker_allowed_images: [[a]]\n").ends_with("list items must be text"));
    assert!(message("port: 1\n---\nport: 2\n").contains("a second document"));
    assert!(message(&format!("# {}", "x".repeat(256 * 1024))).contains("larger than"));
}

#[test]
fn a_missing_unreadable_or_binary_file_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let read = |path: PathBuf| {
        resolve(&Sources {
            config_file: Some(path),
            ..Sources::default()
        })
        .unwrap_err()
        .to_string()
    };
    assert!(read(folder.path().join("none.yaml")).contains("none.yaml"));
    assert!(read(folder.path().into()).contains(&folder.path().display().to_string()));
    let binary = folder.path().join("binary.yaml");
    std::fs::write(&binary, b"a: b\nc: \xff\n").unwrap();
    assert!(read(binary).contains("binary.yaml:2:1: the file is not UTF-8"));
}

#[test]
fn deep_nesting_in_the_file_neither_crashes_nor_hangs() {
    for text in [
        "[".repeat(50_000),
        "x: ".repeat(50_000),
        "? ".repeat(50_000),
        "- ".repeat(50_000),
    ] {
        let (_folder, sources) = from_file(&text);
        let _ = resolve(&sources);
        let (_folder, sources) = from_file(&format!("unknown: {text}"));
        let _ = resolve(&sources);
    }
}

#[test]
fn secrets_are_masked_in_rows_debug_output_and_errors() {
    let sources = environment(&[
        ("CHALLENGE_SHARED_TOKEN", "hunter2"),
        (
            "CHALLENGE_DOCKER_BROKER_URL",
            "http://user:hunter2@broker:1/x",
        ),
        (
            "CHALLENGE_LLM_ENDPOINT",
            "http://hunter2@llm/api?api_key=hunter2&v=1",
        ),
    ]);
    assert!(!format!("{sources:?}").contains("hunter2"));
    let resolved = resolve(&sources).unwrap();
    assert_eq!(row(&resolved, "shared_token").value, json!("********"));
    assert_eq!(row(&resolved, "docker_broker_token").value, json!(null));
    assert_eq!(
        row(&resolved, "docker_broker_url").value,
        json!("http://********@broker:1/x")
    );
    assert_eq!(
        row(&resolved, "llm_endpoint").value,
        json!("http://********@llm/api?api_key=********&v=********")
    );
    assert!(!format!("{:?}", resolved.rows).contains("hunter2"));
    assert!(!format!("{:?}", resolved.settings.shared_token).contains("hunter2"));
    assert_eq!(resolved.settings.shared_token.unwrap().expose(), "hunter2");
    let error = flag("shared_token", "hunter2\nx").unwrap_err().to_string();
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn the_shared_token_comes_from_the_value_else_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let path = file.display().to_string();
    let read = || {
        flag("shared_token_file", &path)
            .unwrap()
            .read_shared_token()
    };
    assert!(
        read().unwrap_err().to_string().contains(&path),
        "missing, but asked for"
    );
    std::fs::write(&file, " \n").unwrap();
    assert!(read().unwrap_err().to_string().contains("it is empty"));
    std::fs::write(&file, "t0ken\n").unwrap();
    assert_eq!(read().unwrap().unwrap().expose(), "t0ken");
    let mut settings = flag("shared_token_file", &path).unwrap();
    settings.shared_token = Some(Secret::new("value"));
    assert_eq!(
        settings.read_shared_token().unwrap().unwrap().expose(),
        "value"
    );
    assert_eq!(
        flag("shared_token_file", "")
            .unwrap()
            .read_shared_token()
            .unwrap(),
        None
    );
}

#[test]
fn a_missing_default_token_file_is_no_error() {
    let settings = Settings::default();
    if Path::new(DEFAULT_SHARED_TOKEN_FILE).exists() {
        eprintln!("skipped: this machine has a {DEFAULT_SHARED_TOKEN_FILE}");
        return;
    }
    assert_eq!(settings.read_shared_token().unwrap(), None);
    assert_eq!(settings.read_docker_broker_token().unwrap(), None);
}

#[test]
fn the_markdown_table_has_every_setting() {
    let table = table_markdown();
    assert_eq!(table.lines().count(), descriptions().len() + 2);
    assert!(table.contains("| `sandbox_memory` | 4GiB |"), "{table}");
}

proptest! {
    #[test]
    fn booleans_are_the_twelve_words_in_any_case(word in "[a-zA-Z01]{1,6}") {
        let lower = word.to_lowercase();
        let expected = if ["true", "1", "yes", "on", "t", "y"].contains(&lower.as_str()) {
            Some(true)
        } else if ["false", "0", "no", "off", "f", "n"].contains(&lower.as_str()) {
            Some(false)
        } else {
            None
        };
        prop_assert_eq!((BOOLEAN.parse)(&Given::Text(word)), expected);
    }

    #[test]
    fn no_text_makes_any_setting_panic(text in ".{0,40}") {
        for setting in descriptions() {
            let _ = flag(setting.name, &text);
        }
    }

    #[test]
    fn no_file_makes_resolution_panic(text in "[a-z:\\-\\[\\]{}#&*!|>'\" \n\t0-9,?%@`]{0,120}") {
        let (_folder, sources) = from_file(&text);
        let _ = resolve(&sources);
    }
}

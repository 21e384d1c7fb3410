//! A flag for every setting a command uses, made from the table of settings.
//!
//! Secrets have no flag: every user of a machine can read the arguments of every process.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::LazyLock;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::settings::{self, Description};

/// Other spellings people reach for first.
const ALIASES: [(&str, &str); 6] = [
    ("database_url", "database"),
    ("evaluation_timeout_seconds", "timeout"),
    ("runner_seed", "seed"),
    ("sandbox_memory", "memory"),
    ("sandbox_require", "require"),
    ("direct_subprocess_enabled", "allow-direct"),
];

const PACKAGE: &[&str] = &[
    "max_submission_size_bytes",
    "max_zip_files",
    "max_zip_uncompressed_bytes",
];

const HARNESS: &[&str] = &[
    "executor",
    "python",
    "evaluation_timeout_seconds",
    "max_output_size_bytes",
    "runner_seed",
    "runner_output_filename",
    "sandbox_memory",
    "sandbox_tmp",
    "sandbox_pids",
    "sandbox_open_files",
    "sandbox_cpu_seconds",
    "sandbox_require",
    "direct_subprocess_enabled",
];

const CONTAINERS: &[&str] = &[
    "slug",
    "docker_enabled",
    "docker_backend",
    "docker_bin",
    "docker_network",
    "docker_cpus",
    "docker_memory",
    "docker_memory_swap",
    "docker_pids_limit",
    "docker_read_only",
    "docker_user",
    "docker_seccomp",
    "docker_allowed_images",
    "docker_broker_url",
    "docker_broker_token_file",
];

const DATASET: &[&str] = &["min_conversations", "max_conversations"];

const STORE: &[&str] = &["database_url"];

const COMPARISON: &[&str] = &["similarity_window", "similarity_own_history"];

const LANGUAGE_MODEL: &[&str] = &[
    "llm_judge_enabled",
    "llm_plagiarism_enabled",
    "llm_judge_required",
    "llm_plagiarism_required",
    "llm_endpoint",
    "llm_model",
    "llm_timeout_seconds",
    "llm_max_retries",
];

const STORED: &[&str] = &["artifact_root", "sample_preview_limit"];

const SERVER: &[&str] = &[
    "host",
    "port",
    "name",
    "version",
    "public_submissions_enabled",
    "shared_token_file",
];

/// The settings each command uses; `config` takes them all.
const USED: [(&str, &[&[&str]]); 11] = [
    ("validate", &[PACKAGE]),
    ("review", &[STORE, &["artifact_root"], PACKAGE]),
    ("exec", &[HARNESS, CONTAINERS, PACKAGE]),
    (
        "run",
        &[
            STORE,
            STORED,
            HARNESS,
            CONTAINERS,
            PACKAGE,
            DATASET,
            COMPARISON,
            LANGUAGE_MODEL,
        ],
    ),
    (
        "serve-lite",
        &[
            SERVER,
            STORE,
            STORED,
            HARNESS,
            CONTAINERS,
            PACKAGE,
            DATASET,
            COMPARISON,
            LANGUAGE_MODEL,
        ],
    ),
    ("score", &[DATASET]),
    ("similarity", &[STORE, &["artifact_root"], PACKAGE]),
    ("runs", &[STORE]),
    ("weights", &[STORE, &["slug"]]),
    ("pack", &[PACKAGE]),
    (
        "preflight",
        &[STORE, STORED, HARNESS, CONTAINERS, LANGUAGE_MODEL],
    ),
];

/// Adds the flags to their commands.
pub(super) fn add(command: Command) -> Command {
    commands().fold(command, |command, name| {
        command.mut_subcommand(name, |subcommand| flags(subcommand, with_texts))
    })
}

/// Adds its flags to one command, to be parsed with and not to be shown.
pub(super) fn add_without_texts(command: Command) -> Command {
    let name = command.get_name();
    let has_flags = commands().any(|known| known == name);
    match has_flags {
        true => flags(command, |flag, _| flag),
        false => command,
    }
}

/// Every command that has such flags.
fn commands() -> impl Iterator<Item = &'static str> {
    USED.iter().map(|(name, _)| *name).chain(["config"])
}

fn flags(mut command: Command, finish: fn(Arg, &Description) -> Arg) -> Command {
    let used = USED.iter().find(|(name, _)| *name == command.get_name());
    let wanted = |setting: &str| {
        used.is_none_or(|(_, groups)| groups.iter().any(|group| group.contains(&setting)))
    };
    for setting in settings::descriptions() {
        if setting.secret || !wanted(setting.name) {
            continue;
        }
        let mut flag = Arg::new(setting.name).long(setting.name.replace('_', "-"));
        if !setting.choices.is_empty() {
            flag = flag.value_parser(Offered(setting.choices));
        }
        if let Some((_, alias)) = ALIASES.iter().find(|(name, _)| *name == setting.name) {
            flag = flag.visible_alias(*alias);
        }
        command = command.arg(finish(flag, setting));
    }
    command
}

fn with_texts(flag: Arg, setting: &Description) -> Arg {
    let summary = setting.help.trim_end_matches('.');
    flag.value_name("VALUE")
        .help_heading("Settings")
        .hide_possible_values(true)
        // `-h` is for what people use every day.
        .hide_short_help(true)
        .help(format!("{summary} [default: {}]", setting.default))
        .long_help(format!(
            "{summary}. Takes {} [default: {}]",
            setting.accepts, setting.default
        ))
}

/// Offers the values of a closed choice to completions. Judging a value is left to the settings, which know its other
/// spellings and name its origin.
#[derive(Clone)]
struct Offered(&'static [&'static str]);

impl TypedValueParser for Offered {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
}

/// The flag of a setting, as it is typed.
fn flag_of(name: &'static str) -> &'static str {
    static FLAGS: LazyLock<HashMap<&'static str, String>> = LazyLock::new(|| {
        let flag = |name: &'static str| (name, format!("--{}", name.replace('_', "-")));
        settings::descriptions()
            .iter()
            .map(|setting| flag(setting.name))
            .collect()
    });
    FLAGS.get(name).map_or(name, String::as_str)
}

/// The settings given as flags to the subcommand: name, flag and text.
pub(super) fn given(matches: &ArgMatches) -> Vec<(&'static str, &'static str, String)> {
    let Some((_, matches)) = matches.subcommand() else {
        return Vec::new();
    };
    let mut given = Vec::new();
    for setting in settings::descriptions() {
        // Asking for an argument the command does not have is an error of its own kind: not given.
        let Ok(Some(value)) = matches.try_get_one::<String>(setting.name) else {
            continue;
        };
        if matches.value_source(setting.name) == Some(ValueSource::CommandLine) {
            given.push((setting.name, flag_of(setting.name), value.clone()));
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_groups_is_a_setting() {
        let known: Vec<&str> = settings::descriptions()
            .iter()
            .map(|setting| setting.name)
            .collect();
        let used = USED
            .iter()
            .flat_map(|(_, groups)| groups.iter())
            .flat_map(|group| group.iter());
        for name in used.chain(ALIASES.iter().map(|(name, _)| name)) {
            assert!(known.contains(name), "{name} is not a setting");
        }
    }

    #[test]
    fn a_flag_is_found_with_its_value() {
        let matches = super::super::command()
            .try_get_matches_from([
                "dfab",
                "run",
                "a.zip",
                "--timeout",
                "5",
                "--executor",
                "direct",
            ])
            .unwrap();
        let given: Vec<_> = given(&matches)
            .into_iter()
            .map(|(name, _, value)| (name, value))
            .collect();
        assert!(given.contains(&("evaluation_timeout_seconds", "5".to_owned())));
        assert!(given.contains(&("executor", "direct".to_owned())));
        assert_eq!(given.len(), 2);
    }

    #[test]
    fn every_setting_but_a_secret_has_a_flag() {
        let command = super::super::command();
        let config = command.find_subcommand("config").expect("config");
        for setting in settings::descriptions() {
            let has_flag = config
                .get_arguments()
                .any(|flag| flag.get_id().as_str() == setting.name);
            assert_eq!(has_flag, !setting.secret, "{}", setting.name);
        }
    }

    #[test]
    fn closed_choices_are_offered_and_judged_by_the_settings() {
        let command = super::super::command();
        let run = command.find_subcommand("run").expect("run");
        let executor = run.get_arguments().find(|flag| flag.get_id() == "executor");
        let offered = executor.expect("a flag").get_possible_values();
        let names: Vec<_> = offered.iter().map(PossibleValue::get_name).collect();
        assert_eq!(names, ["sandbox", "docker", "broker", "direct"]);
        let other_spelling = ["dfab", "config", "--docker-enabled", "YES"];
        assert!(
            super::super::command()
                .try_get_matches_from(other_spelling)
                .is_ok()
        );
    }

    #[test]
    fn secrets_have_no_flag() {
        let command = super::super::command();
        let secrets: Vec<&str> = settings::descriptions()
            .iter()
            .filter(|setting| setting.secret)
            .map(|setting| setting.name)
            .collect();
        assert!(!secrets.is_empty());
        for subcommand in command.get_subcommands() {
            for flag in subcommand.get_arguments() {
                assert!(!secrets.contains(&flag.get_id().as_str()));
            }
        }
    }
}

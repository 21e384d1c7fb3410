//! Parsing of the command line, with no more of it made than was typed.
//!
//! Making all commands with all their options takes longer than to isolate a harness. The one that was typed is
//! made alone, and if that understands the whole line, the rest would not have changed anything. Whatever else is
//! typed (help, mistakes, other commands) is answered by the whole.

use std::ffi::OsString;

use clap::{ArgMatches, Args, Command};

use super::args::{
    CompletionsArgs, ConfigArgs, ExecArgs, Global, PackArgs, PreflightArgs, ReviewArgs, RunArgs,
    RunsArgs, ScoreArgs, ServeLiteArgs, SimilarityArgs, ValidateArgs, WeightsArgs, command,
};
use super::setting_flags;

/// Adds the options of one command.
type Augment = fn(Command) -> Command;

/// Every command and its options.
const COMMANDS: [(&str, Augment); 13] = [
    ("validate", ValidateArgs::augment_args),
    ("review", ReviewArgs::augment_args),
    ("exec", ExecArgs::augment_args),
    ("run", RunArgs::augment_args),
    ("score", ScoreArgs::augment_args),
    ("similarity", SimilarityArgs::augment_args),
    ("runs", RunsArgs::augment_args),
    ("weights", WeightsArgs::augment_args),
    ("serve-lite", ServeLiteArgs::augment_args),
    ("pack", PackArgs::augment_args),
    ("config", ConfigArgs::augment_args),
    ("preflight", PreflightArgs::augment_args),
    ("completions", CompletionsArgs::augment_args),
];

/// What these arguments (the first is the program's name) mean, or what to answer.
pub(super) fn parse(arguments: &[OsString]) -> Result<ArgMatches, clap::Error> {
    let alone = word(arguments).and_then(alone);
    match alone.map(|command| command.try_get_matches_from(arguments)) {
        Some(Ok(matches)) => Ok(matches),
        _ => command().try_get_matches_from(arguments),
    }
}

/// The first argument that is not an option: the command, unless it is an option's value.
pub(super) fn word(arguments: &[OsString]) -> Option<&str> {
    let mut words = arguments.iter().skip(1).filter_map(|word| word.to_str());
    words.find(|word| !word.starts_with('-'))
}

/// The program as if this were its only command. It has no texts: where they are asked for, it understands nothing.
fn alone(name: &str) -> Option<Command> {
    let (name, augment) = COMMANDS.iter().find(|(known, _)| *known == name)?;
    let command = setting_flags::add_without_texts(augment(Command::new(*name)));
    let program = Command::new("dfab").disable_help_subcommand(true);
    let program = Global::augment_args(program).subcommand_required(true);
    Some(without_help(program).subcommand(without_help(command)))
}

/// Help is the whole program's to give.
fn without_help(command: Command) -> Command {
    command.disable_help_flag(true)
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::super::args::Cli;
    use super::*;

    fn arguments(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    fn meaning(matches: &ArgMatches) -> String {
        let cli = Cli::from_arg_matches(matches).expect("a command line");
        format!("{cli:?} {:?}", setting_flags::given(matches))
    }

    #[test]
    fn every_command_can_be_made_alone_and_has_the_same_options() {
        let mut whole = command();
        whole.build();
        let names: Vec<&str> = whole.get_subcommands().map(Command::get_name).collect();
        for name in names.into_iter().filter(|name| *name != "help") {
            let mut alone = alone(name).expect(name);
            alone.build();
            let options = |program: &Command| -> Vec<_> {
                let command = program.find_subcommand(name).expect(name);
                let mut options: Vec<_> = command
                    .get_arguments()
                    .filter(|option| option.get_id() != "help")
                    .map(|option| {
                        (
                            option.get_id().to_string(),
                            option.get_short_and_visible_aliases(),
                            option.get_long_and_visible_aliases().map(|names| {
                                names.into_iter().map(str::to_owned).collect::<Vec<_>>()
                            }),
                            option.get_num_args(),
                            option.is_required_set(),
                        )
                    })
                    .collect();
                options.sort_by(|left, right| left.0.cmp(&right.0));
                options
            };
            assert_eq!(options(&alone), options(&whole), "{name}");
        }
    }

    #[test]
    fn a_line_means_the_same_as_to_the_whole_program() {
        for line in [
            "dfab exec a.zip",
            "dfab -q exec --python /x a.zip --timeout 5 --report r.json",
            "dfab --config exec run a.zip --executor direct",
            "dfab --config run exec a.zip",
            "dfab exec -- -a.zip",
            "dfab run a b --exit-zero --format=json -v",
            "dfab score d.jsonl --explain",
            "dfab config",
            "dfab completions bash",
        ] {
            let line = arguments(line);
            let whole = command().try_get_matches_from(&line).expect("understood");
            let alone = word(&line).and_then(alone).expect("a command");
            // Not so where an option's value reads like a command.
            if let Ok(alone) = alone.try_get_matches_from(&line) {
                assert_eq!(meaning(&alone), meaning(&whole), "{line:?}");
            }
            let parsed = parse(&line).expect("understood");
            assert_eq!(meaning(&parsed), meaning(&whole), "{line:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_answered_as_by_the_whole_program() {
        for line in [
            "dfab",
            "dfab exec",
            "dfab exec --help",
            "dfab exec -h",
            "dfab --help",
            "dfab --version",
            "dfab help exec",
            "dfab exec a.zip --tiemout 5",
            "dfab exec a.zip b.zip",
            "dfab exce a.zip",
            "dfab --color exec a.zip",
            "dfab exec a.zip --format pink",
            "dfab run",
            "dfab exec a.zip -q -q",
        ] {
            let line = arguments(line);
            let whole = command().try_get_matches_from(&line).expect_err("refused");
            let error = parse(&line).expect_err("refused");
            assert_eq!(error.kind(), whole.kind(), "{line:?}");
            assert_eq!(error.to_string(), whole.to_string(), "{line:?}");
        }
    }
}

//! What can be typed. Help, manual pages and completions are all made from these definitions.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::report::{ColorChoice, Format, ProgressChoice};

use super::inputs::{HotkeyFrom, Hotkeys};
use super::setting_flags;

const ABOUT: &str = "Evaluates Data Fabrication harness packages offline";

const LONG_ABOUT: &str = "\
Evaluates Data Fabrication harness packages offline, with the live service's numbers.

A harness package is a ZIP of Python code that prints agentic coding conversations as JSON lines. dfab checks the \
package, reviews its code, runs it in isolation, scores the conversations, compares the code with earlier packages and \
keeps every result in a local SQLite file, from which it writes weights.";

const EXAMPLES: &str = "\
Examples:
  dfab validate my-package.zip          does it keep the package contract?
  dfab review my-package/               what would the static review say?
  dfab exec my-package/ > dataset.jsonl run the harness as a validator would
  dfab score dataset.jsonl --explain    what is it worth, and what would gain most?
  dfab run archive/ -j 4                evaluate every ZIP of a folder
  dfab weights -o weights.json          best score per hotkey

Exit status: 0 all well; 1 finished, but something was refused, rejected or failed; 2 usage; 3 could not finish; \
130 interrupted.";

/// The `dfab` program.
#[derive(Debug, Parser)]
#[command(name = "dfab", version, about = ABOUT, long_about = LONG_ABOUT, after_help = EXAMPLES)]
#[command(max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// Read settings from this YAML file
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// How results are printed on standard output [default: table; weights: json]
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        help = "How results are printed: table, json or jsonl [default: table; weights: json]"
    )]
    pub(super) format: Option<Format>,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: ColorChoice,
    /// No talk on standard error besides errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// More detail
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check packages against the package contract
    Validate(ValidateArgs),
    /// Review the Python code of packages without running it
    Review(ReviewArgs),
    /// Run one harness as a validator would, and nothing else
    Exec(ExecArgs),
    /// Evaluate packages from end to end and store the results
    Run(RunArgs),
    /// Score datasets
    Score(ScoreArgs),
    /// Compare the structure of Python code
    Similarity(SimilarityArgs),
    /// List runs, or show one while it goes and afterwards
    Runs(RunsArgs),
    /// Print the weights: best score per hotkey
    Weights(WeightsArgs),
    /// Answer the service's HTTP requests from the local database
    ServeLite(ServeLiteArgs),
    /// Make a package from a folder
    Pack(PackArgs),
    /// Print every setting with its origin
    Config(ConfigArgs),
    /// Check that this machine can evaluate packages
    Preflight(PreflightArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
}

impl Command {
    /// How progress is to be shown; most commands show none.
    pub(super) fn progress(&self) -> ProgressChoice {
        match self {
            Command::Run(args) => args.progress,
            _ => ProgressChoice::default(),
        }
    }
}

const PATHS: &str = "A ZIP, a folder (the ZIPs directly inside it, or one package), or @LIST (JSON lines or CSV of package,hotkey)";

/// `dfab validate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dfab validate my-package.zip
  dfab validate my-package/              a folder, as the ZIP it will be
  dfab validate archive/ --format json   every ZIP of a folder")]
pub struct ValidateArgs {
    #[arg(required = true, value_name = "PATH", help = PATHS)]
    pub(super) paths: Vec<OsString>,
    #[command(flatten)]
    pub(super) leniency: Leniency,
}

/// `dfab review`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dfab review my-package.zip
  dfab review src/                       a folder, without the package contract and its limits
  dfab review new.zip --against archive/ and in which other package most of it is found
  dfab review new.zip --against database and in which stored one
  dfab review --rules                    every rule, one line each
  dfab review --explain shell-command    one rule, with an example")]
pub struct ReviewArgs {
    #[arg(required_unless_present_any = ["rules", "explain"], value_name = "PATH", help = "A ZIP, a folder, a .py file, or @LIST")]
    pub(super) paths: Vec<OsString>,
    /// List the rules instead
    #[arg(long, conflicts_with = "paths")]
    pub(super) rules: bool,
    /// Explain a rule instead
    #[arg(long, value_name = "RULE", conflicts_with_all = ["paths", "rules"])]
    pub(super) explain: Option<String>,
    /// Other packages (`database` is every stored one): say in which of them most of each PATH is found, and on which
    /// lines; no verdict depends on it
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with_all = ["rules", "explain"])]
    pub(super) against: Vec<OsString>,
    #[command(flatten)]
    pub(super) leniency: Leniency,
}

/// `dfab exec`
#[derive(Debug, Args)]
#[command(after_help = "\
The dataset goes to standard output, the harness's messages to standard error, and its exit code is the exit code. \
A failed run has no dataset: the end of what it printed goes to standard error too. \
No review is made: use it on code you trust, or rely on the sandbox.

Examples:
  dfab exec my-package/ > dataset.jsonl
  dfab exec my-package.zip --report outcome.json --timeout 30")]
pub struct ExecArgs {
    /// A ZIP or a folder
    #[arg(value_name = "PATH")]
    pub(super) path: PathBuf,
    /// Write how the run ended, what it used and what was enforced to this JSON file
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,
}

/// `dfab run`
#[derive(Debug, Args)]
#[command(after_help = "\
Packages are evaluated in the order given; each is compared with the ones before it, in this run and in the database.

A package that was evaluated with the same bytes, settings and version of dfab is not run again: its stored result is \
reported. So to go on after an interruption, type the same command. What an earlier run was broken off in, or this \
machine failed at, has no result and is evaluated.

Examples:
  dfab run my-package.zip --hotkey 5F…
  dfab run archive/ --hotkey-from parent -j 4 --format jsonl
  dfab run @packages.csv --database results.sqlite3
  dfab run --from-service service.db --compare --database check.sqlite3
                                         the service's submissions again, and where results differ
  dfab run archive/ --dry-run            what would be done with each package, and why
  dfab run archive/ --until review       no harness is run and no result stored
  dfab run --retry-failed                what this machine failed at in the last run, and nothing else
  dfab run archive/ --html report.html   also a page to look at
  dfab run archive/ --progress json      events for a program that watches, on standard error")]
pub struct RunArgs {
    #[arg(required_unless_present_any = ["from_service", "retry_failed"], value_name = "PATH", help = PATHS)]
    pub(super) paths: Vec<OsString>,
    /// Evaluate the submissions of the live service's SQLite file, in the order of arrival; nothing of it is changed
    #[arg(long, value_name = "DATABASE", conflicts_with_all = ["paths", "hotkey", "hotkey_from"])]
    pub(super) from_service: Option<PathBuf>,
    /// The service's folder of packages, ID/source.zip each [default: `artifacts` beside its database]
    #[arg(
        long,
        value_name = "FOLDER",
        requires = "from_service",
        conflicts_with = "paths"
    )]
    pub(super) artifacts: Option<PathBuf>,
    /// Say where results differ from those the service stored; exit with 1 if any does, else with 0
    #[arg(long, requires = "from_service", conflicts_with_all = ["paths", "until", "dry_run"])]
    pub(super) compare: bool,
    #[command(flatten)]
    pub(super) owner: OwnerArgs,
    /// Packages evaluated at once [default: number of cores]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Stop each package after this stage; before `store` no result is stored
    #[arg(long, value_enum, value_name = "STAGE", default_value_t = Until::Store, hide_default_value = true)]
    pub(super) until: Until,
    /// Say what would be done with each package and why, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Evaluate again what could be reused
    #[arg(long)]
    pub(super) force: bool,
    #[arg(
        long,
        value_name = "RUN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "",
        conflicts_with = "from_service",
        help = "Only what this machine failed at: of the PATHs, when they were last tried; without, in the last run, or \
                in the RUN of that id. Never verdicts"
    )]
    pub(super) retry_failed: Option<String>,
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "HOW",
        hide_possible_values = true,
        hide_default_value = true,
        help = "How progress is shown on standard error: auto, bar, plain, json (events, one per line) or none \
                [default: auto]"
    )]
    pub(super) progress: ProgressChoice,
    /// Also write the results as one page that stands alone
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(super) html: Option<PathBuf>,
    #[command(flatten)]
    pub(super) leniency: Leniency,
}

/// `--until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Until {
    /// The package contract
    Validate,
    /// The static review
    Review,
    /// The run of the harness
    Execute,
    /// Its output as a dataset
    Parse,
    /// The dataset's score
    Score,
    /// The nearest neighbour
    Similarity,
    /// Judgement and final score
    Judge,
    /// The stored result: nothing is left out
    Store,
}

/// `dfab runs`
#[derive(Debug, Args)]
#[command(after_help = "\
A run can be looked at while it goes. One whose process is gone without a word is shown as died.

Examples:
  dfab runs                              the newest runs
  dfab runs last                         the newest one: its packages, its failures by cause, how to go on
  dfab runs 0193f2a1                     one by the beginning of its id")]
pub struct RunsArgs {
    /// The beginning of a run's id, or `last`
    #[arg(value_name = "RUN")]
    pub(super) run: Option<String>,
    /// How many runs to list
    #[arg(
        short = 'n',
        long,
        value_name = "N",
        default_value_t = 20,
        conflicts_with = "run"
    )]
    pub(super) limit: usize,
}

/// Whose packages they are.
#[derive(Debug, Args)]
pub struct OwnerArgs {
    /// The hotkey of packages for which a list names none [default: unknown]
    #[arg(long, value_name = "HOTKEY")]
    hotkey: Option<String>,
    /// Take hotkeys from elsewhere: the name of the package's folder
    #[arg(long, value_enum, value_name = "SOURCE", conflicts_with = "hotkey")]
    hotkey_from: Option<HotkeyFrom>,
}

impl OwnerArgs {
    pub(super) fn hotkeys(&self) -> Hotkeys {
        Hotkeys {
            given: self.hotkey.clone(),
            from: self.hotkey_from,
        }
    }
}

/// `dfab score`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dfab score dataset.jsonl
  dfab score dataset.jsonl --explain     what cost points, and what would gain most
  dfab exec my-package/ | dfab score -")]
pub struct ScoreArgs {
    /// JSONL files; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Say what each metric cost, which lines cost it, and what change would gain most
    #[arg(long)]
    pub(super) explain: bool,
    #[command(flatten)]
    pub(super) leniency: Leniency,
}

/// `dfab similarity`
#[derive(Debug, Args)]
#[command(after_help = "\
97 and more of 100 is plagiarized, 30 and more needs a look, less is clean.

Examples:
  dfab similarity mine/ theirs.zip       one pair
  dfab similarity archive/ --nearest     the nearest neighbour of each
  dfab similarity a.py b.py --regions    with the lines that agree
  dfab similarity archive/ --html report.html
                                         pairs, clusters and sources side by side, for a browser
  dfab similarity archive/ --base template/
                                         without the code that everybody was given
  dfab similarity new.zip --against archive/ database
                                         new ones with old ones, but no old ones with one another
  dfab similarity mine/ theirs/ --files  which file is like which
  dfab similarity mine/ --stored --nearest
                                         with every package the database knows
  dfab similarity artifacts/             the stored packages alone, without a database")]
pub struct SimilarityArgs {
    #[arg(
        required_unless_present = "stored",
        value_name = "PATH",
        help = "Python files, folders, ZIPs, @LIST, or a folder of stored packages; all pairs are compared"
    )]
    pub(super) paths: Vec<OsString>,
    /// Add every stored package of the database, in the order of arrival, named HOTKEY/SUBMISSION
    #[arg(long)]
    pub(super) stored: bool,
    /// Old ones: compare each PATH with these too, but not these with one another; `database` is every stored package
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) against: Vec<OsString>,
    /// Code handed to everybody: what stands in it too is taken out before comparing, and own scores decide
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) base: Vec<OsString>,
    /// Compare each file with those of other packages, rather than packages as a whole
    #[arg(long)]
    pub(super) files: bool,
    /// Show only the nearest neighbour of each
    #[arg(long)]
    pub(super) nearest: bool,
    /// Show the line ranges that agree
    #[arg(long, conflicts_with = "nearest")]
    pub(super) regions: bool,
    /// Leave out pairs below this score, but for those of which much of one is found in the other
    /// [default: 0; with --files 30]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(super) min: Option<u32>,
    /// Make clusters of pairs from this score on, or from --min on if that is more [default: 97]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100), conflicts_with = "nearest")]
    pub(super) cluster_from: Option<u32>,
    /// Write the results as CSV too (- is standard output, alone)
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    /// Write a page with the pairs, clusters and the highest pairs side by side: one file that needs no others
    #[arg(long, value_name = "FILE", conflicts_with = "nearest")]
    pub(super) html: Option<PathBuf>,
    #[command(flatten)]
    pub(super) leniency: Leniency,
}

/// `dfab weights`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dfab weights                           JSON on standard output
  dfab weights -o weights.json           replaced in one step, for cron jobs
  dfab weights --format table            the leaderboard, for people")]
pub struct WeightsArgs {
    /// Write to this file (- is standard output), in one step: readers see the old or the new one, never a part
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Unix seconds to write as `epoch` [default: now]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) epoch: Option<i64>,
}

/// `dfab serve-lite`
#[derive(Debug, Args)]
#[command(after_help = "\
Takes packages over HTTP, evaluates them in the order of arrival, and answers what came out; / is a page for people, \
/openapi.json describes the rest. What waits is in the database and survives a restart. SIGTERM or Ctrl-C ends it: what \
is being evaluated waits for the next start.

The token of the internal routes is the setting shared_token or stands in shared_token_file.

Examples:
  dfab serve-lite
  dfab serve-lite --listen 0.0.0.0:8080 -j 2 --database /var/lib/dfab/dfab.sqlite3
  dfab serve-lite --listen [::1]:0       a free port, which is printed")]
pub struct ServeLiteArgs {
    /// Where to listen [default: the settings host and port]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = Listen::parse)]
    pub(super) listen: Option<Listen>,
    /// Packages evaluated at once [default: number of cores]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Submissions that may wait; when there are more, uploads are answered with 429
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) queue: u32,
    /// Connections that may be open at once
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) connections: u16,
    /// Seconds a client may be silent before it is cut off; a whole upload may take four times as long
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=3600))]
    pub(super) client_timeout: u16,
}

/// An address and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Listen {
    fn parse(text: &str) -> Result<Listen, String> {
        let wanted = "an address and a port, such as 127.0.0.1:8080 or [::1]:8080";
        let (host, port) = text.rsplit_once(':').ok_or(wanted)?;
        let port = port.parse().map_err(|_| wanted)?;
        let is_bare_ipv6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
        if host.is_empty() || is_bare_ipv6 || host.contains([' ', '/', '@']) {
            return Err(wanted.to_owned());
        }
        let host = host.to_owned();
        Ok(Listen { host, port })
    }
}

/// `dfab pack`
#[derive(Debug, Args)]
#[command(after_help = "\
The same folder always gives the same bytes. The ZIP is written only if it passes `dfab validate`.

Example:
  dfab pack my-package/ -o my-package.zip")]
pub struct PackArgs {
    /// The folder that holds what the ZIP will hold
    #[arg(value_name = "FOLDER")]
    pub(super) folder: PathBuf,
    /// The ZIP to write
    #[arg(short, long, value_name = "FILE.zip")]
    pub(super) output: PathBuf,
}

/// `dfab config`
#[derive(Debug, Args)]
#[command(after_help = "\
Settings come from, in this order: a flag, DATA_FABRICATION_NAME, CHALLENGE_NAME, the file given with --config, the \
default.

Examples:
  dfab config
  DATA_FABRICATION_RUNNER_SEED=7 dfab config --format json")]
pub struct ConfigArgs {}

/// `dfab preflight`
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  dfab preflight                         exit status 0 if packages can be evaluated here, 3 if not")]
pub struct PreflightArgs {}

/// `dfab completions`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dfab completions bash > /etc/bash_completion.d/dfab
  dfab completions zsh > \"${fpath[1]}/_dfab\"
  dfab completions fish > ~/.config/fish/completions/dfab.fish")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(
        value_enum,
        value_name = "SHELL",
        required_unless_present = "regenerate"
    )]
    pub(super) shell: Option<super::generate::Shell>,
    /// Write all completions and manual pages below this folder of the sources
    #[arg(long, hide = true, value_name = "FOLDER")]
    pub(super) regenerate: Option<PathBuf>,
}

/// What counts as success.
#[derive(Debug, Args)]
pub struct Leniency {
    /// Exit with 0 even if something was refused, rejected or failed
    #[arg(long)]
    pub(super) exit_zero: bool,
}

/// The whole command line, the flags for settings included.
pub fn command() -> clap::Command {
    setting_flags::add(Cli::command())
}

#[cfg(test)]
mod tests {
    use super::Listen;

    #[test]
    fn an_address_to_listen_on_has_a_port() {
        for (text, host, port) in [
            ("127.0.0.1:80", "127.0.0.1", 80),
            ("[::1]:0", "[::1]", 0),
            ("localhost:8080", "localhost", 8080),
        ] {
            let listen = Listen::parse(text).unwrap();
            assert_eq!((listen.host.as_str(), listen.port), (host, port));
        }
        for text in [
            "",
            ":80",
            "127.0.0.1",
            "::1:80",
            "h:70000",
            "h:",
            "http://h:80",
            "a b:1",
        ] {
            assert!(Listen::parse(text).is_err(), "{text}");
        }
    }
}

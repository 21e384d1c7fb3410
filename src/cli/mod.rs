//! The command line: what was typed, what it means, and which reporter shows the answer.
//!
//! [`main`] parses, resolves the settings once and calls the function of one subcommand. Nothing below it reads the
//! environment or ends the process.

mod args;
mod command_line;
mod context;
mod exit;
mod inputs;
mod output;
mod output_file;
mod parse;
mod setting_flags;

mod config;
mod exec;
mod executor;
mod generate;
mod interrupt;
mod pack;
mod preflight;
mod review;
mod run;
mod runs;
mod score;
mod serve_lite;
mod similarity;
mod sources;
mod validate;
mod weights;

pub use args::command;
pub use exit::Exit;
pub use generate::{Shell, completions, man_pages};

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::ErrorKind;

use crate::harness::sandbox::Prepared;
use crate::pipeline::chain;
use crate::report::{Display, Level, escape};

use args::{Cli, Command};
use context::Context;
use exit::CliError;

/// Runs the program with these arguments (the first is its own name), and what was started ahead for them.
pub fn main(arguments: impl IntoIterator<Item = OsString>, prepared: Option<Prepared>) -> ExitCode {
    output::fail_if_closed();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let matches = match parse::parse(&arguments) {
        Ok(matches) => matches,
        Err(error) => return show_clap(&error, &arguments),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return show_clap(&error, &arguments),
    };
    let display = context::display(&cli.global, cli.command.progress());
    let command = command_line::quoted(&arguments);
    let result = Context::new(&cli.global, &matches, display, prepared, command)
        .and_then(|context| dispatch(&context, &cli.command));
    let flushed = io::stdout().flush().map_err(CliError::from);
    let (error, exit) = match (result, flushed) {
        (Ok(exit), Ok(())) => return exit.into(),
        (Ok(exit), Err(error)) => (error, exit),
        (Err(error), _) => (error, Exit::Success),
    };
    // `dfab review … | head` is a normal end.
    if error.is_closed_pipe() {
        return exit.into();
    }
    show(&error, display);
    error.exit.into()
}

/// Whether the sandbox can be got going while the rest is worked out. A guess: what is started in vain ends
/// by itself.
pub fn starts_a_harness(arguments: &[OsString]) -> bool {
    matches!(parse::word(arguments), Some("exec" | "run"))
}

fn dispatch(context: &Context, command: &Command) -> Result<Exit, CliError> {
    match command {
        Command::Validate(args) => validate::run(context, args),
        Command::Review(args) => review::run(context, args),
        Command::Exec(args) => exec::run(context, args),
        Command::Run(args) => run::run(context, args),
        Command::Runs(args) => runs::run(context, args),
        Command::Score(args) => score::run(context, args),
        Command::Similarity(args) => similarity::run(context, args),
        Command::Weights(args) => weights::run(context, args),
        Command::ServeLite(args) => serve_lite::run(context, args),
        Command::Pack(args) => pack::run(context, args),
        Command::Config(_) => config::run(context),
        Command::Preflight(_) => preflight::run(context),
        Command::Completions(args) => generate::run(args),
    }
}

/// Help and version are answers, everything else clap says is a usage error.
fn show_clap(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let display = context::display_of_unparsed(arguments);
    // clap says only that some argument is not UTF-8.
    if error.kind() == ErrorKind::InvalidUtf8
        && let Some(argument) = arguments
            .iter()
            .find(|argument| argument.to_str().is_none())
    {
        let shown = escape::path(Path::new(argument));
        let error = CliError::usage(format!("the argument {shown} is not valid UTF-8 text"));
        show(&error, display);
        return error.exit.into();
    }
    let text = error.render();
    let shown = |color: bool| match color {
        true => text.ansi().to_string(),
        false => text.to_string(),
    };
    // Nothing can be done where even this cannot be written.
    if error.use_stderr() {
        let _ = io::stderr().write_all(shown(display.color_stderr).as_bytes());
        return Exit::Usage.into();
    }
    let _ = io::stdout().write_all(shown(display.color).as_bytes());
    Exit::Success.into()
}

fn show(error: &CliError, display: Display) {
    let message = chain(error.error.as_ref());
    let text = context::talk(display, Level::Error, &message, error.hint.as_deref());
    // Nothing can be done where even this cannot be written.
    let _ = io::stderr().write_all(text.as_bytes());
}

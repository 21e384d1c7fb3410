//! What every command needs: resolved settings and the decisions about output.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use clap::{ArgMatches, ValueEnum};

use crate::harness::sandbox::Prepared;
use crate::package::PackageLimits;
use crate::report::{
    ColorChoice, Display, Facts, Format, Level, Paint, ProgressChoice, ProgressMode, escape,
    message_line,
};
use crate::settings::{self, Effective, Settings, Sources};

use super::args::Global;
use super::exit::CliError;
use super::setting_flags;

/// Everything resolved once, at the start.
pub(super) struct Context {
    /// Every setting.
    pub(super) settings: Settings,
    /// Every setting with its origin, secrets masked.
    pub(super) rows: Vec<Effective>,
    /// `--format`, if it was given.
    format: Option<Format>,
    /// Decisions about the terminal.
    pub(super) display: Display,
    /// Started before anything was known, for the first run of a sandbox.
    prepared: Cell<Option<Prepared>>,
    /// The command as it can be typed again, without secrets; None where it is not text.
    pub(super) command: Option<String>,
}

impl Context {
    pub(super) fn new(
        global: &Global,
        matches: &ArgMatches,
        display: Display,
        prepared: Option<Prepared>,
        command: Option<String>,
    ) -> Result<Context, CliError> {
        let sources = Sources {
            flags: setting_flags::given(matches),
            environment: Sources::process_environment()?,
            config_file: global.config.clone(),
        };
        let resolved = settings::resolve(&sources)?;
        let context = Context {
            settings: resolved.settings,
            rows: resolved.rows,
            format: global.format,
            display,
            prepared: Cell::new(prepared),
            command,
        };
        for warning in &resolved.warnings {
            context.warn(warning);
        }
        Ok(context)
    }

    /// What was started ahead, for the one who can use it.
    pub(super) fn take_prepared(&self) -> Option<Prepared> {
        self.prepared.take()
    }

    /// Whether `--format` was given.
    pub(super) fn has_format(&self) -> bool {
        self.format.is_some()
    }

    /// `--format`, for people unless asked otherwise.
    pub(super) fn format(&self) -> Format {
        self.format.unwrap_or(Format::Table)
    }

    /// `--format`, where the command has a default of its own.
    pub(super) fn format_or(&self, default: Format) -> Format {
        self.format.unwrap_or(default)
    }

    /// The limits of a package.
    pub(super) fn package_limits(&self) -> PackageLimits {
        PackageLimits::from(&self.settings)
    }

    /// Talk on standard error.
    pub(super) fn say(&self, text: &str) {
        if !self.display.quiet {
            self.talk(Level::Info, text, None);
        }
    }

    /// A text of several lines, escaped already, on standard error. A program that reads events gets none: everything
    /// in it is an event of its own.
    pub(super) fn show(&self, text: &str) {
        if !self.display.quiet && self.display.progress != ProgressMode::Events {
            // Talk is not worth failing for.
            let _ = io::stderr().write_all(text.as_bytes());
        }
    }

    /// Detail on standard error, with `-v`.
    pub(super) fn detail(&self, text: &str) {
        if self.display.verbose && !self.display.quiet {
            self.talk(Level::Detail, text, None);
        }
    }

    /// Something the user should know although the work goes on.
    pub(super) fn warn(&self, text: &str) {
        if !self.display.quiet {
            self.talk(Level::Warning, text, None);
        }
    }

    /// Something that failed although the work goes on; said even with `-q`.
    pub(super) fn complain(&self, text: &str, hint: Option<&str>) {
        self.talk(Level::Error, text, hint);
    }

    fn talk(&self, level: Level, text: &str, hint: Option<&str>) {
        // Talk is not worth failing for.
        let _ = io::stderr().write_all(talk(self.display, level, text, hint).as_bytes());
    }
}

/// A message with its hint as whole lines, for people or for a program that reads events.
pub(super) fn talk(display: Display, level: Level, text: &str, hint: Option<&str>) -> String {
    if display.progress == ProgressMode::Events {
        return format!("{}\n", message_line(level, text, hint));
    }
    let color = display.color_stderr;
    let label = match level {
        Level::Detail | Level::Info => String::new(),
        Level::Warning => Paint::Warning.text("warning:", color) + " ",
        Level::Error => Paint::Bad.text("error:", color) + " ",
    };
    let mut shown = format!("{label}{}\n", escape::line(text));
    if let Some(hint) = hint {
        let label = Paint::Good.text("hint:", color);
        shown.push_str(&format!("{label} {}\n", escape::line(hint)));
    }
    shown
}

/// The decision about output, from what was typed and what is known.
pub(super) fn display(global: &Global, progress: ProgressChoice) -> Display {
    Display::decide(
        global.color,
        progress,
        global.quiet,
        global.verbose,
        facts(),
    )
}

/// The same for a command line that is not understood, or asks for help: only its `--color` is listened to.
pub(super) fn display_of_unparsed(arguments: &[OsString]) -> Display {
    let color = color_among(arguments);
    Display::decide(color, ProgressChoice::Auto, false, false, facts())
}

fn color_among(arguments: &[OsString]) -> ColorChoice {
    let mut chosen = ColorChoice::default();
    let mut words = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(word) = words.next() {
        let value = match word.as_ref() {
            "--" => break,
            "--color" => words.next(),
            other => other
                .strip_prefix("--color=")
                .map(|value| value.to_owned().into()),
        };
        let value = value.and_then(|value| ColorChoice::from_str(&value, false).ok());
        chosen = value.unwrap_or(chosen);
    }
    chosen
}

fn facts() -> Facts {
    Facts {
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        dumb: std::env::var_os("TERM").is_some_and(|value| value == "dumb"),
        columns: columns(io::stdout()),
        columns_stderr: columns(io::stderr()),
    }
}

fn columns(stream: impl AsFd) -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(stream);
    size.ok().map(|size| size.ws_col)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colour_of_an_unparsed_command_line_is_the_last_one_asked_for() {
        let among =
            |words: &[&str]| color_among(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(among(&["dfab", "bogus"]), ColorChoice::Auto);
        assert_eq!(
            among(&["dfab", "--color", "never", "x"]),
            ColorChoice::Never
        );
        assert_eq!(among(&["dfab", "x", "--color=always"]), ColorChoice::Always);
        assert_eq!(among(&["dfab", "--", "--color=never"]), ColorChoice::Auto);
        assert_eq!(among(&["dfab", "--color", "pink"]), ColorChoice::Auto);
    }
}

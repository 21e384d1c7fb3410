//! What every command needs: resolved settings and the decisions about output.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use clap::{ArgMatches, ValueEnum};

use crate::harness::sandbox::Prepared;
use crate::package::PackageLimits;
use crate::report::{ColorChoice, Display, Facts, Format, Paint, escape};
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
            self.talk(&escape::line(text));
        }
    }

    /// Detail on standard error, with `-v`.
    pub(super) fn detail(&self, text: &str) {
        if self.display.verbose && !self.display.quiet {
            self.talk(&escape::line(text));
        }
    }

    /// Something the user should know although the work goes on.
    pub(super) fn warn(&self, text: &str) {
        if !self.display.quiet {
            let label = Paint::Warning.text("warning:", self.display.color_stderr);
            self.talk(&format!("{label} {}", escape::line(text)));
        }
    }

    /// Something that failed although the work goes on; said even with `-q`.
    pub(super) fn complain(&self, text: &str, hint: Option<&str>) {
        let label = Paint::Bad.text("error:", self.display.color_stderr);
        self.talk(&format!("{label} {}", escape::line(text)));
        if let Some(hint) = hint {
            let label = Paint::Good.text("hint:", self.display.color_stderr);
            self.talk(&format!("{label} {}", escape::line(hint)));
        }
    }

    fn talk(&self, line: &str) {
        // Talk is not worth failing for.
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// The decision about output, from what was typed and what is known.
pub(super) fn display(global: &Global) -> Display {
    Display::decide(global.color, global.quiet, global.verbose, facts())
}

/// The same for a command line that is not understood, or asks for help: only its `--color` is listened to.
pub(super) fn display_of_unparsed(arguments: &[OsString]) -> Display {
    Display::decide(color_among(arguments), false, false, facts())
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
        columns: rustix::termios::tcgetwinsize(io::stdout())
            .ok()
            .map(|size| size.ws_col),
    }
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

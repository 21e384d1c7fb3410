//! What every command needs: resolved settings and the decisions about output.

use std::io::{self, IsTerminal, Write};

use clap::ArgMatches;

use crate::package::PackageLimits;
use crate::report::{Display, Facts, Format, Paint, escape};
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
}

impl Context {
    pub(super) fn new(global: &Global, matches: &ArgMatches) -> Result<Context, CliError> {
        let sources = Sources {
            flags: setting_flags::given(matches),
            environment: Sources::process_environment()?,
            config_file: global.config.clone(),
        };
        let resolved = settings::resolve(&sources)?;
        let display = Display::decide(global.color, global.quiet, global.verbose, facts());
        let context = Context {
            settings: resolved.settings,
            rows: resolved.rows,
            format: global.format,
            display,
        };
        for warning in &resolved.warnings {
            context.warn(warning);
        }
        Ok(context)
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

fn facts() -> Facts {
    Facts {
        stdout_is_terminal: io::stdout().is_terminal(),
        stderr_is_terminal: io::stderr().is_terminal(),
        no_color: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()),
        dumb: std::env::var_os("TERM").is_some_and(|value| value == "dumb"),
    }
}

/// For errors that come before there is a context.
pub(super) fn color_on_stderr(global: &Global) -> bool {
    Display::decide(global.color, global.quiet, global.verbose, facts()).color_stderr
}

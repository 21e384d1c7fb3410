//! What the terminal gets, decided once from flags and facts.

/// `--format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text for people
    Table,
    /// One JSON document
    Json,
    /// One JSON object per line, as results are finished
    Jsonl,
}

/// `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// `--progress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ProgressChoice {
    /// A bar on a terminal, plain lines elsewhere
    #[default]
    Auto,
    /// What is running and how far all is, redrawn; plain lines where that is no terminal
    Bar,
    /// A line every few seconds
    Plain,
    /// Events as JSON lines on standard error
    Json,
    /// Nothing
    None,
}

/// What is known about the surroundings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard error is a terminal.
    pub stderr_is_terminal: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// `TERM` is `dumb`.
    pub dumb: bool,
    /// The columns the terminal behind standard output reports.
    pub columns: Option<u16>,
    /// The same of standard error.
    pub columns_stderr: Option<u16>,
}

/// How progress is shown on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressMode {
    /// A bar that is redrawn.
    Bar,
    /// A plain line every few seconds.
    Lines,
    /// Events as JSON lines. All other talk on standard error is JSON too, then.
    Events,
    /// Nothing.
    Silent,
}

/// The decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Display {
    /// Colour on standard output.
    pub color: bool,
    /// Colour on standard error.
    pub color_stderr: bool,
    /// Progress on standard error.
    pub progress: ProgressMode,
    /// Escape what is written raw to standard output otherwise (it is a terminal).
    pub escape_stdout: bool,
    /// Columns that tables on standard output have to fit into; none where it is no terminal or does not know.
    pub width: Option<u16>,
    /// The same for standard error.
    pub width_stderr: Option<u16>,
    /// `-q`: no talk on standard error besides errors.
    pub quiet: bool,
    /// `-v`: details.
    pub verbose: bool,
}

impl Display {
    /// A pure function of what was asked and what is known.
    ///
    /// | `--color` | stdout | NO_COLOR or dumb | colour |
    /// |---|---|---|---|
    /// | always | any | any | yes |
    /// | never | any | any | no |
    /// | auto | terminal | no | yes |
    /// | auto | terminal | yes | no |
    /// | auto | no terminal | any | no |
    ///
    /// | `--progress` | `-q` | stderr | progress |
    /// |---|---|---|---|
    /// | any | yes | any | none |
    /// | auto, bar | no | terminal that is not dumb | bar |
    /// | auto, bar | no | other | lines |
    /// | plain, json, none | no | any | as asked |
    pub fn decide(
        color: ColorChoice,
        progress: ProgressChoice,
        quiet: bool,
        verbose: bool,
        facts: Facts,
    ) -> Display {
        let allowed = |terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !facts.no_color && !facts.dumb,
        };
        let can_redraw = facts.stderr_is_terminal && !facts.dumb;
        let progress = match progress {
            _ if quiet => ProgressMode::Silent,
            ProgressChoice::Auto | ProgressChoice::Bar if can_redraw => ProgressMode::Bar,
            ProgressChoice::Auto | ProgressChoice::Bar | ProgressChoice::Plain => {
                ProgressMode::Lines
            }
            ProgressChoice::Json => ProgressMode::Events,
            ProgressChoice::None => ProgressMode::Silent,
        };
        // A terminal that was never told its size reports 0 columns.
        let width = |columns: Option<u16>, is_terminal: bool| {
            columns.filter(|&columns| is_terminal && columns > 0)
        };
        Display {
            color: allowed(facts.stdout_is_terminal),
            color_stderr: allowed(facts.stderr_is_terminal),
            progress,
            escape_stdout: facts.stdout_is_terminal,
            width: width(facts.columns, facts.stdout_is_terminal),
            width_stderr: width(facts.columns_stderr, facts.stderr_is_terminal),
            quiet,
            verbose,
        }
    }

    /// The same decision for a table that goes to standard error.
    pub fn on_stderr(self) -> Display {
        Display {
            color: self.color_stderr,
            width: self.width_stderr,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMINAL: Facts = Facts {
        stdout_is_terminal: true,
        stderr_is_terminal: true,
        no_color: false,
        dumb: false,
        columns: Some(80),
        columns_stderr: Some(60),
    };

    fn decide(color: ColorChoice, progress: ProgressChoice, quiet: bool, facts: Facts) -> Display {
        Display::decide(color, progress, quiet, false, facts)
    }

    fn auto(facts: Facts) -> Display {
        decide(ColorChoice::Auto, ProgressChoice::Auto, false, facts)
    }

    #[test]
    fn a_terminal_gets_colour_and_a_bar() {
        let display = auto(TERMINAL);
        assert!(display.color && display.escape_stdout);
        assert_eq!(display.progress, ProgressMode::Bar);
    }

    #[test]
    fn a_pipe_gets_neither_colour_nor_bar() {
        let facts = Facts {
            stdout_is_terminal: false,
            stderr_is_terminal: false,
            ..TERMINAL
        };
        let display = auto(facts);
        assert!(!display.color && !display.escape_stdout);
        assert_eq!(display.progress, ProgressMode::Lines);
    }

    #[test]
    fn no_color_and_dumb_terminals_switch_colour_off_unless_it_is_asked_for() {
        for facts in [
            Facts {
                no_color: true,
                ..TERMINAL
            },
            Facts {
                dumb: true,
                ..TERMINAL
            },
        ] {
            assert!(!auto(facts).color);
            assert!(decide(ColorChoice::Always, ProgressChoice::Auto, false, facts).color);
        }
        assert!(!decide(ColorChoice::Never, ProgressChoice::Auto, false, TERMINAL).color);
    }

    #[test]
    fn tables_fit_a_terminal_that_knows_its_width() {
        let width = |stdout_is_terminal, columns| {
            auto(Facts {
                stdout_is_terminal,
                columns,
                ..TERMINAL
            })
            .width
        };
        assert_eq!(width(true, Some(100)), Some(100));
        assert_eq!(width(true, Some(0)), None);
        assert_eq!(width(true, None), None);
        assert_eq!(width(false, Some(100)), None);
    }

    #[test]
    fn a_table_on_standard_error_fits_that_terminal() {
        let display = auto(Facts {
            stdout_is_terminal: false,
            ..TERMINAL
        });
        assert_eq!((display.color, display.width), (false, None));
        let display = display.on_stderr();
        assert_eq!((display.color, display.width), (true, Some(60)));
    }

    #[test]
    fn progress_is_as_asked_but_nothing_is_redrawn_where_that_cannot_be() {
        let pipe = Facts {
            stderr_is_terminal: false,
            ..TERMINAL
        };
        let mode = |choice, quiet, facts| decide(ColorChoice::Auto, choice, quiet, facts).progress;
        let rows = [
            (ProgressChoice::Auto, ProgressMode::Bar, ProgressMode::Lines),
            (ProgressChoice::Bar, ProgressMode::Bar, ProgressMode::Lines),
            (
                ProgressChoice::Plain,
                ProgressMode::Lines,
                ProgressMode::Lines,
            ),
            (
                ProgressChoice::Json,
                ProgressMode::Events,
                ProgressMode::Events,
            ),
            (
                ProgressChoice::None,
                ProgressMode::Silent,
                ProgressMode::Silent,
            ),
        ];
        for (choice, on_terminal, on_pipe) in rows {
            assert_eq!(mode(choice, false, TERMINAL), on_terminal);
            assert_eq!(mode(choice, false, pipe), on_pipe);
            assert_eq!(mode(choice, true, TERMINAL), ProgressMode::Silent);
        }
    }
}

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
}

/// How progress is shown on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgressMode {
    /// A bar that is redrawn.
    Bar,
    /// A plain line every few seconds.
    Lines,
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
    pub fn decide(color: ColorChoice, quiet: bool, verbose: bool, facts: Facts) -> Display {
        let allowed = |terminal: bool| match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !facts.no_color && !facts.dumb,
        };
        let progress = match (quiet, facts.stderr_is_terminal && !facts.dumb) {
            (true, _) => ProgressMode::Silent,
            (false, true) => ProgressMode::Bar,
            (false, false) => ProgressMode::Lines,
        };
        Display {
            color: allowed(facts.stdout_is_terminal),
            color_stderr: allowed(facts.stderr_is_terminal),
            progress,
            escape_stdout: facts.stdout_is_terminal,
            // A terminal that was never told its size reports 0 columns.
            width: facts
                .columns
                .filter(|&columns| facts.stdout_is_terminal && columns > 0),
            quiet,
            verbose,
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
    };

    fn auto(facts: Facts) -> Display {
        Display::decide(ColorChoice::Auto, false, false, facts)
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
            assert!(Display::decide(ColorChoice::Always, false, false, facts).color);
        }
        assert!(!Display::decide(ColorChoice::Never, false, false, TERMINAL).color);
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
    fn quiet_shows_no_progress() {
        let display = Display::decide(ColorChoice::Auto, true, false, TERMINAL);
        assert_eq!(display.progress, ProgressMode::Silent);
    }
}

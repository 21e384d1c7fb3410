//! Tables that fit the terminal, and single painted words.

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, presets};

use super::{Display, escape};

/// What a word says, so that colour follows meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// No colour.
    Plain,
    /// Accepted, passed, completed.
    Good,
    /// Worth a look.
    Warning,
    /// Refused, failed.
    Bad,
    /// Less important.
    Faint,
    /// A heading.
    Strong,
}

impl Paint {
    fn color(self) -> Option<Color> {
        match self {
            Paint::Plain => None,
            Paint::Good => Some(Color::Green),
            Paint::Warning => Some(Color::Yellow),
            Paint::Bad => Some(Color::Red),
            Paint::Faint => Some(Color::DarkGrey),
            Paint::Strong => None,
        }
    }

    /// `text` (escaped) in this paint, or plain where there is no colour.
    pub fn text(self, text: &str, color: bool) -> String {
        let shown = escape::line(text);
        let code = match self {
            Paint::Plain => return shown,
            _ if !color => return shown,
            Paint::Good => 32,
            Paint::Warning => 33,
            Paint::Bad => 31,
            Paint::Faint => 90,
            Paint::Strong => 1,
        };
        format!("\u{1b}[{code}m{shown}\u{1b}[0m")
    }
}

/// `1 file`, `2 files`.
pub fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// A table without lines: a header and aligned columns. On a terminal long cells wrap to its width; elsewhere a row is
/// a line, so that it can be searched.
pub struct Table {
    table: comfy_table::Table,
    color: bool,
}

impl Table {
    /// Columns named with a `>` prefix are aligned to the right.
    pub fn new(columns: &[&str], display: Display) -> Table {
        let Display { color, width, .. } = display;
        let mut table = comfy_table::Table::new();
        // Width and colour are decided already; the library is not to look at the terminal again.
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .force_no_tty();
        if let Some(width) = width {
            table.set_width(width);
        }
        if color {
            table.enforce_styling();
            table.style_text_only();
            // The library below would ask NO_COLOR once more.
            crossterm::style::force_color_output(true);
        }
        let header = columns.iter().map(|name| {
            let cell = Cell::new(name.trim_start_matches('>'));
            if color {
                cell.add_attribute(Attribute::Bold)
            } else {
                cell
            }
        });
        table.set_header(header);
        for (index, name) in columns.iter().enumerate() {
            let Some(column) = table.column_mut(index) else {
                continue;
            };
            // Two spaces between columns and none before the first.
            column.set_padding((0, 2));
            if name.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Table { table, color }
    }

    /// One more row; texts are escaped here.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = (Paint, &'a str)>) {
        let styled = self.color;
        let cells = cells.into_iter().map(|(paint, text)| {
            let cell = Cell::new(escape::line(text));
            match paint.color() {
                Some(color) if styled => cell.fg(color),
                _ => cell,
            }
        });
        self.table.add_row(cells.collect::<Vec<_>>());
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The text, a line end at its end, no spaces at line ends.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in self.table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ColorChoice, Facts, ProgressChoice};

    fn display(color: ColorChoice, columns: u16) -> Display {
        let facts = Facts {
            stdout_is_terminal: true,
            stderr_is_terminal: true,
            no_color: true,
            dumb: false,
            columns: Some(columns),
            columns_stderr: None,
        };
        Display::decide(color, ProgressChoice::Auto, false, false, facts)
    }

    fn plain() -> Display {
        display(ColorChoice::Never, 0)
    }

    #[test]
    fn columns_align_and_no_line_ends_in_spaces() {
        let mut table = Table::new(&["name", ">score"], plain());
        table.row([(Paint::Good, "alpha"), (Paint::Plain, "0.5")]);
        table.row([(Paint::Bad, "b"), (Paint::Plain, "0.25")]);
        assert_eq!(table.text(), "name   score\nalpha    0.5\nb       0.25\n");
    }

    #[test]
    fn colour_is_as_decided_whatever_the_surroundings() {
        let text = |color| {
            let mut table = Table::new(&["name"], display(color, 80));
            table.row([(Paint::Good, "alpha")]);
            table.text()
        };
        assert_eq!(text(ColorChoice::Never), "name\nalpha\n");
        let colored = text(ColorChoice::Always);
        assert!(
            colored.contains("\u{1b}[38;5;10malpha\u{1b}["),
            "{colored:?}"
        );
    }

    #[test]
    fn a_terminal_without_a_width_does_not_wrap_cells() {
        let lines = |columns| {
            let mut table = Table::new(&["name"], display(ColorChoice::Never, columns));
            table.row([(Paint::Plain, "one two three four five six")]);
            table.text().lines().count()
        };
        assert_eq!(lines(0), 2);
        assert!(lines(12) > 2);
    }

    #[test]
    fn cells_cannot_carry_terminal_sequences() {
        let mut table = Table::new(&["name"], plain());
        table.row([(Paint::Plain, "a\u{1b}[31m\nb")]);
        assert_eq!(table.text(), "name\na\\x1b[31m\\nb\n");
    }

    #[test]
    fn paint_is_dropped_without_colour() {
        assert_eq!(Paint::Bad.text("no", false), "no");
        assert_eq!(Paint::Bad.text("no", true), "\u{1b}[31mno\u{1b}[0m");
    }
}

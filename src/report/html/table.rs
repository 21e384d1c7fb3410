//! Tables that a narrow screen can still show.

use maud::{Markup, html};

/// What a narrow screen makes of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Narrow {
    /// It scrolls sideways: for columns that are compared.
    Scroll,
    /// Each row becomes a list of its cells, each after the name of its column: for rows that are read.
    Stack,
}

/// A column: its name and which side its cells stand on.
struct Column {
    name: String,
    is_right: bool,
}

/// A table under way.
pub struct Table {
    caption: String,
    narrow: Narrow,
    columns: Vec<Column>,
    rows: Vec<Vec<Markup>>,
}

impl Table {
    /// Columns named with a `>` prefix are aligned to the right. The caption is for screen readers; a heading says the
    /// same to everybody else.
    pub fn new(caption: &str, narrow: Narrow, columns: &[&str]) -> Table {
        let columns = columns.iter().map(|name| Column {
            name: name.trim_start_matches('>').to_owned(),
            is_right: name.starts_with('>'),
        });
        Table {
            caption: caption.to_owned(),
            narrow,
            columns: columns.collect(),
            rows: Vec::new(),
        }
    }

    /// One more row, its cells already markup. The first cell names the row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Markup>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table.
    pub fn markup(&self) -> Markup {
        match self.narrow {
            Narrow::Stack => html! { table.stack role="table" { (self.inside()) } },
            Narrow::Scroll => html! {
                div.scroll tabindex="0" role="region" aria-label=(self.caption) { table { (self.inside()) } }
            },
        }
    }

    /// A table that is laid out as something else is one for screen readers only if each part says so.
    fn inside(&self) -> Markup {
        let role = |name: &'static str| (self.narrow == Narrow::Stack).then_some(name);
        html! {
            caption.unseen { (self.caption) }
            thead role=[role("rowgroup")] {
                tr role=[role("row")] {
                    @for column in &self.columns {
                        th scope="col" role=[role("columnheader")] class=[right(column)] { (column.name) }
                    }
                }
            }
            tbody role=[role("rowgroup")] {
                @for row in &self.rows {
                    tr role=[role("row")] {
                        @for (index, (column, cell)) in self.columns.iter().zip(row).enumerate() {
                            @if index == 0 {
                                th scope="row" role=[role("rowheader")] class=[right(column)] { (cell) }
                            } @else {
                                td role=[role("cell")] class=[right(column)] data-c=[role("cell").map(|_| &column.name)] { (cell) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn right(column: &Column) -> Option<&'static str> {
    column.is_right.then_some("right")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(narrow: Narrow) -> String {
        let mut table = Table::new("Scores & more", narrow, &["name", ">score"]);
        table.row([html! { "a" }, html! { "0.5" }]);
        table.markup().into_string()
    }

    #[test]
    fn a_table_that_scrolls_can_be_reached_by_keyboard() {
        let shown = table(Narrow::Scroll);
        assert!(shown.starts_with(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Scores &amp; more\">"
        ));
        assert!(
            shown.contains("<th scope=\"row\">a</th><td class=\"right\">0.5</td>"),
            "{shown}"
        );
    }

    #[test]
    fn a_table_that_stacks_names_its_cells_and_stays_a_table() {
        let shown = table(Narrow::Stack);
        assert!(
            shown.contains("<td role=\"cell\" class=\"right\" data-c=\"score\">0.5</td>"),
            "{shown}"
        );
        assert!(
            shown.contains("<th scope=\"row\" role=\"rowheader\">a</th>"),
            "{shown}"
        );
    }
}

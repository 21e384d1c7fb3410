//! Parts of a page: always open, or folded away until somebody asks.

use maud::{Markup, html};

/// A part with a heading that a link can lead to. `id` is ours, never taken from a package.
pub fn section(id: &str, heading: &str, body: Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-h" } {
            h2 id={ (id) "-h" } { (heading) }
            (body)
        }
    }
}

/// A part that opens and closes without a script.
pub fn fold(summary: Markup, body: Markup, is_open: bool) -> Markup {
    html! {
        details open[is_open] {
            summary { (summary) }
            (body)
        }
    }
}

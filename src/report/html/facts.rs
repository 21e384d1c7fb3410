//! What is known of one thing, as a list of names and values.

use maud::{Markup, html};

/// A name and its value.
#[derive(Debug, Clone)]
pub struct Fact {
    /// The name, our own word.
    pub name: &'static str,
    /// The value, already markup.
    pub value: Markup,
}

impl Fact {
    /// A fact.
    pub fn new(name: &'static str, value: Markup) -> Fact {
        Fact { name, value }
    }
}

/// All facts, in the order given.
pub fn facts(facts: impl IntoIterator<Item = Fact>) -> Markup {
    html! {
        dl.facts {
            @for fact in facts {
                div { dt { (fact.name) } dd { (fact.value) } }
            }
        }
    }
}

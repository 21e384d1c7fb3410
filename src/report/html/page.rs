//! The frame of every page.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::style::STYLE;
use super::text;

/// Longest title: a tab shows less.
const TITLE_CHARACTERS: usize = 80;

/// What a page may do: be looked at. The style is named by its hash; scripts, forms, frames, requests and other
/// styles are not allowed, whatever finds its way into the page.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
});

/// The policy, for whoever also sends it as a header.
pub fn content_security_policy() -> &'static str {
    &POLICY
}

/// A page.
#[derive(Debug, Clone)]
pub struct Page<'a> {
    /// For the tab and the heading.
    pub title: &'a str,
    /// Below the heading: what this is, when, from what.
    pub lead: Markup,
    /// Links to its parts or to other pages, ours alone: where to, and what it is called.
    pub links: &'a [(&'a str, &'a str)],
}

impl Page<'_> {
    /// Everything before the content. With [`Page::end`] it allows writing a page piece by piece.
    pub fn begin(&self) -> String {
        let title = crate::report::escape::short(self.title, TITLE_CHARACTERS);
        let head = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(content_security_policy());
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="referrer" content="no-referrer";
                    meta name="generator" content={ "dfab " (env!("CARGO_PKG_VERSION")) };
                    // Browsers would ask for one otherwise.
                    link rel="icon" href="data:,";
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
            }
        };
        let top = html! {
            a.skip href="#content" { "To the content" }
            header {
                h1 { (text::line(self.title, TITLE_CHARACTERS)) }
                div.lead { (self.lead) }
                @if !self.links.is_empty() {
                    nav aria-label="Parts of this page" {
                        @for (target, name) in self.links { a href=(target) { (name) } " " }
                    }
                }
            }
        };
        // maud closes what it opens, and this is to stay open.
        let head = head.into_string();
        let head = head.strip_suffix("</html>").unwrap_or(&head);
        format!(
            "{head}\n<body>{}\n<main id=\"content\">\n",
            top.into_string()
        )
    }

    /// Everything after the content.
    pub fn end() -> String {
        let version = env!("CARGO_PKG_VERSION");
        format!("\n</main>\n<footer>Made by dfab {version}</footer>\n</body></html>\n")
    }

    /// A whole page.
    pub fn whole(&self, content: &Markup) -> String {
        format!("{}{}{}", self.begin(), content.0, Page::end())
    }
}

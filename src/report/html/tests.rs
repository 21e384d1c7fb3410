//! The whole page, seen from outside.

use maud::html;

use super::*;

fn page() -> String {
    let lead = html! { "one package" };
    let page = Page {
        title: "A run of </title><script>",
        lead,
        links: &[("#scores", "Scores")],
    };
    page.whole(&section("scores", "Scores", html! { p { "none" } }))
}

#[test]
fn a_page_is_whole_and_says_what_it_is() {
    let page = page();
    assert!(
        page.starts_with("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"),
        "{page}"
    );
    assert!(page.ends_with("</body></html>\n"));
    for once in [
        "<html", "</html>", "<head>", "</head>", "<body>", "</body>", "<main", "</main>", "<h1>",
    ] {
        assert_eq!(page.matches(once).count(), 1, "{once}");
    }
    assert!(page.contains("name=\"viewport\""));
}

#[test]
fn a_title_cannot_become_markup() {
    assert!(page().contains("<title>A run of &lt;/title&gt;&lt;script&gt;</title>"));
}

#[test]
fn nothing_is_fetched_run_or_sent() {
    let page = page();
    let policy = content_security_policy();
    assert!(page.contains(&format!("content=\"{policy}\"")), "{policy}");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(!policy.contains("unsafe"));
    for word in [
        "<script", "http://", "https://", " style=", "src=", "@import",
    ] {
        assert!(!page.contains(word), "{word}");
    }
}

#[test]
fn the_style_is_the_one_that_the_policy_names() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let page = page();
    let (_, after) = page.split_once("<style>").unwrap();
    let (style, _) = after.split_once("</style>").unwrap();
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style));
    assert!(content_security_policy().contains(&format!("'sha256-{hash}'")));
}

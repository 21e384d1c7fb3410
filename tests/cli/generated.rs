//! Files made from the program's own definitions are fresh.

use std::fs;

use crate::support::repository;

const HOW: &str = "run: cargo run -- completions --regenerate .";

#[test]
fn completions_are_fresh() {
    for (shell, file) in dfab::cli::Shell::FILES {
        let path = repository("completions").join(file);
        let kept = fs::read(&path).unwrap_or_default();
        assert!(
            kept == dfab::cli::completions(shell),
            "{} is stale; {HOW}",
            path.display()
        );
    }
}

#[test]
fn manual_pages_are_fresh() {
    let folder = repository("docs/man");
    let mut expected = Vec::new();
    for (file, text) in dfab::cli::man_pages().expect("pages") {
        let kept = fs::read(folder.join(&file)).unwrap_or_default();
        assert!(kept == text, "docs/man/{file} is stale; {HOW}");
        expected.push(file);
    }
    let mut found: Vec<String> = fs::read_dir(&folder)
        .expect("the manual")
        .map(|entry| {
            entry
                .expect("a page")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn the_readme_has_the_settings_and_exit_codes_of_the_program() {
    let readme = fs::read_to_string(repository("README.md")).expect("the README");
    assert!(
        readme.contains(&dfab::settings::table_markdown()),
        "the settings table is stale"
    );
    for (exit, meaning) in dfab::cli::Exit::TABLE {
        let row = format!("| {} | {meaning} |", exit.code());
        assert!(readme.contains(&row), "README.md lacks the row: {row}");
    }
    for subcommand in dfab::cli::command().get_subcommands() {
        let heading = format!("### `dfab {}", subcommand.get_name());
        assert!(readme.contains(&heading), "README.md lacks {heading}");
    }
}

/// Targets of `[text](target)` that are paths.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in text.split("](").skip(1) {
        let target = part.split(')').next().unwrap_or_default();
        let path = target.split('#').next().unwrap_or_default();
        if !path.is_empty() && !path.contains("://") {
            found.push(path.to_owned());
        }
    }
    found
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let mut checked = 0;
    for folder in ["", "docs", "examples"] {
        for entry in fs::read_dir(repository(folder)).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            for link in links(&fs::read_to_string(&path).expect("text")) {
                let target = path.parent().expect("a folder").join(&link);
                assert!(target.exists(), "{} links to {link}", path.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 20, "only {checked} links were found");
}

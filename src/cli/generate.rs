//! Completions and manual pages, made from the command line's own definitions.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap_complete::{Generator, shells};

use super::args::{self, CompletionsArgs};
use super::exit::{CliError, Exit};

/// A shell with completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

impl Shell {
    /// All of them, with the name of their file.
    pub const FILES: [(Shell, &'static str); 3] = [
        (Shell::Bash, "dfab.bash"),
        (Shell::Zsh, "_dfab"),
        (Shell::Fish, "dfab.fish"),
    ];
}

/// The completion script of `shell`.
pub fn completions(shell: Shell) -> Vec<u8> {
    fn generate(generator: impl Generator) -> Vec<u8> {
        let mut script = Vec::new();
        clap_complete::generate(generator, &mut args::command(), "dfab", &mut script);
        script
    }
    match shell {
        Shell::Bash => generate(shells::Bash),
        Shell::Zsh => generate(shells::Zsh),
        Shell::Fish => generate(shells::Fish),
    }
}

/// Every manual page: file name and text.
///
/// # Errors
/// None in practice: the pages are written to memory.
pub fn man_pages() -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = args::command();
    command.build();
    let mut pages = vec![("dfab.1".to_owned(), page(command.clone())?)];
    for subcommand in command.get_subcommands() {
        let name = format!("dfab-{}", subcommand.get_name());
        let titled = subcommand
            .clone()
            .name(name.clone())
            .display_name(name.clone());
        pages.push((format!("{name}.1"), page(titled)?));
    }
    Ok(pages)
}

fn page(command: clap::Command) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    // Without a date and with a fixed source the page depends on nothing but the definitions.
    clap_mangen::Man::new(command)
        .date("")
        .source("dfab")
        .render(&mut text)?;
    Ok(text)
}

/// `dfab completions`
pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, CliError> {
    if let Some(shell) = args.shell {
        io::stdout().write_all(&completions(shell))?;
    }
    if let Some(folder) = &args.regenerate {
        regenerate(folder)?;
    }
    Ok(Exit::Success)
}

fn regenerate(folder: &Path) -> io::Result<()> {
    let scripts = folder.join("completions");
    let manual = folder.join("docs").join("man");
    fs::create_dir_all(&scripts)?;
    fs::create_dir_all(&manual)?;
    for (shell, file) in Shell::FILES {
        fs::write(scripts.join(file), completions(shell))?;
    }
    for (file, text) in man_pages()? {
        fs::write(manual.join(file), text)?;
    }
    Ok(())
}

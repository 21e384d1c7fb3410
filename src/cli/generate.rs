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
    // `dfab help` prints what the pages say; it has none of its own.
    let mut command = args::command().disable_help_subcommand(true);
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
    let synopsis = synopsis(&command);
    // Without a date the page depends on nothing but the definitions and the version. The empty date is quoted,
    // or the version would be read as one.
    clap_mangen::Man::new(command.override_usage(synopsis))
        .date("\"\"")
        .source(concat!("dfab ", env!("CARGO_PKG_VERSION")))
        .manual("Data Fabrication")
        .render(&mut text)?;
    Ok(text)
}

/// How a command is written: its own options with their values, the place of the many it shares, what it works on.
fn synopsis(command: &clap::Command) -> String {
    let mut words = vec![
        command
            .get_bin_name()
            .unwrap_or_else(|| command.get_name())
            .to_owned(),
    ];
    let is_own = |option: &&clap::Arg| {
        let is_shared = option.get_help_heading().is_some()
            || ["help", "version"].contains(&option.get_id().as_str());
        !option.is_positional() && !option.is_hide_set() && !is_shared
    };
    words.extend(command.get_arguments().filter(is_own).map(written));
    words.push("[OPTIONS]".to_owned());
    words.extend(command.get_positionals().map(ToString::to_string));
    if command.has_subcommands() {
        words.push("<COMMAND>".to_owned());
    }
    words.join(" ")
}

/// An option as in `[-j|--jobs <N>]`.
fn written(option: &clap::Arg) -> String {
    // `--jobs <N>`, or `--exit-zero`.
    let mut text = option.to_string();
    if let Some(short) = option.get_short() {
        text.insert_str(0, &format!("-{short}|"));
    }
    match option.is_required_set() {
        true => text,
        false => format!("[{text}]"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_the_version_and_shows_how_the_command_is_written() {
        let pages = man_pages().expect("pages");
        let page = |file: &str| {
            let (_, text) = pages.iter().find(|(name, _)| name == file).expect("a page");
            String::from_utf8(text.clone()).expect("text")
        };
        let run = page("dfab-run.1");
        let version = env!("CARGO_PKG_VERSION");
        let header = format!(".TH dfab-run 1 \"\" \"dfab {version}\" \"Data Fabrication\"\n");
        assert!(run.contains(&header), "{}", &run[..200]);
        let synopsis = |page: &str| {
            let rest = page.split(".SH SYNOPSIS\n").nth(1).expect("a synopsis");
            let line = rest.lines().next().expect("a line").replace("\\-", "-");
            line.replace("\\fB", "").replace("\\fR", "")
        };
        assert_eq!(
            synopsis(&page("dfab-exec.1")),
            "dfab exec [--report <FILE>] [OPTIONS] <PATH>"
        );
        assert_eq!(
            synopsis(&page("dfab-score.1")),
            "dfab score [--explain] [--exit-zero] [OPTIONS] <FILE>..."
        );
        assert_eq!(
            synopsis(&page("dfab-pack.1")),
            "dfab pack -o|--output <FILE.zip> [OPTIONS] <FOLDER>"
        );
        assert_eq!(synopsis(&page("dfab.1")), "dfab [OPTIONS] <COMMAND>");
    }
}

//! What the README shows is what happens.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::{Place, Ran, repository};

/// A command of a console block and the lines shown below it.
struct Shown {
    command: String,
    output: String,
}

/// Every command of the README's console blocks, in order.
fn transcript(readme: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match (inside, line.strip_prefix("$ ")) {
            (false, _) => inside = line == "```console",
            (true, _) if line == "```" => inside = false,
            (true, Some(command)) => {
                commands.push(Shown {
                    command: command.to_owned(),
                    output: String::new(),
                });
            }
            (true, None) => {
                let shown = commands.last_mut().expect("a block begins with a command");
                shown.output.push_str(line);
                shown.output.push('\n');
            }
        }
    }
    commands
}

/// Runs a line of the README in `place`, with `dfab` on the path.
fn run(place: &Place, command: &str) -> Ran {
    let program = Path::new(env!("CARGO_BIN_EXE_dfab"))
        .parent()
        .expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", command])
        .current_dir(place.path(""))
        .env_clear()
        .env("PATH", format!("{}:{path}", program.display()))
        .env("HOME", place.path(""));
    if let Some(root) = std::env::var_os("PYENV_ROOT") {
        shell.env("PYENV_ROOT", root);
    }
    Ran::of(shell.output().expect("sh starts"))
}

#[test]
fn the_tests_it_shows_exist_and_their_number_is_not_told() {
    let readme = fs::read_to_string(repository("README.md")).expect("the README");
    let tests = |shown: &&Shown| shown.command.starts_with("cargo test");
    let commands = transcript(&readme);
    let shown = commands.iter().find(tests).expect("how to run the tests");
    for line in shown.output.lines().filter(|line| *line != "…") {
        let name = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... ok"));
        let (module, test) = name.and_then(|name| name.split_once("::")).expect(line);
        let file = fs::read_to_string(repository(&format!("tests/sandbox/{module}.rs")));
        assert!(
            file.expect("the module").contains(&format!("fn {test}()")),
            "{line}"
        );
    }
}

#[test]
fn every_command_prints_what_the_readme_says() {
    let readme = fs::read_to_string(repository("README.md")).expect("the README");
    let place = Place::new();
    symlink(repository("examples"), place.path("examples")).expect("a link");
    let mut checked = 0;
    for Shown { command, output } in transcript(&readme) {
        let Some(command) = command
            .strip_prefix("cargo run --release -- ")
            .map(|arguments| format!("dfab {arguments}"))
            .or_else(|| command.starts_with("dfab ").then(|| command.clone()))
        else {
            continue;
        };
        let ran = run(&place, &command);
        // Both streams, one after the other. A slow machine is told how far a batch is; the page shows a fast one.
        let talk = ran.stderr.split_inclusive('\n');
        let talk: String = talk.filter(|line| !is_progress(line)).collect();
        let printed = format!("{}{talk}", ran.stdout);
        if checked == 0 {
            assert!(readme.contains(&format!("exit status is {},", ran.code)));
        }
        // An ellipsis on a line of its own says that the rest is left out.
        match output.strip_suffix("…\n") {
            Some(beginning) => assert!(printed.starts_with(beginning), "$ {command}\n{printed}"),
            None => assert_eq!(printed, output, "$ {command}"),
        }
        checked += 1;
    }
    assert!(checked >= 10, "only {checked} commands were found");
}

/// Whether a line says how many of how many packages are done.
fn is_progress(line: &str) -> bool {
    let counted = line.split_once(" packages, ").map(|(counted, _)| counted);
    let numbers = counted.and_then(|counted| counted.split_once('/'));
    numbers.is_some_and(|(done, of)| done.parse::<u32>().is_ok() && of.parse::<u32>().is_ok())
}

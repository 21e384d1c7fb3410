//! What every command has in common.

use std::process::Stdio;

use crate::support::{Place, Ran};

#[test]
fn help_and_version_are_answers() {
    let place = Place::new();
    place.dfab(&["--version"]).exits(0).prints("dfab ");
    place.dfab(&["--help"]).exits(0).prints("Examples:");
    for command in [
        "validate",
        "review",
        "exec",
        "run",
        "score",
        "similarity",
        "weights",
        "pack",
        "config",
        "preflight",
        "completions",
    ] {
        let help = place.dfab(&[command, "--help"]).exits(0).prints("Example");
        assert_eq!(place.dfab(&["help", command]).exits(0).stdout, help.stdout);
    }
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let place = Place::new();
    place.dfab(&[]).exits(2);
    place.dfab(&["validat"]).exits(2).says("validate");
    place.dfab(&["validate"]).exits(2).says("PATH");
    place.dfab(&["run", "x.zip", "--jobs", "0"]).exits(2);
    place
        .dfab(&["run", "x.zip", "--executor", "vm"])
        .exits(2)
        .says("executor");
    place
        .dfab(&["review", "--explain", "no-such-rule"])
        .exits(2)
        .says("--rules");
}

#[test]
fn a_list_names_the_bad_line() {
    let place = Place::new();
    place.file("list.jsonl", "{\"package\": \"a.zip\"}\n{oops\n");
    place
        .dfab(&["validate", "@list.jsonl"])
        .exits(2)
        .says("list.jsonl, line 2");
    place.file("empty.csv", "");
    place
        .dfab(&["validate", "@empty.csv"])
        .exits(2)
        .says("empty.csv is empty");
    place
        .dfab(&["validate", "@gone.csv"])
        .exits(3)
        .says("gone.csv");
}

#[test]
fn packages_of_a_list_are_found_beside_it() {
    let place = Place::new();
    place.zip("archive/a.zip", &[("harness.py", "")]);
    place.file("archive/list.csv", "package,hotkey\na.zip,5A\n");
    let ran = place
        .dfab(&["validate", "@archive/list.csv", "--format", "jsonl"])
        .exits(0);
    assert_eq!(ran.json_lines()[0]["path"], "a.zip");
}

#[test]
fn a_reader_that_leaves_early_is_a_normal_end() {
    let place = Place::new();
    let mut child = place
        .command(&["config"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("dfab starts");
    drop(child.stdout.take());
    let ran = Ran::of(child.wait_with_output().expect("dfab ends"));
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran.exits(0);
}

#[test]
fn colour_is_only_for_terminals_unless_it_is_asked_for() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", "")]);
    assert!(!place.dfab(&["validate", "a.zip"]).stdout.contains('\u{1b}'));
    assert!(
        place
            .dfab(&["validate", "a.zip", "--color", "always"])
            .stdout
            .contains('\u{1b}')
    );
}

#[test]
fn colour_on_a_terminal_is_what_was_asked_for_then_what_the_environment_says() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", "")]);
    let is_colored = |arguments: &[&str], variables: &[(&str, &str)]| {
        let shown = place.on_terminal(100, arguments, variables);
        assert!(!shown.contains("\u{1b}[m"), "empty colours: {shown:?}");
        shown.contains('\u{1b}')
    };
    let no_color = [("NO_COLOR", "1"), ("TERM", "xterm")];
    let dumb = [("TERM", "dumb")];
    // A table, an error of ours, an error of the command line, help.
    for command in [
        &["validate", "a.zip"][..],
        &["weights"],
        &["bogus"],
        &["--help"],
    ] {
        let with = |color| [command, &["--color", color]].concat();
        assert!(is_colored(command, &[("TERM", "xterm")]), "{command:?}");
        assert!(!is_colored(command, &no_color), "{command:?}");
        assert!(!is_colored(command, &dumb), "{command:?}");
        assert!(
            !is_colored(&with("never"), &[("TERM", "xterm")]),
            "{command:?}"
        );
        for variables in [&no_color[..], &dumb] {
            assert!(is_colored(&with("always"), variables), "{command:?}");
        }
    }
}

#[test]
fn tables_fit_the_terminal_and_do_not_wrap_where_its_width_is_unknown() {
    let place = Place::new();
    let name = format!("{}.zip", "long-name-".repeat(9));
    place.zip(&name, &[("harness.py", "")]);
    let plain = place.dfab(&["validate", &name]).exits(0).stdout;
    let arguments = ["validate", &name, "--color", "never"];
    assert_eq!(place.on_terminal(0, &arguments, &[]), plain);
    let narrow = place.on_terminal(60, &arguments, &[]);
    assert!(narrow.lines().all(|line| line.len() <= 60), "{narrow}");
}

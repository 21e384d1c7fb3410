//! What every command has in common.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use crate::support::{Place, Ran, SMALL_HARNESS};

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

/// A command line of a shell, with `dfab` on the path.
fn shell(place: &Place, line: &str) -> Ran {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_dfab"));
    let folder = program.parent().expect("a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = std::process::Command::new("sh")
        .args(["-c", line])
        .current_dir(place.path(""))
        .env("PATH", format!("{folder}:{path}"))
        .output();
    Ran::of(output.expect("sh starts"))
}

#[test]
fn results_for_a_closed_standard_output_are_an_error() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", SMALL_HARNESS)]);
    shell(&place, "dfab run a.zip --hotkey 5A --exit-zero >&-")
        .exits(3)
        .says("1 package: 1 completed")
        .says("standard output is closed");
    for line in ["dfab weights >&-", "dfab config >&-", "dfab exec a.zip >&-"] {
        shell(&place, line)
            .exits(3)
            .says("standard output is closed");
    }
    // Nothing was to be written there, or nobody wanted it.
    shell(&place, "dfab weights -o w.json >&-").exits(0);
    shell(&place, "dfab weights >/dev/null").exits(0);
    shell(&place, "dfab weights 1<>/dev/null").exits(0);
    assert!(place.path("w.json").exists());
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

#[test]
fn a_hotkey_that_cannot_be_one_is_refused_where_it_stands() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", "")]);
    place
        .dfab(&["run", "a.zip", "--hotkey", "a\nb"])
        .exits(2)
        .says("the hotkey of a.zip holds the control character U+000A");
    place.file(
        "list.jsonl",
        "{\"package\": \"a.zip\"}\n{\"package\": \"a.zip\", \"hotkey\": \"a\\u0007\"}\n",
    );
    place
        .dfab(&["run", "@list.jsonl"])
        .exits(2)
        .says("list.jsonl, line 2: the hotkey of a.zip holds the control character U+0007");
    place.file("list.csv", format!("a.zip,5A\na.zip,{}\n", "x".repeat(129)));
    place
        .dfab(&["run", "@list.csv"])
        .exits(2)
        .says("list.csv, line 2: the hotkey of a.zip has 129 characters");
    assert!(!place.path("dfab.sqlite3").exists());
}

#[test]
fn a_list_that_is_not_text_or_names_its_columns_otherwise_is_explained() {
    let place = Place::new();
    place.zip("a.zip", &[("harness.py", "")]);
    place.file("bytes.csv", b"a.zip,5A\na.zip,\xff\n");
    place
        .dfab(&["validate", "@bytes.csv"])
        .exits(2)
        .says("bytes.csv, line 2: this is not UTF-8 text");
    place.file("header.csv", "pkg,hk\na.zip,5A\n");
    place
        .dfab(&["validate", "@header.csv"])
        .exits(3)
        .says("header.csv, line 1: there is no package pkg; if this line names the columns");
    place.file("gone.csv", "package,hotkey\ngone.zip,5A\n");
    let ran = place.dfab(&["validate", "@gone.csv"]).exits(3);
    assert!(!ran.stderr.contains("columns"), "{}", ran.stderr);
}

#[test]
fn a_path_need_not_be_text() {
    let place = Place::new();
    let name = OsStr::from_bytes(b"p\xff");
    fs::create_dir(place.path("").join(name)).unwrap();
    fs::write(
        place.path("").join(name).join("harness.py"),
        "print('{}')\n",
    )
    .unwrap();
    let with = |arguments: &[&str]| {
        let output = place.command(arguments).arg(name).output();
        Ran::of(output.expect("dfab starts"))
    };
    for command in [&["validate"][..], &["review"], &["similarity"]] {
        assert!(with(command).exits(0).stdout.contains("p\\xff") || command[0] == "similarity");
    }
    assert_eq!(with(&["exec"]).exits(0).stdout, "{}\n");
    let packed = with(&["pack", "-o", "a.zip"]).exits(0);
    assert!(packed.stderr.contains("a.zip"));
    with(&["score"]).exits(3).says("cannot read p\\xff");
    // Where text is needed, what is none is named.
    with(&["review", "--explain"]).exits(2).says("p\\xff");
    with(&["run", "a.zip", "--hotkey"]).exits(2).says("p\\xff");
}

#[test]
fn a_pipe_given_by_name_is_not_waited_for() {
    let place = Place::new();
    let pipe = place.path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    place
        .dfab(&["score", "pipe"])
        .exits(3)
        .says("cannot read pipe: it is not a regular file");
    place
        .dfab(&["config", "--config", "pipe"])
        .exits(2)
        .says("pipe: it is not a regular file");
    place
        .dfab(&["validate", "@pipe"])
        .exits(3)
        .says("it is not a regular file");
    place.dfab(&["config", "--config", "/dev/null"]).exits(0);
}

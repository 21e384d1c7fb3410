//! What `dfab run` tells besides its results: the page, progress and the closing tables.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::support::{Place, Ran, SMALL_HARNESS};

/// A harness that is rejected, one that is refused, one that fails, and two that are alike.
fn archive() -> Place {
    let place = Place::new();
    place.zip("archive/1.zip", &[("harness.py", SMALL_HARNESS)]);
    place.zip(
        "archive/2.zip",
        &[("harness.py", "import os\nos.system('</pre><script>')\n")],
    );
    place.zip("archive/3.zip", &[("harness.py", "1"), ("run.sh", "ls")]);
    let loud = "import sys\nprint('\\x1b[2J<b>', file=sys.stderr)\nsys.exit(7)\n";
    place.zip("archive/4.zip", &[("harness.py", loud)]);
    place.zip(
        "archive/5.zip",
        &[("harness.py", &format!("# again\n{SMALL_HARNESS}"))],
    );
    place
}

fn events(ran: &Ran) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    ran.stderr.lines().map(parse).collect()
}

fn page(place: &Place) -> String {
    fs::read_to_string(place.path("report.html")).expect("a page")
}

#[test]
fn a_page_tells_the_whole_run_and_stands_alone() {
    let place = archive();
    let ran = place
        .dfab(&["run", "archive", "--html", "report.html"])
        .exits(1);
    assert!(
        ran.stderr.contains("the page is in report.html"),
        "{}",
        ran.stderr
    );
    let page = page(&place);
    for part in [
        "Run of 5 packages",
        "Failures by cause",
        "file extension is not allowed",
        "exit 7",
        "Likely clones",
        "Slowest",
        "<bdi>os.system(&#39;&lt;/pre&gt;&lt;script&gt;&#39;)</bdi>"
            .replace("&#39;", "'")
            .as_str(),
        "<i class=\"esc\">\\x1b</i>[2J&lt;b&gt;",
        "evaluation_timeout_seconds",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for outside in [
        "<script",
        "href=\"http",
        "src=",
        " style=",
        "url(",
        "\u{1b}",
    ] {
        assert!(!page.contains(outside), "{outside:?}");
    }
    for tag in ["section", "details", "div", "dl", "table", "main"] {
        let count = |text: String| page.matches(&text).count();
        let opened = count(format!("<{tag} ")) + count(format!("<{tag}>"));
        assert_eq!(opened, count(format!("</{tag}>")), "{tag}");
    }
}

#[test]
fn a_page_that_cannot_be_written_is_told_before_any_work() {
    let place = archive();
    let ran = place
        .dfab(&["run", "archive", "--html", "nowhere/report.html"])
        .exits(3);
    assert!(
        ran.stderr
            .contains("cannot write nowhere/report.html: No such file"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "");
    place
        .dfab(&["run", "archive", "--html", "archive"])
        .exits(3);
}

#[test]
fn a_page_is_not_written_over_a_package_or_a_database() {
    let place = archive();
    let package = fs::read(place.path("archive/1.zip")).expect("a package");
    let ran = place
        .dfab(&["run", "archive", "--html", "./archive/1.zip"])
        .exits(2);
    assert!(
        ran.stderr.contains("is one of the packages"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        fs::read(place.path("archive/1.zip")).expect("a package"),
        package
    );
    let ran = place
        .dfab(&["run", "archive", "--html", "dfab.sqlite3"])
        .exits(2);
    assert!(ran.stderr.contains("is a database"), "{}", ran.stderr);
    place.dfab(&["run", "archive", "--html", "-"]).exits(2);
}

#[test]
fn a_page_takes_the_place_of_the_last_one_and_leaves_nothing_else() {
    let place = archive();
    place.file("report.html", "old");
    fs::set_permissions(place.path("report.html"), fs::Permissions::from_mode(0o640))
        .expect("mode");
    let before = place.names();
    place
        .dfab(&[
            "run",
            "archive/1.zip",
            "--html",
            "report.html",
            "--database",
            "archive/x.sqlite3",
        ])
        .exits(0);
    assert!(page(&place).ends_with("</body></html>\n"));
    assert_eq!(place.names(), before);
}

#[test]
fn every_line_of_progress_json_is_an_event() {
    let place = archive();
    place.file(
        "missing.csv",
        "package,hotkey\narchive/1.zip,5F\nnot-there.zip,5F\n",
    );
    let ran = place
        .dfab(&["run", "@missing.csv", "--progress", "json", "-v"])
        .exits(3);
    let events = events(&ran);
    for event in &events {
        assert_eq!(event["schema_version"], 1, "{event}");
    }
    let of = |name: &str| -> Vec<&Value> {
        events
            .iter()
            .filter(|event| event["event"] == name)
            .collect()
    };
    assert_eq!(of("started")[0]["total"], 2);
    let stages: Vec<&Value> = of("stage")
        .iter()
        .filter(|event| event["index"] == 0)
        .map(|event| &event["stage"])
        .collect();
    let expected = [
        "validate",
        "review",
        "execute",
        "parse",
        "score",
        "similarity",
        "judge",
        "store",
    ];
    assert_eq!(json!(stages), json!(expected));
    let finished = of("finished")[0];
    assert_eq!(finished["package"], "archive/1.zip");
    assert_eq!(finished["status"], "completed");
    assert_eq!(finished["kept"], "stored");
    assert!(
        finished["seconds"].is_f64() && finished["done"] == 1,
        "{finished}"
    );
    let failed = of("failed")[0];
    assert_eq!(
        (&failed["stage"], &failed["index"]),
        (&json!("validate"), &json!(1))
    );
    assert!(
        failed["message"]
            .as_str()
            .expect("a message")
            .contains("not-there.zip")
    );
    let ended = of("ended");
    assert_eq!(
        (ended.len(), &ended[0]["summary"]["errors"]),
        (1, &json!(1))
    );
}

#[test]
fn reused_and_stopped_packages_are_told_apart() {
    let place = archive();
    place.dfab(&["run", "archive/1.zip"]).exits(0);
    let again = [
        "run",
        "archive",
        "--html",
        "report.html",
        "--progress",
        "json",
    ];
    let ran = place.dfab(&again).exits(1);
    let kept: Vec<Value> = events(&ran)
        .into_iter()
        .filter(|event| event["event"] == "finished")
        .map(|mut event| event["kept"].take())
        .collect();
    assert_eq!(json!(kept[..2]), json!(["reused", "stored"]));
    let reused = page(&place);
    assert!(reused.contains("5, 1 of them reused"));
    assert!(reused.contains("made in an earlier run"));
    // What a package printed is in the database, whichever run it was.
    assert_eq!(reused.matches("<summary>Standard output").count(), 2);

    let stopped = [
        "run",
        "archive",
        "--html",
        "report.html",
        "--until",
        "score",
    ];
    let ran = place.dfab(&stopped).exits(1);
    assert!(ran.stdout.contains("stopped"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("stopped on their way"),
        "{}",
        ran.stderr
    );
    let stopped = page(&place);
    assert!(stopped.contains("What the harness printed is not shown"));
    assert!(stopped.contains("stopped on their way 2"));
}

#[test]
fn an_error_is_an_event_too() {
    let place = archive();
    place.file("x.sqlite3", "no database");
    let arguments = [
        "run",
        "archive",
        "--progress",
        "json",
        "--database",
        "x.sqlite3",
    ];
    let ran = place.dfab(&arguments).exits(3);
    let last = events(&ran).pop().expect("an event");
    assert_eq!(
        (&last["event"], &last["level"]),
        (&json!("message"), &json!("error"))
    );
}

#[test]
fn quiet_silences_progress_and_the_closing_tables() {
    let place = archive();
    for progress in ["auto", "plain", "json", "none"] {
        let ran = place
            .dfab(&["run", "archive", "-q", "--progress", progress])
            .exits(1);
        assert_eq!(ran.stderr, "", "{progress}");
    }
}

#[test]
fn the_closing_tables_fit_the_terminal() {
    let place = archive();
    let shown = place.on_terminal(60, &["run", "archive", "--color", "never"], &[]);
    let (_, closing) = shown.split_once("\noutcome").expect("closing tables");
    assert!(closing.contains("likely clone"), "{shown}");
    for line in closing.lines() {
        if !line.contains("results are in") {
            assert!(line.chars().count() <= 60, "{line:?}");
        }
    }
}

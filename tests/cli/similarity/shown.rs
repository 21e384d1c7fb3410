//! What is written for people and their programs: clusters, CSV, pages.

use super::base_and_old::with_template;
use super::stored::stored;
use std::fs;

use super::{ONE, RENAMED, place};

#[test]
fn files_of_packages_are_compared_one_by_one() {
    let place = with_template();
    place.zip(
        "c.zip",
        &[
            ("lib/sum.py", RENAMED),
            ("lib/__init__.py", ""),
            ("harness.py", "def (:\n"),
        ],
    );
    let arguments = [
        "similarity",
        "a.zip",
        "c.zip",
        "one.py",
        "--files",
        "--format",
        "jsonl",
    ];
    let ran = place
        .dfab(&arguments)
        .exits(1)
        .says("harness.py, line 1 is not Python");
    let lines = ran.json_lines();
    let names: Vec<_> = lines
        .iter()
        .map(|pair| (&pair["left"], &pair["right"]))
        .collect();
    assert!(
        names.contains(&(&"c.zip:lib/sum.py".into(), &"one.py".into())),
        "{names:?}"
    );
    assert!(names.iter().all(|(left, right)| {
        let package =
            |name: &serde_json::Value| name.as_str().unwrap().split(':').next().map(str::to_owned);
        package(left) != package(right)
    }));
    let is_worth_a_line = |pair: &serde_json::Value| {
        let shares = &pair["structure"]["containment"];
        let is_contained = ["left", "right"].map(|side| shares[side].as_f64() >= Some(0.05));
        pair["score"].as_u64() >= Some(30) || is_contained.contains(&true)
    };
    assert!(lines.iter().all(is_worth_a_line));
    let compared = |more: &[&str]| {
        let whole = arguments.map(|argument| argument.replace("jsonl", "json"));
        let whole: Vec<&str> = whole
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied())
            .collect();
        let document = place.dfab(&whole).exits(1).json();
        document["comparisons"].as_array().map(Vec::len)
    };
    assert!(compared(&["--min", "0"]) > compared(&[]));
    let nearest = [&arguments[..], &["--nearest"]].concat();
    let rows = place.dfab(&nearest).exits(1).json_lines();
    let sum = rows
        .iter()
        .find(|row| row["path"] == "c.zip:lib/sum.py")
        .expect("a row");
    assert_eq!(sum["neighbor"], "one.py");
}

#[test]
fn clusters_can_be_made_from_a_lower_score() {
    let place = place();
    place.file("more.py", format!("{ONE}{ONE}"));
    let clusters = |more: &[&str]| {
        let arguments = [
            "similarity",
            "one.py",
            "more.py",
            "other.zip",
            "--format",
            "json",
        ];
        let ran = place.dfab(&[&arguments[..], more].concat()).exits(0);
        ran.json()["clusters"].clone()
    };
    assert_eq!(clusters(&[]), serde_json::json!([]));
    let expected = serde_json::json!([["one.py", "more.py"]]);
    assert_eq!(clusters(&["--cluster-from", "40"]), expected);
}

#[test]
fn results_can_be_written_as_csv_that_no_spreadsheet_computes() {
    let place = place();
    place.file("=1+1,\"x\".py", RENAMED);
    let arguments = [
        "similarity",
        "one.py",
        "=1+1,\"x\".py",
        "other.zip",
        "--exit-zero",
    ];
    let to_file = [&arguments[..], &["--csv", "pairs.csv"]].concat();
    // The usual results are printed too.
    place.dfab(&to_file).exits(0).prints("plagiarized");
    let csv = fs::read_to_string(place.path("pairs.csv")).unwrap();
    let expected = "left,right,score,status,cluster,left_share,right_share\n\
        one.py,\"'=1+1,\"\"x\"\".py\",100,plagiarized,1,1,1\n\
        one.py,other.zip,";
    assert!(csv.starts_with(expected), "{csv}");
    assert_eq!(csv.lines().count(), 4);
    let alone = [&arguments[..], &["--csv", "-"]].concat();
    assert_eq!(place.dfab(&alone).exits(0).stdout, csv);
    let nearest = [&arguments[..], &["--nearest", "--csv", "-"]].concat();
    place
        .dfab(&nearest)
        .exits(0)
        .prints("path,neighbor,score,status,contained_in,left_share,right_share\none.py,");
    fs::write(place.path("data.db"), "SQLite format 3\0").unwrap();
    let over = [&arguments[..], &["--csv", "data.db"]].concat();
    place.dfab(&over).exits(2).says("it is not overwritten");
    let both = [&arguments[..], &["--csv", "-", "--html", "-"]].concat();
    place.dfab(&both).exits(2).says("the same file");
}

#[test]
fn a_page_shows_pairs_side_by_side_and_needs_nothing_else() {
    let place = place();
    place.zip(
        "<b>&.zip",
        &[("<i>.py", &format!("{RENAMED}# </pre><script>\u{202e}\n"))],
    );
    place.file("broken.py", "def (:\n");
    let arguments = [
        "similarity",
        "one.py",
        "<b>&.zip",
        "other.zip",
        "broken.py",
        "--html",
        "page.html",
    ];
    place.dfab(&arguments).exits(1).prints("plagiarized");
    let page = fs::read_to_string(place.path("page.html")).unwrap();
    for part in [
        "<!DOCTYPE html>",
        "<bdi>&lt;b&gt;&amp;.zip</bdi>",
        "&lt;i&gt;.py",
        "# &lt;/pre&gt;&lt;script&gt;<i class=\"esc\">\\u202e</i>",
        "id=\"pair-1-left-1\"",
        "href=\"#pair-1-right-1\"",
        "class=\"region r0\"",
        "broken.py, line 1 is not Python",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for word in [
        "<script", "http://", "https://", " style=", " src=", "@import", "\u{202e}",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    // The same input, the same bytes.
    place.dfab(&arguments).exits(1);
    assert_eq!(page, fs::read_to_string(place.path("page.html")).unwrap());
}

#[test]
fn no_source_is_written_over() {
    let place = place();
    fs::copy(place.path("one.py"), place.path("source.txt")).unwrap();
    let before = fs::read(place.path("one.py")).unwrap();
    for option in ["--csv", "--html"] {
        // Its name was forgotten.
        place
            .dfab(&["similarity", option, "one.py", "renamed.py"])
            .exits(2)
            .says("looks like a package");
        std::os::unix::fs::symlink("one.py", place.path("link")).unwrap();
        place
            .dfab(&["similarity", "one.py", "renamed.py", option, "link"])
            .exits(2)
            .says("is one of the packages");
        fs::remove_file(place.path("link")).unwrap();
    }
    assert_eq!(before, fs::read(place.path("one.py")).unwrap());
}

#[test]
fn a_page_of_stored_packages_says_which_ones_are_gone() {
    let place = stored();
    let arguments = [
        "similarity",
        "new.zip",
        "--against",
        "database",
        "--html",
        "page.html",
    ];
    let page = || {
        place.dfab(&arguments).exits(1);
        fs::read_to_string(place.path("page.html")).unwrap()
    };
    assert!(page().contains("class=\"region r0\""));
    fs::remove_dir_all(place.path("artifacts")).unwrap();
    let without = page();
    assert!(without.contains("Its sources cannot be shown"), "{without}");
}

#[test]
fn odd_names_and_long_lines_are_compared_and_shown() {
    use std::os::unix::ffi::OsStrExt;
    let place = place();
    let odd = std::ffi::OsStr::from_bytes(b"a\xff\x1b.py");
    fs::write(place.path("odd").with_file_name(odd), ONE).unwrap();
    place.file("long.py", format!("x = [{}]\n", "1, ".repeat(700_000)));
    place.file("empty.py", "");
    fs::create_dir(place.path("nothing")).unwrap();
    let mut command = place.command(&["similarity", "one.py", "long.py", "empty.py", "nothing"]);
    let ran = crate::support::Ran::of(
        command
            .arg(odd)
            .args(["--html", "page.html"])
            .output()
            .unwrap(),
    );
    let ran = ran.exits(1).says("nothing: there is no Python file");
    assert!(ran.stdout.contains("a\\xff\\x1b.py"), "{}", ran.stdout);
    let page = fs::read_to_string(place.path("page.html")).unwrap();
    assert!(page.len() < 1 << 20, "{}", page.len());
}

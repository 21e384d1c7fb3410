//! `dfab similarity`

use std::fs;

use crate::support::Place;

const ONE: &str = "def total(items):\n    result = 0\n    for item in items:\n        if item > 3:\n            result += item * 2\n    return result\n";
const RENAMED: &str = "def summe(dinge):\n    ergebnis = 0\n    for ding in dinge:\n        if ding > 4:\n            ergebnis += ding * 7\n    return ergebnis\n";
const OTHER: &str = "import json\nprint(json.dumps({'a': [1, 2, 3]}))\n";

fn place() -> Place {
    let place = Place::new();
    place.file("one.py", ONE);
    place.file("renamed.py", RENAMED);
    place.zip("other.zip", &[("harness.py", OTHER)]);
    place
}

#[test]
fn all_pairs_are_compared_in_the_order_given() {
    let place = place();
    let ran = place
        .dfab(&[
            "similarity",
            "one.py",
            "renamed.py",
            "other.zip",
            "--format",
            "json",
        ])
        .exits(1);
    let document = ran.json();
    let pairs = document["comparisons"].as_array().expect("comparisons");
    assert_eq!(pairs.len(), 3);
    assert_eq!(
        (&pairs[0]["left"], &pairs[0]["right"]),
        (&"one.py".into(), &"renamed.py".into())
    );
    assert_eq!(pairs[0]["score"], 100);
    assert_eq!(pairs[0]["status"], "plagiarized");
    assert_eq!(document["plagiarized"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        document["clusters"],
        serde_json::json!([["one.py", "renamed.py"]])
    );
}

#[test]
fn the_nearest_neighbour_of_each_can_be_asked_for() {
    let place = place();
    let ran = place
        .dfab(&[
            "similarity",
            "--nearest",
            "one.py",
            "renamed.py",
            "other.zip",
            "--format",
            "json",
        ])
        .exits(1);
    let nearest = ran.json()["nearest"].clone();
    assert_eq!(nearest[0]["path"], "one.py");
    assert_eq!(nearest[0]["neighbor"], "renamed.py");
    assert_eq!(nearest[1]["neighbor"], "one.py");
}

#[test]
fn aligned_lines_are_named() {
    let place = place();
    let ran = place
        .dfab(&[
            "similarity",
            "--regions",
            "one.py",
            "renamed.py",
            "--exit-zero",
        ])
        .exits(0);
    assert!(ran.stdout.contains("one.py:1-6"), "{}", ran.stdout);
    assert!(ran.stdout.contains("renamed.py:1-6"), "{}", ran.stdout);
}

#[test]
fn low_pairs_can_be_left_out() {
    let place = place();
    let arguments = [
        "similarity",
        "--min",
        "97",
        "one.py",
        "renamed.py",
        "other.zip",
        "--format",
        "jsonl",
    ];
    assert_eq!(place.dfab(&arguments).exits(1).json_lines().len(), 1);
}

#[test]
fn a_source_that_is_not_python_is_named_and_the_rest_compared() {
    let place = place();
    place.file("broken.py", "def (:\n");
    let ran = place
        .dfab(&[
            "similarity",
            "one.py",
            "broken.py",
            "other.zip",
            "--format",
            "jsonl",
        ])
        .exits(1);
    assert!(ran.stderr.contains("broken.py"), "{}", ran.stderr);
    assert_eq!(ran.json_lines().len(), 1);
}

#[test]
fn a_source_that_cannot_be_read_is_the_machines_fault() {
    let place = place();
    place
        .dfab(&["similarity", "one.py", "gone.py"])
        .exits(3)
        .says("gone.py");
}

/// A database with two packages, and one more package.
fn stored() -> Place {
    let place = place();
    place.zip("5A.zip", &[("harness.py", ONE)]);
    place.zip("5B.zip", &[("harness.py", OTHER)]);
    place.zip("new.zip", &[("harness.py", RENAMED)]);
    place.file("list.csv", "5A.zip,5A\n5B.zip,5B\n");
    place.dfab(&["run", "@list.csv", "--exit-zero"]).exits(0);
    place
}

#[test]
fn stored_packages_of_the_database_are_compared_by_hotkey_and_submission() {
    let place = stored();
    let arguments = [
        "similarity",
        "new.zip",
        "--stored",
        "--nearest",
        "--format",
        "json",
    ];
    let nearest = place.dfab(&arguments).exits(1).json()["nearest"].clone();
    assert_eq!(nearest[0]["path"], "new.zip");
    assert_eq!(nearest[0]["score"], 100);
    let neighbour = nearest[0]["neighbor"].as_str().expect("a neighbour");
    let id = neighbour.strip_prefix("5A/").expect("a hotkey");
    assert!(place.path("artifacts").join(id).is_dir(), "{id}");
    // In the order of arrival, and without anything beside them too.
    assert_eq!(nearest[1]["path"], neighbour);
    let alone = place
        .dfab(&["similarity", "--stored", "--format", "json"])
        .exits(0);
    let pairs = alone.json()["comparisons"].clone();
    assert_eq!(pairs.as_array().map(Vec::len), Some(1));
    assert_eq!(pairs[0]["left"], neighbour);
}

#[test]
fn a_folder_of_stored_packages_is_compared_without_a_database() {
    let place = stored();
    fs::rename(place.path("artifacts"), place.path("kept")).unwrap();
    fs::remove_file(place.path("dfab.sqlite3")).unwrap();
    let ran = place
        .dfab(&["similarity", "kept", "new.zip", "--format", "json"])
        .exits(1);
    let document = ran.json();
    assert_eq!(document["comparisons"].as_array().map(Vec::len), Some(3));
    let copied = document["plagiarized"][0]["left"].as_str().expect("a path");
    assert!(place.path(copied).join("source.zip").is_file(), "{copied}");
}

#[test]
fn stored_fingerprints_are_compared_without_their_packages() {
    let place = stored();
    fs::remove_dir_all(place.path("artifacts")).unwrap();
    let ran = place
        .dfab(&[
            "similarity",
            "--stored",
            "new.zip",
            "--nearest",
            "--format",
            "json",
        ])
        .exits(1);
    assert_eq!(ran.json()["nearest"][0]["score"], 100);
    // Lines can only be shown of sources.
    place
        .dfab(&[
            "similarity",
            "--stored",
            "one.py",
            "renamed.py",
            "--regions",
        ])
        .exits(3)
        .says("5A/")
        .prints("renamed.py");
    place.dfab(&["similarity"]).exits(2).says("PATH");
    place
        .dfab(&["similarity", "--stored", "--database", "none.db"])
        .exits(3)
        .says("none.db");
}

#[test]
fn a_damaged_fingerprint_is_named_and_made_again_from_its_package() {
    let place = stored();
    let damage = || {
        let database = rusqlite::Connection::open(place.path("dfab.sqlite3")).unwrap();
        // The other submission's, digest included.
        let sql = "UPDATE fingerprints SET (sequence, digest) =
            (SELECT sequence, digest FROM fingerprints ORDER BY submission_id LIMIT 1)";
        assert!(database.execute(sql, []).unwrap() >= 2);
    };
    let arguments = [
        "similarity",
        "new.zip",
        "--stored",
        "--nearest",
        "--format",
        "json",
    ];
    let sound = place.dfab(&arguments).exits(1).json();
    damage();
    let ran = place.dfab(&arguments).exits(1).says("cannot be believed");
    assert_eq!(ran.json(), sound);
    // A run does not only notice: it stores what it made again.
    place
        .dfab(&["run", "new.zip", "--hotkey", "5C", "--exit-zero"])
        .exits(0);
    let kept = place.dfab(&arguments).exits(1);
    assert!(
        !kept.stderr.contains("cannot be believed"),
        "{}",
        kept.stderr
    );
    // Without the package there is nothing to make it from.
    damage();
    fs::remove_dir_all(place.path("artifacts")).unwrap();
    place
        .dfab(&arguments)
        .exits(3)
        .says("cannot be believed")
        .says("source.zip");
}

/// Code handed to everybody.
const TEMPLATE: &str = "def read(path):\n    with open(path) as file:\n        text = file.read()\n    lines = text.split('x')\n    return [line.strip() for line in lines if line]\n\ndef main(arguments):\n    for argument in arguments:\n        result = read(argument)\n        if result:\n            print('found', len(result), result[0])\n        else:\n            print('nothing in', argument)\n    return 0\n";

/// Two who were given the template and wrote something of their own.
fn with_template() -> Place {
    let place = place();
    place.file("template/base.py", TEMPLATE);
    place.zip(
        "a.zip",
        &[("harness.py", &format!("{TEMPLATE}{ONE}")), ("b.py", OTHER)],
    );
    let renamed = TEMPLATE.replace("result", "outcome").replace("0", "7");
    place.zip("b.zip", &[("harness.py", &format!("{renamed}{OTHER}"))]);
    place
}

#[test]
fn base_code_is_taken_out_and_the_services_score_stays_beside() {
    let place = with_template();
    let arguments = ["similarity", "a.zip", "b.zip", "--format", "json"];
    let plain = place.dfab(&arguments).exits(0).json();
    let pair = plain["comparisons"][0].clone();
    assert_eq!(pair["own_score"], serde_json::Value::Null);
    let with_base = [&arguments[..], &["--base", "template"]].concat();
    let document = place.dfab(&with_base).exits(0).json();
    let own = document["comparisons"][0].clone();
    assert_eq!(own["score"], pair["score"]);
    assert!(own["own_score"].as_u64() < own["score"].as_u64(), "{own}");
    // Of the second only what was written after the template is left.
    let ignored = &document["ignored"][1];
    assert_eq!(ignored["path"], "b.zip");
    let left = ignored["of"].as_u64().unwrap() - ignored["items"].as_u64().unwrap();
    let other = place
        .dfab(&[
            "similarity",
            "other.zip",
            "--base",
            "template",
            "--against",
            "b.zip",
            "--format",
            "json",
        ])
        .exits(1)
        .json();
    assert_eq!(other["comparisons"][0]["own_score"], 100);
    assert_eq!(other["ignored"][0]["of"].as_u64(), Some(left));
}

#[test]
fn with_a_base_the_own_score_decides() {
    let place = place();
    place.file("template.py", TEMPLATE);
    place.file("a.py", format!("{TEMPLATE}{ONE}"));
    place.file("b.py", format!("{RENAMED}{TEMPLATE}"));
    let table = place
        .dfab(&["similarity", "a.py", "b.py", "--base", "template.py"])
        .exits(1)
        .prints("own")
        .prints("100");
    assert!(
        table.stdout.contains("cluster 1: a.py, b.py"),
        "{}",
        table.stdout
    );
    // Lines of the base do not agree any more.
    let regions = ["similarity", "a.py", "b.py", "--regions", "--exit-zero"];
    let with_base = [&regions[..], &["--base", "template.py"]].concat();
    place
        .dfab(&with_base)
        .exits(0)
        .prints("a.py:15-20")
        .prints("b.py:1-6");
    let nearest = [
        "similarity",
        "a.py",
        "b.py",
        "--nearest",
        "--format",
        "jsonl",
    ];
    let rows = place
        .dfab(&[&nearest[..], &["--base", "template.py"]].concat())
        .exits(1)
        .json_lines();
    assert_eq!(rows[0]["own_score"], 100);
    assert!(rows[0]["score"].as_u64() < Some(100));
}

#[test]
fn nothing_but_base_code_is_named_and_left_out() {
    let place = with_template();
    place.file("mine/only.py", TEMPLATE);
    place
        .dfab(&[
            "similarity",
            "mine",
            "a.zip",
            "b.zip",
            "--base",
            "template",
            "--format",
            "jsonl",
        ])
        .exits(0)
        .says("mine: there is nothing but base code in it")
        .prints("a.zip");
}

#[test]
fn a_base_that_is_not_python_or_too_short_is_said() {
    let place = place();
    place.file("broken.py", "def (:\n");
    place.file("short.py", "x = 1\n");
    let with = |base| place.dfab(&["similarity", "one.py", "other.zip", "--base", base]);
    with("broken.py").exits(1).says("broken.py");
    with("gone.py").exits(3).says("gone.py");
    with("short.py")
        .exits(0)
        .says("nothing of it is known again");
}

#[test]
fn old_ones_are_compared_with_new_ones_only() {
    let place = place();
    for name in ["old/a.zip", "old/b.zip", "old/c.zip"] {
        place.zip(name, &[("harness.py", RENAMED)]);
    }
    let arguments = [
        "similarity",
        "one.py",
        "other.zip",
        "--against",
        "old",
        "--format",
        "json",
    ];
    let document = place.dfab(&arguments).exits(1).json();
    let pairs = document["comparisons"].as_array().expect("comparisons");
    assert_eq!(pairs.len(), 1 + 2 * 3);
    assert!(
        pairs
            .iter()
            .all(|pair| !pair["left"].as_str().unwrap().starts_with("old/"))
    );
    // What two old ones have in common with a new one still makes them one group.
    let expected = serde_json::json!([["one.py", "old/a.zip", "old/b.zip", "old/c.zip"]]);
    assert_eq!(document["clusters"], expected);
    let nearest = [&arguments[..], &["--nearest"]].concat();
    let rows = place.dfab(&nearest).exits(1).json()["nearest"].clone();
    assert_eq!(rows.as_array().map(Vec::len), Some(2));
    assert_eq!(rows[0]["neighbor"], "old/a.zip");
}

#[test]
fn the_same_file_on_both_sides_is_not_compared_with_itself() {
    let place = place();
    let arguments = [
        "similarity",
        "one.py",
        "--against",
        "./one.py",
        "renamed.py",
        "--format",
        "jsonl",
    ];
    let ran = place
        .dfab(&arguments)
        .exits(1)
        .says("not compared with themselves");
    assert_eq!(ran.json_lines().len(), 1);
}

#[test]
fn a_package_is_compared_with_the_database_without_opening_what_is_stored() {
    let place = stored();
    fs::remove_dir_all(place.path("artifacts")).unwrap();
    let arguments = [
        "similarity",
        "new.zip",
        "--against",
        "database",
        "--format",
        "json",
    ];
    let document = place.dfab(&arguments).exits(1).json();
    let pairs = document["comparisons"].as_array().expect("comparisons");
    assert_eq!(pairs.len(), 2);
    assert!(pairs[0]["right"].as_str().unwrap().starts_with("5A/"));
    assert_eq!(pairs[0]["score"], 100);
    let base = place.file("template.py", TEMPLATE);
    let with_base = [&arguments[..], &["--base", base.to_str().unwrap()]].concat();
    let document = place.dfab(&with_base).exits(1).json();
    assert_eq!(document["comparisons"][0]["own_score"], 100);
}

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
    assert!(lines.iter().all(|pair| pair["score"].as_u64() >= Some(30)));
    let all = [&arguments[..], &["--min", "0"]].concat();
    assert!(place.dfab(&all).exits(1).json_lines().len() > lines.len());
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

const PROGRAM: &str = "import json\n\n\ndef load(path):\n    rows = []\n    with open(path) as lines:\n        for number, line in enumerate(lines):\n            row = json.loads(line)\n            row['number'] = number\n            rows.append(row)\n    return rows\n\n\ndef weigh(row, weights):\n    total = 0\n    for key, weight in weights.items():\n        total += weight * min(row.get(key, 0) / 40, 1)\n    return round(total, 3)\n";

/// Something else, with the second function of the program under other names.
fn with_a_fragment() -> String {
    let (_, weigh) = PROGRAM
        .split_once("\n\n\ndef weigh")
        .expect("two functions");
    let weigh = weigh.replace("row", "item").replace("total", "acc");
    let other = "class Relay:\n    def __init__(self, host):\n        self.host = host\n        self.open = {}\n\n    def send(self, name, text):\n        if name not in self.open:\n            raise LookupError(f'no {name}')\n        self.open[name].sendall(text.encode() + b'x')\n        return [len(part) for part in text.split(',') if part]\n\n    def close(self):\n        while self.open:\n            _, client = self.open.popitem()\n            client.close()\n";
    format!("{other}\n\ndef rate{weigh}")
}

#[test]
fn a_fragment_is_found_whatever_its_score() {
    let place = Place::new();
    place.file("program.py", PROGRAM);
    place.file("other.py", with_a_fragment());
    place.file("short.py", OTHER);
    let compare = |more: &[&str]| {
        let files = ["similarity", "program.py", "other.py", "short.py"];
        place.dfab(&[&files[..], more].concat()).exits(0)
    };
    let document = compare(&["--min", "90", "--format", "json"]).json();
    assert_eq!(document["comparisons"], serde_json::json!([]));
    let contained = document["contained"].as_array().expect("contained");
    assert_eq!(contained.len(), 1);
    let found = &contained[0]["structure"]["containment"];
    let share = |side: &str| found[side].as_f64().expect("a share");
    assert_eq!(contained[0]["right"], "other.py");
    assert!(contained[0]["score"].as_u64().expect("a score") < 90);
    assert!(share("left") > 0.3 && share("left") < 0.7, "{found}");
    assert!(share("right") > 0.2 && share("right") < 0.6, "{found}");
    compare(&["--min", "90"]).prints("scored too low, and one is found in the other all the same");
    // Every pair says what it shares; the short one has nothing to say.
    let pairs = compare(&["--format", "jsonl"]).json_lines();
    assert_eq!(pairs[0]["structure"]["containment"], *found);
    let short = serde_json::json!({"left": 0.0, "right": null, "matched_nodes": 0});
    assert_eq!(pairs[1]["structure"]["containment"], short);
    let csv = compare(&["--csv", "-"]).stdout;
    assert!(
        csv.starts_with("left,right,score,status,cluster,left_share,right_share\n"),
        "{csv}"
    );
}

#[test]
fn lines_in_common_are_named_wherever_they_stand() {
    let place = Place::new();
    place.zip(
        "program.zip",
        &[("lib/rows.py", PROGRAM), ("harness.py", OTHER)],
    );
    place.file("other.py", with_a_fragment());
    let command = ["similarity", "program.zip", "other.py", "--regions"];
    let document = place
        .dfab(&[&command[..], &["--format", "json"]].concat())
        .exits(0)
        .json();
    let found = &document["aligned"][0]["structure"]["containment"];
    let region = serde_json::json!({
        "left": {"file": "lib/rows.py", "first_line": 14, "last_line": 18},
        "right": {"file": "other.py", "first_line": 18, "last_line": 22},
        "matched_nodes": found["regions"][0]["matched_nodes"],
    });
    assert_eq!(found["regions"], serde_json::json!([region]));
    assert_eq!(found["regions_omitted"], 0);
    place
        .dfab(&command)
        .exits(0)
        .prints("found in the other, wherever it stands:")
        .prints("lib/rows.py:14-18");
}

#[test]
fn the_one_with_most_in_common_need_not_be_the_nearest() {
    let place = Place::new();
    place.file("program.py", PROGRAM);
    place.file("other.py", with_a_fragment());
    let document = place
        .dfab(&[
            "similarity",
            "--nearest",
            "program.py",
            "other.py",
            "--format",
            "json",
        ])
        .exits(0)
        .json();
    let found = &document["nearest"][1]["structure"]["containment"];
    assert_eq!(found["neighbor"], "program.py");
    assert!(found["left"].as_f64() > Some(0.2), "{found}");
}

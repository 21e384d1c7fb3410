//! What is found whatever it scores.

use std::fs;

use super::OTHER;
use crate::support::Place;

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
    // Programs and spreadsheets learn of it, too, and its lines are shown.
    let lines = compare(&["--min", "90", "--format", "jsonl"]).json_lines();
    assert_eq!(lines[0]["right"], "other.py");
    let csv = compare(&["--min", "90", "--csv", "-"]).stdout;
    assert!(csv.contains("\nprogram.py,other.py,"), "{csv}");
    let document = compare(&["--min", "90", "--regions", "--format", "json"]).json();
    let found_lines = &document["aligned"][0]["structure"]["containment"];
    assert_eq!(found_lines["regions"][0]["right"]["file"], "other.py");
    compare(&["--min", "90", "--html", "page.html"]);
    let page = fs::read_to_string(place.path("page.html")).expect("a page");
    assert!(page.contains("href=\"#pair-1\""), "{page}");
    assert!(page.contains("class=\"region r0\""), "{page}");
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

//! One small program, disguised by hand in every way that is measured on real ones.

use super::super::super::pair_score;
use super::super::contained;
use crate::python;
use crate::similarity::{CONTAINED_FROM, Sequence};

const ORIGINAL: &str = r#"
import json

LIMIT = 40


def load(path):
    """Reads the rows."""
    rows = []
    with open(path) as lines:
        for number, line in enumerate(lines):
            if not line.strip():
                continue
            row = json.loads(line)
            row["number"] = number
            rows.append(row)
    return rows


def weigh(row, weights):
    total = 0
    for key, weight in weights.items():
        value = row.get(key, 0)
        if isinstance(value, str):
            value = len(value) / LIMIT
        total += weight * min(value, 1)
    return round(total, 3)


def best(rows, weights, count=5):
    ranked = sorted(rows, key=lambda row: weigh(row, weights), reverse=True)
    return [(row["number"], weigh(row, weights)) for row in ranked[:count]]
"#;

/// Another program of the same size that does something else.
const UNRELATED: &str = r#"
import socket
import threading


class Relay:
    def __init__(self, host, port):
        self.address = (host, port)
        self.clients = {}
        self.lock = threading.Lock()
        self.closed = False

    def send(self, name, text):
        with self.lock:
            client = self.clients.get(name)
        if client is None or self.closed:
            raise LookupError(f"no client {name}")
        client.sendall(text.encode() + b"\n")
        return len(text)

    def run(self):
        server = socket.create_server(self.address, backlog=8)
        while not self.closed:
            try:
                client, peer = server.accept()
            except OSError:
                break
            threading.Thread(target=self.serve, args=(client, peer), daemon=True).start()
        server.close()
"#;

fn sequence(source: &str) -> Sequence {
    Sequence::of_tree(&python::parse(source).unwrap())
}

/// Share of the original found in another source.
fn share(other: &str) -> f64 {
    contained(&sequence(ORIGINAL), &sequence(other))
        .left
        .unwrap()
}

#[test]
fn unrelated_programs_have_nothing_in_common() {
    assert_eq!(share(UNRELATED), 0.0);
}

#[test]
fn other_names_constants_and_layout_change_nothing() {
    let renamed = ORIGINAL
        .replace("rows", "entries")
        .replace("row", "entry")
        .replace("weigh", "score")
        .replace("total", "acc")
        .replace("40", "99")
        .replace("\"number\"", "'n'");
    assert_eq!(share(&renamed), 1.0);
    let laid_out = ORIGINAL
        .replace("    ", "  ")
        .replace("\n\n\n", "\n# a comment\n");
    assert_eq!(share(&laid_out), 1.0);
}

#[test]
fn other_order_hides_nothing() {
    let [head, load, weigh, best]: [&str; 4] = ORIGINAL
        .split("\n\n\n")
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let reordered = [head, best, weigh, load].join("\n\n\n");
    assert!(share(&reordered) > 0.9, "{}", share(&reordered));
    let wrapped = format!(
        "class All:\n{}",
        reordered
            .trim()
            .replace('\n', "\n    ")
            .replacen("import", "    import", 1)
    );
    assert!(share(&wrapped) > 0.8, "{}", share(&wrapped));
}

#[test]
fn dead_code_and_padding_hide_little() {
    let dead = ORIGINAL
        .replace(
            "    rows = []\n",
            "    rows = []\n    unused = [1, 'x'] * 0\n",
        )
        .replace(
            "            row = json",
            "            if 7 < 0:\n                print(path)\n            row = json",
        )
        .replace(
            "        total +=",
            "        checked = True\n        total +=",
        );
    assert!(share(&dead) > 0.5, "{}", share(&dead));
    let padded = format!("{UNRELATED}\n{ORIGINAL}");
    assert!(share(&padded) > 0.95, "{}", share(&padded));
    let fragment = ORIGINAL.split("\n\n\n").nth(2).unwrap();
    let fragment = format!(
        "{UNRELATED}\n\n{}",
        fragment.replace("total", "t").replace("row", "r")
    );
    assert!(share(&fragment) > 0.25, "{}", share(&fragment));
}

#[test]
fn other_statements_hide_only_themselves() {
    let split = ORIGINAL
        .replace(
            "    return round(total, 3)",
            "    result = round(total, 3)\n    return result",
        )
        .replace("    return [(", "    found = [(")
        .replace("ranked[:count]]", "ranked[:count]]\n    return found");
    let looped = ORIGINAL.replace(
        "        for number, line in enumerate(lines):\n",
        "        walker = iter(enumerate(lines))\n        while True:\n            try:\n                number, line = next(walker)\n            except StopIteration:\n                break\n",
    );
    let typed = ORIGINAL
        .replace("def load(path)", "async def load(path: str) -> list[dict]")
        .replace(
            "(row, weights)",
            "(row: dict, weights: dict[str, float]) -> float",
        )
        .replace(
            "weigh(row: dict, weights: dict[str, float]) -> float, ",
            "weigh(row, weights), ",
        )
        .replace(
            "weigh(row: dict, weights: dict[str, float]) -> float)",
            "weigh(row, weights))",
        )
        .replace("total = 0", "total: float = 0");
    let guarded = ORIGINAL.replace(
        "        total += weight * min(value, 1)\n",
        "        try:\n            total += weight * min(value, 1)\n        except Exception as problem:\n            print(problem)\n            raise\n",
    );
    let helper = ORIGINAL.replace(
        "            row = json.loads(line)\n            row[\"number\"] = number\n            rows.append(row)\n",
        "            rows.append(made(line, number))\n",
    ) + "\n\ndef made(line, number):\n    row = json.loads(line)\n    row[\"number\"] = number\n    return row\n";
    for (disguise, source) in [
        ("split", split),
        ("looped", looped),
        ("typed", typed),
        ("guarded", guarded),
        ("helper", helper),
    ] {
        assert_ne!(source, ORIGINAL, "{disguise}");
        assert!(share(&source) > 0.5, "{disguise}: {}", share(&source));
    }
}

#[test]
fn a_fragment_is_notable_where_the_rule_sees_nothing() {
    let fragment = ORIGINAL
        .split("\n\n\n")
        .nth(2)
        .unwrap()
        .replace("value", "v")
        .replace("key", "k");
    let other = format!(
        "{UNRELATED}\n\n{}\n\n{fragment}",
        UNRELATED.replace("Relay", "Other")
    );
    let (left, right) = (sequence(ORIGINAL), sequence(&other));
    assert!(pair_score(&left, &right) < 60);
    assert!(contained(&left, &right).greater() >= CONTAINED_FROM);
}

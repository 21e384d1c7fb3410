use super::*;
use crate::review::{Review, Source, review};
use std::collections::HashSet;

fn reviewed(path: &str, text: &str) -> Review {
    review(&[Source {
        path,
        bytes: text.as_bytes(),
    }])
    .review
}

/// The advisory rules a Python source breaks, in the order of places.
fn advised(text: &str) -> Vec<String> {
    let review = reviewed("harness.py", text);
    assert!(
        review.files[0].structure_hash.is_some(),
        "{text} does not parse"
    );
    review
        .advisories
        .into_iter()
        .map(|advisory| advisory.rule)
        .collect()
}

#[test]
fn identifiers_are_unique_and_texts_complete() {
    let mut seen = HashSet::new();
    for rule in rules() {
        assert!(seen.insert(rule.id), "{} is there twice", rule.id);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(rule.id.chars().all(plain), "{}", rule.id);
        assert!(
            !rule.summary.is_empty() && rule.summary.len() <= 80,
            "{}",
            rule.id
        );
        assert!(
            !rule.summary.contains('\n') && !rule.summary.ends_with('.'),
            "{}",
            rule.id
        );
        assert!(rule.explanation.len() > rule.summary.len(), "{}", rule.id);
        assert_eq!(rule.id, super::rule(rule.id).unwrap().id);
    }
    assert!(super::rule("no-such-rule").is_none());
}

#[test]
fn every_example_breaks_its_rule() {
    for rule in rules() {
        // `…` stands for much more of the same; these pieces suit base64 and hex alike.
        let more = if rule.id == "encoded-literal" {
            "4a6f".repeat(60)
        } else {
            "QUJD".repeat(160)
        };
        let text = rule.example.replace('…', &more);
        let is_data = matches!(rule.check, Check::Data(_));
        let review = reviewed(if is_data { "data.jsonl" } else { "harness.py" }, &text);
        let found = match rule.effect {
            Effect::Advisory => review
                .advisories
                .iter()
                .any(|advisory| advisory.rule == rule.id),
            Effect::Suspicious => review.files[0].suspicious_patterns.len() == 1,
            Effect::Violation => {
                let [violation] = &review.files[0].violations[..] else {
                    panic!("{}", rule.id)
                };
                violation.severity == rule.severity
            }
        };
        assert!(found, "{}: {review:?}", rule.id);
    }
}

#[test]
fn ordinary_code_is_left_alone() {
    for text in [
        "import json, os, random, re\nprint(json.dumps({}), os.environ.get('X'), re.compile('a'))",
        "from urllib.parse import quote\nimport urllib.parse\nquote('a')",
        "def eval(x): return x\nf = eval",
        "class Model:\n    def eval(self): pass\nm = Model()\nhook = m.eval",
        "import os\nos.path.join('a', '..')\nwith open('data.txt') as f: pass",
        "import os\nwith open(os.environ['DATA_FABRICATION_OUTPUT'], 'w') as f: f.write('x')",
        "x = getattr(self, name)\ny = getattr(args, 'os')",
        "text = 'word ' * 100 + 'another sentence that goes on and on' * 3",
        "alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'",
        "sizes = bytes([1, 2, 3])\nc = chr(65) + chr(x)",
        "import base64\nprint(base64.b64decode('QUJD'))",
        "from .os import system\nsystem('x')",
    ] {
        assert_eq!(advised(text), [""; 0], "{text}");
    }
}

#[test]
fn detours_to_execution_are_followed() {
    for text in [
        "from os import system as s\ns('x')",
        "from os import system\nsystem('x')",
        "import os as o\no.system('x')",
        "import os\nrun = os.popen\nrun('x')",
        "import builtins\nbuiltins.exec('x')",
        "import builtins as b\nb.eval('x')",
        "__builtins__.eval('x')",
        "__builtins__['eval']('x')",
        "import os\nvars(os)['system']('x')",
        "import os\nos.__dict__['sys' + 'tem']('x')",
        "import sys\nsys.modules['os'].system('x')",
        "__import__('os').system('x')",
        "import importlib\nimportlib.import_module('os').system('x')",
        "import os\ngetattr(os, 'sys' + 'tem')('x')",
        "import os as o\ngetattr(o, 'metsys'[::-1])('x')",
        "import os\ngetattr(os, ''.join(['sys', 'tem']))('x')",
        "globals()['__builtins__']['ev' + 'al']('x')",
        "import os\na, b = len, os.system\nb('x')",
        "e: object = eval\ne('x')",
        "(e := eval)\ne('x')",
        "e = eval\nf = e\nf('x')",
    ] {
        let found = advised(text);
        assert!(
            found.contains(&"indirect-execution".to_owned()),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn what_the_service_reports_is_not_repeated() {
    assert!(advised("import os\nos.system('x')\neval('y')").is_empty());
    assert!(advised("import subprocess\nsubprocess.run(['x'])").is_empty());
}

#[test]
fn references_are_told_from_calls() {
    assert_eq!(advised("list(map(eval, lines))"), ["execution-reference"]);
    assert_eq!(
        advised("import os\nx = {'run': os.system}"),
        ["execution-reference"]
    );
    assert!(advised("import os\nos.popen('x')").is_empty());
}

#[test]
fn modules_are_found_however_imported() {
    for text in [
        "import socket",
        "import urllib.request as u",
        "from urllib import request",
        "from http.client import HTTPConnection",
        "m = __import__('so' + 'cket')",
        "import importlib\nimportlib.import_module('requests.sessions')",
    ] {
        let found = advised(text);
        assert!(
            found.contains(&"network-module".to_owned()),
            "{text}: {found:?}"
        );
    }
    assert!(advised("import socketio_like, sslutil\nfrom http import HTTPStatus").is_empty());
}

#[test]
fn decoded_data_is_followed_into_exec() {
    for text in [
        "import base64\nexec(base64.b64decode(b))",
        "import zlib, base64 as b\nexec(compile(zlib.decompress(b.b64decode(x)), '', 'exec'))",
        "import codecs\ncode = codecs.decode(x, 'rot13')\nexec(code)",
        "eval(bytes.fromhex(x).decode())",
    ] {
        assert!(
            advised(text).contains(&"decoded-execution".to_owned()),
            "{text}"
        );
    }
}

#[test]
fn encoded_literals_are_told_from_text() {
    let noise = "aG9wZTEx/Zm9yQ2xhc3MyM2Jhc2U2NFRleHQ0NXdpdGhNaXhlZFNoYXBlczc4OTBYWVo+";
    for text in [
        format!("x = '{}'", "deadbeef01".repeat(20)),
        format!("x = b'{}'", noise.repeat(4)),
        format!("x = '''\n{}\n'''", [noise; 5].join("\n")),
        format!("x = '{}'", "\\x41\\x6f".repeat(30)),
        format!("x = rb'{}'", "aZ9!kQ7#mP3$xW5%vB1&".repeat(11)),
    ] {
        // Repeats leave few distinct characters in the last, which base85 needs many of.
        let found = advised(&text);
        let expected = !text.starts_with("x = rb");
        assert_eq!(found == ["encoded-literal"], expected, "{text}: {found:?}");
    }
    for text in [
        format!("x = '{}'", "0".repeat(500)),
        format!("x = '{}'", "=".repeat(500)),
        format!("x = '{}'", "some_long_identifier_".repeat(20)),
        format!("x = '{}'", "/usr/share/doc/package/file.txt:".repeat(20)),
    ] {
        assert!(advised(&text).is_empty(), "{text}");
    }
}

#[test]
fn findings_are_bounded_and_counted() {
    let text = "import os as o\n".to_owned() + &"o.system('x')\n".repeat(50);
    let review = reviewed("harness.py", &text);
    assert_eq!(review.advisories.len(), 21);
    assert_eq!(review.advisories[0].line, Some(2));
    let last = &review.advisories[20];
    assert_eq!(
        (last.line, &*last.message),
        (None, "30 more of these in this file")
    );
    assert!(review.accepted, "advisories never change the verdict");
}

#[test]
fn rules_serialise_without_their_check() {
    let json = serde_json::to_value(&rules()[0]).unwrap();
    let keys: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        [
            "id",
            "severity",
            "effect",
            "summary",
            "explanation",
            "example"
        ]
    );
    assert_eq!(json["effect"], "violation");
}

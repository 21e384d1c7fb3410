//! What a harness can do to the terminal of whoever runs it: nothing.

use crate::support::{Place, Ran};

/// Titles, colours, clipboard, links, questions to the terminal, C1 bytes raw and as UTF-8, backspaces, bells,
/// lines that overwrite others, and text that runs the other way.
const ESCAPES: &str = r#"
import json, os, sys
bad = ('\x1b]0;owned\x07\x1b[2J\x1b[31m\x1b]52;c;b3duZWQ=\x07\x1b]8;;http://x\x1b\\x\x1b[6n\x1bP+q\x1b\\\x9b31m\x9d0;t\x9c'
       '\x08\x7f\x0b\x0c\x05\x0e\rhidden \u202eback\u2066')
sys.stderr.write(bad + '\n'); sys.stderr.flush(); os.write(2, b'\x9b31m\xff\xfe\n')
"#;

/// Characters that a terminal acts upon, line ends and tabs apart.
#[track_caller]
fn is_harmless(what: &str, text: &str) {
    for bad in text.chars() {
        let acts = bad.is_control() && !matches!(bad, '\n' | '\t')
            || matches!(bad, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!acts, "{what}: {bad:?} in {text:?}");
    }
}

fn both(ran: &Ran) -> String {
    format!("{}{}", ran.stdout, ran.stderr)
}

#[test]
fn no_escape_of_a_harness_reaches_a_terminal() {
    let place = Place::new();
    let ends = [
        "print(json.dumps({'messages': [{'role': 'user', 'content': bad}, {'role': bad, 'content': bad}]}, ensure_ascii=False))",
        "print(bad); os.write(1, b'\\x9b31m\\n')",
        "open(os.environ['DATA_FABRICATION_OUTPUT'], 'w').write(bad)",
        "print(bad); sys.exit(bad)",
        "raise type(bad.replace('\\0', ''), (Exception,), {})(bad)",
        "print(bad); sys.stdout.flush(); os.kill(os.getpid(), 15)",
        "os.symlink(bad.replace('/', ''), os.environ['DATA_FABRICATION_OUTPUT'])",
    ];
    for end in ends {
        place.file("p/harness.py", format!("{ESCAPES}{end}\n"));
        for arguments in [
            &["exec", "p", "--color", "never"][..],
            &["exec", "-v", "p", "--color", "never"],
            &["run", "p", "--color", "never"],
        ] {
            let shown = place.on_terminal(100, arguments, &[("TERM", "dumb")]);
            assert!(!shown.is_empty());
            is_harmless(&format!("{arguments:?} {end}"), &shown);
        }
    }
}

#[test]
fn no_escape_of_a_harness_reaches_what_is_meant_for_people_or_machines() {
    let place = Place::new();
    place.file(
        "p/harness.py",
        format!("{ESCAPES}print(bad); sys.exit(bad)\n"),
    );
    let ran = place.dfab(&["exec", "p", "--report", "report.json"]);
    is_harmless("exec", &both(&ran));
    let report = std::fs::read_to_string(place.path("report.json")).unwrap();
    is_harmless("report", &report.replace(['\u{202e}', '\u{2066}'], ""));
    is_harmless("table", &both(&place.dfab(&["run", "p"])));
    for format in ["json", "jsonl"] {
        let ran = place.dfab(&["run", "p", "--format", format]);
        // JSON escapes what JSON must: the rest is text to it, for programs.
        let text_to_json = [
            '\u{202e}', '\u{2066}', '\u{7f}', '\u{9b}', '\u{9c}', '\u{9d}',
        ];
        is_harmless(format, &both(&ran).replace(text_to_json, ""));
    }
}

//! The live service's own rules. They decide what miners earn, so nothing here is a matter of
//! taste.

use super::{Check, Effect, Rule};
use crate::review::Severity;

/// In the order in which the service reports suspicious text.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "syntax-error",
        severity: Severity::Critical,
        effect: Effect::Violation,
        summary: "a Python file does not parse",
        explanation: "Every .py file of a package must be Python 3.12, helpers and unused files included. \
            Reported as `syntax_error` with the place and what was expected there.",
        example: "def harness(:\n    pass\n",
        check: Check::Parse,
    },
    Rule {
        id: "dynamic-execution",
        severity: Severity::Critical,
        effect: Effect::Violation,
        summary: "calls exec, eval or __import__",
        explanation: "Code made while running cannot be reviewed. The callee counts by its dotted name; a method \
            of a computed value counts by its own name alone, so `model.cuda().eval()` is `eval` too, while \
            `model.eval()` is not. `getattr(__builtins__, 'eval')` is found as well.",
        example: "result = eval(text)\n",
        check: Check::CalledNames(&["exec", "eval", "__import__"]),
    },
    Rule {
        id: "shell-command",
        severity: Severity::Critical,
        effect: Effect::Violation,
        summary: "calls os.system or os.popen",
        explanation: "A harness produces data; it has no business with a shell. First and last part of the dotted \
            name count, so `os.path.system()` is found too, and so is `getattr(os, 'system')`.",
        example: "import os\nos.system('ls')\n",
        check: Check::CalledPairs(&[("os", "system"), ("os", "popen")]),
    },
    Rule {
        id: "compile-call",
        severity: Severity::Warning,
        effect: Effect::Violation,
        summary: "calls compile",
        explanation: "Compiling text is a step towards running it. `re.compile()` is not meant: its dotted name is \
            another one.",
        example: "code = compile(text, 'generated', 'exec')\n",
        check: Check::CalledNames(&["compile"]),
    },
    Rule {
        id: "child-process",
        severity: Severity::Warning,
        effect: Effect::Violation,
        summary: "starts a process through subprocess",
        explanation: "Processes are counted and killed with the harness, but what they do is not reviewed.",
        example: "import subprocess\nsubprocess.run(['ls'])\n",
        check: Check::CalledPairs(&[
            ("subprocess", "run"),
            ("subprocess", "call"),
            ("subprocess", "Popen"),
            ("subprocess", "check_output"),
            ("subprocess", "check_call"),
        ]),
    },
    Rule {
        id: "socket-connection",
        severity: Severity::Warning,
        effect: Effect::Violation,
        summary: "opens a socket",
        explanation: "Harnesses run without a network, so this cannot work as it seems meant.",
        example: "import socket\ns = socket.socket()\n",
        check: Check::CalledPairs(&[("socket", "socket"), ("socket", "create_connection")]),
    },
    Rule {
        id: "file-removal",
        severity: Severity::Warning,
        effect: Effect::Violation,
        summary: "removes files with shutil.rmtree or os.remove",
        explanation: "The workspace is read-only and the temporary folder disappears by itself; removing files is \
            rarely needed.",
        example: "import shutil\nshutil.rmtree('/tmp/x')\n",
        check: Check::CalledPairs(&[("shutil", "rmtree"), ("os", "remove")]),
    },
    Rule {
        id: "http-request",
        severity: Severity::Info,
        effect: Effect::Violation,
        summary: "makes an HTTP request",
        explanation: "Harnesses run without a network, so the request fails. First and last part of the dotted \
            name count.",
        example: "import requests\nrequests.get('http://example.com')\n",
        check: Check::CalledPairs(&[("urllib", "request"), ("requests", "get"), ("httpx", "get")]),
    },
    text_rule(
        "password-file",
        "mentions /etc/passwd",
        "The text rejects the harness wherever it stands, comments included.",
        "# reads /etc/passwd\n",
        "/etc/passwd",
    ),
    text_rule(
        "process-files",
        "mentions /proc/",
        "The process file system describes the machine. The text rejects the harness wherever it stands, so \
            mind paths such as `/proc/` in prompts.",
        "status = '/proc/self/status'\n",
        "/proc/",
    ),
    text_rule(
        "platform-token",
        "mentions DATA_FABRICATION_SHARED_TOKEN",
        "The name of the platform's secret has no place in a harness.",
        "name = 'DATA_FABRICATION_SHARED_TOKEN'\n",
        "DATA_FABRICATION_SHARED_TOKEN",
    ),
    text_rule(
        "challenge-token",
        "mentions CHALLENGE_SHARED_TOKEN",
        "The name of the platform's secret has no place in a harness.",
        "name = 'CHALLENGE_SHARED_TOKEN'\n",
        "CHALLENGE_SHARED_TOKEN",
    ),
    text_rule(
        "private-key",
        "holds the head of a private key",
        "A key in a package is either leaked or stolen.",
        "key = '-----BEGIN PRIVATE KEY-----'\n",
        "BEGIN PRIVATE KEY",
    ),
    Rule {
        id: "large-base64-blob",
        severity: Severity::Warning,
        effect: Effect::Suspicious,
        summary: "holds a large base64 blob",
        explanation: "A run of 512 or more base64 characters that decodes strictly to more than 256 bytes with \
            fewer than three zero bytes hides something: code, data or an answer key. Reported as \
            `large_base64_blob`.",
        example: "blob = 'QUJD…'\n",
        check: Check::Blob,
    },
];

const fn text_rule(
    id: &'static str,
    summary: &'static str,
    explanation: &'static str,
    example: &'static str,
    text: &'static str,
) -> Rule {
    Rule {
        id,
        severity: Severity::Warning,
        effect: Effect::Suspicious,
        summary,
        explanation,
        example,
        check: Check::Text(text),
    }
}

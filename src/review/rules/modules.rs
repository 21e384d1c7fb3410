//! Advisories: modules that have no honest use in a harness, or few.

use super::{Check, Effect, File, Findings, Rule};
use crate::python::{Kind, Text};
use crate::review::Severity;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "network-module",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "imports a module that talks to the network",
        explanation: "Harnesses run without a network. A harness that tries to fetch its data fails, or falls back \
            to something else than its author measured. urllib.parse and other pure helpers are not meant.",
        example: "import http.client\n",
        check: Check::Imports(&[
            "socket",
            "_socket",
            "ssl",
            "socketserver",
            "urllib.request",
            "http.client",
            "http.server",
            "ftplib",
            "smtplib",
            "poplib",
            "imaplib",
            "telnetlib",
            "nntplib",
            "xmlrpc",
            "webbrowser",
            "requests",
            "httpx",
            "aiohttp",
            "urllib3",
            "httplib2",
            "pycurl",
            "websocket",
            "websockets",
            "paramiko",
            "grpc",
            "zmq",
            "openai",
            "anthropic",
            "litellm",
            "huggingface_hub",
            "boto3",
        ]),
    },
    Rule {
        id: "native-code",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "imports a module that calls native code",
        explanation: "ctypes and cffi reach every function of the C library, which no review of Python can see.",
        example: "import ctypes\n",
        check: Check::Imports(&["ctypes", "_ctypes", "cffi", "_cffi_backend"]),
    },
    Rule {
        id: "unsafe-deserialisation",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "loads pickled, marshalled or similar data",
        explanation: "Loading a pickle runs what the pickle says; marshal loads code objects.",
        example: "import pickle\npickle.loads(data)\n",
        check: Check::Calls(&[
            "pickle.load",
            "pickle.loads",
            "pickle.Unpickler",
            "_pickle.load",
            "_pickle.loads",
            "cPickle.load",
            "cPickle.loads",
            "marshal.load",
            "marshal.loads",
            "dill.load",
            "dill.loads",
            "cloudpickle.load",
            "cloudpickle.loads",
            "joblib.load",
            "shelve.open",
            "jsonpickle.decode",
            "yaml.unsafe_load",
            "yaml.unsafe_load_all",
            "pandas.read_pickle",
        ]),
    },
    Rule {
        id: "interpreter-internals",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "reaches into the interpreter's internals",
        explanation: "Subclass lists, frames, function globals and code objects are the usual way around a rule \
            about names: `().__class__.__base__.__subclasses__()`.",
        example: "found = object.__subclasses__()\n",
        check: Check::File(internals),
    },
];

/// Attributes with no everyday use.
const INTERNALS: [&str; 9] = [
    "__subclasses__",
    "__globals__",
    "__builtins__",
    "__code__",
    "f_globals",
    "f_builtins",
    "f_locals",
    "gi_frame",
    "tb_frame",
];

fn internals(file: &File<'_>, findings: &mut Findings<'_>) {
    for (index, node) in file.tree.nodes.iter().enumerate() {
        if let (Kind::Attribute, Text::Identifier(name)) = (node.kind, file.tree.text_of(node))
            && INTERNALS.contains(&name)
        {
            findings.add(file, index, format!("uses {name}"));
        }
    }
    for resolved in &file.calls {
        let maker = |path: &&String| {
            matches!(
                &***path,
                "types.CodeType" | "types.FunctionType" | "sys._getframe"
            )
        };
        if let Some(path) = resolved.meanings.iter().find(maker) {
            findings.add(file, resolved.call.index, format!("calls {path}"));
        }
    }
}

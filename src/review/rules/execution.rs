//! Advisories: ways to run code that the service's rules do not see.

use super::{Check, Effect, File, Findings, Rule, of_called_name, of_called_pair};
use crate::python::{Kind, Text};
use crate::review::Severity;
use crate::review::resolve::folded_text;

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "behind-syntax-error",
        severity: Severity::Critical,
        effect: Effect::Advisory,
        summary: "makes a forbidden call in a file that does not parse",
        explanation: "The service says nothing but `syntax_error` of such a file. This rule lists the calls that \
            would be violations among what can be read of it, so that a slip hides nothing from a reader.",
        example: "import os\nos.system('ls')\nprint 'done'\n",
        check: Check::Unparsed,
    },
    Rule {
        id: "indirect-execution",
        severity: Severity::Critical,
        effect: Effect::Advisory,
        summary: "reaches eval, exec, os.system or the like by a detour",
        explanation: "The service looks at the name that is written; this rule looks at what it means: import \
            aliases, assignments, `builtins.exec`, `vars(os)['system']`, `sys.modules['os']`, and getattr with a \
            name put together from pieces.",
        example: "from os import system as s\ns('ls')\n",
        check: Check::File(indirect_execution),
    },
    Rule {
        id: "indirect-call",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "reaches subprocess, socket or file removal by a detour",
        explanation: "As indirect-execution, for the calls that the service gives a warning.",
        example: "import subprocess as sp\nsp.run(['ls'])\n",
        check: Check::File(indirect_call),
    },
    Rule {
        id: "execution-reference",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "passes eval, exec, os.system or the like around",
        explanation: "A function that runs code is named without being called there, so it can be called where \
            nobody looks: `map(eval, lines)`, `handlers = {'x': os.system}`.",
        example: "results = list(map(eval, lines))\n",
        check: Check::File(execution_reference),
    },
    Rule {
        id: "computed-attribute",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "takes an attribute of a powerful module by a computed name",
        explanation: "`getattr` on os, sys, subprocess, builtins, importlib, shutil, socket or ctypes with a name \
            that is not a plain constant hides which function is meant.",
        example: "import os\nrun = getattr(os, name)\n",
        check: Check::File(computed_attribute),
    },
    Rule {
        id: "process-replacement",
        severity: Severity::Critical,
        effect: Effect::Advisory,
        summary: "forks, spawns or replaces the process",
        explanation: "os.exec*, os.spawn*, os.posix_spawn*, os.fork and pty do what os.system does, by other names.",
        example: "import os\nos.execv('/bin/sh', ['sh'])\n",
        check: Check::Calls(&[
            "os.exec*",
            "os.spawn*",
            "os.posix_spawn*",
            "os.fork",
            "os.forkpty",
            "posix.exec*",
            "posix.system",
            "posix.popen",
            "posix.fork",
            "nt.system",
            "pty.spawn",
            "pty.fork",
        ]),
    },
    Rule {
        id: "process-start",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "starts a process in a way the service does not know",
        explanation: "subprocess.getoutput and getstatusoutput run a shell, asyncio starts processes too, and so \
            does os.startfile.",
        example: "import subprocess\nsubprocess.getoutput('ls')\n",
        check: Check::Calls(&[
            "subprocess.getoutput",
            "subprocess.getstatusoutput",
            "os.startfile",
            "asyncio.create_subprocess_exec",
            "asyncio.create_subprocess_shell",
            "asyncio.subprocess.create_subprocess_exec",
            "asyncio.subprocess.create_subprocess_shell",
            "_posixsubprocess.fork_exec",
        ]),
    },
    Rule {
        id: "dynamic-import",
        severity: Severity::Warning,
        effect: Effect::Advisory,
        summary: "imports or runs a module by its name or path",
        explanation: "importlib.import_module does what __import__ does; runpy and file loaders run whatever file \
            they are given.",
        example: "import importlib\nimportlib.import_module('os')\n",
        check: Check::Calls(&[
            "importlib.import_module",
            "importlib.__import__",
            "importlib.reload",
            "importlib.util.spec_from_file_location",
            "importlib.util.module_from_spec",
            "importlib.machinery.*",
            "runpy.run_path",
            "runpy.run_module",
            "imp.load_*",
            "pkgutil.resolve_name",
            "code.interact",
            "code.InteractiveInterpreter",
            "code.InteractiveConsole",
        ]),
    },
];

/// What the service says of a path: the severity of calling it.
fn severity_of(path: &str) -> Option<Severity> {
    let rule = match path.strip_prefix("builtins.") {
        Some(name) => of_called_name(name),
        None => {
            let (first, _) = path.split_once('.')?;
            let (_, last) = path.rsplit_once('.')?;
            of_called_pair(first, last)
        }
    };
    rule.map(|rule| rule.severity)
}

fn indirect_execution(file: &File<'_>, findings: &mut Findings<'_>) {
    indirect(file, Severity::Critical, findings);
}

fn indirect_call(file: &File<'_>, findings: &mut Findings<'_>) {
    indirect(file, Severity::Warning, findings);
}

fn indirect(file: &File<'_>, severity: Severity, findings: &mut Findings<'_>) {
    for resolved in file.calls.iter().filter(|resolved| !resolved.is_violation) {
        let reached = resolved
            .meanings
            .iter()
            .find(|meaning| severity_of(meaning) == Some(severity));
        if let Some(path) = reached {
            findings.add(
                file,
                resolved.call.index,
                format!("calls {path} by a detour"),
            );
        }
    }
}

fn execution_reference(file: &File<'_>, findings: &mut Findings<'_>) {
    let nodes = &file.tree.nodes;
    for (index, node) in nodes.iter().enumerate() {
        let Text::Identifier(name) = file.tree.text_of(node) else {
            continue;
        };
        // Only names that can matter are resolved; the last part of the path is always written,
        // except for aliases, whose calls are found by other rules.
        let is_reference = match node.kind {
            Kind::Name => matches!(name, "eval" | "exec" | "__import__"),
            Kind::Attribute => {
                matches!(name, "system" | "popen" | "eval" | "exec" | "__import__")
            }
            _ => false,
        };
        let parent_is_call = index > 0 && nodes[index - 1].kind == Kind::Call;
        let is_base = index > 0 && nodes[index - 1].kind == Kind::Attribute;
        if !is_reference || parent_is_call || is_base {
            continue;
        }
        let meanings = file.names.resolve(file.tree, index);
        if let Some(path) = meanings
            .iter()
            .find(|path| severity_of(path) == Some(Severity::Critical))
        {
            findings.add(file, index, format!("names {path} without calling it"));
        }
    }
}

/// Modules whose attributes give access to the machine or to running code.
const POWERFUL: [&str; 9] = [
    "os",
    "posix",
    "sys",
    "subprocess",
    "builtins",
    "importlib",
    "shutil",
    "socket",
    "ctypes",
];

fn computed_attribute(file: &File<'_>, findings: &mut Findings<'_>) {
    for resolved in &file.calls {
        let call = resolved.call;
        if !resolved
            .meanings
            .iter()
            .any(|meaning| meaning == "builtins.getattr")
        {
            continue;
        }
        let (Some(object), Some(name)) = (call.argument(file.tree, 0), call.argument(file.tree, 1))
        else {
            continue;
        };
        let objects = file.names.resolve(file.tree, object);
        let module = objects.iter().find(|object| POWERFUL.contains(&&***object));
        let plain = file.tree.nodes[name].kind == Kind::Constant;
        if let (Some(module), false) = (module, plain) {
            let message = match folded_text(file.tree, name) {
                Some(name) => format!("getattr({module}, …) spells {name} in pieces"),
                None => format!("getattr({module}, …) with a computed name"),
            };
            findings.add(file, call.index, message);
        }
    }
}

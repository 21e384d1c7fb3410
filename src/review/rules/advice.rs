//! Runs the advisory rules over a file.

use super::{Check, File, Findings, ResolvedCall, Rule, rules};
use crate::python::{Kind, Text, Tree};
use crate::review::dotted::calls;
use crate::review::file::call_violation;
use crate::review::finding::Advisory;
use crate::review::resolve::{Names, folded_text};

/// Findings kept per rule and file.
pub(super) const MAX_FINDINGS: usize = 20;

/// Advisories of a parsed file, by place.
pub(in crate::review) fn advisories_of_tree(
    path: &str,
    source: &str,
    tree: &Tree,
) -> Vec<Advisory> {
    advisories_of(path, source, tree, true)
}

/// Advisories of what could be read of a file that does not parse.
pub(in crate::review) fn advisories_of_parts(
    path: &str,
    source: &str,
    tree: &Tree,
) -> Vec<Advisory> {
    advisories_of(path, source, tree, false)
}

fn advisories_of(path: &str, source: &str, tree: &Tree, parses: bool) -> Vec<Advisory> {
    let names = Names::of(tree);
    let calls = calls(tree)
        .map(|call| ResolvedCall {
            call,
            meanings: names.resolve(tree, call.callee),
            is_violation: call_violation(tree, call).is_some(),
        })
        .collect();
    let file = File {
        source,
        tree,
        parses,
        names,
        calls,
    };
    advisories(path, |rule, findings| match rule.check {
        Check::Unparsed => unparsed(&file, findings),
        Check::Calls(patterns) => called(&file, patterns, findings),
        Check::Imports(modules) => imported(&file, modules, findings),
        Check::File(look) => look(&file, findings),
        Check::Data(look) => embedded(&file, path, look, findings),
        _ => {}
    })
}

/// Advisories of a file that is not Python.
pub(in crate::review) fn advisories_of_data(path: &str, bytes: &[u8]) -> Vec<Advisory> {
    advisories(path, |rule, findings| {
        if let Check::Data(look) = rule.check
            && let Some(message) = look(path, bytes)
        {
            findings.whole_file(message);
        }
    })
}

fn advisories(path: &str, mut look: impl FnMut(&Rule, &mut Findings<'_>)) -> Vec<Advisory> {
    let mut placed = Vec::new();
    let mut counts = Vec::new();
    for rule in rules() {
        let mut findings = Findings {
            rule,
            path,
            found: Vec::new(),
            left_out: 0,
        };
        look(rule, &mut findings);
        if findings.left_out > 0 {
            counts.push(findings.count());
        }
        placed.append(&mut findings.found);
    }
    // Stable: rules keep their order at one place.
    placed.sort_by_key(|advisory| (advisory.line, advisory.column));
    placed.append(&mut counts);
    placed
}

/// Text constants below this are no data worth a look.
const MIN_EMBEDDED: usize = 1000;

fn embedded(
    file: &File<'_>,
    path: &str,
    look: fn(&str, &[u8]) -> Option<String>,
    findings: &mut Findings<'_>,
) {
    for (index, node) in file.tree.nodes.iter().enumerate() {
        if let Text::Str(text) = file.tree.text_of(node)
            && text.len() >= MIN_EMBEDDED
            && let Some(message) = look(path, text.as_bytes())
        {
            findings.add(file, index, message);
        }
    }
}

/// In a file that does not parse: what would have been violations.
fn unparsed(file: &File<'_>, findings: &mut Findings<'_>) {
    if file.parses {
        return;
    }
    for resolved in file.calls.iter().filter(|resolved| resolved.is_violation) {
        if let Some((pattern, severity)) = call_violation(file.tree, resolved.call) {
            let severity = severity.as_str();
            let message = format!("calls {pattern}, which is {severity} where a file parses");
            findings.add(file, resolved.call.index, message);
        }
    }
}

/// Calls that mean one of the patterns and that the service does not object to.
fn called(file: &File<'_>, patterns: &[&str], findings: &mut Findings<'_>) {
    for resolved in file.calls.iter().filter(|resolved| !resolved.is_violation) {
        let meaning = resolved
            .meanings
            .iter()
            .find(|meaning| matches_any(patterns, meaning));
        if let Some(meaning) = meaning {
            findings.add(file, resolved.call.index, format!("calls {meaning}"));
        }
    }
}

fn matches_any(patterns: &[&str], path: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => path == *pattern,
        })
}

/// Calls that import the module named by their first argument.
const IMPORTERS: [&str; 3] = [
    "builtins.__import__",
    "importlib.import_module",
    "importlib.__import__",
];

/// Import statements, and imports by name.
fn imported(file: &File<'_>, modules: &[&str], findings: &mut Findings<'_>) {
    let wanted = |module: &str| modules.iter().any(|wanted| is_within(module, wanted));
    for (index, node) in file.tree.nodes.iter().enumerate() {
        match (node.kind, file.tree.text_of(node)) {
            (Kind::Import, _) => {
                for (alias, module) in aliases(file.tree, index) {
                    if wanted(module) {
                        findings.add(file, alias, format!("imports {module}"));
                    }
                }
            }
            (Kind::ImportFrom, Text::Identifier(module)) if node.positional == 0 => {
                let mut names = aliases(file.tree, index);
                if wanted(module) {
                    findings.add(file, index, format!("imports from {module}"));
                } else if let Some(name) = names
                    .find_map(|(_, name)| Some(format!("{module}.{name}")).filter(|m| wanted(m)))
                {
                    findings.add(file, index, format!("imports {name}"));
                }
            }
            _ => {}
        }
    }
    for ResolvedCall { call, meanings, .. } in &file.calls {
        if meanings
            .iter()
            .any(|meaning| IMPORTERS.contains(&&**meaning))
            && let Some(module) = call
                .argument(file.tree, 0)
                .and_then(|at| folded_text(file.tree, at))
            && wanted(&module)
        {
            findings.add(file, call.index, format!("imports {module} by name"));
        }
    }
}

/// Whether a module is `wanted` or below it.
fn is_within(module: &str, wanted: &str) -> bool {
    module
        .strip_prefix(wanted)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The aliases of an import statement with the names they import.
fn aliases(tree: &Tree, statement: usize) -> impl Iterator<Item = (usize, &str)> {
    tree.children(statement)
        .filter_map(|alias| match tree.text(alias) {
            Text::Identifier(name) => Some((alias, name)),
            _ => None,
        })
}

impl Findings<'_> {
    /// Notes a finding at a node, unless there are enough already.
    pub(super) fn add(&mut self, file: &File<'_>, index: usize, message: String) {
        if self.found.len() >= MAX_FINDINGS {
            self.left_out += 1;
            return;
        }
        let node = &file.tree.nodes[index];
        self.found
            .push(self.advisory(Some((node.line, node.column)), message));
    }

    /// Notes a finding about the file as a whole.
    pub(super) fn whole_file(&mut self, message: String) {
        self.found.push(self.advisory(None, message));
    }

    fn count(&self) -> Advisory {
        self.advisory(
            None,
            format!("{} more of these in this file", self.left_out),
        )
    }

    fn advisory(&self, place: Option<(u32, u32)>, message: String) -> Advisory {
        Advisory {
            rule: self.rule.id.to_owned(),
            severity: self.rule.severity,
            file: self.path.to_owned(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            message,
        }
    }
}

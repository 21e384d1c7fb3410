//! The review of one file.

use super::Source;
use super::dotted::{Call, calls, dotted, text_constant};
use super::finding::{Advisory, Counts, Excerpt, FileReview, Severity, Violation};
use super::rules;
use crate::python::{self, Kind, SyntaxError, Text, Tree};
use crate::similarity::Sequence;
use crate::text::splitlines;

/// What one file gives: findings if it is a Python file, and advisories.
pub(super) struct Outcome {
    pub python: Option<PythonFile>,
    pub advisories: Vec<Advisory>,
}

impl Outcome {
    /// Whether it is a Python file that does not parse.
    pub fn is_refused(&self) -> bool {
        self.python
            .as_ref()
            .is_some_and(|python| python.tree.is_none())
    }
}

/// A reviewed Python file. Its calls are counted here and listed later by [`list_calls`], for how
/// many are listed depends on the files before it.
pub(super) struct PythonFile {
    pub review: FileReview,
    /// None where it does not parse; `review` then says why.
    pub tree: Option<Tree>,
    /// Of all its violations, listed or not.
    pub counts: Counts,
}

/// Reviews a Python file.
pub(super) fn python(file: &Source<'_>) -> Outcome {
    let source = python::decode(file.bytes);
    let parsed = python::parse(&source);
    let mut review = FileReview {
        path: file.path.to_owned(),
        structure_hash: None,
        functions: Vec::new(),
        imports: Vec::new(),
        violations: Vec::new(),
        suspicious_patterns: rules::suspicious_text(&source),
        line_count: splitlines(&source).count(),
    };
    let mut advisories = Vec::new();
    let mut counts = Counts::default();
    let tree = match parsed {
        Ok(tree) => {
            review.structure_hash = Some(Sequence::of_tree(&tree).structure_hash());
            review.functions = functions(&tree);
            review.imports = imports(&tree);
            for (_, severity) in broken_rules(&tree).map(|(_, broken)| broken) {
                counts.add(severity);
            }
            advisories = rules::advisories_of_tree(file.path, &source, &tree);
            Some(tree)
        }
        Err(error) => {
            review.violations.push(syntax_error(&source, error));
            counts.add(Severity::Critical);
            None
        }
    };
    Outcome {
        python: Some(PythonFile {
            review,
            tree,
            counts,
        }),
        advisories,
    }
}

/// Advisories of what can be read of a file that does not parse.
pub(super) fn advice_on_parts(file: &Source<'_>) -> Vec<Advisory> {
    let source = python::decode(file.bytes);
    python::salvage(&source).map_or(Vec::new(), |parts| {
        rules::advisories_of_parts(file.path, &source, &parts)
    })
}

/// Looks at a file that is not Python.
pub(super) fn other(file: &Source<'_>) -> Outcome {
    Outcome {
        python: None,
        advisories: rules::advisories_of_data(file.path, file.bytes),
    }
}

fn syntax_error(source: &str, error: SyntaxError) -> Violation {
    Violation {
        excerpt: Excerpt::of(source, error.line, error.column),
        pattern: "syntax_error".to_owned(),
        severity: Severity::Critical,
        line: Some(error.line),
        column: Some(error.column),
        message: Some(error.message),
    }
}

/// Names of all functions, sorted, duplicates kept.
fn functions(tree: &Tree) -> Vec<String> {
    let definitions = tree
        .nodes
        .iter()
        .filter(|node| matches!(node.kind, Kind::FunctionDef | Kind::AsyncFunctionDef));
    let mut names: Vec<String> = definitions
        .filter_map(|node| match tree.text_of(node) {
            Text::Identifier(name) => Some(name.to_string()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names
}

/// Imported modules, sorted, each once: `import a.b` gives `a.b`, `from m import x` and `from .m
/// import x` give `m`.
fn imports(tree: &Tree) -> Vec<String> {
    let mut modules = Vec::new();
    for (index, node) in tree.nodes.iter().enumerate() {
        match (node.kind, tree.text_of(node)) {
            (Kind::ImportFrom, Text::Identifier(module)) => modules.push(module),
            (Kind::Import, _) => {
                modules.extend(
                    tree.children(index)
                        .filter_map(|alias| match tree.text(alias) {
                            Text::Identifier(name) => Some(name),
                            _ => None,
                        }),
                );
            }
            _ => {}
        }
    }
    modules.sort_unstable();
    modules.dedup();
    modules.into_iter().map(str::to_owned).collect()
}

/// Calls that break a rule, in pre-order, each with what it breaks.
fn broken_rules(tree: &Tree) -> impl Iterator<Item = (Call, (String, Severity))> + '_ {
    calls(tree).filter_map(|call| Some((call, call_violation(tree, call)?)))
}

/// The first calls that break a rule, in pre-order, at most `limit`.
pub(super) fn list_calls(tree: &Tree, limit: usize) -> Vec<Violation> {
    let violation = |(call, (pattern, severity)): (Call, (String, Severity))| {
        let node = &tree.nodes[call.index];
        Violation {
            pattern,
            severity,
            line: Some(node.line),
            column: Some(node.column),
            message: None,
            excerpt: None,
        }
    };
    broken_rules(tree).take(limit).map(violation).collect()
}

/// Pattern and severity if the service objects to this call.
pub(super) fn call_violation(tree: &Tree, call: Call) -> Option<(String, Severity)> {
    let name = dotted(tree, call.callee)?;
    if name == ["getattr"] {
        return getattr_violation(tree, call);
    }
    let rule = match *name.as_slice() {
        [name] => rules::of_called_name(name)?,
        [first, .., last] => rules::of_called_pair(first, last)?,
        [] => return None,
    };
    Some((name.join("."), rule.severity))
}

/// `getattr(M, 'A')` with a dotted name M and a text constant A, judged as a call of `A` or of
/// `M.A` if that is critical or a warning.
fn getattr_violation(tree: &Tree, call: Call) -> Option<(String, Severity)> {
    let object = dotted(tree, call.argument(tree, 0)?)?.join(".");
    let attribute = text_constant(tree, call.argument(tree, 1)?)?;
    let builtin = match object == "__builtins__" {
        true => rules::of_called_name(attribute),
        false => None,
    };
    let rule = builtin.or_else(|| rules::of_called_pair(&object, attribute))?;
    (rule.severity != Severity::Info)
        .then(|| (format!("getattr({object}, '{attribute}')"), rule.severity))
}

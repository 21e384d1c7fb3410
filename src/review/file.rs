//! The review of one file.

use super::Source;
use super::dotted::{Call, calls, dotted, text_constant};
use super::finding::{Advisory, FileReview, Severity, Violation};
use super::rules;
use crate::python::{self, Kind, SyntaxError, Text, Tree};
use crate::similarity::Sequence;
use crate::text::splitlines;

/// What one file gives: findings and tree if it is a Python file, and advisories.
pub(super) struct Outcome {
    pub python: Option<(FileReview, Option<Tree>)>,
    pub advisories: Vec<Advisory>,
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
    let tree = match parsed {
        Ok(tree) => {
            review.structure_hash = Some(Sequence::of_tree(&tree).structure_hash());
            review.functions = functions(&tree);
            review.imports = imports(&tree);
            review.violations = violations(&tree);
            advisories = rules::advisories_of_tree(file.path, &source, &tree);
            Some(tree)
        }
        Err(error) => {
            review.violations.push(syntax_error(error));
            None
        }
    };
    Outcome {
        python: Some((review, tree)),
        advisories,
    }
}

/// Looks at a file that is not Python.
pub(super) fn other(file: &Source<'_>) -> Outcome {
    Outcome {
        python: None,
        advisories: rules::advisories_of_data(file.path, file.bytes),
    }
}

fn syntax_error(error: SyntaxError) -> Violation {
    Violation {
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
        .filter_map(|node| match &node.text {
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
        match (node.kind, &node.text) {
            (Kind::ImportFrom, Text::Identifier(module)) => modules.push(module.to_string()),
            (Kind::Import, _) => {
                modules.extend(tree.children(index).filter_map(
                    |alias| match &tree.nodes[alias].text {
                        Text::Identifier(name) => Some(name.to_string()),
                        _ => None,
                    },
                ));
            }
            _ => {}
        }
    }
    modules.sort_unstable();
    modules.dedup();
    modules
}

/// Calls that break a rule, in pre-order.
fn violations(tree: &Tree) -> Vec<Violation> {
    let violation = |call: Call| {
        let (pattern, severity) = call_violation(tree, call)?;
        let node = &tree.nodes[call.index];
        let (line, column) = (Some(node.line), Some(node.column));
        Some(Violation {
            pattern,
            severity,
            line,
            column,
            message: None,
        })
    };
    calls(tree).filter_map(violation).collect()
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

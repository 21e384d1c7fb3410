//! Where a name leads: through imports, assignments and the ways to reach an attribute without
//! writing it.
//!
//! Flow is ignored: a name has every meaning the file gives it anywhere before its use in the text,
//! up to a few. That suits advisories, which would rather follow a detour than prove it is taken.

use super::dotted::{Call, text_constant};
use crate::python::{Kind, Text, Tree};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

/// Meanings kept per name.
const MAX_MEANINGS: usize = 4;
/// Bytes of a dotted path beyond which it is no path anyone checks for.
const MAX_PATH: usize = 128;
/// Detours followed in one expression.
const MAX_STEPS: usize = 16;
/// Expressions looked at to resolve one: more than any detour people write takes.
const MAX_LOOKS: usize = 128;

/// Builtins that rules ask about. Unless the file defines the name, it means `builtins.<name>`.
const BUILTINS: [&str; 12] = [
    "eval",
    "exec",
    "compile",
    "__import__",
    "open",
    "getattr",
    "vars",
    "globals",
    "chr",
    "bytes",
    "bytearray",
    "setattr",
];

/// What the names of a file mean.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    meanings: HashMap<&'a str, Vec<String>>,
    defined: HashSet<&'a str>,
    /// Modules of which everything was imported.
    stars: Vec<&'a str>,
    /// Expressions that may still be looked at for the one being resolved.
    looks: Cell<usize>,
}

impl<'a> Names<'a> {
    /// Reads a whole tree, top to bottom.
    pub fn of(tree: &'a Tree) -> Names<'a> {
        let mut names = Names::default();
        for (index, node) in tree.nodes.iter().enumerate() {
            match (node.kind, tree.text_of(node)) {
                (
                    Kind::FunctionDef | Kind::AsyncFunctionDef | Kind::ClassDef | Kind::Arg,
                    Text::Identifier(name),
                ) => {
                    names.defined.insert(name);
                }
                (Kind::Import, _) => names.import(tree, index),
                (Kind::ImportFrom, Text::Identifier(module)) if node.positional == 0 => {
                    names.import_from(tree, index, module);
                }
                (Kind::Assign | Kind::NamedExpr, _) => names.assign(tree, index),
                (Kind::AnnAssign, _) => names.annotated(tree, index),
                _ => {}
            }
        }
        names
    }

    fn import(&mut self, tree: &'a Tree, index: usize) {
        for alias in tree.children(index) {
            let Text::Identifier(path) = tree.text(alias) else {
                continue;
            };
            match tree.asname(alias) {
                Some(name) => self.add(name, path.to_string()),
                None => {
                    let first = path.split('.').next().unwrap_or(path);
                    self.add(first, first.to_owned());
                }
            }
        }
    }

    fn import_from(&mut self, tree: &'a Tree, index: usize, module: &'a str) {
        for alias in tree.children(index) {
            let Text::Identifier(name) = tree.text(alias) else {
                continue;
            };
            if name == "*" && self.stars.len() < MAX_MEANINGS && !self.stars.contains(&module) {
                self.stars.push(module);
            }
            self.add(
                tree.asname(alias).unwrap_or(name),
                format!("{module}.{name}"),
            );
        }
    }

    /// `a = b = value`, `(a := value)` and `a, b = value, value`.
    fn assign(&mut self, tree: &'a Tree, index: usize) {
        let mut children: Vec<usize> = tree.children(index).take(64).collect();
        let Some(value) = children.pop() else { return };
        for target in children {
            self.bind(tree, target, value);
        }
    }

    fn annotated(&mut self, tree: &'a Tree, index: usize) {
        if let [target, _, value] = *tree.children(index).take(3).collect::<Vec<_>>() {
            self.bind(tree, target, value);
        }
    }

    fn bind(&mut self, tree: &'a Tree, target: usize, value: usize) {
        let (to, from) = (&tree.nodes[target], &tree.nodes[value]);
        match (to.kind, tree.text_of(to)) {
            (Kind::Name, Text::Identifier(name)) => {
                let meanings = self.resolve(tree, value);
                if meanings.is_empty() {
                    self.defined.insert(name);
                }
                for meaning in meanings {
                    self.add(name, meaning);
                }
            }
            (Kind::Tuple, _) if from.kind == Kind::Tuple => {
                let elements = |tuple| {
                    tree.children(tuple)
                        .filter(|&at| is_element(tree, at))
                        .take(16)
                };
                for (target, value) in elements(target).zip(elements(value)) {
                    if tree.nodes[target].kind == Kind::Name {
                        self.bind(tree, target, value);
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, name: &'a str, meaning: String) {
        let meanings = self.meanings.entry(name).or_default();
        if meanings.len() < MAX_MEANINGS
            && meaning.len() <= MAX_PATH
            && !meanings.contains(&meaning)
        {
            meanings.push(meaning);
        }
    }

    /// The dotted paths an expression may mean: `os.system` for `o.system` after `import os as o`,
    /// for `getattr(os, "sys" + "tem")`, `vars(os)["system"]` and the like; `builtins.eval` for
    /// `eval`. Empty if none is known.
    pub fn resolve(&self, tree: &Tree, index: usize) -> Vec<String> {
        // Each meaning of a callee looks at the arguments anew: steps bound the depth, this the whole.
        self.looks.set(MAX_LOOKS);
        self.resolve_within(tree, index, MAX_STEPS)
    }

    fn resolve_within(&self, tree: &Tree, index: usize, steps: usize) -> Vec<String> {
        let Some(steps) = steps.checked_sub(1) else {
            return Vec::new();
        };
        let Some(looks) = self.looks.get().checked_sub(1) else {
            return Vec::new();
        };
        self.looks.set(looks);
        let Some(node) = tree.nodes.get(index) else {
            return Vec::new();
        };
        match (node.kind, tree.text_of(node)) {
            (Kind::Name, Text::Identifier(name)) => self.resolve_name(name),
            (Kind::Attribute, Text::Identifier(name)) => self.members(tree, index + 1, name, steps),
            (Kind::Subscript, _) => self.resolve_item(tree, index, steps),
            (Kind::Call, _) => Call::at(tree, index)
                .map_or(Vec::new(), |call| self.resolve_call(tree, call, steps)),
            _ => Vec::new(),
        }
    }

    fn resolve_name(&self, name: &str) -> Vec<String> {
        match self.meanings.get(name) {
            Some(meanings) => meanings.clone(),
            None if self.defined.contains(name) => Vec::new(),
            None if name == "__builtins__" => vec!["builtins".to_owned()],
            None if BUILTINS.contains(&name) => vec![format!("builtins.{name}")],
            None => {
                let starred = self.stars.iter().map(|module| join(module, name));
                std::iter::once(name.to_owned()).chain(starred).collect()
            }
        }
    }

    /// What member `name` of the expression at `base` is.
    fn members(&self, tree: &Tree, base: usize, name: &str, steps: usize) -> Vec<String> {
        let bases = self.resolve_within(tree, base, steps);
        if name == "__call__" {
            return bases;
        }
        bases
            .iter()
            .map(|base| join(base, name))
            .filter(|path| path.len() <= MAX_PATH)
            .collect()
    }

    /// `vars(os)["system"]`, `os.__dict__["system"]`, `sys.modules["os"]`, `globals()["os"]`.
    fn resolve_item(&self, tree: &Tree, index: usize, steps: usize) -> Vec<String> {
        let mut children = tree.children(index);
        let (Some(base), Some(key)) = (children.next(), children.next()) else {
            return Vec::new();
        };
        let Some(key) = folded_text(tree, key) else {
            return Vec::new();
        };
        let bases = self.resolve_within(tree, base, steps);
        let mut found = Vec::new();
        for base in bases {
            if base == "sys.modules" {
                found.push(key.clone());
            } else if base == "globals()" {
                found.extend(self.resolve_name(&key));
            } else if base == "builtins" {
                found.push(join(&base, &key));
            } else if let Some(object) = base.strip_suffix(".__dict__") {
                found.push(join(object, &key));
            }
        }
        found
    }

    /// The results of calls that give an object by its name.
    fn resolve_call(&self, tree: &Tree, call: Call, steps: usize) -> Vec<String> {
        let argument = |number| call.argument(tree, number);
        let mut found = Vec::new();
        for callee in self.resolve_within(tree, call.callee, steps) {
            match &*callee {
                "builtins.getattr" => {
                    if let (Some(object), Some(name)) = (argument(0), argument(1))
                        && let Some(name) = folded_text(tree, name)
                    {
                        found.extend(self.members(tree, object, &name, steps));
                    }
                }
                "builtins.vars" => {
                    if let Some(object) = argument(0) {
                        found.extend(self.members(tree, object, "__dict__", steps));
                    }
                }
                "builtins.globals" => found.push("globals()".to_owned()),
                "builtins.__import__" | "importlib.import_module" | "importlib.__import__" => {
                    if let Some(module) = argument(0).and_then(|name| folded_text(tree, name)) {
                        found.push(module);
                    }
                }
                _ => {}
            }
        }
        found.truncate(MAX_MEANINGS);
        found
    }
}

/// Contexts stand among a tuple's children and are no elements.
fn is_element(tree: &Tree, index: usize) -> bool {
    !matches!(tree.nodes[index].kind, Kind::Load | Kind::Store | Kind::Del)
}

fn join(base: &str, name: &str) -> String {
    match base {
        "__builtins__" => format!("builtins.{name}"),
        _ => format!("{base}.{name}"),
    }
}

/// Pieces a folded text may have.
const MAX_PIECES: usize = 64;

/// The value of a text expression that needs no running: a constant, `"a" + "b"`, `"".join(["a",
/// "b"])` with a constant separator, `"ba"[::-1]`.
pub(super) fn folded_text(tree: &Tree, index: usize) -> Option<String> {
    let mut pieces = MAX_PIECES;
    fold(tree, index, &mut pieces)
}

fn fold(tree: &Tree, index: usize, pieces: &mut usize) -> Option<String> {
    *pieces = pieces.checked_sub(1)?;
    let node = tree.nodes.get(index)?;
    let text = match node.kind {
        Kind::Constant => text_constant(tree, index)?.to_owned(),
        Kind::BinOp => {
            let parts: Vec<usize> = tree.children(index).take(3).collect();
            let [left, operator, right] = parts[..] else {
                return None;
            };
            if tree.nodes[operator].kind != Kind::Add {
                return None;
            }
            fold(tree, left, pieces)? + &fold(tree, right, pieces)?
        }
        Kind::Call => fold_join(tree, index, pieces)?,
        Kind::Subscript => fold_reversed(tree, index, pieces)?,
        _ => return None,
    };
    (text.len() <= MAX_PATH).then_some(text)
}

fn fold_join(tree: &Tree, index: usize, pieces: &mut usize) -> Option<String> {
    let call = Call::at(tree, index)?;
    let callee = &tree.nodes[call.callee];
    let is_join =
        callee.kind == Kind::Attribute && tree.text_of(callee) == Text::Identifier("join");
    if !is_join {
        return None;
    }
    let separator = text_constant(tree, call.callee + 1)?;
    let list = call.argument(tree, 0)?;
    if !matches!(tree.nodes[list].kind, Kind::List | Kind::Tuple) {
        return None;
    }
    let elements = tree
        .children(list)
        .filter(|&at| is_element(tree, at))
        .take(MAX_PIECES);
    let texts = elements
        .map(|at| fold(tree, at, pieces))
        .collect::<Option<Vec<_>>>()?;
    Some(texts.join(separator))
}

fn fold_reversed(tree: &Tree, index: usize, pieces: &mut usize) -> Option<String> {
    let parts: Vec<usize> = tree.children(index).take(2).collect();
    let [value, slice] = parts[..] else {
        return None;
    };
    // `[::-1]`: a slice whose only part is a negated constant.
    let step = slice + 1;
    let reversed = tree.nodes[slice].kind == Kind::Slice
        && tree.children(slice).count() == 1
        && tree.nodes[step].kind == Kind::UnaryOp
        && tree
            .nodes
            .get(step + 1)
            .is_some_and(|operator| operator.kind == Kind::USub);
    reversed
        .then(|| fold(tree, value, pieces))
        .flatten()
        .map(|text| text.chars().rev().collect())
}

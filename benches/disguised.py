#!/usr/bin/env python3
"""Makes a labelled set for similarity: files of a folder, and disguised copies of some of them.

    python3 benches/disguised.py SOURCE FOLDER [--each N] [--originals 300] [--disguised 60]

As `benches/corpus.py`, with more disguises (its own fourteen and those below), with the files picked evenly from all of
SOURCE or from parts of it, and with `labels.json`: what is a copy of
what, and which files are so unlike one another that they count as unrelated. Same interpreter, same source, same set.
"""

import argparse
import ast
import copy
import io
import json
import pathlib
import random
import tokenize

import corpus
from corpus import Bodies, is_heading, statement

# Tables that one program wrote: their files are copies of one another already.
GENERATED = {"encodings", "pydoc_data", "unicode", "_unicode_data", "lextab", "yacctab"}
NOT_CODE = {"site-packages", "test", "tests", "testing", "idle_test", "lib2to3", "__pycache__", "migrations", "locale"}
CODE_LINES = range(100, 1501)
# Fewer statements, imports and texts aside, are a table, a list of imports or comments.
LEAST_STATEMENTS = 60
# Lines that say something, and the share of them that makes two files relatives.
LONG_LINE, RELATED = 24, 0.1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--parts", nargs="*", help="subfolders of SOURCE to take equally many files of; else all of it")
    parser.add_argument("--originals", type=int, default=300)
    parser.add_argument("--disguised", type=int, default=60)
    parser.add_argument("--anything", action="store_true", help="tables and very short programs too")
    options = parser.parse_args()
    print(json.dumps(make(options.source, options.folder, options.parts, options.originals, options.disguised,
                          options.anything)))


def make(source, folder, parts, originals, disguised, anything=False):
    """Writes the set; gives the number of files of each kind."""
    chosen = pick(source, parts, originals, anything)
    folder.mkdir(parents=True, exist_ok=True)
    named = [(f"{number:03}-{path.stem}", text) for number, (path, text) in enumerate(chosen)]
    packages = {name: package_of(path, source) for (name, _), (path, _) in zip(named, chosen)}
    for name, text in named:
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    every = max(1, len(named) // max(1, disguised))
    copies = []
    for number in range(0, len(named), every)[:disguised]:
        name, text = named[number]
        other_name, other = named[(number + len(named) // 2) % len(named)]
        for disguise, change in DISGUISES.items():
            # A generator of its own for each file and disguise, so that one does not move the others.
            chance = random.Random(f"{name} {disguise}")
            made = change(ast.parse(text), ast.parse(other), chance)
            code = ast.unparse(ast.fix_missing_locations(made)) + "\n"
            ast.parse(code)
            (folder / f"{name}--{disguise}.py").write_text(code, encoding="utf-8")
            copies.append({"file": f"{name}--{disguise}", "disguise": disguise, "of": name, "with": other_name})
    labels = {"originals": [name for name, _ in named], "copies": copies, "related": related(named, packages)}
    (folder / "labels.json").write_text(json.dumps(labels, indent=1) + "\n")
    return {"originals": len(named), "copies": len(copies), "related": len(labels["related"])}


def pick(source, parts, count, anything):
    """Evenly, in path order, from each part's files of fitting length that are neither tests nor tables."""
    if not parts:
        return evenly(fitting(source, anything), count)
    each = -(-count // len(parts))
    return [chosen for part in sorted(parts) for chosen in evenly(fitting(source / part, anything), each)][:count]


def fitting(source, anything):
    left_out = NOT_CODE if anything else GENERATED | NOT_CODE
    found = []
    for path in sorted(source.rglob("*.py")):
        if set(path.relative_to(source).parts[:-1]) & left_out or path.stem.startswith("test"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
            if code_lines(text) in CODE_LINES and (anything or statements(ast.parse(text)) >= LEAST_STATEMENTS):
                found.append((path, text))
        except (UnicodeDecodeError, SyntaxError, tokenize.TokenError):
            continue
    return found


def code_lines(text):
    """Lines with code, not comments or texts."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NAME, tokenize.OP, tokenize.NUMBER):
            lines.add(token.start[0])
    return len(lines)


def statements(tree):
    def says_something(node):
        return isinstance(node, ast.stmt) and not is_heading(node) and not isinstance(node, (ast.Import, ast.ImportFrom))

    return sum(map(says_something, ast.walk(tree)))


def evenly(found, count):
    count = min(count, len(found))
    return [found[int(index * len(found) / count)] for index in range(count)]


def package_of(path, source):
    """The first folder below SOURCE, or the module itself where there is none."""
    return path.relative_to(source).parts[0]


def related(named, packages):
    """Pairs of originals that are no examples of unrelated files: of one package, whose files share authors, idioms and
    copied blocks, or with a tenth of the smaller one's longer lines in common, word for word."""
    lines = {name: {line.strip() for line in text.splitlines() if len(line.strip()) >= LONG_LINE} for name, text in named}
    pairs = []
    for index, (left, _) in enumerate(named):
        for right, _ in named[index + 1:]:
            smaller = min(len(lines[left]), len(lines[right]))
            in_common = len(lines[left] & lines[right]) > RELATED * max(1, smaller)
            if in_common or packages[left] == packages[right]:
                pairs.append([left, right])
    return pairs


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def own_nodes(function):
    """The nodes of a function that are not of a function or class within it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def is_generator(function):
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in own_nodes(function))


class RenameAll(ast.NodeTransformer):
    """Another name for everything: variables, functions, classes, attributes, parameters and keywords."""

    def __init__(self):
        self.names = {}

    def name(self, name):
        if name is None or (name.startswith("__") and name.endswith("__")):
            return name
        return self.names.setdefault(name, f"item_{len(self.names)}")

    def generic_visit(self, node):
        super().generic_visit(node)
        for field in ("id", "attr", "arg", "name", "asname", "rest"):
            value = getattr(node, field, None)
            if isinstance(value, str) and not isinstance(node, ast.alias):
                setattr(node, field, self.name(value))
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            node.names = [self.name(name) for name in node.names]
        if isinstance(node, ast.MatchClass):
            node.kwd_attrs = [self.name(name) for name in node.kwd_attrs]
        return node


def rename_all(tree, _other, _chance):
    return RenameAll().visit(tree)


class Async(ast.NodeTransformer):
    """`def` becomes `async def`, and what it returns from a call is awaited."""

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        if is_generator(node):
            return node
        for inner in own_nodes(node):
            if isinstance(inner, ast.Return) and isinstance(inner.value, ast.Call):
                inner.value = ast.Await(inner.value)
        fields = {field: getattr(node, field, None) for field in node._fields}
        return ast.copy_location(ast.AsyncFunctionDef(**fields), node)


def to_async(tree, _other, _chance):
    return Async().visit(tree)


class Annotate(ast.NodeTransformer):
    """Types for every parameter, return and plain assignment that has none."""

    def __init__(self, chance):
        self.chance = chance

    def type(self):
        return ast.parse(self.chance.choice(["int", "str", "list[str]", "dict[str, int]", "object", "str | None"]),
                         mode="eval").body

    def visit_arg(self, node):
        node.annotation = node.annotation or (None if node.arg in ("self", "cls") else self.type())
        return node

    def visit_Lambda(self, node):
        return node

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.returns = node.returns or self.type()
        return node

    def visit_Assign(self, node):
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            return ast.AnnAssign(node.targets[0], self.type(), node.value, 1)
        return node


def annotate(tree, _other, chance):
    return Annotate(chance).visit(tree)


class Bare(ast.NodeTransformer):
    """Without annotations and docstrings."""

    def generic_visit(self, node):
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Module)):
            first = body[0] if body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = body[1:] or [ast.Pass()]
        return node

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        node.returns = None
        return node

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arg(self, node):
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        self.generic_visit(node)
        return ast.Assign([node.target], node.value) if node.value else node


def bare(tree, _other, _chance):
    return Bare().visit(tree)


class Invert(ast.NodeTransformer):
    """`if a: x else: y` becomes `if not a: y else: x`, for conditional expressions too."""

    def visit_If(self, node):
        self.generic_visit(node)
        if node.orelse and not (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)):
            node.test, node.body, node.orelse = ast.UnaryOp(ast.Not(), node.test), node.orelse, node.body
        return node

    def visit_IfExp(self, node):
        self.generic_visit(node)
        node.test, node.body, node.orelse = ast.UnaryOp(ast.Not(), node.test), node.orelse, node.body
        return node


def invert(tree, _other, _chance):
    return Invert().visit(tree)


class Guard(ast.NodeTransformer):
    """The body of every function within `try`, with an `except` that raises again."""

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        kept = [inner for inner in node.body if is_heading(inner) or isinstance(inner, (ast.Global, ast.Nonlocal))]
        rest = [inner for inner in node.body if inner not in kept]
        if rest:
            again = ast.ExceptHandler(ast.Name("Exception", ast.Load()), "problem", [
                *ast.parse("print('failed', problem)").body, ast.Raise()])
            node.body = kept + [ast.Try(rest, [again], [], [])]
        return node

    visit_AsyncFunctionDef = visit_FunctionDef


def guard(tree, _other, _chance):
    return Guard().visit(tree)


def unfold(tree, _other, _chance):
    """`x = [f(a) for a in b if c]` becomes a loop that appends, and `x += y` becomes `x = x + y`."""

    def unfolded(body):
        result = []
        for node in body:
            if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                name = node.target.id
                node = ast.Assign([ast.Name(name, ast.Store())],
                                  ast.BinOp(ast.Name(name, ast.Load()), node.op, node.value))
            if (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
                    and isinstance(node.value, ast.ListComp) and len(node.value.generators) == 1):
                name, part = node.targets[0].id, node.value.generators[0]
                append = ast.Expr(ast.Call(ast.Attribute(ast.Name(name, ast.Load()), "append", ast.Load()),
                                           [node.value.elt], []))
                inner = append
                for test in reversed(part.ifs):
                    inner = ast.If(test, [inner], [])
                result.append(ast.Assign(node.targets, ast.List([], ast.Load())))
                node = ast.For(part.target, part.iter, [inner], [])
            result.append(node)
        return result

    return Bodies(unfolded).visit(tree)


def trace(tree, _other, chance):
    """A line that prints, before every third statement."""

    def traced(body):
        result = []
        for node in body:
            if not is_heading(node) and chance.random() < 0.33:
                number = chance.randrange(1000)
                result.append(statement(chance.choice([
                    f"print('step {number}')", f"checked_{number} = True", f"print('at', {number}, flush=True)"])))
            result.append(node)
        return result

    return Bodies(traced).visit(tree)


def halved(body):
    """Every other definition and statement, those within classes too."""
    kept = [node for index, node in enumerate(body) if index % 2 == 0 or isinstance(node, ast.ClassDef)]
    for node in kept:
        if isinstance(node, ast.ClassDef) and len(node.body) > 1:
            node.body = halved(node.body)
    return kept


def mix(tree, other, chance):
    """Half of the file, disguised, among half of another."""
    ours = halved(corpus.combined(tree, other, chance).body)
    theirs = halved([node for node in other.body if not is_heading(node)])
    body = [node for pair in zip(ours, theirs) for node in pair]
    tree.body = body + ours[len(theirs):] + theirs[len(ours):]
    return corpus.tidy(tree)


def fragment(tree, other, chance):
    """About a fifth of the file, disguised, within another: functions and methods picked at random, or statements."""
    tree = corpus.combined(tree, other, chance)
    wanted = sum(1 for _ in ast.walk(tree)) / 5
    bodies = [tree.body] + [node.body for node in tree.body if isinstance(node, ast.ClassDef)]
    pieces = [node for body in bodies for node in body if isinstance(node, FUNCTIONS)]
    rest = [node for node in tree.body if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not is_heading(node)]
    chance.shuffle(pieces)
    taken, size = [], 0
    for node in pieces + rest:
        if size >= wanted:
            break
        taken.append(copy.deepcopy(node))
        size += sum(1 for _ in ast.walk(node))
    other.body = corpus.after_heading(other.body, taken)
    return corpus.tidy(other)


def everything(tree, other, chance):
    """What `combined` does, and all names, annotations, docstrings, conditions and functions changed too."""
    tree = corpus.combined(tree, other, chance)
    for change in (bare, rename_all, unfold, invert, to_async, annotate):
        tree = ast.fix_missing_locations(change(tree, copy.deepcopy(other), chance))
    return tree


DISGUISES = {
    **corpus.DISGUISES,
    "mix": mix,
    "fragment": fragment,
    "rename-all": rename_all,
    "async": to_async,
    "annotate": annotate,
    "bare": bare,
    "invert": invert,
    "guard": guard,
    "unfold": unfold,
    "trace": trace,
    "everything": everything,
}

if __name__ == "__main__":
    main()

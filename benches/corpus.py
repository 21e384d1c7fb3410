#!/usr/bin/env python3
"""Makes the corpus that the similarity benches run on: files of the standard library and disguised copies.

    python3 benches/corpus.py FOLDER [--originals 300] [--disguised 60]

FOLDER gets `NAME.py` for each original (of 100 to 1500 lines, evenly picked in path order from all that are not tests) and
`NAME--DISGUISE.py` for each of the first disguised ones in each of the 14 disguises below. Same interpreter, same corpus.
"""

import argparse
import ast
import copy
import pathlib
import random
import sysconfig


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--originals", type=int, default=300)
    parser.add_argument("--disguised", type=int, default=60)
    parser.add_argument("--source", type=pathlib.Path, default=pathlib.Path(sysconfig.get_path("stdlib")))
    options = parser.parse_args()
    originals = pick(options.source, options.originals)
    options.folder.mkdir(parents=True, exist_ok=True)
    trees = []
    for number, (path, text) in enumerate(originals):
        name = f"{number:03}-{path.stem}"
        trees.append((name, text))
        (options.folder / f"{name}.py").write_text(text, encoding="utf-8")
    step = max(1, len(trees) // max(1, options.disguised))
    chosen = trees[::step][: options.disguised]
    for number, (name, text) in enumerate(chosen):
        other = trees[(trees.index((name, text)) + len(trees) // 2) % len(trees)][1]
        for disguise, make in DISGUISES.items():
            # A generator of its own for each file and disguise, so that one does not move the others.
            chance = random.Random(f"{name} {disguise}")
            made = make(ast.parse(text), ast.parse(other), chance)
            code = ast.unparse(ast.fix_missing_locations(made)) + "\n"
            ast.parse(code)
            (options.folder / f"{name}--{disguise}.py").write_text(code, encoding="utf-8")


def pick(source, count):
    """Evenly from the files that have 100 to 1500 lines and are neither tests nor installed packages."""
    fitting = []
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).parts
        if any(part in ("site-packages", "test", "tests", "idle_test", "lib2to3", "__pycache__") for part in parts):
            continue
        try:
            text = path.read_text(encoding="utf-8")
            if 100 <= text.count("\n") <= 1500:
                ast.parse(text)
                fitting.append((path, text))
        except (UnicodeDecodeError, SyntaxError):
            continue
    every = len(fitting) / min(count, len(fitting))
    return [fitting[int(index * every)] for index in range(min(count, len(fitting)))]


class Rename(ast.NodeTransformer):
    """New names for everything the file binds itself, attributes aside."""

    def __init__(self, tree, chance):
        bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
        names = sorted(name for name in bound - keywords if not name.startswith("__"))
        chance.shuffle(names)
        self.names = {name: f"v{number}_{name[:1]}" for number, name in enumerate(names)}

    def visit_Name(self, node):
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node):
        self.generic_visit(node)
        node.arg = self.names.get(node.arg, node.arg)
        return node


class Constants(ast.NodeTransformer):
    def __init__(self, chance):
        self.chance = chance

    def visit_JoinedStr(self, node):
        return node

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            node.value = node.value + " " if node.value else "."
        elif type(node.value) in (int, float):
            node.value += self.chance.randrange(1, 9)
        return node


class Bodies(ast.NodeTransformer):
    """Gives every list of statements to a function."""

    def __init__(self, change):
        self.change = change

    def generic_visit(self, node):
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            statements = getattr(node, field, None)
            if isinstance(statements, list) and statements:
                setattr(node, field, self.change(statements))
        return node


def statement(code):
    return ast.parse(code).body[0]


def is_heading(node):
    """What has to stay at the top of a file or body."""
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or (isinstance(node, ast.ImportFrom) and node.module == "__future__")


def after_heading(body, extra):
    at = next((index for index, node in enumerate(body) if not is_heading(node)), len(body))
    return body[:at] + extra + body[at:]


def rename(tree, _other, chance):
    return Rename(tree, chance).visit(tree)


def reorder(tree, _other, chance):
    def shuffled(body):
        places = [i for i, node in enumerate(body) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
        order = places[:]
        chance.shuffle(order)
        result = body[:]
        for place, source in zip(places, order):
            result[place] = body[source]
        return result

    return Bodies(shuffled).visit(tree)


def dead_code(tree, _other, chance):
    def padded(body):
        result = []
        for node in body:
            result.append(node)
            if not is_heading(node) and chance.random() < 0.2:
                number = chance.randrange(1000)
                result.append(statement(chance.choice([
                    f"unused_{number} = [{number}, 'x'] * 0",
                    f"if {number} < 0:\n    unused_{number} = len(str({number}))",
                    f"for unused_{number} in ():\n    print(unused_{number})",
                ])))
        return result

    return Bodies(padded).visit(tree)


def reformat(tree, _other, _chance):
    return tree


class Split(ast.NodeTransformer):
    """`return f(x)` becomes `result = f(x); return result`."""

    def visit_Return(self, node):
        if node.value is None or isinstance(node.value, (ast.Name, ast.Constant)):
            return node
        name = ast.Name("result_value", ast.Store())
        return [ast.Assign([name], node.value), ast.Return(ast.Name("result_value", ast.Load()))]


def split(tree, _other, _chance):
    return Split().visit(tree)


def merge(tree, _other, _chance):
    """`x = value; return x` becomes `return value`, and nested ifs are joined by `and`."""

    def merged(body):
        result = []
        for node in body:
            last = result[-1] if result else None
            if (isinstance(node, ast.Return) and isinstance(node.value, ast.Name) and isinstance(last, ast.Assign)
                    and len(last.targets) == 1 and isinstance(last.targets[0], ast.Name)
                    and last.targets[0].id == node.value.id):
                result[-1] = ast.Return(last.value)
                continue
            if (isinstance(node, ast.If) and not node.orelse and len(node.body) == 1
                    and isinstance(node.body[0], ast.If) and not node.body[0].orelse):
                inner = node.body[0]
                node = ast.If(ast.BoolOp(ast.And(), [node.test, inner.test]), inner.body, [])
            result.append(node)
        return result

    return Bodies(merged).visit(tree)


def constants(tree, _other, chance):
    return Constants(chance).visit(tree)


def wrap_in_class(tree, _other, _chance):
    def is_kept(node):
        return is_heading(node) or isinstance(node, (ast.Import, ast.ImportFrom))

    kept = [node for node in tree.body if is_kept(node)]
    rest = [node for node in tree.body if not is_kept(node)]
    tree.body = kept + [ast.ClassDef("Wrapped", [], [], rest or [ast.Pass()], [], type_params=[])]
    return tree


class ForToWhile(ast.NodeTransformer):
    def visit_For(self, node):
        self.generic_visit(node)
        if node.orelse:
            return node
        walker = ast.Name("walker", ast.Load())
        fetch = ast.Assign([node.target], ast.Call(ast.Name("next", ast.Load()), [walker], []))
        stop = ast.Try([fetch], [ast.ExceptHandler(ast.Name("StopIteration", ast.Load()), None, [ast.Break()])], [], [])
        start = ast.Assign([ast.Name("walker", ast.Store())],
                           ast.Call(ast.Name("iter", ast.Load()), [node.iter], []))
        return [start, ast.While(ast.Constant(True), [stop] + node.body, [])]


def for_to_while(tree, _other, _chance):
    return ForToWhile().visit(tree)


def extract_helper(tree, _other, _chance):
    """The second half of each longer function becomes a function of its own within it."""

    def halved(body):
        for node in body:
            if isinstance(node, ast.FunctionDef) and len(node.body) >= 4:
                half = len(node.body) // 2
                tail = node.body[half:]
                unfit = (ast.Nonlocal, ast.Global, ast.Yield, ast.YieldFrom)
                if any(isinstance(inner, unfit) for part in node.body for inner in ast.walk(part)):
                    continue
                empty = ast.arguments([], [], None, [], [], None, [])
                helper = ast.FunctionDef("helper", empty, tail, [], None, type_params=[])
                call = ast.Call(ast.Name("helper", ast.Load()), [], [])
                node.body = node.body[:half] + [helper, ast.Return(call)]
        return body

    return Bodies(halved).visit(tree)


def combined(tree, other, chance):
    for change in (rename, reorder, dead_code, split, constants, for_to_while):
        tree = ast.fix_missing_locations(change(tree, other, chance))
    return tree


def mix(tree, other, chance):
    """Every other statement of the file, disguised, among every other one of another file."""
    tree = combined(tree, other, chance)
    ours, theirs = tree.body[::2], [node for node in other.body[::2] if not is_heading(node)]
    body = [node for pair in zip(ours, theirs) for node in pair]
    tree.body = body + ours[len(theirs):] + theirs[len(ours):]
    return tidy(tree)


def padded(tree, other, _chance):
    tree.body = tree.body + [node for node in other.body if not is_heading(node)]
    return tidy(tree)


def fragment(tree, other, chance):
    """About a fifth of the file, disguised, within another."""
    tree = combined(tree, other, chance)
    pieces = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))] or tree.body
    wanted = sum(1 for _ in ast.walk(tree)) / 5
    taken, size = [], 0
    for node in pieces:
        taken.append(copy.deepcopy(node))
        size += sum(1 for _ in ast.walk(node))
        if size >= wanted:
            break
    other.body = after_heading(other.body, taken)
    return tidy(other)


def tidy(tree):
    """Imports from `__future__` may stand at the top only."""
    is_future = lambda node: isinstance(node, ast.ImportFrom) and node.module == "__future__"
    tree.body = [node for node in tree.body if not is_future(node)]
    return tree


DISGUISES = {
    "rename": rename,
    "reorder": reorder,
    "dead-code": dead_code,
    "reformat": reformat,
    "split": split,
    "merge": merge,
    "constants": constants,
    "class": wrap_in_class,
    "for-while": for_to_while,
    "helper": extract_helper,
    "combined": combined,
    "mix": mix,
    "padded": padded,
    "fragment": fragment,
}

if __name__ == "__main__":
    main()

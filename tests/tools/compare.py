"""Compares dfab's reading of Python files with this interpreter's own `ast`. Needs CPython 3.12.

usage: python3.12 tests/tools/compare.py PROGRAM PATH...

PROGRAM is the built example `python_tree`; PATH a file, or a folder whose .py files are read.
"""

import ast
import os
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")

LEAVES = (ast.Name, ast.Constant)
NAMES = {
    "FunctionDef": "name", "AsyncFunctionDef": "name", "ClassDef": "name", "Name": "id",
    "arg": "arg", "Attribute": "attr", "keyword": "arg", "alias": "name", "ImportFrom": "module",
    "ExceptHandler": "name", "MatchAs": "name", "MatchStar": "name", "MatchMapping": "rest",
    "TypeVar": "name", "ParamSpec": "name", "TypeVarTuple": "name",
}


def decode(data):
    return data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def describe(tree):
    """One line a node, in pre-order; a second list says which lines' positions count."""
    lines = []
    stack = [(tree, 1, True)]
    ends = []
    # Explicit stack: a marker closes a node once everything below it has been written.
    while stack:
        node, depth, exact = stack.pop()
        if node is None:
            index = depth
            lines[index][1] = len(lines)
            continue
        name = type(node).__name__
        where = f"{getattr(node, 'lineno', 0)}:{getattr(node, 'col_offset', 0)}" if exact else "?"
        text = ""
        if name in NAMES and getattr(node, NAMES[name]) is not None:
            text = " " + getattr(node, NAMES[name])
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            value = "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in node.value)
            text = " " + "".join(f"\\u{{{ord(c):x}}}" for c in value)
        if isinstance(node, ast.Call) and node.args:
            text += f" ={len(node.args)}"
        if isinstance(node, ast.ImportFrom) and node.level:
            text += f" ={node.level}"
        lines.append([name, 0, where, text])
        stack.append((None, len(lines) - 1, True))
        if isinstance(node, LEAVES):
            continue
        children = []
        for _, value in ast.iter_fields(node):
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, ast.AST):
                    # CPython 3.12 itself is of two minds about where the texts of an f-string start.
                    exact = not (isinstance(node, ast.JoinedStr) and isinstance(item, ast.Constant))
                    children.append((item, depth + 1, exact))
        stack.extend(reversed(children))
    return [f"{name} {end} {where}{text}" for name, end, where, text in lines]


def expected(source):
    try:
        return describe(ast.parse(source))
    except (SyntaxError, ValueError) as error:
        return [f"error {error}"]
    except (RecursionError, MemoryError):
        return None


def same(left, right):
    if left == right:
        return True
    if "? " in right or right.endswith(" ?"):
        fields, wanted = left.split(" "), right.split(" ")
        return fields[:2] + fields[3:] == wanted[:2] + wanted[3:]
    return False


def files(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
        for folder, folders, names in os.walk(path):
            folders.sort()
            yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".py"))


def answers(program, paths):
    """The program's lines for each path, asked one at a time so that neither side blocks."""
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        for path in paths:
            child.stdin.write(path.encode() + b"\n")
            child.stdin.flush()
            child.stdout.readline()
            count = int(child.stdout.readline())
            yield path, [child.stdout.readline().decode().rstrip("\n") for _ in range(count)]
        child.stdin.close()


def main():
    program, *paths = sys.argv[1:]
    total = refused = different = skipped = 0
    for path, found in answers(program, files(paths)):
        with open(path, "rb") as file:
            wanted = expected(decode(file.read()))
        total += 1
        if wanted is None:
            skipped += 1
            continue
        if wanted[0].startswith("error") and found[0].startswith("error"):
            refused += 1
            continue
        if len(found) == len(wanted) and all(map(same, found, wanted)):
            continue
        different += 1
        if different <= 40:
            at = next((i for i, (l, r) in enumerate(zip(found, wanted)) if not same(l, r)), -1)
            print(f"{path}: node {at}\n  dfab    {found[at]}\n  CPython {wanted[at]}")
    print(f"{total} files, {refused} refused by both, {skipped} beyond CPython, {different} different")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()

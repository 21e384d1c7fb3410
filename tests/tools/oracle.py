"""What CPython's own `ast` says of a source: the tree node by node, and the live service's review of it.

Written from the contract alone, as something to compare dfab with. Needs CPython 3.12 or newer.
"""

import ast
import builtins
import hashlib
import warnings

warnings.simplefilter("ignore")

# Newer interpreters know names that 3.12 does not.
BUILTINS = set(dir(builtins)) - {"PythonFinalizationError", "_IncompleteInputError"}
KEPT = {"None", "True", "False", "if", "else", "elif", "for", "while", "def", "class", "return", "yield"}
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
LEAVES = (ast.Name, ast.Constant)
NAMES = {
    "FunctionDef": "name", "AsyncFunctionDef": "name", "ClassDef": "name", "Name": "id",
    "arg": "arg", "Attribute": "attr", "keyword": "arg", "alias": "name", "ImportFrom": "module",
    "ExceptHandler": "name", "MatchAs": "name", "MatchStar": "name", "MatchMapping": "rest",
    "TypeVar": "name", "ParamSpec": "name", "TypeVarTuple": "name",
}

CRITICAL = {"exec", "eval", "__import__"}
WARNED = {"compile"}
PAIRS = {
    "critical": {("os", "system"), ("os", "popen")},
    "warning": {
        *(("subprocess", name) for name in ("run", "call", "Popen", "check_output", "check_call")),
        ("socket", "socket"), ("socket", "create_connection"), ("shutil", "rmtree"), ("os", "remove"),
    },
    "info": {("urllib", "request"), ("requests", "get"), ("httpx", "get")},
}


def decode(data):
    return data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


class Beyond(Exception):
    """CPython gave up for reasons of its own: memory, recursion."""


def parse(source):
    """The tree; None where CPython refuses the source."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return None
    except (RecursionError, MemoryError) as error:
        raise Beyond from error


def children(node):
    for _, value in ast.iter_fields(node):
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield item


def preorder(tree):
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, LEAVES):
            stack.extend(reversed(list(children(node))))


def sequence(tree):
    numbers = {}

    def shown(name):
        if name in BUILTINS or name in KEPT or name.startswith("__"):
            return name
        return f"var_{numbers.setdefault(name, len(numbers))}"

    for node in preorder(tree):
        kind = type(node).__name__
        if isinstance(node, ast.Name):
            yield f"Name({shown(node.id)})"
        elif isinstance(node, ast.Constant):
            yield "Constant(str)" if isinstance(node.value, str) else "Constant"
        elif isinstance(node, ast.arg):
            yield f"Arg({shown(node.arg)})"
            yield kind
        elif isinstance(node, DEFINITIONS):
            yield kind
            yield shown(node.name)
            yield kind
        else:
            yield kind


def dotted(node):
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else node.attr
    return None


def severity_of_pair(pair):
    return next((severity for severity, pairs in PAIRS.items() if pair in pairs), None)


def violation(call):
    """Pattern and severity, or None."""
    name = dotted(call.func)
    if name is None:
        return None
    if name in CRITICAL:
        return name, "critical"
    if name in WARNED:
        return name, "warning"
    if name == "getattr":
        return getattr_violation(call)
    parts = name.split(".")
    if len(parts) > 1 and (severity := severity_of_pair((parts[0], parts[-1]))):
        return name, severity
    return None


def getattr_violation(call):
    if len(call.args) < 2:
        return None
    base, attribute = dotted(call.args[0]), call.args[1]
    if not base or not isinstance(attribute, ast.Constant) or not isinstance(attribute.value, str):
        return None
    pattern = f"getattr({base}, '{attribute.value}')"
    pair = severity_of_pair((base, attribute.value))
    for severity, names in (("critical", CRITICAL), ("warning", WARNED)):
        if (base == "__builtins__" and attribute.value in names) or pair == severity:
            return pattern, severity
    return None


def review(source):
    """What `dfab review` is to say of one file, as far as CPython decides it."""
    tree = parse(source)
    if tree is None:
        return {"parses": False}
    digest = hashlib.sha256()
    for item in sequence(tree):
        digest.update(item.encode("utf-8", "surrogatepass") + b"\0")
    functions, imports, findings = [], set(), []
    for node in preorder(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions.append(node.name)
        elif isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports.add(node.module)
        elif isinstance(node, ast.Call) and (found := violation(node)):
            findings.append([*found, node.lineno, node.col_offset])
    return {
        "parses": True,
        "hash": digest.hexdigest(),
        "functions": sorted(functions),
        "imports": sorted(imports),
        "findings": findings,
        "lines": len(source.splitlines()),
    }


def describe(source):
    """One line a node, in pre-order: class, end, place, text; `?` for a place that CPython is of two minds about."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        return [f"error {error}"]
    except (RecursionError, MemoryError) as error:
        raise Beyond from error
    lines = []
    # Explicit stack: a number closes the node at that line once everything below it has been written.
    stack = [(tree, True)]
    while stack:
        node, exact = stack.pop()
        if isinstance(node, int):
            lines[node][1] = len(lines)
            continue
        where = f"{getattr(node, 'lineno', 0)}:{getattr(node, 'col_offset', 0)}" if exact else "?"
        stack.append((len(lines), True))
        lines.append([type(node).__name__, 0, where, text_of(node)])
        if not isinstance(node, LEAVES):
            # CPython 3.12 places the texts of an f-string in more than one way.
            is_joined = isinstance(node, ast.JoinedStr)
            below = [(child, not (is_joined and isinstance(child, ast.Constant))) for child in children(node)]
            stack.extend(reversed(below))
    return [f"{name} {end} {where}{text}" for name, end, where, text in lines]


def text_of(node):
    name = NAMES.get(type(node).__name__)
    text = f" {getattr(node, name)}" if name and getattr(node, name) is not None else ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        value = "".join("\ufffd" if 0xD800 <= ord(c) <= 0xDFFF else c for c in node.value)
        text = " " + "".join(f"\\u{{{ord(c):x}}}" for c in value)
    if isinstance(node, ast.Call) and node.args:
        text += f" ={len(node.args)}"
    if isinstance(node, ast.ImportFrom) and node.level:
        text += f" ={node.level}"
    return text

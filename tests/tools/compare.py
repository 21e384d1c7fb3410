"""Compares dfab's reading of Python with this interpreter's, file by file, and shrinks what differs.

usage: python3.12 tests/tools/compare.py [OPTIONS] PATH...

  PATH            a .py file, or a folder whose .py files are read
  --dfab FILE     the program (default: target/release/dfab)
  --nodes FILE    also compare every node and its place; FILE is the built example `python_tree`
  --mutations N   instead of the files themselves, compare N variants of them with one edit each:
                  a token, line, indentation, bracket or quote removed, added, changed or swapped
  --seed N        which variants (default: 1)
  --max-bytes N   pass over larger files (default with --mutations: 4096)
  --report FILE   write the counts and every difference there as JSON

Compared are the verdict, the structure hash, functions, imports, findings with their places, and the number
of lines, as `dfab review` prints them. A difference is shown with the smallest source that still shows it.
Exits with 0 if nothing differs, 1 if something does, and 0 with a message where the interpreter is too old.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

if sys.version_info < (3, 12):
    print(f"skipped: this is Python {sys.version.split()[0]}, and CPython 3.12 or newer has to be asked")
    sys.exit(0)

import oracle

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Files given to one run of dfab.
BATCH = 400
# Differences that are shrunk and shown.
SHOWN = 40
# Questions asked to shrink one difference.
PATIENCE = 1500


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--dfab", default=str(ROOT / "target" / "release" / "dfab"))
    parser.add_argument("--nodes")
    parser.add_argument("--mutations", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-bytes", type=int)
    parser.add_argument("--report")
    options = parser.parse_args()
    limit = options.max_bytes or (4096 if options.mutations else None)
    sources = ((path, path.read_bytes()) for path in python_files(options.paths))
    sources = ((str(path), data) for path, data in sources if limit is None or len(data) <= limit)
    if options.mutations:
        sources = variants(list(sources), options.mutations, options.seed)
    counts, differences = compare_all(Dfab(options), sources)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    if options.report:
        pathlib.Path(options.report).write_text(json.dumps({"counts": counts, "differences": differences}, indent=1))
    sys.exit(1 if counts["different"] else 0)


def python_files(paths):
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            for folder, folders, names in os.walk(path):
                folders.sort()
                yield from (pathlib.Path(folder, name) for name in sorted(names) if name.endswith(".py"))
        else:
            yield path


def compare_all(dfab, sources):
    counts = collections.Counter({"sources": 0, "equal": 0, "of them refused": 0, "beyond CPython": 0, "different": 0})
    differences = []
    for batch in batches(sources):
        for (name, data), found in zip(batch, dfab.reviews([data for _, data in batch])):
            counts["sources"] += 1
            try:
                kind = difference(dfab, data, found)
            except oracle.Beyond:
                counts["beyond CPython"] += 1
                continue
            if kind is None:
                counts["equal"] += 1
                counts["of them refused"] += not found["parses"]
                continue
            counts["different"] += 1
            counts[f"different in {kind}"] += 1
            if len(differences) < SHOWN:
                small = shrink(data, lambda data: still_differs(dfab, data, kind))
                differences.append({"name": name, "kind": kind, "source": small.decode("utf-8", "replace")})
                print(f"{name}: {kind}\n{indented(small)}\n  dfab:    {dfab.reviews([small])[0]}\n"
                      f"  CPython: {answer(small)}", flush=True)
    return counts, differences


def batches(sources):
    batch = []
    for source in sources:
        batch.append(source)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def answer(data):
    try:
        return oracle.review(oracle.decode(data))
    except oracle.Beyond:
        return "gave up"


def difference(dfab, data, found):
    """What differs first, or None."""
    source = oracle.decode(data)
    wanted = oracle.review(source)
    if found["parses"] != wanted["parses"]:
        return "verdict: refused here" if wanted["parses"] else "verdict: accepted here"
    for key in wanted:
        if found[key] != wanted[key]:
            return key
    if wanted["parses"] and dfab.nodes and not same_nodes(dfab.tree(data), oracle.describe(source)):
        return "nodes"
    return None


def still_differs(dfab, data, kind):
    try:
        return difference(dfab, data, dfab.reviews([data])[0]) == kind
    except oracle.Beyond:
        return False


def same_nodes(found, wanted):
    def same(left, right):
        left, right = left.split(" ", 3), right.split(" ", 3)
        return left == right or (right[2] == "?" and left[:2] + left[3:] == right[:2] + right[3:])
    return len(found) == len(wanted) and all(map(same, found, wanted))


class Dfab:
    """The programs under test."""

    def __init__(self, options):
        self.program = options.dfab
        self.nodes = options.nodes

    def reviews(self, sources):
        """What `dfab review` says of each source."""
        with tempfile.TemporaryDirectory() as folder:
            for number, data in enumerate(sources):
                pathlib.Path(folder, f"{number:06}.py").write_bytes(data)
            done = subprocess.run(
                [self.program, "review", "--exit-zero", "--quiet", "--format", "json", folder],
                capture_output=True, check=True, stdin=subprocess.DEVNULL)
        review = json.loads(done.stdout)["packages"][0]
        if review.get("violations_omitted"):
            sys.exit("one batch has more findings than dfab lists: make BATCH smaller")
        return [outline(file) for file in review["files"]]

    def tree(self, data):
        with tempfile.NamedTemporaryFile(suffix=".py") as file:
            file.write(data)
            file.flush()
            done = subprocess.run([self.nodes], input=file.name.encode() + b"\n", capture_output=True, check=True)
        return done.stdout.decode().split("\n")[2:-1]


def outline(file):
    if file["structure_hash"] is None:
        return {"parses": False}
    findings = [[each["pattern"], each["severity"], each["line"], each["column"]] for each in file["violations"]]
    return {"parses": True, "hash": file["structure_hash"], "functions": file["functions"],
            "imports": file["imports"], "findings": findings, "lines": file["line_count"]}


def indented(data):
    return "\n".join("    " + line for line in data.decode("utf-8", "replace").split("\n"))


# --- making variants


TOKEN = re.compile(
    r"""[rRbBfFuU]{0,2}(?:'''(?:.|\n)*?'''|\"\"\"(?:.|\n)*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")"""
    r"|\#[^\n]*|\w+|\*\*=?|//=?|>>=?|<<=?|->|:=|\.\.\.|[-+*/%@&|^<>=!]=|[^\w\s]")
BRACKETS = "()[]{}"
QUOTES = ["'", '"', "'''", '"""', "f'", 'rb"']
# What an edit may put in, beside tokens of the file itself.
POOL = """
    ( ) [ ] { } , : ; . ... = == := -> * ** @ + - ~ / // % & | ^ < > << >> != += ! ? $ ` \\ # \t \x0c \xa0 \u00e9
    and as assert async await break class continue def del elif else except finally for from global if import in is
    lambda nonlocal not or pass raise return try while with yield match case type print exec None True False _ __debug__
    0 01 0x 0b12 1_ 1__0 1.e5 1e 5j 0o8 'a' b'a' f'{a}' f'{a!r:>{b}}' f'{' rb'' u'' ur'' '' except* *args **kw
""".split(" ")
POOL = [token.strip("\n") for token in POOL if token.strip("\n")]


def variants(sources, count, seed):
    """Sources with one edit each, the same for the same arguments."""
    chance = random.Random(seed)
    edits = [delete_token, insert_token, replace_token, swap_tokens, delete_line, repeat_line, swap_lines, indent_line,
             bracket, quote, delete_character]
    sources = [(name, text) for name, data in sources if (text := oracle.decode(data)).strip()]
    for number in range(count):
        name, text = chance.choice(sources)
        edit = edits[number % len(edits)]
        yield f"{name}#{number}:{edit.__name__}", edit(text, chance).encode("utf-8", "surrogatepass")


def tokens(text):
    return list(TOKEN.finditer(text)) or [re.match(r"(?s).*", text)]


def put(text, start, end, new):
    return text[:start] + new + text[end:]


def some_token(text, chance):
    return chance.choice(POOL) if chance.random() < 0.6 else chance.choice(tokens(text)).group()


def delete_token(text, chance):
    token = chance.choice(tokens(text))
    return put(text, token.start(), token.end(), "")


def insert_token(text, chance):
    at = chance.choice(tokens(text)).start()
    blank = chance.choice([" ", ""])
    return put(text, at, at, some_token(text, chance) + blank)


def replace_token(text, chance):
    token = chance.choice(tokens(text))
    return put(text, token.start(), token.end(), some_token(text, chance))


def swap_tokens(text, chance):
    found = tokens(text)
    at = chance.randrange(len(found))
    first, second = found[at], found[min(at + 1, len(found) - 1)]
    if first is second:
        return text
    between = text[first.end():second.start()]
    return put(text, first.start(), second.end(), second.group() + between + first.group())


def lines(text):
    return text.split("\n")


def delete_line(text, chance):
    all_lines = lines(text)
    del all_lines[chance.randrange(len(all_lines))]
    return "\n".join(all_lines)


def repeat_line(text, chance):
    all_lines = lines(text)
    all_lines.insert(chance.randrange(len(all_lines) + 1), chance.choice(all_lines))
    return "\n".join(all_lines)


def swap_lines(text, chance):
    all_lines = lines(text)
    at = chance.randrange(len(all_lines))
    other = min(at + 1, len(all_lines) - 1)
    all_lines[at], all_lines[other] = all_lines[other], all_lines[at]
    return "\n".join(all_lines)


def indent_line(text, chance):
    all_lines = lines(text)
    at = chance.randrange(len(all_lines))
    line = all_lines[at]
    if line.startswith((" ", "\t")) and chance.random() < 0.5:
        all_lines[at] = line[chance.choice([1, 2, 4]):] if chance.random() < 0.7 else line.lstrip()
    else:
        all_lines[at] = chance.choice([" ", "  ", "    ", "\t", "\t ", " \t", "        ", "\x0c", "\\\n"]) + line
    return "\n".join(all_lines)


def bracket(text, chance):
    places = [at for at, character in enumerate(text) if character in BRACKETS]
    choice = chance.random()
    if places and choice < 0.4:
        at = chance.choice(places)
        return put(text, at, at + 1, "")
    if places and choice < 0.7:
        at = chance.choice(places)
        return put(text, at, at + 1, chance.choice(BRACKETS))
    at = chance.choice(tokens(text)).start()
    return put(text, at, at, chance.choice(BRACKETS))


def quote(text, chance):
    places = [at for at, character in enumerate(text) if character in "'\""]
    if places and chance.random() < 0.6:
        at = chance.choice(places)
        return put(text, at, at + 1, chance.choice(["", *QUOTES]))
    at = chance.choice(tokens(text)).start()
    return put(text, at, at, chance.choice(QUOTES))


def delete_character(text, chance):
    at = chance.randrange(len(text))
    return put(text, at, at + 1, "")


# --- shrinking


def shrink(data, differs):
    """A smaller source that still differs in the same way: lines, then tokens, then characters are left out."""
    budget = [PATIENCE]

    def ask(data):
        budget[0] -= 1
        return budget[0] > 0 and differs(data)

    before = None
    while data != before:
        before = data
        data = b"\n".join(without_needless(data.split(b"\n"), lambda pieces: ask(b"\n".join(pieces))))
        data = without_headers(data, ask)
        for split in (words, characters):
            data = b"".join(without_needless(split(data), lambda pieces: ask(b"".join(pieces))))
    return data


def without_headers(data, differs):
    """Blocks take the place of what they are in, as long as the difference stays."""
    at = 0
    while at < len(all_lines := data.split(b"\n")):
        depth = indent_of(all_lines[at])
        end = at + 1
        while end < len(all_lines) and indent_of(all_lines[end]) > depth:
            end += 1
        outer = min(map(indent_of, all_lines[at + 1:end]), default=depth) - depth
        block = [line[outer:] for line in all_lines[at + 1:end]]
        candidate = b"\n".join(all_lines[:at] + block + all_lines[end:])
        if outer and differs(candidate):
            data = candidate
        else:
            at += 1
    return data


def indent_of(line):
    return len(line) - len(line.lstrip(b" \t"))


def words(data):
    return [piece.encode("utf-8", "surrogateescape")
            for piece in re.split(r"(\W)", data.decode("utf-8", "surrogateescape")) if piece]


def characters(data):
    return [data[at:at + 1] for at in range(len(data))] if len(data) < 400 else [data]


def without_needless(pieces, differs):
    """Delta debugging: runs of pieces are left out, halves first, as long as the difference stays."""
    size = max(1, len(pieces) // 2)
    while True:
        at = 0
        while at < len(pieces):
            rest = pieces[:at] + pieces[at + size:]
            if rest != pieces and differs(rest):
                pieces = rest
            else:
                at += size
        if size == 1:
            return pieces
        size = max(1, size // 2)


if __name__ == "__main__":
    main()

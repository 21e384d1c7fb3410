"""Writes what this interpreter's `ast` makes of the snippets in tests/data/python. Needs CPython 3.12.

usage: python3.12 tests/tools/expect.py            (run at the project's root; prints one file's path a line)

A `.txt` file holds snippets, each headed by a line `%% title`; its `.expected` file holds for each the same
heading and the tree, one node a line: class, index after the last node below it, line:column, text.
"""

import pathlib
import re

import oracle

for path in sorted(pathlib.Path("tests/data/python").glob("*.txt")):
    out = []
    parts = re.split(r"(?m)^(%% .*)\n", path.read_text("utf-8"))
    for title, source in zip(parts[1::2], parts[2::2]):
        out += [title, *oracle.describe(source)]
    path.with_suffix(".expected").write_text("\n".join(out) + "\n", "utf-8")
    print(path)

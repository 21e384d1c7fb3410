#!/usr/bin/env python3
"""What the dearest Python sources cost `dfab review`: seconds and peak memory of the whole program.

    cargo build --release && python3 benches/hostile_sources.py [--json]

Each source is written to a folder of its own and reviewed once. The table in docs/python.md is this one.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
MIB = 1 << 20
FUNCTION = "def f{0}(a, b=1):\n    return [a * b for c in range({0})]\n\n\n"

SOURCES = {
    "small functions": lambda: "".join(FUNCTION.format(number) for number in range(36_000)),
    "`x` on every line, 2 MiB": lambda: "x\n" * MIB,
    "`x` on every line, 30 MiB": lambda: "x\n" * (15 * MIB),
    "the same inside `(`": lambda: "(\nx" + "\nx" * (15 * MIB),
    "the same after `\"\"\"`": lambda: '"""' + "x\n" * (15 * MIB),
    "one list of `1,`, 4 MiB": lambda: "x=[" + "1," * (2 * MIB) + "]",
    "`import a.a.a...`, 4 MiB": lambda: "import a" + ".a" * (2 * MIB),
    "`(`, 4 MiB": lambda: "(" * (4 * MIB),
    "`-`, 4 MiB": lambda: "-" * (4 * MIB),
    "`not `, 4 MiB": lambda: "not " * MIB,
    "`lambda:`, 4 MiB": lambda: "lambda:" * (4 * MIB // 7),
    "`a.`, 4 MiB": lambda: "a." * (2 * MIB) + "a",
    "`1+`, 4 MiB": lambda: "1+" * (2 * MIB) + "1",
    "`f\"{`, 4 MiB": lambda: 'f"{' * (4 * MIB // 3),
    "`f\"` and 2 million `{{`": lambda: 'f"' + "{{" * (2 * MIB) + '"',
    "`f\"` and 40 000 `\\n`": lambda: 'f"' + "\\n" * 40_000 + '"',
    "100 000 `elif`": lambda: "if a: pass\n" + "elif a: pass\n" * 100_000,
    "100 000 decorators": lambda: "@a\n" * 100_000 + "def f(): pass\n",
    "40 000 joined lines": lambda: "x = 1 +" + "\\\n" * 40_000 + "1",
    "40 000 comments before an indent": lambda: "if a:\n" + "#\n" * 40_000 + "    b\n",
    "64 KiB of `f(a b `": lambda: "f(a b " * (64 * 1024 // 6),
    "64 KiB of joined `,`": lambda: ",\\\n" * (64 * 1024 // 3),
    "2 000 lines of 16 nested calls": lambda: "g = getattr\ng = vars\n" + ("g(" * 16 + "os" + ", 'a')" * 16 + "\n") * 2000,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dfab", default=str(HERE / "target" / "release" / "dfab"))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--write", nargs=2, metavar=("NAME", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        pathlib.Path(options.write[1]).write_text(SOURCES[options.write[0]]())
        return
    if not os.path.exists(options.dfab):
        sys.exit(f"{options.dfab} is not there: run cargo build --release")
    results = {name: measure(options.dfab, name) for name in SOURCES}
    if options.json:
        print(json.dumps(results, indent=2))
        return
    print("| source | size | verdict | time | memory |\n|---|---|---|---|---|")
    for name, (size, verdict, seconds, mib) in results.items():
        print(f"| {name} | {size / MIB:.2f} MiB | {verdict} | {seconds:.2f} s | {mib:.0f} MiB |")


def measure(dfab, name):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "source.py")
        # Made by another process: a child's peak memory begins with its parent's.
        subprocess.run([sys.executable, __file__, "--write", name, source], check=True)
        report = pathlib.Path(folder, "report")
        began = time.perf_counter()
        pid = os.posix_spawn(
            dfab, [dfab, "review", "-q", "--exit-zero", "--format", "json", folder], os.environ,
            file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(report), os.O_WRONLY | os.O_CREAT, 0o600)])
        _, status, usage = os.wait4(pid, 0)
        seconds = time.perf_counter() - began
        if status != 0:
            sys.exit(f"dfab failed with status {status}")
        size = source.stat().st_size
        parses = json.loads(report.read_text())["packages"][0]["files"][0]["structure_hash"] is not None
    return size, "accepted" if parses else "refused", seconds, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()

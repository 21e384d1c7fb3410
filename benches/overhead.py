#!/usr/bin/env python3
"""What isolation costs: the same Python started bare, under bubblewrap and by dfab, in turns.

    cargo build --release && python3 benches/overhead.py [--rounds N] [--python PATH] [--dfab PATH]... [PACKAGE_FOLDER]

For an empty program, for one file that computes, and for a harness of many files. bubblewrap, where it is installed,
makes namespaces and binds and nothing else: no limits, no filter, no report. Prints medians of this machine and what each adds to the bare run,
or everything as JSON with --json. Comparisons only mean something within one run, so builds of dfab are compared by
naming several.
"""

import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", nargs="?", default=str(HERE / "examples" / "repair-desk"))
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--python", default="python3", help="a launcher is resolved first, for all alike")
    parser.add_argument("--dfab", action="append", help="a build to measure; may be given several times")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.dfab = options.dfab or [str(HERE / "target" / "release" / "dfab")]
    for program in options.dfab:
        if not os.path.exists(program):
            sys.exit(f"{program} is not there: run cargo build --release")

    with tempfile.TemporaryDirectory() as folder:
        results = measure(options, pathlib.Path(folder))
    report = {
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "user": os.geteuid(),
        "rounds": options.rounds,
        "package": os.path.basename(options.package),
        "milliseconds": results,
    }
    print(json.dumps(report, indent=2) if options.json else table(results))


def measure(options, folder):
    python = subprocess.run(
        [shutil.which(options.python), "-c", "import sys; print(sys.executable)"],
        check=True, capture_output=True, text=True).stdout.strip()
    nothing, busy = folder / "nothing", folder / "busy"
    for place, text in ((nothing, "pass\n"), (busy, "sum(i * i for i in range(1_000_000))\n")):
        place.mkdir()
        (place / "harness.py").write_text(text)
    files = sum(len(names) for _, _, names in os.walk(options.package))
    bare = {
        "DATA_FABRICATION_SEED": "1337",
        "DATA_FABRICATION_OUTPUT": str(folder / "dataset.jsonl"),
        "PYTHONHASHSEED": "1337",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
    }
    whole = dict(os.environ)
    groups = {}
    for name, package in (("empty program", str(nothing)), ("one file that computes", str(busy)),
                          (f"harness of {files} files", options.package)):
        commands = {"bare": ([python, "harness.py"], package, bare)}
        bubblewrap = shutil.which("bwrap")
        if bubblewrap:
            commands["bubblewrap, namespaces only"] = (
                [bubblewrap, "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
                 "--ro-bind", package, "/mnt", "--tmpfs", "/tmp", "--chdir", "/mnt", python, "harness.py"],
                package, dict(bare, DATA_FABRICATION_OUTPUT="/tmp/dataset.jsonl"))
        for program in options.dfab:
            called = "dfab" if len(options.dfab) == 1 else os.path.relpath(program)
            commands[f"{called} exec"] = ([program, "exec", "-q", "--python", python, package], str(folder), whole)
            commands[f"{called} run"] = (
                [program, "run", "-q", "--exit-zero", "--force", "--python", python, package], str(folder), whole)
        groups[name] = commands
    taken = {name: {way: [] for way in commands} for name, commands in groups.items()}
    for turn in range(options.rounds + 1):
        for name, commands in groups.items():
            for way, command in commands.items():
                milliseconds = run(*command)
                if turn > 0:  # the first turn warms caches
                    taken[name][way].append(milliseconds)
    return {name: {way: {"median": statistics.median(times), "min": min(times), "max": max(times)}
                   for way, times in ways.items()}
            for name, ways in taken.items()}


def run(command, where, environment):
    began = time.perf_counter()
    done = subprocess.run(command, cwd=where, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seconds = time.perf_counter() - began
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr.decode(errors='replace')}")
    return seconds * 1000


def table(results):
    lines = []
    for name, ways in results.items():
        base = ways["bare"]
        lines.append(f"{name:28}{'median ms':>10}{'min':>9}{'max':>9}{'over bare':>11}{'ratio':>7}")
        for way, times in ways.items():
            over, ratio = times["median"] - base["median"], times["median"] / base["median"]
            lines.append(f"  {way:26}{times['median']:10.1f}{times['min']:9.1f}{times['max']:9.1f}{over:+11.1f}{ratio:7.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""What dfab adds to a harness: the same package run bare, by `dfab exec` and by `dfab run`, in turns.

    cargo build --release && python3 benches/overhead.py [--rounds N] [PACKAGE_FOLDER]

Prints the medians of this machine and their ratios to the bare run as a table, and everything as JSON with --json.
Comparisons only mean something within one run.
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
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--dfab", default=str(HERE / "target" / "release" / "dfab"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not os.path.exists(options.dfab):
        sys.exit(f"{options.dfab} is not there: run cargo build --release")

    with tempfile.TemporaryDirectory() as folder:
        results = measure(options, pathlib.Path(folder))
    report = {
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "rounds": options.rounds,
        "package": os.path.basename(options.package),
        "milliseconds": results,
    }
    print(json.dumps(report, indent=2) if options.json else table(results))


def measure(options, folder):
    python = subprocess.run(
        [shutil.which("python3"), "-c", "import sys; print(sys.executable)"],
        check=True, capture_output=True, text=True).stdout.strip()
    nothing = folder / "nothing"
    nothing.mkdir()
    (nothing / "harness.py").write_text("pass\n")
    bare = {
        "DATA_FABRICATION_SEED": "1337",
        "DATA_FABRICATION_OUTPUT": str(folder / "dataset.jsonl"),
        "PYTHONHASHSEED": "1337",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(folder),
    }
    whole = dict(os.environ)
    commands = {
        "python3, empty program": ([python, "-I", "-S", "-c", "pass"], str(folder), bare),
        "python3, the harness": ([python, "harness.py"], options.package, bare),
        "dfab exec, empty harness": ([options.dfab, "exec", "-q", "--python", python, str(nothing)], str(folder), whole),
        "dfab exec, the harness": ([options.dfab, "exec", "-q", "--python", python, options.package], str(folder), whole),
        "dfab run, the harness": (
            [options.dfab, "run", "-q", "--exit-zero", "--python", python, options.package], str(folder), whole),
    }
    taken = {name: [] for name in commands}
    for turn in range(options.rounds + 1):
        for name, (command, where, environment) in commands.items():
            began = time.perf_counter()
            done = subprocess.run(command, cwd=where, env=environment, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            seconds = time.perf_counter() - began
            if done.returncode != 0:
                sys.exit(f"{' '.join(command)} failed:\n{done.stderr.decode(errors='replace')}")
            if turn > 0:  # the first turn warms caches
                taken[name].append(seconds * 1000)
    return {name: {"median": statistics.median(times), "min": min(times), "max": max(times)}
            for name, times in taken.items()}


def table(results):
    base = results["python3, the harness"]["median"]
    lines = [f"{'':28}{'median ms':>10}{'min':>9}{'max':>9}{'of bare':>9}"]
    for name, times in results.items():
        ratio = times["median"] / base
        lines.append(f"{name:28}{times['median']:10.1f}{times['min']:9.1f}{times['max']:9.1f}{ratio:9.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Similarity and scoring beside their peers, all in one run.

    python3.12 -m venv /tmp/peers && /tmp/peers/bin/pip install rapidfuzz copydetect numpy
    /tmp/peers/bin/python benches/compare.py [--packages FOLDER] [--quick] [--write]

Builds dfab and the bench, makes corpus, datasets and an archive, runs every figure and every peer that is installed, and
prints tables; then measures which disguises are seen through (benches/disguises.py). Takes half an hour; --quick leaves
out the archive, the hostile conversations and the disguises. FOLDER is a site-packages with the packages of
benches/disguises.py; without one they are installed into a folder of their own for the time of the run. With --write the
raw figures go to benches/results/ and the tables into docs/performance.md. Numbers mean something within one run only:
other machines, and busier ones, have others.
"""

import argparse
import ast
import builtins
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time

import hostile_conversations

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
DFAB = ROOT / "target" / "release" / "dfab"
BEGIN, END = "<!-- begin: written by benches/compare.py -->", "<!-- end -->"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=pathlib.Path, help="a site-packages with the packages of disguises.py in it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="keep the results in the repository")
    parser.add_argument("--quick", action="store_true", help="no archive, no hostile conversations and no disguises")
    options = parser.parse_args()
    if options.quick and options.write:
        parser.error("half of the figures are not kept")
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        measure(folder, load, options)


def measure(folder, load, options):
    corpus, datasets, archive = folder / "corpus", folder / "datasets", None
    for script, target in (("corpus.py", corpus), ("datasets.py", datasets)):
        subprocess.run([sys.executable, str(HERE / script), str(target)], check=True)
    if not options.quick:
        import disguises

        packages = options.packages or disguises.install(folder / "packages")
        archive = make_archive(folder / "archive", packages)
    figures = {"kernel": kernel(corpus, archive, options.rounds)}
    files = sorted(corpus.glob("*.py"))
    figures["commands"] = commands(files, options.rounds)
    figures["copydetect"] = copydetect_figures(files[::4])
    figures["score"] = score_figures(datasets, options.rounds)
    if not options.quick:
        figures["hostile"] = hostile_figures(folder, datasets / "usual.jsonl")
    # Last, because a child's peak memory counts what its parent had when it began.
    figures["rapidfuzz"] = rapidfuzz_figures(files)
    report = {"machine": {**machine(), "load": [load, os.getloadavg()[0]]}, "versions": versions(), "figures": figures}
    text = table(report)
    print(text)
    if options.write:
        (HERE / "results").mkdir(exist_ok=True)
        (HERE / "results" / "compare.json").write_text(json.dumps(report, indent=2) + "\n")
        page = ROOT / "docs" / "performance.md"
        old = page.read_text()
        page.write_text(old[: old.index(BEGIN)] + BEGIN + "\n" + text + END + old[old.index(END) + len(END):])
    if not options.quick:
        kept = ["--write"] if options.write else []
        command = [sys.executable, str(HERE / "disguises.py"), "--packages", str(packages), *kept]
        subprocess.run(command, check=True)


def make_archive(folder, packages):
    """The packages and the standard library with its tests, one file beside the other."""
    folder.mkdir()
    number = 0
    for source in (packages, pathlib.Path(sysconfig.get_path("stdlib"))):
        for path in sorted(source.rglob("*.py")):
            if source is packages or "site-packages" not in path.parts:
                (folder / f"{number:05}-{path.name}").write_bytes(path.read_bytes())
                number += 1
    return folder


def kernel(corpus, archive, rounds):
    command = ["cargo", "bench", "--locked", "--bench", "similarity", "--", str(corpus), "--rounds", str(rounds)]
    if archive:
        command += ["--archive", str(archive)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def run(command):
    """Wall seconds and peak memory in MB of a program."""
    seconds, _, memory = run_counting(command)
    return seconds, memory


def run_counting(command):
    """Wall seconds, seconds of processor and peak memory in MB of a program."""
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{command[:3]} failed")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def median_run(command, rounds):
    runs = [run(command) for _ in range(rounds + 1)][1:]
    return {"s": statistics.median(seconds for seconds, _ in runs), "mb": max(memory for _, memory in runs)}


def commands(files, rounds):
    base = [str(DFAB), "similarity", "--exit-zero", "--format", "jsonl", *map(str, files)]
    return {
        "all_pairs": median_run(base, rounds),
        "from_97": median_run(base + ["--min", "97"], rounds),
        "nearest": median_run(base + ["--nearest"], rounds),
    }


NAMES = set(dir(builtins)) | {"None", "True", "False", "if", "else", "elif", "for", "while", "def", "class", "return", "yield"}


def items(source):
    """The same sequence as dfab's, in plain Python."""
    numbers, out = {}, []

    def name(text):
        if text in NAMES or text.startswith("__"):
            return text
        return f"var_{numbers.setdefault(text, len(numbers))}"

    def walk(node):
        kind = type(node).__name__
        if isinstance(node, ast.Name):
            out.append(f"Name({name(node.id)})")
            return
        if isinstance(node, ast.Constant):
            out.append("Constant(str)" if isinstance(node.value, str) else "Constant")
            return
        if isinstance(node, ast.arg):
            out.append(f"Arg({name(node.arg)})")
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            out.append(kind)
            out.append(name(node.name))
        out.append(kind)
        for child in ast.iter_child_nodes(node):
            walk(child)

    walk(ast.parse(source))
    return out


def plain_lcs(left, right):
    row = [0] * (len(right) + 1)
    for a in left:
        diagonal = 0
        for index, b in enumerate(right, 1):
            above = row[index]
            row[index] = diagonal + 1 if a == b else max(above, row[index - 1])
            diagonal = above
    return row[-1]


def rapidfuzz_figures(files):
    sys.setrecursionlimit(20_000)
    sequences = [items(path.read_text(encoding="utf-8")) for path in files]
    figures = {}
    small = sorted(sequences, key=len)[len(sequences) // 4]
    began = time.perf_counter()
    plain = plain_lcs(small, small)
    figures["plain_python_gcups"] = len(small) ** 2 / (time.perf_counter() - began) / 1e9
    assert plain == len(small)
    if importlib.util.find_spec("rapidfuzz") is None:
        return figures
    from rapidfuzz.distance import LCSseq
    from rapidfuzz.process import cdist

    numbers = {}
    sequences = [[numbers.setdefault(item, len(numbers)) for item in sequence] for sequence in sequences]
    chosen = [(left, (left * 31 + 17) % len(sequences)) for left in range(len(sequences))]
    cells = sum(len(sequences[left]) * len(sequences[right]) for left, right in chosen)
    began = time.perf_counter()
    for left, right in chosen:
        LCSseq.similarity(sequences[left], sequences[right])
    figures["pair_gcups"] = cells / (time.perf_counter() - began) / 1e9
    # A rectangle of a quarter by all: as many cells as half of all pairs, none of them for nothing.
    queries = sequences[::4]
    cells = sum(map(len, queries)) * sum(map(len, sequences))
    began = time.perf_counter()
    cdist(queries, sequences, scorer=LCSseq.similarity, workers=os.cpu_count())
    figures["cdist_s"] = time.perf_counter() - began
    figures["cdist_gcups"] = cells / figures["cdist_s"] / 1e9
    return figures


def copydetect_figures(files):
    if importlib.util.find_spec("copydetect") is None:
        return {}
    program = (
        "import sys, copydetect\n"
        "detector = copydetect.CopyDetector(display_t=0.97, silent=True, autoopen=False)\n"
        "for path in sys.stdin.read().split('\\0'):\n"
        "    detector.add_file(path)\n"
        "detector.run()\n"
    )
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    child.stdin.write("\0".join(map(str, files)).encode())
    child.stdin.close()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    if status != 0:
        return {}
    same, memory = run([str(DFAB), "similarity", "--exit-zero", "--format", "jsonl", *map(str, files)])
    return {"files": len(files), "pairs": len(files) * (len(files) - 1) // 2, "s": seconds,
            "mb": usage.ru_maxrss * 1024 / 1e6, "dfab_s": same, "dfab_mb": memory}


def score_figures(datasets, rounds):
    figures = {}
    for path in sorted(datasets.glob("*.jsonl")):
        command = [str(DFAB), "score", "--exit-zero", "--format", "jsonl", "--max-conversations", "10000", str(path)]
        figures[path.stem] = {**median_run(command, rounds), "file_mb": path.stat().st_size / 1e6}
    # The pairs take a hundred times as long for ten times the conversations, so a tenth must do for plain Python.
    part = datasets / "part.jsonl"
    with open(datasets / "usual.jsonl", encoding="utf-8") as whole:
        part.write_text("".join(line for _, line in zip(range(1000), whole)), encoding="utf-8")
    command = [str(DFAB), "score", "--exit-zero", "--format", "jsonl", str(part)]
    tenth = {**median_run(command, rounds), "file_mb": part.stat().st_size / 1e6}
    began = time.perf_counter()
    plain_score(part)
    figures["a tenth of usual"] = {**tenth, "plain_python_s": time.perf_counter() - began}
    return figures


# The shapes that take longest are made in the size of the usual dataset, too.
HOSTILE_MIB, LARGE_MIB, LARGE_SHAPES = 10, 39, 5


def hostile_figures(folder, usual):
    """Of conversations made to be slow, and of as much of the usual dataset: the faster of two runs each."""
    made = folder / "hostile.jsonl"
    figures = {}

    def measured(name, mib):
        if name == "usual":
            messages = head(usual, made, mib << 20)
        else:
            messages = hostile_conversations.make(name, made, mib)
        command = [str(DFAB), "score", "--exit-zero", "--format", "jsonl", "--max-conversations", "10000", str(made)]
        seconds, processor, memory = min(run_counting(command) for _ in range(2))
        return {"mib": mib, "messages": messages, "s": seconds, "processor_s": processor, "mb": memory}

    for name in ["usual", *hostile_conversations.SHAPES]:
        figures[name] = [measured(name, HOSTILE_MIB)]
    slowest = sorted(figures, key=lambda name: -figures[name][0]["s"])[:LARGE_SHAPES]
    for name in ["usual", *slowest]:
        figures[name].append(measured(name, LARGE_MIB))
    return figures


def head(dataset, target, size):
    """Copies what fits into a size, line by line, for what is held here would count as the children's memory. Gives the
    number of messages."""
    messages = 0
    with open(dataset, "rb") as lines, open(target, "wb") as out:
        for line in lines:
            if out.tell() + len(line) > size:
                break
            out.write(line)
            messages += line.count(b'"role"')
    return messages


CODING = ["code", "bug", "test", "patch", "repo", "function", "class", "debug", "refactor", "swe", "benchmark"]


def plain_score(path):
    """What of the score takes time, done directly: JSON, repeats, words, and every pair of openings."""
    conversations = [json.loads(line) for line in open(path, encoding="utf-8")]
    unique = len({json.dumps(conversation, sort_keys=True) for conversation in conversations})
    diversity = []
    for conversation in conversations:
        kept = []
        contents = [message.get("content") or "" for message in conversation["messages"]]
        for content in contents:
            if not any(near(content, other) for other in kept):
                kept.append(content)
        diversity.append(len(kept) / len(contents))
        text = " ".join(contents).lower()
        sum(word in text for word in CODING)
    words = [set(conversation["messages"][0]["content"].lower().split()) for conversation in conversations]
    similarities = []
    for index, left in enumerate(words):
        for right in words[index + 1:]:
            similarities.append(len(left & right) / len(left | right))
    return unique, sum(diversity), sum(similarities) / len(similarities)


def near(left, right):
    shorter, longer = sorted((len(left), len(right)))
    if left == right:
        return True
    if shorter / longer < 0.9:
        return False
    return sum(a == b for a, b in zip(left, right)) / shorter > 0.9


def machine():
    name = platform.processor()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            name = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {"processor": name, "cores": os.cpu_count(), "system": platform.system()}


def versions():
    def installed(name):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    lock = (ROOT / "Cargo.lock").read_text()
    crate = lock[lock.index('name = "rapidfuzz"'):].split('"')[3]
    return {"python": platform.python_version(), "rustc": rustc, "rapidfuzz crate": crate,
            "rapidfuzz": installed("rapidfuzz"), "copydetect": installed("copydetect")}


def table(report):
    kernel, commands = report["figures"]["kernel"], report["figures"]["commands"]
    peer, copied, score = (report["figures"][name] for name in ("rapidfuzz", "copydetect", "score"))
    machine, versions = report["machine"], report["versions"]
    lines = [
        "",
        f"{machine['processor']}, {machine['cores']} cores; rustc {versions['rustc']}, CPython {versions['python']}; "
        f"crate rapidfuzz {versions['rapidfuzz crate']}, PyPI rapidfuzz {versions['rapidfuzz']}, "
        f"copydetect {versions['copydetect']}. Load average {machine['load'][0]:.1f} at the beginning, "
        f"{machine['load'][1]:.1f} at the end.",
        "",
        "Common subsequences, one core, 10⁹ table cells a second:",
        "",
        "| | dfab | crate rapidfuzz | PyPI rapidfuzz | plain Python |",
        "|---|---:|---:|---:|---:|",
        f"| a pair | {kernel['pair_gcups']:.0f} | {kernel['pair_rapidfuzz_crate_gcups']:.0f} | "
        f"{number(peer.get('pair_gcups'), 0)} | {number(peer.get('plain_python_gcups'), 3)} |",
        f"| one query, all sequences | {kernel['query_gcups']:.0f} | | | |",
        f"| all pairs | {kernel['all_pairs_gcups']:.0f} | | | |",
        f"| all pairs, all cores | {kernel['all_pairs_cells'] / kernel['all_pairs_s'] / 1e9:.0f} | | "
        f"{number(peer.get('cdist_gcups'), 0)} | |",
        "",
        f"{kernel['files']:.0f} files, {kernel['pairs']:.0f} pairs, {kernel['all_pairs_cells']:.2e} cells, all cores:",
        "",
        "| | compared in s | files to verdict in s | MB |",
        "|---|---:|---:|---:|",
    ]
    for name, inner, outer in (("all pairs", "all_pairs_s", "all_pairs"), ("pairs from 97 on", "pairs_from_97_s", "from_97"),
                               ("nearest of each", "nearest_of_each_s", "nearest")):
        command = commands[outer]
        lines.append(f"| {name} | {kernel[inner]:.3f} | {command['s']:.2f} | {command['mb']:.0f} |")
    if copied:
        lines += ["", f"{copied['files']} of the files, {copied['pairs']} pairs, files to verdict:", "",
                  "| | s | MB |", "|---|---:|---:|",
                  f"| dfab, all pairs | {copied['dfab_s']:.2f} | {copied['dfab_mb']:.0f} |",
                  f"| copydetect | {copied['s']:.2f} | {copied['mb']:.0f} |"]
    if "archive_files" in kernel:
        lines += ["", f"Nearest neighbour in an archive of {kernel['archive_files']:.0f} files, one core, median in ms: "
                  f"{kernel['nearest_with_relative_ms']:.2f} with a relative of 90 or more "
                  f"({kernel['archive_queries_with_relative']:.0f} queries), "
                  f"{kernel['nearest_without_relative_ms']:.2f} without one of 60 "
                  f"({kernel['archive_queries_without_relative']:.0f} queries). "
                  f"Making the archive ready from stored fingerprints takes {kernel['archive_from_stored_bytes_ms']:.0f} ms."]
    lines += ["", "Scoring, files to verdict:", "", "| dataset | MB | s | memory in MB | of the file | plain Python in s |",
              "|---|---:|---:|---:|---:|---:|"]
    for name, figures in score.items():
        lines.append(f"| {name} | {figures['file_mb']:.1f} | {figures['s']:.2f} | {figures['mb']:.0f} | "
                     f"{figures['mb'] / figures['file_mb']:.1f} | {number(figures.get('plain_python_s'), 1)} |")
    if "hostile" in report["figures"]:
        lines += hostile_table(report["figures"]["hostile"])
    return "\n".join(lines) + "\n\n"


def hostile_table(figures):
    """Slowest first; the usual one above them."""
    head = [f"{column} at {mib} MiB" for mib in (HOSTILE_MIB, LARGE_MIB) for column in ("s", "of the usual", "s of processor", "MB")]
    lines = ["", "One conversation made to be slow, files to verdict:", "",
             "| shape | messages at 10 MiB | " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) + 1)]
    others = sorted((name for name in figures if name != "usual"), key=lambda name: -figures[name][0]["s"])
    for name in ["usual", *others]:
        cells = [f"{figures[name][0]['messages']}"]
        for run, usual in zip(figures[name], figures["usual"]):
            cells += [f"{run['s']:.2f}", f"{run['s'] / usual['s']:.1f}", f"{run['processor_s']:.2f}", f"{run['mb']:.0f}"]
        lines.append(f"| {name} | " + " | ".join(cells + [""] * (1 + len(head) - len(cells))) + " |")
    return lines


def number(value, places):
    return "" if value is None else f"{value:.{places}f}"


if __name__ == "__main__":
    main()

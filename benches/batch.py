#!/usr/bin/env python3
"""How fast a batch is, and whether it stays so: many packages whose harness does nothing.

    cargo build --release && python3 benches/batch.py [--packages N] [--jobs N] [--keep FOLDER]

Makes N packages, runs them in one batch, and beside that starts the same harnesses as bare `python3 harness.py`, as
many at once. Then the batch is given again: everything is reused. Measures packages a second, by quarter of the
batch too, the largest memory of dfab itself, and the processor time per package beyond that of bare Python. Prints a
table and writes benches/results/batch.json. Comparisons only mean something within one run.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent.parent
LINE = json.dumps({"messages": [
    {"role": "user", "content": "please fix the parser"},
    {"role": "assistant", "content": "the patch guards the empty case and adds a test"}]})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--bare", type=int, default=400, help="bare starts of Python to compare with")
    parser.add_argument("--dfab", default=str(HERE / "target" / "release" / "dfab"))
    parser.add_argument("--scripted", action="store_true",
                        help="no harness is started at all: what is left is dfab's own work beside the sandbox")
    parser.add_argument("--results", default=str(HERE / "benches" / "results" / "batch.json"))
    options = parser.parse_args()
    if not os.path.exists(options.dfab):
        sys.exit(f"{options.dfab} is not there: run cargo build --release")
    with tempfile.TemporaryDirectory(prefix="dfab-bench-") as folder:
        report = measure(options, pathlib.Path(folder))
    print(table(report))
    if not options.scripted:
        pathlib.Path(options.results).write_text(json.dumps(report, indent=2) + "\n")


def measure(options, folder):
    python = subprocess.run(
        [shutil.which("python3"), "-c", "import sys; print(sys.executable)"],
        check=True, capture_output=True, text=True).stdout.strip()
    load = os.getloadavg()[0]
    archive = folder / "archive"
    archive.mkdir()
    for number in range(options.packages):
        make(archive / f"{number:06}.zip", number)
    bare_before = bare(options, folder, python)
    batch = run(options, folder, python)
    again = run(options, folder, python)
    bare_after = bare(options, folder, python)
    cpu_bare = min(bare_before["cpu_ms"], bare_after["cpu_ms"])
    return {
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "user": os.geteuid(),
        "python": platform.python_version(),
        "load_average": [round(load, 2), round(os.getloadavg()[0], 2)],
        "packages": options.packages,
        "jobs": options.jobs,
        "bare_python": [bare_before, bare_after],
        "batch": batch,
        "own_cpu_ms": round(batch["cpu_ms"] - (0 if options.scripted else cpu_bare), 2),
        "again": again,
        "database_mb": round((folder / "dfab.sqlite3").stat().st_size / 1e6, 1),
    }


def make(path, number):
    """A package of its own: no two have the same bytes, and their structures differ somewhat."""
    source = f"values = [{', '.join(str(n) for n in range(number % 17))}]\nprint('''{LINE}''')  # {number}\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("harness.py", (1980, 1, 1, 0, 0, 0)), source)


def bare(options, folder, python):
    """The same harness without dfab, as many at once."""
    work = folder / "bare"
    work.mkdir(exist_ok=True)
    (work / "harness.py").write_text(f"print('''{LINE}''')\n")
    environment = {"PYTHONHASHSEED": "1337", "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}

    def start(_):
        subprocess.run([python, "harness.py"], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=True)

    before, began = children_seconds(), time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(start, range(options.bare)))
    seconds = time.perf_counter() - began
    return {
        "per_second": round(options.bare / seconds, 1),
        "cpu_ms": round((children_seconds() - before) / options.bare * 1000, 2),
    }


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(options, folder, python):
    """One batch: JSON lines as they come tell the rate by quarter."""
    command = [options.dfab, "run", "archive", "--format", "jsonl", "-q", "--exit-zero", "--python", python,
               "-j", str(options.jobs)]
    environment = dict(os.environ)
    if options.scripted:
        script = folder / "script.json"
        script.write_text(json.dumps({"outcomes": [{"stdout": LINE + "\n"}]}))
        environment["DFAB_SCRIPTED_EXECUTOR"] = str(script)
    before, began = children_seconds(), time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE)
    peak = Peak(process.pid)
    moments = []
    for _ in process.stdout:
        moments.append(time.perf_counter() - began)
        # Before the last lines, for afterwards nobody can be asked.
        if len(moments) % 100 == 0 or len(moments) == options.packages:
            peak.look()
    process.wait()
    peak.stop()
    seconds = time.perf_counter() - began
    if process.returncode != 0 or len(moments) != options.packages:
        sys.exit(f"exit {process.returncode} after {len(moments)} of {options.packages} packages")
    quarter = len(moments) // 4
    ends = [moments[quarter * n - 1] for n in range(1, 5)]
    begins = [0.0] + ends[:-1]
    return {
        "seconds": round(seconds, 2),
        "per_second": round(len(moments) / seconds, 1),
        "per_second_by_quarter": [round(quarter / (end - begin), 1) for begin, end in zip(begins, ends)],
        "cpu_ms": round((children_seconds() - before) / len(moments) * 1000, 2),
        "peak_mb": round(peak.bytes / 1e6, 1),
    }


class Peak:
    """The largest memory of one process, which the kernel keeps count of; its children's is not in it."""

    def __init__(self, pid):
        self.path, self.bytes, self.done = f"/proc/{pid}/status", 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def look(self):
        try:
            with open(self.path) as status:
                for line in status:
                    if line.startswith("VmHWM:"):
                        self.bytes = max(self.bytes, int(line.split()[1]) * 1024)
        except OSError:
            pass

    def watch(self):
        while not self.done.wait(0.2):
            self.look()

    def stop(self):
        self.done.set()
        self.thread.join()


def table(report):
    batch, again = report["batch"], report["again"]
    quarters = " ".join(f"{rate:.0f}" for rate in batch["per_second_by_quarter"])
    bare_rates = " and ".join(f"{one['per_second']:.0f}" for one in report["bare_python"])
    return "\n".join([
        f"{report['packages']} packages, {report['jobs']} at once, load {report['load_average'][0]}",
        f"bare python3        {bare_rates} a second, {report['bare_python'][0]['cpu_ms']} ms of CPU each",
        f"dfab run            {batch['per_second']:.0f} a second, {batch['cpu_ms']} ms of CPU each",
        f"  by quarter        {quarters} a second",
        f"  beyond Python     {report['own_cpu_ms']} ms of CPU each",
        f"  peak memory       {batch['peak_mb']} MB",
        f"given again, reused {again['per_second']:.0f} a second, {again['cpu_ms']} ms of CPU each, {again['peak_mb']} MB",
        f"database            {report['database_mb']} MB",
    ])


if __name__ == "__main__":
    main()

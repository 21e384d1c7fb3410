#!/usr/bin/env python3
"""Load on `dfab serve-lite`: requests per second and latencies at 10 000 stored submissions.

    python3 benches/serve.py [--dfab target/release/dfab] [--seconds 10] [--connections 32] [--rows 10000]

Makes a database in a temporary folder, starts the server on a free port of this machine with harnesses that are
scripted (nothing is run), and asks with wrk, which must be on PATH. `/submit` gets one package under ever new hotkeys, so
that every request is checked, kept on disk and queued. Prints a table, and with `--json FILE` writes what was measured.
"""

import argparse
import io
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.request
import zipfile
from pathlib import Path

HARNESS = "import json\nprint(json.dumps({'messages': []}))\n"

LUA = """
local file = io.open(os.getenv("PACKAGE"), "rb")
local body = file:read("*all")
local thread = 0
function setup(t) t:set("number", thread); thread = thread + 1 end
local count = 0
function request()
  count = count + 1
  local headers = {["Content-Type"] = "application/zip", ["X-Miner-Hotkey"] = "5Load-" .. number .. "-" .. count .. "-" .. os.getenv("ROUND")}
  return wrk.format("POST", "/submit", headers, body)
end
"""


def fill(database, rows):
    """Rows as large as an evaluation leaves them."""
    random.seed(1)
    connection = sqlite3.connect(database)
    names = [row[1] for row in connection.execute("PRAGMA table_info(submissions)")]
    log, metrics = "x" * 20_000, json.dumps({"result": {"metrics": {}}, "pad": "y" * 10_000})
    for number in range(rows):
        failed = number % 5 == 0
        moment = f"2026-01-01 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.{number:06}"
        value = {
            "id": f"{number:032x}", "hotkey": f"5F{number % (rows // 5):06}", "code_hash": "c" * 64, "artifact_hash": "c" * 64,
            "filename": "h.zip", "artifact_json": "{}", "sample_jsonl": log, "status": "failed" if failed else "completed",
            "score": random.random(), "passed": not failed, "conversation_count": 20, "total_messages": 80,
            "size_bytes": 30_000, "metrics_json": metrics, "violations_json": "[]", "stdout": log, "stderr": "",
            "error": "exit 1" if failed else None, "created_at": moment, "updated_at": moment,
        }
        marks = ", ".join("?" for _ in names)
        connection.execute(f"INSERT INTO submissions ({', '.join(names)}) VALUES ({marks})", [value.get(n) for n in names])
    connection.commit()
    connection.close()


class Server:
    def __init__(self, dfab, folder, jobs):
        environment = {**os.environ, "DFAB_SCRIPTED_EXECUTOR": str(folder / "script.json")}
        arguments = [dfab, "serve-lite", "--listen", "127.0.0.1:0", "-j", str(jobs), "--queue", "100000000"]
        self.log = open(folder / "log", "w+")
        self.process = subprocess.Popen(arguments, cwd=folder, env=environment, stderr=self.log)
        for _ in range(600):
            found = re.search(r"listening on (\S+)", (folder / "log").read_text())
            if found:
                break
            time.sleep(0.05)
        self.url = found.group(1)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def wrk(url, seconds, connections, script=None, **environment):
    arguments = ["wrk", "--latency", "-t2", f"-c{connections}", f"-d{seconds}s"]
    if script:
        arguments += ["-s", script]
    ran = subprocess.run(arguments + [url], capture_output=True, text=True, check=True, env={**os.environ, **environment})
    text = ran.stdout

    def milliseconds(pattern):
        number, unit = re.search(pattern, text).groups()
        return float(number) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]

    errors = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    return {
        "requests_per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
        "p50_ms": milliseconds(r"50%\s+([\d.]+)(us|ms|s)"),
        "p99_ms": milliseconds(r"99%\s+([\d.]+)(us|ms|s)"),
        "errors": int(errors.group(1)) if errors else 0,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dfab", default="target/release/dfab")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--json")
    options = parser.parse_args()
    dfab = str(Path(options.dfab).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # A harness that never ends: nothing is evaluated beside what is measured.
        (folder / "script.json").write_text(json.dumps({"outcomes": [{"sleep_seconds": 1e6}]}))
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr("harness.py", HARNESS)
        (folder / "package.zip").write_bytes(package.getvalue())
        (folder / "submit.lua").write_text(LUA)
        Server(dfab, folder, 1).stop()
        fill(folder / "dfab.sqlite3", options.rows)
        server = Server(dfab, folder, 1)
        measured = {}
        ask = lambda path: wrk(server.url + path, options.seconds, options.connections)
        one = f"{16:032x}"
        for path in ["/health", "/leaderboard", "/status", "/stats", "/submissions", "/", "/submissions/ID", "/agent/5F000007"]:
            asked = path.replace("ID", one)
            with urllib.request.urlopen(server.url + asked) as answer:
                size = len(answer.read())
            measured[path] = {**ask(asked), "bytes": size}
        script = str(folder / "submit.lua")
        post = dict(script=script, PACKAGE=str(folder / "package.zip"))
        measured["POST /submit"] = wrk(server.url, options.seconds, options.connections, ROUND="1", **post)
        # Readers while somebody writes all the time: every kept answer is made anew for each change.
        writer = subprocess.Popen(
            ["wrk", "-t1", "-c4", f"-d{options.seconds + 2}s", "-s", script, server.url],
            stdout=subprocess.DEVNULL, env={**os.environ, "PACKAGE": post["PACKAGE"], "ROUND": "2"})
        time.sleep(1)
        measured["/leaderboard while POST /submit"] = ask("/leaderboard")
        writer.wait()
        server.stop()
    print(f"{'request':34} {'requests/s':>11} {'p50 ms':>8} {'p99 ms':>8} {'errors':>7}")
    for path, row in measured.items():
        print(f"{path:34} {row['requests_per_second']:11.0f} {row['p50_ms']:8.2f} {row['p99_ms']:8.2f} {row['errors']:7}")
    if options.json:
        Path(options.json).write_text(json.dumps(measured, indent=2) + "\n")


if __name__ == "__main__":
    main()

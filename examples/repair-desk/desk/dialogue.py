"""Holds conversations: which step follows which, and what goes into the record."""

from desk.phrases import Phrasebook
from desk.workbench import numbered, unified

TOOL_TEXTS = {
    "list_dir": ("List the files of the checkout with their sizes.", ("path",)),
    "grep": ("Search all files for a regular expression.", ("pattern",)),
    "read": ("Read a range of lines of a file.", ("path", "start", "end")),
    "python": ("Run a short Python snippet inside the checkout.", ("code",)),
    "test": ("Run a test file and report failures.", ("path",)),
    "edit": ("Replace a piece of a file by another.", ("path", "old", "new")),
    "bash": ("Run a shell command in the checkout.", ("command",)),
}

REPAIR_ROUTES = (
    ("grep", "read", "run", "edit", "rerun"),
    ("read", "run", "edit", "rerun"),
    ("run", "read", "edit", "rerun"),
    ("list", "read", "run", "edit", "rerun"),
    ("grep", "read", "probe", "edit", "rerun"),
    ("run", "grep", "read", "edit", "rerun"),
)
DIAGNOSE_ROUTES = (
    ("read", "probe"),
    ("grep", "read", "probe"),
    ("run", "read", "probe"),
    ("list", "read", "probe"),
)
TYPES = {"diagnose": "root_cause_analysis", "guard": "regression_test", "review": "code_review"}


class Transcript:
    """Messages in order, and the tools they used."""

    def __init__(self):
        self.messages = []
        self.used = []

    def user(self, content):
        self.messages.append({"role": "user", "content": content})

    def say(self, content, reasoning):
        message = {"role": "assistant", "content": content, "reasoning": reasoning}
        self.messages.append(message)
        return message

    def call(self, content, reasoning, tool, arguments, answer):
        """An assistant message with one tool call, and the tool's answer."""
        mark = "call_{}".format(len(self.messages))
        request = {"id": mark, "name": tool, "arguments": arguments}
        self.say(content, reasoning)["tool_calls"] = [request]
        self.messages.append({"role": "tool", "name": tool, "content": answer})
        if tool not in self.used:
            self.used.append(tool)


class Desk:
    """Turns an incident and a workflow into one conversation."""

    def __init__(self, rng):
        self.rng = rng
        self.book = Phrasebook(rng)

    def hold(self, bench, workflow):
        job = Job(self, bench, workflow)
        opening = self.opening(bench.incident, workflow)
        job.log.user(opening)
        final = getattr(job, workflow)()
        return job.record(opening, final)

    def opening(self, incident, workflow):
        wish = "wish_change" if workflow in ("repair", "guard") else "wish_answer"
        return self.rng.choice(incident.openings[workflow]) + self.book.deal(wish)


class Job:
    """One conversation in the making."""

    def __init__(self, desk, bench, workflow):
        self.rng = desk.rng
        self.book = desk.book
        self.bench = bench
        self.workflow = workflow
        self.log = Transcript()
        incident = bench.incident
        target = bench.failures()[0]
        self.target = target.name
        self.facts = {
            "path": incident.path,
            "module": incident.path[:-3].replace("/", "."),
            "test_path": incident.test_path,
            "search": incident.search,
            "suspicion": incident.suspicion,
            "finding": incident.finding,
            "cause": incident.cause,
            "remedy": incident.remedy,
            "caveat": incident.caveat,
            "reply": incident.reply,
            "target": target.name,
            "error_line": "`{}`".format(target.error),
        }

    def words(self, deck):
        return self.book.deal(deck, **self.facts)

    def step(self, deck, tool, arguments, answer):
        self.log.call(self.words(deck), self.words(deck + "_why"), tool, arguments, answer)

    def close(self, deck):
        text = self.words(deck)
        self.log.say(text, self.words(deck + "_why"))
        return text

    def seconds(self):
        return self.rng.randint(2, 19) / 100

    # Steps that several workflows share.

    def list(self):
        self.step("list", "list_dir", {"path": "."}, self.bench.list_dir())

    def grep(self, deck="grep", repaired=False):
        pattern = self.bench.incident.search
        self.step(deck, "grep", {"pattern": pattern}, self.bench.grep(pattern, repaired))

    def read(self):
        start, end = self.bench.window()
        path = self.bench.incident.path
        arguments = {"path": path, "start": start, "end": end}
        self.step("read", "read", arguments, self.bench.read(path, start, end))

    def run(self, deck="run", repaired=False, without=()):
        report = self.bench.report(repaired, self.seconds(), without)
        self.step(deck, "test", {"path": self.bench.incident.test_path}, report)

    def rerun(self):
        self.run("rerun", repaired=True)

    def probe(self):
        code, value = self.bench.incident.probe(self.bench.incident.broken, self.rng)
        self.step("probe", "python", {"code": code}, "{}".format(value))

    def edit(self):
        old, new = self.bench.replaced()
        arguments = {"path": self.bench.incident.path, "old": old, "new": new}
        self.step("edit", "edit", arguments, edited(self.bench.incident.path, self.bench.patch()))

    # Workflows.

    def repair(self):
        for name in self.rng.choice(REPAIR_ROUTES):
            getattr(self, name)()
        return self.final(self.close("done"), patch=self.bench.patch())

    def diagnose(self):
        for name in self.rng.choice(DIAGNOSE_ROUTES):
            getattr(self, name)()
        return self.final(self.close("explain"))

    def guard(self):
        """Add the first failing check to a suite that lacks every failing one."""
        bench, path = self.bench, self.bench.incident.test_path
        failing = [outcome.name for outcome in bench.failures()]
        others = [name for name in failing if name != self.target]
        present = bench.tests_without(failing)
        patch = unified(path, present, bench.tests_without(others))
        self.step("guard_read", "read", {"path": path}, numbered(present.splitlines(), 1))
        added = {"path": path, "old": "", "new": bench.source_of_check(self.target)}
        self.step("guard_edit", "edit", added, edited(path, patch))
        self.run("guard_run", without=others)
        self.close("guard_red")
        self.log.user(self.words("guard_next"))
        command = "git pull --quiet && pytest -q --tb=short " + path
        report = bench.report(True, self.seconds(), others)
        self.step("guard_again", "bash", {"command": command}, report)
        return self.final(self.close("guard_done"), patch=patch)

    def review(self):
        branch = self.bench.incident.slug.replace("_", "-")
        command = "git diff main...fix/" + branch
        self.step("diff", "bash", {"command": command}, self.bench.patch())
        self.run("review_run", repaired=True)
        self.grep("callers", repaired=True)
        return self.final(self.close("verdict"))

    # The record.

    def final(self, answer, patch=""):
        path = self.bench.incident.test_path
        names = [outcome.name for outcome in self.bench.failures()]
        chosen = [self.target] if self.workflow == "guard" else names
        final = {"answer": answer, "tests": ["{}::{}".format(path, name) for name in chosen]}
        if patch:
            final["patch"] = patch
        return final

    def record(self, opening, final):
        incident = self.bench.incident
        kind = TYPES.get(self.workflow, incident.kind)
        tags = ["swe", "code", self.workflow] + list(incident.tags)
        return {
            "id": "{}-{}".format(incident.slug, self.workflow).replace("_", "-"),
            "task": {"type": kind, "difficulty": incident.difficulty, "prompt": opening},
            "messages": self.log.messages,
            "tools": [describe(name) for name in sorted(self.log.used)],
            "final": final,
            "metadata": {"benchmark_tags": tags, "incident": incident.slug},
        }


def describe(tool):
    text, names = TOOL_TEXTS[tool]
    return {"name": tool, "description": text, "parameters": list(names)}


def edited(path, patch):
    """What the edit tool answers: the size of the change."""
    rows = patch.splitlines()[2:]
    added = sum(row.startswith("+") for row in rows)
    removed = sum(row.startswith("-") for row in rows)
    return "{}: {} lines added, {} removed".format(path, added, removed)

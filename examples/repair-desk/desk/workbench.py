"""The tools an agent would use, answered from an incident's real text and behaviour.

Nothing here is a canned answer: line numbers are counted, searches are searched,
diffs are computed and checks are called.
"""

import difflib
import inspect
import re
import traceback

READ_SPAN = 26
SEARCH_LIMIT = 10
RULE_WIDTH = 72


class Outcome:
    """How one check ended: `offset` (lines below its `def`) and `error` if it failed."""

    def __init__(self, name, offset=None, error=None):
        self.name = name
        self.offset = offset
        self.error = error


class Workbench:
    """A virtual checkout of one incident's repository."""

    def __init__(self, incident):
        self.incident = incident
        self.before = inspect.getsource(incident.broken)
        self.after = inspect.getsource(incident.repaired)
        self.tests = self._render_tests(inspect.getsource(incident.checks))
        self.broken_run = self._run(incident.broken)
        self.repaired_run = self._run(incident.repaired)
        self._verify()

    def _verify(self):
        """Refuse an incident whose story is not true."""
        if not self.failures():
            raise ValueError(self.incident.slug + ": no check notices the defect")
        if any(outcome.error for outcome in self.repaired_run):
            raise ValueError(self.incident.slug + ": the repair does not pass its checks")

    def _render_tests(self, source):
        """Turn checks that take the module under test into an ordinary test file."""
        first, rest = source.split("\n", 1)
        module = self.incident.path[:-3].replace("/", ".")
        header = "{}\n\nfrom {} import {}\n".format(first, module, self.incident.exports)
        return header + rest.replace("(subject)", "()").replace("subject.", "")

    def _run(self, subject):
        names = [name for name in vars(self.incident.checks) if name.startswith("test_")]
        return [self._run_one(name, subject) for name in names]

    def _run_one(self, name, subject):
        check = getattr(self.incident.checks, name)
        try:
            check(subject)
        except Exception as error:
            return self._failure(name, check, error)
        return Outcome(name)

    def _failure(self, name, check, error):
        """Find the line of the check that failed and say why, as pytest would."""
        frames = traceback.walk_tb(error.__traceback__)
        code = check.__code__
        frame, number = [pair for pair in frames if pair[0].f_code is code][-1]
        offset = number - code.co_firstlineno
        if isinstance(error, AssertionError):
            text = "assert {!r} == {!r}".format(frame.f_locals["got"], frame.f_locals["want"])
        else:
            text = "{}: {}".format(type(error).__name__, error)
        return Outcome(name, offset, text)

    def failures(self):
        return [outcome for outcome in self.broken_run if outcome.error]

    def files(self, repaired=False):
        """Every path of the checkout with its text."""
        held = dict(self.incident.others)
        held[self.incident.path] = self.after if repaired else self.before
        held[self.incident.test_path] = self.tests
        return held

    def list_dir(self):
        sizes = ["{:>5}  {}".format(len(text), path) for path, text in self.files().items()]
        return "\n".join(sorted(sizes, key=lambda row: row[7:]))

    def grep(self, pattern, repaired=False):
        hits = []
        for path, text in sorted(self.files(repaired).items()):
            for number, line in enumerate(text.splitlines(), 1):
                if re.search(pattern, line):
                    hits.append("{}:{}:{}".format(path, number, line.rstrip()))
        shown = hits[:SEARCH_LIMIT]
        if len(hits) > len(shown):
            shown.append("({} more matches)".format(len(hits) - len(shown)))
        return "\n".join(shown)

    def window(self):
        """First and last line, counted from 1, worth reading around the anchor."""
        lines = self.before.splitlines()
        place = next(n for n, line in enumerate(lines, 1) if self.incident.anchor in line)
        start = max(1, min(place - READ_SPAN // 2, len(lines) - READ_SPAN + 1))
        return start, min(len(lines), start + READ_SPAN - 1)

    def read(self, path, start, end):
        return numbered(self.files()[path].splitlines()[start - 1 : end], start)

    def patch(self):
        return unified(self.incident.path, self.before, self.after)

    def replaced(self):
        """The smallest runs of lines that cover every change, old and new."""
        old, new = self.before.splitlines(), self.after.splitlines()
        blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        changed = [block for block in blocks if block[0] != "equal"]
        first, last = changed[0], changed[-1]
        return "\n".join(old[first[1] : last[2]]), "\n".join(new[first[3] : last[4]])

    def tests_without(self, names):
        """The test file as it was before the named checks were written."""
        text = self.tests
        for name in names:
            text = text.replace(self.source_of_check(name), "")
        return re.sub(r"\n{4,}", "\n\n\n", text).rstrip("\n") + "\n"

    def source_of_check(self, name):
        rows = self.tests.split("def " + name + "()", 1)[1].split("\n\n\n", 1)[0]
        return "def " + name + "()" + rows.rstrip("\n") + "\n"

    def report(self, repaired, seconds, without=()):
        """The run's output in the shape of `pytest -q --tb=short`."""
        run = self.repaired_run if repaired else self.broken_run
        run = [outcome for outcome in run if outcome.name not in without]
        lines = self.tests_without(without).splitlines()
        failed = [outcome for outcome in run if outcome.error]
        dots = "".join("F" if outcome.error else "." for outcome in run)
        rows = [dots.ljust(RULE_WIDTH - 7) + " [100%]"]
        if failed:
            rows.append(" FAILURES ".center(RULE_WIDTH, "="))
        for outcome in failed:
            line = lines.index("def {}():".format(outcome.name)) + 1 + outcome.offset
            rows.append(" {} ".format(outcome.name).center(RULE_WIDTH, "_"))
            rows.append("{}:{}: in {}".format(self.incident.test_path, line, outcome.name))
            rows.append("    " + lines[line - 1].strip())
            rows.append("E   " + outcome.error)
        counts = "{} passed in {:.2f}s".format(len(run) - len(failed), seconds)
        if failed:
            counts = "{} failed, {}".format(len(failed), counts)
        rows.append(counts)
        return "\n".join(rows)


def numbered(lines, start):
    """Lines behind their numbers, as the read tool shows them."""
    pairs = enumerate(lines, start)
    return "\n".join("{:>4}  {}".format(number, line).rstrip() for number, line in pairs)


def unified(path, before, after):
    """A unified diff with git's path prefixes."""
    rows = difflib.unified_diff(
        before.splitlines(True), after.splitlines(True), "a/" + path, "b/" + path, n=3
    )
    return "".join(rows)

"""Concurrency: a gap between looking and writing lets two workers win."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    job = rng.choice(("mail", "thumbnails", "backup", "reindex"))
    code = (
        "from runner.lease import Table, claim\n"
        "from tests.test_lease import Interrupted\n"
        "table = Table()\n"
        "late = Interrupted(table, lambda shared: claim(shared, {!r}, 'bob'))\n"
        "print(claim(late, {!r}, 'ann'), table.rows)"
    ).format(job, job)
    table = subject.Table()
    late = checks.Interrupted(table, lambda shared: subject.claim(shared, job, "bob"))
    return code, "{} {}".format(subject.claim(late, job, "ann"), table.rows)


INCIDENT = Incident(
    slug="job_lease",
    kind="concurrency",
    difficulty="hard",
    path="runner/lease.py",
    test_path="tests/test_lease.py",
    exports="Table, claim, release",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "runner/loop.py": (
            "from runner.lease import claim, release\n\n\n"
            "def work(table, jobs, me):\n"
            "    for job in jobs:\n"
            "        if claim(table, job.name, me):\n"
            "            job.run()\n"
            "            release(table, job.name, me)\n"
        ),
    },
    openings={
        "repair": (
            "Twice last week the nightly newsletter went out two times. Both schedulers logged a "
            "successful claim within the same millisecond. Close that race.",
            "Under load two runners occasionally execute one job. A lease is meant to be exclusive; "
            "make claim atomic using what Table already offers.",
        ),
        "diagnose": (
            "Is there really a window in which two workers both obtain a lease? Prove or disprove "
            "it with a deterministic interleaving, not with sleeps.",
        ),
        "guard": (
            "Our lease suite never races anything. Contribute a deterministic case in which a rival "
            "claims between look and write.",
        ),
        "review": (
            "Kindly judge a one-line replacement of claim by put_if. Are releases still restricted "
            "to the owner, and can a stale lease block forever?",
        ),
    },
    search=r"table\.(get|put|put_if)\(",
    anchor="if table.get(job)",
    suspicion="a claim made of one read and one write leaves room for a second worker between",
    finding="`claim` reads with `get` and later writes with `put`, and nothing ties the two "
    "together",
    cause="Checking and taking are two calls. A second worker that claims between them is "
    "overwritten, yet it has already been told True, so both run the job.",
    remedy="let `put_if` compare and write in one step, expecting an empty row",
    caveat="A worker that dies still holds its lease; expiry is a separate piece of work.",
    reply="Release still compares the owner, and a stale lease does block until somebody "
    "releases it.",
    probe=probe,
    tags=("race", "scheduler", "concurrency"),
)

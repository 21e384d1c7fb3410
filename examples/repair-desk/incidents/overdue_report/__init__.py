"""Performance: one query per loan where two would do."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    count = rng.randint(150, 900)
    code = (
        "from lending.overdue import Archive, overdue\n"
        "members = {{n: {{'name': str(n)}} for n in range({0})}}\n"
        "loans = [{{'member': n, 'title': 't', 'due': 1}} for n in range({0})]\n"
        "archive = Archive(loans, members)\n"
        "print(len(overdue(archive, 2)), 'rows', archive.trips, 'trips')"
    ).format(count)
    members = {n: {"name": str(n)} for n in range(count)}
    archive = subject.Archive(
        [{"member": n, "title": "t", "due": 1} for n in range(count)], members
    )
    return code, "{} rows {} trips".format(len(subject.overdue(archive, 2)), archive.trips)


INCIDENT = Incident(
    slug="overdue_report",
    kind="performance",
    difficulty="medium",
    path="lending/overdue.py",
    test_path="tests/test_overdue.py",
    exports="Archive, overdue",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "lending/weekly.py": (
            "from lending.overdue import overdue\n\n\n"
            "def mail_list(archive, clock):\n"
            "    return ['{}: {}'.format(*row) for row in overdue(archive, clock.today())]\n"
        ),
    },
    openings={
        "repair": (
            "Monday's overdue mailing takes eleven minutes at the main library and seconds at the "
            "branch. Profiling blames database latency. Cut the number of queries.",
            "overdue() issues a lookup per loan. Archive has a bulk method nobody calls; use it and "
            "prove that output stays byte for byte the same.",
        ),
        "diagnose": (
            "How does the count of round trips grow with loans in the weekly report? Measure, then "
            "state the formula; I'll schedule the work afterwards.",
        ),
        "guard": (
            "Protect the overdue report from N+1 regressions: assert on archive.trips, so that a "
            "per-loan lookup can't sneak in again.",
        ),
        "review": (
            "Have a look at the bulk-loading rewrite of overdue. I wonder about members with many "
            "loans and about weeks in which nothing is late.",
        ),
    },
    search=r"archive\.\w+\(|trips",
    anchor="def overdue",
    suspicion="time that scales with loans rather than rows points at a lookup inside the loop",
    finding="the loop calls `archive.member` once per loan, so n late loans cost n + 1 trips",
    cause="Every overdue loan triggers its own member lookup. The work is trivial but each trip pays "
    "network latency, which is why only the large library suffers.",
    remedy="collect the member numbers first and fetch them together, two trips whatever the size",
    caveat="A very large set of numbers may exceed the database's parameter limit; batching "
    "would help then.",
    reply="Members with many loans are fetched once thanks to the set; an idle week costs one "
    "needless trip with no numbers.",
    probe=probe,
    tags=("performance", "n-plus-one", "benchmark"),
)

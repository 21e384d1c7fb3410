"""Time zones: the offset is thrown away instead of applied."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    stamp = "2024-0{}-15T0{}:20:00+0{}:00".format(
        rng.randint(1, 9), rng.randint(0, 2), rng.randint(4, 9)
    )
    code = "from meter.days import utc_day\nprint({!r}, utc_day({!r}))".format(stamp, stamp)
    return code, stamp + " " + subject.utc_day(stamp)


INCIDENT = Incident(
    slug="day_bucket",
    kind="bug_fix",
    difficulty="hard",
    path="meter/days.py",
    test_path="tests/test_days.py",
    exports="per_day, utc_day",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "meter/upload.py": (
            "from meter.days import per_day\n\n\n"
            "def summary(site):\n"
            "    # Loggers send local wall time with its offset.\n"
            "    return {site.name: per_day(site.readings)}\n"
        ),
        "meter/__init__.py": "",
    },
    openings={
        "repair": (
            "Daily energy totals from our Helsinki loggers disagree with the grid operator: "
            "readings shortly after midnight land on the wrong date. Please make UTC days correct.",
            "Since summer time began, per_day double counts some nights and starves others. Sites "
            "in London look right, sites further east do not.",
        ),
        "diagnose": (
            "Explain why 00:30+02:00 gets filed under the local date although utc_day promises UTC. "
            "Show me an actual value before concluding anything.",
        ),
        "guard": (
            "I'd like coverage for time stamps with large positive offsets in tests/test_days.py; "
            "today nothing there crosses midnight.",
        ),
        "review": (
            "There's a patch that calls astimezone inside utc_day. Check whether it also deals "
            "with stamps lacking an offset, since old firmware sends those.",
        ),
    },
    search=r"fromisoformat|tzinfo|utc_day\(",
    anchor="replace(tzinfo=None)",
    suspicion="readings move only for eastern sites, which smells like an offset being dropped",
    finding="`replace(tzinfo=None)` keeps the wall clock and discards the offset without "
    "converting",
    cause="The offset is parsed and then removed with `replace`, which changes no hour. The date "
    "that remains is the local one, so nights east of Greenwich count for the following day.",
    remedy="convert with `astimezone(timezone.utc)` and refuse stamps that carry no offset",
    caveat="Totals already stored keep their wrong day until they are recomputed from raw "
    "readings.",
    reply="Stamps without an offset are refused with a ValueError, so old firmware fails "
    "loudly and is not guessed at.",
    probe=probe,
    tags=("timezone", "datetime", "bug"),
)

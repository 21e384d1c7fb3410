"""Parsing: an off-by-one at the end of the row drops an empty last column."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    row = "{},{},".format(rng.randint(10, 99), rng.choice(("washer", "hinge", "dowel", "bracket")))
    code = "from feed.rows import columns\nprint(columns({!r}))".format(row)
    return code, subject.columns(row)


INCIDENT = Incident(
    slug="feed_columns",
    kind="bug_fix",
    difficulty="easy",
    path="feed/rows.py",
    test_path="tests/test_rows.py",
    exports="columns, record",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "feed/importer.py": (
            "from feed.rows import record\n\n\n"
            "def load(lines):\n"
            "    header, *rows = [line.rstrip() for line in lines]\n"
            "    return [record(header, row) for row in rows]\n"
        ),
        "feed/sample.txt": 'sku,name,remark\n4,"nuts, bolts",bulk\n7,washer,\n',
    },
    openings={
        "repair": (
            "Importing feed/sample.txt dies with '3 names but 2 values' on the washer line. "
            "The parser apparently eats a trailing comma. Can you sort it out?",
            "A supplier leaves the remark blank and our importer rejects their whole file. Blank "
            "final columns are legal, so columns() ought to return them.",
        ),
        "diagnose": (
            "Which rows precisely make record() raise, and is the header ever the culprit? Give me "
            "the condition rather than a workaround.",
        ),
        "guard": (
            "Pin down how the row parser handles an empty final field. I want that in the suite "
            "before anyone touches the loop.",
        ),
        "review": (
            "Please look over a change that removes the `start < len(row)` condition from columns. "
            "My worry is a completely empty row.",
        ),
    },
    search=r"columns\(|len\(row\)",
    anchor="if start < len(row)",
    suspicion="the loop emits on commas, so whatever follows the last comma needs its own care",
    finding="the tail is appended only when `start < len(row)`, which is false after a final comma",
    cause="After a trailing comma `start` equals `len(row)`, the condition fails, and the empty "
    "last column is never appended; the record then has fewer values than names.",
    remedy="append the tail always, because a row has exactly one more column than bare commas",
    caveat="An empty row now yields one empty column rather than none; callers that skip "
    "blank lines are unaffected.",
    reply="An entirely empty row gives one empty column, and record() then complains unless "
    "the header has one name too.",
    probe=probe,
    tags=("parser", "off-by-one", "bug"),
)

"""Arithmetic: one page too many when the results fit exactly."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    size = rng.choice((8, 12, 20, 25))
    total = size * rng.randint(2, 6)
    code = "from search.paging import page_count\nprint(page_count({}, {}))".format(total, size)
    return code, subject.page_count(total, size)


INCIDENT = Incident(
    slug="page_window",
    kind="bug_fix",
    difficulty="easy",
    path="search/paging.py",
    test_path="tests/test_paging.py",
    exports="footer, page, page_count",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "search/views.py": (
            "from search.paging import footer, page\n\n\n"
            "def show(query, number=1, size=10):\n"
            "    hits = query.run()\n"
            "    return page(hits, number, size), footer(len(hits), number, size)\n"
        ),
        "search/templates/list.txt": "{rows}\n{footer}\n",
    },
    openings={
        "repair": (
            "Visitors click 'next' and see a blank list: with exactly twenty hits the footer claims "
            "three pages. Correct page_count, including zero hits.",
            "Off-by-one in search/paging.py, I believe. Forty results at ten apiece should make four "
            "pages, we announce five.",
        ),
        "diagnose": (
            "For which totals is the announced number of pages wrong? Some screenshots look okay, "
            "others show an empty final screen.",
        ),
        "guard": (
            "We keep breaking pagination at multiples of the page size. Leave a boundary case in "
            "test_paging.py, please.",
        ),
        "review": (
            "The pagination change uses negated floor division. Neat or too clever? Confirm it for "
            "zero, one and exact multiples.",
        ),
    },
    search=r"page_count|// size",
    anchor="return total // size + 1",
    suspicion="adding one after floor division is right only while there is a remainder",
    finding="`total // size + 1` counts an extra page whenever size divides total",
    cause="Floor division plus one is the ceiling only for totals that leave a remainder. Exact "
    "multiples get one page too many, while zero comes out right by luck.",
    remedy="use ceiling division and keep a minimum of one page for empty results",
    caveat="A size of zero still raises ZeroDivisionError; the view never passes it.",
    reply="By hand: zero results give one page, one gives one, and exact multiples give the "
    "quotient; a comment would help the negation.",
    probe=probe,
    tags=("pagination", "off-by-one", "bug"),
)

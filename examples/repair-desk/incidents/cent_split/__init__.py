"""Arithmetic: an even split that loses or invents cents."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    total, guests = rng.choice((1000, 2000, 4000)), rng.choice((3, 6, 7))
    code = "from tables.bill import share\nprint(sum(share({}, {})))".format(total, guests)
    return code, sum(subject.share(total, guests))


INCIDENT = Incident(
    slug="cent_split",
    kind="bug_fix",
    difficulty="easy",
    path="tables/bill.py",
    test_path="tests/test_bill.py",
    exports="receipt, share, tip",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "tables/till.py": (
            "from tables.bill import share\n\n\n"
            "def close(table, ledger):\n"
            "    for seat, cents in zip(table.seats, share(table.total, len(table.seats))):\n"
            "        ledger.charge(seat.card, cents)\n"
        ),
        "README.md": "# tables\n\nSeating and billing for small restaurants.\n",
    },
    openings={
        "repair": (
            "Our evening close is off by a cent or two whenever three people split a 10.00 "
            "bill. Cards get 3.33 each and the ledger complains. Repair the split.",
            "Accounting found tables where guests together paid more than the bill. It "
            "happens with odd party sizes; find the rounding slip and correct it.",
        ),
        "diagnose": (
            "Where do the missing cents go when a bill is divided by three? I only want an "
            "explanation I can forward to the bookkeeper, no edits yet.",
        ),
        "guard": (
            "Add a regression test saying that split amounts always sum up to the bill. A "
            "colleague is already preparing the correction.",
        ),
        "review": (
            "Someone rewrote the bill splitting with divmod. Is the arithmetic sound for "
            "large parties, and does anybody end up paying two cents more than others?",
        ),
    },
    search=r"share\(",
    anchor="each = round",
    suspicion="rounding each portion on its own would let the portions drift from the total",
    finding="`share` rounds one portion and repeats it, so the sum can miss the bill either way",
    cause="Each portion is rounded separately. With 1000 cents and 3 guests that charges 999, and "
    "with 500 cents and 6 guests it charges 498, since nothing hands out the remainder.",
    remedy="take quotient and remainder with divmod and give one extra cent to the first guests",
    caveat="Which guests carry the spare cents is now fixed by seat order; that is a policy "
    "choice.",
    reply="Nobody pays more than one cent above anybody else, whatever the party size, since "
    "the remainder is always smaller than the number of guests.",
    probe=probe,
    tags=("money", "rounding", "bug"),
)

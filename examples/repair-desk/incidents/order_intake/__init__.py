"""Validation: quantities are trusted as they come."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    lines = [{"item": rng.choice(("tea", "mug", "filter")), "quantity": -rng.randint(2, 9)}]
    code = "from shop.intake import intake\nprint(intake({!r}))".format(lines)
    return code, subject.intake(lines)


INCIDENT = Incident(
    slug="order_intake",
    kind="input_validation",
    difficulty="easy",
    path="shop/intake.py",
    test_path="tests/test_intake.py",
    exports="intake",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "shop/api.py": (
            "from shop.intake import intake\n\n\n"
            "def post_order(request):\n"
            "    try:\n"
            "        return 201, {'total': intake(request.json['lines'])}\n"
            "    except ValueError as error:\n"
            "        return 422, {'detail': str(error)}\n"
        ),
    },
    openings={
        "repair": (
            "A customer ordered minus three mugs and received a refund voucher. Reject nonsense "
            "quantities at the door with a 422, never a traceback.",
            "Penetration report, item 4: /orders accepts negative and fractional amounts. Tighten "
            "shop/intake.py accordingly and keep valid totals identical.",
        ),
        "diagnose": (
            "Enumerate what values the quantity field may take today without being refused, and "
            "what total each would yield.",
        ),
        "guard": (
            "Put negative amounts under test in the shop package so the validation ticket has an "
            "objective finish line.",
        ),
        "review": (
            "Validation for order lines is up on a branch. Does `True` slip through as one, and "
            "are unknown items answered properly?",
        ),
    },
    search=r"quantity|ValueError",
    anchor="def line_total",
    suspicion="the only conversion in sight is int(), which happily takes negatives and fractions",
    finding='`int(line["quantity"])` cuts fractions and lets negatives through to the total',
    cause="The quantity goes through int() and straight into a product. Negative values make "
    "negative totals, 1.9 becomes 1, and an unknown item escapes as KeyError, hence status 500.",
    remedy="check type and range in one function and raise the ValueError the API already maps",
    caveat='Numbers sent as text, such as "2", are refused now; the shop front end sends integers.',
    reply="True is refused explicitly because bool is a kind of int, and unknown items now "
    "raise ValueError, hence 422.",
    probe=probe,
    tags=("validation", "security", "api"),
)

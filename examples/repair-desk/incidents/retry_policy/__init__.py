"""Error handling: every failure is retried, and the last one is slept on."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    tries = rng.randint(2, 5)
    code = (
        "from outbound.retry import Unreachable, call\n"
        "from tests.test_retry import Service\n"
        "naps = []\n"
        "try:\n"
        "    call(Service(*[Unreachable()] * 9).ask, naps.append, {})\n"
        "except Unreachable as error:\n"
        "    print(error, naps)"
    ).format(tries)
    naps = []
    try:
        subject.call(checks.Service(*[subject.Unreachable()] * 9).ask, naps.append, tries)
    except subject.Unreachable as error:
        return code, "{} {}".format(error, naps)
    return code, ""


INCIDENT = Incident(
    slug="retry_policy",
    kind="error_handling",
    difficulty="medium",
    path="outbound/retry.py",
    test_path="tests/test_retry.py",
    exports="Refused, Unreachable, call",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "outbound/tenants.py": (
            "import time\n\nfrom outbound.retry import call\n\n\n"
            "def tenant(client, name):\n"
            "    return call(lambda: client.fetch(name), time.sleep)\n"
        ),
    },
    openings={
        "repair": (
            "Looking up a tenant that doesn't exist hangs for seven and a half seconds, then "
            "reports a timeout. A plain 'no' must surface immediately.",
            "Our backoff helper retries programming errors too, and naps once more right before "
            "giving up. Make it pick its battles.",
        ),
        "diagnose": (
            "Support says refused calls look like outages in the logs. Trace how outbound.retry "
            "turns the former into the latter.",
        ),
        "guard": (
            "Cover the rule that a refusal from the remote side is final. Use fakes, nobody wants "
            "real sleeping in the suite.",
        ),
        "review": (
            "Retry rework awaits your eyes: only Unreachable is caught now. Do the pauses still "
            "double, and is the original exception chained?",
        ),
    },
    search=r"except|sleep",
    anchor="except Exception",
    suspicion="a blanket except in a retry loop would treat refusals just like timeouts",
    finding="`except Exception` retries everything and sleeps even when no try is left",
    cause="The loop catches every exception, so a final answer is asked for four times and then "
    "replaced by Unreachable. The pause comes before the loop can notice it has ended.",
    remedy="catch only Unreachable, re-raise it chained on the last try, and pause between tries",
    caveat="Client libraries must translate their own timeout errors to Unreachable to be retried.",
    reply="Pauses still double from the first one, and the last Unreachable is chained with "
    "`from error`.",
    probe=probe,
    tags=("error-handling", "retry", "reliability"),
)

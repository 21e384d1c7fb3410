"""Flaky tests: a mutable default argument leaks state from one test into the next."""

from desk.incident import Incident

from . import broken, checks, repaired


def probe(subject, rng):
    name, word = rng.choice(("close", "rename", "share")), rng.choice(("audit", "mirror", "thumb"))
    code = (
        "from events.hub import Hub\n" "Hub().on({!r}, lambda: {!r})\n" "print(Hub().emit({!r}))"
    ).format(name, word, name)
    subject.Hub().on(name, lambda: word)
    seen = subject.Hub().emit(name)
    subject.Hub().off(name)
    return code, seen


INCIDENT = Incident(
    slug="mutable_hooks",
    kind="flaky_test",
    difficulty="medium",
    path="events/hub.py",
    test_path="tests/test_hub.py",
    exports="Hub",
    broken=broken,
    repaired=repaired,
    checks=checks,
    others={
        "events/app.py": (
            "from events.hub import Hub\n\n\n"
            "def start(store):\n"
            "    hub = Hub()\n"
            "    hub.on('save', store.reindex)\n"
            "    return hub\n"
        ),
        "setup.cfg": "[tool:pytest]\naddopts = -p randomly\n",
    },
    openings={
        "repair": (
            "test_fresh_hub_is_silent passes alone yet fails about half the time in CI, depending "
            "on the shuffle. Remove the cause; rerunning is no answer.",
            "Our random ordering plugin exposes something nasty around Hub. A brand-new instance "
            "already owns handlers from elsewhere. Fix the class, leave the plugin enabled.",
        ),
        "diagnose": (
            "Tell me what couples the hub tests to each other. Each constructs its own object, so "
            "I fail to see any global involved.",
        ),
        "guard": (
            "Could we get an order-independent check showing that dictionaries passed into Hub "
            "remain untouched by later registrations?",
        ),
        "review": (
            "A teammate proposes `handlers=None` plus copying the lists for Hub. Is copying "
            "necessary or merely cautious? Please check callers too.",
        ),
    },
    search=r"Hub\(|handlers=",
    anchor="handlers={}",
    suspicion="order-dependent failures with fresh instances suggest state shared through the "
    "class",
    finding="`handlers={}` is evaluated once, so all hubs built without arguments share one "
    "dictionary",
    cause="The default dictionary is created when the method is defined and reused by every call. "
    "Whatever one test registers is visible to all later hubs, hence the dependence on order.",
    remedy="default to None, build a dictionary per instance and copy the lists that are handed in",
    caveat="Code that relied on editing the passed dictionary afterwards would notice; no "
    "caller here does.",
    reply="Copying is necessary: without it a registration would still alter the lists that a "
    "caller passed in.",
    probe=probe,
    tags=("flaky", "test-isolation", "bug"),
)

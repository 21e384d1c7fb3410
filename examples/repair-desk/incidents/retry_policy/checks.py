"""Behaviour of retries, with a clock that only takes notes."""


class Service:
    """Fails with the given errors in turn, then answers."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    def ask(self):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "ok"


def test_recovers_after_a_timeout(subject):
    naps = []
    got = (subject.call(Service(subject.Unreachable()).ask, naps.append), naps)
    want = ("ok", [0.5])
    assert got == want


def test_refusal_is_not_repeated(subject):
    service = Service(subject.Refused("no such tenant"))
    try:
        subject.call(service.ask, lambda seconds: None)
    except subject.Refused:
        pass
    got = service.calls
    want = 1
    assert got == want


def test_no_nap_after_the_last_try(subject):
    naps = []
    try:
        subject.call(Service(*[subject.Unreachable()] * 9).ask, naps.append, 3)
    except subject.Unreachable:
        pass
    got = naps
    want = [0.5, 1.0]
    assert got == want

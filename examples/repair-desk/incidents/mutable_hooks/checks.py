"""Behaviour of the event hub. The first check leaves a handler behind on purpose."""


def test_handlers_run_in_order(subject):
    hub = subject.Hub()
    hub.on("save", lambda: "index")
    hub.on("save", lambda: "notify")
    got = hub.emit("save")
    want = ["index", "notify"]
    assert got == want


def test_fresh_hub_is_silent(subject):
    got = subject.Hub().emit("save")
    want = []
    assert got == want


def test_given_handlers_are_not_shared(subject):
    shared = {"open": [str.upper]}
    subject.Hub(shared).on("open", str.title)
    got = subject.Hub(shared).emit("open", "ab")
    want = ["AB"]
    assert got == want

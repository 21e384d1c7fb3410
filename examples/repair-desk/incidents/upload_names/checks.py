"""Behaviour of upload placement."""


def placed(place, name):
    """Where a name ends up, or `refused`."""
    try:
        return place("acme", name)
    except ValueError:
        return "refused"


def test_plain_name(subject):
    got = placed(subject.place, "plans/roof.png")
    want = "/srv/uploads/acme/plans/roof.png"
    assert got == want


def test_four_dots_are_an_ordinary_folder(subject):
    got = placed(subject.place, "....//other/roof.png")
    want = "/srv/uploads/acme/..../other/roof.png"
    assert got == want


def test_parent_folder_is_refused(subject):
    got = placed(subject.place, "../other/roof.png")
    want = "refused"
    assert got == want


def test_absolute_name_is_refused(subject):
    got = placed(subject.place, "/srv/keys/site.txt")
    want = "refused"
    assert got == want

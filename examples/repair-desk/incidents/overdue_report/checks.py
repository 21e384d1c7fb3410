"""Behaviour and cost of the overdue list."""


def library(archive_type, count):
    """An archive in which every member has one overdue book."""
    members = {n: {"name": "member {:03}".format(n)} for n in range(count)}
    loans = [{"member": n, "title": "book {}".format(n), "due": 5} for n in range(count)]
    return archive_type(loans, members)


def test_rows_are_sorted_by_name(subject):
    got = subject.overdue(library(subject.Archive, 2), 9)
    want = [("member 000", "book 0"), ("member 001", "book 1")]
    assert got == want


def test_nothing_overdue(subject):
    got = subject.overdue(library(subject.Archive, 3), 5)
    want = []
    assert got == want


def test_round_trips_do_not_grow(subject):
    archive = library(subject.Archive, 60)
    subject.overdue(archive, 9)
    got = archive.trips
    want = 2
    assert got == want

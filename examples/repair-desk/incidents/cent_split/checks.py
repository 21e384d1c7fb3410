"""Behaviour of bill sharing."""


def test_even_bill(subject):
    got = subject.share(1200, 4)
    want = [300, 300, 300, 300]
    assert got == want


def test_no_cent_is_lost(subject):
    got = sum(subject.share(1000, 3))
    want = 1000
    assert got == want


def test_no_cent_is_invented(subject):
    got = sum(subject.share(500, 6))
    want = 500
    assert got == want

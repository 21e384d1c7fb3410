"""Behaviour of the daily totals."""


def test_noon_stays_on_its_day(subject):
    got = subject.utc_day("2024-03-31T12:00:00+02:00")
    want = "2024-03-31"
    assert got == want


def test_early_morning_east_is_yesterday(subject):
    got = subject.utc_day("2024-03-31T00:30:00+02:00")
    want = "2024-03-30"
    assert got == want


def test_one_instant_is_one_bucket(subject):
    got = subject.per_day([("2024-05-01T01:00:00+03:00", 2), ("2024-04-30T22:00:00+00:00", 5)])
    want = {"2024-04-30": 7}
    assert got == want

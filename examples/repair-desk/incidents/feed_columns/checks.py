"""Behaviour of the feed parser."""


def test_quoted_comma(subject):
    got = subject.columns('7,"nuts, bolts",12')
    want = ["7", "nuts, bolts", "12"]
    assert got == want


def test_empty_last_column(subject):
    got = subject.columns("7,washer,")
    want = ["7", "washer", ""]
    assert got == want


def test_record_without_remark(subject):
    got = subject.record("sku,name,remark", "7,washer,")
    want = {"sku": "7", "name": "washer", "remark": ""}
    assert got == want

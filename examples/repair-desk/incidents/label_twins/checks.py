"""Behaviour of both kinds of label."""

PERSON = {"name": "Ida Moe", "street": "Kai 4", "town": "Bergen"}


def test_parcel_without_postcode(subject):
    got = subject.parcel_label(PERSON)
    want = "IDA MOE\nKAI 4\nBERGEN"
    assert got == want


def test_letter_without_postcode(subject):
    got = subject.letter_label(PERSON)
    want = "Ida Moe\nKai 4\nBergen"
    assert got == want


def test_both_write_the_postcode_alike(subject):
    person = dict(PERSON, postcode="50 14", company="Fjord AS")
    got = subject.letter_label(person).upper()
    want = subject.parcel_label(person)
    assert got == want

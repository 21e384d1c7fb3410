"""Behaviour of the exporter's command line."""


def refusal(action, *args):
    """The message an action refuses its arguments with, None if it accepts them."""
    try:
        action(*args)
    except ValueError as error:
        return str(error)
    return None


def test_full_flags(subject):
    got = subject.parse(["--output", "a.svg", "--quiet"])
    want = {"output": "a.svg", "quiet": True}
    assert got == want


def test_unique_abbreviation(subject):
    got = subject.parse(["--sc", "4"])
    want = {"scale": "4"}
    assert got == want


def test_ambiguous_abbreviation_is_refused(subject):
    got = refusal(subject.parse, ["--out", "a.svg"])
    want = "--out could be --outline or --output"
    assert got == want

"""Behaviour of the settings loader."""


def outcome(load, text):
    """The settings, or the message they are refused with."""
    try:
        return load(text)
    except ValueError as error:
        return str(error)


def test_override(subject):
    got = subject.describe(subject.load('{"copies": 3}'))
    want = "copies=3 duplex=False queue=main"
    assert got == want


def test_empty_file_means_defaults(subject):
    got = subject.load("")["queue"]
    want = "main"
    assert got == want


def test_stray_comma_is_reported_with_its_line(subject):
    got = outcome(subject.load, '{\n  "copies": 3,,\n}')
    want = "line 2: not valid JSON"
    assert got == want


def test_misspelt_name_is_reported(subject):
    got = outcome(subject.load, '{"copys": 3}')
    want = "unknown setting: copys"
    assert got == want

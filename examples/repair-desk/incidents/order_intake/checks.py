"""Behaviour of order intake."""


def refusal(action, *args):
    """The message an action refuses its arguments with, None if it accepts them."""
    try:
        action(*args)
    except ValueError as error:
        return str(error)
    return None


def test_plain_order(subject):
    got = subject.intake([{"item": "tea", "quantity": 2}, {"item": "mug", "quantity": 1}])
    want = 2100
    assert got == want


def test_negative_quantity_is_refused(subject):
    got = refusal(subject.intake, [{"item": "mug", "quantity": -3}])
    want = "quantity must be 1 to 999"
    assert got == want


def test_fraction_is_refused(subject):
    got = refusal(subject.intake, [{"item": "tea", "quantity": 1.9}])
    want = "quantity must be a whole number"
    assert got == want

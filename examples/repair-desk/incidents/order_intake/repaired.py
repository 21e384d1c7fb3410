"""Checks order lines as they arrive from the web shop."""

PRICES = {"tea": 450, "mug": 1200, "filter": 300}
MOST_PER_LINE = 999


def quantity(line):
    """The quantity of a line, which must be a whole number in range."""
    value = line.get("quantity")
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("quantity must be a whole number")
    if not 1 <= value <= MOST_PER_LINE:
        raise ValueError("quantity must be 1 to {}".format(MOST_PER_LINE))
    return value


def line_total(line):
    """Price of one order line in cents."""
    if line.get("item") not in PRICES:
        raise ValueError("unknown item")
    return PRICES[line["item"]] * quantity(line)


def intake(lines):
    """Total of an order; refuses an order without lines."""
    if not lines:
        raise ValueError("order has no lines")
    return sum(line_total(line) for line in lines)

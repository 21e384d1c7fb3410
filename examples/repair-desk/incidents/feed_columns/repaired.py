"""Reads one row of a supplier's comma separated feed."""


def columns(row):
    """Split a row at commas, leaving quoted commas alone."""
    found = []
    start = 0
    quoted = False
    for at, char in enumerate(row):
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            found.append(clean(row[start:at]))
            start = at + 1
    # The last column ends with the row and may well be empty.
    found.append(clean(row[start:]))
    return found


def clean(text):
    """Drop surrounding quotes and undouble the quotes inside."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('""', '"')
    return text


def record(header, row):
    """Pair a header with a row of the same width."""
    names, values = columns(header), columns(row)
    if len(names) != len(values):
        raise ValueError("{} names but {} values".format(len(names), len(values)))
    return dict(zip(names, values))
